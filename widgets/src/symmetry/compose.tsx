/** Two diagrams, one after the other: glued, straightened, and compared with the product of their matrices. */
import type { VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button } from "../shared/bar";
import { plural, scientific } from "../shared/format";
import { Field, Pick } from "../shared/panel";
import { floats, type Packed } from "./bytes";
import { Grid, useDark } from "./canvas";
import { Thumb, type PartProps } from "./card";
import { Drawn, Glued } from "./drawing";
import { nameOf, picturesOf, type Picture, type Pictures } from "./pictures";
import { powerName, powersOf } from "./reducer";
import { colours, DARK, LIGHT, type Sharing } from "./sharing";
import type { ComposedJson, PictureJson } from "./sync";

interface Pair {
  readonly lower: number;
  readonly upper: number;
  readonly out: readonly number[] | null;
}

/** So many small cards are offered to choose from. */
const OFFERED = 60;

export function Compose({ state, acts, answers, sharing }: PartProps): VNode {
  const { composed, about } = answers;
  const upper = useMemo(() => (composed.count === undefined ? null : picturesOf({ count: composed.count, top: composed.top ?? 0, vertices: composed.vertices ?? 0, names: composed.names ?? [], basis: new Uint8Array(), labels: composed.labels as Packed, head: composed.head as Packed })), [composed.labels, composed.count]);
  const [asked, setAsked] = useState<Pair | null>(null);
  useEffect(() => {
    const answered = asked && composed.lowerAt === asked.lower && composed.upperAt === asked.upper && composed.out?.join() === asked.out?.join();
    if (answered || composed.lowerAt === undefined) setAsked(null);
  }, [composed]);
  useEffect(() => setAsked(null), [answers.issues]);
  if (composed.lowerAt === undefined || composed.upperAt === undefined || !composed.lower || !composed.upper || !upper)
    return <p class="wb-soft wb-wait">{state.pictures.count ? "…" : "There is no diagram to compose."}</p>;
  // What was asked for and not answered yet holds: two clicks in a row are two changes.
  const here: Pair = asked ?? { lower: composed.lowerAt, upper: composed.upperAt, out: composed.out ?? null };
  const { lower: lowerAt, upper: upperAt, out } = here;
  const ask = (change: Partial<Pair>) => {
    setAsked({ ...here, ...change });
    acts.compose({ ...here, ...change });
  };
  const kind = state.kinds.find(({ key }) => key === state.doc.family);
  const [source, target] = [state.doc.source ? powerName(state.doc.source) : (kind?.between?.[0] ?? ""), state.doc.target ? powerName(state.doc.target) : (kind?.between?.[1] ?? "")];
  const n = about.n ?? 1;
  // Maps without pictures are drawn as their matrices, which the page has of the first; the second are the same where both lead from V^k to V^k.
  const own = state.pictures.names.length ? sharing : null;
  const alike = state.doc.source?.join() === state.doc.target?.join() && out?.join() === state.doc.source?.join();
  return (
    <div class="wb-compose">
      <Chooser title="first" note={`${source} → ${target}`} chosen={lowerAt} count={state.pictures.count} pictures={state.pictures} sharing={own} noun={about.noun ?? "diagram"} n={n} onChoose={(lower) => ask({ lower })} />
      <div>
        <Chooser title="then" note={`${target} →`} chosen={upperAt} count={upper.count} pictures={upper} sharing={alike ? own : null} noun={about.noun ?? "diagram"} n={n} onChoose={(at) => ask({ upper: at })}>
          {out ? <Pick label="where the second map leads" value={out.join()} choices={powersOf(about.walled ?? false, out).map((flags) => [flags.join(), powerName(flags)] as const)} onPick={(value) => ask({ out: value === "" ? [] : value.split(",").map(Number), upper: 0 })} /> : <span class="wb-note">{source}</span>}
        </Chooser>
      </div>
      <Result composed={composed as ComposedJson} n={n} />
    </div>
  );
}

function largestOf(values: Packed): string {
  return String(Number(floats(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0).toPrecision(4)));
}

interface ChooserProps {
  readonly title: string;
  readonly note: string;
  readonly chosen: number;
  readonly count: number;
  readonly pictures: Pictures;
  readonly sharing: Sharing | null;
  readonly noun: string;
  readonly n: number;
  readonly onChoose: (at: number) => void;
  readonly children?: VNode;
}

