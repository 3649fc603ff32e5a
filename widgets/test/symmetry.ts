/** A lab's traits as Python sends them, for S(n); the table of what meets where is made by brute force. */
import type { PicturesJson } from "../src/symmetry/pictures";
import type { SharingJson } from "../src/symmetry/sharing";
import type { About, SquareJson, Traits } from "../src/symmetry/sync";

/** Set partitions as restricted growth strings, in lexicographic order. */
export function partitions(size: number): number[][] {
  let rows: number[][] = [[]];
  for (let v = 0; v < size; v++) rows = rows.flatMap((row) => Array.from({ length: Math.max(-1, ...row) + 2 }, (_, label) => [...row, label]));
  return rows;
}

const view = (values: Uint8Array | Uint16Array | Uint32Array | Float32Array) => new DataView(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);

export function pictures(rows: number[][], top: number, bound: number[] = []): PicturesJson {
  const vertices = rows[0]?.length ?? 0;
  return {
    count: rows.length, top, vertices, names: [],
    labels: view(Uint8Array.from(rows.flat())),
    head: view(new Uint8Array(rows.length * vertices)),
    basis: view(Uint8Array.from(rows, (_, at) => (bound.includes(at) ? 0 : 1))),
  };
}

/** What a diagram of S(n) has at an index: 1 where the indices of every block agree. */
export function entry(labels: readonly number[], index: readonly number[]): number {
  return labels.every((label, v) => index[v] === index[labels.indexOf(label)]) ? 1 : 0;
}

export function allIndices(n: number, order: number): number[][] {
  return Array.from({ length: n ** order }, (_, at) => Array.from({ length: order }, (_, k) => Math.floor(at / n ** (order - 1 - k)) % n));
}

export function sharing(rows: number[][], n: number, l: number, k: number): SharingJson {
  const met = allIndices(n, l + k).map((index) => rows.map((labels) => entry(labels, index)));
  const kinds = [...new Set(met.map((row) => row.join()))];
  const table = kinds.map((kind) => kind.split(",").map(Number));
  const [start, index]: [number[], number[]] = [[0], []];
  for (const row of table) {
    row.forEach((value, at) => value && index.push(at));
    start.push(index.length);
  }
  return {
    rows: n ** l, columns: n ** k, of: [n ** l, n ** k], part: "", sizes: [Array<number>(l).fill(n), Array<number>(k).fill(n)],
    down: view(Uint32Array.from({ length: n ** l }, (_, at) => at)), across: view(Uint32Array.from({ length: n ** k }, (_, at) => at)),
    kinds: view(Uint16Array.from(met, (row) => kinds.indexOf(row.join()))),
    start: view(Uint32Array.from(start)), index: view(Uint16Array.from(index)), value: view(new Float32Array(index.length).fill(1)),
  };
}

export const KINDS: About["kinds"] = [
  { key: "S", title: "S", words: "permutations", least: 1, step: 1, fixed: false, between: null },
  { key: "Sp", title: "Sp", words: "symplectic maps", least: 2, step: 2, fixed: false, between: null },
  { key: "Lorentz", title: "Lorentz", words: "boosts and rotations", least: 4, step: 1, fixed: true, between: null },
];

export function square(more: Partial<SquareJson> = {}): SquareJson {
  const graph = Float32Array.from([0, 1, 0, 1, 0, 1, 0, 1, 0]);
  const turned = Float32Array.from([0, 1, 1, 1, 0, 0, 1, 0, 0]);
  return {
    serial: 1, kind: "graph", inputs: ["graph", "image", "random"], batch: 1, from: "graph", to: "graph", sizes: [[3, 3], [3, 3]],
    element: "(1 2)", images: [1, 0, 2], edges: [], layout: [], axis: 0, amount: 0, error: 2.2e-16, seconds: 0.0004, still: false, zero: false,
    x: view(graph), fx: view(graph), gx: view(turned), fgx: view(turned), gfx: view(turned), ...more,
  };
}

export function traits(more: Partial<Traits> = {}): Traits {
  const rows = partitions(4);
  return {
    spec: { group: { family: "S", n: 3 }, source: [0, 0], target: [0, 0], weights: [[0, 0.8], [7, 1], [14, -0.4]], broken: null, channels: [1, 1], gesture: null },
    revision: 1,
    issues: [],
    numbers: { revision: 1, dimension: 14, spanning: 15, on: 3, rank: 3, dense: 81, ours: 14, error: 2.2e-16, seconds: 0.0004 },
    about: { group: "S(3)", family: "S", n: 3, walled: false, complex: false, spanning: 15, dimension: 14, form: "", noun: "diagram", kinds: KINDS, generators: ["(1 2)", "(1 2 3)"], axes: [] },
    checked: {},
    code: "hom = S(3).hom(2, 2)\n",
    composed: {},
    composing: {},
    diagrams: pictures(rows, 2, [14]),
    related: {},
    sharing: sharing(rows, 3, 2, 2),
    square: square(),
    trail: { undo: 0, redo: 0 },
    turning: {},
    view: "diagrams",
    wish: {},
    ...more,
  };
}
