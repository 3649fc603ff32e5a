/** The diagrams: each on a card while they are few, by their halves where they are thousands; and the one in focus. */
import type { VNode } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button } from "../shared/bar";
import { count, plural } from "../shared/format";
import { Field } from "../shared/panel";
import { pure } from "../shared/pure";
import { useWidth } from "../shared/size";
import { Slider } from "../shared/slider";
import type { Acts, Answers } from "./app";
import { boxOf, Grid, useDark } from "./canvas";
import { Drawn, Formula } from "./drawing";
import { halvesOf, nameOf, wordsOf, type HalfMap, type Picture } from "./pictures";
import { MOST_WEIGHT, type State } from "./reducer";
import { colours, DARK, LIGHT, paint, valuesOf, type Palette, type Sharing, type Weights } from "./sharing";

/** So many diagrams have a card each. */
export const CARDS = 240;
/** So many maps that are no pictures are on a page. */
const PAGE = 60;
/** Steps of a weight's slider on either side of zero. */
const STEPS = 40;

export interface PartProps {
  readonly state: State;
  readonly acts: Acts;
  readonly answers: Answers;
  readonly sharing: Sharing | null;
}

interface DiagramsProps extends PartProps {
  /** The diagrams that meet under the pointer. */
  readonly met: ReadonlySet<number>;
  readonly onPoint: (at: number | null) => void;
}

export function Diagrams(props: DiagramsProps): VNode {
  const { state, acts, answers } = props;
  const { pictures, doc } = state;
  const on = doc.weights?.size ?? 0;
  return (
    <section class="wb-part wb-diagrams" aria-label="diagrams">
      <div class="wb-head">
        <h4 title={pictures.basis.length < pictures.count ? "solid: the basis; dashed: these depend on the others" : undefined}>{plural(pictures.count, nounOf(answers))}<span class="wb-note">{independence(answers)}</span></h4>
        <span class="wb-space" />
        <Button label="basis" title="switch the basis on (b)" quiet disabled={!pictures.count} onPress={() => acts.dispatch({ type: "switch", which: "basis" })} />
        <Button label="none" title="switch all off (0)" quiet disabled={!on} onPress={() => acts.dispatch({ type: "switch", which: "none" })} />
      </div>
      {pictures.count === 0
        ? <p class="wb-soft wb-wait">Only the zero map commutes with {answers.about.group ?? "this group"} between these powers. Try others.</p>
        : pictures.count <= CARDS ? <Cards {...props} first={0} last={pictures.count} />
          : pictures.names.length ? <Pages {...props} /> : <Halves {...props} />}
      {pictures.count > 0 && <Focus {...props} />}
    </section>
  );
}

/** What spans: diagrams, orbits, solutions. */
const nounOf = ({ about }: Answers): string => about.noun ?? "diagram";

function independence({ about }: Answers): string {
  const { spanning = 0, dimension = 0 } = about;
  if (!spanning) return "";
  if (spanning === dimension) return "all independent here";
  return `${count(dimension)} independent`;
}

// ---- cards -----------------------------------------------------------------------------------------------------------

/** Of many maps that are no pictures a page of cards; it turns with the one in focus, which an entry of the matrix chooses too. */
function Pages(props: DiagramsProps): VNode {
  const { state: { chosen, pictures: { count: size } }, acts, answers } = props;
  const page = Math.floor(chosen / PAGE);
  const last = Math.ceil(size / PAGE) - 1;
  const turn = (to: number) => acts.dispatch({ type: "choose", at: to * PAGE });
  const until = Math.min(size, (page + 1) * PAGE);
  return (
    <div>
      <div class="wb-row wb-pages">
        <Button label="the page before" disabled={page === 0} onPress={() => turn(page - 1)}>◂</Button>
        <span>{nounOf(answers)}s {count(page * PAGE)} to {count(until - 1)}</span>
        <Button label="the next page" disabled={page === last} onPress={() => turn(page + 1)}>▸</Button>
      </div>
      <Cards {...props} first={page * PAGE} last={until} />
    </div>
  );
}

interface CardsProps extends DiagramsProps {
  readonly first: number;
  readonly last: number;
}

