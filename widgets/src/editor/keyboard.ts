/** The editor's keys: everything the pointer can do, without it. */
import type { Binding } from "../shared/keys";
import { anchorOf, type Scene } from "../shared/scene";
import { isLeg, type Network } from "../shared/network";
import { distance, type Point } from "../shared/plane";
import {
  addTensor, bond, docOf, erase, NEW_SIZE, pullLeg, resizeTo, type Command, type Item, type Pending, type State,
} from "./reducer";

export type Key =
  | "left" | "right" | "up" | "down" | "edit" | "cancel" | "tensor" | "bond" | "trace" | "leg" | "join" | "attach" | "toggle" | "cut"
  | "delete" | "rename" | "grow" | "shrink" | "undo" | "redo" | "nudgeLeft" | "nudgeRight" | "nudgeUp" | "nudgeDown"
  | "panLeft" | "panRight" | "panUp" | "panDown" | "zoomIn" | "zoomOut" | "fit" | "picture" | "table" | "code" | "select" | "help";

const bind = (group: string, command: Key, does: string, ...keys: string[]): Binding<Key> => ({ group, command, does, keys });

export const BINDINGS: readonly Binding<Key>[] = [
  bind("Move about", "left", "select what lies there", "ArrowLeft"),
  bind("Move about", "right", "", "ArrowRight"),
  bind("Move about", "up", "", "ArrowUp"),
  bind("Move about", "down", "", "ArrowDown"),
  bind("Move about", "edit", "edit the size, or the tensor's name; confirm a target", "Enter"),
  bind("Move about", "cancel", "leave off, deselect", "Escape"),
  bind("Draw", "tensor", "add a tensor", "t"),
  bind("Draw", "bond", "bond from the tensor: choose the other with arrows, then Enter", "b"),
  bind("Draw", "trace", "trace: a bond from the tensor to itself", "y"),
  bind("Draw", "leg", "pull a leg out of the tensor", "l"),
  bind("Draw", "join", "join the leg with another leg: arrows, then Enter", "j"),
  bind("Draw", "attach", "attach the index to one more tensor: arrows, then Enter", "a"),
  bind("Change", "rename", "rename", "F2"),
  bind("Change", "grow", "one larger", "+", "="),
  bind("Change", "shrink", "one smaller", "-"),
  bind("Change", "toggle", "open or close the index", "o"),
  bind("Change", "cut", "cut the bond into legs", "x"),
  bind("Change", "delete", "delete", "Delete", "Backspace"),
  bind("Change", "undo", "undo", "u", "Ctrl+z"),
  bind("Change", "redo", "redo", "U", "Ctrl+Shift+z", "Ctrl+y"),
  bind("Arrange", "nudgeLeft", "move the disc", "Shift+ArrowLeft"),
  bind("Arrange", "nudgeRight", "", "Shift+ArrowRight"),
  bind("Arrange", "nudgeUp", "", "Shift+ArrowUp"),
  bind("Arrange", "nudgeDown", "", "Shift+ArrowDown"),
  bind("Look", "panLeft", "look that way", "Alt+ArrowLeft"),
  bind("Look", "panRight", "", "Alt+ArrowRight"),
  bind("Look", "panUp", "", "Alt+ArrowUp"),
  bind("Look", "panDown", "", "Alt+ArrowDown"),
  bind("Look", "zoomIn", "zoom in", "z"),
  bind("Look", "zoomOut", "zoom out", "Z"),
  bind("Look", "fit", "fit the picture into the canvas", "0"),
  bind("Look", "picture", "picture", "1"),
  bind("Look", "table", "table", "2"),
  bind("Look", "code", "code", "3"),
  bind("Look", "select", "the Select tool", "s"),
  bind("Look", "help", "these keys", "?"),
];

/** Keys that mean something to buttons and menus too, and are the picture's only while it has the focus. */
export const PICTURE_ONLY: ReadonlySet<Key> = new Set<Key>(["left", "right", "up", "down", "edit", "delete"]);

