/** What is lost, to the eye: the data, the fit and the difference; below them the landscape and the spectra. */
import type { VNode } from "preact";
import { Tabs } from "../shared/bar";
import { Chart, lineThrough } from "../shared/chart";
import { plural } from "../shared/format";
import { Pick } from "../shared/panel";
import { Slider } from "../shared/slider";
import type { Acts, Answers } from "./app";
import { titleOf } from "./app";
import { spelled } from "./forms";
import { Landscape } from "./landscape";
import { formIn, type State } from "./reducer";
import { Spectra, Sweeps } from "./spectra";
import type { Look } from "./sync";

export interface PartProps {
  readonly state: State;
  readonly acts: Acts;
  readonly answers: Answers;
}

export function Board({ state, acts, answers }: PartProps): VNode {
  const spectra = answers.spectra[state.doc.format]?.some((curve) => curve.length > 0) ?? false;
  const cuts = formIn(state)?.ranks.some((rank) => rank.cuts) ?? false;
  const chart = cuts ? (state.chart ?? "spectra") : "sweeps";
  return (
    <div class="wb-board">
      <Pictures state={state} acts={acts} answers={answers} />
      <div class="wb-charts">
        <section aria-label="landscape">
          <Landscape state={state} acts={acts} answers={answers} />
        </section>
        <section aria-label={chart} data-chart={chart}>
          <div class="wb-head">
            {cuts ? (
              <Tabs
                label="chart"
                choices={[{ value: "spectra", title: "Bond spectra" }, { value: "sweeps", title: "Sweeps" }]}
                chosen={chart}
                onChoose={(value) => acts.dispatch({ type: "chart", chart: value as "spectra" | "sweeps" })}
              />
            ) : <h4>Sweeps<span class="wb-note">{sweepNote(answers)}</span></h4>}
          </div>
          {chart === "spectra"
            ? <Spectra state={state} acts={acts} curves={spectra ? (answers.spectra[state.doc.format] ?? []) : []} />
            : <Sweeps numbers={answers.numbers} />}
        </section>
      </div>
    </div>
  );
}

function sweepNote({ numbers }: Answers): string {
  const count = numbers.history?.length ?? 0;
  return count > 1 ? `error after each of ${plural(count, "sweep")}` : "";
}

const safe = (source: string | undefined) => (source?.startsWith("data:image/") ? source : undefined);

function Pictures({ state, acts, answers }: PartProps): VNode {
  const { picture, preview } = answers;
  const fit = `${titleOf(state, state.doc.format)}, ${spelled(state.doc.ranks)}`;
  return (
    <div class="wb-pictures">
      <Looks acts={acts} answers={answers} />
      {picture.kind === "curve" ? <Curves answers={answers} fit={fit} /> : (
        <div class="wb-three">
          <Shown title="data" note={answers.about.dtype ?? ""} source={safe(picture.image)} alt="the data" answers={answers} />
          <Shown title={fit} note="" source={safe(preview.image)} alt={`what ${fit} makes of them`} answers={answers} />
          <Shown
            title="difference"
            note={preview.top === undefined ? "" : `up to ${preview.top.toPrecision(2)}`}
            source={safe(preview.difference)}
            alt="the size of the difference, dark where there is none"
            answers={answers}
          />
        </div>
      )}
    </div>
  );
}

interface ShownProps {
  readonly title: string;
  readonly note: string;
  readonly source: string | undefined;
  readonly alt: string;
  readonly answers: Answers;
}

function Shown({ title, note, source, alt, answers }: ShownProps): VNode {
  const [height, width] = answers.picture.size ?? [2, 3];
  const shape = Math.min(3, Math.max(0.5, width / height));
  const few = Math.max(height, width) <= 64;
  return (
    <figure class="wb-shown">
      <figcaption>{title}{note && <span class="wb-note">{note}</span>}</figcaption>
      <div class="wb-canvas" style={{ aspectRatio: String(shape) }}>
        {source ? <img src={source} alt={alt} class={few ? "wb-entries" : ""} /> : <span class="wb-soft">…</span>}
      </div>
    </figure>
  );
}

/** Data of one axis are drawn as curves. */
function Curves({ answers, fit }: { answers: Answers; fit: string }): VNode {
  const { picture, preview, about } = answers;
  const before = picture.curve ?? [];
  const after = preview.curve ?? [];
  const size = about.shape?.[0] ?? before.length;
  const values = [...before, ...after];
  const at = (k: number) => ((k + 0.5) * size) / Math.max(before.length, 1) - 0.5;
  return (
    <div>
      <div class="wb-legend"><span class="wb-key wb-key-data">data</span><span class="wb-key wb-key-fit">{fit}</span></div>
      <Chart
        label={`the data and ${fit} along ${about.axes?.[0]}`}
        x={{ kind: "linear", domain: [0, Math.max(1, size - 1)], title: `${about.axes?.[0] ?? ""} →`, format: String }}
        y={{ kind: "linear", domain: [Math.min(...values, 0), Math.max(...values, 0)], title: "value", format: (value) => String(Number(value.toPrecision(6))) }}
        height={200}
      >
        {({ px, py }) => (
          <g>
            <path class="wb-curve wb-other" d={lineThrough(before.map((value, k) => [px(at(k)), py(value)]))} />
            <path class="wb-curve" d={lineThrough(after.map((value, k) => [px(at(k)), py(value)]))} />
          </g>
        )}
      </Chart>
    </div>
  );
}

/** Which axes are on the screen, and where the others stand. */
function Looks({ acts, answers }: { acts: Acts; answers: Answers }): VNode | null {
  const { looking, about } = answers;
  const { shape = [], axes = [], colours = [] } = about;
  if (shape.length < 3 || looking.columns === null) return null;
  const columns = looking.columns;
  const names = axes.map((name, axis) => [String(axis), name] as const);
  const free = (look: Look) => (look.colours === look.rows || look.colours === look.columns ? { ...look, colours: null } : look);
  const turn = (part: "rows" | "columns", axis: number) => {
    const other = part === "rows" ? "columns" : "rows";
    const swapped = looking[other] === axis ? { [other]: looking[part] } : {};
    acts.look(free({ ...looking, ...swapped, [part]: axis }));
  };
  return (
    <div class="wb-looks">
      <label>down <Pick label="axis that runs down" value={String(looking.rows)} choices={names} onPick={(axis) => turn("rows", Number(axis))} /></label>
      <label>across <Pick label="axis that runs across" value={String(columns)} choices={names} onPick={(axis) => turn("columns", Number(axis))} /></label>
      {shape.map((size, axis) => {
        if (axis === looking.rows || axis === columns) return null;
        const set = (at: number) => acts.look({ ...looking, at: looking.at.map((old, k) => (k === axis ? at : old)) });
        const at = looking.at[axis] ?? 0;
        const coloured = looking.colours === axis;
        return (
          <label key={axis} class="wb-still">
            <span>{axes[axis]}</span>
            {colours.includes(axis) && (
              <Pick
                label={`how ${axes[axis]} is shown`}
                value={coloured ? "colours" : "slice"}
                choices={[["colours", "as colours"], ["slice", "a slice"]]}
                onPick={(how) => acts.look({ ...looking, colours: how === "colours" ? axis : null })}
              />
            )}
            {!coloured && size > 1 && <Slider label={`position along ${axes[axis]}`} value={at + 1} most={size} even onSlide={(value) => set(value - 1)} />}
            {!coloured && <span class="wb-mono">{`${at} of ${size}`}</span>}
          </label>
        );
      })}
    </div>
  );
}
