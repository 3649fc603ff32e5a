/** Diagrams as values: unpacked, named, written as formulas and laid out as lines. Pure; mirrors `workbench.figures._equivariant`. */
import { bytesOf, type Packed } from "./bytes";

export interface PicturesJson {
  readonly count: number;
  readonly top: number;
  readonly vertices: number;
  readonly labels: Packed;
  readonly head: Packed;
  readonly basis: Packed;
  /** Of maps that are no pictures. */
  readonly names: readonly string[];
}

/** One diagram: the block of every vertex, whether it is on the head, and how many vertices the upper row has. */
export interface Picture {
  readonly labels: readonly number[];
  readonly head: readonly boolean[];
  readonly top: number;
}

export interface Pictures {
  readonly count: number;
  readonly top: number;
  readonly vertices: number;
  readonly names: readonly string[];
  readonly inBasis: (at: number) => boolean;
  /** Positions of the basis. */
  readonly basis: readonly number[];
  /** The diagram at a position; null for a map that is no picture. */
  readonly at: (at: number) => Picture | null;
}

export const NONE: Pictures = { count: 0, top: 0, vertices: 0, names: [], inBasis: () => false, basis: [], at: () => null };

const known = new WeakMap<object, Pictures>();

export function picturesOf(json: Partial<PicturesJson> | undefined): Pictures {
  if (!json || json.count === undefined) return NONE;
  const found = known.get(json);
  if (found) return found;
  const { count, top = 0, vertices = 0, names = [] } = json;
  const [labels, head, basis] = [bytesOf(json.labels), bytesOf(json.head), bytesOf(json.basis)];
  const cache = new Map<number, Picture>();
  const made: Pictures = {
    count, top, vertices, names,
    inBasis: (at) => basis[at] === 1,
    basis: [...basis.keys()].filter((at) => basis[at] === 1),
    at: (at) => {
      if (names.length || at < 0 || at >= count) return null;
      const before = cache.get(at);
      if (before) return before;
      const row = (from: Uint8Array) => [...from.subarray(at * vertices, (at + 1) * vertices)];
      const picture = { labels: row(labels), head: row(head).map((on) => on === 1), top };
      cache.set(at, picture);
      return picture;
    },
  };
  known.set(json, made);
  return made;
}

export interface Block {
  readonly label: number;
  readonly upper: readonly number[];
  readonly lower: readonly number[];
  readonly head: boolean;
}

/** The blocks in the order of their first vertices; lower vertices count from 0 in their own row. */
export function blocksOf({ labels, head, top }: Picture): Block[] {
  const found = new Map<number, { label: number; upper: number[]; lower: number[]; head: boolean }>();
  labels.forEach((label, vertex) => {
    const block = found.get(label) ?? { label, upper: [], lower: [], head: head[vertex] === true };
    if (vertex < top) block.upper.push(vertex);
    else block.lower.push(vertex - top);
    found.set(label, block);
  });
  return [...found.values()];
}

/** "1 1' | 2 2'", as Python prints it. */
export function nameOf(picture: Picture, n: number): string {
  const said = ({ upper, lower }: Block, between: string) => [...upper.map((v) => `${v + 1}`), ...lower.map((v) => `${v + 1}'`)].join(between);
  const blocks = blocksOf(picture);
  const words = blocks.filter((block) => !block.head).map((block) => said(block, " "));
  const legs = blocks.filter((block) => block.head).map((block) => said(block, ""));
  if (legs.length) words.push(`ε(${[...legs, ...Array<string>(Math.max(0, n - legs.length)).fill("·")].join(", ")})`);
  return words.join(" | ") || "1";
}

// ---- as a formula ----------------------------------------------------------------------------------------------------

/** A piece of a formula: a symbol and what stands below it. */
export interface Piece {
  readonly text: string;
  readonly sub?: string;
}

const OUT = "ijklmnop";
const SUMMED = "abcdefgh";

