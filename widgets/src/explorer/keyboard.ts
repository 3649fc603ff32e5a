/** The explorer's keys: everything the pointer can do, without it. */
import type { Binding } from "../shared/keys";
import { stepped } from "../shared/slider";
import { formIn, type Command, type State } from "./reducer";
import { next, type Fronts } from "./fronts";
import { parametersOf } from "./forms";

export type Key =
  | "more" | "fewer" | "tenMore" | "tenFewer" | "above" | "below" | "nextPoint" | "lastPoint" | "nextFormat" | "lastFormat"
  | "parameters" | "error" | "stop" | "copy" | "undo" | "redo" | "nextSlice" | "lastSlice" | "chart" | "picture" | "table" | "help" | "cancel";

const bind = (group: string, command: Key, does: string, ...keys: string[]): Binding<Key> => ({ group, command, does, keys });

export const BINDINGS: readonly Binding<Key>[] = [
  bind("Ranks", "above", "the rank above, the rank below", "ArrowUp"),
  bind("Ranks", "below", "", "ArrowDown"),
  bind("Ranks", "fewer", "one less, one more", "ArrowLeft", "-"),
  bind("Ranks", "more", "", "ArrowRight", "+", "="),
  bind("Ranks", "tenFewer", "ten less, ten more", "Shift+ArrowLeft"),
  bind("Ranks", "tenMore", "", "Shift+ArrowRight"),
  bind("Landscape", "lastPoint", "along the front: fewer parameters, more", "["),
  bind("Landscape", "nextPoint", "", "]"),
  bind("Landscape", "lastFormat", "the format before, the next format", "F"),
  bind("Landscape", "nextFormat", "", "f"),
  bind("Landscape", "parameters", "a budget of parameters", "p"),
  bind("Landscape", "error", "a budget of error", "e"),
  bind("Fit", "stop", "stop the fit, keep the best so far", "s"),
  bind("Fit", "copy", "copy the line of Python", "c"),
  bind("Fit", "undo", "undo", "u", "Ctrl+z"),
  bind("Fit", "redo", "redo", "U", "Ctrl+Shift+z", "Ctrl+y"),
  bind("Look", "lastSlice", "the slice before, the next slice", ","),
  bind("Look", "nextSlice", "", "."),
  bind("Look", "chart", "spectra or sweeps", "w"),
  bind("Look", "picture", "picture", "1"),
  bind("Look", "table", "table", "2"),
  bind("Look", "help", "these keys", "?"),
  bind("Look", "cancel", "leave a field, close this list", "Escape"),
];

/** Keys that mean something to whatever button, tab or chart has the focus, and ours only elsewhere. */
export const ELSEWHERE: ReadonlySet<Key> = new Set<Key>(["more", "fewer", "tenMore", "tenFewer", "above", "below"]);

/** The command that a key asks for; null where the shell has to do it, or there is nothing to do. */
export function act(key: Key, state: State, fronts: Fronts, repeats: boolean): Command | null {
  const form = formIn(state);
  const value = state.doc.ranks[state.rank];
  const ranks = form?.ranks ?? [];
  const press: Partial<Record<Key, { key: string; shiftKey: boolean }>> = {
    more: { key: "ArrowRight", shiftKey: false }, fewer: { key: "ArrowLeft", shiftKey: false },
    tenMore: { key: "ArrowRight", shiftKey: true }, tenFewer: { key: "ArrowLeft", shiftKey: true },
  };
  const step = press[key];
  if (step) {
    const rank = ranks[state.rank];
    if (!rank || value === undefined) return null;
    return { type: "rank", at: state.rank, value: stepped(step, value, rank.most) ?? value, begins: !repeats };
  }
  switch (key) {
    case "above": case "below": {
      const to = state.rank + (key === "below" ? 1 : -1);
      return to >= 0 && to < ranks.length ? { type: "choose", at: to } : null;
    }
    case "nextPoint": case "lastPoint": {
      const point = next(fronts[state.doc.format], parametersOf(form, state.doc.ranks), key === "nextPoint" ? 1 : -1);
      if (!point) return { type: "say", text: "the front ends here", tone: "info" };
      return { type: "go", doc: { format: state.doc.format, ranks: point[2] }, burst: repeats };
    }
    case "nextFormat": case "lastFormat": {
      const at = state.forms.findIndex((each) => each.key === state.doc.format);
      const to = state.forms[(at + (key === "nextFormat" ? 1 : -1) + state.forms.length) % state.forms.length];
      return to ? { type: "format", key: to.key } : null;
    }
    case "picture": case "table": return { type: "view", view: key };
    case "help": return { type: "help", shown: !state.help };
    case "cancel": return state.help ? { type: "help", shown: false } : null;
    default: return null;
  }
}
