/** The two charts: every structure by parameters and error, and the best value so far. */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Chart, pointOn, type Plot } from "../shared/chart";
import { count, prefixed, scientific } from "../shared/format";
import { Code } from "../shared/panel";
import type { PartProps } from "./app";
import { circles, drawn, errorOf, errorTick, history, measured, nearest, spelled, span, steps, type Measured, type Trial } from "./trials";

const HEIGHT = 300;

export function Board(props: PartProps): VNode {
  const { answers, found } = props;
  const { numbers } = answers;
  if (!found.trials.length) return <p class="wb-soft wb-empty-board">{numbers.state === "running" ? "The first structures are being evaluated…" : "Nothing was evaluated."}</p>;
  if (!measured(found.trials).length)
    return <p class="wb-soft wb-empty-board">{`None of ${count(found.trials.length)} evaluations succeeded: see what went wrong in the panel.`}</p>;
  return (
    <div class="wb-board">
      <div class="wb-charts">
        <section aria-label="structures"><Structures {...props} /></section>
        <section aria-label="best so far"><Best {...props} /></section>
      </div>
      <Python {...props} />
    </div>
  );
}

function Structures({ state, acts, answers, found }: PartProps): VNode {
  const [over, setOver] = useState<Measured | null>(null);
  const { about, tried } = answers;
  const all = useMemo(() => measured(found.trials), [found.trials]);
  const { x, y } = useMemo(() => ({
    x: span(all.map((trial) => trial.parameters), 1.12, [1, 10]),
    y: span(all.map(drawn), 1.35, [0.01, 1]),
  }), [all]);
  const whole = useMemo(() => all.filter((trial) => !trial.early), [all]);
  const early = useMemo(() => all.filter((trial) => trial.early === "ended"), [all]);
  const out = useMemo(() => all.filter((trial) => trial.early === "ruled out"), [all]);
  const walk = (event: KeyboardEvent) => {
    if (event.key !== "Home" && event.key !== "End") return;
    const trial = event.key === "Home" ? found.front[0] : found.front.at(-1);
    if (trial) acts.dispatch({ type: "choose", chosen: trial.number });
    event.preventDefault();
    event.stopPropagation();
  };
  const pick = (trial: Measured | null) => trial && acts.dispatch({ type: "choose", chosen: trial.number === answers.numbers.best ? null : trial.number });
  const under = (plot: Plot, event: MouseEvent) => nearest(all, found.front, plot, pointOn(event as never));
  const exact = all.some((trial) => trial.error < drawn(trial));
  return (
    <div>
      <div class="wb-head">
        <h4>Structures</h4>
        <Legend early={early.length > 0} out={out.length > 0} />
      </div>
      <Chart
        class="wb-structures"
        label={`${about.fits === false ? "loss" : "error"} against parameters of ${all.length} structures, ${found.front.length} of them on the front; left and right walk along it`}
        x={{ kind: "log", domain: x, title: "parameters →", format: (value) => prefixed(value) }}
        y={{ kind: "log", domain: y, title: `${about.fits === false ? "√loss" : "error"}${exact ? ", 10⁻⁹ and below as 10⁻⁹" : ""}`, format: errorTick }}
        height={HEIGHT}
        on={(plot) => ({
          tabindex: 0,
          onKeyDown: walk,
          onPointerMove: (event: PointerEvent) => setOver(under(plot, event)),
          onPointerLeave: () => setOver(null),
          onClick: (event: MouseEvent) => pick(under(plot, event)),
          "data-over": over ? "point" : undefined,
        })}
      >
        {(plot) => (
          <g>
            {(tried.parameters ?? []).map((size) => <path key={size} class="wb-trying" d={`M${plot.px(size).toFixed(1)} ${plot.y.range[0]}v-9`} />)}
            <path class="wb-out" d={circles(spots(plot, out), 1.3)} />
            <path class="wb-early" d={circles(spots(plot, early), 2.6)} />
            <path class="wb-whole" d={circles(spots(plot, whole), 2.6)} />
            <path class="wb-curve" d={steps(spots(plot, found.front))} />
            <path class="wb-on-front" d={circles(spots(plot, found.front), 3.4)} />
            <Here plot={plot} trial={found.best} name="wb-best" />
            {state.chosen !== null && <Here plot={plot} trial={found.shown} name="wb-this" />}
            {over && <Over plot={plot} trial={over} />}
          </g>
        )}
      </Chart>
    </div>
  );
}

function spots(plot: Plot, trials: readonly Measured[]): [number, number][] {
  return trials.map((trial) => [plot.px(trial.parameters), plot.py(drawn(trial))]);
}

function Legend({ early, out }: { early: boolean; out: boolean }): VNode {
  return (
    <span class="wb-legend" aria-hidden="true">
      <span class="wb-key wb-key-best">best</span>
      <span class="wb-key wb-key-front">front</span>
      <span class="wb-key wb-key-whole">evaluated</span>
      {early && <span class="wb-key wb-key-early" title="its evaluation was ended as it would not have become better than the best: this is how far it came">ended early</span>}
      {out && <span class="wb-key wb-key-out" title="not fitted: its narrowest cut alone leaves out so much that it could not be better than the best">ruled out</span>}
    </span>
  );
}