/** What the map does, index by index: y_ij = δ_ij Σ_a x_aa. `form` is the name of the group's form, if it has one. */
export function formulaOf(picture: Picture, sourceOrder: number, form: string): Piece[] {
  const out = [...OUT].slice(0, picture.top);
  const given: string[] = Array<string>(sourceOrder).fill("?");
  const factors: Piece[] = [];
  const sums: string[] = [];
  const inner: Piece[] = [];
  const legs: string[] = [];
  const symbol = form === "symplectic" ? "ω" : form ? "η" : "δ";
  for (const { upper, lower, head } of blocksOf(picture)) {
    const [first, ...others] = upper.map((v) => out[v] as string);
    const bent = !head && form !== "";
    if (first === undefined) {
      const letter = SUMMED[sums.length] ?? "z";
      sums.push(letter);
      const [low, ...more] = lower;
      if (low !== undefined) given[low] = letter;
      if (bent && more.length === 1) {
        const second = SUMMED[sums.length] ?? "z";
        sums.push(second);
        given[more[0] as number] = second;
        inner.push({ text: symbol, sub: letter + second });
      } else for (const v of more) given[v] = letter;
      if (head) legs.push(letter);
      continue;
    }
    if (others.length) factors.push({ text: bent && !lower.length ? symbol : "δ", sub: [first, ...others].join("") });
    for (const v of lower) given[v] = first;
    if (head) legs.push(first);
  }
  const pieces: Piece[] = [{ text: "y", ...(out.length ? { sub: out.join("") } : {}) }, { text: " = " }, ...factors];
  if (sums.length) pieces.push({ text: "Σ", sub: sums.join("") });
  if (legs.length) pieces.push({ text: "ε", sub: legs.join("") });
  return [...pieces, ...inner, { text: "x", ...(given.length ? { sub: given.join("") } : {}) }];
}

/** What the map does, in words: "keeps 1, sums over 2', repeats along 2". Indices of the input have a dash. */
export function wordsOf(picture: Picture, form: string): string {
  const symbol = form === "symplectic" ? "ω" : "η";
  const said = blocksOf(picture).filter(({ head }) => !head).map(({ upper, lower }) => {
    const up = upper.map((v) => `${v + 1}`);
    const low = lower.map((v) => `${v + 1}'`);
    const bent = form !== "" && (up.length === 0 || low.length === 0);
    if (!up.length) return bent ? `pairs ${low.join(" with ")} by ${symbol}` : `sums over ${low.join(" = ")}`;
    if (!low.length) return bent ? `puts ${symbol} at ${up.join(" ")}` : up.length === 1 ? `repeats along ${up[0]}` : `fills only ${up.join(" = ")}`;
    if (up.length === 1 && low.length === 1) return upper[0] === lower[0] ? `keeps ${up[0]}` : `moves ${low[0]} to ${up[0]}`;
    return `takes ${low.join(" = ")} to ${up.join(" = ")}`;
  });
  const heads = blocksOf(picture).filter(({ head }) => head).length;
  if (heads) said.push("ties the rest by ε, which changes sign when two indices are swapped");
  return said.join(", ") || "multiplies by a number";
}

export function plainly(formula: readonly Piece[]): string {
  return formula.map(({ text, sub }) => (sub ? `${text}_${sub} ` : text)).join("").trim();
}

// ---- as lines --------------------------------------------------------------------------------------------------------

export interface Strokes {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly string[];
  /** The block of every line. */
  readonly owners: readonly number[];
  /** What the rows are centred in; a head beside them is to the right of it. */
  readonly room: number;
  readonly dots: readonly { readonly x: number; readonly y: number; readonly upper: boolean }[];
  readonly head: { readonly x: number; readonly y: number } | null;
  /** The end of a summed leg of the head. */
  readonly end: { readonly x: number; readonly y: number } | null;
}

const STEP = 26;
const DEEP = 36;
const SIDE = 10;
const ASIDE = 38;
const RING = 8;