function Cards({ state, acts, sharing, answers, met, onPoint, first, last }: CardsProps): VNode {
  const { pictures, doc, chosen } = state;
  const grid = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const card = grid.current?.querySelector<HTMLElement>(`[data-at="${chosen}"]`);
    const [box, frame] = [card?.getBoundingClientRect(), grid.current?.getBoundingClientRect()];
    if (!grid.current || !box || !frame) return;
    if (box.top < frame.top) grid.current.scrollTop -= frame.top - box.top + 4;
    else if (box.bottom > frame.bottom) grid.current.scrollTop += box.bottom - frame.bottom + 4;
  }, [chosen]);
  const walk = (event: KeyboardEvent) => {
    if (!(event.target as HTMLElement).matches(".wb-card")) return;
    const to = neighbour(grid.current as HTMLElement, chosen, event.key);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    acts.dispatch({ type: "choose", at: to });
    grid.current?.querySelector<HTMLElement>(`[data-at="${to}"]`)?.focus({ preventScroll: true });
  };
  const wide = state.pictures.vertices > 6 || pictures.count > 0 && pictures.at(pictures.count - 1)?.head.includes(true);
  return (
    <div class={`wb-cards${wide ? " wb-wide" : ""}`} ref={grid} role="group" aria-label="all diagrams" onKeyDown={walk} onPointerLeave={() => onPoint(null)}>
      {Array.from({ length: last - first }, (_, k) => first + k).map((at) => (
        <Card
          key={at}
          at={at}
          noun={nounOf(answers)}
          name={pictures.names[at] ?? ""}
          picture={pictures.at(at)}
          n={answers.about.n ?? 1}
          weight={doc.weights?.get(at)}
          chosen={at === chosen}
          meets={met.has(at)}
          free={pictures.inBasis(at)}
          sharing={pictures.names.length ? sharing : null}
          acts={acts}
          onPoint={onPoint}
        />
      ))}
    </div>
  );
}

/** The card that an arrow leads to; up and down go by what is above and below on the screen. */
function neighbour(grid: HTMLElement, chosen: number, key: string): number | null {
  const cards = [...grid.querySelectorAll<HTMLElement>(".wb-card")];
  const here = cards.findIndex((card) => card.dataset.at === String(chosen));
  const step: Record<string, number> = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: cards.length - 1 };
  let to = step[key];
  if (key === "ArrowDown" || key === "ArrowUp") {
    const left = cards[here]?.offsetLeft;
    const down = key === "ArrowDown";
    const column = cards.map((_, k) => k).filter((k) => cards[k]?.offsetLeft === left && (down ? k > here : k < here));
    to = down ? column[0] : column.at(-1);
  }
  return to === undefined || to < 0 || to >= cards.length ? null : Number(cards[to]?.dataset.at);
}

interface CardProps {
  readonly at: number;
  readonly noun: string;
  readonly name: string;
  readonly picture: Picture | null;
  readonly n: number;
  readonly weight: number | undefined;
  readonly chosen: boolean;
  readonly meets: boolean;
  /** In the basis. */
  readonly free: boolean;
  readonly sharing: Sharing | null;
  readonly acts: Acts;
  readonly onPoint: (at: number | null) => void;
}

const Card = pure(({ at, noun, name, picture, n, weight, chosen, meets, free, sharing, acts, onPoint }: CardProps): VNode => {
  const title = picture ? nameOf(picture, n) : name;
  const on = weight !== undefined;
  return (
    <button
      type="button"
      class={`wb-card${chosen ? " wb-chosen" : ""}${meets ? " wb-meets" : ""}${free ? "" : " wb-bound"}`}
      data-at={at}
      aria-pressed={on}
      aria-label={`${noun} ${at}: ${title}${on ? `, weight ${weightName(weight)}` : ""}${free ? "" : ", depends on others"}`}
      title={title}
      tabIndex={chosen ? 0 : -1}
      onClick={() => acts.dispatch({ type: "toggle", at })}
      onFocus={() => acts.dispatch({ type: "choose", at })}
      onPointerEnter={() => onPoint(at)}
    >
      {picture ? <Drawn picture={picture} n={n} width={62} height={56} /> : sharing ? <Thumb sharing={sharing} at={at} /> : <span class="wb-soft">{at}</span>}
      <span class="wb-weight" aria-hidden="true">{on ? weightName(weight) : "–"}</span>
    </button>
  );
});

/** A map that is no picture, as its matrix. */
function Thumb({ sharing, at }: { sharing: Sharing; at: number }): VNode {
  const frame = useRef<HTMLSpanElement>(null);
  const dark = useDark(frame);
  const pixels = useMemo(() => shades(sharing, new Map([[at, 1]]), dark ? DARK : LIGHT), [sharing, at, dark]);
  return <span ref={frame}><Grid rows={sharing.rows} columns={sharing.columns} pixels={pixels} size={54} /></span>;
}

function shades(sharing: Sharing, weights: Weights, palette: Palette): Uint8ClampedArray<ArrayBuffer> {
  const values = valuesOf(sharing, weights);
  return paint(sharing.kinds, colours(values, values.reduce((most, value) => Math.max(most, Math.abs(value)), 0), palette), null);
}

