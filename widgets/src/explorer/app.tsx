/** The widget as a whole: bar, board or table, panel, line, footer, and the keys that reach all of them. */
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { Bar, Button, Choices, Tabs } from "../shared/bar";
import { Figure, Footer } from "../shared/footer";
import { compression, count, duration, percent, plural } from "../shared/format";
import { commandFor, Help } from "../shared/keys";
import { copied } from "../shared/panel";
import { Board } from "./board";
import { formOf, parametersOf } from "./forms";
import { act, BINDINGS, ELSEWHERE } from "./keyboard";
import { Panel } from "./panel";
import { formIn, type Command, type State, type View } from "./reducer";
import type { Link, Numbers, Traits } from "./sync";
import { Tables } from "./table";

const VIEWS: readonly { value: View; title: string }[] = [{ value: "picture", title: "Picture" }, { value: "table", title: "Table" }];

/** Milliseconds that a word in passing is shown. */
const HEARD = 4000;

/** Everything that comes from Python and is only shown. */
export type Answers = Pick<Traits, "issues" | "numbers" | "about" | "fronts" | "line" | "looking" | "picture" | "preview" | "spectra" | "trail">;

const ANSWERS = ["issues", "numbers", "about", "fronts", "line", "looking", "picture", "preview", "spectra", "trail"] as const;

function read({ model }: Link): Answers {
  return {
    issues: model.get("issues") ?? [], numbers: model.get("numbers") ?? {}, about: model.get("about") ?? {},
    fronts: model.get("fronts") ?? {}, line: model.get("line") ?? "", looking: model.get("looking"),
    picture: model.get("picture") ?? {}, preview: model.get("preview") ?? {}, spectra: model.get("spectra") ?? {}, trail: model.get("trail") ?? {},
  };
}

/** What components do: change the state, or ask Python for what only it can do. */
export interface Acts {
  readonly dispatch: (command: Command) => void;
  readonly wish: Link["wish"];
  readonly look: Link["look"];
  readonly budget: (what: "parameters" | "error", value: number) => void;
}

export function App({ link }: { link: Link }): VNode {
  const { store } = link;
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [answers, setAnswers] = useState(() => read(link));
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => store.subscribe(() => redraw(0)), [store]);
  useLayoutEffect(() => {
    for (const trait of ANSWERS) link.listen(trait, () => setAnswers(read(link)));
  }, [link]);
  const latest = useRef(answers);
  latest.current = answers;
  const acts = useRef<Acts>({
    dispatch: store.dispatch,
    wish: (op, value) => link.wish(op, value),
    look: (look) => link.look(look),
    budget: (what, value) => {
      store.dispatch({ type: "budget", budget: { [what]: value } });
      link.wish(what, value);
    },
  }).current;
  useLayoutEffect(() => {
    const root = frame.current?.closest<HTMLElement>(".wb-explorer");
    const onKeyDown = (event: KeyboardEvent) => pressed(event, root as HTMLElement, store.state, latest.current, acts);
    root?.addEventListener("keydown", onKeyDown);
    return () => root?.removeEventListener("keydown", onKeyDown);
  }, [store]);
  const { state } = store;
  useEffect(() => {
    if (state.message?.tone !== "info") return;
    const timer = setTimeout(() => store.dispatch({ type: "hush" }), HEARD);
    return () => clearTimeout(timer);
  }, [state.message]);
  const stale = (answers.numbers.revision ?? 0) < link.revision;
  const issues = state.message?.tone === "refusal" ? [{ message: state.message.text }, ...answers.issues] : answers.issues;
  return (
    <div class="wb-frame" ref={frame}>
      <Top state={state} acts={acts} trail={answers.trail} />
      <div class="wb-main">
        <div class="wb-stage">
          {issues.length > 0 && (
            <div class="wb-issues" role="alert">{issues.map(({ message }) => <p key={message}>{message}</p>)}</div>
          )}
          {state.view === "picture"
            ? <Board state={state} acts={acts} answers={answers} />
            : <Tables state={state} acts={acts} answers={answers} />}
        </div>
        <Panel state={state} acts={acts} answers={answers} />
        {state.help && <Help bindings={BINDINGS} onClose={() => acts.dispatch({ type: "help", shown: false })} />}
      </div>
      <Line line={answers.line} acts={acts} />
      <Bottom state={state} acts={acts} numbers={answers.numbers} stale={stale} />
      <div class="wb-live" aria-live="polite" role="status">{state.message?.text ?? ""}</div>
    </div>
  );
}

