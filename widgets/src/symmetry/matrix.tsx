/** The matrix that the diagrams span: equal colour, equal weight; what meets in the entry under the pointer. */
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button, Choices } from "../shared/bar";
import { count, plural } from "../shared/format";
import { useWidth } from "../shared/size";
import type { PartProps } from "./card";
import { subscript, weightName } from "./card";
import { boxOf, Grid, useDark } from "./canvas";
import { ON } from "./reducer";
import { colours, DARK, different, heldBy, hues, indicesOf, LIGHT, meeting, paint, valuesOf, type Sharing } from "./sharing";

interface MatrixProps extends PartProps {
  /** The diagram under the pointer, whose entries are held. */
  readonly pointed: number | null;
  readonly onMeet: (kind: number | null) => void;
}

/** So many entries a side have lines between them. */
const RULED = 40;
const ON_SHOWN = 4;
/** The padding of a part, left and right (symmetry.css). */
const SIDES = 28;

export function Matrix(props: MatrixProps): VNode {
  const { state, acts, sharing, answers, pointed, onMeet } = props;
  const frame = useRef<HTMLElement>(null);
  const dark = useDark(frame);
  const size = Math.min(300, Math.max(120, useWidth(frame, 300) - SIDES));
  const [over, setOver] = useState<readonly [number, number] | null>(null);
  const [pinned, setPinned] = useState<readonly [number, number] | null>(null);
  const weights = state.doc.weights ?? ON;
  const values = useMemo(() => (sharing ? valuesOf(sharing, weights) : new Float64Array()), [sharing, weights]);
  useLayoutEffect(() => setPinned(null), [sharing]);
  const at = over ?? pinned;
  const kind = sharing && at ? (sharing.kinds[at[0] * sharing.columns + at[1]] ?? null) : null;
  useEffect(() => onMeet(over ? kind : null), [over === null, kind]);
  const held = useMemo(
    () => sharing && heldBy(sharing, over && kind !== null ? { kind } : pointed !== null && weights.has(pointed) ? { diagram: pointed } : null),
    [sharing, over === null, kind, pointed, weights],
  );
  const pixels = useMemo(() => {
    if (!sharing) return null;
    const palette = dark ? DARK : LIGHT;
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return paint(sharing.kinds, state.colours === "weights" ? colours(values, largest, palette) : hues(sharing, palette, dark), held);
  }, [sharing, values, state.colours, dark, held]);
  if (!sharing || !pixels) return <section class="wb-part wb-matrix" ref={frame} aria-label="matrix" />;
  const { rows, columns } = sharing;
  const [width, height] = boxOf(rows, columns, size);
  const place = (event: { clientX: number; clientY: number; currentTarget: EventTarget | null }): readonly [number, number] => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const cut = (position: number, most: number) => Math.max(0, Math.min(most - 1, Math.floor(position * most)));
    return [cut((event.clientY - box.top) / (box.height || 1), rows), cut((event.clientX - box.left) / (box.width || 1), columns)];
  };
  const walk = (event: KeyboardEvent) => {
    const by = ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } as Record<string, [number, number]>)[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const [row, column] = pinned ?? [0, 0];
    const next = pinned ? ([Math.max(0, Math.min(rows - 1, row + by[0])), Math.max(0, Math.min(columns - 1, column + by[1]))] as const) : ([0, 0] as const);
    setOver(null);
    setPinned(next);
    onMeet(sharing.kinds[next[0] * columns + next[1]] ?? null);
  };
  const broken = state.doc.broken;
  const crack = () => {
    const [row, column] = pinned ?? firstEntry(sharing, values);
    acts.dispatch({ type: "break", place: [sharing.down[row] as number, sharing.across[column] as number] });
  };
  const cracked = broken && inside(sharing, broken);
  const ruled = Math.max(rows, columns) <= RULED;
  const [cw, ch] = [width / columns, height / rows];
  const marker = ([row, column]: readonly [number, number], name: string) => (
    <span class={name} style={{ left: `${column * cw - 1}px`, top: `${row * ch - 1}px`, width: `${Math.max(cw, 3) + 2}px`, height: `${Math.max(ch, 3) + 2}px` }} />
  );
  return (
    <section class="wb-part wb-matrix" ref={frame} aria-label="matrix">
      <div class="wb-head">
        <h4>The matrix<span class="wb-note">{sizeOf(sharing, weights.size ? different(values, sharing.counts) : 0)}</span></h4>
      </div>
      <div
        class="wb-entrymap"
        role="img"
        tabIndex={0}
        aria-label={`the matrix, ${count(sharing.of[0])} by ${count(sharing.of[1])}; arrows walk through its entries`}
        style={{ width: `${width}px`, height: `${height}px` }}
        onPointerMove={(event) => setOver(place(event))}
        onPointerLeave={() => setOver(null)}
        onClick={(event) => {
          const here = place(event);
          setPinned(here);
          const { on, off } = meeting(sharing, sharing.kinds[here[0] * columns + here[1]] as number, weights);
          const alone = [...on, ...off];
          if (alone.length === 1) acts.dispatch({ type: "choose", at: (alone[0] as { diagram: number }).diagram });
        }}
        onKeyDown={walk}
      >
        <Grid rows={rows} columns={columns} pixels={pixels} size={size} />
        {ruled && <span class="wb-rules" style={{ backgroundSize: `${cw}px ${ch}px` }} />}
        {pinned && marker(pinned, "wb-pin")}
        {over && marker(over, "wb-pin wb-over")}
        {cracked && marker(cracked, "wb-crack")}
      </div>
      <div class="wb-entry" aria-live="polite">
        {at && kind !== null
          ? <Entry {...props} sharing={sharing} at={at} kind={kind} value={values[kind] ?? 0} />
          : <p class="wb-soft">{state.colours === "weights" ? `Equal colour, equal weight: point at an entry to see which ${answers.about.noun ?? "diagram"}s meet there.` : "One colour, one weight: entries of one colour are equal in every equivariant map."}</p>}
        {sharing.part && <p class="wb-note wb-partly">{sharing.part}</p>}
      </div>
      <div class="wb-under">
        <Choices
          label="colours"
          choices={[{ value: "weights", title: "weights" }, { value: "sharing", title: "sharing" }]}
          chosen={state.colours}
          onChoose={(value) => acts.dispatch({ type: "colours", colours: value as "weights" | "sharing" })}
        />
        <span class="wb-space" />
        {broken
          ? <Button label="repair" title="take the broken entry back (k)" onPress={() => acts.dispatch({ type: "break", place: null })} />
          : <Button label="break an entry" title="change this one entry alone, and see what becomes of the symmetry (k)" quiet disabled={rows * columns < 2} onPress={crack} />}
      </div>
    </section>
  );
}

