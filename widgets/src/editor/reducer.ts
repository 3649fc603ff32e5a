/** The editor's state and what changes it: `reduce` is pure, the shell draws states and sends documents. */
import * as past from "../shared/history";
import type { History } from "../shared/history";
import { arrange, ARRANGEMENTS, freePlace, place, suit, type Arrangement } from "./layout";
import { EMPTY, freshBond, freshLeg, freshTensor, NetworkError, sameNetwork, type Network } from "../shared/network";
import { angleTo, along, type Point, type Positions } from "../shared/plane";
import { apply, tell, type Edit, type Step } from "./steps";

export type Tool = "select" | "tensor" | "bond" | "leg";
export type View = "picture" | "table" | "code";
export type Item = { readonly kind: "tensor" | "index"; readonly name: string };

/** What is edited, sent and undone. */
export interface Doc {
  readonly network: Network;
  readonly positions: Positions;
  readonly step: Step | null;
}

/** A two-handed command under way from the keyboard: an end is held, the other is being chosen. */
export interface Pending {
  readonly op: "bond" | "join" | "attach";
  readonly from: string;
  readonly target: string | null;
}

export interface Camera extends Point {
  readonly k: number;
}

export interface Message {
  readonly text: string;
  readonly tone: "info" | "refusal";
}

export interface State {
  readonly history: History<Doc>;
  readonly tool: Tool;
  readonly view: View;
  readonly selection: Item | null;
  readonly pending: Pending | null;
  readonly message: Message | null;
  /** The inline editor on the picture, if one is open. */
  readonly editing: (Item & { readonly field: "name" | "size" }) | null;
  readonly help: boolean;
  readonly camera: Camera;
  /** Rises whenever the picture should be fitted into the canvas anew. */
  readonly fits: number;
}

export const NEW_SIZE = 4;
const CLEARANCE = 110;

export type Command =
  | { readonly type: "edit"; readonly edit: Edit; readonly key?: string; readonly at?: Point }
  | { readonly type: "move"; readonly positions: ReadonlyMap<string, Point>; readonly key?: string }
  | { readonly type: "arrange"; readonly arrangement: Arrangement }
  | { readonly type: "undo" | "redo" | "cancel" | "fit" }
  | { readonly type: "receive"; readonly network: Network; readonly positions: Positions; readonly step: Step | null }
  | { readonly type: "select"; readonly item: Item | null }
  | { readonly type: "tool"; readonly tool: Tool }
  | { readonly type: "view"; readonly view: View }
  | { readonly type: "pend"; readonly pending: Pending | null }
  | { readonly type: "type"; readonly editing: State["editing"] }
  | { readonly type: "camera"; readonly camera: Camera }
  | { readonly type: "help"; readonly shown: boolean }
  | { readonly type: "say"; readonly text: string; readonly tone: Message["tone"] };

export function initial(network: Network = EMPTY, positions: Positions = new Map(), step: Step | null = null): State {
  return {
    history: past.begin({ network, positions: place(network, positions), step }),
    tool: "select", view: "picture", selection: null, pending: null, message: null, editing: null, help: false,
    camera: { x: 0, y: 0, k: 1 }, fits: 1,
  };
}

export function docOf(state: State): Doc {
  return state.history.present;
}

