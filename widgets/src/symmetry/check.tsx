/** Is it equivariant, and is it all that is? Errors over many elements in two precisions; the rank that is reached. */
import type { VNode } from "preact";
import { Button } from "../shared/bar";
import { Chart } from "../shared/chart";
import { count, plural, scientific } from "../shared/format";
import { Code } from "../shared/panel";
import type { PartProps } from "./card";
import { Drawn } from "./drawing";
import { nameOf } from "./pictures";
import { ON } from "./reducer";

const LEAST = 1e-18;
const MISSING = 24;

export function Check({ state, acts, answers }: PartProps): VNode {
  const { checked, about } = answers;
  const single = checked.single ?? [];
  const double = checked.double ?? [];
  return (
    <div class="wb-checks">
      <section class="wb-part" aria-label="equivariance">
        <div class="wb-head">
          <h4>Equivariant?<span class="wb-note">f(gx) against g f(x), {plural(single.length, "random element")}</span></h4>
          <span class="wb-space" />
          <Button label="check again" onPress={() => acts.wish("check")} />
        </div>
        {checked.state === "done" && single.length > 0 ? (
          <>
            <Errors single={single} double={double} />
            <Verdict single={Math.max(...single)} double={Math.max(...double)} broken={state.doc.broken !== null} />
            {checked.line && (
              <div class="wb-certificate">
                <p class="wb-soft">The equivariance microscope does this for any model, layer by layer:</p>
                <Code text={checked.line} label="the microscope as code" onCopied={(text) => acts.dispatch({ type: "say", text, tone: "info" })} />
              </div>
            )}
          </>
        ) : <p class="wb-soft wb-wait">{checked.state === "failed" ? checked.message : "trying elements…"}</p>}
      </section>
      <section class="wb-part" aria-label="completeness">
        <h4>Complete?<span class="wb-note">a constant passes the other test; this one counts</span></h4>
        <Completeness state={state} acts={acts} answers={answers} n={about.n ?? 1} />
      </section>
    </div>
  );
}

function Errors({ single, double }: { single: readonly number[]; double: readonly number[] }): VNode {
  const all = [...single, ...double].filter((error) => error > 0);
  const [low, high] = [Math.min(1e-16, ...all), Math.max(1e-6, ...all)];
  const seen = (error: number) => Math.max(LEAST, error, low / 3);
  return (
    <Chart
      class="wb-errors"
      label={`relative difference of both ways round for ${single.length} elements: up to ${scientific(Math.max(...single))} in single, ${scientific(Math.max(...double))} in double precision`}
      x={{ kind: "linear", domain: [0, Math.max(2, single.length)], title: "element →", format: (value) => (Number.isInteger(value) ? String(value) : "") }}
      y={{ kind: "log", domain: [low / 4, high * 4], title: "difference", format: power }}
      height={240}
    >
      {({ px, py }) => (
        <g aria-hidden="true">
          {single.map((error, k) => <path key={`s${k}`} class="wb-single" d={`M${px(k + 0.5) - 2.6} ${py(seen(error)) - 2.6}h5.2v5.2h-5.2z`} />)}
          {double.map((error, k) => <circle key={`d${k}`} class="wb-double" cx={px(k + 0.5)} cy={py(seen(error))} r={2.4} />)}
        </g>
      )}
    </Chart>
  );
}

/** A tick of a logarithmic axis: 10⁻⁹. */
function power(value: number): string {
  return scientific(value).replace("1·", "");
}

function Verdict({ single, double, broken }: { single: number; double: number; broken: boolean }): VNode {
  const sound = double < 1e-9;
  return (
    <div class="wb-verdicts">
      <p><span class="wb-mark wb-single-mark" /> single precision: at most <b>{scientific(single)}</b></p>
      <p><span class="wb-mark wb-double-mark" /> double precision: at most <b>{scientific(double)}</b></p>
      <p class={sound ? "wb-good" : "wb-bad"}>
        {single === 0 && double === 0 ? "No difference at all." : sound
          ? "Rounding: with twice the digits the difference is that much smaller."
          : `No rounding: twice the digits change nothing${broken ? ". One entry is broken; repair it on the first page" : ""}.`}
      </p>
    </div>
  );
}

function Completeness({ state, acts, answers, n }: Pick<PartProps, "state" | "acts" | "answers"> & { n: number }): VNode {
  const { numbers } = answers;
  const noun = answers.about.noun ?? "diagram";
  const { pictures } = state;
  const { dimension = 0, rank = null } = numbers;
  const weights = state.doc.weights ?? ON;
  const missing = pictures.basis.filter((at) => !weights.has(at));
  const reached = rank ?? Math.min(weights.size, dimension);
  return (
    <div>
      <p class="wb-reach"><b>{rank === null ? `at most ${count(reached)}` : count(reached)}</b> of {count(dimension)} dimensions {reached === dimension ? "reached: every equivariant map is a choice of weights." : "reached."}</p>
      <div class="wb-meter" role="img" aria-label={`${reached} of ${dimension}`}><span style={{ width: `${dimension ? (100 * reached) / dimension : 100}%` }} /></div>
      {reached < dimension && missing.length > 0 && (
        <>
          <p class="wb-soft">{plural(missing.length, noun)} of the basis {missing.length === 1 ? "is" : "are"} off; switch {missing.length === 1 ? "it" : "one"} on:</p>
          <div class="wb-offer" role="group" aria-label="diagrams that are off">
            {missing.slice(0, MISSING).map((at) => {
              const picture = pictures.at(at);
              return (
                <button key={at} type="button" class="wb-card" aria-label={`switch on ${noun} ${at}${picture ? `, ${nameOf(picture, n)}` : ""}`} onClick={() => acts.dispatch({ type: "toggle", at })}>
                  {picture ? <Drawn picture={picture} n={n} width={44} height={42} /> : at}
                </button>
              );
            })}
          </div>
          {missing.length > MISSING && <p class="wb-soft">and {count(missing.length - MISSING)} more</p>}
        </>
      )}
      {weights.size > reached && rank !== null && <p class="wb-soft">{plural(weights.size, noun)} on, {count(reached)} independent: the others add weights, not maps.</p>}
    </div>
  );
}