const NUDGE: Readonly<Partial<Record<Key, Point>>> = {
  nudgeLeft: { x: -20, y: 0 }, nudgeRight: { x: 20, y: 0 }, nudgeUp: { x: 0, y: -20 }, nudgeDown: { x: 0, y: 20 },
};
const PAN: Readonly<Partial<Record<Key, Point>>> = {
  panLeft: { x: 60, y: 0 }, panRight: { x: -60, y: 0 }, panUp: { x: 0, y: 60 }, panDown: { x: 0, y: -60 },
};
const ARROW: Readonly<Partial<Record<Key, Point>>> = {
  left: { x: -1, y: 0 }, right: { x: 1, y: 0 }, up: { x: 0, y: -1 }, down: { x: 0, y: 1 },
};

const refuse = (text: string): Command => ({ type: "say", text, tone: "refusal" });

/** The command that a key asks for in this state; `middle` is the canvas's middle on the screen, where zooming holds still. */
export function act(key: Key, state: State, scene: Scene, middle: Point): Command | null {
  const { network } = docOf(state);
  const { selection } = state;
  const tensor = selection?.kind === "tensor" ? selection.name : undefined;
  const index = selection?.kind === "index" ? selection.name : undefined;
  const arrow = ARROW[key];
  if (arrow) return state.pending ? retarget(state.pending, arrow, scene, network) : selectTowards(selection, arrow, scene);
  const nudge = NUDGE[key];
  if (nudge) return tensor === undefined ? refuse("select a tensor to move it") : moved(state, tensor, nudge);
  const pan = PAN[key];
  if (pan) return { type: "camera", camera: { ...state.camera, x: state.camera.x + pan.x, y: state.camera.y + pan.y } };
  switch (key) {
    case "edit": return state.pending ? confirm(state.pending, network) : selection && { type: "type", editing: { ...selection, field: tensor === undefined ? "size" : "name" } };
    case "rename": return selection ? { type: "type", editing: { ...selection, field: "name" } } : refuse("select a tensor or an index to rename it");
    case "cancel": return { type: "cancel" };
    case "tensor": return addTensor(network, near(state, scene, middle));
    case "bond": return tensor === undefined ? { type: "tool", tool: "bond" } : hold("bond", tensor, scene, network);
    case "trace": return tensor === undefined ? refuse("select a tensor to put a trace on it") : bond(network, tensor, tensor);
    case "leg": return tensor === undefined ? { type: "tool", tool: "leg" } : pullLeg(network, tensor);
    case "join": return index !== undefined && isLeg(network, index) ? hold("join", index, scene, network) : refuse("select a leg to join it with another");
    case "attach": return index === undefined ? refuse("select an index to attach it to one more tensor") : hold("attach", index, scene, network);
    case "toggle": return index === undefined ? refuse("select an index to open or close it") : edit(isLeg(network, index) ? "close" : "open", index);
    case "cut": return index === undefined ? refuse("select a bond to cut it") : edit("cut", index);
    case "delete": return selection ? erase(selection) : refuse("select a tensor or an index to delete it");
    case "grow": case "shrink": {
      if (index === undefined) return refuse("select an index to change its size");
      return resizeTo(index, (network.sizes.get(index) ?? NEW_SIZE) + (key === "grow" ? 1 : -1), `keys ${index}`);
    }
    case "undo": case "redo": case "fit": return { type: key };
    case "zoomIn": case "zoomOut": return { type: "camera", camera: zoomed(state.camera, key === "zoomIn" ? 1.25 : 0.8, middle) };
    case "picture": case "table": case "code": return { type: "view", view: key };
    case "select": return { type: "tool", tool: "select" };
    case "help": return { type: "help", shown: !state.help };
    default: return null;
  }
}

export function zoomed(camera: State["camera"], factor: number, fixed: Point): State["camera"] {
  const k = Math.min(4, Math.max(0.1, camera.k * factor));
  return { k, x: fixed.x - ((fixed.x - camera.x) / camera.k) * k, y: fixed.y - ((fixed.y - camera.y) / camera.k) * k };
}

function edit(op: "open" | "close" | "cut", index: string): Command {
  return { type: "edit", edit: { op, args: { index } } };
}

