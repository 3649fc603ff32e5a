/** The table view: the same network in rows, every edit possible without the picture. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../shared/bar";
import { count, list } from "../shared/format";
import { Field, Pick } from "../shared/panel";
import { Table, type Column } from "../shared/table";
import { freshBond, freshLeg, freshTensor, holdersOf, isLeg, product, roleOf, shapeOf, type Network, type Tensor } from "../shared/network";
import { kindsWith, SizeField } from "./panel";
import { docOf, erase, NEW_SIZE, pullLeg, renameTo, type Command, type State } from "./reducer";
import type { Edit } from "./steps";

interface Props {
  readonly state: State;
  readonly dispatch: (command: Command) => void;
}

export function Tables({ state, dispatch }: Props): VNode {
  const { network } = docOf(state);
  const { selection } = state;
  const select = (kind: "tensor" | "index", name: string) => {
    if (selection?.kind !== kind || selection.name !== name) dispatch({ type: "select", item: { kind, name } });
  };
  return (
    <div class="wb-tables">
      <Table
        caption="Tensors"
        columns={tensorColumns(network, dispatch)}
        rows={[...network.tensors.values()]}
        keyOf={(tensor) => tensor.name}
        chosen={selection?.kind === "tensor" ? selection.name : undefined}
        onChoose={(tensor) => select("tensor", tensor.name)}
        empty="No tensors yet: add one below."
      />
      <Table
        caption="Indices"
        columns={indexColumns(network, dispatch)}
        rows={[...network.sizes.keys()]}
        keyOf={(index) => index}
        chosen={selection?.kind === "index" ? selection.name : undefined}
        onChoose={(index) => select("index", index)}
        empty="No indices yet: pull out a leg or connect two tensors."
      />
      <Add network={network} dispatch={dispatch} />
      {network.tensors.size > 0 && <Connect network={network} dispatch={dispatch} />}
      {network.sizes.size > 0 && <Attach network={network} dispatch={dispatch} />}
      {network.legs.length > 1 && <Join network={network} dispatch={dispatch} />}
      {state.message && <div class={`wb-hint wb-${state.message.tone}`}>{state.message.text}</div>}
    </div>
  );
}

type Dispatch = Props["dispatch"];

function tensorColumns(network: Network, dispatch: Dispatch): Column<Tensor>[] {
  return [
    { title: "name", cell: ({ name }) => <Field label={`name of tensor ${name}`} value={name} onCommit={(text) => dispatch(renameTo({ kind: "tensor", name }, text))} /> },
    { title: "indices", cell: ({ name, indices }) => <span class="wb-mono">{indices.map((index) => `${index} · ${network.sizes.get(index)}`).join(",  ") || `${name} is a number`}</span> },
    {
      title: "kind",
      cell: ({ name, fixed }) => (
        <Pick label={`kind of tensor ${name}`} value={fixed ?? ""} choices={kindsWith(fixed)} onPick={(kind) => dispatch({ type: "edit", edit: { op: "fix", args: { name, kind: kind || undefined } } })} />
      ),
    },
    { title: "entries", numeric: true, cell: ({ name }) => count(product(shapeOf(network, name))) },
    {
      title: "actions",
      cell: ({ name }) => (
        <span class="wb-actions">
          <Button label={`add a leg to ${name}`} onPress={() => dispatch(pullLeg(network, name))}>+ leg</Button>
          <Button label={`delete tensor ${name}`} onPress={() => dispatch(erase({ kind: "tensor", name }))}>delete</Button>
        </span>
      ),
    },
  ];
}

function indexColumns(network: Network, dispatch: Dispatch): Column<string>[] {
  const swap = (index: string, by: number) => {
    const legs = [...network.legs];
    const at = legs.indexOf(index);
    [legs[at], legs[at + by]] = [legs[at + by] as string, legs[at] as string];
    dispatch({ type: "edit", edit: { op: "transpose", args: { legs } } });
  };
  const edit = (op: "open" | "close" | "cut", index: string) => () => dispatch({ type: "edit", edit: { op, args: { index } } });
  return [
    { title: "name", cell: (index) => <Field label={`name of index ${index}`} value={index} onCommit={(text) => dispatch(renameTo({ kind: "index", name: index }, text))} /> },
    { title: "size", numeric: true, cell: (index) => <SizeField network={network} index={index} dispatch={dispatch} /> },
    { title: "role", cell: (index) => roleOf(holdersOf(network, index), isLeg(network, index)) },
    {
      title: "held by",
      cell: (index) => {
        const tensors = [...new Set(holdersOf(network, index).map((holder) => holder.tensor))];
        return tensors.length < 2 ? list(tensors) : tensors.map((tensor) => (
          <span class="wb-chip" key={tensor}>
            {tensor}
            <button type="button" aria-label={`detach ${index} from ${tensor}`} onClick={() => dispatch({ type: "edit", edit: { op: "detach", args: { tensor, index } } })}>✕</button>
          </span>
        ));
      },
    },
    {
      title: "leg",
      cell: (index) => {
        const at = network.legs.indexOf(index);
        if (at < 0) return "";
        return (
          <span class="wb-actions">
            {at + 1}
            <Button label={`move leg ${index} up`} disabled={at === 0} onPress={() => swap(index, -1)}>▲</Button>
            <Button label={`move leg ${index} down`} disabled={at === network.legs.length - 1} onPress={() => swap(index, 1)}>▼</Button>
          </span>
        );
      },
    },
    {
      title: "actions",
      cell: (index) => (
        <span class="wb-actions">
          {isLeg(network, index)
            ? <Button label={`close ${index}`} onPress={edit("close", index)}>close</Button>
            : <Button label={`open ${index}`} onPress={edit("open", index)}>open</Button>}
          {!isLeg(network, index) && <Button label={`cut ${index}`} onPress={edit("cut", index)}>cut</Button>}
          <Button label={`delete index ${index}`} onPress={() => dispatch(erase({ kind: "index", name: index }))}>delete</Button>
        </span>
      ),
    },
  ];
}

interface FormProps {
  readonly network: Network;
  readonly dispatch: Dispatch;
}

/** New indices become legs of size 4; known ones gain an axis. */
function Add({ network, dispatch }: FormProps): VNode {
  const [text, setText] = useState("");
  const name = freshTensor(network);
  const submit = () => {
    const indices = text.split(/[,\s]+/).filter(Boolean);
    const fresh = [...new Set(indices)].filter((index) => !network.sizes.has(index));
    const edit: Edit = { op: "add", args: { name, indices, sizes: Object.fromEntries(fresh.map((index) => [index, NEW_SIZE])) } };
    dispatch({ type: "edit", edit });
    setText("");
  };
  return (
    <form class="wb-form" onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <b>Add</b> tensor {name} with indices
      <input class="wb-field" type="text" aria-label="indices of the new tensor" placeholder={freshLeg(network)} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <button type="submit" class="wb-button">add tensor</button>
    </form>
  );
}

