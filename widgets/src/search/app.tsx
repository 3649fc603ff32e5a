/** The widget as a whole: bar, progress, charts or tables, panel, line, footer, and the keys that reach all of them. */
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { Bar, Button, Tabs } from "../shared/bar";
import { Figure, Footer } from "../shared/footer";
import { compression, count, duration, scientific } from "../shared/format";
import { commandFor, Help } from "../shared/keys";
import { copied } from "../shared/panel";
import { Board } from "./board";
import { act, BINDINGS } from "./keyboard";
import { Panel } from "./panel";
import type { Command, State, View } from "./reducer";
import type { Link, Numbers, Traits } from "./sync";
import { Tables } from "./table";
import { front, trialOf, type Measured, type Trial } from "./trials";

const VIEWS: readonly { value: View; title: string }[] = [{ value: "picture", title: "Picture" }, { value: "table", title: "Table" }];

/** Milliseconds that a word in passing is shown. */
const HEARD = 4000;

const ANSWERS = ["issues", "numbers", "about", "code", "drawn", "older", "recent", "tried"] as const;

/** Everything that comes from Python and is only shown. */
export type Answers = Pick<Traits, (typeof ANSWERS)[number]>;

/** The trials, their front, the best, and the one that is drawn. */
export interface Found {
  readonly trials: readonly Trial[];
  readonly front: readonly Measured[];
  readonly best: Trial | undefined;
  readonly shown: Trial | undefined;
}

export interface Acts {
  readonly dispatch: (command: Command) => void;
  readonly wish: Link["wish"];
}

export interface PartProps {
  readonly state: State;
  readonly acts: Acts;
  readonly answers: Answers;
  readonly found: Found;
}

function read({ model }: Link): Answers {
  return {
    issues: model.get("issues") ?? [], numbers: model.get("numbers") ?? {}, about: model.get("about") ?? {}, code: model.get("code") ?? {},
    drawn: model.get("drawn") ?? {}, older: model.get("older") ?? [], recent: model.get("recent") ?? [], tried: model.get("tried") ?? {},
  };
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
  const acts = useRef<Acts>({ dispatch: store.dispatch, wish: (op) => link.wish(op) }).current;
  const { state } = store;
  const found = useFound(answers, state);
  const latest = useRef({ answers, found });
  latest.current = { answers, found };
  useLayoutEffect(() => {
    const root = frame.current?.closest<HTMLElement>(".wb-search");
    const onKeyDown = (event: KeyboardEvent) => pressed(event, root as HTMLElement, store.state, latest.current, acts);
    root?.addEventListener("keydown", onKeyDown);
    return () => root?.removeEventListener("keydown", onKeyDown);
  }, [store]);
  useEffect(() => {
    if (state.message?.tone !== "info") return;
    const timer = setTimeout(() => store.dispatch({ type: "hush" }), HEARD);
    return () => clearTimeout(timer);
  }, [state.message]);
  const { numbers } = answers;
  const issues = [
    ...(numbers.state === "failed" && numbers.message ? [{ message: `The search ended: ${numbers.message}` }] : []),
    ...answers.issues,
  ];
  const parts = { state, acts, answers, found };
  return (
    <div class="wb-frame" ref={frame}>
      <Top {...parts} />
      <Progress numbers={numbers} />
      <div class="wb-main">
        <div class="wb-stage">
          {issues.length > 0 && <div class="wb-issues" role="alert">{issues.map(({ message }) => <p key={message}>{message}</p>)}</div>}
          {state.view === "picture" ? <Board {...parts} /> : <Tables {...parts} />}
        </div>
        <Panel {...parts} />
        {state.help && <Help bindings={BINDINGS} onClose={() => acts.dispatch({ type: "help", shown: false })} />}
      </div>
      {answers.code.line && <Line line={answers.code.line} acts={acts} />}
      <Bottom {...parts} />
      <div class="wb-live" aria-live="polite" role="status">{state.message?.text ?? told(numbers)}</div>
    </div>
  );
}

function useFound({ older, recent, numbers }: Answers, { chosen }: State): Found {
  const before = useMemo(() => older.map(trialOf), [older]);
  const trials = useMemo(() => [...before, ...recent.map(trialOf)], [before, recent]);
  const along = useMemo(() => front(trials), [trials]);
  const at = (number: number | null | undefined) => (number == null ? undefined : trials[number]);
  return { trials, front: along, best: at(numbers.best), shown: at(chosen ?? numbers.best) };
}

/** Arrows belong to tabs, and to lists that scroll. */
function pressed(event: KeyboardEvent, root: HTMLElement, state: State, { answers, found }: { answers: Answers; found: Found }, acts: Acts): void {
  const target = event.composedPath()[0] as HTMLElement;
  if (target.matches("input, select, textarea")) return;
  const key = commandFor(BINDINGS, event);
  if (!key || (event.key.startsWith("Arrow") && target.matches("[role=tab], pre, code"))) return;
  switch (key) {
    case "stop": {
      const wish = wishFor(answers.numbers);
      if (wish) acts.wish(wish);
      break;
    }
    case "copy": root.querySelector<HTMLElement>('[aria-label="copy the line of Python"]')?.click(); break;
    default: {
      const command = act(key, state, found.front, found.shown);
      if (command) acts.dispatch(command);
    }
  }
  event.preventDefault();
}

