/**
 * A tensor network: an einsum with names, mirrored from `workbench.network.Network`.
 * Immutable; everything here reads, `edits.ts` makes new ones.
 */
import { list, shape } from "./format";

export interface Tensor {
  readonly name: string;
  /** Index names in axis order; a name may repeat (a trace, or a diagonal when open). */
  readonly indices: readonly string[];
  /** The kind of a tensor that is not a free parameter: "copy", "levi_civita", "data", ... */
  readonly fixed?: string;
}

export interface Network {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly sizes: ReadonlyMap<string, number>;
  /** The open indices, in output order. */
  readonly legs: readonly string[];
}

export interface Holder {
  readonly tensor: string;
  readonly axis: number;
}

/** What an index is to the eye: see `roleOf`. */
export type Role = "bond" | "leg" | "hyperbond" | "trace" | "diagonal" | "summed";

export const EMPTY: Network = { tensors: new Map(), sizes: new Map(), legs: [] };

/** The caps that Python applies to a document it reads: past them an edit would be refused there, so it is here. */
export const CAPS = { tensors: 512, indices: 4096, order: 64, size: 1e9, name: 64, entries: 2n ** 63n } as const;

/** A refusal: names the thing, what was found, what was expected, what to do. */
export class NetworkError extends Error {}

export function tensorOf(net: Network, name: string): Tensor {
  const tensor = net.tensors.get(name);
  if (!tensor) throw new NetworkError(`there is no tensor '${name}'; the network has ${known([...net.tensors.keys()])}`);
  return tensor;
}

export function sizeOf(net: Network, index: string): number {
  const size = net.sizes.get(index);
  if (size === undefined) throw new NetworkError(`there is no index '${index}'; the network has ${known([...net.sizes.keys()])}`);
  return size;
}

function known(names: readonly string[]): string {
  if (!names.length) return "none yet";
  return names.length > 12 ? `${names.slice(0, 12).join(", ")}, …` : names.join(", ");
}

export function shapeOf(net: Network, tensor: string): number[] {
  return tensorOf(net, tensor).indices.map((index) => sizeOf(net, index));
}

export function isLeg(net: Network, index: string): boolean {
  return net.legs.includes(index);
}

/** Every axis that an index sits on, tensors in the network's order. */
export function holdersOf(net: Network, index: string): Holder[] {
  const holders: Holder[] = [];
  for (const tensor of net.tensors.values())
    tensor.indices.forEach((name, axis) => {
      if (name === index) holders.push({ tensor: tensor.name, axis });
    });
  return holders;
}

/** The holders of all indices at once; one pass instead of one per index. */
export function allHolders(net: Network): Map<string, Holder[]> {
  const table = new Map<string, Holder[]>([...net.sizes.keys()].map((index) => [index, []]));
  for (const tensor of net.tensors.values())
    tensor.indices.forEach((index, axis) => table.get(index)?.push({ tensor: tensor.name, axis }));
  return table;
}

export function roleOf(holders: readonly Holder[], open: boolean): Role {
  const tensors = new Set(holders.map((holder) => holder.tensor)).size;
  if (holders.length === 1) return open ? "leg" : "summed";
  if (holders.length === 2 && !open) return tensors === 2 ? "bond" : "trace";
  return tensors === 1 && open ? "diagonal" : "hyperbond";
}

/** The tensors that share an index with this one, each once. */
export function neighboursOf(net: Network, tensor: string): string[] {
  const mine = new Set(tensorOf(net, tensor).indices);
  return [...net.tensors.values()]
    .filter((other) => other.name !== tensor && other.indices.some((index) => mine.has(index)))
    .map((other) => other.name);
}

/** Entries of the free tensors. */
export function parameters(net: Network): number {
  let total = 0;
  for (const tensor of net.tensors.values())
    if (tensor.fixed === undefined) total += product(tensor.indices.map((index) => net.sizes.get(index) ?? 0));
  return total;
}

/** Entries of the tensor that the network stands for. */
export function dense(net: Network): number {
  return product(net.legs.map((leg) => net.sizes.get(leg) ?? 0));
}

export function product(factors: readonly number[]): number {
  return factors.reduce((a, b) => a * b, 1);
}

/**
 * The largest size of a bond that can matter: the rank of a matrix is bounded by its smaller side, so
 * each holder bounds it by the entries of its other axes.
 */
export function rankBound(net: Network, index: string): number {
  const bounds = holdersOf(net, index).map(({ tensor, axis }) =>
    product(tensorOf(net, tensor).indices.filter((_, at) => at !== axis).map((other) => net.sizes.get(other) ?? 0)),
  );
  return Math.min(...bounds);
}