export function reduce(state: State, command: Command): State {
  switch (command.type) {
    case "edit": return edit(state, command.edit, command.key ?? null, command.at);
    case "move": {
      const doc = docOf(state);
      const positions = new Map([...doc.positions].map(([name, p]) => [name, command.positions.get(name) ?? p]));
      return { ...state, history: past.record(state.history, { ...doc, positions }, command.key ?? null) };
    }
    case "arrange": {
      const doc = docOf(state);
      const positions = arrange(doc.network, command.arrangement);
      return {
        ...said(state, `laid out as ${ARRANGEMENTS[command.arrangement].toLowerCase()}`),
        history: past.record(state.history, { ...doc, positions }),
        fits: state.fits + 1,
      };
    }
    case "undo": case "redo": return travel(state, command.type);
    case "receive": return receive(state, command.network, command.positions, command.step);
    case "select": return { ...state, selection: command.item, editing: null, message: null, history: past.settle(state.history) };
    case "tool": return { ...state, tool: command.tool, pending: null, message: null };
    case "view": return { ...state, view: command.view, editing: null, pending: null };
    case "pend": return { ...state, pending: command.pending, editing: null };
    case "type": return { ...state, editing: command.editing, pending: null, ...(command.editing ? { message: null } : {}) };
    case "help": return { ...state, help: command.shown };
    case "camera": return { ...state, camera: command.camera };
    case "fit": return { ...state, fits: state.fits + 1 };
    case "say": return said(state, command.text, command.tone);
    case "cancel": return cancel(state);
  }
}

function edit(state: State, wanted: Edit, key: string | null, at?: Point): State {
  const doc = docOf(state);
  let network: Network;
  try {
    network = apply(doc.network, wanted);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return { ...said(state, error.message, "refusal"), pending: null };
  }
  if (sameNetwork(network, doc.network)) return { ...state, editing: null, pending: null };
  const positions = wanted.op === "template" ? arrange(network, suit(network)) : place(network, carried(doc.positions, wanted, at));
  const step = wanted.op === "fix" ? null : wanted;
  return {
    ...said(state, tell(wanted, network)),
    history: past.record(state.history, { network, positions, step }, key),
    selection: chosen(state.selection, wanted, network),
    pending: null,
    editing: null,
    tool: wanted.op === "add" || wanted.op === "template" ? "select" : state.tool,
    fits: wanted.op === "template" ? state.fits + 1 : state.fits,
  };
}

