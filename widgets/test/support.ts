/** What the tests share: networks to draw, a seeded generator of edits, a fake model, the invariants. */
import { FAMILIES } from "../src/editor/families";
import { add, connect, attach, fix } from "../src/editor/edits";
import { EMPTY, freshBond, freshLeg, freshTensor, holdersOf, isLeg, type Network } from "../src/shared/network";
import type { Edit } from "../src/editor/steps";
import type { Traits } from "../src/editor/sync";
import { toJson } from "../src/shared/network";

export function family(name: string, shape: readonly number[], rank = 4, legs = shape.map((_, k) => `i${k}`)): Network {
  return FAMILIES.get(name)!.build(shape, rank, legs);
}

/** Traces, a diagonal, parallel bonds, an open hyperbond, a summed index, two parts, fixed tensors. */
export function zoo(): Network {
  let net = add(EMPTY, "A", ["i"], { sizes: { i: 20 } });
  net = add(net, "B", []);
  net = add(net, "C", ["j"], { sizes: { j: 12 }, fixed: "data" });
  net = add(net, "D", ["z", "z"], { sizes: { z: 7 } });
  for (const size of [2, 16, 256]) net = connect(net, ["A", "B"], size);
  net = connect(net, ["A", "A"], 3, "y");
  net = connect(net, ["B", "C", "D"], 5, "h");
  net = attach(attach(net, "B", "o", 4), "C", "o");
  net = add(net, "E", ["e"], { sizes: { e: 3 } });
  net = connect(net, ["E", "E"], 3, "q");
  return fix(net, "E", "ones");
}

/** mulberry32: small, seeded, good enough to choose edits. */
export function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An edit that fits the network more often than not: refusals are part of the test. */
export function anyEdit(net: Network, next: () => number): Edit {
  const pick = <T>(from: readonly T[], otherwise: T): T => from[Math.floor(next() * from.length)] ?? otherwise;
  const tensor = () => pick([...net.tensors.keys()], "nobody");
  const index = () => pick([...net.sizes.keys()], "nothing");
  const leg = () => pick(net.legs, "nothing");
  const size = 1 + Math.floor(next() * 9);
  switch (Math.floor(next() * 17)) {
    case 0: case 1: return { op: "add", args: { name: freshTensor(net), indices: next() < 0.5 ? [] : [freshLeg(net), ...(net.sizes.size ? [index()] : [])], sizes: {} } };
    case 2: return { op: "add", args: { name: freshTensor(net), indices: [freshLeg(net)], sizes: { [freshLeg(net)]: size } } };
    case 3: return { op: "remove", args: { name: tensor() } };
    case 4: case 5: return { op: "connect", args: { tensors: [tensor(), tensor(), ...(next() < 0.3 ? [tensor()] : [])], size, index: freshBond(net) } };
    case 6: return { op: "disconnect", args: { index: index() } };
    case 7: return { op: "join", args: { a: leg(), b: leg() } };
    case 8: return { op: "cut", args: { index: index() } };
    case 9: return { op: pick(["open", "close"] as const, "open"), args: { index: index() } };
    case 10: return { op: "attach", args: { tensor: tensor(), index: next() < 0.5 ? index() : freshLeg(net), ...(next() < 0.5 ? { size } : {}) } };
    case 11: return { op: "detach", args: { tensor: tensor(), index: index() } };
    case 12: return { op: "resize", args: { sizes: { [index()]: next() < 0.2 ? 0 : size } } };
    case 13: return next() < 0.5 ? { op: "rename", args: { names: { [tensor()]: pick(["left", "A", "10"], "A") } } } : { op: "relabel", args: { names: { [index()]: pick(["row", "i", "3"], "i") } } };
    case 14: return { op: "transpose", args: { legs: [...net.legs].reverse() } };
    case 15: {
      const name = tensor();
      const indices = net.tensors.get(name)?.indices ?? [];
      return { op: "split", args: { tensor: name, left: indices.filter(() => next() < 0.5), size, names: [name, freshTensor(net)], index: freshBond(net) } };
    }
    default: return { op: "merge", args: { a: tensor(), b: tensor(), name: tensor() } };
  }
}

/** What must hold of every network; the words say what does not. */
export function wrongWith(net: Network): string[] {
  const wrong: string[] = [];
  const used = new Set([...net.tensors.values()].flatMap((tensor) => tensor.indices));
  for (const index of used) if (!net.sizes.has(index)) wrong.push(`${index} has no size`);
  for (const [index, size] of net.sizes) {
    if (!used.has(index)) wrong.push(`${index} is on no tensor`);
    if (!Number.isInteger(size) || size < 1) wrong.push(`${index} has size ${size}`);
  }
  if (new Set(net.legs).size !== net.legs.length) wrong.push("a leg is listed twice");
  for (const leg of net.legs) if (!used.has(leg)) wrong.push(`leg ${leg} is on no tensor`);
  for (const [name, tensor] of net.tensors) if (tensor.name !== name) wrong.push(`${name} is filed under another name`);
  for (const index of used) if (!holdersOf(net, index).length && !isLeg(net, index)) wrong.push(`${index} is nowhere`);
  return wrong;
}

export type FakeModel = ReturnType<typeof fakeModel>;

/** The editor's model, holding a network. */
export function fakeModel(net: Network, more: Partial<Traits> = {}) {
  return modelOf<Traits>({
    spec: { network: toJson(net), positions: {}, step: null },
    revision: 1, issues: [], numbers: {}, code: {}, preview: {}, shape: [], view: "picture", ...more,
  });
}

/** A model as hosts give it; `push` is Python speaking. Values are frozen: nobody may change what a trait holds. */
export function modelOf<T extends { spec: unknown; revision: number }>(state: T) {
  const listeners = new Map<string, Set<() => void>>();
  const fire = (key: string) => [...(listeners.get(`change:${key}`) ?? [])].forEach((callback) => callback());
  const saved: Pick<T, "spec" | "revision">[] = [];
  for (const value of Object.values(state)) freeze(value);
  return {
    saved,
    listeners,
    get: <K extends keyof T>(key: K): T[K] => state[key],
    set<K extends keyof T & string>(key: K, value: T[K]): void {
      state[key] = freeze(value);
      fire(key);
    },
    save_changes(): void {
      if (saved.at(-1)?.revision !== state.revision) saved.push({ spec: state.spec, revision: state.revision });
    },
    on(event: string, callback: () => void): void {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(callback));
    },
    off(event: string, callback: () => void): void {
      if (!callback) throw new Error("off needs a callback in some hosts");
      listeners.get(event)?.delete(callback);
    },
    push(values: Partial<T>): void {
      Object.assign(state, values);
      Object.keys(values).forEach(fire);
    },
  };
}

function freeze<T>(value: T): T {
  if (value && typeof value === "object") {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
