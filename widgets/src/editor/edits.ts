/** The algebra of networks, named and refusing as `workbench/network/_edits.py` does: each edit returns a new network. */
import {
  CAPS, holdersOf, isLeg, NetworkError, freshBond, freshTensor, sizeOf, tensorOf, type Network, type Tensor,
} from "../shared/network";

export type Sizes = Readonly<Record<string, number>>;
export type Names = Readonly<Record<string, string>>;

export interface Added {
  readonly fixed?: string | undefined;
  readonly sizes?: Sizes;
}

/** Indices new to the network become legs; an index already there gains one more axis. */
export function add(net: Network, name: string, indices: readonly string[], { fixed, sizes = {} }: Added = {}): Network {
  if (net.tensors.has(name)) throw new NetworkError(`there is a tensor '${name}' already; choose another name`);
  const grown = new Map(net.sizes);
  for (const [index, size] of Object.entries(sizes)) {
    if (!indices.includes(index)) throw new NetworkError(`a size is given for '${index}', which is not among the indices of '${name}'`);
    const found = net.sizes.get(index);
    if (found !== undefined && found !== size)
      throw new NetworkError(`index '${index}' of '${name}' is given size ${size} but has size ${found}; resize it first or leave the size out`);
    grown.set(index, size);
  }
  const fresh = [...new Set(indices)].filter((index) => !net.sizes.has(index));
  for (const index of fresh)
    if (!grown.has(index)) throw new NetworkError(`index '${index}' of '${name}' is new and has no size; give it one`);
  const tensor: Tensor = { name, indices: [...indices], ...(fixed ? { fixed } : {}) };
  return sound({ tensors: new Map([...net.tensors, [name, tensor]]), sizes: grown, legs: [...net.legs, ...fresh] });
}

/** What is left is the tensor's environment: indices it shared become legs, indices only it held vanish. */
export function remove(net: Network, name: string): Network {
  const gone = tensorOf(net, name);
  const tensors = new Map([...net.tensors].filter(([each]) => each !== name));
  const left = used(tensors);
  const shared = [...new Set(gone.indices)].filter((index) => left.has(index) && !isLeg(net, index));
  return {
    tensors,
    sizes: new Map([...net.sizes].filter(([index]) => left.has(index))),
    legs: [...net.legs.filter((leg) => left.has(leg)), ...shared],
  };
}

/** A new summed index, the last axis of each tensor: two make a bond, more a hyperbond, one named twice a trace. */
export function connect(net: Network, names: readonly string[], size: number, index = freshBond(net)): Network {
  if (names.length < 2) throw new NetworkError("connect joins two tensors or more; name one twice for a trace");
  requireFree(net, index);
  const tensors = new Map(net.tensors);
  for (const name of names) {
    tensorOf(net, name);
    const tensor = tensors.get(name) as Tensor;
    tensors.set(name, { ...tensor, indices: [...tensor.indices, index] });
  }
  return sound({ ...net, tensors, sizes: new Map([...net.sizes, [index, size]]) });
}

/** Takes a summed index and all its axes away: the inverse of `connect`. */
export function disconnect(net: Network, index: string): Network {
  requireSummed(net, index);
  return {
    ...net,
    tensors: mapIndices(net, (indices) => indices.filter((each) => each !== index)),
    sizes: new Map([...net.sizes].filter(([each]) => each !== index)),
  };
}

/** Sums two legs of equal size against each other: `b` becomes `a` and both leave the legs. */
export function join(net: Network, a: string, b: string): Network {
  requireLeg(net, a);
  requireLeg(net, b);
  if (a === b) throw new NetworkError(`leg '${a}' cannot be joined to itself; close it to sum it`);
  const [first, second] = [sizeOf(net, a), sizeOf(net, b)];
  if (first !== second)
    throw new NetworkError(`leg '${a}' has size ${first} and leg '${b}' has size ${second}; resize one of them, then join`);
  return {
    tensors: mapIndices(net, (indices) => indices.map((each) => (each === b ? a : each))),
    sizes: new Map([...net.sizes].filter(([each]) => each !== b)),
    legs: net.legs.filter((leg) => leg !== a && leg !== b),
  };
}

/** Opens a summed index: each of its axes becomes a leg of its own (r, r_2, ...). The inverse of `join`. */
export function cut(net: Network, index: string): Network {
  requireSummed(net, index);
  const size = sizeOf(net, index);
  const sizes = new Map(net.sizes);
  const opened: string[] = [];
  const tensors = mapIndices(net, (indices) =>
    indices.map((each) => {
      if (each !== index) return each;
      let name = index;
      for (let k = opened.length + 1; opened.length && sizes.has(name); k++) name = `${index}_${k}`;
      sizes.set(name, size);
      opened.push(name);
      return name;
    }),
  );
  return sound({ tensors, sizes, legs: [...net.legs, ...opened] });
}