function Connect({ network, dispatch }: FormProps): VNode {
  const names = [...network.tensors.keys()];
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const [size, setSize] = useState(String(NEW_SIZE));
  const a = names.includes(first) ? first : (names[0] as string);
  const b = names.includes(second) ? second : (names[1] ?? a);
  const choices = names.map((name) => [name, name] as const);
  const submit = () => dispatch({ type: "edit", edit: { op: "connect", args: { tensors: [a, b], size: Number(size), index: freshBond(network) } } });
  return (
    <form class="wb-form" onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <b>Connect</b>
      <Pick label="first tensor" value={a} choices={choices} onPick={setFirst} /> and
      <Pick label="second tensor" value={b} choices={choices} onPick={setSecond} /> with size
      <Field label="size of the new bond" value={size} numeric onCommit={setSize} />
      <button type="submit" class="wb-button">connect</button>
    </form>
  );
}

function Attach({ network, dispatch }: FormProps): VNode {
  const [tensors, indices] = [[...network.tensors.keys()], [...network.sizes.keys()]];
  const [chosenIndex, setIndex] = useState("");
  const [chosenTensor, setTensor] = useState("");
  const index = indices.includes(chosenIndex) ? chosenIndex : (indices[0] as string);
  const tensor = tensors.includes(chosenTensor) ? chosenTensor : (tensors[0] as string);
  return (
    <form class="wb-form" onSubmit={(event) => { event.preventDefault(); dispatch({ type: "edit", edit: { op: "attach", args: { tensor, index } } }); }}>
      <b>Attach</b> index
      <Pick label="index to attach" value={index} choices={indices.map((name) => [name, name] as const)} onPick={setIndex} /> to
      <Pick label="tensor to attach to" value={tensor} choices={tensors.map((name) => [name, name] as const)} onPick={setTensor} />
      <button type="submit" class="wb-button">attach</button>
    </form>
  );
}

function Join({ network, dispatch }: FormProps): VNode {
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const a = network.legs.includes(first) ? first : (network.legs[0] as string);
  const b = network.legs.includes(second) ? second : (network.legs[1] as string);
  const choices = network.legs.map((leg) => [leg, leg] as const);
  return (
    <form class="wb-form" onSubmit={(event) => { event.preventDefault(); dispatch({ type: "edit", edit: { op: "join", args: { a, b } } }); }}>
      <b>Join</b> legs
      <Pick label="first leg" value={a} choices={choices} onPick={setFirst} /> and
      <Pick label="second leg" value={b} choices={choices} onPick={setSecond} />
      <button type="submit" class="wb-button">join</button>
    </form>
  );
}
