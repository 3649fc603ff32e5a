/** Singular values of every bond's unfolding, the cut of each rank on them; and the error after every sweep. */
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { invert, place } from "../shared/axes";
import { Chart, lineThrough, pointOn, type Plot } from "../shared/chart";
import { percent, percentTick } from "../shared/format";
import type { Acts } from "./app";
import { formIn, type State } from "./reducer";
import type { Numbers } from "./sync";

type Curve = readonly (readonly [number, number])[];

interface SpectraProps {
  readonly state: State;
  readonly acts: Acts;
  readonly curves: readonly Curve[];
}

export function Spectra({ state, acts, curves }: SpectraProps): VNode {
  const dragging = useRef(false);
  const form = formIn(state);
  const ranks = state.doc.ranks;
  if (!form || !curves.length || ranks.length !== form.ranks.length) return <p class="wb-soft wb-wait">The spectra appear here once the data are read.</p>;
  const chosen = curves[state.rank]?.length ? state.rank : curves.findIndex((curve) => curve.length > 0);
  const longest = Math.max(...curves.map((curve) => curve.at(-1)?.[0] ?? 1), ...ranks.filter((_, k) => curves[k]?.length));
  const values = curves.flatMap((curve) => curve.map(([, value]) => value)).filter((value) => value > 0);
  const low = Math.max(Math.min(...values), Math.max(...values) * 1e-5);
  const cutAt = (plot: Plot, x: number) => Math.max(1, Math.round(invert(plot.x, x) - (plot.x.kind === "linear" ? 0.5 : 0)));
  const drag = (plot: Plot, event: PointerEvent, begins: boolean) =>
    acts.dispatch({ type: "rank", at: chosen, value: Math.min(form.ranks[chosen]?.most ?? 1, cutAt(plot, pointOn(event as never).x)), begins });
  const wide = longest > 12;
  return (
    <div>
      <div class="wb-legend" role="group" aria-label="bonds">
        {form.ranks.map((rank, at) => curves[at]?.length ? (
          <button key={rank.index} type="button" class="wb-key" aria-pressed={at === chosen} onClick={() => acts.dispatch({ type: "choose", at })}>
            {rank.title} <b>{ranks[at]}</b>
          </button>
        ) : null)}
      </div>
      <Chart
        class="wb-spectra"
        label={`singular values; the cut of ${form.ranks[chosen]?.title} at ${ranks[chosen]}`}
        x={{ kind: wide ? "log" : "linear", domain: wide ? [1, longest * 1.1] : [0.5, Math.max(2, longest) + 0.8], title: "k-th singular value →", format: (value) => (Number.isInteger(value) ? String(value) : "") }}
        y={{ kind: "log", domain: [low / 1.2, Math.max(...values) * 1.3], title: "share of the norm", format: percentTick }}
        height={234}
        on={(plot) => ({
          onPointerDown: (event: PointerEvent) => {
            if (event.button !== 0) return;
            dragging.current = true;
            (event.currentTarget as Element).setPointerCapture?.(event.pointerId);
            drag(plot, event, true);
          },
          onPointerMove: (event: PointerEvent) => {
            if (dragging.current) drag(plot, event, false);
          },
          onPointerUp: () => (dragging.current = false),
          onPointerCancel: () => (dragging.current = false),
        })}
      >
        {(plot) => (
          <g aria-hidden="true">
            {curves.map((curve, at) => at !== chosen && curve.length > 0 && <Spectrum key={at} plot={plot} curve={curve} cut={ranks[at] as number} />)}
            <Spectrum plot={plot} curve={curves[chosen] ?? []} cut={ranks[chosen] as number} chosen />
          </g>
        )}
      </Chart>
    </div>
  );
}

function Spectrum({ plot, curve, cut, chosen }: { plot: Plot; curve: Curve; cut: number; chosen?: boolean }): VNode {
  const [bottom, top] = plot.y.range;
  const shown = curve.filter(([, value]) => place(plot.y, value) <= bottom);
  const kept = shown.filter(([k]) => k <= cut);
  const points = (from: Curve) => from.map(([k, value]) => [plot.px(k), plot.py(value)] as const);
  // The cut stands between the last value kept and the first left out.
  const x = plot.x.kind === "linear" ? plot.px(cut + 0.5) : (plot.px(cut) + plot.px(cut + 1)) / 2;
  const dots = shown.length <= 24;
  return (
    <g class={chosen ? "wb-one" : "wb-rest"}>
      {chosen && kept.length > 0 && <path class="wb-kept" d={`${lineThrough(points(kept))}L${plot.px(kept.at(-1)?.[0] ?? 1)} ${bottom}L${plot.px(1)} ${bottom}Z`} />}
      <path class={`wb-curve${chosen ? "" : " wb-other"}`} d={lineThrough(points(shown))} />
      {dots && points(shown).map(([cx, cy], k) => <circle key={k} class="wb-point" cx={cx} cy={cy} r={chosen ? 2.6 : 1.8} />)}
      {chosen ? (
        <g class="wb-cut">
          <rect x={x - 7} y={top} width={14} height={bottom - top} />
          <line x1={x} x2={x} y1={top} y2={bottom} />
          <circle cx={x} cy={top + 6} r={4} />
        </g>
      ) : <line class="wb-tick" x1={x} x2={x} y1={bottom} y2={bottom - 7} />}
    </g>
  );
}

/** Errors below are rounding. */
const NOTHING = 1e-6;

/** The error after every sweep of the fit. */
export function Sweeps({ numbers }: { numbers: Partial<Numbers> }): VNode {
  const history = numbers.history ?? [];
  if (!history.length) {
    return <p class="wb-soft wb-wait">{numbers.state === "unfittable" ? "There is no fit." : "The error after every sweep appears here as the fit goes on."}</p>;
  }
  if (Math.max(...history) < NOTHING) return <p class="wb-soft wb-wait">Nothing is lost: this network is exact.</p>;
  // The first steps down are long; what comes after them is what one wants to see.
  const settled = history.length > 8 ? history.slice(2) : history;
  const [low, high] = [Math.min(...settled), Math.max(...settled)];
  const log = low > 0 && high / low > 20;
  const room = log ? 1 : Math.max((high - low) * 0.08, high * 0.004, 1e-9);
  const end = history.at(-1) as number;
  const first = history.length === 1;
  return (
    <Chart
      label={`error after each of ${history.length} sweeps, from ${percent(history[0])} to ${percent(end)}`}
      x={{ kind: "linear", domain: [1, Math.max(2, history.length)], title: "sweep →", format: (value) => (Number.isInteger(value) ? String(value) : "") }}
      y={{ kind: log ? "log" : "linear", domain: log ? [low / 1.3, high * 1.3] : [low - room, high + room], title: "error", format: (value) => percent(Math.max(0, value)) }}
      height={262}
    >
      {({ px, py }) => (
        <g aria-hidden="true">
          <path class="wb-curve" d={lineThrough(history.map((error, k) => [px(k + 1), py(error)]))} />
          {history.length <= 40 && history.map((error, k) => <circle key={k} class="wb-point" cx={px(k + 1)} cy={py(error)} r={2.6} />)}
          <text class={`wb-value${first ? "" : " wb-end"}`} x={px(history.length) + (first ? 10 : 0)} y={py(end) - 9}>
            {first && numbers.state !== "fitting" ? `${percent(end)}: a closed form, nothing to sweep` : percent(end)}
          </text>
        </g>
      )}
    </Chart>
  );
}