/** The einsum string, as Python spells it: the names where all are letters, else a, b, c, ... with the legs first. */
export function einsum(net: Network): string {
  const names = [...net.sizes.keys()];
  const own = names.every((name) => /^[A-Za-z]$/.test(name));
  const spare = letters();
  const order = own ? names : [...net.legs, ...names.filter((name) => !isLeg(net, name))];
  const symbols = new Map(order.map((name) => [name, own ? name : (spare.next().value as string)]));
  const spell = (indices: readonly string[]) => indices.map((index) => symbols.get(index)).join("");
  return `${[...net.tensors.values()].map((tensor) => spell(tensor.indices)).join(",")}->${spell(net.legs)}`;
}

/** a..z, A..Z, then every letter of Unicode from À on. */
function* letters(): Generator<string> {
  yield* "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (let code = 0xc0; ; code++) {
    const letter = String.fromCodePoint(code);
    if (/\p{L}/u.test(letter)) yield letter;
  }
}

/** The first unused name of A..Z, A1, A2, ... */
export function freshTensor(net: Network): string {
  return unused("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (name) => net.tensors.has(name));
}

/** The first unused name of r, s, t, u, v, w, r1, r2, ... */
export function freshBond(net: Network): string {
  return unused("rstuvw", (name) => net.sizes.has(name));
}

/** The first unused name of i, j, ..., p, i1, i2, ... */
export function freshLeg(net: Network): string {
  return unused("ijklmnop", (name) => net.sizes.has(name));
}

function unused(letters: string, taken: (name: string) => boolean): string {
  for (const letter of letters) if (!taken(letter)) return letter;
  for (let k = 1; ; k++) if (!taken(`${letters[0]}${k}`)) return `${letters[0]}${k}`;
}

export function sameNetwork(a: Network, b: Network): boolean {
  return a === b || JSON.stringify(toJson(a)) === JSON.stringify(toJson(b));
}

/** The document of version 2: lists, because JavaScript reorders integer-like keys of objects. */
export interface NetworkJson {
  format: "workbench.network";
  version: 2;
  indices: { name: string; size: number }[];
  tensors: { name: string; indices: string[]; fixed?: string }[];
  legs: string[];
}

export function toJson(net: Network): NetworkJson {
  return {
    format: "workbench.network",
    version: 2,
    indices: [...net.sizes].map(([name, size]) => ({ name, size })),
    tensors: [...net.tensors.values()].map(({ name, indices, fixed }) => ({
      name,
      indices: [...indices],
      ...(fixed === undefined ? {} : { fixed }),
    })),
    legs: [...net.legs],
  };
}

/** Reads a document that Python has already validated; what is not a network is refused all the same. */
export function fromJson(json: unknown): Network {
  const object = json as Partial<NetworkJson> | null | undefined;
  if (!object || object.format !== "workbench.network" || object.version !== 2)
    throw new NetworkError("the document is not a network of version 2; set `network` from Python again");
  if (!Array.isArray(object.indices) || !Array.isArray(object.tensors) || !Array.isArray(object.legs))
    throw new NetworkError("a network's document needs the lists 'indices', 'tensors' and 'legs'");
  return {
    sizes: new Map(object.indices.map(({ name, size }) => [String(name), Number(size)])),
    tensors: new Map(
      object.tensors.map(({ name, indices, fixed }) => [
        String(name),
        { name: String(name), indices: indices.map(String), ...(fixed === undefined ? {} : { fixed: String(fixed) }) },
      ]),
    ),
    legs: object.legs.map(String),
  };
}

/** "tensor B, 24 × 640 × 3", "fixed tensor E (copy), 3 × 3". */
export function describeTensor(net: Network, name: string): string {
  const kind = net.tensors.get(name)?.fixed;
  const what = kind === undefined ? `tensor ${name}` : `fixed tensor ${name} (${kind})`;
  return `${what}, ${shape(shapeOf(net, name))}`;
}

/** "bond r between A and B, size 24", "leg row of A, size 427". */
export function describeIndex(net: Network, index: string): string {
  const holders = holdersOf(net, index);
  const open = isLeg(net, index);
  const role = roleOf(holders, open);
  const tensors = [...new Set(holders.map((holder) => holder.tensor))];
  const size = `size ${sizeOf(net, index)}`;
  if (role === "bond") return `bond ${index} between ${list(tensors)}, ${size}`;
  const name = role === "summed" ? "summed index" : role === "hyperbond" && open ? "open hyperbond" : role;
  return `${name} ${index} of ${list(tensors)}, ${size}`;
}
