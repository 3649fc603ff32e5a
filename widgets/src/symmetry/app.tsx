/** The widget as a whole: bar, pages, footer, and the keys that reach all of them. */
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { Bar, Button, Tabs } from "../shared/bar";
import { Figure, Footer } from "../shared/footer";
import { count, duration, plural, scientific } from "../shared/format";
import { commandFor, Help } from "../shared/keys";
import { Code, Field, Pick } from "../shared/panel";
import { CARDS, Diagrams } from "./cards";
import { Check } from "./check";
import { Compose } from "./compose";
import { act, BINDINGS, ELSEWHERE } from "./keyboard";
import { Matrix } from "./matrix";
import { ON, powerName, powersOf, type Command, type State, type View } from "./reducer";
import { meeting, sharingOf } from "./sharing";
import { Square } from "./square";
import type { Link, Traits } from "./sync";

const VIEWS: readonly { value: View; title: string }[] = [
  { value: "diagrams", title: "Diagrams" }, { value: "compose", title: "Compose" }, { value: "check", title: "Check" }, { value: "code", title: "Code" },
];

/** Milliseconds that a word in passing is shown. */
const HEARD = 4000;
const NOBODY: ReadonlySet<number> = new Set();

/** Everything that comes from Python and is only shown. */
export type Answers = Pick<Traits, "issues" | "numbers" | "about" | "checked" | "code" | "composed" | "related" | "sharing" | "square" | "trail">;

const ANSWERS = ["issues", "numbers", "about", "checked", "code", "composed", "related", "sharing", "square", "trail"] as const;

function read({ model }: Link): Answers {
  return {
    issues: model.get("issues") ?? [], numbers: model.get("numbers") ?? {}, about: model.get("about") ?? {}, checked: model.get("checked") ?? {},
    code: model.get("code") ?? "", composed: model.get("composed") ?? {}, related: model.get("related") ?? {}, sharing: model.get("sharing") ?? {},
    square: model.get("square") ?? {}, trail: model.get("trail") ?? {},
  };
}

/** What components do: change the state, or ask Python for what only it can do. */
export interface Acts {
  readonly dispatch: (command: Command) => void;
  readonly wish: Link["wish"];
  readonly turn: Link["turn"];
  readonly compose: Link["compose"];
}

