/** The board's keys: everything the pointer can do, without it. */
import type { Binding } from "../shared/keys";
import type { Command, State } from "./reducer";
import { next, type Measured, type Trial } from "./trials";

export type Key = "nextPoint" | "lastPoint" | "best" | "stop" | "copy" | "picture" | "table" | "help" | "cancel";

const bind = (group: string, command: Key, does: string, ...keys: string[]): Binding<Key> => ({ group, command, does, keys });

export const BINDINGS: readonly Binding<Key>[] = [
  bind("Structures", "lastPoint", "along the front: fewer parameters, more", "[", "ArrowLeft"),
  bind("Structures", "nextPoint", "", "]", "ArrowRight"),
  bind("Structures", "best", "back to the best", "b"),
  bind("Search", "stop", "stop, or go on", "s"),
  bind("Search", "copy", "copy the line of Python", "c"),
  bind("Look", "picture", "picture", "1"),
  bind("Look", "table", "table", "2"),
  bind("Look", "help", "these keys", "?"),
  bind("Look", "cancel", "back to the best, close this list", "Escape"),
];

/** The command that a key asks for; null where the shell has to do it, or there is nothing to do. */
export function act(key: Key, state: State, along: readonly Measured[], shown: Trial | undefined): Command | null {
  switch (key) {
    case "nextPoint": case "lastPoint": {
      const trial = next(along, shown, key === "nextPoint" ? 1 : -1);
      return trial ? { type: "choose", chosen: trial.number } : { type: "say", text: along.length ? "the front ends here" : "nothing was evaluated yet", tone: "info" };
    }
    case "best": return { type: "choose", chosen: null };
    case "picture": case "table": return { type: "view", view: key };
    case "help": return { type: "help", shown: !state.help };
    case "cancel": return state.help ? { type: "help", shown: false } : { type: "choose", chosen: null };
    default: return null;
  }
}
