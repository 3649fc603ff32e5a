/** A plain table with row headers; cells may hold fields. */
import type { ComponentChildren, VNode } from "preact";

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row, at: number) => ComponentChildren;
  readonly numeric?: boolean;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly chosen?: string | undefined;
  readonly onChoose?: (row: Row) => void;
  readonly empty: string;
}

export function Table<Row>({ caption, columns, rows, keyOf, chosen, onChoose, empty }: TableProps<Row>): VNode {
  return (
    <table class="wb-table">
      <caption>{caption}</caption>
      <thead>
        <tr>{columns.map((column) => <th key={column.title} scope="col" class={column.numeric ? "wb-right" : undefined}>{column.title}</th>)}</tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={keyOf(row)} aria-selected={keyOf(row) === chosen} onFocusIn={() => onChoose?.(row)}>
            {columns.map((column) => <td key={column.title} class={column.numeric ? "wb-right" : undefined}>{column.cell(row, at)}</td>)}
          </tr>
        ))}
        {!rows.length && <tr><td colSpan={columns.length} class="wb-empty">{empty}</td></tr>}
      </tbody>
    </table>
  );
}
