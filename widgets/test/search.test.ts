import { describe, expect, it } from "vitest";
import { act, BINDINGS } from "../src/search/keyboard";
import { initial, reduce, type State } from "../src/search/reducer";
import { Link, type Traits } from "../src/search/sync";
import { circles, drawn, errorOf, errorTick, front, history, LEAST, measured, nearest, next, span, spelled, steps, trialOf, type Row } from "../src/search/trials";
import type { Plot } from "../src/shared/chart";
import { place, scaleOf } from "../src/shared/axes";
import type { Model } from "../src/shared/model";
import { ROWS, traits } from "./search";
import { modelOf, random } from "./support";

const TRIALS = ROWS.map(trialOf);
const numbers = (trials: readonly { number: number }[]) => trials.map(({ number }) => number);

describe("the front", () => {
  it("is what no other beats in both, by parameters, without what failed or was ruled out", () => {
    expect(numbers(front(TRIALS))).toEqual([5, 3, 6]);
  });
  it("agrees with comparing everything with everything", () => {
    for (let seed = 0; seed < 30; seed++) {
      const roll = random(seed);
      const rows: Row[] = Array.from({ length: 40 }, (_, k) => [k, 1 + Math.floor(roll() * 12), roll() < 0.1 ? null : Math.floor(roll() * 9) / 9, 1, Math.floor(roll() * 3) as 0 | 1 | 2, ""]);
      const all = rows.filter(([, , error, , early]) => error !== null && early !== 2) as [number, number, number, number, number, string][];
      const beats = (a: (typeof all)[number], b: (typeof all)[number]) => a[1] <= b[1] && a[2] <= b[2] && (a[1] < b[1] || a[2] < b[2] || a[0] < b[0]);
      const expected = all.filter((b) => !all.some((a) => beats(a, b))).sort((a, b) => a[1] - b[1]).map(([number]) => number);
      expect(numbers(front(rows.map(trialOf)))).toEqual(expected);
    }
  });
  it("is walked along by parameters, from either end when nothing is shown", () => {
    const along = front(TRIALS);
    expect(next(along, TRIALS[3], 1)?.number).toBe(6);
    expect(next(along, TRIALS[3], -1)?.number).toBe(5);
    expect(next(along, TRIALS[6], 1)).toBeNull();
    expect(next(along, TRIALS[1], -1)?.number).toBe(3);
    expect([next(along, undefined, 1)?.number, next(along, undefined, -1)?.number]).toEqual([5, 6]);
  });
});

describe("the best so far", () => {
  it("is told where it became better, and at the end", () => {
    expect(history(TRIALS)).toEqual([[1, 8.6], [4, 0.97], [8, 0.97]]);
  });
  it("is empty while nothing counts", () => {
    expect(history([])).toEqual([]);
    expect(history([trialOf([0, 5, null, null, 0, ""])])).toEqual([]);
  });
});

describe("drawing", () => {
  const plot = { x: scaleOf("log", [50, 400], [50, 400]), y: scaleOf("log", [LEAST, 1], [250, 10]) } as Plot;
  it("finds what lies under the pointer, of two near ones that of the front", () => {
    const all = measured(TRIALS);
    const at = (parameters: number, error: number) => ({ x: place(plot.x, parameters), y: place(plot.y, error) });
    expect(nearest(all, front(TRIALS), plot, at(120, 0.05))?.number).toBe(3);
    expect(nearest(all, front(TRIALS), plot, at(256, LEAST))?.number).toBe(6);
    expect(nearest(all, front(TRIALS), plot, { x: 60, y: 240 })).toBeNull();
  });
  it("keeps exact fits on a logarithmic axis", () => {
    expect(drawn(measured(TRIALS)[5]!)).toBe(LEAST);
    expect(span([0.1, 0.2], 2, [1, 10])).toEqual([0.05, 0.4]);
    expect(span([], 2, [1, 10])).toEqual([1, 10]);
  });
  it("makes one path of many points, and steps of a line", () => {
    expect(circles([[10, 20]], 2)).toBe("M8.0 20.0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0");
    expect(steps([[0, 5], [10, 3]])).toBe("M0.0 5.0H10.0V3.0");
  });
  it("spells structures and errors for readers", () => {
    expect(spelled("0-1:3 10-12:2")).toBe("0–1:\u00a03, 10–12:\u00a02");
    expect(spelled("r0:5")).toBe("r0:\u00a05");
    expect(spelled("-")).toBe("no bonds");
    expect([0.5, 0.01, 1e-4, 2e-7].map(errorTick)).toEqual(["0.5", "0.01", "10⁻⁴", "2·10⁻⁷"]);
    expect(errorOf(trialOf([9, 999, 0, null, 2, ""]))).toBe("not fitted");
    expect(measured([trialOf([9, 999, 0, null, 2, ""])])).toEqual([]);
    expect([0, 1, 2, 4].map((at) => errorOf(TRIALS[at]!))).toEqual(["0.2", "failed", "0.3, ended early", "at least 0.01"]);
  });
});

describe("the keys", () => {
  it("go along the front from what is shown, and back to the best", () => {
    const state: State = initial(null);
    expect(act("nextPoint", state, front(TRIALS), TRIALS[3])).toEqual({ type: "choose", chosen: 6 });
    expect(act("nextPoint", state, front(TRIALS), TRIALS[6])).toMatchObject({ type: "say", text: "the front ends here" });
    expect(act("nextPoint", state, [], undefined)).toMatchObject({ type: "say", text: "nothing was evaluated yet" });
    expect(act("best", state, [], undefined)).toEqual({ type: "choose", chosen: null });
    expect(act("cancel", { ...state, help: true }, [], undefined)).toEqual({ type: "help", shown: false });
  });
  it("are all different", () => {
    const keys = BINDINGS.flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("between the page and Python", () => {
  const link = (more: Partial<Traits> = {}) => {
    const model = modelOf(traits(more));
    return { model, link: new Link(model as unknown as Model<Traits>) };
  };
  it("sends what is chosen with the next revision", () => {
    const { model, link: made } = link();
    made.store.dispatch({ type: "choose", chosen: 5 });
    expect(model.saved).toEqual([{ spec: { chosen: 5 }, revision: 2 }]);
    made.close();
  });
  it("takes what Python chose, without sending it back", () => {
    const { model, link: made } = link();
    model.push({ spec: { chosen: 2 }, revision: 2 });
    expect(made.store.state.chosen).toBe(2);
    expect(model.saved).toEqual([]);
    made.close();
    expect([...model.listeners.values()].every((each) => each.size === 0)).toBe(true);
  });
  it("begins with what was chosen and seen before a reload", () => {
    const { link: made } = link({ spec: { chosen: 5 }, view: "table" });
    expect(made.store.state).toMatchObject({ chosen: 5, view: "table" });
    made.close();
  });
  it("asks with a serial number of its own, so that asking twice is heard twice", () => {
    const { model, link: made } = link();
    made.wish("stop");
    const first = model.get("wish");
    made.wish("stop");
    expect(model.get("wish")).not.toEqual(first);
    made.close();
  });
});

it("a state that does not change is the same state", () => {
  const state = initial(3);
  expect(reduce(state, { type: "choose", chosen: 3 })).toBe(state);
  expect(reduce(state, { type: "receive", chosen: 3 })).toBe(state);
  expect(reduce(state, { type: "view", view: "picture" })).toBe(state);
  expect(reduce(state, { type: "hush" })).toBe(state);
});
