/** Thousands of diagrams by their block structure: upper halves down, lower halves across. */
import type { VNode } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { Button } from "../shared/bar";
import { count, plural } from "../shared/format";
import { useWidth } from "../shared/size";
import { boxOf, Grid, useDark } from "./canvas";
import { Card, nounOf, type DiagramsProps } from "./card";
import { halvesOf, type HalfMap } from "./halves";
import { DARK, LIGHT, type Palette, type Weights } from "./sharing";

/** Thousands of diagrams: upper halves down, lower halves across, a block for every number of strands through. */
export function Halves({ state, acts, answers, onPoint }: DiagramsProps): VNode {
  const { pictures, doc, chosen } = state;
  const frame = useRef<HTMLDivElement>(null);
  const dark = useDark(frame);
  const width = useWidth(frame, 360);
  const map = useMemo(() => halvesOf(pictures), [pictures]);
  const [over, setOver] = useState<readonly [number, number] | null>(null);
  const size = Math.min(width, 380);
  const [rows, columns] = [map.uppers.length, map.lowers.length];
  const cell = boxOf(rows, columns, size)[0] / columns;
  const pixels = useMemo(() => shaded(map, doc.weights ?? new Map(), dark ? DARK : LIGHT), [map, doc.weights, dark]);
  const place = map.placeOf(chosen);
  const inside = map.cell(...place);
  const under = (event: PointerEvent): readonly [number, number] => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const at = (position: number, start: number, most: number) => Math.max(0, Math.min(most - 1, Math.floor((position - start) / cell)));
    return [at(event.clientY, box.top, rows), at(event.clientX, box.left, columns)];
  };
  const walk = (event: KeyboardEvent) => {
    const by = ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } as Record<string, [number, number]>)[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const to = nearest(map, place, by);
    if (to !== undefined) acts.dispatch({ type: "choose", at: to });
  };
  const told = over ? map.cell(...over).length : 0;
  return (
    <div class="wb-halves" ref={frame}>
      <div
        class="wb-halfmap"
        role="img"
        tabIndex={0}
        aria-label={`${count(pictures.count)} diagrams as ${rows} upper halves, down, and ${columns} lower halves, across; arrows walk, x switches on`}
        style={{ width: `${columns * cell}px`, height: `${rows * cell}px` }}
        onKeyDown={walk}
        onPointerMove={(event) => setOver(under(event))}
        onPointerLeave={() => { setOver(null); onPoint(null); }}
        onClick={(event) => {
          const found = map.cell(...under(event as unknown as PointerEvent))[0];
          if (found !== undefined) acts.dispatch({ type: "choose", at: found });
        }}
      >
        <Grid rows={rows} columns={columns} pixels={pixels} size={size} />
        {map.blocks.map(({ through, upper, lower, height, width }) => (
          <span key={through} class="wb-block" style={{ left: `${lower * cell}px`, top: `${upper * cell}px`, width: `${width * cell}px`, height: `${height * cell}px` }} />
        ))}
        <span class="wb-cursor" style={{ left: `${(place[1] + 0.5) * cell}px`, top: `${(place[0] + 0.5) * cell}px` }} />
      </div>
      <p class="wb-note wb-told">
        {told && over ? `${plural(told, "diagram")} with upper half ${over[0] + 1} and lower half ${over[1] + 1}` : `${rows} upper halves down, ${columns} lower halves across`}
      </p>
      <div class="wb-blocks">
        {map.blocks.map(({ through, upper, lower, height, width, count: size }) => {
          const all = () => Array.from({ length: height * width }, (_, k) => map.cell(upper + Math.floor(k / width), lower + (k % width))).flat();
          const on = all().filter((at) => doc.weights?.has(at)).length;
          return (
            <Button key={through} label={`${plural(through, "strand")} through: ${count(size)} diagrams, ${on} on`} pressed={on > 0} title={`switch all of them ${on ? "off" : "on"}`} onPress={() => acts.dispatch({ type: "switch", which: "cell", cell: all(), on: !on })}>
              {through} <span class="wb-soft">{count(size)}{on ? `, ${count(on)} on` : ""}</span>
            </Button>
          );
        })}
        <span class="wb-note">strands through · diagrams</span>
      </div>
      <div class="wb-cards wb-cell" role="group" aria-label="diagrams with these halves" onPointerLeave={() => onPoint(null)}>
        {inside.map((at) => (
          <Card
            key={at} at={at} noun={nounOf(answers)} name="" picture={pictures.at(at)} n={answers.about.n ?? 1} weight={doc.weights?.get(at)} chosen={at === chosen} meets={false}
            free={pictures.inBasis(at)} sharing={null} acts={acts} onPoint={onPoint}
          />
        ))}
      </div>
    </div>
  );
}

/** The first diagram of the next cell that has one, in a direction. */
function nearest(map: HalfMap, [row, column]: readonly [number, number], [down, right]: readonly [number, number]): number | undefined {
  for (let k = 1; k < Math.max(map.uppers.length, map.lowers.length); k++) {
    const found = map.cell(row + down * k, column + right * k)[0];
    if (found !== undefined && column + right * k >= 0 && column + right * k < map.lowers.length) return found;
  }
  return undefined;
}

function shaded(map: HalfMap, weights: Weights, palette: Palette): Uint8ClampedArray<ArrayBuffer> {
  const [rows, columns] = [map.uppers.length, map.lowers.length];
  const made = new Uint8ClampedArray(4 * rows * columns);
  for (const { upper, lower, height, width, through } of map.blocks)
    for (let row = upper; row < upper + height; row++)
      for (let column = lower; column < lower + width; column++)
        if (map.cell(row, column).length) made.set([...palette.none, through % 2 ? 64 : 40], 4 * (row * columns + column));
  for (const [at, weight] of weights) {
    const [row, column] = map.placeOf(at);
    made.set([...(weight < 0 ? palette.less : palette.more), 255], 4 * (row * columns + column));
  }
  return made;
}
