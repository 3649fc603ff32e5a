/** Between the page and the document that Python holds, as the traits `spec` and `revision`: sends in good time, takes what is newer. */
import type { Model } from "./model";

/** The least time in milliseconds between two messages of one burst (a slider's drag, a held key). */
export const PACE = 100;

interface Documents<Spec> {
  spec: Spec;
  revision: number;
}

interface Options<Spec> {
  /** Takes a document of Python's, or of another view's. */
  readonly onTake: (spec: Spec) => void;
  readonly pace?: number;
  readonly now?: () => number;
}

export class Channel<Spec, Traits extends Documents<Spec>> {
  /** The revision of what the page shows. */
  revision: number;
  private received: string;
  private waiting: (() => Spec) | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private burst: string | null = null;
  private sentAt = -Infinity;
  /** A revision that arrived ahead of its document: hosts may deliver traits one by one. */
  private awaited: number | null = null;
  private readonly leave: (() => void)[] = [];
  private readonly now: () => number;

  constructor(private readonly model: Model<Traits>, private readonly options: Options<Spec>) {
    this.revision = model.get("revision") ?? 0;
    this.received = JSON.stringify(model.get("spec") ?? null);
    this.now = options.now ?? (() => performance.now());
    this.listen("spec", () => this.take());
    this.listen("revision", () => this.take());
  }

  listen(trait: keyof Traits & string, callback: () => void): void {
    const event = `change:${trait}` as const;
    this.model.on(event, callback);
    this.leave.push(() => this.model.off(event, callback));
  }

  /** Send a document: at once, or as the newest of its burst. A message carries one step: what is waiting goes first, unless this continues the same burst. */
  offer(spec: () => Spec, burst: string | null): void {
    if (this.waiting && (burst === null || burst !== this.burst)) this.flush();
    this.burst = burst;
    this.waiting = spec;
    const wait = burst === null ? 0 : this.sentAt + (this.options.pace ?? PACE) - this.now();
    if (wait <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), wait);
  }

  close(): void {
    this.flush();
    for (const leave of this.leave.splice(0)) leave();
  }

  private flush(): void {
    const spec = this.drop()?.();
    if (spec === undefined) return;
    this.sentAt = this.now();
    this.revision += 1;
    this.received = JSON.stringify(spec);
    this.model.set("spec", spec as Traits["spec"]);
    this.model.set("revision", this.revision as Traits["revision"]);
    this.model.save_changes();
  }

  private drop(): (() => Spec) | null {
    const { waiting } = this;
    if (this.timer !== null) clearTimeout(this.timer);
    [this.timer, this.waiting] = [null, null];
    return waiting;
  }

  private take(): void {
    const revision = this.model.get("revision");
    const spec = this.model.get("spec");
    const text = JSON.stringify(spec ?? null);
    const newer = revision > this.revision || (revision === this.awaited && revision === this.revision);
    if (!newer) return;
    this.revision = revision;
    if (text === this.received) {
      this.awaited = revision;
      return;
    }
    this.awaited = null;
    this.drop();
    this.received = text;
    this.options.onTake(spec);
  }
}
