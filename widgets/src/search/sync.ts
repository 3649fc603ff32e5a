/** Between the traits and the store. */
import { Channel } from "../shared/channel";
import type { Model } from "../shared/model";
import type { NetworkJson } from "../shared/network";
import { initial, reduce, type Command, type State, type View } from "./reducer";
import type { Row } from "./trials";

export interface Spec {
  chosen: number | null;
}

export interface Numbers {
  revision: number;
  state: "running" | "stopping" | "stopped" | "finished" | "exhausted" | "failed";
  message: string;
  evaluations: number;
  budget: number;
  early: number;
  ruled_out: number;
  failed: number;
  failures: { message: string; count: number }[];
  /** Structures a second. */
  rate: number | null;
  /** Seconds until the budget is spent. */
  left: number | null;
  /** Seconds that all evaluations took together. */
  seconds: number;
  best: number | null;
  resumable: boolean;
}

export interface About {
  name: string;
  algorithm: string;
  space: string;
  objective: string;
  kind: "compression" | "error" | "parameters";
  limit: number | null;
  entries: number;
  /** The target is data; else it is a function, whose loss takes the place of the squared error. */
  fits: boolean;
}

export interface Drawn {
  number: number;
  network: NetworkJson | null;
  positions: Record<string, [number, number]>;
  message: string;
}

export interface Code {
  line: string;
  network: string;
  editor: string;
  layer: string;
}

export interface Tried {
  count: number;
  parameters: number[];
  changes: string[];
}

export interface Traits {
  spec: Spec;
  revision: number;
  issues: { message: string }[];
  numbers: Partial<Numbers>;
  about: Partial<About>;
  code: Partial<Code>;
  drawn: Partial<Drawn>;
  /** Trials that do not change any more, and those since. */
  older: Row[];
  recent: Row[];
  tried: Partial<Tried>;
  view: View;
  wish: Record<string, unknown>;
}

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
  private shown: number | null;
  private receiving = false;
  private wishes = 0;
  private readonly me = Math.random().toString(36).slice(2, 8);
  private readonly channel: Channel<Spec, Traits>;
  private readonly forget: () => void;

  constructor(readonly model: Model<Traits>) {
    this.store = new Store(initial(chosenIn(model.get("spec"))));
    const view = model.get("view");
    if (view) this.store.dispatch({ type: "view", view });
    this.shown = this.store.state.chosen;
    this.forget = this.store.subscribe(() => this.changed());
    this.channel = new Channel(model, { onTake: (spec) => this.take(spec) });
    this.listen("view", () => this.store.dispatch({ type: "view", view: model.get("view") }));
  }

  listen(trait: keyof Traits & string, callback: () => void): void {
    this.channel.listen(trait, callback);
  }

  /** Ask Python for what only it can do: stop, resume. */
  wish(op: "stop" | "resume"): void {
    this.wishes += 1;
    this.save("wish", { op, serial: `${this.me} ${this.wishes}` });
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
    if (state.chosen === this.shown) return;
    this.shown = state.chosen;
    if (this.receiving) return;
    this.channel.offer(() => ({ chosen: state.chosen }), "choose");
  }

  private take(spec: Spec): void {
    this.receiving = true;
    this.store.dispatch({ type: "receive", chosen: chosenIn(spec) });
    this.receiving = false;
  }
}

function chosenIn(spec: Partial<Spec> | undefined): number | null {
  return spec?.chosen ?? null;
}
