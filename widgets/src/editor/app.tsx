/** The widget as a whole: bar, view, panel, footer, and the keys that reach all of them. */
import type { VNode } from "preact";
import { useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { Bar, Button, Menu, Tabs } from "../shared/bar";
import { bytes, compression, count, duration, percent, prefixed } from "../shared/format";
import { Figure, Footer } from "../shared/footer";
import { commandFor, Help } from "../shared/keys";
import type { Model } from "../shared/model";
import { Programs } from "./code";
import { FAMILIES } from "./families";
import { act, BINDINGS, PICTURE_ONLY } from "./keyboard";
import { ARRANGEMENTS, type Arrangement } from "./layout";
import { dense, parameters } from "../shared/network";
import { Panel } from "./panel";
import { docOf, template, type Command, type State, type Tool, type View } from "./reducer";
import type { Link, Numbers, Traits } from "./sync";
import { Tables } from "./table";
import { Picture, sceneOf } from "./view";
import type { Size } from "./camera";

const TOOLS: readonly (readonly [Tool, string, string])[] = [
  ["select", "Select", "move, select, zoom (s)"], ["tensor", "Tensor", "click where it should go (t adds one)"],
  ["bond", "Bond", "drag from disc to disc (b)"], ["leg", "Leg", "click a disc (l)"],
];

const VIEWS: readonly { value: View; title: string }[] = [
  { value: "picture", title: "Picture" }, { value: "table", title: "Table" }, { value: "code", title: "Code" },
];

/** Everything that comes from Python and never goes back. */
interface Answers {
  readonly issues: Traits["issues"];
  readonly numbers: Traits["numbers"];
  readonly code: Traits["code"];
  readonly preview: Traits["preview"];
  readonly shape: Traits["shape"];
}

function read(model: Model<Traits>): Answers {
  return {
    issues: model.get("issues") ?? [],
    numbers: model.get("numbers") ?? {},
    code: model.get("code") ?? {},
    preview: model.get("preview") ?? {},
    shape: model.get("shape") ?? [],
  };
}

export function App({ link, model }: { link: Link; model: Model<Traits> }): VNode {
  const { store } = link;
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [answers, setAnswers] = useState(() => read(model));
  const [size, setSize] = useState<Size>({ width: 820, height: 400 });
  const body = useRef<HTMLDivElement>(null);
  const drawn = store.state;
  useLayoutEffect(() => {
    // The picture's own effects ran before this one and may have moved the camera already.
    if (store.state !== drawn) redraw(0);
    return store.subscribe(() => redraw(0));
  }, [store]);
  useLayoutEffect(() => {
    for (const trait of ["issues", "numbers", "code", "preview", "shape"] as const) link.listen(trait, () => setAnswers(read(model)));
  }, [link, model]);
  const { state, dispatch } = store;
  const resize = useRef((next: Size) => setSize((old) => (old.width === next.width && old.height === next.height ? old : next)));
  useLayoutEffect(() => body.current?.closest(".wb-editor")?.setAttribute("data-view", state.view), [state.view]);
  useLayoutEffect(() => {
    const root = body.current?.closest<HTMLElement>(".wb-editor");
    const onKeyDown = (event: KeyboardEvent) => pressed(event, store.state, size, dispatch);
    root?.addEventListener("keydown", onKeyDown);
    return () => root?.removeEventListener("keydown", onKeyDown);
  }, [store, size]);
  return (
    <div class="wb-frame" ref={body}>
      <Top state={state} dispatch={dispatch} shape={answers.shape} />
      <div class="wb-main">
        {state.view === "picture" && <Picture state={state} dispatch={dispatch} shape={answers.shape} issues={answers.issues} size={size} onSize={resize.current} />}
        {state.view === "table" && <Tables state={state} dispatch={dispatch} />}
        {state.view === "code" && <Programs code={answers.code} onCopied={(text) => dispatch({ type: "say", text, tone: "info" })} />}
        <Panel state={state} dispatch={dispatch} {...answers} />
        {state.help && <Help bindings={BINDINGS} onClose={() => dispatch({ type: "help", shown: false })} />}
      </div>
      <Bottom state={state} numbers={answers.numbers} stale={(answers.numbers.revision ?? 0) < link.revision} />
      <div class="wb-live" aria-live="polite" role="status">{state.message?.text ?? ""}</div>
    </div>
  );
}

/** Keys belong to a text field while one has the focus; arrows and Enter belong to buttons outside the picture. */
function pressed(event: KeyboardEvent, state: State, size: Size, dispatch: (command: Command) => void): void {
  const target = event.composedPath()[0] as HTMLElement;
  if (target.matches("input, select, textarea") && event.key !== "Escape") return;
  const key = commandFor(BINDINGS, event);
  if (!key) return;
  const onPicture = target.closest(".wb-canvas") !== null || target.classList.contains("wb-editor");
  if (PICTURE_ONLY.has(key) && (!onPicture || state.view !== "picture")) return;
  const command = act(key, state, sceneOf(state), { x: size.width / 2, y: size.height / 2 });
  if (command) dispatch(command);
  event.preventDefault();
}

function Top({ state, dispatch, shape }: { state: State; dispatch: (command: Command) => void; shape: readonly number[] }): VNode {
  const { network } = docOf(state);
  const setTool = (tool: Tool) => {
    if (state.view !== "picture") dispatch({ type: "view", view: "picture" });
    dispatch({ type: "tool", tool });
  };
  return (
    <Bar label="network editor">
      {TOOLS.map(([tool, title, hint]) => (
        <Button key={tool} label={title} title={hint} pressed={state.tool === tool} onPress={() => setTool(tool)} />
      ))}
      <Menu
        label="Template"
        choices={[...FAMILIES].map(([value, { title }]) => ({ value, title }))}
        onChoose={(family) => dispatch(template(network, family, shape))}
      />
      <Menu
        label="Layout"
        choices={Object.entries(ARRANGEMENTS).map(([value, title]) => ({ value, title }))}
        onChoose={(value) => dispatch({ type: "arrange", arrangement: value as Arrangement })}
      />
      <span class="wb-space" />
      <Button label="undo" title="undo (u)" quiet disabled={!state.history.past.length} onPress={() => dispatch({ type: "undo" })}>↶</Button>
      <Button label="redo" title="redo (U)" quiet disabled={!state.history.future.length} onPress={() => dispatch({ type: "redo" })}>↷</Button>
      <Button label="fit the picture into the canvas" title="fit (0)" quiet onPress={() => dispatch({ type: "fit" })}>⤢</Button>
      <Button label="keys" title="keys (?)" quiet pressed={state.help} onPress={() => dispatch({ type: "help", shown: !state.help })}>?</Button>
      <Tabs label="view" choices={VIEWS} chosen={state.view} onChoose={(view) => dispatch({ type: "view", view: view as View })} />
    </Bar>
  );
}

function Bottom({ state, numbers, stale }: { state: State; numbers: Partial<Numbers>; stale: boolean }): VNode {
  const { network } = docOf(state);
  const [size, full] = [parameters(network), dense(network)];
  return (
    <Footer>
      {numbers.error != null && <Figure label="error" value={percent(numbers.error)} stale={stale} />}
      <Figure label="parameters" value={count(size)} note={network.legs.length ? compression(full, size) : ""} />
      {numbers.flops != null && <Figure label="flops" value={prefixed(numbers.flops)} stale={stale} />}
      {numbers.peak_bytes != null && <Figure label="peak" value={bytes(numbers.peak_bytes)} stale={stale} />}
      <span class="wb-space" />
      <span class={`wb-state wb-${numbers.state ?? "idle"}`} data-state={numbers.state ?? "idle"}>{standing(numbers)}</span>
    </Footer>
  );
}

function standing(numbers: Partial<Numbers>): string {
  if (numbers.state === "fitting") return "fitting…";
  if (numbers.state === "unfittable") return numbers.message || "cannot be fitted";
  if (numbers.state === "fitted") return numbers.message || `refitted in ${duration(numbers.seconds)}`;
  return numbers.message ?? "";
}
