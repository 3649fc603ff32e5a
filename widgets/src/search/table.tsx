/** The same as tables: the front, and the best of all that was evaluated. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { Button } from "../shared/bar";
import { count, scientific } from "../shared/format";
import { Table } from "../shared/table";
import type { PartProps } from "./app";
import { errorOf, spelled, type Trial } from "./trials";

const SHOWN = 100;

export function Tables(props: PartProps): VNode {
  const { found } = props;
  const ordered = useMemo(
    () => [...found.trials].sort((a, b) => (a.value ?? Infinity) - (b.value ?? Infinity) || a.number - b.number).slice(0, SHOWN),
    [found.trials],
  );
  const more = found.trials.length > SHOWN ? `the ${SHOWN} best of ${count(found.trials.length)}` : "all";
  return (
    <div class="wb-tables">
      <Trials {...props} caption="Front: no other is better in both" rows={found.front} />
      <Trials {...props} caption={`By the objective, ${more}`} rows={ordered} />
    </div>
  );
}

function Trials({ acts, answers, found, caption, rows }: PartProps & { caption: string; rows: readonly Trial[] }): VNode {
  const { about, numbers } = answers;
  return (
    <Table
      caption={caption}
      rows={rows}
      keyOf={(trial) => String(trial.number)}
      chosen={found.shown && String(found.shown.number)}
      empty="nothing was evaluated yet"
      columns={[
        { title: "number", numeric: true, cell: (trial) => count(trial.number) },
        { title: "structure", cell: (trial) => spelled(trial.key) },
        { title: "parameters", numeric: true, cell: (trial) => count(trial.parameters) },
        { title: about.fits === false ? "√loss" : "error", numeric: true, cell: errorOf },
        { title: "objective", numeric: true, cell: (trial) => scientific(trial.value) },
        {
          title: "",
          cell: (trial) => <Button label={`draw number ${trial.number}`} onPress={() => acts.dispatch({ type: "choose", chosen: trial.number === numbers.best ? null : trial.number })}>draw</Button>,
        },
      ]}
    />
  );
}
