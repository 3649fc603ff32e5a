/** A board's traits as Python sends them: a small search of rings, under way. */
import type { Traits } from "../src/search/sync";
import type { Row } from "../src/search/trials";

/** Whole, failed, ended early, better, ruled out, smaller and worse, larger and exact, beyond a limit. */
export const ROWS: Row[] = [
  [0, 160, 0.2, 8.6, 0, "0-1:4 0-3:2 1-2:5"],
  [1, 170, null, null, 0, "0-1:4 0-3:3 1-2:5"],
  [2, 140, 0.3, 18.5, 1, "0-1:4 0-3:2 1-2:4"],
  [3, 120, 0.05, 0.97, 0, "0-1:3 0-3:2 1-2:4"],
  [4, 110, 0.01, 5, 2, "0-1:3 0-3:1 1-2:4"],
  [5, 60, 0.7, 98, 0, "0-1:2"],
  [6, 256, 0, 1, 0, "0-1:7 0-3:7"],
  [7, 300, 0.04, null, 0, "0-1:7 0-3:7 1-2:2"],
];

export function traits(more: Partial<Traits> = {}): Traits {
  return {
    spec: { chosen: null },
    revision: 1,
    issues: [],
    numbers: {
      revision: 1, state: "running", message: "", evaluations: 8, budget: 400, early: 1, ruled_out: 1, failed: 1,
      failures: [{ message: "the objective is nan", count: 1 }], rate: 24.3, left: 130, seconds: 0.4, best: 3, resumable: false,
    },
    about: { name: "ring", algorithm: "tnale", space: "rings of 4 × 4 × 4 × 4, ranks up to 7", objective: "compression + 200 rse", kind: "compression", limit: null, entries: 256, fits: true },
    code: { line: "fit = study.best.fit", network: "net = wb.Network.from_einsum('ab,bc->ac', [(4, 2), (2, 4)])", editor: "wb.NetworkEditor(study.best.network, data=x)", layer: "wb.layers.NetworkLinear(study.best.network, inputs=('i1',), outputs=('i0',))" },
    drawn: {
      number: 3,
      network: {
        format: "workbench.network", version: 2,
        indices: [{ name: "i0", size: 4 }, { name: "i1", size: 4 }, { name: "b0_1", size: 3 }],
        tensors: [{ name: "G0", indices: ["i0", "b0_1"] }, { name: "G1", indices: ["i1", "b0_1"] }],
        legs: ["i0", "i1"],
      },
      positions: { G0: [0, 0], G1: [180, 0] },
      message: "",
    },
    older: ROWS.slice(0, 4),
    recent: ROWS.slice(4),
    tried: { count: 7, parameters: [100, 130], changes: ["0-1: 3 → 4", "1-2: 4 → 3"] },
    view: "picture",
    wish: {},
    ...more,
  };
}
