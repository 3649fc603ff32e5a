/** One corner of the square: a tensor, or a batch of them, as what it stands for. */
import type { VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { Grid, useDark } from "./canvas";
import { colours, DARK, LIGHT, type Palette } from "./sharing";
import type { Drawing } from "./sync";

export interface CornerProps {
  readonly drawing: Drawing;
  readonly values: Float32Array;
  readonly n: number;
  readonly batch: number;
  readonly order: number;
  /** The largest size in this column of the square: both rows have one scale. */
  readonly scale: number;
  /** The name of the vertex at each place. */
  readonly names: readonly number[];
  /** Where the vectors of a field are, two numbers each. */
  readonly places: Float32Array | null;
  readonly label: string;
  readonly tone: "in" | "out";
  readonly size: number;
}

export function Corner(props: CornerProps): VNode {
  const { drawing, label, size, tone } = props;
  const frame = useRef<HTMLDivElement>(null);
  const palette = useDark(frame) ? DARK : LIGHT;
  const flat = drawing === "heat";
  return (
    <div class={`wb-corner wb-${tone}`} role="img" aria-label={label} ref={frame} style={{ width: `${size}px`, height: `${size}px` }}>
      {flat ? <Heat {...props} palette={palette} /> : (
        <svg width={size} height={size} viewBox="-60 -60 120 120" aria-hidden="true">
          {inside(props, palette)}
        </svg>
      )}
    </div>
  );
}

function inside(props: CornerProps, palette: Palette): VNode | VNode[] {
  switch (props.drawing) {
    case "graph": case "values": return <Vertices {...props} palette={palette} />;
    case "points": return <Points {...props} />;
    case "arrows": return <Arrows {...props} />;
    case "dots": return <Dots {...props} palette={palette} />;
    case "bars": return <Bars {...props} />;
    case "number": return <text class="wb-big" y={8}>{spoken(props.values[0] ?? 0)}</text>;
    default: return <text class="wb-small" y={4}>too large to draw</text>;
  }
}

function spoken(value: number): string {
  return Number(value.toPrecision(3)).toString().replace("-", "−");
}

const css = (rgba: ArrayLike<number>, at = 0): string => `rgb(${rgba[4 * at]} ${rgba[4 * at + 1]} ${rgba[4 * at + 2]} / ${((rgba[4 * at + 3] ?? 0) / 255).toFixed(3)})`;

/** Rows and columns a tensor is unfolded to. */
export function unfolded(n: number, order: number): [number, number] {
  const down = Math.ceil(order / 2);
  return order === 3 ? [n, n * n] : [n ** down, n ** (order - down)];
}

function Heat({ values, n, order, scale, size, palette }: CornerProps & { palette: Palette }): VNode {
  const [rows, columns] = unfolded(n, order);
  const pixels = useMemo(() => new Uint8ClampedArray(colours(values.subarray(0, rows * columns), scale, palette)), [values, rows, columns, scale, palette]);
  return <Grid rows={rows} columns={columns} pixels={pixels} size={size - 6} />;
}

const around = (at: number, n: number, radius: number) => {
  const angle = (2 * Math.PI * at) / n;
  return { x: radius * Math.sin(angle), y: -radius * Math.cos(angle) };
};

/** A set or a graph: vertices on a circle, the entry of a vertex as its fill, of two as an edge. */
function Vertices({ values, n, order, scale, names, palette }: CornerProps & { palette: Palette }): VNode {
  const [ring, radius] = n === 1 ? [0, 12] : [46 - Math.min(6, n / 4), Math.max(6, Math.min(12, 90 / n))];
  const value = (i: number, j: number) => (order === 1 ? values[names[i] as number] : values[(names[i] as number) * n + (names[j] as number)]) ?? 0;
  const table = (v: number) => css(colours([v], scale, palette));
  const edges: VNode[] = [];
  if (order === 2)
    for (let i = 0; i < n; i++)
      for (let j = i + 1; j < n; j++) {
        const [one, other] = [value(i, j), value(j, i)];
        const [a, b] = [around(i, n, ring), around(j, n, ring)];
        const alike = Math.abs(one - other) <= 0.01 * scale;
        for (const [v, from, to] of alike ? [[one, a, b] as const] : [[one, a, b] as const, [other, b, a] as const]) {
          if (Math.abs(v) < 0.004 * scale) continue;
          const bend = alike ? 0 : 5;
          const [dx, dy] = [to.x - from.x, to.y - from.y];
          const length = Math.hypot(dx, dy) || 1;
          const middle = { x: (from.x + to.x) / 2 - (dy / length) * bend * 2, y: (from.y + to.y) / 2 + (dx / length) * bend * 2 };
          edges.push(<path key={`${i} ${j} ${from === a}`} class="wb-edge" d={`M${from.x} ${from.y}Q${middle.x} ${middle.y} ${to.x} ${to.y}`} style={{ stroke: table(v), strokeWidth: 0.8 + 2 * Math.min(1, Math.abs(v) / (scale || 1)) }} />);
        }
      }
  return (
    <g>
      {edges}
      {names.map((name, place) => {
        const { x, y } = around(place, n, ring);
        return (
          <g key={place} transform={`translate(${x} ${y})`}>
            <circle class="wb-node" r={radius} />
            <circle r={radius} style={{ fill: table(value(place, place)) }} />
            {radius > 6.5 && <text class="wb-name-of" y={3.5}>{name + 1}</text>}
          </g>
        );
      })}
    </g>
  );
}

/** From three coordinates to two, as one looks down a little from the right. */
export function projected(values: Float32Array, at: number, n: number): { x: number; y: number; depth: number } {
  const [x, y, z] = [values[at * n] ?? 0, n > 1 ? (values[at * n + 1] ?? 0) : 0, n > 2 ? (values[at * n + 2] ?? 0) : 0];
  if (n < 3) return { x, y: -y, depth: 0 };
  const [a, e] = [0.5, 0.35];
  return {
    x: Math.cos(a) * x - Math.sin(a) * z,
    y: -(-Math.sin(a) * Math.sin(e) * x + Math.cos(e) * y - Math.cos(a) * Math.sin(e) * z),
    depth: Math.sin(a) * Math.cos(e) * x + Math.sin(e) * y + Math.cos(a) * Math.cos(e) * z,
  };
}

function Points({ values, n, batch, scale }: CornerProps): VNode {
  const unit = 50 / (scale || 1);
  const axes = [0, 1, 2].slice(0, Math.max(2, n)).map((axis) => {
    const end = projected(Float32Array.from({ length: n }, (_, k) => (k === axis ? scale * 0.95 : 0)), 0, n);
    return <line key={axis} class="wb-axis-line" x2={end.x * unit} y2={end.y * unit} />;
  });
  const spots = Array.from({ length: batch }, (_, at) => projected(values, at, n)).sort((a, b) => a.depth - b.depth);
  return (
    <g>
      {axes}
      {spots.map(({ x, y, depth }, k) => <circle key={k} class="wb-spot" cx={x * unit} cy={y * unit} r={n > 2 ? 2.4 + depth / (scale || 1) : 2.6} />)}
    </g>
  );
}

/** Half the width of the square that the places of a field fill, when turned. */
const FIELD = 1.45;

function Arrows({ values, n, batch, scale, places }: CornerProps): VNode {
  if (!places) return <g />;
  const unit = 56 / FIELD;
  const long = 15 / (scale || 1);
  return (
    <g>
      {Array.from({ length: batch }, (_, at) => {
        const [from, by] = [projected(places, at, n), projected(values, at, n)];
        const [x, y, dx, dy] = [from.x * unit, from.y * unit, by.x * long, by.y * long];
        const size = Math.hypot(dx, dy);
        const [ux, uy] = size > 0 ? [dx / size, dy / size] : [0, 0];
        const tip = Math.min(4, size * 0.5);
        return (
          <path
            key={at}
            class="wb-arrow"
            d={size < 0.4 ? `M${x} ${y}h0.01` : `M${x} ${y}L${x + dx} ${y + dy}m${-tip * (ux + 0.6 * uy)} ${-tip * (uy - 0.6 * ux)}L${x + dx} ${y + dy}l${-tip * (ux - 0.6 * uy)} ${-tip * (uy + 0.6 * ux)}`}
          />
        );
      })}
    </g>
  );
}

function Dots({ values, n, batch, scale, places, palette }: CornerProps & { palette: Palette }): VNode {
  if (!places) return <g />;
  const table = colours(values, scale, palette);
  return (
    <g>
      {Array.from({ length: batch }, (_, at) => {
        const { x, y } = projected(places, at, n);
        return <circle key={at} cx={(x * 56) / FIELD} cy={(y * 56) / FIELD} r={4} style={{ fill: css(table, at) }} />;
      })}
    </g>
  );
}

function Bars({ values, n, scale }: CornerProps): VNode {
  const step = 104 / n;
  return (
    <g>
      <line class="wb-axis-line" x1={-54} x2={54} />
      {Array.from({ length: n }, (_, k) => {
        const value = ((values[k] ?? 0) / (scale || 1)) * 48;
        return <rect key={k} class="wb-column" x={-52 + step * k + step * 0.15} width={step * 0.7} y={Math.min(0, -value)} height={Math.max(0.6, Math.abs(value))} />;
      })}
    </g>
  );
}
