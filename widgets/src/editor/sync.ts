/** Between the traits and the store: sends documents, takes in documents, never mutates what it read. */
import type { Model } from "../shared/model";
import { fromJson, toJson, type NetworkJson } from "./network";
import { docOf, initial, reduce, type Command, type Doc, type State, type View } from "./reducer";
import type { Step } from "./steps";
import { round, type Point } from "./plane";

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

/** The least time between two messages of one burst (a slider's drag, a held key). */
export const PACE = 100;

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
  /** The revision of what the picture shows. */
  revision: number;
  private shown: Doc;
  private sentAt = -Infinity;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** A revision that arrived ahead of its document: hosts may deliver traits one by one. */
  private awaited: number | null = null;
  private received: string;
  private receiving = false;
  private burst: string | null = null;
  private readonly leave: (() => void)[] = [];

  constructor(private readonly model: Model<Traits>, private readonly now: () => number = () => performance.now()) {
    const spec = model.get("spec");
    this.revision = model.get("revision") ?? 0;
    this.received = JSON.stringify(spec ?? null);
    this.store = new Store(opened(spec));
    const view = model.get("view");
    if (view && view !== this.store.state.view) this.store.dispatch({ type: "view", view });
    this.shown = docOf(this.store.state);
    this.leave.push(this.store.subscribe(() => this.changed()));
    this.listen("spec", () => this.take());
    this.listen("revision", () => this.take());
    this.listen("view", () => {
      const view = model.get("view");
      if (view && view !== this.store.state.view) this.store.dispatch({ type: "view", view });
    });
  }

  listen(trait: keyof Traits & string, callback: () => void): void {
    const event = `change:${trait}` as const;
    this.model.on(event, callback);
    this.leave.push(() => this.model.off(event, callback));
  }

  close(): void {
    if (this.timer !== null) this.send();
    for (const leave of this.leave.splice(0)) leave();
  }

  private changed(): void {
    const { state } = this.store;
    if (this.model.get("view") !== state.view) {
      this.model.set("view", state.view);
      this.model.save_changes();
    }
    const doc = docOf(state);
    if (doc === this.shown) return;
    if (this.receiving) {
      this.shown = doc;
      return;
    }
    // A message carries one step: what is waiting goes first, unless this continues the same burst.
    const burst = state.history.key;
    if (this.timer !== null && (burst === null || burst !== this.burst)) this.send();
    this.burst = burst;
    this.shown = doc;
    const wait = burst === null ? 0 : this.sentAt + PACE - this.now();
    if (wait <= 0) this.send();
    else this.timer ??= setTimeout(() => this.send(), wait);
  }

  private send(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.sentAt = this.now();
    this.revision += 1;
    const spec = specOf(this.shown);
    this.received = JSON.stringify(spec);
    this.model.set("spec", spec);
    this.model.set("revision", this.revision);
    this.model.save_changes();
  }

  private take(): void {
    const revision = this.model.get("revision");
    const spec = this.model.get("spec");
    const text = JSON.stringify(spec ?? null);
    const newer = revision > this.revision || (revision === this.awaited && revision === this.revision);
    if (!newer) return;
    if (text === this.received) {
      this.awaited = revision;
      this.revision = revision;
      return;
    }
    this.awaited = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.revision = revision;
    this.received = text;
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