export function App({ link }: { link: Link }): VNode {
  const { store } = link;
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [answers, setAnswers] = useState(() => read(link));
  const [pointed, setPointed] = useState<number | null>(null);
  const [met, setMet] = useState<number | null>(null);
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
    turn: (axis, amount) => link.turn(axis, amount),
    compose: (pair) => link.compose(pair),
  }).current;
  useLayoutEffect(() => {
    const root = frame.current?.closest<HTMLElement>(".wb-symmetry");
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
  const sharing = sharingOf(answers.sharing);
  const meets = useMemo(() => {
    if (!sharing || met === null || state.pictures.count > CARDS) return NOBODY;
    const { on, off } = meeting(sharing, met, state.doc.weights ?? ON);
    return new Set([...on, ...off].map(({ diagram }) => diagram));
  }, [sharing, met, state.doc.weights]);
  const point = useRef((at: number | null) => setPointed(at)).current;
  const issues = state.message?.tone === "refusal" ? [{ message: state.message.text }, ...answers.issues] : answers.issues;
  const stale = (answers.numbers.revision ?? 0) < link.revision || state.doc.weights === null;
  const part = { state, acts, answers, sharing };
  return (
    <div class="wb-frame" ref={frame}>
      <Top {...part} />
      {issues.length > 0 && <div class="wb-issues" role="alert">{issues.map(({ message }) => <p key={message}>{message}</p>)}</div>}
      <div class="wb-main">
        {state.view === "diagrams" && (
          <div class="wb-three-parts">
            <Diagrams {...part} met={meets} onPoint={point} />
            <Matrix {...part} pointed={pointed} onMeet={setMet} />
            <Square {...part} />
          </div>
        )}
        {state.view === "compose" && <Compose {...part} />}
        {state.view === "check" && <Check {...part} />}
        {state.view === "code" && <CodePage {...part} />}
        {state.help && <Help bindings={BINDINGS} onClose={() => acts.dispatch({ type: "help", shown: false })} />}
      </div>
      <Bottom state={state} answers={answers} stale={stale} />
      <div class="wb-live" aria-live="polite" role="status">{state.message?.text ?? ""}</div>
    </div>
  );
}

/** Keys belong to a text field while one has the focus; arrows belong to buttons, tabs and sliders. */
function pressed(event: KeyboardEvent, root: HTMLElement, state: State, answers: Answers, acts: Acts): void {
  const target = event.composedPath()[0] as HTMLElement;
  if (target.matches("input, select, textarea")) return;
  const key = commandFor(BINDINGS, event);
  if (!key || (ELSEWHERE.has(key) && target.matches("button, [role=slider], [role=img]"))) return;
  const press = (label: string) => [...root.querySelectorAll<HTMLElement>("button")].find((each) => (each.getAttribute("aria-label") ?? each.textContent) === label)?.click();
  const { square, about } = answers;
  switch (key) {
    case "undo": case "redo": case "random": case "identity": case "another": acts.wish(key); break;
    case "step": if (about.generators?.length) acts.wish("step", 0); break;
    case "back": if (about.generators?.length) acts.wish("step", -1); break;
    case "turn": case "turnBack": {
      const axis = about.axes?.[square.axis ?? 0];
      if (axis) acts.turn(square.axis ?? 0, Math.max(-axis.most, Math.min(axis.most, (square.amount ?? 0) + (key === "turn" ? 1 : -1) * (axis.most / 36))));
      break;
    }
    case "input": {
      const kinds = square.inputs ?? [];
      const next = kinds[(kinds.indexOf(square.kind ?? "") + 1) % Math.max(1, kinds.length)];
      if (next && kinds.length > 1) acts.wish("input", next);
      break;
    }
    case "break": press(state.doc.broken ? "repair" : "break an entry"); break;
    case "copy": press("copy the layer as code"); break;
    default: {
      const command = act(key, state, event.repeat);
      if (command) acts.dispatch(command);
    }
  }
  event.preventDefault();
}

interface TopProps {
  readonly state: State;
  readonly acts: Acts;
  readonly answers: Answers;
}

function Top({ state, acts, answers }: TopProps): VNode {
  const { doc, kinds } = state;
  const kind = kinds.find(({ key }) => key === doc.family);
  const walled = answers.about.walled ?? false;
  const power = (side: "source" | "target", label: string) => {
    const flags = doc[side];
    return (
      <label class="wb-choice">
        <span>{label}</span>
        {flags ? (
          <Pick
            label={label === "from" ? "from which power of V" : "to which power of V"}
            value={flags.join()}
            choices={powersOf(walled, flags).map((each) => [each.join(), powerName(each)] as const)}
            onPick={(value) => acts.dispatch({ type: "power", side, flags: value === "" ? [] : value.split(",").map(Number) })}
          />
        ) : <b class="wb-fixed-n">{kind?.between?.[side === "source" ? 0 : 1] ?? ""}</b>}
      </label>
    );
  };
  return (
    <Bar label="symmetry lab">
      <label class="wb-choice wb-group">
        <span>group</span>
        <Pick label="group" value={doc.family} choices={kinds.map(({ key, title, words }) => [key, title.length > 12 ? title : `${title} · ${words}`] as const)} onPick={(family) => acts.dispatch({ type: "group", family })} />
      </label>
      <label class="wb-choice">
        <span>n</span>
        {kind?.fixed ? <b class="wb-fixed-n">{answers.about.n ?? doc.n}</b> : <Field label="n, the dimension of V" value={String(doc.n)} numeric step={kind?.step ?? 1} onCommit={(text) => acts.dispatch({ type: "n", n: Number(text) })} />}
      </label>
      {power("source", "from")}
      {power("target", "to")}
      <label class="wb-choice wb-channels">
        <span>channels</span>
        <Field label="channels in" value={String(doc.channels[0])} numeric onCommit={(text) => acts.dispatch({ type: "channels", at: 0, value: Number(text) })} />
        <span>→</span>
        <Field label="channels out" value={String(doc.channels[1])} numeric onCommit={(text) => acts.dispatch({ type: "channels", at: 1, value: Number(text) })} />
      </label>
      <span class="wb-space" />
      <Button label="undo" title="undo (u)" quiet disabled={!answers.trail.undo} onPress={() => acts.wish("undo")}>↶</Button>
      <Button label="redo" title="redo (U)" quiet disabled={!answers.trail.redo} onPress={() => acts.wish("redo")}>↷</Button>
      <Button label="keys" title="keys (?)" quiet pressed={state.help} onPress={() => acts.dispatch({ type: "help", shown: !state.help })}>?</Button>
      <Tabs label="page" choices={VIEWS} chosen={state.view} onChoose={(view) => acts.dispatch({ type: "view", view: view as View })} />
    </Bar>
  );
}

function CodePage({ acts, answers }: TopProps): VNode {
  return (
    <section class="wb-part wb-code-page" aria-label="code">
      <h4>The layer as code<span class="wb-note">with the weights on the first page</span></h4>
      <Code text={answers.code} label="the layer as code" onCopied={(text) => acts.dispatch({ type: "say", text, tone: "info" })} />
      <p class="wb-soft">In this notebook the same is at hand as <code>lab.hom</code>, <code>lab.weights</code>, <code>lab.combination</code> and <code>lab.layer()</code>; set them, and this page follows.</p>
    </section>
  );
}

function Bottom({ state, answers, stale }: { state: State; answers: Answers; stale: boolean }): VNode {
  const { numbers } = answers;
  const on = state.doc.weights?.size ?? 0;
  const { dimension, rank } = numbers;
  const spans = numbers.spanning !== dimension ? `spanned by ${plural(numbers.spanning ?? 0, answers.about.noun ?? "diagram")}` : "";
  return (
    <Footer>
      <Figure label="dimension" value={count(dimension)} note={spans} />
      <Figure label="learnable here" value={count(on)} />
      <Figure label="equivariance error" value={scientific(numbers.error)} stale={stale} />
      <Figure label="complete" value={`${rank === null ? "?" : count(rank)} of ${count(dimension)}`} stale={stale} />
      <span class="wb-space" />
      <span class="wb-state" data-state={stale || numbers.error === null ? "working" : "shown"}>
        {state.message?.tone === "info" ? state.message.text : `dense ${count(numbers.dense)} weights → ${count(numbers.ours)}${numbers.seconds == null ? "" : ` · ${duration(numbers.seconds)}`}`}
      </span>
    </Footer>
  );
}
