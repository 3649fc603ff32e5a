/** The diagram in focus: what it does, its weight, and of which others it is made. */
import type { VNode } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { Button } from "../shared/bar";
import { Field } from "../shared/panel";
import { Slider } from "../shared/slider";
import type { Acts } from "./app";
import { nounOf, subscript, weightName, type PartProps } from "./card";
import { Formula } from "./drawing";
import { nameOf, wordsOf } from "./pictures";
import { MOST_WEIGHT } from "./reducer";

/** Steps of a weight's slider on either side of zero. */
const STEPS = 40;

export function Focus({ state, acts, answers }: PartProps): VNode {
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
