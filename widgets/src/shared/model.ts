/** The part of anywidget's model that every host agrees on (JupyterLab, marimo, Panel, ...): no `send`, no bare `off`. */
export interface Model<Traits extends object> {
  get<K extends keyof Traits & string>(key: K): Traits[K];
  set<K extends keyof Traits & string>(key: K, value: Traits[K]): void;
  save_changes(): void;
  on(event: `change:${keyof Traits & string}`, callback: () => void): void;
  off(event: `change:${keyof Traits & string}`, callback: () => void): void;
}

/** What anywidget hands to `render`. Hosts before 0.11 give no signal. */
export interface RenderContext<Traits extends object> {
  model: Model<Traits>;
  el: HTMLElement;
  signal?: AbortSignal;
}
