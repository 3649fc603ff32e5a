/** One corner of the square: a tensor, or a batch of them, as what it stands for. */
import type { RefObject, VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { Grid, useDark } from "./canvas";
import { colours, DARK, LIGHT, type Palette } from "./sharing";
import type { Drawing } from "./sync";

export interface CornerProps {
  readonly drawing: Drawing;
  readonly values: Float32Array;
  /** The shape of the tensor. */
  readonly sizes: readonly number[];
  readonly batch: number;
  /** The largest size in this column of the square: both rows have one scale. */
  readonly scale: number;
  /** The name of the vertex at each place. */
  readonly names: readonly number[];
  /** Where the vectors of a field are, two numbers each. */
  readonly places: Float32Array | null;
  /** Of a graph whose symmetries the group is. */
  readonly edges: readonly (readonly [number, number])[];
  /** Where its vertices are, within the unit disc; empty for a circle. */
  readonly layout: readonly (readonly [number, number])[];
  readonly label: string;
  readonly tone: "in" | "out";
  readonly size: number;
  /** What dragging does, where it does something: the pointer's way since it went down, in radians about the middle and in pixels. */
  readonly onDrag?: ((angle: number, across: number, begins: boolean) => void) | undefined;
  /** One vertex was dragged onto another: their names. */
  readonly onSwap?: ((a: number, b: number) => void) | undefined;
}

export function Corner(props: CornerProps): VNode {
  const { drawing, label, size, tone } = props;
  const frame = useRef<HTMLDivElement>(null);
  const palette = useDark(frame) ? DARK : LIGHT;
  const flat = drawing === "heat";
  const drags = useDragging(props, frame);
  const can = props.onSwap ? " wb-swaps" : props.onDrag ? " wb-turns" : "";
  return (
    <div class={`wb-corner wb-${tone}${can}`} role="img" aria-label={label} ref={frame} style={{ width: `${size}px`, height: `${size}px` }} {...drags}>
      {flat ? <Heat {...props} palette={palette} /> : (
        <svg width={size} height={size} viewBox="-60 -60 120 120" aria-hidden="true">
          {inside(props, palette)}
        </svg>
      )}
    </div>
  );
}

interface Grip {
  readonly angle: number;
  readonly x: number;
  readonly vertex: number | null;
}

/** Pointer handlers: turn about the middle, or drag one vertex onto another. */
function useDragging({ onDrag, onSwap }: CornerProps, frame: RefObject<HTMLDivElement | null>) {
  const grip = useRef<Grip | null>(null);
  if (!onDrag && !onSwap) return {};
  const at = (event: PointerEvent): Grip => {
    const box = frame.current?.getBoundingClientRect() ?? { left: 0, top: 0, width: 0, height: 0 };
    const [x, y] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    const under = (frame.current?.getRootNode() as Document | ShadowRoot | undefined)?.elementFromPoint?.(event.clientX, event.clientY);
    const name = under?.closest("[data-vertex]")?.getAttribute("data-vertex");
    return { angle: Math.atan2(-y, x), x, vertex: name == null ? null : Number(name) };
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      grip.current = at(event);
      (event.currentTarget as Element).setPointerCapture?.(event.pointerId);
      onDrag?.(0, 0, true);
      event.preventDefault();
    },
    onPointerMove: (event: PointerEvent) => {
      const from = grip.current;
      if (!from || !onDrag) return;
      const to = at(event);
      onDrag(to.angle - from.angle, to.x - from.x, false);
    },
    onPointerUp: (event: PointerEvent) => {
      const [from, to] = [grip.current, at(event)];
      grip.current = null;
      if (onSwap && from?.vertex != null && to.vertex !== null && to.vertex !== from.vertex) onSwap(from.vertex, to.vertex);
    },
    onPointerCancel: () => { grip.current = null; },
  };
}

