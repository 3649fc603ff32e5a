/** The landscape as values: fronts, where we stand on them, what lies next and under the pointer. Pure. */
import { place } from "../shared/axes";
import type { Plot } from "../shared/chart";

/** [parameters, error, ranks] */
export type Point = readonly [number, number, readonly number[]];

export interface Front {
  readonly title: string;
  /** Every state there is was looked at: a closed form. */
  readonly exact: boolean;
  readonly done: boolean;
  readonly points: readonly Point[];
}

export type Fronts = Readonly<Record<string, Front>>;

export interface Spot {
  readonly format: string;
  readonly point: Point;
}

/** What the axes span: all fronts up to the size of the data, and the state. */
export function domains(fronts: Fronts, dense: number, here: readonly [number, number] | null): { readonly x: [number, number]; readonly y: [number, number] } {
  const all = Object.values(fronts).flatMap((front) => front.points).filter(([parameters, error]) => parameters <= dense && error > 1e-6);
  const xs = [...all.map(([parameters]) => parameters), ...(here ? [here[0]] : []), dense];
  const ys = [...all.map(([, error]) => error), ...(here && here[1] > 1e-6 ? [here[1]] : [])];
  if (!ys.length) return { x: [Math.max(1, dense / 1000), Math.max(2, dense)], y: [0.01, 1] };
  return { x: [Math.min(...xs), Math.max(...xs)], y: [Math.max(1e-6, Math.min(...ys) / 1.15), Math.min(1, Math.max(...ys)) * 1.1] };
}

/** The nearest point within reach of the pointer; the chosen format's come first. */
export function nearest(fronts: Fronts, chosen: string, plot: Plot, at: { x: number; y: number }, reach = 26): Spot | null {
  let best: Spot | null = null;
  let least = reach;
  for (const [format, front] of Object.entries(fronts))
    for (const point of front.points) {
      const away = Math.hypot(place(plot.x, point[0]) - at.x, place(plot.y, point[1]) - at.y) + (format === chosen ? 0 : 6);
      if (away < least) [best, least] = [{ format, point }, away];
    }
  return best;
}

/** The next point of a front: with more parameters than now, or with fewer. */
export function next(front: Front | undefined, parameters: number | null, way: 1 | -1): Point | null {
  if (!front || parameters === null) return null;
  const beyond = front.points.filter((point) => (point[0] - parameters) * way > 0);
  return (way > 0 ? beyond[0] : beyond.at(-1)) ?? null;
}

/** The best of a front with at most so many parameters. */
export function within(front: Front, parameters: number): Point | null {
  return front.points.filter((point) => point[0] <= parameters).at(-1) ?? null;
}
