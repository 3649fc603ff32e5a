/** What a search found, as values: the front, the best so far, what lies under the pointer. Pure. */
import { place } from "../shared/axes";
import type { Plot } from "../shared/chart";
import { scientific } from "../shared/format";

/** Null where the evaluation failed, and as a value where a limit forbids the structure. */
export type Row = readonly [number: number, parameters: number, error: number | null, value: number | null, early: 0 | 1 | 2, key: string];

export interface Trial {
  readonly number: number;
  readonly parameters: number;
  readonly error: number | null;
  readonly value: number | null;
  /** Its evaluation was ended early, or it was ruled out before: it could not be better than the best. */
  readonly early: "" | "ended" | "ruled out";
  readonly key: string;
}

/** Errors below are drawn here: an exact fit is told from another by nothing but rounding. */
export const LEAST = 1e-9;

export type Measured = Trial & { readonly error: number };

export function trialOf([number, parameters, error, value, early, key]: Row): Trial {
  return { number, parameters, error, value, early: early === 2 ? "ruled out" : early ? "ended" : "", key };
}

/** Those of which something is known: not those that failed, or were left as a limit forbids them. */
export function measured(trials: readonly Trial[]): Measured[] {
  return trials.filter((trial): trial is Measured => trial.error !== null && !(trial.early === "ruled out" && trial.error === 0));
}

/** Those that no other beats in both parameters and error, by parameters; of those ruled out only a bound is known. */
export function front(trials: readonly Trial[]): Measured[] {
  const found: Measured[] = [];
  for (const trial of measured(trials).filter((each) => each.early !== "ruled out").sort((a, b) => a.parameters - b.parameters || a.error - b.error || a.number - b.number))
    if (!found.length || trial.error < (found.at(-1) as Measured).error) found.push(trial);
  return found;
}

/** [structures evaluated, best value], wherever it became better, and at the end. */
export function history(trials: readonly Trial[]): [number, number][] {
  const found: [number, number][] = [];
  let best = Infinity;
  for (const { number, value } of trials)
    if (value !== null && value < best) {
      best = value;
      found.push([number + 1, value]);
    }
  const last = (trials.at(-1)?.number ?? -1) + 1;
  if (found.length && (found.at(-1) as [number, number])[0] < last) found.push([last, best]);
  return found;
}

/** The error as it is drawn. */
export function drawn(trial: Measured): number {
  return Math.max(LEAST, trial.error);
}

/** What a logarithmic axis spans: all of them, with air. */
export function span(values: readonly number[], air: number, otherwise: readonly [number, number]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high && low > 0 ? [low / air, high * air] : [...otherwise];
}

/** The nearest point within reach of the pointer; those of the front come first. */
export function nearest(trials: readonly Measured[], best: readonly Measured[], plot: Plot, at: { x: number; y: number }, reach = 22): Measured | null {
  let found: Measured | null = null;
  let least = reach;
  const look = (among: readonly Measured[], handicap: number) => {
    for (const trial of among) {
      const away = Math.hypot(place(plot.x, trial.parameters) - at.x, place(plot.y, drawn(trial)) - at.y) + handicap;
      if (away < least) [found, least] = [trial, away];
    }
  };
  look(best, 0);
  look(trials, 3);
  return found;
}

/** The next of the front: with more parameters than this one, or with fewer. */
export function next(along: readonly Measured[], from: Trial | undefined, way: 1 | -1): Measured | null {
  if (!from) return (way > 0 ? along[0] : along.at(-1)) ?? null;
  const beyond = along.filter((trial) => (trial.parameters - from.parameters) * way > 0);
  return (way > 0 ? beyond[0] : beyond.at(-1)) ?? null;
}

/** "0-1:3 1-2:2" -> "0–1: 3, 1–2: 2"; a structure without bonds says so. */
export function spelled(key: string): string {
  if (key === "-") return "no bonds";
  return key.split(" ").map((bond) => bond.replace(/^(\d+)-(\d+):/, "$1–$2:").replace(":", ":\u00a0")).join(", ");
}

/** Many points as one path: circles of one size, which a page draws as fast as a line. */
export function circles(points: readonly (readonly [number, number])[], radius: number): string {
  const [r, d] = [radius, 2 * radius];
  return points.map(([x, y]) => `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r} ${r} 0 1 0 ${d} 0a${r} ${r} 0 1 0 ${-d} 0`).join("");
}

/** A line that holds its value until the next point. */
export function steps(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], k) => (k ? `H${x.toFixed(1)}V${y.toFixed(1)}` : `M${x.toFixed(1)} ${y.toFixed(1)}`)).join("");
}

/** How the error is to be read. */
export function errorOf(trial: Trial): string {
  if (trial.error === null) return "failed";
  if (trial.early === "ruled out" && trial.error === 0) return "not fitted";
  const error = scientific(trial.error);
  return { "": error, ended: `${error}, ended early`, "ruled out": `at least ${error}` }[trial.early];
}

/** For an axis of errors: 1e-4 -> "10⁻⁴", 0.02 -> "0.02". */
export function errorTick(value: number): string {
  if (value >= 1e-3) return String(Number(value.toPrecision(3)));
  const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
  const power = `10⁻${[...exponent.replace("-", "")].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("")}`;
  return Number(mantissa) === 1 ? power : `${Number(Number(mantissa).toPrecision(2))}·${power}`;
}