/** Makes a summed index a leg, the last one. */
export function open(net: Network, index: string): Network {
  requireSummed(net, index);
  return { ...net, legs: [...net.legs, index] };
}

/** Sums over a leg. */
export function close(net: Network, index: string): Network {
  requireLeg(net, index);
  return { ...net, legs: net.legs.filter((leg) => leg !== index) };
}

/** One more axis, the last, that holds an index already in the network; or, given a size, a new index, which is a leg. */
export function attach(net: Network, name: string, index: string, size?: number): Network {
  const tensor = tensorOf(net, name);
  const tensors = new Map(net.tensors).set(name, { ...tensor, indices: [...tensor.indices, index] });
  if (size === undefined) {
    sizeOf(net, index);
    return sound({ ...net, tensors });
  }
  requireFree(net, index);
  return sound({ tensors, sizes: new Map([...net.sizes, [index, size]]), legs: [...net.legs, index] });
}

/** Takes the last axis that holds an index from a tensor; the index must live on elsewhere. */
export function detach(net: Network, name: string, index: string): Network {
  const tensor = tensorOf(net, name);
  const axis = tensor.indices.lastIndexOf(index);
  if (axis < 0) throw new NetworkError(`tensor '${name}' does not hold index '${index}'; it holds ${tensor.indices.join(", ") || "none"}`);
  if (holdersOf(net, index).length === 1)
    throw new NetworkError(`'${name}' is the only holder of index '${index}'; close it to sum it, or delete it`);
  const indices = tensor.indices.filter((_, at) => at !== axis);
  return { ...net, tensors: new Map(net.tensors).set(name, { ...tensor, indices }) };
}

export function resize(net: Network, sizes: Sizes): Network {
  for (const index of Object.keys(sizes)) sizeOf(net, index);
  return sound({ ...net, sizes: new Map([...net.sizes].map(([index, size]) => [index, Object.hasOwn(sizes, index) ? (sizes[index] as number) : size])) });
}

export function rename(net: Network, names: Names): Network {
  for (const old of Object.keys(names)) tensorOf(net, old);
  const after = renaming([...net.tensors.keys()], names, "tensor");
  const tensors = [...net.tensors.values()].map((tensor) => {
    const name = after.get(tensor.name) as string;
    return [name, { ...tensor, name }] as const;
  });
  return sound({ ...net, tensors: new Map(tensors) });
}

/** Two indices cannot become one: `join` sums two legs. */
export function relabel(net: Network, names: Names): Network {
  for (const old of Object.keys(names)) sizeOf(net, old);
  const after = renaming([...net.sizes.keys()], names, "index");
  const label = (index: string) => after.get(index) as string;
  return sound({
    tensors: mapIndices(net, (indices) => indices.map(label)),
    sizes: new Map([...net.sizes].map(([index, size]) => [label(index), size])),
    legs: net.legs.map(label),
  });
}

/** Puts the legs in another order. */
export function transpose(net: Network, legs: readonly string[]): Network {
  if ([...legs].sort().join("\n") !== [...net.legs].sort().join("\n"))
    throw new NetworkError(`transpose needs every leg once: got ${legs.join(", ")}, the legs are ${net.legs.join(", ")}`);
  return { ...net, legs: [...legs] };
}

/** A free tensor becomes two joined by a new bond; `left` names the indices that go to the first half. */
export function split(
  net: Network, name: string, left: readonly string[], size: number,
  names: readonly [string, string] = [name, freshTensor(net)], index = freshBond(net),
): Network {
  const tensor = requireParameter(net, name, "split");
  for (const each of left)
    if (!tensor.indices.includes(each)) throw new NetworkError(`tensor '${name}' does not hold index '${each}'`);
  requireFree(net, index);
  const [first, second] = names;
  const others = [...net.tensors.keys()].filter((each) => each !== name);
  if (first === second || others.includes(first) || others.includes(second))
    throw new NetworkError(`the halves of '${name}' cannot be named '${first}' and '${second}'; use two free names`);
  const halves: Tensor[] = [
    { name: first, indices: [...tensor.indices.filter((each) => left.includes(each)), index] },
    { name: second, indices: [index, ...tensor.indices.filter((each) => !left.includes(each))] },
  ];
  return sound({ ...net, tensors: replaced(net, name, halves), sizes: new Map([...net.sizes, [index, size]]) });
}

