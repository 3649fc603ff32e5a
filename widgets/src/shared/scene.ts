/** A picture as values: discs, lines, dots and leg ends, and what lies where. `geometry.ts` makes it. */
import type { Holder, Role } from "./network";
import { bezier, boxAt, distance, toPolyline, union, type Box, type Point } from "./plane";

export const RADIUS = 24;
const DOT = 6;

export interface Disc extends Point {
  readonly name: string;
  readonly fixed?: string;
  /** Without a leg: an inner tensor, drawn in the second colour. */
  readonly inner: boolean;
}

export interface Wire {
  readonly index: string;
  readonly part: "bond" | "trace" | "spoke" | "leg" | "stub";
  readonly tensors: readonly string[];
  readonly controls: readonly Point[];
  readonly points: readonly Point[];
  readonly path: string;
  readonly width: number;
}

/** The dot in which a hyperbond meets. */
export interface Hub extends Point {
  readonly index: string;
  readonly radius: number;
}

/** The open end of a leg. */
export interface Tip extends Point {
  readonly index: string;
  readonly angle: number;
  readonly length: number;
}

export interface Scene {
  readonly discs: ReadonlyMap<string, Disc>;
  readonly wires: readonly Wire[];
  readonly hubs: ReadonlyMap<string, Hub>;
  readonly tips: ReadonlyMap<string, Tip>;
  readonly roles: ReadonlyMap<string, Role>;
  readonly holders: ReadonlyMap<string, readonly Holder[]>;
}

/** A line's width grows with the logarithm of its size. */
export function lineWidth(size: number): number {
  return Math.min(12, 1.6 + 0.6 * Math.log2(Math.max(1, size)));
}

export type Hit =
  | { readonly kind: "disc" | "rim"; readonly name: string }
  | { readonly kind: "tip" | "hub" | "wire"; readonly name: string };

/** What lies under a point, the smaller thing first; `slack` widens thin things for the pointer. */
export function hit(scene: Scene, p: Point, slack = 6): Hit | null {
  for (const tip of scene.tips.values()) if (distance(tip, p) < 8 + slack) return { kind: "tip", name: tip.index };
  for (const disc of [...scene.discs.values()].reverse()) {
    const away = distance(disc, p);
    if (away <= RADIUS + slack) return { kind: away > RADIUS - 6 ? "rim" : "disc", name: disc.name };
  }
  for (const hub of scene.hubs.values()) if (distance(hub, p) < DOT + slack) return { kind: "hub", name: hub.index };
  for (const wire of scene.wires)
    if (toPolyline(p, wire.points) < wire.width / 2 + slack) return { kind: "wire", name: wire.index };
  return null;
}

/** The box that the picture fills, names left out. */
export function extent(scene: Scene): Box | null {
  const boxes = [
    ...[...scene.discs.values()].map((disc) => boxAt(disc, 2 * RADIUS, 2 * RADIUS)),
    ...[...scene.tips.values(), ...scene.hubs.values()].map((p) => boxAt(p, 8, 8)),
    ...scene.wires.filter((wire) => wire.controls.length > 2).flatMap((wire) => wire.points.map((p) => boxAt(p, 4, 4))),
  ];
  return boxes.length ? boxes.reduce(union) : null;
}

/** Where an index is to the eye: what arrow keys move between and editors open at. */
export function anchorOf(scene: Scene, index: string): Point {
  const hub = scene.hubs.get(index);
  if (hub) return hub;
  const wire = scene.wires.find((each) => each.index === index);
  if (!wire) return { x: 0, y: 0 };
  return bezier(wire.controls, wire.part === "leg" ? 0.7 : 0.5);
}
