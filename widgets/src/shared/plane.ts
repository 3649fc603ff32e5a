/** Points, boxes and curves in the plane; y points down, angles turn clockwise from the right. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where things are, by name. */
export type Positions = ReadonlyMap<string, Point>;

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const TURN = 2 * Math.PI;
export const DOWN = Math.PI / 2;
export const UP = -Math.PI / 2;

export function along(from: Point, angle: number, distance: number): Point {
  return { x: from.x + Math.cos(angle) * distance, y: from.y + Math.sin(angle) * distance };
}

export function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

export function angleTo(from: Point, to: Point): number {
  return Math.atan2(to.y - from.y, to.x - from.x);
}

/** The turn from one angle to the other, between 0 and half a turn. */
export function between(a: number, b: number): number {
  const turn = Math.abs(a - b) % TURN;
  return turn > Math.PI ? TURN - turn : turn;
}

export function centroid(points: readonly Point[]): Point {
  const n = Math.max(points.length, 1);
  return { x: points.reduce((sum, p) => sum + p.x, 0) / n, y: points.reduce((sum, p) => sum + p.y, 0) / n };
}

export function toSegment(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length ? Math.min(1, Math.max(0, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length)) : 0;
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

export function toPolyline(p: Point, points: readonly Point[]): number {
  let nearest = Infinity;
  for (let k = 1; k < points.length; k++) nearest = Math.min(nearest, toSegment(p, points[k - 1] as Point, points[k] as Point));
  return nearest;
}

/** The point of the Bézier curve with these control points (two, three or four of them) at `t`. */
export function bezier(controls: readonly Point[], t: number): Point {
  const s = 1 - t;
  const [a, b, c, d] = controls as [Point, Point, Point, Point];
  if (controls.length === 2) return { x: s * a.x + t * b.x, y: s * a.y + t * b.y };
  if (controls.length === 3) {
    const [p, q, r] = [s * s, 2 * s * t, t * t];
    return { x: p * a.x + q * b.x + r * c.x, y: p * a.y + q * b.y + r * c.y };
  }
  const [p, q, r, u] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return { x: p * a.x + q * b.x + r * c.x + u * d.x, y: p * a.y + q * b.y + r * c.y + u * d.y };
}

export function sample(controls: readonly Point[], steps = controls.length > 2 ? 12 : 1): Point[] {
  return Array.from({ length: steps + 1 }, (_, k) => bezier(controls, k / steps));
}

/** The curve as the `d` of an SVG path. */
export function path(controls: readonly Point[]): string {
  const command = ["", "", "L", "Q", "C"][controls.length] ?? "L";
  const [first, ...rest] = controls.map(({ x, y }) => `${round(x)} ${round(y)}`);
  return `M${first}${command}${rest.join(" ")}`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function boxAt(center: Point, width: number, height: number): Box {
  return { left: center.x - width / 2, right: center.x + width / 2, top: center.y - height / 2, bottom: center.y + height / 2 };
}

export function contains(box: Box, p: Point, margin = 0): boolean {
  return p.x >= box.left - margin && p.x <= box.right + margin && p.y >= box.top - margin && p.y <= box.bottom + margin;
}

export function boundsOf(points: readonly Point[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return { left, top, right, bottom };
}

export function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

export function union(a: Box, b: Box): Box {
  return {
    left: Math.min(a.left, b.left), right: Math.max(a.right, b.right),
    top: Math.min(a.top, b.top), bottom: Math.max(a.bottom, b.bottom),
  };
}

/** Boxes in a hash of square cells, so that asking whether a place is free does not look at all of them. */
export class Occupancy {
  private readonly cells = new Map<number, Box[]>();

  add(box: Box): void {
    this.visit(box, (key) => {
      const found = this.cells.get(key);
      if (found) found.push(box);
      else this.cells.set(key, [box]);
      return false;
    });
  }

  free(box: Box): boolean {
    return !this.visit(box, (key) => this.cells.get(key)?.some((other) => overlap(box, other)) ?? false);
  }

  private visit(box: Box, stop: (key: number) => boolean): boolean {
    const right = Math.floor(box.right / CELL);
    const bottom = Math.floor(box.bottom / CELL);
    for (let column = Math.floor(box.left / CELL); column <= right; column++)
      for (let row = Math.floor(box.top / CELL); row <= bottom; row++) if (stop(column * 1e6 + row)) return true;
    return false;
  }
}

const CELL = 64;
