/** The side panel: what is selected, to the number; else the whole network. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { Button } from "../shared/bar";
import { count, list, plural, shape as shaped } from "../shared/format";
import { Code, Field, Pick, Row, Section } from "../shared/panel";
import { einsum, freshBond, freshTensor, holdersOf, isLeg, parameters, product, rankBound, roleOf, shapeOf, type Network, type Role } from "../shared/network";
import { docOf, erase, NEW_SIZE, pullLeg, renameTo, resizeTo, type Command, type State } from "./reducer";
import type { Issue, Traits } from "./sync";

interface PanelProps {
  readonly state: State;
  readonly dispatch: (command: Command) => void;
  readonly issues: readonly Issue[];
  readonly code: Readonly<Record<string, string>>;
  readonly preview: Traits["preview"];
  readonly shape: readonly number[];
}

interface PartProps {
  readonly network: Network;
  readonly name: string;
  readonly dispatch: (command: Command) => void;
  readonly shape: readonly number[];
}

export function Panel({ state, dispatch, issues, code, preview, shape }: PanelProps): VNode {
  const { network } = docOf(state);
  const { selection } = state;
  const step = code.step ?? "";
  return (
    <aside class="wb-panel" aria-label="details">
      {issues.length > 0 && (
        <div class="wb-issues" role="alert">
          {issues.map((issue) => <p key={issue.message}>{issue.message}</p>)}
        </div>
      )}
      {selection?.kind === "tensor" && network.tensors.has(selection.name) ? (
        <TensorPart network={network} name={selection.name} dispatch={dispatch} shape={shape} />
      ) : selection?.kind === "index" && network.sizes.has(selection.name) ? (
        <IndexPart network={network} name={selection.name} dispatch={dispatch} shape={shape} />
      ) : (
        <Whole network={network} shape={shape} />
      )}
      <Preview preview={preview} />
      {step && (
        <Section title="Last step, as Python">
          <Code text={step} label="the last step" onCopied={(text) => dispatch({ type: "say", text, tone: "info" })} />
        </Section>
      )}
    </aside>
  );
}

export const KINDS: readonly (readonly [string, string])[] = [
  ["", "free parameters"], ["copy", "fixed: copy"], ["levi_civita", "fixed: Levi-Civita"], ["symplectic", "fixed: symplectic"],
  ["ones", "fixed: ones"], ["data", "fixed: data"],
];

/** The kinds to choose from; one we do not know stays choosable where it is in use. */
export function kindsWith(kind: string | undefined): readonly (readonly [string, string])[] {
  return kind === undefined || KINDS.some(([each]) => each === kind) ? KINDS : [...KINDS, [kind, `fixed: ${kind}`]];
}

