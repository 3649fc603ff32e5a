/** Both ways round: map then transform, transform then map; and the element that transforms, live. */
import type { VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { Button, Choices } from "../shared/bar";
import { scientific } from "../shared/format";
import { Pick } from "../shared/panel";
import { useWidth } from "../shared/size";
import { Slider } from "../shared/slider";
import { floats, type Packed } from "./bytes";
import type { PartProps } from "./card";
import { Corner, reach, type CornerProps } from "./corner";
import type { Drawing, SquareJson } from "./sync";

/** Differences below are rounding. */
export const ROUNDING = 1e-9;

const TITLES: Readonly<Record<string, string>> = {
  graph: "graph", image: "image", values: "values", points: "points", field: "vector field", random: "random", cloud: "point cloud", stretch: "stretch", yours: "yours",
};

export function Square({ state, acts, answers }: PartProps): VNode {
  const { square } = answers;
  const frame = useRef<HTMLElement>(null);
  const width = useWidth(frame, 360);
  const size = Math.max(90, Math.min(150, (width - 96) / 2));
  return (
    <section class="wb-part wb-square" ref={frame} aria-label="both ways round">
      <div class="wb-head">
        <h4>Both ways round{answers.about.complex && <span class="wb-note">real parts</span>}</h4>
        <span class="wb-space" />
        {square.inputs && <Inputs square={square} acts={acts} state={state} />}
      </div>
      {square.serial === undefined ? <p class="wb-soft wb-wait">going both ways…</p> : <Ways square={square as SquareJson} size={size} drawn={state.drawn} answers={answers} acts={acts} />}
      <Element answers={answers} acts={acts} />
    </section>
  );
}

function Inputs({ square, acts, state }: { square: Partial<SquareJson>; acts: PartProps["acts"]; state: PartProps["state"] }): VNode {
  const either = (drawing: Drawing) => square.from === drawing || square.to === drawing;
  const pictures = either("graph") ? "graph" : either("shape") ? "shape" : null;
  return (
    <span class="wb-inputs">
      {(square.inputs?.length ?? 0) > 1
        ? <Pick label="input" value={square.kind ?? ""} choices={(square.inputs ?? []).map((kind) => [kind, TITLES[kind] ?? kind] as const)} onPick={(kind) => acts.wish("input", kind)} />
        : <span class="wb-soft">{TITLES[square.kind ?? ""]}</span>}
      {square.kind !== "yours" && <Button label="another input" title="another one (a)" quiet onPress={() => acts.wish("another")}>↻</Button>}
      {pictures && (
        <Choices
          label="matrices drawn as"
          choices={[{ value: "graph", title: pictures }, { value: "matrix", title: "matrix" }]}
          chosen={state.drawn}
          onChoose={(value) => acts.dispatch({ type: "drawn", drawn: value as "graph" | "matrix" })}
        />
      )}
    </span>
  );
}

interface WaysProps extends Pick<PartProps, "answers" | "acts"> {
  readonly square: SquareJson;
  readonly size: number;
  readonly drawn: "graph" | "matrix";
}

/** Pixels of a drag to the side for a whole turn of a slider. */
const ACROSS = 120;

function Ways({ square, size, drawn, answers, acts }: WaysProps): VNode {
  const { batch, sizes, images, edges, layout, error } = square;
  const corners = useMemo(() => unpacked(square), [square]);
  const same = error < ROUNDING;
  const plainNames = Array.from({ length: sizes[0][0] ?? sizes[1][0] ?? 0 }, (_, k) => k);
  const movedNames = images.length ? images : plainNames;
  const as = (drawing: Drawing): Drawing => ((drawing === "graph" || drawing === "shape") && drawn === "matrix" ? "heat" : drawing);
  const before = useRef(0);
  const axis = answers.about.axes?.[square.axis];
  const plane = axis?.unit === "°" && sizes[0].at(-1) === 2;
  const onDrag = axis && ((angle: number, across: number, begins: boolean) => {
    if (begins) before.current = square.amount;
    else acts.turn(square.axis, wrapped(before.current + (plane ? angle : (across / ACROSS) * axis.most), axis.most, axis.unit === "°"));
  });
  const onSwap = images.length && as(square.from) !== "heat" ? (a: number, b: number) => acts.wish("swap", [a, b]) : undefined;
  const corner = (side: "from" | "to", values: Float32Array, moved: boolean, label: string, at = size): VNode => {
    const props: CornerProps = {
      drawing: as(square[side]), values, batch, edges, layout, sizes: sizes[side === "from" ? 0 : 1], label,
      scale: side === "from" ? corners.fromScale : corners.toScale, names: moved ? movedNames : plainNames,
      places: moved ? corners.moved : corners.places, tone: side === "from" ? "in" : "out", size: at,
      ...(moved && side === "from" ? { onDrag: onSwap ? undefined : onDrag, onSwap } : {}),
    };
    return <Corner {...props} />;
  };
  return (
    <div class={`wb-ways${same ? " wb-same" : " wb-unlike"}`} style={{ gridTemplateColumns: `${size}px minmax(0, 110px) ${size}px` }}>
      {corner("from", corners.x, false, "the input x")}
      <Arrow label="f" title="the map" />
      {corner("to", corners.fx, false, "f(x), the input mapped")}
      <Arrow label="g" title="the group element" down />
      <div class="wb-verdict" aria-live="polite">
        <span class="wb-soft">difference</span>
        <b>{scientific(error)}</b>
      </div>
      <Arrow label="g" title="the group element" down />
      {corner("from", corners.gx, true, "g x, the input transformed")}
      <Arrow label="f" title="the map" />
      {same ? corner("to", corners.fgx, true, "f(g x), the same as g f(x)") : (
        <div class="wb-two" style={{ width: `${size}px` }}>
          <span>{corner("to", corners.fgx, true, "f(g x)", size / 2 - 2)}<small>f(gx)</small></span>
          <b>≠</b>
          <span>{corner("to", corners.gfx, true, "g f(x)", size / 2 - 2)}<small>g f(x)</small></span>
        </div>
      )}
      <span class="wb-caption">{square.still ? "g leaves x as it is" : "g x"}</span>
      <span />
      <span class="wb-caption">{square.zero && same ? "all zero" : same ? "f(g x) = g f(x)" : "two different ends"}</span>
    </div>
  );
}

/** An amount within the slider: angles go round, others stop. */
export function wrapped(amount: number, most: number, round: boolean): number {
  if (!round) return Math.max(-most, Math.min(most, amount));
  const whole = 2 * most;
  return ((((amount + most) % whole) + whole) % whole) - most;
}

function unpacked(square: SquareJson) {
  const [x, fx, gx, fgx, gfx] = ([square.x, square.fx, square.gx, square.fgx, square.gfx] as (Packed | undefined)[]).map(floats) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const vectors = (drawing: Drawing) => drawing === "points" || drawing === "arrows" || drawing === "vector";
  const most = (drawing: Drawing, n: number, ...all: Float32Array[]) => {
    let found = 0;
    if (drawing === "shape") return Math.max(...all.map((values) => reach(values, n)));
    for (const values of all)
      if (vectors(drawing)) for (let k = 0; k < values.length; k += n) found = Math.max(found, Math.hypot(...values.subarray(k, k + n)));
      else for (const value of values) found = Math.max(found, Math.abs(value));
    return found;
  };
  return {
    x, fx, gx, fgx, gfx,
    fromScale: most(square.from, square.sizes[0].at(-1) ?? 1, x, gx),
    toScale: most(square.to, square.sizes[1].at(-1) ?? 1, fx, fgx, gfx),
    places: square.places ? floats(square.places) : null,
    moved: square.moved ? floats(square.moved) : null,
  };
}

function Arrow({ label, title, down }: { label: string; title: string; down?: boolean }): VNode {
  return (
    <span class={`wb-way${down ? " wb-down" : ""}`} title={title}>
      <i>{label}</i>
      {down
        ? <svg width="14" height="46" viewBox="0 0 14 46" aria-hidden="true"><path d="M7 2V42M3 37l4 6l4 -6" /></svg>
        : <span class="wb-shaft" aria-hidden="true"><svg width="9" height="14" viewBox="0 0 9 14"><path d="M1 3l7 4l-7 4" /></svg></span>}
    </span>
  );
}

/** The element: what it is, steps, chance, and the slider along an axis of the Lie algebra. */
function Element({ answers, acts }: Pick<PartProps, "answers" | "acts">): VNode {
  const { square, about } = answers;
  const { generators = [], axes = [] } = about;
  const axis = square.axis ?? 0;
  const along = axes[axis];
  const steps = 180;
  const most = along?.most ?? 1;
  const amount = square.amount ?? 0;
  const shown = along?.unit ? `${Math.round((amount * 180) / Math.PI)}°` : amount.toFixed(2);
  return (
    <div class="wb-element">
      <p><i>g</i> = <span class="wb-said">{square.element ?? "…"}</span></p>
      {along && (
        <div class="wb-row wb-turning">
          {axes.length > 1
            ? <Pick label="axis of the turn" value={String(axis)} choices={axes.map(({ title }, k) => [String(k), title] as const)} onPick={(value) => acts.turn(Number(value), 0)} />
            : <span>{along.title}</span>}
          <Slider
            label={along.title}
            value={Math.max(1, Math.min(2 * steps + 1, Math.round((amount / most) * steps) + steps + 1))}
            most={2 * steps + 1}
            even
            from={steps + 1}
            text={shown}
            onSlide={(value) => acts.turn(axis, ((value - steps - 1) / steps) * most)}
          />
          <span class="wb-mono wb-angle">{shown.replace("-", "−")}</span>
        </div>
      )}
      <div class="wb-steps">
        {generators.map((name, at) => <Button key={at} label={`then ${name}`} title={at === 0 ? "this generator after g (g, its inverse G)" : "this generator after g"} onPress={() => acts.wish("step", at)}>{name}</Button>)}
        <Button label="random" title="a random element (r)" onPress={() => acts.wish("random")} />
        <Button label="identity" title="back to the identity (e)" onPress={() => acts.wish("identity")} />
      </div>
    </div>
  );
}
