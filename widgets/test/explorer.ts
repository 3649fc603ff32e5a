/** An explorer's traits as Python sends them: a photograph as Tucker and CP. */
import type { FormJson } from "../src/explorer/forms";
import type { Fronts } from "../src/explorer/fronts";
import type { Traits } from "../src/explorer/sync";

export const FORMS: FormJson[] = [
  {
    key: "tucker",
    title: "Tucker",
    ranks: [
      { index: "r0", title: "row", most: 427, cuts: true },
      { index: "r1", title: "column", most: 640, cuts: true },
      { index: "r2", title: "colour", most: 3, cuts: true },
    ],
    network: {
      format: "workbench.network",
      version: 2,
      indices: [["row", 427], ["column", 640], ["colour", 3], ["r0", 1], ["r1", 1], ["r2", 1]].map(([name, size]) => ({ name: String(name), size: Number(size) })),
      tensors: [
        { name: "G", indices: ["r0", "r1", "r2"] }, { name: "A", indices: ["row", "r0"] },
        { name: "B", indices: ["column", "r1"] }, { name: "C", indices: ["colour", "r2"] },
      ],
      legs: ["row", "column", "colour"],
    },
    positions: { G: [0, 0], A: [-180, 0], B: [180, 0], C: [0, 180] },
  },
  {
    key: "cp",
    title: "CP",
    ranks: [{ index: "r", title: "components", most: 1024, cuts: false }],
    network: {
      format: "workbench.network",
      version: 2,
      indices: [["row", 427], ["column", 640], ["colour", 3], ["r", 1]].map(([name, size]) => ({ name: String(name), size: Number(size) })),
      tensors: [{ name: "A", indices: ["row", "r"] }, { name: "B", indices: ["column", "r"] }, { name: "C", indices: ["colour", "r"] }],
      legs: ["row", "column", "colour"],
    },
    positions: { A: [-90, 0], B: [90, 0], C: [0, 150] },
  },
];

export const FRONTS: Fronts = {
  tucker: { title: "Tucker", exact: true, done: true, points: [[1071, 0.305, [1, 1, 1]], [20_000, 0.151, [19, 17, 3]], [86_221, 0.0999, [69, 67, 3]], [299_863, 0.0499, [186, 184, 3]]] },
  cp: { title: "CP", exact: false, done: false, points: [[1070, 0.305, [1]], [49_220, 0.117, [46]]] },
};

const PIXEL = "data:image/png;base64,iVBORw0KGgo=";

export function traits(more: Partial<Traits> = {}): Traits {
  return {
    spec: { format: "tucker", ranks: [29, 44, 3], gesture: null },
    revision: 1,
    issues: [],
    numbers: {
      revision: 1, state: "fitted", message: "", error: 0.1298, source: "fit", parameters: 44_380, dense: 819_840,
      useful: [132, 87, 3], kept: [0.983, 0.987, 1], seconds: 0.064, sweep: 3, history: [0.1302, 0.1299, 0.1298], converged: true,
    },
    about: { shape: [427, 640, 3], axes: ["row", "column", "colour"], dtype: "float32", entries: 819_840, colours: [2] },
    formats: FORMS,
    fronts: FRONTS,
    line: "fit = wb.decompose(x, 'tucker', ranks=(29, 44, 3))",
    looking: { rows: 0, columns: 1, at: [213, 320, 1], colours: 2 },
    picture: { kind: "photograph", look: { rows: 0, columns: 1, at: [213, 320, 1], colours: 2 }, scale: [0, 1], size: [427, 640], image: PIXEL },
    preview: { revision: 1, image: PIXEL, difference: PIXEL, top: 0.4 },
    spectra: { tucker: [[[1, 0.95], [2, 0.18], [30, 0.02], [427, 0.0001]], [[1, 0.95], [2, 0.18], [640, 0.0001]], [[1, 0.99], [2, 0.09], [3, 0.03]]], cp: [[]] },
    trail: { undo: 0, redo: 0 },
    view: "picture",
    wish: {},
    ...more,
  };
}
