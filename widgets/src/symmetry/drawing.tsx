/** A diagram drawn: two rows of dots, blocks joined by lines, a ring for the head. */
import type { VNode } from "preact";
import { pure } from "../shared/pure";
import { formulaOf, leftOver, strokesOf, type Picture } from "./pictures";

interface DrawingProps {
  readonly picture: Picture;
  readonly n: number;
  readonly width: number;
  readonly height: number;
}

/** Large enough to be seen, never larger than its own size by half. */
const LARGEST = 1.5;

export const Drawn = pure(({ picture, n, width, height }: DrawingProps): VNode => {
  const drawn = strokesOf(picture, n);
  const scale = Math.min(LARGEST, width / drawn.width, height / drawn.height);
  return (
    <svg class="wb-map" aria-hidden="true" width={drawn.width * scale} height={drawn.height * scale} viewBox={`0 0 ${drawn.width} ${drawn.height}`}>
      {drawn.lines.map((d, k) => <path key={k} class="wb-strand" d={d} />)}
      {drawn.head && <circle class="wb-epsilon" cx={drawn.head.x} cy={drawn.head.y} r={8} />}
      {drawn.head && <text x={drawn.head.x} y={drawn.head.y + 4}>ε</text>}
      {drawn.end && <circle class="wb-stub" cx={drawn.end.x} cy={drawn.end.y} r={2.5} />}
      {drawn.dots.map(({ x, y }, k) => <circle key={k} class="wb-vertex" cx={x} cy={y} r={4} />)}
      {drawn.dots.length === 0 && <text x={drawn.width / 2} y={drawn.height / 2 + 4}>1</text>}
    </svg>
  );
});

interface GluedProps {
  readonly upper: Picture;
  readonly lower: Picture;
  readonly n: number;
}

/** Two diagrams, the lower row of one on the upper row of the other; what is left over in the middle is marked. */
export function Glued({ upper, lower, n }: GluedProps): VNode {
  const parts = [strokesOf(upper, n), strokesOf(lower, n)] as const;
  const over = leftOver(upper, lower);
  const room = Math.max(parts[0].room, parts[1].room);
  const shift = parts.map((part) => (room - part.room) / 2) as [number, number];
  const deep = parts[0].dots.length ? parts[0].height - 2 * 10 : parts[0].height;
  const width = Math.max(...parts.map((part, k) => (shift[k] as number) + part.width));
  const height = deep + parts[1].height;
  const scale = Math.min(LARGEST, 150 / width, 150 / height);
  return (
    <svg class="wb-map" aria-hidden="true" width={width * scale} height={height * scale} viewBox={`0 0 ${width} ${height}`}>
      {parts.map((part, k) => (
        <g key={k} transform={`translate(${shift[k]} ${k ? deep : 0})`}>
          {part.lines.map((d, at) => <path key={at} class={`wb-strand${(k ? over.lower : over.upper).has(part.owners[at] as number) ? " wb-loop" : ""}`} d={d} />)}
          {part.head && <circle class="wb-epsilon" cx={part.head.x} cy={part.head.y} r={8} />}
          {part.head && <text x={part.head.x} y={part.head.y + 4}>ε</text>}
          {part.end && <circle class="wb-stub" cx={part.end.x} cy={part.end.y} r={2.5} />}
          {part.dots.map(({ x, y, upper: above }, at) => <circle key={at} class={`wb-vertex${above === (k === 1) ? " wb-middle-vertex" : ""}`} cx={x} cy={y} r={4} />)}
        </g>
      ))}
    </svg>
  );
}

/** What a diagram does, as a formula with indices. */
export function Formula({ picture, order, form }: { picture: Picture; order: number; form: string }): VNode {
  return (
    <span class="wb-formula">
      {formulaOf(picture, order, form).map(({ text, sub }, k) => (
        <span key={k}>{text}{sub && <sub>{sub}</sub>}{sub && " "}</span>
      ))}
    </span>
  );
}
