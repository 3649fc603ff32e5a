/** Error against parameters: the fronts of all formats, where we stand, and the way to any of their points. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { place } from "../shared/axes";
import { Chart, lineThrough, pointOn, type Plot } from "../shared/chart";
import { count, percent, percentTick, prefixed } from "../shared/format";
import { stepped } from "../shared/slider";
import type { PartProps } from "./board";
import { titleOf } from "./app";
import { parametersOf, spelled, type Form } from "./forms";
import { domains, nearest, next, type Fronts, type Spot } from "./fronts";
import { formIn } from "./reducer";

export function Landscape({ state, acts, answers }: PartProps): VNode {
  const [over, setOver] = useState<Spot | null>(null);
  const { fronts, numbers } = answers;
  const { format, ranks } = state.doc;
  const front = fronts[format];
  const parameters = parametersOf(formIn(state), ranks);
  const error = numbers.error ?? null;
  const here = parameters !== null && error !== null ? ([parameters, error] as const) : null;
  const { x, y } = domains(fronts, numbers.dense ?? 1, here);
  const go = (spot: Spot | null) => spot && acts.dispatch({ type: "go", doc: { format: spot.format, ranks: spot.point[2] } });
  const walk = (event: KeyboardEvent) => {
    const way = stepped(event, 50, 100);
    if (way === null || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    const ends = { Home: front?.points[0], End: front?.points.at(-1) } as Record<string, Spot["point"] | undefined>;
    const point = event.key in ends ? ends[event.key] : next(front, parameters, way > 50 ? 1 : -1);
    if (point) acts.dispatch({ type: "go", doc: { format, ranks: point[2] }, burst: event.repeat });
  };
  return (
    <div>
      <div class="wb-head">
        <h4>Landscape<span class="wb-note">{front ? `${front.exact ? "every core shape's closed form" : front.done ? "searched" : "searching…"}` : "not there yet"}</span></h4>
      </div>
      {front?.done && !Object.values(fronts).some(({ points }) => points.some(([, e]) => e > 1e-6)) ? (
        <p class="wb-soft wb-wait">Nothing is lost: all choices are exact.</p>
      ) : <Chart
        class="wb-landscape"
        label={`error against parameters; the front of ${titleOf(state, format)}, ${front?.points.length ?? 0} points; left and right walk along it`}
        x={{ kind: "log", domain: x, title: "parameters →", format: (value) => prefixed(value) }}
        y={{ kind: "log", domain: y, title: "error", format: percentTick }}
        height={262}
        on={(plot) => ({
          tabindex: 0,
          onKeyDown: walk,
          onPointerMove: (event: PointerEvent) => setOver(nearest(fronts, format, plot, pointOn(event as never))),
          onPointerLeave: () => setOver(null),
          onClick: (event: MouseEvent) => go(nearest(fronts, format, plot, pointOn(event as never))),
          "data-over": over ? "point" : undefined,
        })}
      >
        {(plot) => (
          <g>
            <Budgets plot={plot} budget={state.budget} />
            {Object.entries(fronts).map(([key, each]) => key !== format && (
              <path key={key} class="wb-curve wb-other" stroke-dasharray={dash(state.forms, key)} d={lineThrough(each.points.filter(([, e]) => e > 1e-6).map(([p, e]) => [plot.px(p), plot.py(e)]))} />
            ))}
            {front && <path class="wb-curve" d={lineThrough(front.points.filter(([, e]) => e > 1e-6).map(([p, e]) => [plot.px(p), plot.py(e)]))} />}
            {front?.points.filter(([, e]) => e > 1e-6).map((point) => <circle key={point[0]} class="wb-point" cx={plot.px(point[0])} cy={plot.py(point[1])} r={1.8} />)}
            <Names plot={plot} forms={state.forms} fronts={fronts} format={format} onChoose={(key) => acts.dispatch({ type: "format", key })} />
            {here && (
              <g class={`wb-here${numbers.source === "fit" ? " wb-sure" : ""}`} transform={`translate(${plot.px(here[0])} ${plot.py(here[1])})`}>
                <circle class="wb-halo" r={9} />
                <circle r={5} />
              </g>
            )}
            {over && <Over plot={plot} spot={over} title={over.format === format ? "" : `${titleOf(state, over.format)} `} />}
          </g>
        )}
      </Chart>}
    </div>
  );
}

/** What the lines are; a name is a way to that format, as the bar's button is. */
function Names({ plot, forms, fronts, format, onChoose }: { plot: Plot; forms: readonly Form[]; fronts: Fronts; format: string; onChoose: (key: string) => void }): VNode {
  // Curves fall from the upper left to the lower right: the lower left is free.
  const left = plot.x.range[0];
  const shown = forms.filter(({ key }) => fronts[key]);
  const top = plot.y.range[0] - 6 - 15 * shown.length;
  return (
    <g aria-hidden="true">
      {shown.map(({ key, title }, k) => (
        <g key={key} class={`wb-name${key === format ? " wb-chosen" : ""}`} onClick={() => onChoose(key)}>
          <text x={left + 39} y={top + 12 + 15 * k}>{title}</text>
          <path class={`wb-curve${key === format ? "" : " wb-other"}`} stroke-dasharray={key === format ? undefined : dash(forms, key)} d={`M${left + 9} ${top + 8 + 15 * k}h24`} />
        </g>
      ))}
    </g>
  );
}

/** Formats are told apart by their dashes: colour is never the only mark. */
function dash(forms: readonly Form[], key: string): string {
  return ["7 3", "1 3", "", "9 3 2 3", "4 3", "2 2"][forms.findIndex((form) => form.key === key) % 6] ?? "";
}

function Budgets({ plot, budget }: { plot: Plot; budget: { readonly parameters?: number; readonly error?: number } }): VNode {
  const [left, right] = plot.x.range;
  const [bottom, top] = plot.y.range;
  const inside = (value: number, [a, b]: readonly [number, number]) => value >= Math.min(a, b) && value <= Math.max(a, b);
  const at = budget.parameters === undefined ? NaN : place(plot.x, budget.parameters);
  const level = budget.error === undefined ? NaN : place(plot.y, budget.error);
  return (
    <g class="wb-budget" aria-hidden="true">
      {inside(at, plot.x.range) && <line x1={at} x2={at} y1={top} y2={bottom} />}
      {inside(level, plot.y.range) && <line x1={left} x2={right} y1={level} y2={level} />}
    </g>
  );
}

function Over({ plot, spot, title }: { plot: Plot; spot: Spot; title: string }): VNode {
  const [parameters, error, ranks] = spot.point;
  const [x, y] = [plot.px(parameters), plot.py(error)];
  const end = plot.x.range[1] - x < 150;
  const lines = [`${title}${spelled(ranks)}`, `${percent(error)}, ${count(parameters)} parameters`];
  const up = y > (plot.y.range[0] + plot.y.range[1]) / 2;
  return (
    <g class="wb-over" aria-hidden="true">
      <circle cx={x} cy={y} r={5} />
      {lines.map((line, k) => (
        <text key={k} class={end ? "wb-end" : ""} x={x + (end ? -10 : 10)} y={y + (up ? -22 : 20) + 14 * k}>{line}</text>
      ))}
    </g>
  );
}
