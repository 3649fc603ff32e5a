/** Entries that share their weight: the value of every kind of entry, what meets there, and its colour. Pure. */
import { floats, shorts, words, type Packed } from "./bytes";

export interface SharingJson {
  readonly rows: number;
  readonly columns: number;
  /** Of the whole matrix. */
  readonly of: readonly [number, number];
  /** Which part is drawn, in words; nothing where it is all. */
  readonly part: string;
  /** The shapes of output and input, whose indices rows and columns are. */
  readonly sizes: readonly [readonly number[], readonly number[]];
  /** Which rows and columns of the whole matrix are drawn. */
  readonly down: Packed;
  readonly across: Packed;
  readonly kinds: Packed;
  readonly start: Packed;
  readonly index: Packed;
  readonly value: Packed;
}

export interface Sharing {
  readonly rows: number;
  readonly columns: number;
  readonly of: readonly [number, number];
  readonly part: string;
  readonly sizes: readonly [readonly number[], readonly number[]];
  readonly down: Uint32Array;
  readonly across: Uint32Array;
  /** The kind of every entry drawn, row by row. */
  readonly kinds: Uint16Array;
  readonly start: Uint32Array;
  readonly index: Uint16Array;
  readonly value: Float32Array;
  /** How many entries drawn are of each kind. */
  readonly counts: Uint32Array;
}

export type Weights = ReadonlyMap<number, number>;

const known = new WeakMap<object, Sharing>();

export function sharingOf(json: Partial<SharingJson> | undefined): Sharing | null {
  if (!json || json.rows === undefined) return null;
  const found = known.get(json);
  if (found) return found;
  const { rows, columns = 0, of = [0, 0], part = "", sizes = [[], []] } = json;
  const kinds = shorts(json.kinds);
  const start = words(json.start);
  const counts = new Uint32Array(Math.max(0, start.length - 1));
  for (const kind of kinds) counts[kind] = (counts[kind] as number) + 1;
  const made = {
    rows, columns, of, part, sizes, kinds, start, counts,
    down: words(json.down), across: words(json.across), index: shorts(json.index), value: floats(json.value),
  };
  known.set(json, made);
  return made;
}

/** What stands at every kind of entry. */
export function valuesOf({ start, index, value }: Sharing, weights: Weights): Float64Array {
  const made = new Float64Array(Math.max(0, start.length - 1));
  for (let kind = 0; kind < made.length; kind++) {
    let total = 0;
    for (let k = start[kind] as number; k < (start[kind + 1] as number); k++) {
      const weight = weights.get(index[k] as number);
      if (weight !== undefined) total += weight * (value[k] as number);
    }
    made[kind] = total;
  }
  return made;
}

export interface Meeting {
  readonly diagram: number;
  readonly factor: number;
}

/** The diagrams that meet at a kind of entry; those switched on first, at most so many. */
export function meeting({ start, index, value }: Sharing, kind: number, weights: Weights): { readonly on: Meeting[]; readonly off: Meeting[] } {
  const [on, off]: [Meeting[], Meeting[]] = [[], []];
  for (let k = start[kind] ?? 0; k < (start[kind + 1] ?? 0); k++) {
    const each = { diagram: index[k] as number, factor: value[k] as number };
    (weights.has(each.diagram) ? on : off).push(each);
  }
  return { on, off };
}

/** How many different numbers the entries take, zero left out. */
export function different(values: Float64Array, counts: Uint32Array): number {
  const found = new Set<number>();
  values.forEach((value, kind) => {
    if ((counts[kind] ?? 0) > 0 && Math.abs(value) > 1e-9) found.add(Number(value.toPrecision(9)));
  });
  return found.size;
}

/** The indices of a row or a column of the whole matrix, from 1: row (2, 1), column (4). */
export function indicesOf(place: number, sizes: readonly number[]): number[] {
  const found: number[] = [];
  let rest = place;
  for (const size of [...sizes].reverse()) {
    found.unshift((rest % size) + 1);
    rest = Math.floor(rest / size);
  }
  return found;
}

// ---- colours ---------------------------------------------------------------------------------------------------------

export type Colour = readonly [number, number, number];

export interface Palette {
  readonly more: Colour;
  readonly less: Colour;
  readonly none: Colour;
}

export const LIGHT: Palette = { more: [63, 111, 216], less: [207, 117, 30], none: [98, 107, 123] };
export const DARK: Palette = { more: [111, 151, 242], less: [240, 163, 84], none: [152, 161, 177] };

/** Red, green, blue and opacity of every kind: blue above zero, orange below, the stronger the larger. */
export function colours(values: ArrayLike<number>, largest: number, palette: Palette): Uint8ClampedArray {
  const made = new Uint8ClampedArray(4 * values.length);
  for (let k = 0; k < values.length; k++) {
    const value = values[k] as number;
    const size = largest > 0 ? Math.abs(value) / largest : 0;
    const seen = size > 1e-9;
    const [r, g, b] = seen ? (value > 0 ? palette.more : palette.less) : palette.none;
    made.set([r, g, b, seen ? 40 + 215 * Math.min(1, size) : 18], 4 * k);
  }
  return made;
}

/** A hue of its own for every kind in which something meets: what shares a weight has one colour. */
export function hues({ start, counts }: Sharing, palette: Palette, dark: boolean): Uint8ClampedArray {
  const made = new Uint8ClampedArray(4 * counts.length);
  for (let kind = 0; kind < counts.length; kind++) {
    const empty = start[kind] === start[kind + 1];
    const colour = empty ? palette.none : even((kind * 137.508 + 262) % 360, 0.115, (dark ? 0.66 : 0.68) + [0, 0.09, -0.1][kind % 3]!);
    made.set([...colour, empty ? 18 : 255], 4 * kind);
  }
  return made;
}

/** A colour of even lightness (Ottosson's Oklab, 2020): hue in degrees. */
function even(hue: number, chroma: number, light: number): Colour {
  const [a, b] = [chroma * Math.cos((hue * Math.PI) / 180), chroma * Math.sin((hue * Math.PI) / 180)];
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const channel = (linear: number) => 255 * (linear <= 0.0031308 ? 12.92 * Math.max(0, linear) : 1.055 * Math.min(1, linear) ** (1 / 2.4) - 0.055);
  return [
    channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    channel(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** Which kinds are held: those of one entry, or all where a diagram has something. */
export function heldBy(sharing: Sharing, by: { readonly kind: number } | { readonly diagram: number } | null): Uint8Array | null {
  if (!by) return null;
  const { start, index, counts } = sharing;
  const held = new Uint8Array(counts.length);
  if ("kind" in by) held[by.kind] = 1;
  else
    for (let kind = 0; kind < held.length; kind++)
      for (let k = start[kind] as number; k < (start[kind + 1] as number); k++) if (index[k] === by.diagram) held[kind] = 1;
  return held;
}

/** The picture: a colour for every entry; with some kinds held, the others step back. */
export function paint(kinds: Uint16Array, table: Uint8ClampedArray, held: Uint8Array | null): Uint8ClampedArray<ArrayBuffer> {
  const made = new Uint8ClampedArray(4 * kinds.length);
  const from = new Uint32Array(table.buffer, table.byteOffset, table.length / 4);
  const to = new Uint32Array(made.buffer);
  for (let k = 0; k < kinds.length; k++) to[k] = from[kinds[k] as number] as number;
  if (held === null) return made;
  for (let k = 0; k < kinds.length; k++) if (!held[kinds[k] as number]) made[4 * k + 3] = (made[4 * k + 3] as number) * 0.28;
  return made;
}