/** 0.8 -> "0.8", 1 -> "1.0", -0.4 -> "−0.4". */
export function weightName(weight: number): string {
  const text = Number(weight.toPrecision(3)).toString();
  return (/^-?\d+$/.test(text) ? `${text}.0` : text).replace("-", "−");
}

// ---- halves ----------------------------------------------------------------------------------------------------------

/** Thousands of diagrams: upper halves down, lower halves across, a block for every number of strands through. */
function Halves({ state, acts, answers, onPoint }: DiagramsProps): VNode {
  const { pictures, doc, chosen } = state;
  const frame = useRef<HTMLDivElement>(null);
  const dark = useDark(frame);
  const width = useWidth(frame, 360);
  const map = useMemo(() => halvesOf(pictures), [pictures]);
  const [over, setOver] = useState<readonly [number, number] | null>(null);
  const size = Math.min(width, 380);
  const [rows, columns] = [map.uppers.length, map.lowers.length];
  const cell = boxOf(rows, columns, size)[0] / columns;
  const pixels = useMemo(() => shaded(map, doc.weights ?? new Map(), dark ? DARK : LIGHT), [map, doc.weights, dark]);
  const place = map.placeOf(chosen);
  const inside = map.cell(...place);
  const under = (event: PointerEvent): readonly [number, number] => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const at = (position: number, start: number, most: number) => Math.max(0, Math.min(most - 1, Math.floor((position - start) / cell)));
    return [at(event.clientY, box.top, rows), at(event.clientX, box.left, columns)];
  };
  const walk = (event: KeyboardEvent) => {
    const by = ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } as Record<string, [number, number]>)[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const to = nearest(map, place, by);
    if (to !== undefined) acts.dispatch({ type: "choose", at: to });
  };
  const told = over ? map.cell(...over).length : 0;
  return (
    <div class="wb-halves" ref={frame}>
      <div
        class="wb-halfmap"
        role="img"
        tabIndex={0}
        aria-label={`${count(pictures.count)} diagrams as ${rows} upper halves, down, and ${columns} lower halves, across; arrows walk, x switches on`}
        style={{ width: `${columns * cell}px`, height: `${rows * cell}px` }}
        onKeyDown={walk}
        onPointerMove={(event) => setOver(under(event))}
        onPointerLeave={() => { setOver(null); onPoint(null); }}
        onClick={(event) => {
          const found = map.cell(...under(event as unknown as PointerEvent))[0];
          if (found !== undefined) acts.dispatch({ type: "choose", at: found });
        }}
      >
        <Grid rows={rows} columns={columns} pixels={pixels} size={size} />
        {map.blocks.map(({ through, upper, lower, height, width }) => (
          <span key={through} class="wb-block" style={{ left: `${lower * cell}px`, top: `${upper * cell}px`, width: `${width * cell}px`, height: `${height * cell}px` }} />
        ))}
        <span class="wb-cursor" style={{ left: `${(place[1] + 0.5) * cell}px`, top: `${(place[0] + 0.5) * cell}px` }} />
      </div>
      <p class="wb-note wb-told">
        {told && over ? `${plural(told, "diagram")} with upper half ${over[0] + 1} and lower half ${over[1] + 1}` : `${rows} upper halves down, ${columns} lower halves across`}
      </p>
      <div class="wb-blocks">
        {map.blocks.map(({ through, upper, lower, height, width, count: size }) => {
          const all = () => Array.from({ length: height * width }, (_, k) => map.cell(upper + Math.floor(k / width), lower + (k % width))).flat();
          const on = all().filter((at) => doc.weights?.has(at)).length;
          return (
            <Button key={through} label={`${plural(through, "strand")} through: ${count(size)} diagrams, ${on} on`} pressed={on > 0} title={`switch all of them ${on ? "off" : "on"}`} onPress={() => acts.dispatch({ type: "switch", which: "cell", cell: all(), on: !on })}>
              {through} <span class="wb-soft">{count(size)}{on ? `, ${count(on)} on` : ""}</span>
            </Button>
          );
        })}
        <span class="wb-note">strands through · diagrams</span>
      </div>
      <div class="wb-cards wb-cell" role="group" aria-label="diagrams with these halves" onPointerLeave={() => onPoint(null)}>
        {inside.map((at) => (
          <Card
            key={at} at={at} noun={nounOf(answers)} name="" picture={pictures.at(at)} n={answers.about.n ?? 1} weight={doc.weights?.get(at)} chosen={at === chosen} meets={false}
            free={pictures.inBasis(at)} sharing={null} acts={acts} onPoint={onPoint}
          />
        ))}
      </div>
    </div>
  );
}

/** The first diagram of the next cell that has one, in a direction. */
function nearest(map: HalfMap, [row, column]: readonly [number, number], [down, right]: readonly [number, number]): number | undefined {
  for (let k = 1; k < Math.max(map.uppers.length, map.lowers.length); k++) {
    const found = map.cell(row + down * k, column + right * k)[0];
    if (found !== undefined && column + right * k >= 0 && column + right * k < map.lowers.length) return found;
  }
  return undefined;
}

