/** The side panel: the ranks, what may be spent, and the network they make. */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Diagram } from "../shared/diagram";
import { count, percent, shape } from "../shared/format";
import { Field, Section } from "../shared/panel";
import { Slider } from "../shared/slider";
import type { PartProps } from "./board";
import { networkOf } from "./forms";
import { formIn } from "./reducer";

export function Panel(props: PartProps): VNode {
  const { state, acts, answers } = props;
  const form = formIn(state);
  const network = useMemo(() => networkOf(form, state.doc.ranks), [form, state.doc.ranks]);
  const chosen = form?.ranks[state.rank]?.index ?? null;
  const { about } = answers;
  return (
    <aside class="wb-panel" aria-label="ranks and budgets">
      <Section title={form?.title ?? ""} note={about.shape ? `of ${shape(about.shape)}` : ""}>
        <Ranks {...props} />
      </Section>
      <Section title="Budget">
        <Budget {...props} />
      </Section>
      {form && network && (
        <Section title="Network">
          <Diagram
            label={`the network, ${form.title}`}
            network={network}
            positions={form.positions}
            chosen={chosen}
            most={{ width: 268, height: 190 }}
            onChoose={(index) => {
              const at = form.ranks.findIndex((rank) => rank.index === index);
              if (at >= 0) acts.dispatch({ type: "choose", at });
            }}
          />
        </Section>
      )}
    </aside>
  );
}

function Ranks({ state, acts, answers }: PartProps): VNode {
  const form = formIn(state);
  const { useful, kept } = answers.numbers;
  const known = useful?.length === state.doc.ranks.length;
  if (!form?.ranks.length) return <p class="wb-soft">This network has no rank to choose.</p>;
  return (
    <div class="wb-ranks">
      {form.ranks.map((rank, at) => {
        const value = state.doc.ranks[at];
        const share = known ? kept?.[at] : null;
        const label = `rank ${rank.index}, ${rank.title}`;
        return (
          <div key={`${form.key} ${rank.index}`} class={`wb-rank${at === state.rank ? " wb-chosen" : ""}`}>
            <div class="wb-row">
              <span title={rank.index}>{rank.title}</span>
              {share != null && <span class="wb-note" title="the share of the squared norm in the singular values kept">keeps {percent(share)}</span>}
              <span class="wb-mono">
                <Field
                  label={label}
                  value={value === undefined ? "" : String(value)}
                  numeric
                  onCommit={(text) => acts.dispatch({ type: "rank", at, value: text === "" ? NaN : Number(text) })}
                />
                {rank.cuts && <span class="wb-soft"> of {count(rank.most)}</span>}
              </span>
            </div>
            <Slider
              label={`drag ${label}`}
              value={value ?? 1}
              most={rank.most}
              useful={known ? useful?.[at] : undefined}
              disabled={value === undefined || rank.most < 2}
              onFocus={() => acts.dispatch({ type: "choose", at })}
              onSlide={(next, begins) => acts.dispatch({ type: "rank", at, value: next, begins })}
            />
          </div>
        );
      })}
    </div>
  );
}

function Budget({ state, acts }: PartProps): VNode {
  const [bad, setBad] = useState("");
  const { budget } = state;
  const ask = (what: "parameters" | "error", text: string) => {
    const number = Number(text.replace(/[, %_]/g, ""));
    const value = what === "error" ? number / 100 : Math.round(number);
    const sound = what === "error" ? value > 0 && value < 1 : value >= 1 && Number.isFinite(value);
    setBad(sound ? "" : what === "error" ? "an error is between 0 and 100 %" : "give a whole number of parameters");
    if (sound) acts.budget(what, value);
  };
  return (
    <div class="wb-budgets">
      <label class="wb-row">
        <span>at most, parameters</span>
        <Field label="at most so many parameters" value={budget.parameters === undefined ? "" : count(budget.parameters)} numeric placeholder="20,000" onCommit={(text) => ask("parameters", text)} />
      </label>
      <label class="wb-row">
        <span>error at most, %</span>
        <Field label="error of at most, in percent" value={budget.error === undefined ? "" : String(Number((budget.error * 100).toPrecision(6)))} numeric placeholder="5" onCommit={(text) => ask("error", text)} />
      </label>
      {bad && <p class="wb-bad">{bad}</p>}
    </div>
  );
}