/** Two free tensors become one; summed indices that lived on these two alone are summed away. */
export function merge(net: Network, a: string, b: string, name = a): Network {
  const [first, second] = [requireParameter(net, a, "merged"), requireParameter(net, b, "merged")];
  if (a === b) throw new NetworkError(`'${a}' cannot be merged with itself; name two tensors`);
  if (net.tensors.has(name) && name !== a && name !== b)
    throw new NetworkError(`there is a tensor '${name}' already; choose another name for the merged one`);
  const rest = new Map([...net.tensors].filter(([each]) => each !== a && each !== b));
  const kept = new Set([...used(rest), ...net.legs]);
  const indices = [...new Set([...first.indices, ...second.indices])].filter((index) => kept.has(index));
  const tensors = replaced({ ...net, tensors: new Map([...net.tensors].filter(([each]) => each !== b)) }, a, [{ name, indices }]);
  const left = used(tensors);
  return sound({ ...net, tensors, sizes: new Map([...net.sizes].filter(([index]) => left.has(index))) });
}

/** Makes a tensor free (no kind) or fixed of a kind. Python has no edit of that name: it reads the new network. */
export function fix(net: Network, name: string, kind: string | undefined): Network {
  const { fixed: _, ...tensor } = tensorOf(net, name);
  return { ...net, tensors: new Map(net.tensors).set(name, kind ? { ...tensor, fixed: kind } : tensor) };
}

/** The invariants and caps of Python's reader; an edit that would break them is refused here. */
export function sound(net: Network): Network {
  if (net.tensors.size > CAPS.tensors) throw new NetworkError(`a network here has at most ${CAPS.tensors} tensors, this would have ${net.tensors.size}`);
  if (net.sizes.size > CAPS.indices) throw new NetworkError(`a network here has at most ${CAPS.indices} indices, this would have ${net.sizes.size}`);
  for (const [index, size] of net.sizes) {
    requireName(index, "an index");
    if (!Number.isInteger(size) || size < 1 || size > CAPS.size)
      throw new NetworkError(`index '${index}' is given size ${size}; a size is a whole number from 1 to 1,000,000,000`);
  }
  for (const tensor of net.tensors.values()) {
    requireName(tensor.name, "a tensor");
    if (tensor.indices.length > CAPS.order)
      throw new NetworkError(`tensor '${tensor.name}' would have ${tensor.indices.length} axes; at most ${CAPS.order} are allowed`);
    let entries = 1n;
    for (const index of tensor.indices) entries *= BigInt(net.sizes.get(index) ?? 1);
    if (entries >= CAPS.entries) throw new NetworkError(`tensor '${tensor.name}' would have ${Number(entries).toExponential(1)} entries; make its indices smaller`);
  }
  return net;
}

function requireName(name: string, what: string): void {
  if (!name || name.trim() !== name || [...name].length > CAPS.name || /[\p{C}\p{Zl}\p{Zp}]/u.test(name))
    throw new NetworkError(`'${name}' cannot name ${what}; use 1 to ${CAPS.name} printable characters without spaces at the ends`);
}

function requireFree(net: Network, index: string): void {
  if (net.sizes.has(index)) throw new NetworkError(`there is an index '${index}' already, of size ${net.sizes.get(index)}; choose another name`);
}

function requireLeg(net: Network, index: string): void {
  sizeOf(net, index);
  if (!isLeg(net, index)) throw new NetworkError(`index '${index}' is not a leg; open it first`);
}

function requireSummed(net: Network, index: string): void {
  sizeOf(net, index);
  if (isLeg(net, index)) throw new NetworkError(`index '${index}' is a leg; close it first to sum it`);
}

function requireParameter(net: Network, name: string, done: string): Tensor {
  const tensor = tensorOf(net, name);
  if (tensor.fixed !== undefined) throw new NetworkError(`tensor '${name}' is fixed (${tensor.fixed}); only free tensors are ${done}`);
  return tensor;
}

function renaming(names: readonly string[], wanted: Names, what: string): Map<string, string> {
  const after = new Map(names.map((name) => [name, Object.hasOwn(wanted, name) ? (wanted[name] as string) : name]));
  const owners = new Map<string, string>();
  for (const [old, name] of after) {
    const owner = owners.get(name);
    if (owner !== undefined) throw new NetworkError(`${what} '${owner}' and ${what} '${old}' would both be named '${name}'; names are unique`);
    owners.set(name, old);
  }
  return after;
}

function mapIndices(net: Network, change: (indices: readonly string[]) => readonly string[]): Map<string, Tensor> {
  return new Map([...net.tensors].map(([name, tensor]) => [name, { ...tensor, indices: change(tensor.indices) }]));
}

function replaced(net: Network, name: string, by: readonly Tensor[]): Map<string, Tensor> {
  return new Map([...net.tensors].flatMap(([each, tensor]) => (each === name ? by.map((half) => [half.name, half] as const) : [[each, tensor] as const])));
}

function used(tensors: ReadonlyMap<string, Tensor>): Set<string> {
  return new Set([...tensors.values()].flatMap((tensor) => tensor.indices));
}
