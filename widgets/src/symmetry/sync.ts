/** Between the traits and the store. */
import { Channel } from "../shared/channel";
import type { Model } from "../shared/model";
import type { Packed } from "./bytes";
import { picturesOf, type PicturesJson } from "./pictures";
import { initial, reduce, type Command, type Doc, type Kind, type State, type View } from "./reducer";
import type { SharingJson } from "./sharing";

export interface Spec {
  group: { family: string; n: number };
  /** 0 for V, 1 for V* for every factor; null for other spaces, which can only be kept. */
  source: number[] | null;
  target: number[] | null;
  weights: [number, number][] | null;
  broken: [number, number, number] | null;
  channels: [number, number];
  gesture: string | null;
}

export interface Axis {
  title: string;
  most: number;
  unit: string;
}

export interface About {
  group: string;
  family: string;
  n: number;
  walled: boolean;
  complex: boolean;
  spanning: number;
  dimension: number;
  form: string;
  /** What spans: "diagram", "orbit", "solution", "map". */
  noun: string;
  kinds: Kind[];
  generators: string[];
  axes: Axis[];
}

export interface Numbers {
  revision: number;
  dimension: number;
  spanning: number;
  on: number;
  rank: number | null;
  dense: number;
  ours: number;
  error: number | null;
  seconds: number | null;
}

export type Drawing = "graph" | "values" | "points" | "arrows" | "dots" | "bars" | "vector" | "shape" | "heat" | "number" | "none";

export interface SquareJson {
  serial: number;
  kind: string;
  inputs: string[];
  batch: number;
  from: Drawing;
  to: Drawing;
  /** The shapes of input and output. */
  sizes: [number[], number[]];
  element: string;
  /** Where a permutation takes every coordinate. */
  images: number[];
  /** Of a graph whose symmetries the group is. */
  edges: [number, number][];
  /** Where its vertices are, within the unit disc; empty for a circle. */
  layout: [number, number][];
  axis: number;
  amount: number;
  error: number;
  seconds: number;
  still: boolean;
  zero: boolean;
  x?: Packed;
  fx?: Packed;
  gx?: Packed;
  fgx?: Packed;
  gfx?: Packed;
  places?: Packed;
  moved?: Packed;
}

export interface PictureJson {
  name: string;
  labels: number[];
  head: number[];
  top: number;
}

export interface ComposedJson {
  lowerAt: number;
  upperAt: number;
  out: number[] | null;
  names: string[];
  count: number;
  labels: Packed;
  head: Packed;
  top: number;
  vertices: number;
  lower: PictureJson;
  upper: PictureJson;
  /** Rows of the second matrix, of the first, and columns of the first. */
  rows: [number, number, number];
  terms: (PictureJson & { factor: string })[];
  more: number;
  difference: number | null;
  a?: Packed;
  b?: Packed;
  product?: Packed;
}

export interface CheckedJson {
  state: "running" | "done" | "failed";
  message?: string;
  single?: number[];
  double?: number[];
  asked?: number;
  /** The microscope as a line of Python. */
  line?: string;
}

export interface Traits {
  spec: Spec;
  revision: number;
  issues: { message: string }[];
  numbers: Partial<Numbers>;
  about: Partial<About>;
  checked: Partial<CheckedJson>;
  code: string;
  composed: Partial<ComposedJson>;
  composing: Record<string, unknown>;
  diagrams: Partial<PicturesJson>;
  related: { diagram?: number; terms?: [number, number][] | null; picture?: string };
  sharing: Partial<SharingJson>;
  square: Partial<SquareJson>;
  trail: { undo?: number; redo?: number };
  turning: Record<string, unknown>;
  view: View;
  wish: Record<string, unknown>;
}

/** Milliseconds between two messages of a drag: Python answers within them. */
const PACE = 40;

export class Store {
  private readonly listeners = new Set<() => void>();

  constructor(public state: State) {}

