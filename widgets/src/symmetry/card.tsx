/** One diagram on a card: a button that switches it on and off. */
import type { VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { pure } from "../shared/pure";
import type { Acts, Answers } from "./app";
import { Grid, useDark } from "./canvas";
import { Drawn } from "./drawing";
import { nameOf, type Picture } from "./pictures";
import type { State } from "./reducer";
import { colours, DARK, LIGHT, paint, valuesOf, type Palette, type Sharing, type Weights } from "./sharing";

export interface PartProps {
  readonly state: State;
  readonly acts: Acts;
  readonly answers: Answers;
  readonly sharing: Sharing | null;
}

/** What the parts that point at diagrams take besides. */
export interface DiagramsProps extends PartProps {
  /** The diagrams that meet under the pointer. */
  readonly met: ReadonlySet<number>;
  readonly onPoint: (at: number | null) => void;
}

/** What spans: diagrams, orbits, solutions. */
export const nounOf = ({ about }: Answers): string => about.noun ?? "diagram";

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

export const Card = pure(({ at, noun, name, picture, n, weight, chosen, meets, free, sharing, acts, onPoint }: CardProps): VNode => {
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
export function Thumb({ sharing, at, size = 54 }: { sharing: Sharing; at: number; size?: number }): VNode {
  const frame = useRef<HTMLSpanElement>(null);
  const dark = useDark(frame);
  const pixels = useMemo(() => shades(sharing, new Map([[at, 1]]), dark ? DARK : LIGHT), [sharing, at, dark]);
  return <span ref={frame}><Grid rows={sharing.rows} columns={sharing.columns} pixels={pixels} size={size} /></span>;
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

/** 14 -> "₁₄". */
export function subscript(at: number): string {
  return String(at).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)] ?? "");
}
