/** A small chart in SVG: a frame with two axes; what is drawn in it is the caller's. */
import type { ComponentChildren, SVGAttributes, VNode } from "preact";
import { useRef } from "preact/hooks";
import { place, scaleOf, ticks, type Scale, type Tick } from "./axes";
import { useWidth } from "./size";

export interface Axis {
  readonly kind: Scale["kind"];
  readonly domain: readonly [number, number];
  readonly title: string;
  readonly format: (value: number) => string;
}

export interface Plot {
  readonly x: Scale;
  readonly y: Scale;
  readonly px: (value: number) => number;
  readonly py: (value: number) => number;
}

interface ChartProps {
  readonly label: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly height: number;
  readonly children: (plot: Plot) => ComponentChildren;
  /** What the pointer and the keys do, on the whole chart. */
  readonly on?: (plot: Plot) => SVGAttributes<SVGSVGElement>;
  readonly class?: string;
}

/** What is drawn is cut off so far outside the axes. */
const EDGE = 7;
const PAD = { left: 50, right: 12, top: 8, bottom: 34 };

export function Chart({ label, x, y, height, children, on, class: name }: ChartProps): VNode {
  const root = useRef<HTMLDivElement>(null);
  const width = Math.max(120, useWidth(root, 340));
  const sx = scaleOf(x.kind, x.domain, [PAD.left, width - PAD.right]);
  const sy = scaleOf(y.kind, y.domain, [height - PAD.bottom, PAD.top]);
  const plot: Plot = { x: sx, y: sy, px: (value) => place(sx, value), py: (value) => place(sy, value) };
  const [left, right, top, bottom] = [PAD.left, width - PAD.right, PAD.top, height - PAD.bottom];
  return (
    <div class={`wb-chart${name ? ` ${name}` : ""}`} ref={root}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} {...on?.(plot)}>
        <g class="wb-grid" aria-hidden="true">
          {unlike(ticks(sx, 56), x.format).map(({ value, named }) => (
            <g key={value}>
              <line class={named ? undefined : "wb-minor"} x1={plot.px(value)} x2={plot.px(value)} y1={top} y2={bottom} />
              {named && <text x={plot.px(value)} y={bottom + 14} class="wb-middle">{x.format(value)}</text>}
            </g>
          ))}
          {unlike(ticks(sy, 34), y.format).map(({ value, named }) => (
            <g key={value}>
              <line class={named ? undefined : "wb-minor"} x1={left} x2={right} y1={plot.py(value)} y2={plot.py(value)} />
              {named && <text x={left - 6} y={plot.py(value) + 3.5} class="wb-end">{y.format(value)}</text>}
            </g>
          ))}
          <path class="wb-axis" d={`M${left} ${top}V${bottom}H${right}`} />
          <text class="wb-title wb-end" x={right} y={height - 5}>{x.title}</text>
          <text class="wb-title" x={0} y={height - 5}>{y.title ? `↑ ${y.title}` : ""}</text>
        </g>
        <svg class="wb-inside" role="none" x={left - EDGE} y={top - EDGE} width={right - left + 2 * EDGE} height={bottom - top + 2 * EDGE} viewBox={`${left - EDGE} ${top - EDGE} ${right - left + 2 * EDGE} ${bottom - top + 2 * EDGE}`}>
          {children(plot)}
        </svg>
      </svg>
    </div>
  );
}

/** Ticks whose names read the same are named once. */
function unlike(all: Tick[], format: Axis["format"]): Tick[] {
  const told = new Set<string>();
  return all.map((tick) => {
    const text = tick.named ? format(tick.value) : "";
    const fresh = tick.named && !told.has(text);
    told.add(text);
    return fresh === tick.named ? tick : { ...tick, named: fresh };
  });
}

/** The `d` of a line through points. */
export function lineThrough(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

/** Where the pointer is on the chart, in its own pixels. */
export function pointOn(event: { clientX: number; clientY: number; currentTarget: EventTarget | null }): { x: number; y: number } {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