  readonly dispatch = (command: Command): void => {
    const next = reduce(this.state, command);
    if (next === this.state) return;
    this.state = next;
    for (const listener of [...this.listeners]) listener();
  };

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export class Link {
  readonly store: Store;
  private shown: Doc;
  private receiving = false;
  /** Other maps were asked for, and Python has not chosen their weights yet: what comes after that waits. */
  private asked = false;
  private pending: Doc | null = null;
  private wishes = 0;
  private turnedAt = -Infinity;
  private turning: ReturnType<typeof setTimeout> | null = null;
  private readonly me = Math.random().toString(36).slice(2, 8);
  private readonly channel: Channel<Spec, Traits>;
  private readonly forget: () => void;

  constructor(readonly model: Model<Traits>, now?: () => number) {
    this.store = new Store(initial(docOf(model.get("spec")), model.get("about")?.kinds, picturesOf(model.get("diagrams"))));
    const view = model.get("view");
    if (view) this.store.dispatch({ type: "view", view });
    this.shown = this.store.state.doc;
    this.forget = this.store.subscribe(() => this.changed());
    this.channel = new Channel(model, { onTake: (spec) => this.take(spec), pace: PACE, ...(now ? { now } : {}) });
    const maps = () => this.store.dispatch({ type: "maps", pictures: picturesOf(model.get("diagrams")), kinds: model.get("about")?.kinds ?? [] });
    this.listen("diagrams", maps);
    this.listen("about", maps);
    this.listen("view", () => this.store.dispatch({ type: "view", view: model.get("view") }));
  }

  get revision(): number {
    return this.channel.revision;
  }

  listen(trait: keyof Traits & string, callback: () => void): void {
    this.channel.listen(trait, callback);
  }

  /** Ask Python for what only it can do: undo, a random element, a step, another input, how a diagram depends on others. */
  wish(op: string, value?: number | string | readonly number[]): void {
    this.wishes += 1;
    this.save("wish", { op, serial: `${this.me} ${this.wishes}`, ...(value === undefined ? {} : { value }) });
  }

  /** Turn the group element; a drag sends its newest value in good time. */
  turn(axis: number, amount: number): void {
    const send = () => {
      this.turning = null;
      this.turnedAt = performance.now();
      this.wishes += 1;
      this.save("turning", { axis, amount, serial: `${this.me} ${this.wishes}` });
    };
    if (this.turning !== null) clearTimeout(this.turning);
    const wait = this.turnedAt + PACE - performance.now();
    if (wait <= 0) send();
    else this.turning = setTimeout(send, wait);
  }

  /** Ask for a composition. */
  compose(pair: { lower: number; upper: number; out: readonly number[] | null }): void {
    this.wishes += 1;
    this.save("composing", { ...pair, out: pair.out && [...pair.out], serial: `${this.me} ${this.wishes}` });
  }

  close(): void {
    if (this.turning !== null) clearTimeout(this.turning);
    this.channel.close();
    this.forget();
  }

  private save<K extends keyof Traits & string>(trait: K, value: Traits[K]): void {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  private changed(): void {
    const { state } = this.store;
    if (this.model.get("view") !== state.view) this.save("view", state.view);
    const { doc } = state;
    if (doc === this.shown) return;
    this.shown = doc;
    if (this.receiving) return;
    if (this.asked) this.pending = doc;
    else this.offer(doc, state.gesture);
  }

  private offer(doc: Doc, gesture: string | null): void {
    this.asked = doc.weights === null;
    this.channel.offer(() => specOf(doc, gesture && `${this.me} ${gesture}`), gesture);
  }

  private take(spec: Spec): void {
    const next = this.pending;
    [this.asked, this.pending] = [false, null];
    if (next) {
      this.offer(next, null);
      return;
    }
    this.receiving = true;
    this.store.dispatch({ type: "receive", doc: docOf(spec) });
    this.receiving = false;
  }
}

export function docOf(spec: Partial<Spec> | undefined): Doc {
  return {
    family: spec?.group?.family ?? "",
    n: spec?.group?.n ?? 1,
    source: spec?.source ?? null,
    target: spec?.target ?? null,
    weights: spec?.weights ? new Map(spec.weights) : null,
    broken: spec?.broken ?? null,
    channels: spec?.channels ?? [1, 1],
  };
}

export function specOf(doc: Doc, gesture: string | null): Spec {
  return {
    group: { family: doc.family, n: doc.n },
    source: doc.source && [...doc.source],
    target: doc.target && [...doc.target],
    weights: doc.weights && [...doc.weights].map(([at, weight]) => [at, weight]),
    broken: doc.broken && [...doc.broken],
    channels: [...doc.channels],
    gesture,
  };
}