export function wishFor(numbers: Partial<Numbers>): "stop" | "resume" | null {
  return numbers.state === "running" ? "stop" : numbers.resumable ? "resume" : null;
}

function Top({ state, acts, answers }: PartProps): VNode {
  const { about, numbers } = answers;
  const wish = wishFor(numbers);
  return (
    <Bar label="search board">
      <span class="wb-what" title={`${about.name}: ${about.algorithm} on ${about.space}, ${about.objective}`}>
        <b>{about.algorithm}</b> <span class="wb-soft">on {about.space}</span>
      </span>
      <span class="wb-space" />
      {(wish || numbers.state === "stopping") && (
        <Button
          label={wish === "resume" ? "Continue" : "Stop"}
          title={wish === "resume" ? "go on with what is left of the budget (s)" : "stop after the evaluations under way (s)"}
          disabled={!wish}
          onPress={() => wish && acts.wish(wish)}
        />
      )}
      <Button label="keys" title="keys (?)" quiet pressed={state.help} onPress={() => acts.dispatch({ type: "help", shown: !state.help })}>?</Button>
      <Tabs label="view" choices={VIEWS} chosen={state.view} onChoose={(view) => acts.dispatch({ type: "view", view: view as View })} />
    </Bar>
  );
}

function Progress({ numbers: { evaluations = 0, budget = 1, state } }: { numbers: Partial<Numbers> }): VNode {
  return (
    <div class="wb-progress" role="progressbar" aria-label="structures evaluated, of the budget" aria-valuemin={0} aria-valuemax={budget} aria-valuenow={evaluations} data-state={state}>
      <div style={{ width: `${(100 * Math.min(evaluations, budget)) / Math.max(budget, 1)}%` }} />
    </div>
  );
}

/** The chosen structure as Python: one line, to copy. */
function Line({ line, acts }: { line: string; acts: Acts }): VNode {
  const copy = async () =>
    acts.dispatch({ type: "say", tone: "info", text: (await copied(line)) ? "the line of Python copied" : "the browser did not allow copying; select the text instead" });
  return (
    <div class="wb-line">
      <code tabIndex={0} aria-label="this structure as Python">{line}</code>
      <button type="button" class="wb-button" aria-label="copy the line of Python" title="copy (c)" onClick={copy}>copy</button>
    </div>
  );
}

function Bottom({ state, answers, found: { best } }: PartProps): VNode {
  const { numbers, about } = answers;
  const aside = [numbers.early ? `${count(numbers.early)} ended early` : "", numbers.ruled_out ? `${count(numbers.ruled_out)} ruled out` : "", numbers.failed ? `${count(numbers.failed)} failed` : ""].filter(Boolean).join(", ");
  return (
    <Footer>
      <span title={about.fits === false ? "the square root of the loss" : "‖x − x̂‖ / ‖x‖, of the best"}>
        <Figure label={about.fits === false ? "√loss" : "error"} value={best ? scientific(best.error) : "–"} />
      </span>
      <Figure label="parameters" value={best ? count(best.parameters) : "–"} note={best ? compression(about.entries, best.parameters) : ""} />
      <Figure label="evaluated" value={`${count(numbers.evaluations)} of ${count(numbers.budget)}`} note={aside} />
      <span class="wb-space" />
      <span class={`wb-state wb-${numbers.state}`} data-state={numbers.state}>{state.message?.text ?? standing(numbers)}</span>
    </Footer>
  );
}

/** How the search stands, in a few words. */
export function standing(numbers: Partial<Numbers>): string {
  switch (numbers.state) {
    case "running": {
      if (numbers.rate === null || numbers.rate === undefined) return "searching…";
      const left = numbers.left === null || numbers.left === undefined ? "" : `, ${coarse(numbers.left)} left at most`;
      return `searching, ${Number(numbers.rate.toPrecision(2))} a second${left}`;
    }
    case "stopping": return "stopping after the evaluations under way…";
    case "stopped": return "stopped";
    case "finished": return (numbers.evaluations ?? 0) >= (numbers.budget ?? 0) ? `the budget is spent, ${duration(numbers.seconds)} of evaluations` : `done, ${duration(numbers.seconds)} of evaluations`;
    case "exhausted": return "nothing new is left to try";
    case "failed": return "the search ended with an error";
    default: return "";
  }
}

/** Nobody wants to see seconds run in minutes. */
function coarse(seconds: number): string {
  return duration(seconds < 60 ? Math.max(1, Math.round(seconds)) : 60 * Math.round(seconds / 60));
}

/** For a screen reader: only what changes seldom. */
function told(numbers: Partial<Numbers>): string {
  return numbers.state === "running" ? "searching" : standing(numbers);
}