/** Keys belong to a text field while one has the focus; arrows belong to buttons, tabs and sliders. */
function pressed(event: KeyboardEvent, root: HTMLElement, state: State, answers: Answers, acts: Acts): void {
  const target = event.composedPath()[0] as HTMLElement;
  if (target.matches("input, select, textarea")) return;
  const key = commandFor(BINDINGS, event);
  if (!key || (ELSEWHERE.has(key) && target.matches("button, [role=slider]") && event.key.startsWith("Arrow"))) return;
  const labelled = (label: string) => root.querySelector<HTMLElement>(`[aria-label="${label}"]`);
  switch (key) {
    case "parameters": labelled("at most so many parameters")?.focus(); break;
    case "error": labelled("error of at most, in percent")?.focus(); break;
    case "undo": case "redo": case "stop": acts.wish(key); break;
    case "copy": labelled("copy the line of Python")?.click(); break;
    case "nextSlice": case "lastSlice": slice(key === "nextSlice" ? 1 : -1, answers, acts); break;
    case "chart": {
      const shown = root.querySelector<HTMLElement>("[data-chart]")?.dataset.chart;
      acts.dispatch({ type: "chart", chart: shown === "spectra" ? "sweeps" : "spectra" });
      break;
    }
    default: {
      const command = act(key, state, answers.fronts, event.repeat);
      if (command) acts.dispatch(command);
    }
  }
  event.preventDefault();
}

/** The first axis that stands still goes one on. */
function slice(by: number, { looking, about }: Answers, acts: Acts): void {
  const axis = about.shape?.findIndex((size, k) => size > 1 && k !== looking.rows && k !== looking.columns && k !== looking.colours) ?? -1;
  if (axis < 0) return;
  const at = (looking.at[axis] as number) + by;
  if (at >= 0 && at < (about.shape?.[axis] ?? 0)) acts.look({ ...looking, at: looking.at.map((old, k) => (k === axis ? at : old)) });
}

function Top({ state, acts, trail }: { state: State; acts: Acts; trail: Traits["trail"] }): VNode {
  return (
    <Bar label="decomposition explorer">
      <Choices
        label="format"
        choices={state.forms.map(({ key, title }) => ({ value: key, title }))}
        chosen={state.doc.format}
        onChoose={(key) => acts.dispatch({ type: "format", key })}
      />
      <span class="wb-space" />
      <Button label="undo" title="undo (u)" quiet disabled={!trail.undo} onPress={() => acts.wish("undo")}>↶</Button>
      <Button label="redo" title="redo (U)" quiet disabled={!trail.redo} onPress={() => acts.wish("redo")}>↷</Button>
      <Button label="keys" title="keys (?)" quiet pressed={state.help} onPress={() => acts.dispatch({ type: "help", shown: !state.help })}>?</Button>
      <Tabs label="view" choices={VIEWS} chosen={state.view} onChoose={(view) => acts.dispatch({ type: "view", view: view as View })} />
    </Bar>
  );
}

/** The state as Python: one line, to copy. */
function Line({ line, acts }: { line: string; acts: Acts }): VNode {
  const copy = async () =>
    acts.dispatch({ type: "say", tone: "info", text: (await copied(line)) ? "the line of Python copied" : "the browser did not allow copying; select the text instead" });
  return (
    <div class="wb-line">
      <code tabIndex={0} aria-label="this state as Python">{line}</code>
      <button type="button" class="wb-button" aria-label="copy the line of Python" title="copy (c)" onClick={copy}>copy</button>
    </div>
  );
}

const SOURCES: Readonly<Record<Numbers["source"], readonly [string, string]>> = {
  "": ["", ""],
  "closed form": ["closed form", "of the truncated higher-order SVD, exactly; the fit is on its way"],
  interpolated: ["interpolated", "between two fits of the landscape; the fit is on its way"],
  compressed: ["estimate", "of a quick fit of the compressed data; the fit is on its way"],
  "so far": ["so far", "of the fit under way"],
  fit: ["fitted", "of the fit that the line of Python makes"],
};

function Bottom({ state, acts, numbers, stale }: { state: State; acts: Acts; numbers: Partial<Numbers>; stale: boolean }): VNode {
  const size = parametersOf(formIn(state), state.doc.ranks) ?? numbers.parameters;
  const [note, told] = SOURCES[numbers.source ?? ""];
  return (
    <Footer>
      <span title={told}><Figure label="error" value={percent(numbers.error)} note={note} stale={stale && numbers.error != null} /></span>
      <Figure label="parameters" value={count(size)} note={compression(numbers.dense, size)} />
      <span class="wb-space" />
      <span class={`wb-state wb-${numbers.state ?? "reading"}`} data-state={stale ? "stale" : numbers.state}>
        {state.message?.tone === "info" && numbers.state !== "unfittable" ? state.message.text : standing(numbers)}
      </span>
      {numbers.state === "fitting" && (
        <Button label="Stop" title="keep the best so far (s)" onPress={() => acts.wish("stop")} />
      )}
    </Footer>
  );
}

export function standing(numbers: Partial<Numbers>): string {
  const sweeps = plural(numbers.sweep ?? 0, "sweep");
  switch (numbers.state) {
    case "reading": return "reading the data…";
    case "estimating": return "estimating…";
    case "fitting": return numbers.message || (numbers.sweep ? `fitting, sweep ${numbers.sweep}` : "fitting…");
    case "fitted": return numbers.converged ? `fitted in ${duration(numbers.seconds)}, ${sweeps}` : `not converged after ${sweeps}, ${duration(numbers.seconds)}`;
    case "stopped": return `stopped after ${sweeps}`;
    case "unfittable": return numbers.message || "cannot be fitted";
    default: return "";
  }
}

/** The title of a format, for captions. */
export function titleOf(state: State, key: string): string {
  return formOf(state.forms, key)?.title ?? key;
}
