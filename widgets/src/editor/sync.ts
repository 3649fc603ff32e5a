/** Between the traits and the store: sends documents, takes in documents, never mutates what it read. */
import { Channel } from "../shared/channel";
import type { Model } from "../shared/model";
import { fromJson, toJson, type NetworkJson } from "../shared/network";
import { docOf, initial, reduce, type Command, type Doc, type State, type View } from "./reducer";
import type { Step } from "./steps";
import { round, type Point } from "../shared/plane";

export interface Spec {
  network: NetworkJson;
  positions: Record<string, [number, number]>;
  step: Step | null;
}

export interface Issue {
  message: string;
  tensor?: string;
  index?: string;
}

export interface Numbers {
  revision: number;
  state: "idle" | "fitting" | "fitted" | "unfittable";
  message: string;
  parameters: number;
  dense: number;
  flops: number | null;
  peak_bytes: number | null;
  error: number | null;
  seconds: number | null;
}

export interface Traits {
  spec: Spec;
  revision: number;
  issues: Issue[];
  numbers: Partial<Numbers>;
  code: Record<string, string>;
  preview: { before?: string; after?: string; caption?: string };
  shape: number[];
  view: View;
}

/** Holds the state; tells whoever listens when it has changed. */
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
  private readonly channel: Channel<Spec, Traits>;
  private readonly forget: () => void;

  constructor(private readonly model: Model<Traits>, now?: () => number) {
    this.store = new Store(opened(model.get("spec")));
    const view = model.get("view");
    if (view && view !== this.store.state.view) this.store.dispatch({ type: "view", view });
    this.shown = docOf(this.store.state);
    this.forget = this.store.subscribe(() => this.changed());
    this.channel = new Channel(model, { onTake: (spec) => this.take(spec), ...(now ? { now } : {}) });
    this.listen("view", () => {
      const view = model.get("view");
      if (view && view !== this.store.state.view) this.store.dispatch({ type: "view", view });
    });
  }

  /** The revision of what the picture shows. */
  get revision(): number {
    return this.channel.revision;
  }

  listen(trait: keyof Traits & string, callback: () => void): void {
    this.channel.listen(trait, callback);
  }

  close(): void {
    this.channel.close();
    this.forget();
  }

  private changed(): void {
    const { state } = this.store;
    if (this.model.get("view") !== state.view) {
      this.model.set("view", state.view);
      this.model.save_changes();
    }
    const doc = docOf(state);
    if (doc === this.shown) return;
    this.shown = doc;
    if (!this.receiving) this.channel.offer(() => specOf(doc), state.history.key);
  }

  private take(spec: Spec): void {
    try {
      const network = fromJson(spec.network);
      this.receiving = true;
      this.store.dispatch({ type: "receive", network, positions: positionsOf(spec), step: spec.step ?? null });
    } catch (error) {
      this.store.dispatch({ type: "say", text: `the document from Python was not understood: ${(error as Error).message}`, tone: "refusal" });
    } finally {
      this.receiving = false;
    }
  }
}

function opened(spec: Spec | null | undefined): State {
  if (!spec?.network) return initial();
  try {
    return initial(fromJson(spec.network), positionsOf(spec), spec.step ?? null);
  } catch (error) {
    return reduce(initial(), { type: "say", text: `the document from Python was not understood: ${(error as Error).message}`, tone: "refusal" });
  }
}

export function specOf(doc: Doc): Spec {
  const positions = [...doc.positions].map(([name, p]) => [name, [round(p.x), round(p.y)]] as const);
  return { network: toJson(doc.network), positions: Object.fromEntries(positions) as Spec["positions"], step: doc.step };
}

function positionsOf(spec: Spec): Map<string, Point> {
  const places = new Map<string, Point>();
  for (const [name, p] of Object.entries(spec.positions ?? {}))
    if (Array.isArray(p) && Number.isFinite(p[0]) && Number.isFinite(p[1])) places.set(name, { x: p[0], y: p[1] });
  return places;
}
