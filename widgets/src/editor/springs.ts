/**
 * A layout by springs: the distance on the page follows the number of bonds between two tensors.
 * Stress majorisation (Gansner, Koren and North 2004), started from distances to far-apart pivots
 * (Brandes and Pich 2006), which unfolds lattices and trees. Deterministic.
 */
import { angleTo, centroid, DOWN, type Point } from "../shared/plane";

const REST = 125;

/** Positions for the nodes 0..n-1; `links` are pairs of them. Unconnected parts stand side by side. */
export function relax(n: number, links: readonly (readonly [number, number])[]): Point[] {
  const near: Set<number>[] = Array.from({ length: n }, () => new Set());
  for (const [a, b] of links) {
    (near[a] as Set<number>).add(b);
    (near[b] as Set<number>).add(a);
  }
  const places: Point[] = Array.from({ length: n }, () => ({ x: 0, y: 0 }));
  let left = 0;
  for (const part of parts(near)) {
    const settled = settle(part, near);
    const start = Math.min(...settled.map((p) => p.x));
    part.forEach((node, k) => {
      const p = settled[k] as Point;
      places[node] = { x: left + p.x - start, y: p.y };
    });
    left += Math.max(...settled.map((p) => p.x)) - start + 1.5 * REST;
  }
  return places;
}

function parts(near: readonly Set<number>[]): number[][] {
  const seen = new Set<number>();
  return near.flatMap((_, node) => {
    if (seen.has(node)) return [];
    const part = hops(node, near).flatMap((distance, each) => (distance < Infinity ? [each] : []));
    part.forEach((each) => seen.add(each));
    return [part];
  });
}

/** The number of links on the way from one node to every other. */
function hops(from: number, near: readonly Set<number>[]): number[] {
  const distance = near.map(() => Infinity);
  distance[from] = 0;
  const queue = [from];
  for (const node of queue)
    for (const next of near[node] as Set<number>)
      if (distance[next] === Infinity) {
        distance[next] = (distance[node] as number) + 1;
        queue.push(next);
      }
  return distance;
}

function settle(part: readonly number[], near: readonly Set<number>[]): Point[] {
  const n = part.length;
  const distances = part.map((node) => {
    const all = hops(node, near);
    return part.map((other) => all[other] as number);
  });
  const between = (a: number, b: number) => (distances[a] as number[])[b] as number;
  const farthest = (score: (k: number) => number) => part.reduce((best, _, k) => (score(k) > score(best) ? k : best), 0);
  const west = farthest((k) => between(0, k));
  const east = farthest((k) => between(west, k));
  const north = farthest((k) => Math.min(between(west, k), between(east, k)));
  const south = farthest((k) => between(north, k) - Math.abs(between(west, k) - between(east, k)));
  // A little off any line, so that nothing starts on top of something else.
  const x = Float64Array.from(part, (_, k) => (between(west, k) - between(east, k)) * REST * 0.5 + 7 * Math.sin(k * 2.4));
  const y = Float64Array.from(part, (_, k) => (between(north, k) - between(south, k)) * REST * 0.5 + 7 * Math.cos(k * 2.4));
  const rounds = Math.min(300, Math.ceil(6e6 / (n * n)));
  for (let round = 0; round < rounds; round++)
    for (let a = 0; a < n; a++) {
      let [sx, sy, weights] = [0, 0, 0];
      for (let b = 0; b < n; b++) {
        if (a === b) continue;
        const rest = between(a, b) * REST;
        const weight = 1 / (rest * rest);
        const [dx, dy] = [(x[a] as number) - (x[b] as number), (y[a] as number) - (y[b] as number)];
        const scale = rest / (Math.hypot(dx, dy) || 1);
        sx += weight * ((x[b] as number) + dx * scale);
        sy += weight * ((y[b] as number) + dy * scale);
        weights += weight;
      }
      if (weights) [x[a], y[a]] = [sx / weights, sy / weights];
    }
  const links = part.flatMap((_, a) => part.flatMap((_, b) => (b > a && between(a, b) === 1 ? [[a, b] as const] : [])));
  return level(part.map((_, k) => ({ x: x[k] as number, y: y[k] as number })), links);
}

/** Turned so that lattices stand upright and everything else lies along the canvas. */
function level(points: readonly Point[], links: readonly (readonly [number, number])[]): Point[] {
  const c = centroid(points);
  let [re, im, xx, xy, yy] = [0, 0, 0, 0, 0];
  for (const [a, b] of links) {
    // Right angles are one and the same direction to the fourth power.
    const angle = 4 * angleTo(points[a] as Point, points[b] as Point);
    re += Math.cos(angle);
    im += Math.sin(angle);
  }
  for (const p of points) {
    xx += (p.x - c.x) ** 2;
    xy += (p.x - c.x) * (p.y - c.y);
    yy += (p.y - c.y) ** 2;
  }
  const long = 0.5 * Math.atan2(2 * xy, xx - yy);
  const upright = Math.atan2(im, re) / 4;
  const lattice = Math.hypot(re, im) > 0.7 * links.length && links.length > 3;
  const angle = lattice ? upright + Math.round((long - upright) / DOWN) * DOWN : long;
  const [cos, sin] = [Math.cos(-angle), Math.sin(-angle)];
  return points.map((p) => ({ x: (p.x - c.x) * cos - (p.y - c.y) * sin, y: (p.x - c.x) * sin + (p.y - c.y) * cos }));
}
