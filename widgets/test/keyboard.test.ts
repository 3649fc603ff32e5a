import { describe, expect, it } from "vitest";
import { commandFor, keyName, type Press } from "../src/shared/keys";
import { act, BINDINGS, type Key } from "../src/editor/keyboard";
import { docOf, initial, reduce, type State } from "../src/editor/reducer";
import { sceneOf } from "../src/editor/view";
import { family } from "./support";

const press = (key: string, modifiers: Partial<Press> = {}): Press => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...modifiers });

function type(state: State, ...keys: (string | Press)[]): State {
  return keys.reduce((now: State, each) => {
    const key = commandFor(BINDINGS, typeof each === "string" ? press(each) : each);
    const command = key && act(key, now, sceneOf(now), { x: 410, y: 200 });
    return command ? reduce(now, command) : now;
  }, state);
}

const start = (rank = 24) => initial(family("tensor_train", [427, 427, 3], rank));
const chosen = (state: State) => state.selection?.name;
const at = (kind: "tensor" | "index", name: string) => reduce(start(), { type: "select", item: { kind, name } });
const net = (state: State) => docOf(state).network;

describe("the table of keys", () => {
  it("gives no chord to two commands, and says what every one does", () => {
    const chords = BINDINGS.flatMap((binding) => binding.keys);
    expect(new Set(chords).size).toBe(chords.length);
    BINDINGS.forEach((binding, k) => expect(binding.does || BINDINGS[k - 1]?.group === binding.group).toBeTruthy());
  });

  it.each([
    ["t", {}, "tensor"], ["z", { ctrlKey: true }, "undo"], ["z", { metaKey: true }, "undo"], ["Z", { ctrlKey: true, shiftKey: true }, "redo"],
    ["?", { shiftKey: true }, "help"], ["+", { shiftKey: true }, "grow"], ["ArrowLeft", { shiftKey: true }, "nudgeLeft"], ["ArrowLeft", { altKey: true }, "panLeft"],
    ["U", { shiftKey: true }, "redo"], ["t", { ctrlKey: true }, null], ["F5", {}, null],
  ] as const)("reads %s with %o as %s", (key, modifiers, command) => {
    expect(commandFor(BINDINGS, press(key, modifiers))).toBe(command as Key | null);
  });

  it("shows keys as keyboards do", () => {
    expect(["Shift+ArrowLeft", "Ctrl+z", "+", "Escape"].map(keyName)).toEqual(["Shift+←", "Ctrl+z", "+", "Esc"]);
  });
});

describe("keys", () => {
  it("walk from tensor to bond to tensor, and down to a leg", () => {
    const state = at("tensor", "A");
    expect(chosen(type(state, "ArrowRight"))).toBe("r0");
    expect(chosen(type(state, "ArrowRight", "ArrowRight"))).toBe("B");
    expect(chosen(type(state, "ArrowDown"))).toBe("i0");
    expect(chosen(type(state, "ArrowLeft"))).toBe("A");
    expect(chosen(type(start(), "ArrowRight"))).toBe("A");
  });

  it("draw: a tensor, a bond to a target chosen with arrows, a leg, a trace", () => {
    expect(net(type(start(), "t")).tensors.has("D")).toBe(true);
    const far = type(at("tensor", "A"), "b", "ArrowRight", "Enter");
    expect(docOf(far).step).toEqual({ op: "connect", args: { tensors: ["A", "C"], size: 4, index: "r" } });
    expect(docOf(type(at("tensor", "A"), "b", "Enter")).step).toMatchObject({ args: { tensors: ["A", "B"] } });
    expect(net(type(at("tensor", "A"), "l")).legs).toEqual(["i0", "i1", "i2", "i"]);
    expect(docOf(type(at("tensor", "A"), "y")).step).toMatchObject({ op: "connect", args: { tensors: ["A", "A"] } });
  });

  it("join legs and attach indices without a pointer", () => {
    expect(docOf(type(at("index", "i0"), "j", "Enter")).step).toEqual({ op: "join", args: { a: "i0", b: "i1" } });
    expect(docOf(type(at("index", "i0"), "a", "Enter")).step).toMatchObject({ op: "attach", args: { index: "i0", tensor: "B" } });
    expect(type(at("index", "r0"), "j").message?.tone).toBe("refusal");
  });

  it("resize by one, and a held key is one step of the history", () => {
    const grown = type(at("index", "r0"), "+", "+", "=");
    expect(net(grown).sizes.get("r0")).toBe(27);
    expect(net(type(grown, "u")).sizes.get("r0")).toBe(24);
    const least = reduce(start(1), { type: "select", item: { kind: "index", name: "r0" } });
    expect(type(least, "-").message?.text).toMatch(/given size 0/);
  });

  it("open, close, cut, delete, undo and redo", () => {
    expect(net(type(at("index", "r0"), "o")).legs).toContain("r0");
    expect(net(type(at("index", "i0"), "o")).legs).not.toContain("i0");
    expect(net(type(at("index", "r0"), "x")).legs).toEqual(["i0", "i1", "i2", "r0", "r0_2"]);
    const gone = type(at("tensor", "B"), "Delete");
    expect(net(gone).tensors.has("B")).toBe(false);
    expect(net(type(gone, press("z", { ctrlKey: true }))).tensors.has("B")).toBe(true);
    expect(net(type(gone, "u", press("Z", { ctrlKey: true, shiftKey: true }))).tensors.has("B")).toBe(false);
  });

  it("move discs and the view, and open the editors", () => {
    const before = docOf(start()).positions.get("A")!;
    const moved = type(at("tensor", "A"), press("ArrowUp", { shiftKey: true }), press("ArrowUp", { shiftKey: true }));
    expect(docOf(moved).positions.get("A")).toEqual({ x: before.x, y: before.y - 40 });
    expect(type(start(), "z").camera.k).toBeCloseTo(1.25);
    expect(type(at("index", "r0"), "Enter").editing).toEqual({ kind: "index", name: "r0", field: "size" });
    expect(type(at("index", "r0"), "F2").editing).toEqual({ kind: "index", name: "r0", field: "name" });
    expect(type(start(), "2").view).toBe("table");
    expect(type(start(), "?").help).toBe(true);
    expect(type(start(), "?", "Escape").help).toBe(false);
  });

  it("say what to do where they cannot act", () => {
    for (const key of ["F2", "y", "j", "a", "o", "x", "Delete", "+"]) expect(type(start(), key).message?.text, key).toMatch(/^select /);
  });
});
