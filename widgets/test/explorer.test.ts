import { describe, expect, it } from "vitest";
import { act, BINDINGS } from "../src/explorer/keyboard";
import { clamped, formOf, formsOf, networkOf, parametersOf, spelled } from "../src/explorer/forms";
import { domains, nearest, next, within } from "../src/explorer/fronts";
import { formIn, initial, reduce, type Command, type State } from "../src/explorer/reducer";
import { place, scaleOf } from "../src/shared/axes";
import { keyName } from "../src/shared/keys";
import { FORMS, FRONTS } from "./explorer";

const forms = formsOf(FORMS);
const begin = (): State => initial(forms, { format: "tucker", ranks: [29, 44, 3] });
const after = (...commands: Command[]): State => commands.reduce(reduce, begin());

describe("formats", () => {
  it("make the network of a state, with its parameters", () => {
    const tucker = formOf(forms, "tucker");
    expect(networkOf(tucker, [29, 44, 3])?.sizes.get("r1")).toBe(44);
    expect(parametersOf(tucker, [29, 44, 3])).toBe(29 * 427 + 44 * 640 + 9 + 29 * 44 * 3);
    expect(parametersOf(formOf(forms, "cp"), [46])).toBe(46 * 1070);
  });
  it("have no network while Python chooses the ranks", () => {
    expect(networkOf(formOf(forms, "cp"), [])).toBeNull();
    expect(parametersOf(undefined, [1])).toBeNull();
  });
  it("bound ranks that cut, and let the others be large", () => {
    const [row] = formOf(forms, "tucker")!.ranks;
    const [components] = formOf(forms, "cp")!.ranks;
    expect([clamped(row!, 999), clamped(row!, -3), clamped(row!, 2.6)]).toEqual([427, 1, 3]);
    expect(clamped(components!, 5000)).toBe(5000);
  });
  it("are spelled as people write them", () => {
    expect([spelled([29, 44, 3]), spelled([46])]).toEqual(["29 × 44 × 3", "rank 46"]);
  });
});

describe("the reducer", () => {
  it("turns a rank, chooses it, and keeps the others", () => {
    const state = after({ type: "rank", at: 1, value: 50 });
    expect(state.doc.ranks).toEqual([29, 50, 3]);
    expect(state.rank).toBe(1);
  });
  it("cuts a rank to what there is and says so, and refuses what is no number", () => {
    expect(after({ type: "rank", at: 0, value: 9999 }).message?.text).toBe("row: no more than 427");
    const refused = after({ type: "rank", at: 0, value: NaN });
    expect(refused.doc.ranks).toEqual([29, 44, 3]);
    expect(refused.message?.tone).toBe("refusal");
  });
  it("names a drag once, and the next one anew", () => {
    const one = after({ type: "rank", at: 0, value: 30, begins: true }, { type: "rank", at: 0, value: 31, begins: false });
    const two = reduce(one, { type: "rank", at: 0, value: 40, begins: true });
    const other = reduce(one, { type: "rank", at: 1, value: 40, begins: false });
    expect(one.gesture).toBe("rank 0 #1");
    expect(two.gesture).toBe("rank 0 #2");
    expect(other.gesture).toBe("rank 1 #2");
  });
  it("leaves the ranks of another format to Python", () => {
    const state = after({ type: "choose", at: 2 }, { type: "format", key: "cp" });
    expect(state.doc).toEqual({ format: "cp", ranks: [] });
    expect(state.rank).toBe(0);
    expect(after({ type: "format", key: "tucker" }).doc.ranks).toEqual([29, 44, 3]);
    expect(after({ type: "format", key: "nobody" }).doc.format).toBe("tucker");
    expect(reduce(state, { type: "rank", at: 0, value: 7 }).doc.ranks).toEqual([]);
  });
  it("goes to a point of the landscape, of any format", () => {
    expect(after({ type: "go", doc: { format: "cp", ranks: [12] } }).doc).toEqual({ format: "cp", ranks: [12] });
    const walk = after({ type: "go", doc: { format: "cp", ranks: [12] } }, { type: "go", doc: { format: "cp", ranks: [13] }, burst: true });
    expect(walk.gesture).toBe("landscape #1");
  });
  it("takes Python's documents in, and keeps the chosen rank within them", () => {
    const state = after({ type: "choose", at: 2 }, { type: "receive", doc: { format: "tucker", ranks: [1, 2, 3] } });
    expect([state.rank, state.gesture]).toEqual([2, null]);
    expect(reduce(state, { type: "receive", doc: { format: "cp", ranks: [4] } }).rank).toBe(0);
  });
  it("changes nothing that is as it was", () => {
    const state = begin();
    expect(reduce(state, { type: "choose", at: 0 })).toBe(state);
    expect(reduce(state, { type: "go", doc: state.doc })).toBe(state);
  });
});

