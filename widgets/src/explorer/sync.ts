/** Between the traits and the store. */
import { Channel } from "../shared/channel";
import type { Model } from "../shared/model";
import { formsOf, type Doc, type FormJson } from "./forms";
import type { Fronts } from "./fronts";
import { initial, reduce, type Command, type State, type View } from "./reducer";

export interface Spec {
  format: string;
  ranks: number[] | null;
  gesture: string | null;
}

export interface Numbers {
  revision: number;
  state: "reading" | "estimating" | "fitting" | "fitted" | "stopped" | "unfittable";
  message: string;
  error: number | null;
  source: "" | "closed form" | "interpolated" | "compressed" | "so far" | "fit";
  parameters: number;
  dense: number;
  useful: number[];
  kept: (number | null)[];
  seconds: number | null;
  sweep: number;
  history: number[];
  converged: boolean;
}

export interface Look {
  rows: number;
  columns: number | null;
  at: number[];
  colours: number | null;
}

export interface PictureJson {
  kind: "photograph" | "slice" | "curve";
  look: Look;
  scale: [number, number];
  size?: [number, number];
  image?: string;
  curve?: number[];
}

export interface Preview {
  revision: number;
  image?: string;
  difference?: string;
  curve?: number[];
  top: number;
}

export interface About {
  shape: number[];
  axes: string[];
  dtype: string;
  entries: number;
  colours: number[];
}

export interface Traits {
  spec: Spec;
  revision: number;
  issues: { message: string }[];
  numbers: Partial<Numbers>;
  about: Partial<About>;
  formats: FormJson[];
  fronts: Fronts;
  line: string;
  looking: Look;
  picture: Partial<PictureJson>;
  preview: Partial<Preview>;
  /** For every format, for every rank, [position, singular value] pairs. */
  spectra: Record<string, [number, number][][]>;
  trail: { undo?: number; redo?: number };
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
  private wishes = 0;
  private readonly me = Math.random().toString(36).slice(2, 8);
  private readonly channel: Channel<Spec, Traits>;
  private readonly forget: () => void;

  constructor(readonly model: Model<Traits>, now?: () => number) {
    this.store = new Store(initial(formsOf(model.get("formats")), docOf(model.get("spec"))));
    const view = model.get("view");
    if (view) this.store.dispatch({ type: "view", view });
    this.shown = this.store.state.doc;
    this.forget = this.store.subscribe(() => this.changed());
    this.channel = new Channel(model, { onTake: (spec) => this.take(spec), pace: PACE, ...(now ? { now } : {}) });
    this.listen("formats", () => this.store.dispatch({ type: "forms", forms: formsOf(model.get("formats")) }));
    this.listen("view", () => this.store.dispatch({ type: "view", view: model.get("view") }));
  }

  get revision(): number {
    return this.channel.revision;
  }

  listen(trait: keyof Traits & string, callback: () => void): void {
    this.channel.listen(trait, callback);
  }

  /** Ask Python for what only it can do: undo, redo, stop, a budget; and tell it that somebody looks. */
  wish(op: string, value?: number): void {
    this.wishes += 1;
    this.save("wish", { op, serial: `${this.me} ${this.wishes}`, ...(value === undefined ? {} : { value }) });
  }

  look(look: Look): void {
    this.save("looking", look);
  }

  close(): void {
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
    const gesture = state.gesture && `${this.me} ${state.gesture}`;
    this.channel.offer(() => ({ format: doc.format, ranks: doc.ranks.length ? [...doc.ranks] : null, gesture }), state.gesture);
  }

  private take(spec: Spec): void {
    this.receiving = true;
    this.store.dispatch({ type: "receive", doc: docOf(spec) });
    this.receiving = false;
  }
}

function docOf(spec: Spec | undefined): Doc {
  return { format: spec?.format ?? "", ranks: spec?.ranks ?? [] };
}