function Chooser({ title, note, chosen, count, pictures, sharing, noun, n, onChoose, children }: ChooserProps): VNode {
  const picture = pictures.at(chosen);
  const named = (at: number) => { const each = pictures.at(at); return each ? nameOf(each, n) : (pictures.names[at] ?? ""); };
  const go = (at: number) => onChoose(Math.max(0, Math.min(count - 1, at)));
  return (
    <section class="wb-part wb-chooser" aria-label={title}>
      <h4>{title}<span class="wb-note">{note}</span> {children}</h4>
      <div class="wb-row">
        <Button label={`${title}: the ${noun} before`} disabled={chosen <= 0} onPress={() => go(chosen - 1)}>◂</Button>
        <span>{noun} <Field label={`${title}: number of the ${noun}`} value={String(chosen)} numeric onCommit={(text) => Number.isFinite(Number(text)) && go(Math.round(Number(text)))} /> <span class="wb-soft">of 0 to {count - 1}</span></span>
        <Button label={`${title}: the next ${noun}`} disabled={chosen >= count - 1} onPress={() => go(chosen + 1)}>▸</Button>
      </div>
      {count <= OFFERED && (
        <div class="wb-offer" role="group" aria-label={`${title}: all diagrams`}>
          {Array.from({ length: count }, (_, at) => {
            const each = pictures.at(at);
            return (
              <button key={at} type="button" class="wb-card" aria-pressed={at === chosen} aria-label={`${title}: ${noun} ${at}, ${named(at)}`} title={named(at)} onClick={() => onChoose(at)}>
                {each ? <Drawn picture={each} n={n} width={44} height={42} /> : sharing ? <Thumb sharing={sharing} at={at} size={40} /> : at}
              </button>
            );
          })}
        </div>
      )}
      {count > OFFERED && !picture && sharing && <div class="wb-alone"><Thumb sharing={sharing} at={chosen} size={110} /></div>}
      {count > OFFERED && picture && <div class="wb-alone"><Drawn picture={picture} n={n} width={130} height={90} /></div>}
      <p class="wb-mono wb-soft">{named(chosen)}</p>
    </section>
  );
}

const asPicture = ({ labels, head, top }: PictureJson): Picture => ({ labels, head: head.map((on) => on === 1), top });

function Result({ composed, n }: { composed: ComposedJson; n: number }): VNode {
  const { lower, upper, terms, more, difference } = composed;
  const frame = useRef<HTMLElement>(null);
  const palette = useDark(frame) ? DARK : LIGHT;
  const drawn = lower.labels.length + upper.labels.length > 0 || lower.name === "1";
  const [rows, middle, columns] = composed.rows;
  const side = (r: number, c: number) => Math.max(24, Math.min(132, 132 * (Math.max(r, c) / Math.max(rows, middle, columns))));
  return (
    <section class="wb-part wb-result" ref={frame} aria-label="the composition">
      <h4>One after the other{loops(composed)}</h4>
        <div class="wb-equation">
          {drawn
            ? <div class="wb-stack" title="read upwards: the first below, the second above"><Glued upper={asPicture(upper)} lower={asPicture(lower)} n={n} /></div>
            : <span class="wb-mono">{upper.name} after {lower.name}</span>}
          <b class="wb-sign">=</b>
          <div class="wb-terms">
            {terms.length === 0 && <b class="wb-zero">0</b>}
            {terms.slice(0, 12).map((term, k) => (
              <span key={k} class="wb-term" title={term.name}>
                <b>{factorName(term.factor, k === 0)}</b>
                {term.labels.length || term.name === "1" ? <Drawn picture={asPicture(term)} n={n} width={90} height={70} /> : <span class="wb-mono">{term.name}</span>}
              </span>
            ))}
            {terms.length + more > 12 && <span class="wb-soft">and {plural(terms.length + more - 12, "more term")}</span>}
          </div>
        </div>
      {composed.a && composed.b && composed.product ? (
        <div class="wb-product">
          {([["second", composed.a, rows, middle], ["first", composed.b, middle, columns], ["product", composed.product, rows, columns]] as const).map(([name, values, r, c], k) => (
            <figure key={name}>
              {k > 0 && <b>{k === 1 ? "·" : "="}</b>}
              <span class="wb-shaded" role="img" aria-label={`the matrix of the ${name === "product" ? "composition" : `${name} map`}, ${r} by ${c}, entries up to ${largestOf(values)}`}>
                <Shade values={floats(values)} rows={r} columns={c} size={side(r, c)} palette={palette} />
                <small>{name}, up to {largestOf(values)}</small>
              </span>
            </figure>
          ))}
        </div>
      ) : <p class="wb-soft">The matrices, {rows} × {middle} and {middle} × {columns}, are too large to draw.</p>}
      {difference !== null && (
        <p class={difference < 1e-9 ? "wb-good" : "wb-bad"}>
          {difference === 0 ? "The product of the matrices is the matrix of the combination, exactly." : `The two differ by ${scientific(difference)}.`}
        </p>
      )}
    </section>
  );
}

function loops({ terms }: ComposedJson): VNode | null {
  const factor = Number(terms[0]?.factor);
  return terms.length === 1 && factor > 1 ? <span class="wb-note">a loop left over in the middle is a factor of n</span> : null;
}

/** "", "−", "3 ·", "+", "− 2 ·". */
export function factorName(factor: string, first: boolean): string {
  const below = factor.startsWith("-");
  const size = below ? factor.slice(1) : factor;
  const sign = below ? "− " : first ? "" : "+ ";
  return `${sign}${size === "1" ? "" : `${size} ·`}`.trim();
}

function Shade({ values, rows, columns, size, palette }: { values: Float32Array; rows: number; columns: number; size: number; palette: typeof LIGHT }): VNode {
  const pixels = useMemo(() => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return new Uint8ClampedArray(colours(values, largest, palette));
  }, [values, palette]);
  return <Grid rows={rows} columns={columns} pixels={pixels} size={size} class="wb-plain" />;
}