describe("the landscape", () => {
  const plot = { x: scaleOf("log", [1e3, 1e6], [0, 300]), y: scaleOf("log", [0.01, 1], [200, 0]), px: (v: number) => v, py: (v: number) => v };
  it("spans all fronts up to the data's size, and the state", () => {
    const { x, y } = domains(FRONTS, 819_840, [500, 0.5]);
    expect(x).toEqual([500, 819_840]);
    expect(y[0]).toBeLessThan(0.05);
    expect(y[1]).toBeGreaterThanOrEqual(0.5);
    expect(domains({}, 1000, null).y).toEqual([0.01, 1]);
    expect(domains({ a: { title: "", exact: true, done: true, points: [[10, 0, [1]]] } }, 1000, null).y).toEqual([0.01, 1]);
  });
  it("finds the point under the pointer, of the chosen format first", () => {
    const [parameters, error] = FRONTS.tucker!.points[1]!;
    const at = { x: place(plot.x, parameters) + 4, y: place(plot.y, error) - 3 };
    expect(nearest(FRONTS, "tucker", plot, at)).toEqual({ format: "tucker", point: FRONTS.tucker!.points[1] });
    expect(nearest(FRONTS, "tucker", plot, { x: -500, y: -500 })).toBeNull();
    const same = { a: FRONTS.tucker!, b: FRONTS.tucker! };
    expect(nearest(same, "b", plot, at)?.format).toBe("b");
  });
  it("knows the next point either way, and the best within a size", () => {
    const front = FRONTS.tucker!;
    expect(next(front, 44_380, 1)).toBe(front.points[2]);
    expect(next(front, 44_380, -1)).toBe(front.points[1]);
    expect(next(front, front.points[0]![0], -1)).toBeNull();
    expect(next(undefined, 5, 1)).toBeNull();
    expect(within(front, 44_380)).toBe(front.points[1]);
    expect(within(front, 5)).toBeNull();
  });
});

describe("the keys", () => {
  const press = (key: Parameters<typeof act>[0], state = begin(), repeats = false) => act(key, state, FRONTS, repeats);
  it("do each what the list of keys says, and no two share one", () => {
    const all = BINDINGS.flatMap(({ keys }) => keys);
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((chord) => keyName(chord).length > 0)).toBe(true);
  });
  it("step the chosen rank, and a held key goes on", () => {
    expect(press("more")).toEqual({ type: "rank", at: 0, value: 30, begins: true });
    expect(press("tenFewer", after({ type: "choose", at: 1 }), true)).toEqual({ type: "rank", at: 1, value: 34, begins: false });
    expect(press("fewer", { ...begin(), doc: { format: "cp", ranks: [] } })).toBeNull();
  });
  it("choose a rank, within those there are", () => {
    expect(press("below")).toEqual({ type: "choose", at: 1 });
    expect(press("above")).toBeNull();
    expect(press("below", after({ type: "choose", at: 2 }))).toBeNull();
  });
  it("walk along the front and through the formats", () => {
    expect(press("nextPoint")).toEqual({ type: "go", doc: { format: "tucker", ranks: FRONTS.tucker!.points[2]![2] }, burst: false });
    expect(press("lastPoint", after({ type: "go", doc: { format: "tucker", ranks: [1, 1, 1] } }))).toMatchObject({ type: "say" });
    expect(press("nextFormat")).toEqual({ type: "format", key: "cp" });
    expect(press("lastFormat", after({ type: "format", key: "cp" }))).toEqual({ type: "format", key: "tucker" });
  });
  it("change the view and show themselves", () => {
    expect(press("table")).toEqual({ type: "view", view: "table" });
    expect(press("help")).toEqual({ type: "help", shown: true });
    expect(press("cancel")).toBeNull();
    expect(formIn(begin())?.title).toBe("Tucker");
  });
});