function inside(props: CornerProps, palette: Palette): VNode | VNode[] {
  switch (props.drawing) {
    case "graph": case "values": return <Vertices {...props} palette={palette} />;
    case "points": case "vector": return <Points {...props} />;
    case "arrows": return <Arrows {...props} />;
    case "shape": return <Shape {...props} />;
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
export function unfolded(sizes: readonly number[]): [number, number] {
  const down = sizes.length === 3 ? 1 : Math.ceil(sizes.length / 2);
  const times = (some: readonly number[]) => some.reduce((product, size) => product * size, 1);
  return [times(sizes.slice(0, down)), times(sizes.slice(down))];
}

function Heat({ values, sizes, scale, size, palette }: CornerProps & { palette: Palette }): VNode {
  const { rows, columns, pixels } = useMemo(() => tiles(values, sizes, scale, palette), [values, sizes, scale, palette]);
  return <Grid rows={rows} columns={columns} pixels={pixels} size={size - 6} />;
}

/** The picture of a tensor: a matrix as it is; of three indices the slices of the first, side by side. */
export function tiles(values: Float32Array, sizes: readonly number[], scale: number, palette: Palette): { rows: number; columns: number; pixels: Uint8ClampedArray<ArrayBuffer> } {
  const [rows, columns] = unfolded(sizes);
  const table = new Uint8ClampedArray(colours(values.subarray(0, rows * columns), scale, palette));
  if (sizes.length !== 3) return { rows, columns, pixels: table };
  const [slices, down, across] = sizes as [number, number, number];
  const abreast = Math.ceil(Math.sqrt(slices));
  const [height, width] = [Math.ceil(slices / abreast) * (down + 1) - 1, abreast * (across + 1) - 1];
  const pixels = new Uint8ClampedArray(4 * height * width);
  for (let slice = 0; slice < slices; slice++)
    for (let row = 0; row < down; row++) {
      const from = 4 * (slice * down + row) * across;
      const to = 4 * ((Math.floor(slice / abreast) * (down + 1) + row) * width + (slice % abreast) * (across + 1));
      pixels.set(table.subarray(from, from + 4 * across), to);
    }
  return { rows: height, columns: width, pixels };
}

const around = (at: number, n: number, radius: number) => {
  const angle = (2 * Math.PI * at) / n;
  return { x: radius * Math.sin(angle), y: -radius * Math.cos(angle) };
};

/** A set or a graph: vertices on a circle, the entry of a vertex as its fill, of two as an edge. */
function Vertices({ values, sizes, scale, names, edges: own, layout, palette }: CornerProps & { palette: Palette }): VNode {
  const [n, order] = [sizes[0] ?? 1, sizes.length];
  const ring = n === 1 ? 0 : 46 - Math.min(6, n / 4);
  const spot = (at: number) => (layout[at] ? { x: 46 * layout[at][0], y: -46 * layout[at][1] } : around(at, n, ring));
  const spots = Array.from({ length: n }, (_, at) => spot(at));
  const apart = spots.reduce((least, a, i) => spots.slice(0, i).reduce((so, b) => Math.min(so, Math.hypot(a.x - b.x, a.y - b.y)), least), 40);
  const radius = Math.max(4.5, Math.min(12, 0.4 * apart));
  const value = (i: number, j: number) => (order === 1 ? values[names[i] as number] : values[(names[i] as number) * n + (names[j] as number)]) ?? 0;
  const table = (v: number) => css(colours([v], scale, palette));
  const edges: VNode[] = order === 2 ? [] : own.map(([i, j]) => {
    const [a, b] = [spot(i), spot(j)];
    return <line key={`${i} ${j}`} class="wb-axis-line" x1={a.x} y1={a.y} x2={b.x} y2={b.y} />;
  });
  if (order === 2)
    for (let i = 0; i < n; i++)
      for (let j = i + 1; j < n; j++) {
        const [one, other] = [value(i, j), value(j, i)];
        const [a, b] = [spot(i), spot(j)];
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
        const { x, y } = spot(place);
        return (
          <g key={place} transform={`translate(${x} ${y})`} data-vertex={name}>
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

function Points({ values, sizes, scale, drawing }: CornerProps): VNode {
  const n = sizes.at(-1) ?? 1;
  const count = Math.floor(values.length / n);
  const unit = 50 / (scale || 1);
  const axes = [0, 1, 2].slice(0, Math.max(2, n)).map((axis) => {
    const end = projected(Float32Array.from({ length: n }, (_, k) => (k === axis ? scale * 0.95 : 0)), 0, n);
    return <line key={axis} class="wb-axis-line" x2={end.x * unit} y2={end.y * unit} />;
  });
  const spots = Array.from({ length: count }, (_, at) => projected(values, at, n)).sort((a, b) => a.depth - b.depth);
  return (
    <g>
      {axes}
      {drawing === "vector" && spots.map(({ x, y }, k) => <line key={`v${k}`} class="wb-arrow" x2={x * unit} y2={y * unit} />)}
      {spots.map(({ x, y, depth }, k) => <circle key={k} class="wb-spot" cx={x * unit} cy={y * unit} r={(count > 12 ? 2.6 : 4) + (n > 2 ? depth / (scale || 1) : 0)} />)}
    </g>
  );
}

/** Points of a circle that a matrix moves. */
const ROUND = 48;

/** Circles through the axes, moved by a matrix: one in the plane, three in space; each a list of (batch of one) points. */
export function moved(values: Float32Array, n: number): Float32Array[] {
  const planes = n === 2 ? [[0, 1]] : [[0, 1], [1, 2], [0, 2]];
  return planes.map(([a, b]) => Float32Array.from({ length: (ROUND + 1) * n }, (_, k) => {
    const [at, row] = [Math.floor(k / n), k % n];
    const angle = (2 * Math.PI * at) / ROUND;
    return (values[row * n + (a as number)] ?? 0) * Math.cos(angle) + (values[row * n + (b as number)] ?? 0) * Math.sin(angle);
  }));
}

/** How far a matrix takes a point of the circle. */
export function reach(values: Float32Array, n: number): number {
  let most = 0;
  for (const circle of moved(values, n)) for (let k = 0; k < circle.length; k += n) most = Math.max(most, Math.hypot(...circle.subarray(k, k + n)));
  return most;
}

/** A matrix as what it does to the circle, or the sphere; the dots are where the axes go. */
function Shape({ values, sizes, scale }: CornerProps): VNode {
  const n = sizes[0] ?? 2;
  const unit = 52 / (scale || 1);
  const path = (circle: Float32Array) => Array.from({ length: ROUND + 1 }, (_, at) => projected(circle, at, n)).map(({ x, y }, k) => `${k ? "L" : "M"}${(x * unit).toFixed(1)} ${(y * unit).toFixed(1)}`).join("");
  const ends = Array.from({ length: n }, (_, axis) => projected(Float32Array.from({ length: n }, (_, row) => values[row * n + axis] ?? 0), 0, n));
  return (
    <g>
      {moved(values, n).map((circle, k) => <path key={k} class="wb-hoop" d={path(circle)} />)}
      {ends.map(({ x, y }, axis) => (
        <g key={axis}>
          <line class="wb-axis-line" x2={x * unit} y2={y * unit} />
          <circle class="wb-spot" cx={x * unit} cy={y * unit} r={axis === 0 ? 4 : 2.6} />
        </g>
      ))}
    </g>
  );
}

/** Half the width of the square that the places of a field fill, when turned. */
const FIELD = 1.45;

function Arrows({ values, sizes, batch, scale, places }: CornerProps): VNode {
  if (!places) return <g />;
  const n = sizes.at(-1) ?? 2;
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

function Dots({ values, batch, scale, places, palette }: CornerProps & { palette: Palette }): VNode {
  if (!places) return <g />;
  const table = colours(values, scale, palette);
  return (
    <g>
      {Array.from({ length: batch }, (_, at) => {
        const { x, y } = projected(places, at, 2);
        return <circle key={at} cx={(x * 56) / FIELD} cy={(y * 56) / FIELD} r={4} style={{ fill: css(table, at) }} />;
      })}
    </g>
  );
}

function Bars({ values, sizes, scale }: CornerProps): VNode {
  const n = sizes[0] ?? 1;
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
