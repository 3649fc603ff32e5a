import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { toJson } from "../src/shared/network";
import { docOf, resizeTo } from "../src/editor/reducer";
import { Link, type Traits } from "../src/editor/sync";
import { PACE } from "../src/shared/channel";
import type { Model } from "../src/shared/model";
import { fakeModel, family } from "./support";

const train = (rank = 4) => family("tensor_train", [8, 9, 10], rank);
const spec = (rank: number): Traits["spec"] => ({ network: toJson(train(rank)), positions: {}, step: null });

let now = 0;
beforeEach(() => {
  vi.useFakeTimers();
  now = 1000;
});
afterEach(() => vi.useRealTimers());
const pass = (ms: number) => {
  now += ms;
  vi.advanceTimersByTime(ms);
};

function link(model = fakeModel(train())) {
  return { model, link: new Link(model as unknown as Model<Traits>, () => now) };
}

const rank = (each: Link) => docOf(each.store.state).network.sizes.get("r0");

describe("the link to Python", () => {
  it("sends an edit at once, under the next revision, with its step", () => {
    const { model, link: each } = link();
    each.store.dispatch(resizeTo("r0", 7));
    expect(model.saved.length).toBe(1);
    expect(model.get("revision")).toBe(2);
    expect(model.get("spec").step).toEqual({ op: "resize", args: { sizes: { r0: 7 } } });
    expect(model.get("spec").network.indices).toContainEqual({ name: "r0", size: 7 });
    expect(Object.keys(model.get("spec").positions)).toEqual(["A", "B", "C"]);
  });

  it("sends a drag at most ten times a second and its last value always", () => {
    const { model, link: each } = link();
    for (let k = 0; k < 100; k++) {
      each.store.dispatch(resizeTo("r0", 5 + k, "drag"));
      pass(10);
    }
    pass(PACE);
    expect(model.saved.length).toBeLessThanOrEqual(12);
    expect(model.saved.length).toBeGreaterThan(5);
    expect(model.get("spec").network.indices).toContainEqual({ name: "r0", size: 104 });
    expect(model.get("revision")).toBe(1 + model.saved.length);
  });

  it("never folds two different edits into one message", () => {
    const { model, link: each } = link();
    each.store.dispatch(resizeTo("r0", 5, "a"));
    each.store.dispatch(resizeTo("r0", 6, "a"));
    each.store.dispatch(resizeTo("r1", 9));
    expect(model.saved.map(({ spec: sent }) => sent.step?.args)).toEqual([{ sizes: { r0: 5 } }, { sizes: { r0: 6 } }, { sizes: { r1: 9 } }]);
  });

  it("shows a document of a higher revision and ignores the echo of its own and of older ones", () => {
    const { model, link: each } = link();
    model.push({ spec: spec(11), revision: 2 });
    expect(rank(each)).toBe(11);
    expect(model.saved).toEqual([]);
    each.store.dispatch(resizeTo("r0", 12));
    expect(model.get("revision")).toBe(3);
    model.push({ spec: spec(11), revision: 2 });
    expect(rank(each)).toBe(12);
    model.push({ spec: model.saved[0]!.spec, revision: 3 });
    expect(each.store.state.history.past.length).toBe(2);
  });

  it("takes the two traits in either order, one by one", () => {
    const { model, link: each } = link();
    model.push({ revision: 2 });
    model.push({ spec: spec(11) });
    expect(rank(each)).toBe(11);
    model.push({ spec: spec(12) });
    expect(rank(each)).toBe(11);
    model.push({ revision: 3 });
    expect(rank(each)).toBe(12);
    expect(model.saved).toEqual([]);
  });

  it("puts Python's changes into the undo history", () => {
    const { model, link: each } = link();
    model.push({ spec: spec(11), revision: 2 });
    each.store.dispatch({ type: "undo" });
    expect(rank(each)).toBe(4);
    expect(model.get("spec").step).toEqual({ op: "undo", args: {} });
    expect(model.get("revision")).toBe(3);
  });

  it("survives a document that it does not understand, and says so", () => {
    const { model, link: each } = link();
    model.push({ spec: { network: { format: "other" }, positions: {}, step: null } as unknown as Traits["spec"], revision: 2 });
    expect(rank(each)).toBe(4);
    expect(each.store.state.message?.text).toMatch(/not understood/);
    expect(() => link(fakeModel(train(), { spec: {} as Traits["spec"] }))).not.toThrow();
  });

  it("carries the view both ways", () => {
    const { model, link: each } = link();
    each.store.dispatch({ type: "view", view: "table" });
    expect(model.get("view")).toBe("table");
    model.push({ view: "code" });
    expect(each.store.state.view).toBe("code");
    expect(model.saved.length).toBeLessThanOrEqual(1);
  });

  it("sends what is waiting when it closes, and then listens no more", () => {
    const { model, link: each } = link();
    each.store.dispatch(resizeTo("r0", 5, "a"));
    each.store.dispatch(resizeTo("r0", 6, "a"));
    each.close();
    expect(model.get("spec").network.indices).toContainEqual({ name: "r0", size: 6 });
    expect([...model.listeners.values()].every((callbacks) => callbacks.size === 0)).toBe(true);
  });
});
