/** The formats on offer and the states among them, mirrored from `workbench.widgets._formats`. Pure. */
import { fromJson, parameters, type Network, type NetworkJson } from "../shared/network";
import type { Positions } from "../shared/plane";

export interface Rank {
  readonly index: string;
  /** What it joins, in the data's own words. */
  readonly title: string;
  /** The end of its slider; for one that cuts the network in two, the largest value there is. */
  readonly most: number;
  readonly cuts: boolean;
}

/** A format as Python describes it. */
export interface FormJson {
  readonly key: string;
  readonly title: string;
  readonly ranks: readonly Rank[];
  readonly network: NetworkJson;
  readonly positions: Readonly<Record<string, readonly [number, number]>>;
}

export interface Form {
  readonly key: string;
  readonly title: string;
  readonly ranks: readonly Rank[];
  readonly base: Network;
  readonly positions: Positions;
}

/** What is explored; no ranks while Python chooses them. */
export interface Doc {
  readonly format: string;
  readonly ranks: readonly number[];
}

export const BEYOND = 1 << 16;

export function formsOf(json: readonly FormJson[] | undefined): readonly Form[] {
  return (json ?? []).map(({ key, title, ranks, network, positions }) => ({
    key, title, ranks, base: fromJson(network),
    positions: new Map(Object.entries(positions).map(([name, [x, y]]) => [name, { x, y }])),
  }));
}

export function formOf(forms: readonly Form[], key: string): Form | undefined {
  return forms.find((form) => form.key === key);
}

/** The network of a state; null while its ranks are not known. */
export function networkOf(form: Form | undefined, ranks: readonly number[]): Network | null {
  if (!form || ranks.length !== form.ranks.length) return null;
  const sizes = new Map(form.base.sizes);
  form.ranks.forEach(({ index }, k) => sizes.set(index, ranks[k] as number));
  return { ...form.base, sizes };
}

export function parametersOf(form: Form | undefined, ranks: readonly number[]): number | null {
  const net = networkOf(form, ranks);
  return net && parameters(net);
}

/** A rank as it can be: whole, at least one, at most what makes sense. */
export function clamped(rank: Rank, value: number): number {
  return Math.max(1, Math.min(rank.cuts ? rank.most : BEYOND, Math.round(value)));
}

/** "29 × 44 × 3", "R = 46". */
export function spelled(ranks: readonly number[]): string {
  return ranks.length === 1 ? `rank ${ranks[0]}` : ranks.join(" × ");
}
