/** The side panel: the network drawn, what is being tried, and what failed. */
import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Button } from "../shared/bar";
import { Diagram } from "../shared/diagram";
import { compression, count, plural, scientific } from "../shared/format";
import { describeIndex, fromJson } from "../shared/network";
import { Row, Section } from "../shared/panel";
import type { PartProps } from "./app";
import { errorOf, spelled } from "./trials";

export function Panel(props: PartProps): VNode {
  return (
    <aside class="wb-panel" aria-label="the structure, and the search">
      <Structure {...props} />
      <Tried {...props} />
      <Failures {...props} />
    </aside>
  );
}

function Structure({ state, acts, answers, found: { shown, best } }: PartProps): VNode {
  const [bond, setBond] = useState<string | null>(null);
  const { drawn, about } = answers;
  const network = useMemo(() => (drawn.network ? fromJson(drawn.network) : null), [drawn]);
  const positions = useMemo(() => new Map(Object.entries(drawn.positions ?? {}).map(([name, [x, y]]) => [name, { x, y }])), [drawn]);
  if (!shown) return <Section title="Best so far"><p class="wb-soft">There is none yet.</p></Section>;
  const isBest = state.chosen === null || shown.number === best?.number;
  const stale = drawn.number !== shown.number;
  return (
    <Section title={isBest ? "Best so far" : `Chosen: number ${shown.number}`} note={isBest ? `number ${shown.number}` : ""}>
      <div class="wb-drawn" data-stale={stale ? "true" : undefined} data-number={drawn.number}>
        {network ? (
          <Diagram
            label={`the network of number ${drawn.number}: ${spelled(shown.key)}`}
            network={network}
            positions={positions}
            chosen={bond}
            most={{ width: 268, height: 210 }}
            onChoose={(index) => {
              setBond(index === bond ? null : index);
              acts.dispatch({ type: "say", tone: "info", text: describeIndex(network, index) });
            }}
          />
        ) : <p class="wb-soft">{spelled(shown.key)}</p>}
      </div>
      {drawn.message && !stale && <p class="wb-bad">{drawn.message}</p>}
      <Row label={about.fits === false ? "√loss" : "error"}>{errorOf(shown)}</Row>
      <Row label="parameters">{count(shown.parameters)}{about.entries ? `, ${compression(about.entries, shown.parameters)}` : ""}</Row>
      <Row label="objective">{shown.value === null ? (shown.error === null ? "–" : "beyond the limit") : scientific(shown.value)}</Row>
      {!isBest && (
        <div class="wb-buttons">
          <Button label="back to the best" title="back to the best (b)" onPress={() => acts.dispatch({ type: "choose", chosen: null })} />
        </div>
      )}
    </Section>
  );
}

function Tried({ answers: { tried, numbers }}: PartProps): VNode | null {
  const { count: total = 0, changes = [] } = tried;
  if (numbers.state !== "running" && numbers.state !== "stopping") return null;
  return (
    <Section title="Being tried" note={total ? `${plural(total, "structure")}, marked in the chart` : ""}>
      {total === 0 ? <p class="wb-soft wb-tried">Between two batches.</p> : (
        <div class="wb-tried" role="list">
          {changes.map((change, at) => <div key={at} role="listitem" class="wb-mono">{change.replace(/\b(\d+)-(\d+):\s*/g, "$1–\u2060$2:\u00a0")}</div>)}
          {total > changes.length && <div class="wb-soft">{`and ${count(total - changes.length)} more`}</div>}
        </div>
      )}
    </Section>
  );
}

function Failures({ answers: { numbers } }: PartProps): VNode | null {
  if (!numbers.failed) return null;
  const { failures = [], failed } = numbers;
  const rest = failed - failures.reduce((sum, each) => sum + each.count, 0);
  return (
    <Section title="Failed" note={`${count(failed)} of ${plural(numbers.evaluations ?? failed, "evaluation")}; the search goes on without them`}>
      {failures.map(({ message, count: times }) => <p key={message} class="wb-failure"><b>{count(times)}×</b> {message}</p>)}
      {rest > 0 && <p class="wb-soft">{`and ${count(rest)} of other kinds`}</p>}
    </Section>
  );
}
