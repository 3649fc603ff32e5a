/** Undo as a list of values: what was, what is, and what undo has taken back. */
export interface History<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** Consecutive changes under the same key are one step: a slider's drag is undone at once. */
  readonly key: string | null;
}

const DEPTH = 200;

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [], key: null };
}

export function record<T>(history: History<T>, value: T, key: string | null = null): History<T> {
  if (key !== null && key === history.key) return { ...history, present: value, future: [] };
  return { past: [...history.past, history.present].slice(-DEPTH), present: value, future: [], key };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), present: before, future: [history.present, ...history.future], key: null };
}

export function redo<T>(history: History<T>): History<T> {
  const [after, ...future] = history.future;
  if (after === undefined) return history;
  return { past: [...history.past, history.present], present: after, future, key: null };
}

/** Ends a run of changes, so that the next one is a step of its own. */
export function settle<T>(history: History<T>): History<T> {
  return history.key === null ? history : { ...history, key: null };
}