function shaded(map: HalfMap, weights: Weights, palette: Palette): Uint8ClampedArray<ArrayBuffer> {
  const [rows, columns] = [map.uppers.length, map.lowers.length];
  const made = new Uint8ClampedArray(4 * rows * columns);
  for (const { upper, lower, height, width, through } of map.blocks)
    for (let row = upper; row < upper + height; row++)
      for (let column = lower; column < lower + width; column++)
        if (map.cell(row, column).length) made.set([...palette.none, through % 2 ? 64 : 40], 4 * (row * columns + column));
  for (const [at, weight] of weights) {
    const [row, column] = map.placeOf(at);
    made.set([...(weight < 0 ? palette.less : palette.more), 255], 4 * (row * columns + column));
  }
  return made;
}

// ---- the diagram in focus --------------------------------------------------------------------------------------------

function Focus({ state, acts, answers }: PartProps): VNode {
  const { pictures, doc, chosen } = state;
  const picture = pictures.at(chosen);
  const { about, related } = answers;
  const weight = doc.weights?.get(chosen);
  const free = pictures.inBasis(chosen);
  const terms = related.diagram === chosen ? related.terms : undefined;
  useLayoutEffect(() => {
    if (pictures.count && (!free || pictures.names.length)) acts.wish("relate", chosen);
  }, [chosen, free, pictures]);
  return (
    <div class="wb-focus-part" aria-label="the diagram in focus">
      <div class="wb-row wb-title">
        <b>{nounOf(answers)} {chosen}</b>
        <span class="wb-mono">{picture ? nameOf(picture, about.n ?? 1) : pictures.names[chosen]?.replace(`${nounOf(answers)} of `, "of ")}</span>
      </div>
      {related.diagram === chosen && related.picture && <img class="wb-orbit" alt={`${nounOf(answers)} ${chosen}, drawn`} src={`data:image/svg+xml,${encodeURIComponent(related.picture)}`} />}
      {related.diagram === chosen && related.picture && <p class="wb-note">{related.picture.includes("→") ? "Right: one place of the orbit; left: the smallest graph that tells it apart. " : ""}Discs are outputs, rings inputs.</p>}
      {picture && <p><Formula picture={picture} order={doc.source?.length ?? 0} form={about.form ?? ""} /><span class="wb-note">{wordsOf(picture, about.form ?? "")}</span></p>}
      <div class="wb-row">
        <Button label={weight === undefined ? "switch on" : "switch off"} title="on or off (x)" onPress={() => acts.dispatch({ type: "toggle", at: chosen })} />
        <Slider
          label={`weight of ${nounOf(answers)} ${chosen}`}
          value={Math.max(1, Math.min(2 * STEPS + 1, Math.round(((weight ?? 0) / MOST_WEIGHT) * STEPS) + STEPS + 1))}
          most={2 * STEPS + 1}
          even
          from={STEPS + 1}
          text={weightName(weight ?? 0)}
          disabled={weight === undefined}
          onSlide={(value, begins) => acts.dispatch({ type: "weigh", at: chosen, value: Number((((value - STEPS - 1) / STEPS) * MOST_WEIGHT).toFixed(4)), begins })}
        />
        <Field label={`weight of ${nounOf(answers)} ${chosen} as a number`} value={weight === undefined ? "–" : String(Number(weight.toPrecision(6)))} numeric onCommit={(text) => acts.dispatch({ type: "weigh", at: chosen, value: text.trim() === "" ? NaN : Number(text.replace("−", "-")) })} />
      </div>
      {!free && (
        <p class="wb-soft wb-relation">
          {terms === undefined ? "depends on diagrams of the basis…" : terms === null ? "depends on diagrams of the basis; they are too many to solve for" : <>depends on others: {terms.length ? terms.map(([at, share], k) => <Term key={at} at={at} share={share} first={k === 0} acts={acts} />) : "it is zero"}</>}
        </p>
      )}
    </div>
  );
}

function Term({ at, share, first, acts }: { at: number; share: number; first: boolean; acts: Acts }): VNode {
  const size = Math.abs(share) === 1 ? "" : `${Number(Math.abs(share).toPrecision(4))} `;
  return (
    <span>
      {share < 0 ? (first ? "−" : " − ") : first ? "" : " + "}{size}
      <button type="button" class="wb-link" onClick={() => acts.dispatch({ type: "choose", at })}>d{subscript(at)}</button>
    </span>
  );
}

/** 14 -> "₁₄". */
export function subscript(at: number): string {
  return String(at).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)] ?? "");
}