function Here({ plot, trial, name }: { plot: Plot; trial: Trial | undefined; name: string }): VNode | null {
  if (!trial || trial.error === null) return null;
  return (
    <g class={`wb-here ${name}`} data-number={trial.number} transform={`translate(${plot.px(trial.parameters).toFixed(1)} ${plot.py(drawn(trial as Measured)).toFixed(1)})`}>
      <circle class="wb-halo" r={9} />
      {name === "wb-best" ? <path d="M0 -7L1.9 -2.3L7 -2L3 1.2L4.4 6.2L0 3.4L-4.4 6.2L-3 1.2L-7 -2L-1.9 -2.3Z" /> : <circle r={5} />}
    </g>
  );
}

function Over({ plot, trial }: { plot: Plot; trial: Measured }): VNode {
  const [x, y] = [plot.px(trial.parameters), plot.py(drawn(trial))];
  const end = x > (plot.x.range[0] + plot.x.range[1]) / 2;
  const up = y > (plot.y.range[0] + plot.y.range[1]) / 2;
  const lines = [...wrapped(spelled(trial.key)), `${count(trial.parameters)} parameters, error ${errorOf(trial)}`];
  const first = up ? y - 10 - 14 * (lines.length - 1) : y + 20;
  return (
    <g class="wb-over" aria-hidden="true">
      <circle cx={x} cy={y} r={5} />
      {lines.map((line, k) => <text key={k} class={end ? "wb-end" : ""} x={x + (end ? -10 : 10)} y={first + 14 * k}>{line}</text>)}
    </g>
  );
}

/** Bonds in lines of at most so many letters. */
function wrapped(text: string, most = 30): string[] {
  const lines: string[] = [];
  for (const bond of text.split(", ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + bond.length + 2 <= most) lines[lines.length - 1] = `${line}, ${bond}`;
    else lines.push(bond);
  }
  return lines.length > 6 ? [...lines.slice(0, 5), "…"] : lines;
}

function Best({ answers, found, state, acts }: PartProps): VNode {
  const { about, numbers } = answers;
  const curve = useMemo(() => history(found.trials), [found.trials]);
  const total = Math.max(2, found.trials.length);
  const values = curve.map(([, value]) => value);
  const log = values.every((value) => value > 0);
  const y = log ? span(values, 1.15, [0.1, 1]) : ([Math.min(...values), Math.max(...values)] as [number, number]);
  const jump = (number: number) => acts.dispatch({ type: "choose", chosen: number === numbers.best ? null : number });
  return (
    <div>
      <div class="wb-head"><h4>Best so far</h4><span class="wb-legend">{objectiveOf(about.objective)}</span></div>
      {!curve.length ? <p class="wb-soft wb-wait">No structure keeps to the limit yet ({about.objective}).</p> : (
        <Chart
          class="wb-best-so-far"
          label={`the best value after every evaluation, from ${scientific(values[0])} to ${scientific(values.at(-1))}`}
          x={{ kind: "linear", domain: [1, total], title: "structures evaluated →", format: count }}
          y={{ kind: log ? "log" : "linear", domain: y, title: about.kind === "compression" ? "objective" : about.kind === "error" && about.fits === false ? "√loss" : (about.kind ?? "value"), format: about.kind === "error" ? errorTick : (value) => String(Number(value.toPrecision(3))) }}
          height={HEIGHT}
        >
          {(plot) => (
            <g>
              <path class="wb-curve" d={steps(curve.map(([at, value]) => [plot.px(at), plot.py(value)]))} />
              {curve.slice(0, curve.length > 1 && curve.at(-1)?.[1] === curve.at(-2)?.[1] ? -1 : undefined).map(([at, value]) => (
                <circle
                  key={at}
                  class={`wb-jump${state.chosen === at - 1 ? " wb-chosen" : ""}`}
                  cx={plot.px(at)}
                  cy={plot.py(value)}
                  r={3.2}
                  onClick={() => jump(at - 1)}
                >
                  <title>{`number ${at - 1}: ${scientific(value)}`}</title>
                </circle>
              ))}
            </g>
          )}
        </Chart>
      )}
    </div>
  );
}

/** "compression + 200 rse" in the words of a formula. */
export function objectiveOf(objective: string | undefined): string {
  return (objective ?? "").replace(/^compression \+ (\S+) rse$/, "parameters / entries + $1 · error²");
}

/** The structure that is drawn, for whoever goes on with it. */
function Python({ acts, answers: { code } }: PartProps): VNode | null {
  if (!code.network) return null;
  const say = (text: string) => acts.dispatch({ type: "say", tone: "info", text });
  return (
    <section class="wb-python" aria-label="the structure in Python">
      <Code text={code.network} label="the structure by itself" onCopied={say} />
      <Code text={`${code.editor ?? ""}   # in the editor`} label="the line for the editor" onCopied={say} />
      {code.layer && <Code text={`${code.layer}   # as a layer`} label="the line for a layer" onCopied={say} />}
    </section>
  );
}
