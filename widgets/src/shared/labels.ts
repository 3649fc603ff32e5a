/** Names and sizes beside their lines: the first of a few places that no disc, no other name and, if it can be, no line covers. */
import type { Network } from "./network";
import { RADIUS, type Scene, type Wire } from "./scene";
import { along, angleTo, bezier, boundsOf, boxAt, contains, distance, Occupancy, overlap, sample, TURN, type Box, type Point } from "./plane";

export const LINE = 16;

export interface Label extends Point {
  readonly index: string;
  readonly text: string;
  readonly box: Box;
  /** No free place: shown only while its index is selected or pointed at. */
  readonly crowded: boolean;
}

/** An estimate: the scene is drawn before any text can be measured. */
export function textWidth(text: string, size = 12.5): number {
  let units = 0;
  for (const letter of text) units += /[ilj.·,' |]/.test(letter) ? 0.33 : /[mwMW]/.test(letter) ? 0.92 : 0.63;
  return units * size;
}

export function labelText(net: Network, index: string, expected?: number): string {
  const size = net.sizes.get(index) ?? 0;
  return expected === undefined || expected === size ? `${index} · ${size}` : `${index} · ${size} ≠ ${expected}`;
}

/** A picture and its names, for the next one to keep what it can: names hold still while something else is dragged. */
export interface Labelled {
  readonly scene: Scene;
  readonly labels: ReadonlyMap<string, Label>;
}

/** `shape` is that of the data, when there are any: a leg that does not match it says so. */
export function placeLabels(net: Network, scene: Scene, shape: readonly number[] = [], before?: Labelled): Map<string, Label> {
  const space = new Occupancy();
  for (const disc of scene.discs.values()) space.add(boxAt(disc, 2 * RADIUS + 4, 2 * RADIUS + 4));
  for (const hub of scene.hubs.values()) space.add(boxAt(hub, 2 * hub.radius, 2 * hub.radius));
  for (const tip of scene.tips.values()) space.add(boxAt(tip, 6, 6));
  const own = ownWires(scene);
  const kept = before ? unmoved(own, before, space) : new Map<string, Label>();
  const wires = scene.wires.map((wire) => ({ wire, bounds: boundsOf(wire.points) }));
  const crossed = (box: Box) => wires.some(({ wire, bounds }) => overlap(box, bounds) && dotted(wire).some((p) => contains(box, p)));

  const labels = new Map<string, Label>();
  for (const index of net.sizes.keys()) {
    const wire = own.get(index);
    if (!wire) continue;
    const at = net.legs.indexOf(index);
    const text = labelText(net, index, at < 0 ? undefined : shape[at]);
    const same = kept.get(index);
    if (same?.text === text) {
      labels.set(index, same);
      continue;
    }
    const width = textWidth(text);
    const places = candidates(scene, wire, index, width);
    const unnamed = places.filter((place) => space.free(boxAt(place, width, LINE)));
    const free = unnamed.find((place) => !crossed(boxAt(place, width, LINE - 4))) ?? unnamed[0];
    const place = free ?? (places[0] as Point);
    const box = boxAt(place, width, LINE);
    if (free) space.add(box);
    labels.set(index, { index, text, x: place.x, y: place.y, box, crowded: !free });
  }
  return labels;
}

/** The line that an index's name stands at: its leg, if it has one, else the first. */
function ownWires(scene: Scene): Map<string, Wire> {
  const own = new Map<string, Wire>();
  for (const wire of scene.wires) if (!own.has(wire.index) || wire.part === "leg") own.set(wire.index, wire);
  return own;
}

/** The names whose lines have not moved and whose places are still free; they take their places first. */
function unmoved(own: ReadonlyMap<string, Wire>, before: Labelled, space: Occupancy): Map<string, Label> {
  const kept = new Map<string, Label>();
  const then = ownWires(before.scene);
  for (const [index, wire] of own) {
    const label = before.labels.get(index);
    if (!label || label.crowded || then.get(index)?.path !== wire.path || !space.free(label.box)) continue;
    kept.set(index, label);
    space.add(label.box);
  }
  return kept;
}

/** Points along a wire, close enough that no name slips between them. */
function dotted(wire: Wire): Point[] {
  const [start, end] = [wire.controls[0] as Point, wire.controls.at(-1) as Point];
  const length = wire.part === "trace" ? 160 : distance(start, end);
  return sample(wire.controls, Math.min(60, Math.ceil(length / 9)));
}

function candidates(scene: Scene, wire: Wire, index: string, width: number): Point[] {
  const tip = scene.tips.get(index);
  if (tip) return beyond(tip, tip.angle, width);
  const hub = scene.hubs.get(index);
  if (hub) return around(scene, hub, index, width);
  if (wire.part === "trace") {
    const apex = bezier(wire.controls, 0.5);
    return beyond(apex, angleTo(wire.controls[0] as Point, apex), width);
  }
  return beside(wire, width);
}

/** Past the end of a line, or else at its sides. */
function beyond(end: Point, angle: number, width: number): Point[] {
  return [0, 0.6, -0.6, 1.2, -1.2].map((turn) => shifted(end, angle + turn, width, 5));
}

/** Round a dot, in the widest gap between its spokes first. */
function around(scene: Scene, hub: Point & { readonly radius: number }, index: string, width: number): Point[] {
  const spokes = scene.wires.filter((wire) => wire.index === index).map((wire) => angleTo(hub, bezier(wire.controls, 0.6)));
  const gap = (angle: number) => Math.min(...spokes.map((spoke) => Math.abs(((angle - spoke + 3 * TURN / 2) % TURN) - TURN / 2)));
  return Array.from({ length: 16 }, (_, k) => -TURN / 4 + (k * TURN) / 16)
    // Names are wide: beside a dot they are nearer to it than above.
    .sort((a, b) => gap(b) + 0.5 * Math.abs(Math.cos(b)) - gap(a) - 0.5 * Math.abs(Math.cos(a)))
    .map((angle) => shifted(hub, angle, width, hub.radius + 5));
}

/** Beside a bond: above its middle, below it, then nearer to either end. */
function beside(wire: Wire, width: number): Point[] {
  const bowedDown = wire.controls.length > 2 && side(wire) < 0;
  return [0.5, 0.36, 0.64].flatMap((t) => {
    const at = bezier(wire.controls, t);
    const tangent = angleTo(bezier(wire.controls, t - 0.05), bezier(wire.controls, t + 0.05));
    const normals = [tangent - TURN / 4, tangent + TURN / 4];
    return (bowedDown ? normals.reverse() : normals).map((normal) => {
      // The whole box on one side of the line, whatever the slope.
      const reach = Math.abs(Math.cos(normal)) * (width / 2) + Math.abs(Math.sin(normal)) * (LINE / 2);
      return along(at, normal, wire.width / 2 + 3 + reach);
    });
  });
}

function side(wire: Wire): number {
  const [a, c, b] = wire.controls as [Point, Point, Point];
  return (c.x - a.x) * (b.y - a.y) - (c.y - a.y) * (b.x - a.x);
}

/** The centre of a box of text that touches the point `gap` away in this direction. */
function shifted(from: Point, angle: number, width: number, gap: number): Point {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const start = along(from, angle, gap);
  return { x: start.x + cos * (width / 2), y: start.y + sin * (LINE / 2) };
}
