/** The lab's keys: everything the pointer can do, without it. */
import type { Binding } from "../shared/keys";
import { MOST_WEIGHT, type Command, type State } from "./reducer";

export type Key =
  | "next" | "last" | "toggle" | "more" | "less" | "none" | "basis" | "random" | "identity" | "step" | "back" | "turn" | "turnBack"
  | "input" | "another" | "colours" | "drawn" | "break" | "undo" | "redo" | "copy" | "diagrams" | "compose" | "check" | "code" | "help" | "cancel";

const bind = (group: string, command: Key, does: string, ...keys: string[]): Binding<Key> => ({ group, command, does, keys });

export const BINDINGS: readonly Binding<Key>[] = [
  bind("Diagrams", "last", "the diagram before, the next diagram", "ArrowLeft"),
  bind("Diagrams", "next", "", "ArrowRight"),
  bind("Diagrams", "toggle", "switch it on or off", "x"),
  bind("Diagrams", "less", "a tenth less weight, a tenth more", "-"),
  bind("Diagrams", "more", "", "+", "="),
  bind("Diagrams", "none", "switch all off", "0"),
  bind("Diagrams", "basis", "switch the basis on", "b"),
  bind("Element", "random", "a random element", "r"),
  bind("Element", "step", "a generator, its inverse", "g"),
  bind("Element", "back", "", "G"),
  bind("Element", "turnBack", "turn back, turn on", "["),
  bind("Element", "turn", "", "]"),
  bind("Element", "identity", "back to the identity", "e"),
  bind("Input", "input", "the next kind of input", "i"),
  bind("Input", "another", "another of the kind", "a"),
  bind("Input", "drawn", "as pictures or as matrices", "d"),
  bind("Matrix", "colours", "colour by weight or by sharing", "m"),
  bind("Matrix", "break", "break the entry in focus, repair it", "k"),
  bind("Pages", "diagrams", "diagrams, compose, check, code", "1"),
  bind("Pages", "compose", "", "2"),
  bind("Pages", "check", "", "3"),
  bind("Pages", "code", "", "4"),
  bind("Pages", "copy", "copy the code", "c"),
  bind("Pages", "undo", "undo", "u", "Ctrl+z"),
  bind("Pages", "redo", "redo", "U", "Ctrl+Shift+z", "Ctrl+y"),
  bind("Pages", "help", "these keys", "?"),
  bind("Pages", "cancel", "leave a field, close this list", "Escape"),
];

/** Keys that mean something to a tab, a slider or a field of choices that has the focus. */
export const ELSEWHERE: ReadonlySet<Key> = new Set<Key>(["next", "last"]);

/** The command that a key asks for; null where the shell has to do it, or there is nothing to do. */
export function act(key: Key, state: State, repeats: boolean): Command | null {
  const { chosen, doc, pictures } = state;
  switch (key) {
    case "next": case "last": {
      const to = chosen + (key === "next" ? 1 : -1);
      return to >= 0 && to < pictures.count ? { type: "choose", at: to } : null;
    }
    case "toggle": return { type: "toggle", at: chosen };
    case "more": case "less": {
      const weight = doc.weights?.get(chosen);
      if (weight === undefined) return { type: "say", text: "switch the diagram on first (x)", tone: "info" };
      const value = Math.round(10 * weight + (key === "more" ? 1 : -1)) / 10;
      return { type: "weigh", at: chosen, value: Math.max(-MOST_WEIGHT, Math.min(MOST_WEIGHT, value)), begins: !repeats };
    }
    case "none": return { type: "switch", which: "none" };
    case "basis": return { type: "switch", which: "basis" };
    case "colours": return { type: "colours", colours: state.colours === "weights" ? "sharing" : "weights" };
    case "drawn": return { type: "drawn", drawn: state.drawn === "graph" ? "matrix" : "graph" };
    case "diagrams": case "compose": case "check": case "code": return { type: "view", view: key };
    case "help": return { type: "help", shown: !state.help };
    case "cancel": return state.help ? { type: "help", shown: false } : null;
    default: return null;
  }
}