/** Positions under the names that tensors have after the edit; a new tensor goes where it was asked for. */
function carried(positions: Positions, wanted: Edit, at?: Point): Positions {
  const moved = new Map(positions);
  if (wanted.op === "rename")
    return new Map([...positions].map(([name, p]) => [Object.hasOwn(wanted.args.names, name) ? (wanted.args.names[name] as string) : name, p]));
  if (wanted.op === "add" && at) moved.set(wanted.args.name, freePlace(at, [...positions.values()], 56));
  if (wanted.op === "merge") {
    const [a, b] = [positions.get(wanted.args.a), positions.get(wanted.args.b)];
    if (a && b) moved.set(wanted.args.name, { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  }
  if (wanted.op === "split") {
    const from = positions.get(wanted.args.tensor);
    if (from) {
      const others = [...positions].filter(([name]) => name !== wanted.args.tensor).map(([, p]) => p);
      const away = others.length ? angleTo(others.reduce((a, b) => ({ x: a.x + b.x / others.length, y: a.y + b.y / others.length }), { x: 0, y: 0 }), from) : 0;
      moved.set(wanted.args.names[0], from);
      moved.set(wanted.args.names[1], freePlace(along(from, away, CLEARANCE), [...others, from], CLEARANCE - 10));
    }
  }
  return moved;
}

function chosen(selection: Item | null, wanted: Edit, network: Network): Item | null {
  const tensor = (name: string): Item => ({ kind: "tensor", name });
  const index = (name: string): Item => ({ kind: "index", name });
  switch (wanted.op) {
    case "add": return tensor(wanted.args.name);
    case "connect": return index(wanted.args.index);
    case "attach": return wanted.args.size === undefined ? selection : index(wanted.args.index);
    case "join": return index(wanted.args.a);
    case "merge": return tensor(wanted.args.name);
    case "split": return index(wanted.args.index);
    case "template": return null;
    case "rename": case "relabel": {
      const renamed = selection && Object.hasOwn(wanted.args.names, selection.name) && selection.kind === (wanted.op === "rename" ? "tensor" : "index");
      return renamed ? { ...selection, name: wanted.args.names[selection.name] as string } : selection;
    }
    default: return present(selection, network);
  }
}

function present(selection: Item | null, network: Network): Item | null {
  if (!selection) return null;
  return (selection.kind === "tensor" ? network.tensors : network.sizes).has(selection.name) ? selection : null;
}

function travel(state: State, op: "undo" | "redo"): State {
  const history = past[op](state.history);
  if (history === state.history) return said(state, `nothing to ${op}`);
  const changed = !sameNetwork(history.present.network, docOf(state).network);
  const step: Step | null = changed ? { op, args: {} } : docOf(state).step;
  return {
    ...said(state, `${op === "undo" ? "undone" : "redone"}`),
    history: { ...history, present: { ...history.present, step } },
    selection: present(state.selection, history.present.network),
    editing: null,
    pending: null,
  };
}

/** A document from Python replaces the picture; tensors it does not place stay where they are. */
function receive(state: State, network: Network, positions: Positions, step: Step | null): State {
  const doc = docOf(state);
  const known = new Map([...doc.positions, ...positions]);
  const strange = ![...network.tensors.keys()].some((name) => known.has(name));
  const places = place(network, known);
  const moved = [...places.keys()].some((name) => !doc.positions.has(name));
  return {
    ...state,
    history: past.record(state.history, { network, positions: strange ? arrange(network, suit(network)) : places, step }),
    selection: present(state.selection, network),
    editing: null,
    pending: null,
    fits: moved || doc.network.tensors.size === 0 ? state.fits + 1 : state.fits,
  };
}

function cancel(state: State): State {
  if (state.help) return { ...state, help: false };
  if (state.editing) return { ...state, editing: null };
  if (state.pending) return { ...said(state, "cancelled"), pending: null };
  if (state.tool !== "select") return { ...state, tool: "select", message: null };
  return { ...state, selection: null, message: null };
}

function said(state: State, text: string, tone: Message["tone"] = "info"): State {
  return { ...state, message: { text, tone } };
}

// The edits that gestures, keys and panels share.

export function addTensor(network: Network, at?: Point): Command {
  const edit: Edit = { op: "add", args: { name: freshTensor(network), indices: [], sizes: {} } };
  return { type: "edit", edit, ...(at ? { at } : {}) };
}

export function bond(network: Network, a: string, b: string): Command {
  return { type: "edit", edit: { op: "connect", args: { tensors: [a, b], size: NEW_SIZE, index: freshBond(network) } } };
}

export function pullLeg(network: Network, tensor: string): Command {
  return { type: "edit", edit: { op: "attach", args: { tensor, index: freshLeg(network), size: NEW_SIZE } } };
}

export function erase(item: Item): Command {
  return { type: "edit", edit: item.kind === "tensor" ? { op: "remove", args: { name: item.name } } : { op: "disconnect", args: { index: item.name } } };
}

export function resizeTo(index: string, size: number, key?: string): Command {
  return { type: "edit", edit: { op: "resize", args: { sizes: { [index]: size } } }, ...(key ? { key } : {}) };
}

export function renameTo(item: Item, name: string): Command {
  return { type: "edit", edit: { op: item.kind === "tensor" ? "rename" : "relabel", args: { names: { [item.name]: name } } } };
}

/** A template over the network's legs; over the data's shape, or three legs of 8, when there are none. */
export function template(network: Network, family: string, shape: readonly number[], rank = NEW_SIZE): Command {
  const sizes = network.legs.map((leg) => network.sizes.get(leg) as number);
  const over = sizes.length ? sizes : shape.length ? [...shape] : [8, 8, 8];
  const legs = sizes.length ? [...network.legs] : over.map((_, k) => `i${k}`);
  return { type: "edit", edit: { op: "template", args: { family, shape: over, ranks: rank, legs } } };
}

