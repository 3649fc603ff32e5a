/** The board's state and what changes it: pure; the shell draws states and sends documents. */

export type View = "picture" | "table";

export interface Message {
  readonly text: string;
  readonly tone: "info" | "refusal";
}

export interface State {
  /** The number of the trial that is drawn; null follows the best. */
  readonly chosen: number | null;
  readonly view: View;
  readonly help: boolean;
  readonly message: Message | null;
}

export type Command =
  | { readonly type: "choose"; readonly chosen: number | null }
  | { readonly type: "receive"; readonly chosen: number | null }
  | { readonly type: "view"; readonly view: View }
  | { readonly type: "help"; readonly shown: boolean }
  | { readonly type: "hush" }
  | { readonly type: "say"; readonly text: string; readonly tone: Message["tone"] };

export function initial(chosen: number | null): State {
  return { chosen, view: "picture", help: false, message: null };
}

export function reduce(state: State, command: Command): State {
  switch (command.type) {
    case "choose": return command.chosen === state.chosen ? state : { ...state, chosen: command.chosen, message: null };
    case "receive": return command.chosen === state.chosen ? state : { ...state, chosen: command.chosen };
    case "view": return command.view === state.view ? state : { ...state, view: command.view };
    case "help": return { ...state, help: command.shown };
    case "hush": return state.message === null ? state : { ...state, message: null };
    case "say": return { ...state, message: { text: command.text, tone: command.tone } };
  }
}
