/** The explorer's state and what changes it: pure; the shell draws states and sends documents. */
import { clamped, formOf, type Doc, type Form } from "./forms";

export type View = "picture" | "table";

export interface Message {
  readonly text: string;
  readonly tone: "info" | "refusal";
}

export interface State {
  readonly forms: readonly Form[];
  readonly doc: Doc;
  /** Changes under the same name are one step of undo; null ends a run of them. */
  readonly gesture: string | null;
  /** How many gestures there were: names are never used twice. */
  readonly gestures: number;
  /** The rank in focus, as a position among the format's. */
  readonly rank: number;
  readonly view: View;
  readonly chart: "spectra" | "sweeps" | null;
  readonly help: boolean;
  readonly message: Message | null;
  /** The budgets last asked for, drawn in the landscape. */
  readonly budget: { readonly parameters?: number; readonly error?: number };
}

export type Command =
  | { readonly type: "rank"; readonly at: number; readonly value: number; readonly begins?: boolean }
  | { readonly type: "go"; readonly doc: Doc; readonly burst?: boolean }
  | { readonly type: "format"; readonly key: string }
  | { readonly type: "receive"; readonly doc: Doc }
  | { readonly type: "forms"; readonly forms: readonly Form[] }
  | { readonly type: "choose"; readonly at: number }
  | { readonly type: "view"; readonly view: View }
  | { readonly type: "chart"; readonly chart: "spectra" | "sweeps" }
  | { readonly type: "budget"; readonly budget: State["budget"] }
  | { readonly type: "help"; readonly shown: boolean }
  | { readonly type: "hush" }
  | { readonly type: "say"; readonly text: string; readonly tone: Message["tone"] };

export function initial(forms: readonly Form[], doc: Doc): State {
  return { forms, doc, gesture: null, gestures: 0, rank: 0, view: "picture", chart: null, help: false, message: null, budget: {} };
}

export function formIn(state: State): Form | undefined {
  return formOf(state.forms, state.doc.format);
}

export function reduce(state: State, command: Command): State {
  switch (command.type) {
    case "rank": return turned(state, command.at, command.value, command.begins ?? true);
    case "go": return went(state, command.doc, command.burst ?? false);
    case "format":
      if (command.key === state.doc.format || !formOf(state.forms, command.key)) return state;
      return { ...state, doc: { format: command.key, ranks: [] }, gesture: null, rank: 0, message: null, chart: null, budget: {} };
    case "receive": return { ...state, doc: command.doc, gesture: null, rank: within(state, command.doc) };
    case "forms": return { ...state, forms: command.forms };
    case "choose": return command.at === state.rank ? state : { ...state, rank: command.at, gesture: null };
    case "view": return { ...state, view: command.view };
    case "chart": return { ...state, chart: command.chart };
    case "budget": return { ...state, budget: command.budget };
    case "help": return { ...state, help: command.shown };
    case "hush": return state.message === null ? state : { ...state, message: null };
    case "say": return { ...state, message: { text: command.text, tone: command.tone } };
  }
}

function turned(state: State, at: number, value: number, begins: boolean): State {
  const rank = formIn(state)?.ranks[at];
  if (!rank || state.doc.ranks[at] === undefined) return state;
  if (!Number.isFinite(value)) return { ...state, message: { text: "a rank is a whole number of at least 1", tone: "refusal" } };
  const size = clamped(rank, value);
  const message: Message | null = value > size && rank.cuts ? { text: `${rank.title}: no more than ${size}`, tone: "info" } : null;
  const here = { ...state, rank: at, message };
  if (size === state.doc.ranks[at]) return here;
  const ranks = state.doc.ranks.map((old, k) => (k === at ? size : old));
  return moved(here, { ...state.doc, ranks }, `rank ${at}`, begins);
}

/** To a state chosen elsewhere: a point of the landscape. */
function went(state: State, doc: Doc, burst: boolean): State {
  if (doc.format === state.doc.format && doc.ranks.join() === state.doc.ranks.join()) return state;
  const rank = doc.format === state.doc.format ? state.rank : 0;
  return moved({ ...state, rank, message: null }, doc, "landscape", !burst);
}

function moved(state: State, doc: Doc, kind: string, begins: boolean): State {
  const goes = !begins && state.gesture?.startsWith(`${kind} #`);
  const gestures = goes ? state.gestures : state.gestures + 1;
  return { ...state, doc, gestures, gesture: goes ? state.gesture : `${kind} #${gestures}` };
}

function within(state: State, doc: Doc): number {
  const count = formOf(state.forms, doc.format)?.ranks.length ?? 0;
  return doc.format === state.doc.format ? Math.min(state.rank, Math.max(0, count - 1)) : 0;
}
