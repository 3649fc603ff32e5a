import { describe, expect, it } from "vitest";
import * as history from "../src/shared/history";
import { sameNetwork, type Network } from "../src/shared/network";
import { addTensor, bond, docOf, erase, initial, pullLeg, reduce, renameTo, resizeTo, template, type Command, type State } from "../src/editor/reducer";
import { anyEdit, family, random, wrongWith, zoo } from "./support";

const start = () => initial(family("tensor_train", [427, 640, 3], 24, ["row", "col", "rgb"]));
const run = (state: State, ...commands: Command[]) => commands.reduce(reduce, state);
const net = (state: State): Network => docOf(state).network;

describe("the editor's state", () => {
  it("undoes 500 random sessions step by step to where they began, and redoes them", () => {
    for (let seed = 0; seed < 500; seed++) {
      const next = random(seed);
      const first = initial(seed % 2 ? zoo() : undefined);
      let state = first;
      for (let k = 0; k < 12; k++) {
        state = reduce(state, { type: "edit", edit: anyEdit(net(state), next) });
        expect(wrongWith(net(state))).toEqual([]);
        expect([...docOf(state).positions.keys()].sort()).toEqual([...net(state).tensors.keys()].sort());
        const { selection } = state;
        if (selection) expect((selection.kind === "tensor" ? net(state).tensors : net(state).sizes).has(selection.name)).toBe(true);
      }
      const last = docOf(state);
      const steps = state.history.past.length;
      for (let k = 0; k < steps; k++) state = reduce(state, { type: "undo" });
      expect(sameNetwork(net(state), net(first))).toBe(true);
      expect(docOf(state).positions).toEqual(docOf(first).positions);
      for (let k = 0; k < steps; k++) state = reduce(state, { type: "redo" });
      expect(sameNetwork(net(state), last.network)).toBe(true);
      expect(docOf(state).positions).toEqual(last.positions);
    }
  });

  it("keeps everything and says why when an edit is refused", () => {
    const before = start();
    const after = run(before, { type: "edit", edit: { op: "join", args: { a: "row", b: "col" } } });
    expect(docOf(after)).toBe(docOf(before));
    expect(after.history).toBe(before.history);
    expect(after.message).toEqual({ text: "leg 'row' has size 427 and leg 'col' has size 640; resize one of them, then join", tone: "refusal" });
  });

  it("names its last step as Python's Network does", () => {
    expect(docOf(run(start(), bond(net(start()), "A", "C"))).step).toEqual({ op: "connect", args: { tensors: ["A", "C"], size: 4, index: "r" } });
    expect(docOf(run(start(), resizeTo("r0", 30))).step).toEqual({ op: "resize", args: { sizes: { r0: 30 } } });
    expect(docOf(run(start(), resizeTo("r0", 30), { type: "undo" })).step).toEqual({ op: "undo", args: {} });
    expect(docOf(run(start(), template(net(start()), "tucker", []))).step).toEqual({
      op: "template", args: { family: "tucker", shape: [427, 640, 3], ranks: 4, legs: ["row", "col", "rgb"] },
    });
    expect(docOf(run(start(), { type: "edit", edit: { op: "fix", args: { name: "A", kind: "ones" } } })).step).toBeNull();
  });

  it("takes a slider's drag back at once, and two drags one by one", () => {
    const dragged = run(start(), resizeTo("r0", 25, "a"), resizeTo("r0", 26, "a"), resizeTo("r0", 27, "a"));
    expect(net(run(dragged, { type: "undo" })).sizes.get("r0")).toBe(24);
    const again = run(dragged, { type: "select", item: { kind: "index", name: "r0" } }, resizeTo("r0", 40, "a"));
    expect(net(run(again, { type: "undo" })).sizes.get("r0")).toBe(27);
  });

  it("carries position and selection over a new name", () => {
    const state = run(start(), { type: "select", item: { kind: "tensor", name: "B" } }, renameTo({ kind: "tensor", name: "B" }, "middle"));
    expect(state.selection).toEqual({ kind: "tensor", name: "middle" });
    expect(docOf(state).positions.get("middle")).toEqual(docOf(start()).positions.get("B"));
  });

  it("puts a new tensor where it was asked for, beside what stands there", () => {
    expect(docOf(run(start(), addTensor(net(start()), { x: 300, y: -200 }))).positions.get("D")).toEqual({ x: 300, y: -200 });
    const crowded = docOf(run(start(), addTensor(net(start()), { x: 0, y: 0 }))).positions.get("D")!;
    expect(Math.hypot(crowded.x, crowded.y)).toBeGreaterThan(50);
  });

  it("deletes a leg with its axis, and a tensor down to its environment", () => {
    expect(net(run(start(), erase({ kind: "index", name: "col" }))).tensors.get("B")?.indices).toEqual(["r0", "r1"]);
    expect(net(run(start(), erase({ kind: "tensor", name: "B" }))).legs).toEqual(["row", "rgb", "r0", "r1"]);
    expect(net(run(start(), pullLeg(net(start()), "A"))).legs).toEqual(["row", "col", "rgb", "i"]);
  });

  it("takes in Python's document: old tensors stay put, and undo leads back", () => {
    const moved = run(start(), { type: "move", positions: new Map([["A", { x: -300, y: 40 }]]) });
    const received = run(moved, { type: "receive", network: family("tensor_train", [427, 640, 3, 5], 8, ["row", "col", "rgb", "t"]), positions: new Map(), step: null });
    expect(docOf(received).positions.get("A")).toEqual({ x: -300, y: 40 });
    expect(docOf(received).positions.has("D")).toBe(true);
    expect(received.fits).toBe(moved.fits + 1);
    expect(net(run(received, { type: "undo" })).sizes.get("r0")).toBe(24);
  });

  it("builds templates over the legs, else over the data, else over three legs of 8", () => {
    expect([...net(run(initial(), template(net(initial()), "cp", [5, 6]))).sizes]).toEqual([["i0", 5], ["i1", 6], ["r", 4]]);
    expect(net(run(initial(), template(net(initial()), "tensor_train", []))).legs).toEqual(["i0", "i1", "i2"]);
  });

  it("leaves off one thing at a time", () => {
    let state = run(start(), { type: "tool", tool: "bond" }, { type: "select", item: { kind: "tensor", name: "A" } }, { type: "help", shown: true });
    state = run(state, { type: "cancel" });
    expect([state.help, state.tool]).toEqual([false, "bond"]);
    state = run(state, { type: "cancel" });
    expect([state.tool, state.selection?.name]).toEqual(["select", "A"]);
    expect(run(state, { type: "cancel" }).selection).toBeNull();
  });
});

describe("history", () => {
  it("drops what was undone once something new is done, and forgets after two hundred steps", () => {
    let h = history.begin(0);
    for (let k = 1; k <= 250; k++) h = history.record(h, k);
    expect(h.past.length).toBe(200);
    h = history.record(history.undo(h), 7);
    expect(h.future).toEqual([]);
    expect(history.redo(h)).toBe(h);
  });
});
