/** What the pointer does on the picture, as values: a press begins a drag, moves change it, the release asks for a command. */
import { hit, RADIUS, type Hit, type Scene } from "../shared/scene";
import type { Label } from "../shared/labels";
import type { Network } from "../shared/network";
import { bond, pullLeg, resizeTo, type Camera, type Command, type Tool } from "./reducer";
import { contains, distance, type Point } from "../shared/plane";

export type Target = Hit | { readonly kind: "label"; readonly name: string };

export type Drag =
  | { readonly kind: "move"; readonly tensor: string; readonly grip: Point; readonly at: Point; readonly moved: boolean }
  | { readonly kind: "wire"; readonly from: string; readonly to: Point; readonly over: Hit | null; readonly left: boolean }
  | { readonly kind: "end"; readonly index: string; readonly to: Point; readonly over: Hit | null }
  | { readonly kind: "scrub"; readonly index: string; readonly from: Point; readonly size: number; readonly now: number }
  | { readonly kind: "pan"; readonly from: Point; readonly camera: Camera; readonly now: Camera };

/** Movement in pixels below which a press is a click. */
const SLOP = 3;

export function targetAt(scene: Scene, labels: ReadonlyMap<string, Label>, p: Point, k: number): Target | null {
  const found = hit(scene, p, 5 / k);
  if (found && found.kind !== "wire") return found;
  for (const label of labels.values())
    if (!label.crowded && contains(label.box, p, 2)) return { kind: "label", name: label.index };
  return found;
}

export function begin(
  target: Target | null, p: Point, screen: Point, scene: Scene, network: Network, camera: Camera, tool: Tool, shift: boolean,
): Drag | null {
  const pan: Drag = { kind: "pan", from: screen, camera, now: camera };
  if (!target) return tool === "select" ? pan : null;
  switch (target.kind) {
    case "disc": case "rim": {
      if (tool === "leg") return null;
      if (tool === "bond" || shift || target.kind === "rim") return { kind: "wire", from: target.name, to: p, over: null, left: false };
      const disc = scene.discs.get(target.name) as Point;
      return { kind: "move", tensor: target.name, grip: { x: p.x - disc.x, y: p.y - disc.y }, at: disc, moved: false };
    }
    case "tip": return { kind: "end", index: target.name, to: p, over: null };
    case "label": return { kind: "scrub", index: target.name, from: screen, size: network.sizes.get(target.name) ?? 1, now: network.sizes.get(target.name) ?? 1 };
    default: return pan;
  }
}

export function move(drag: Drag, p: Point, screen: Point, scene: Scene, camera: Camera): Drag {
  switch (drag.kind) {
    case "move": {
      const at = { x: p.x - drag.grip.x, y: p.y - drag.grip.y };
      const start = scene.discs.get(drag.tensor) as Point;
      return { ...drag, at, moved: drag.moved || distance(at, start) * camera.k > SLOP };
    }
    case "wire": {
      const from = scene.discs.get(drag.from) as Point;
      return { ...drag, to: p, over: hit(scene, p, 4 / camera.k), left: drag.left || distance(from, p) > RADIUS + 14 };
    }
    case "end": {
      const over = hit({ ...scene, tips: new Map([...scene.tips].filter(([index]) => index !== drag.index)) }, p, 6 / camera.k);
      return { ...drag, to: p, over: over?.kind === "wire" || over?.kind === "hub" ? null : over };
    }
    case "scrub": return { ...drag, now: scrubbed(drag.size, screen.x - drag.from.x) };
    case "pan": return { ...drag, now: { ...drag.camera, x: drag.camera.x + screen.x - drag.from.x, y: drag.camera.y + screen.y - drag.from.y } };
  }
}

/** One step every eight pixels; faster for large sizes, so that every size is a hand's breadth away. */
export function scrubbed(size: number, dx: number): number {
  return Math.max(1, Math.round(size + (dx / 8) * Math.max(1, size / 32)));
}

export function end(drag: Drag, network: Network): Command | null {
  switch (drag.kind) {
    case "move": return drag.moved ? { type: "move", positions: new Map([[drag.tensor, drag.at]]) } : null;
    case "wire": return drag.left ? dropWire(drag.from, drag.over, network) : null;
    case "end": return dropEnd(drag.index, drag.over);
    case "scrub": case "pan": return null;
  }
}

/** What a scrub asks for while it lasts; all of it is one step of the history. */
export function during(before: Drag, after: Drag): Command | null {
  return after.kind === "scrub" && before.kind === "scrub" && after.now !== before.now
    ? resizeTo(after.index, after.now, `scrub ${after.index} ${after.from.x},${after.from.y}`)
    : null;
}

function dropWire(from: string, over: Hit | null, network: Network): Command {
  if (!over) return pullLeg(network, from);
  if (over.kind === "disc" || over.kind === "rim") return bond(network, from, over.name);
  return { type: "edit", edit: { op: "attach", args: { tensor: from, index: over.name } } };
}

function dropEnd(index: string, over: Hit | null): Command | null {
  if (over?.kind === "tip") return { type: "edit", edit: { op: "join", args: { a: index, b: over.name } } };
  if (over?.kind === "disc" || over?.kind === "rim") return { type: "edit", edit: { op: "attach", args: { tensor: over.name, index } } };
  return null;
}

/** What dropping here would do, in words; null where it does nothing. */
export function foretell(drag: Drag, network: Network): { text: string; bad: boolean } | null {
  if (drag.kind === "wire") {
    if (!drag.left) return null;
    if (!drag.over) return { text: `new leg on ${drag.from}`, bad: false };
    if (drag.over.kind === "disc" || drag.over.kind === "rim")
      return { text: drag.over.name === drag.from ? `trace on ${drag.from}` : `bond ${drag.from}–${drag.over.name}`, bad: false };
    return { text: `${drag.from} joins ${drag.over.name}`, bad: false };
  }
  if (drag.kind === "end" && drag.over?.kind === "tip") {
    const [a, b] = [network.sizes.get(drag.index), network.sizes.get(drag.over.name)];
    return a === b ? { text: `join ${drag.index} and ${drag.over.name}`, bad: false } : { text: `${drag.index} · ${a} ≠ ${drag.over.name} · ${b}`, bad: true };
  }
  if (drag.kind === "end" && drag.over) return { text: `${drag.over.name} holds ${drag.index} too`, bad: false };
  if (drag.kind === "scrub") return { text: `${drag.index} · ${drag.now}`, bad: false };
  return null;
}