function sizeOf({ of, kinds }: Sharing, numbers: number): string {
  const entries = of[0] * of[1];
  return `${entries === 1 ? "1 entry" : `${count(entries)} entries`}${kinds.length < entries ? "" : `, ${plural(numbers, "number")}`}`;
}

/** Where breaking shows: an entry off the diagonal that is not alone. */
function firstEntry({ rows, columns, kinds, counts }: Sharing, values: Float64Array): readonly [number, number] {
  for (const wants of [(kind: number) => (counts[kind] ?? 0) > 1 && values[kind] !== 0, (kind: number) => (counts[kind] ?? 0) > 1, () => true])
    for (let k = 1; k < kinds.length; k++) if (wants(kinds[k] as number)) return [Math.floor(k / columns), k % columns];
  return [rows - 1, columns - 1];
}

/** A broken entry's place among those drawn; null where it is not drawn. */
function inside({ down, across }: Sharing, [row, column]: readonly [number, number, number]): readonly [number, number] | null {
  const [a, b] = [down.indexOf(row), across.indexOf(column)];
  return a < 0 || b < 0 ? null : [a, b];
}

interface EntryProps extends MatrixProps {
  readonly sharing: Sharing;
  readonly at: readonly [number, number];
  readonly kind: number;
  readonly value: number;
}

/** One entry in words: where it is, what it is, and the diagrams whose weights add up there. */
function Entry({ state, answers, sharing, at, kind, value }: EntryProps): VNode {
  const noun = answers.about.noun ?? "diagram";
  const weights = state.doc.weights ?? ON;
  const { on, off } = meeting(sharing, kind, weights);
  const [row, column] = [indicesOf(sharing.down[at[0]] ?? 0, sharing.sizes[0]), indicesOf(sharing.across[at[1]] ?? 0, sharing.sizes[1])];
  const where = `row ${row.join(" ") || "1"}, column ${column.join(" ") || "1"}`;
  const share = sharing.counts[kind] ?? 0;
  return (
    <div>
      <p><b>{weightName(Number(value.toPrecision(6)))}</b> <span class="wb-soft">at {where}{share > 1 ? `, and at ${count(share - 1)} more` : ", alone"}</span></p>
      <p class="wb-sum">
        {on.length === 0
          ? <span class="wb-soft">{off.length ? `${plural(off.length, noun)} would meet here; none is on` : `always 0: no ${noun} meets here`}</span>
          : on.slice(0, ON_SHOWN).map(({ diagram, factor }, k) => (
            <span key={diagram}>{k > 0 && " + "}<b>{factor === 1 ? "" : factor === -1 ? "−" : `${factor}·`}{weightName(weights.get(diagram) ?? 0)}</b> <span class="wb-soft">d{subscript(diagram)}</span></span>
          ))}
        {on.length > ON_SHOWN && <span class="wb-soft"> and {on.length - ON_SHOWN} more</span>}
        {on.length > 0 && off.length > 0 && <span class="wb-soft">; {count(off.length)} off</span>}
      </p>
    </div>
  );
}
