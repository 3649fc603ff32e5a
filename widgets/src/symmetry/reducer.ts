/** The lab's state and what changes it: pure; the shell draws states and sends documents. */
import { NONE, type Pictures } from "./pictures";
import type { Weights } from "./sharing";

export type View = "diagrams" | "compose" | "check" | "code";

/** What is shown; no weights while Python chooses them. */
export interface Doc {
  readonly family: string;
  readonly n: number;
  /** A factor each: 0 for V, 1 for V*; null for other spaces, which can only be kept. */
  readonly source: readonly number[] | null;
  readonly target: readonly number[] | null;
  readonly weights: Weights | null;
  /** A row, a column, and what is added to that entry alone. */
  readonly broken: readonly [number, number, number] | null;
  readonly channels: readonly [number, number];
}

/** A family of groups on offer. */
export interface Kind {
  readonly key: string;
  readonly title: string;
  readonly words: string;
  readonly least: number;
  readonly step: number;
  readonly fixed: boolean;
  /** The names of the spaces, where they can only be kept. */
  readonly between: readonly [string, string] | null;
}

export interface Message {
  readonly text: string;
  readonly tone: "info" | "refusal";
}

export interface State {
  readonly doc: Doc;
  readonly pictures: Pictures;
  readonly kinds: readonly Kind[];
  /** Changes under the same name are one step of undo; null ends a run of them. */
  readonly gesture: string | null;
  readonly gestures: number;
  /** The diagram in focus. */
  readonly chosen: number;
  readonly view: View;
  /** What colours mean in the matrix. */
  readonly colours: "weights" | "sharing";
  /** How graphs are drawn. */
  readonly drawn: "graph" | "matrix";
  readonly help: boolean;
  readonly message: Message | null;
}

export type Command =
  | { readonly type: "toggle"; readonly at: number }
  | { readonly type: "weigh"; readonly at: number; readonly value: number; readonly begins?: boolean }
  | { readonly type: "switch"; readonly which: "none" | "basis" | "cell"; readonly cell?: readonly number[]; readonly on?: boolean }
  | { readonly type: "group"; readonly family: string }
  | { readonly type: "n"; readonly n: number }
  | { readonly type: "power"; readonly side: "source" | "target"; readonly flags: readonly number[] }
  | { readonly type: "channels"; readonly at: 0 | 1; readonly value: number }
  | { readonly type: "break"; readonly place: readonly [number, number] | null }
  | { readonly type: "receive"; readonly doc: Doc }
  | { readonly type: "maps"; readonly pictures: Pictures; readonly kinds: readonly Kind[] }
  | { readonly type: "choose"; readonly at: number }
  | { readonly type: "view"; readonly view: View }
  | { readonly type: "colours"; readonly colours: State["colours"] }
  | { readonly type: "drawn"; readonly drawn: State["drawn"] }
  | { readonly type: "help"; readonly shown: boolean }
  | { readonly type: "hush" }
  | { readonly type: "say"; readonly text: string; readonly tone: Message["tone"] };

export const ON: Weights = new Map();
/** What is added to an entry that is broken. */
export const CRACK = 0.5;
export const MOST_WEIGHT = 2;

export function initial(doc: Doc, kinds: readonly Kind[] = [], pictures: Pictures = NONE): State {
  return {
    doc, pictures, kinds, gesture: null, gestures: 0, chosen: firstOn(doc.weights) ?? 0,
    view: "diagrams", colours: "weights", drawn: "graph", help: false, message: null,
  };
}

function firstOn(weights: Weights | null): number | undefined {
  return weights?.keys().next().value;
}

export function reduce(state: State, command: Command): State {
  switch (command.type) {
    case "toggle": return toggled(state, command.at);
    case "weigh": return weighed(state, command.at, command.value, command.begins ?? true);
    case "switch": return switched(state, command);
    case "group": return regrouped(state, command.family);
    case "n": return resized(state, command.n);
    case "power": {
      const { doc } = state;
      if (doc[command.side]?.join() === command.flags.join()) return state;
      return moved(state, { ...doc, [command.side]: command.flags, weights: null, broken: null }, null);
    }
    case "channels": {
      const value = Math.round(command.value);
      if (!(value >= 1 && value <= 4096)) return refused(state, "channels are a whole number from 1 to 4,096");
      const channels = state.doc.channels.map((old, k) => (k === command.at ? value : old)) as [number, number];
      return channels.join() === state.doc.channels.join() ? state : moved(state, { ...state.doc, channels }, null);
    }
    case "break": {
      const broken = command.place && ([...command.place, CRACK] as const);
      return moved(state, { ...state.doc, broken }, null);
    }
    case "receive": return { ...state, doc: command.doc, gesture: null };
    case "maps": {
      const fresh = command.pictures !== state.pictures;
      const chosen = fresh ? (firstOn(state.doc.weights) ?? 0) : state.chosen;
      return { ...state, pictures: command.pictures, kinds: command.kinds, chosen };
    }
    case "choose": return command.at === state.chosen || command.at < 0 || command.at >= state.pictures.count ? state : { ...state, chosen: command.at, gesture: null };
    case "view": return command.view === state.view ? state : { ...state, view: command.view };
    case "colours": return { ...state, colours: command.colours };
    case "drawn": return { ...state, drawn: command.drawn };
    case "help": return { ...state, help: command.shown };
    case "hush": return state.message === null ? state : { ...state, message: null };
    case "say": return { ...state, message: { text: command.text, tone: command.tone } };
  }
}

