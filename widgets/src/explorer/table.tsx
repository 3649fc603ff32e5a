/** The same as tables: the ranks, the formats at this size, the front. */
import type { VNode } from "preact";
import { Button } from "../shared/bar";
import { compression, count, percent } from "../shared/format";
import { Field } from "../shared/panel";
import { Table } from "../shared/table";
import { titleOf } from "./app";
import type { PartProps } from "./board";
import { parametersOf, spelled, type Rank } from "./forms";
import { within, type Point } from "./fronts";
import { formIn } from "./reducer";

export function Tables(props: PartProps): VNode {
  return (
    <div class="wb-tables">
      <RankTable {...props} />
      <FormatTable {...props} />
      <FrontTable {...props} />
    </div>
  );
}

function RankTable({ state, acts, answers }: PartProps): VNode {
  const form = formIn(state);
  const { useful, kept } = answers.numbers;
  const known = useful?.length === state.doc.ranks.length;
  const at = (rank: Rank) => form?.ranks.indexOf(rank) ?? 0;
  return (
    <Table
      caption={`Ranks of ${form?.title ?? ""}`}
      rows={form?.ranks ?? []}
      keyOf={(rank) => rank.index}
      chosen={form?.ranks[state.rank]?.index}
      onChoose={(rank) => acts.dispatch({ type: "choose", at: at(rank) })}
      empty="no rank to choose"
      columns={[
        { title: "rank", cell: (rank) => rank.index },
        { title: "joins", cell: (rank) => rank.title },
        {
          title: "value",
          numeric: true,
          cell: (rank) => (
            <Field label={`rank ${rank.index} in the table`} value={String(state.doc.ranks[at(rank)] ?? "")} numeric onCommit={(text) => acts.dispatch({ type: "rank", at: at(rank), value: text === "" ? NaN : Number(text) })} />
          ),
        },
        { title: "at most", numeric: true, cell: (rank) => (rank.cuts ? count(rank.most) : "–") },
        { title: "useful up to", numeric: true, cell: (rank) => (known && (useful?.[at(rank)] ?? rank.most) < rank.most ? count(useful?.[at(rank)]) : "–") },
        { title: "keeps", numeric: true, cell: (rank) => percent(known ? kept?.[at(rank)] : null) },
      ]}
    />
  );
}

interface Row {
  readonly key: string;
  readonly point: Point | null;
}

function FormatTable({ state, acts, answers }: PartProps): VNode {
  const size = parametersOf(formIn(state), state.doc.ranks) ?? 0;
  const rows: Row[] = state.forms.map(({ key }) => {
    const front = answers.fronts[key];
    return { key, point: front ? within(front, size) : null };
  });
  return (
    <Table
      caption={`Formats with at most ${count(size)} parameters`}
      rows={rows}
      keyOf={(row) => row.key}
      chosen={state.doc.format}
      empty="no formats"
      columns={[
        { title: "format", cell: (row) => titleOf(state, row.key) },
        { title: "ranks", cell: (row) => (row.point ? spelled(row.point[2]) : answers.fronts[row.key] ? "none so small" : "not looked at yet") },
        { title: "parameters", numeric: true, cell: (row) => count(row.point?.[0]) },
        { title: "error", numeric: true, cell: (row) => percent(row.point?.[1]) },
        {
          title: "",
          cell: (row) => row.point && (
            <Button label={`go to ${titleOf(state, row.key)}`} onPress={() => acts.dispatch({ type: "go", doc: { format: row.key, ranks: (row.point as Point)[2] } })}>go</Button>
          ),
        },
      ]}
    />
  );
}

function FrontTable({ state, acts, answers }: PartProps): VNode {
  const front = answers.fronts[state.doc.format];
  const points = front?.points ?? [];
  const here = state.doc.ranks.join();
  return (
    <Table
      caption={`Front of ${titleOf(state, state.doc.format)}`}
      rows={points}
      keyOf={(point) => point[2].join()}
      chosen={here}
      empty="not looked at yet"
      columns={[
        { title: "parameters", numeric: true, cell: (point) => count(point[0]) },
        { title: "size", cell: (point) => compression(answers.numbers.dense, point[0]) },
        { title: "error", numeric: true, cell: (point) => percent(point[1]) },
        { title: "ranks", cell: (point) => spelled(point[2]) },
        {
          title: "",
          cell: (point) => <Button label={`go to ${spelled(point[2])}`} onPress={() => acts.dispatch({ type: "go", doc: { format: state.doc.format, ranks: point[2] } })}>go</Button>,
        },
      ]}
    />
  );
}