function TensorPart({ network, name, dispatch }: PartProps): VNode {
  const tensor = network.tensors.get(name);
  const indices = tensor?.indices ?? [];
  const sizes = shapeOf(network, name);
  const half = Math.floor(indices.length / 2);
  const split = () => {
    const names = [name, freshTensor(network)] as const;
    dispatch({ type: "edit", edit: { op: "split", args: { tensor: name, left: indices.slice(0, half), size: NEW_SIZE, names, index: freshBond(network) } } });
  };
  return (
    <Section title={name} note={`tensor ${shaped(sizes)}`}>
      <table class="wb-axes">
        <tbody>
          {indices.map((index, axis) => (
            <tr key={axis}>
              <td><button type="button" class="wb-link" onClick={() => dispatch({ type: "select", item: { kind: "index", name: index } })}>{index}</button></td>
              <td>{towards(network, name, index)}</td>
              <td><SizeField network={network} index={index} dispatch={dispatch} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {!indices.length && <p class="wb-soft">no axes: a single number. Pull out a leg, or bond it with another tensor.</p>}
      <Row label={tensor?.fixed === undefined ? "parameters" : "entries, fixed"}>{count(product(sizes))}</Row>
      <label class="wb-row"><span>name</span><Field label={`name of tensor ${name}`} value={name} onCommit={(text) => dispatch(renameTo({ kind: "tensor", name }, text))} /></label>
      <label class="wb-row">
        <span>kind</span>
        <Pick
          label={`kind of tensor ${name}`}
          value={tensor?.fixed ?? ""}
          choices={kindsWith(tensor?.fixed)}
          onPick={(kind) => dispatch({ type: "edit", edit: { op: "fix", args: { name, kind: kind || undefined } } })}
        />
      </label>
      <div class="wb-buttons">
        <Button label="Add leg" onPress={() => dispatch(pullLeg(network, name))} />
        {indices.length > 1 && tensor?.fixed === undefined && (
          <Button label="Split" title={`${list(indices.slice(0, half))} on one side, ${list(indices.slice(half))} on the other`} onPress={split} />
        )}
        <Button label="Delete" onPress={() => dispatch(erase({ kind: "tensor", name }))} />
      </div>
    </Section>
  );
}

const ROLE_TITLES: Readonly<Record<Role, string>> = {
  bond: "Bond", leg: "Leg", hyperbond: "Hyperbond", trace: "Trace", diagonal: "Diagonal", summed: "Summed index",
};

function IndexPart({ network, name, dispatch, shape }: PartProps): VNode {
  const holders = holdersOf(network, name);
  const tensors = [...new Set(holders.map((holder) => holder.tensor))];
  const open = isLeg(network, name);
  const size = network.sizes.get(name) ?? 1;
  const role = roleOf(holders, open);
  // A sum over a hyperbond is no matrix product: CP ranks may pass every size.
  const bound = role === "bond" ? rankBound(network, name) : Infinity;
  const at = network.legs.indexOf(name);
  const expected = at < 0 ? undefined : shape[at];
  const edit = (op: "open" | "close" | "cut") => () => dispatch({ type: "edit", edit: { op, args: { index: name } } });
  const free = tensors.filter((tensor) => network.tensors.get(tensor)?.fixed === undefined);
  return (
    <Section title={`${ROLE_TITLES[role]} ${name}`} note={tensors.length > 1 ? `between ${list(tensors)}` : `of ${list(tensors)}`}>
      <label class="wb-row">
        <span>size</span>
        <span class="wb-mono">
          <SizeField network={network} index={name} dispatch={dispatch} />
          {bound < 1e6 && ` of ${count(bound)}`}
        </span>
      </label>
      {!open && tensors.length > 1 && <Slider index={name} size={size} bound={bound} dispatch={dispatch} />}
      {!open && size > bound && <p class="wb-soft">{`above ${count(bound)} nothing more can be expressed`}</p>}
      {expected !== undefined && expected !== size && <p class="wb-bad">{`the data have ${expected} here; resize ${name} to ${expected} to fit them`}</p>}
      {open && <Row label="axis of the result">{`${at + 1} of ${network.legs.length}`}</Row>}
      <Row label="held by">{holders.map(({ tensor, axis }) => `${tensor}[${axis}]`).join(" ")}</Row>
      <label class="wb-row"><span>name</span><Field label={`name of index ${name}`} value={name} onCommit={(text) => dispatch(renameTo({ kind: "index", name }, text))} /></label>
      <div class="wb-buttons">
        {open ? <Button label="Close" title="sum over it" onPress={edit("close")} /> : <Button label="Open" title="make it a leg too" onPress={edit("open")} />}
        {!open && <Button label="Cut" title="each end becomes a leg of its own" onPress={edit("cut")} />}
        {!open && free.length === 2 && tensors.length === 2 && (
          <Button
            label="Merge"
            title={`make ${list(free)} one tensor`}
            onPress={() => dispatch({ type: "edit", edit: { op: "merge", args: { a: free[0] as string, b: free[1] as string, name: free[0] as string } } })}
          />
        )}
        <Button label="Delete" onPress={() => dispatch(erase({ kind: "index", name }))} />
      </div>
    </Section>
  );
}

/** A rank under the thumb; its whole drag is one step of the history. */
function Slider({ index, size, bound, dispatch }: { index: string; size: number; bound: number; dispatch: PanelProps["dispatch"] }): VNode {
  // The scale holds still while the thumb moves on it.
  const scale = useMemo(() => Math.min(bound, Math.max(64, 2 ** Math.ceil(1 + Math.log2(size)))), [index, bound]);
  const top = Math.max(2, scale, size);
  return (
    <input
      class="wb-slider"
      type="range"
      min={1}
      max={top}
      value={size}
      style={{ "--wb-at": `${((size - 1) / (top - 1)) * 100}%` }}
      aria-label={`drag the size of ${index}`}
      onInput={(event) => dispatch(resizeTo(index, Number(event.currentTarget.value), `slider ${index}`))}
      onChange={() => dispatch({ type: "select", item: { kind: "index", name: index } })}
    />
  );
}

export function SizeField({ network, index, dispatch }: { network: Network; index: string; dispatch: PanelProps["dispatch"] }): VNode {
  const size = network.sizes.get(index) ?? 0;
  return <Field label={`size of ${index}`} value={String(size)} numeric onCommit={(text) => dispatch(resizeTo(index, text === "" ? NaN : Number(text)))} />;
}

/** "bond to A", "leg", "hyperbond with A and C": an index as one of its tensors sees it. */
export function towards(network: Network, tensor: string, index: string): string {
  const holders = holdersOf(network, index);
  const open = isLeg(network, index);
  const role = roleOf(holders, open);
  const others = [...new Set(holders.map((holder) => holder.tensor))].filter((name) => name !== tensor);
  if (role === "bond") return `bond to ${list(others)}`;
  if (role === "hyperbond") return `${open ? "open, " : ""}with ${others.length > 3 ? plural(others.length, "other") : list(others)}`;
  return role;
}

function Whole({ network, shape }: { network: Network; shape: readonly number[] }): VNode {
  const roles = [...network.sizes.keys()].map((index) => roleOf(holdersOf(network, index), isLeg(network, index)));
  const number = (role: Role) => roles.filter((each) => each === role).length;
  const expression = einsum(network);
  return (
    <Section title="Network" note={network.legs.length ? `value ${shaped(network.legs.map((leg) => network.sizes.get(leg) ?? 0))}` : "value: one number"}>
      <Row label="tensors">{count(network.tensors.size)}</Row>
      <Row label="bonds">{count(number("bond") + number("trace"))}</Row>
      {number("hyperbond") + number("diagonal") > 0 && <Row label="hyperbonds">{count(number("hyperbond") + number("diagonal"))}</Row>}
      <Row label="legs">{count(network.legs.length)}</Row>
      <Row label="parameters">{count(parameters(network))}</Row>
      {shape.length > 0 && <Row label="data">{shaped(shape)}</Row>}
      {network.tensors.size > 0 && <p class="wb-einsum wb-mono" aria-label="einsum">{expression.length > 240 ? `${expression.slice(0, 240)}…` : expression}</p>}
      {!network.tensors.size && <p class="wb-soft">Empty, and so the number 1. Add tensors, or choose a template.</p>}
    </Section>
  );
}

function Preview({ preview }: { preview: Traits["preview"] }): VNode | null {
  const safe = (source: string | undefined) => (source?.startsWith("data:image/") ? source : undefined);
  const [before, after] = [safe(preview.before), safe(preview.after)];
  if (!before && !after) return null;
  return (
    <Section title="Before and after">
      <div class="wb-preview">
        {before && <figure><img src={before} alt="the data" /><figcaption>data</figcaption></figure>}
        {after && <figure><img src={after} alt="what the network makes of them" /><figcaption>network</figcaption></figure>}
      </div>
      {preview.caption && <p class="wb-soft">{preview.caption}</p>}
    </Section>
  );
}
