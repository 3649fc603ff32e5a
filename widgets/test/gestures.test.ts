import { describe, expect, it } from "vitest";
import { draw } from "../src/shared/geometry";
import { RADIUS, type Scene } from "../src/shared/scene";
import * as gestures from "../src/editor/gestures";
import { placeLabels } from "../src/shared/labels";
import { arrange, suit } from "../src/editor/layout";
import type { Network } from "../src/shared/network";
import type { Point } from "../src/shared/plane";
import type { Command, Tool } from "../src/editor/reducer";
import { family } from "./support";

const net = family("tensor_train", [427, 427, 3], 24);
const scene = draw(net, arrange(net, suit(net)));
const camera = { x: 0, y: 0, k: 1 };

function drag(from: Point, to: Point, { tool = "select" as Tool, shift = false, network = net as Network, on = scene as Scene } = {}): Command | null {
  const labels = placeLabels(network, on);
  const start = gestures.begin(gestures.targetAt(on, labels, from, 1), from, from, on, network, camera, tool, shift);
  if (!start) return null;
  const half = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 - 60 };
  return gestures.end(gestures.move(gestures.move(start, half, half, on, camera), to, to, on, camera), network);
}

const disc = (name: string) => scene.discs.get(name)!;
const rim = (name: string) => ({ x: disc(name).x - RADIUS + 1, y: disc(name).y });
const edit = (command: Command | null) => (command?.type === "edit" ? command.edit : null);

describe("a drag", () => {
  it("of a disc moves it by as much as the pointer moved", () => {
    expect(drag({ x: disc("A").x + 5, y: disc("A").y }, { x: disc("A").x + 105, y: disc("A").y + 50 })).toEqual({
      type: "move", positions: new Map([["A", { x: disc("A").x + 100, y: disc("A").y + 50 }]]),
    });
  });

  it("from the rim, with Shift or with the Bond tool makes a bond", () => {
    const wanted = { op: "connect", args: { tensors: ["A", "C"], size: 4, index: "r" } };
    expect(edit(drag(rim("A"), disc("C")))).toEqual(wanted);
    expect(edit(drag(disc("A"), disc("C"), { shift: true }))).toEqual(wanted);
    expect(edit(drag(disc("A"), disc("C"), { tool: "bond" }))).toEqual(wanted);
  });

  it("from the rim into the open pulls out a leg, back to the disc makes a trace", () => {
    expect(edit(drag(rim("A"), { x: disc("A").x, y: -200 }))).toEqual({ op: "attach", args: { tensor: "A", index: "i", size: 4 } });
    expect(edit(drag(rim("A"), { x: disc("A").x + 4, y: disc("A").y }))).toEqual({ op: "connect", args: { tensors: ["A", "A"], size: 4, index: "r" } });
  });

  it("of a leg's end onto a leg joins, onto a disc attaches, into the open does nothing", () => {
    const tip = (index: string) => scene.tips.get(index)!;
    expect(edit(drag(tip("i0"), tip("i1")))).toEqual({ op: "join", args: { a: "i0", b: "i1" } });
    expect(edit(drag(tip("i0"), disc("C")))).toEqual({ op: "attach", args: { tensor: "C", index: "i0" } });
    expect(drag(tip("i0"), { x: 900, y: 900 })).toBeNull();
  });

  it("of a leg's end foretells that sizes do not match", () => {
    const tip = (index: string) => scene.tips.get(index)!;
    const start = gestures.begin({ kind: "tip", name: "i0" }, tip("i0"), tip("i0"), scene, net, camera, "select", false)!;
    expect(gestures.foretell(gestures.move(start, tip("i2"), tip("i2"), scene, camera), net)).toEqual({ text: "i0 · 427 ≠ i2 · 3", bad: true });
  });

  it("onto the dot of a hyperbond attaches to it", () => {
    const cp = family("cp", [4, 5, 6]);
    const picture = draw(cp, arrange(cp, suit(cp)));
    const hub = picture.hubs.get("r")!;
    const a = picture.discs.get("A")!;
    expect(edit(drag(a, hub, { network: cp, on: picture, shift: true }))).toEqual({ op: "attach", args: { tensor: "A", index: "r" } });
  });

  it("of a size changes it as it goes, all under one key, never below one", () => {
    const label = placeLabels(net, scene).get("r0")!;
    const start = gestures.begin({ kind: "label", name: "r0" }, label, label, scene, net, camera, "select", false)!;
    const right = gestures.move(start, label, { x: label.x + 40, y: label.y }, scene, camera);
    const left = gestures.move(right, label, { x: label.x - 4000, y: label.y }, scene, camera);
    const [first, second] = [gestures.during(start, right), gestures.during(right, left)];
    expect(edit(first)).toEqual({ op: "resize", args: { sizes: { r0: 29 } } });
    expect(edit(second)).toEqual({ op: "resize", args: { sizes: { r0: 1 } } });
    expect(first).toHaveProperty("key", (second as { key: string }).key);
  });
});