function moved(state: State, tensor: string, by: Point): Command {
  const { x, y } = docOf(state).positions.get(tensor) as Point;
  return { type: "move", positions: new Map([[tensor, { x: x + by.x, y: y + by.y }]]), key: `nudge ${tensor}` };
}

/** A new tensor appears beside the selected one, or in the middle of the canvas. */
function near(state: State, scene: Scene, middle: Point): Point {
  const disc = state.selection?.kind === "tensor" ? scene.discs.get(state.selection.name) : undefined;
  if (disc) return { x: disc.x + 140, y: disc.y };
  const { x, y, k } = state.camera;
  return { x: (middle.x - x) / k, y: (middle.y - y) / k };
}

function places(scene: Scene): { item: Item; at: Point }[] {
  return [
    ...[...scene.discs.values()].map((disc) => ({ item: { kind: "tensor", name: disc.name } as const, at: disc })),
    ...[...scene.roles.keys()].map((name) => ({ item: { kind: "index", name } as const, at: anchorOf(scene, name) })),
  ];
}

function selectTowards(selection: Item | null, arrow: Point, scene: Scene): Command | null {
  const all = places(scene);
  const here = all.find(({ item }) => item.kind === selection?.kind && item.name === selection.name);
  const next = here ? towards(here.at, arrow, all.filter((each) => each !== here)) : all[0];
  return next ? { type: "select", item: next.item } : null;
}

/** The nearest in a quarter to either side of the arrow; what lies off its line counts as further away. */
function towards<T extends { at: Point }>(from: Point, arrow: Point, all: readonly T[]): T | undefined {
  let best: T | undefined;
  let least = Infinity;
  for (const each of all) {
    const [dx, dy] = [each.at.x - from.x, each.at.y - from.y];
    const ahead = dx * arrow.x + dy * arrow.y;
    const aside = Math.abs(dx * arrow.y - dy * arrow.x);
    if (ahead < 1 || aside > ahead * 1.2) continue;
    const cost = ahead + 2 * aside;
    if (cost < least) [best, least] = [each, cost];
  }
  return best;
}

function eligible(op: Pending["op"], from: string, scene: Scene, network: Network): { name: string; at: Point }[] {
  if (op !== "join") return [...scene.discs.values()].filter((disc) => op === "attach" || disc.name !== from).map((disc) => ({ name: disc.name, at: disc }));
  return network.legs.filter((leg) => leg !== from).map((name) => ({ name, at: scene.tips.get(name) ?? anchorOf(scene, name) }));
}

function origin(pending: Pick<Pending, "op" | "from">, scene: Scene): Point {
  if (pending.op === "bond") return scene.discs.get(pending.from) as Point;
  return scene.tips.get(pending.from) ?? anchorOf(scene, pending.from);
}

function hold(op: Pending["op"], from: string, scene: Scene, network: Network): Command {
  const start = origin({ op, from }, scene);
  const nearest = eligible(op, from, scene, network).sort((a, b) => distance(a.at, start) - distance(b.at, start));
  if (!nearest.length) return refuse(op === "join" ? "there is no other leg to join" : "there is no other tensor; add one first");
  const held = new Set(scene.holders.get(from)?.map((holder) => holder.tensor));
  const target = (op === "attach" ? nearest.find((each) => !held.has(each.name)) : undefined) ?? nearest[0];
  return { type: "pend", pending: { op, from, target: target?.name ?? null } };
}

function retarget(pending: Pending, arrow: Point, scene: Scene, network: Network): Command | null {
  const all = eligible(pending.op, pending.from, scene, network);
  const here = all.find((each) => each.name === pending.target)?.at ?? origin(pending, scene);
  const next = towards(here, arrow, all.filter((each) => each.name !== pending.target));
  return next ? { type: "pend", pending: { ...pending, target: next.name } } : null;
}

function confirm({ op, from, target }: Pending, network: Network): Command {
  if (target === null) return refuse("choose a target with the arrow keys first");
  if (op === "bond") return bond(network, from, target);
  if (op === "join") return { type: "edit", edit: { op: "join", args: { a: from, b: target } } };
  return { type: "edit", edit: { op: "attach", args: { tensor: target, index: from } } };
}

