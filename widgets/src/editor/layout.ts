/** Where the discs go: pure and deterministic, the same network always gets the same picture. */
import { allHolders, neighboursOf, type Network } from "../shared/network";
import { along, centroid, distance, DOWN, round, TURN, UP, type Point, type Positions } from "../shared/plane";
import { relax } from "./springs";

export type Arrangement = "chain" | "ring" | "star" | "grid" | "spring";

export const ARRANGEMENTS: Readonly<Record<Arrangement, string>> = {
  chain: "Chain", ring: "Ring", star: "Star", grid: "Grid", spring: "Springs",
};

const STEP = 180;

export function arrange(net: Network, arrangement: Arrangement): Map<string, Point> {
  const names = ordered(net);
  if (arrangement === "spring") return spring(net, names);
  if (arrangement === "star") return star(net, names);
  if (arrangement === "ring") return ring(names);
  const columns = arrangement === "grid" ? Math.ceil(Math.sqrt(names.length)) : names.length;
  // Long rows stand closer, so that they need not be drawn tiny.
  const step = Math.max(110, STEP - 12 * Math.max(0, columns - 3));
  return centred(new Map(names.map((name, k) => [name, { x: (k % columns) * step, y: Math.floor(k / columns) * step }])));
}

/** The arrangement that suits the network's shape: paths in a line, cycles round, one hub in the middle. */
export function suit(net: Network): Arrangement {
  const n = net.tensors.size;
  const degrees = new Map([...net.tensors.keys()].map((name) => [name, neighboursOf(net, name).length]));
  const having = (degree: number) => [...degrees.values()].filter((each) => each === degree).length;
  if (n < 3 || having(0) === n) return "chain";
  if (having(1) === 2 && having(2) === n - 2 && reachable(net) === n) return "chain";
  if (having(2) === n && reachable(net) === n) return "ring";
  if (having(n - 1) === n && [...net.sizes.keys()].some((index) => [...net.tensors.values()].every((t) => t.indices.includes(index)))) return "ring";
  if (having(n - 1) === 1 && having(1) === n - 1) return "star";
  return "spring";
}

/** Positions for every tensor: those known stay, the others find a free place near their neighbours. */
export function place(net: Network, known: Positions): Map<string, Point> {
  const kept = [...net.tensors.keys()].filter((name) => known.has(name));
  if (!kept.length) return arrange(net, suit(net));
  const places = new Map<string, Point>(kept.map((name) => [name, known.get(name) as Point]));
  for (const name of net.tensors.keys()) {
    if (places.has(name)) continue;
    const near = neighboursOf(net, name).map((other) => places.get(other)).filter((p): p is Point => p !== undefined);
    places.set(name, freePlace(near.length ? centroid(near) : beside([...places.values()]), [...places.values()]));
  }
  return new Map([...net.tensors.keys()].map((name) => [name, places.get(name) as Point]));
}

/** The free place nearest to the one wished for. */
export function freePlace(wish: Point, taken: readonly Point[], clearance = 110): Point {
  for (let radius = 0; radius < 4000; radius += 45) {
    const steps = radius ? 12 : 1;
    for (let k = 0; k < steps; k++) {
      const p = along(wish, (k / steps) * TURN, radius);
      if (taken.every((other) => distance(p, other) >= clearance)) return { x: round(p.x), y: round(p.y) };
    }
  }
  return wish;
}

function beside(points: readonly Point[]): Point {
  if (!points.length) return { x: 0, y: 0 };
  return { x: Math.max(...points.map((p) => p.x)) + STEP, y: centroid(points).y };
}

function ring(names: readonly string[]): Map<string, Point> {
  const n = names.length;
  const radius = n < 2 ? 0 : Math.max(88, 128 / (2 * Math.sin(Math.PI / n)));
  // A square reads better with flat sides; other rings stand on a side or a corner just as well.
  const start = n === 4 ? UP - TURN / 8 : UP;
  return centred(new Map(names.map((name, k) => [name, along({ x: 0, y: 0 }, start + (k / n) * TURN, radius)])));
}

function star(net: Network, names: readonly string[]): Map<string, Point> {
  const degree = (name: string) => neighboursOf(net, name).length;
  const hub = names.reduce((best, name) => (degree(name) > degree(best) ? name : best), names[0] ?? "");
  const rays = names.filter((name) => name !== hub);
  const n = rays.length;
  const radius = Math.max(126, (n * 88) / TURN);
  // Three rays as in the textbooks: left, right and down.
  const angle = (k: number) => (n === 3 ? [Math.PI, 0, DOWN][k] as number : Math.PI + (k / n) * TURN);
  const places = new Map<string, Point>(names.length ? [[hub, { x: 0, y: 0 }]] : []);
  rays.forEach((name, k) => places.set(name, along({ x: 0, y: 0 }, angle(k), n === 3 && k < 2 ? 150 : radius)));
  return places;
}

function spring(net: Network, names: readonly string[]): Map<string, Point> {
  const number = new Map(names.map((name, k) => [name, k]));
  const links = [...allHolders(net).values()].flatMap((holders) => {
    const ends = [...new Set(holders.map((holder) => number.get(holder.tensor) as number))];
    return ends.flatMap((a, k) => ends.slice(k + 1).map((b) => [a, b] as const));
  });
  const settled = relax(names.length, links);
  return centred(new Map(names.map((name, k) => [name, settled[k] as Point])));
}

function centred(places: Map<string, Point>): Map<string, Point> {
  const c = centroid([...places.values()]);
  return new Map([...places].map(([name, p]) => [name, { x: round(p.x - c.x), y: round(p.y - c.y) }]));
}

/** The tensors in the order of a walk from one end, so that neighbours on a path or a cycle stand side by side. */
function ordered(net: Network): string[] {
  const names = [...net.tensors.keys()];
  const degree = new Map(names.map((name) => [name, neighboursOf(net, name).length]));
  if ([...degree.values()].some((each) => each > 2)) return names;
  const seen = new Set<string>();
  const walk = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    neighboursOf(net, name).forEach(walk);
  };
  names.filter((name) => degree.get(name) === 1).forEach(walk);
  names.forEach(walk);
  return [...seen];
}

function reachable(net: Network): number {
  const seen = new Set<string>();
  const queue = [...net.tensors.keys()].slice(0, 1);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    queue.push(...neighboursOf(net, name));
  }
  return seen.size;
}