/** Lines, dots and head of a diagram in its own coordinates. */
export function strokesOf(picture: Picture, n: number): Strokes {
  const { top, labels } = picture;
  const rows = [top, labels.length - top] as const;
  const blocks = blocksOf(picture);
  const heads = blocks.filter((block) => block.head);
  const aside = heads.length > 0 && blocks.some(({ upper, lower }) => upper.length && lower.length);
  const room = 2 * SIDE + STEP * Math.max(1, rows[0] - 1, rows[1] - 1);
  const height = 2 * SIDE + DEEP;
  const place = (upper: boolean, at: number) => ({
    x: (room - STEP * ((upper ? rows[0] : rows[1]) - 1)) / 2 + STEP * at,
    y: upper ? SIDE : SIDE + DEEP,
    upper,
  });
  const lines: string[] = [];
  const owners: number[] = [];
  for (const { upper, lower, label } of blocks) {
    for (const [row, isUpper] of [[upper, true], [lower, false]] as const)
      for (let k = 1; k < row.length; k++) lines.push(arc(place(isUpper, row[k - 1] as number), place(isUpper, row[k] as number), isUpper));
    const across = shortest(upper, lower);
    if (across) lines.push(strand(place(true, across[0]), place(false, across[1])));
    while (owners.length < lines.length) owners.push(label);
  }
  const dots = [...Array.from({ length: rows[0] }, (_, k) => place(true, k)), ...Array.from({ length: rows[1] }, (_, k) => place(false, k))];
  const width = room + (aside ? ASIDE : 0);
  if (!heads.length) return { width, height, room, lines, owners, dots, head: null, end: null };
  const ring = { x: aside ? width - 18 : room / 2, y: SIDE + DEEP / 2 };
  for (const { upper, lower, label } of heads) {
    const to = aside
      ? place(!lower.length, (lower.length ? lower.at(-1) : upper.at(-1)) as number)
      : place(upper.length > 0, (upper[0] ?? lower[0]) as number);
    if (aside) lines.push(`M${ring.x - RING} ${ring.y}C${ring.x - 16} ${ring.y} ${(to.x + ring.x) / 2} ${to.y} ${to.x} ${to.y}`);
    else lines.push(strand({ x: ring.x, y: ring.y + (to.upper ? -RING : RING) }, to));
    owners.push(label);
  }
  const end = heads.length < n ? { x: ring.x + RING + 8, y: ring.y } : null;
  if (end) lines.push(`M${ring.x + RING} ${ring.y}H${end.x}`);
  if (end) owners.push(-1);
  return { width: Math.max(width, end ? end.x + 4 : 0), height, room, lines, owners, dots, head: ring, end };
}

function shortest(upper: readonly number[], lower: readonly number[]): [number, number] | null {
  let best: [number, number] | null = null;
  for (const a of upper) for (const b of lower) if (!best || Math.abs(a - b) < Math.abs(best[0] - best[1])) best = [a, b];
  return best;
}

interface Spot {
  readonly x: number;
  readonly y: number;
}

function arc(a: Spot, b: Spot, upper: boolean): string {
  const bend = (upper ? 1 : -1) * Math.min(7 + (5 * Math.abs(b.x - a.x)) / STEP, 0.62 * DEEP);
  return `M${a.x} ${a.y}C${a.x} ${a.y + bend} ${b.x} ${b.y + bend} ${b.x} ${b.y}`;
}

export function strand(a: Spot, b: Spot): string {
  const middle = (a.y + b.y) / 2;
  return `M${a.x} ${a.y}C${a.x} ${middle} ${b.x} ${middle} ${b.x} ${b.y}`;
}

/** Which blocks of two diagrams, one on the other, are left over in the middle: they reach no outer vertex. */
export function leftOver(upper: Picture, lower: Picture): { readonly upper: ReadonlySet<number>; readonly lower: ReadonlySet<number> } {
  const middle = upper.labels.length - upper.top;
  const outer = new Set<string>();
  const joins: (readonly [string, string])[] = [];
  upper.labels.slice(0, upper.top).forEach((label) => outer.add(`u${label}`));
  lower.labels.slice(lower.top).forEach((label) => outer.add(`l${label}`));
  upper.labels.forEach((label, v) => upper.head[v] && outer.add(`u${label}`));
  lower.labels.forEach((label, v) => lower.head[v] && outer.add(`l${label}`));
  for (let k = 0; k < middle; k++) joins.push([`u${upper.labels[upper.top + k]}`, `l${lower.labels[k]}`]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [a, b] of joins)
      if (outer.has(a) !== outer.has(b)) {
        outer.add(a).add(b);
        grown = true;
      }
  }
  const left = (row: "u" | "l", labels: readonly number[]) => new Set(labels.filter((label) => !outer.has(`${row}${label}`)));
  return { upper: left("u", upper.labels), lower: left("l", lower.labels) };
}