function refused(state: State, text: string): State {
  return { ...state, message: { text, tone: "refusal" } };
}

function toggled(state: State, at: number): State {
  const { weights } = state.doc;
  if (!weights || at < 0 || at >= state.pictures.count) return state;
  const next = new Map(weights);
  if (!next.delete(at)) next.set(at, 1);
  return moved({ ...state, chosen: at, message: null }, { ...state.doc, weights: sorted(next) }, null);
}

function weighed(state: State, at: number, value: number, begins: boolean): State {
  const { weights } = state.doc;
  if (!weights || at < 0 || at >= state.pictures.count) return state;
  if (!Number.isFinite(value) || Math.abs(value) > 1e6) return refused(state, "a weight is a number of at most a million");
  const here = { ...state, chosen: at, message: null };
  if (weights.get(at) === value) return here;
  return moved(here, { ...state.doc, weights: sorted(new Map(weights).set(at, value)) }, `weight ${at}`, begins);
}

function switched(state: State, { which, cell = [], on }: { which: "none" | "basis" | "cell"; cell?: readonly number[]; on?: boolean }): State {
  const { weights } = state.doc;
  if (!weights) return state;
  if (which === "none") return weights.size ? moved(state, { ...state.doc, weights: new Map() }, null) : state;
  const next = new Map(weights);
  for (const at of which === "basis" ? state.pictures.basis : cell)
    if (on === false) next.delete(at);
    else if (!next.has(at)) next.set(at, 1);
  return next.size === weights.size ? state : moved(state, { ...state.doc, weights: sorted(next) }, null);
}

function sorted(weights: Map<number, number>): Weights {
  return new Map([...weights].sort(([a], [b]) => a - b));
}

/** Another family, with an n that it has. */
function regrouped(state: State, family: string): State {
  const kind = state.kinds.find(({ key }) => key === family);
  if (!kind || family === state.doc.family) return state;
  const spaces = kind.between ? { source: null, target: null } : { source: state.doc.source ?? [0], target: state.doc.target ?? [0] };
  return moved({ ...state, message: null }, { ...state.doc, ...spaces, family, n: fitting(kind, state.doc.n), weights: null, broken: null }, null);
}

export function fitting(kind: Kind, n: number): number {
  if (kind.fixed) return kind.least;
  return kind.least + kind.step * Math.ceil(Math.max(0, n - kind.least) / kind.step);
}

function resized(state: State, n: number): State {
  if (!Number.isFinite(n) || n < 1) return refused(state, "n is a whole number of at least 1");
  if (n === state.doc.n) return state;
  return moved({ ...state, message: null }, { ...state.doc, n: Math.round(n), weights: null, broken: null }, null);
}

function moved(state: State, doc: Doc, kind: string | null, begins = true): State {
  if (kind === null) return { ...state, doc, gesture: null };
  const goes = !begins && state.gesture?.startsWith(`${kind} #`);
  const gestures = goes ? state.gestures : state.gestures + 1;
  return { ...state, doc, gestures, gesture: goes ? state.gesture : `${kind} #${gestures}` };
}

// ---- words -----------------------------------------------------------------------------------------------------------

/** "V⊗V*", "V⊗³", "1". */
export function powerName(flags: readonly number[]): string {
  const runs: [dual: number, length: number][] = [];
  for (const dual of flags) {
    const run = runs.at(-1);
    if (run && run[0] === dual) run[1] += 1;
    else runs.push([dual, 1]);
  }
  const named = ([dual, length]: [number, number]) => {
    const factor = dual ? "V*" : "V";
    return length < 3 ? Array<string>(length).fill(factor).join("⊗") : `${factor}⊗${"⁰¹²³⁴⁵⁶⁷⁸⁹"[length] ?? length}`;
  };
  return runs.map(named).join("⊗") || "1";
}

/** The powers on offer up to four factors, and the one there is. */
export function powersOf(walled: boolean, now: readonly number[]): (readonly number[])[] {
  const found: number[][] = [];
  for (let size = 0; size <= 4; size++)
    for (let duals = 0; duals <= (walled ? size : 0); duals++) found.push([...Array<number>(size - duals).fill(0), ...Array<number>(duals).fill(1)]);
  return found.some((each) => each.join() === now.join()) ? found : [...found, now];
}
