/** From a network and positions to a scene: discs, wires, dots, leg ends. Pure; `labels.ts` writes the names on it. */
import { allHolders, roleOf, type Holder, type Network, type Role } from "./network";
import {
  along, angleTo, between, bezier, boundsOf, centroid, contains, distance, DOWN, middle, path, sample, toPolyline, TURN, UP, type Point, type Positions,
} from "./plane";
import { lineWidth, RADIUS, type Disc, type Hub, type Scene, type Tip, type Wire } from "./scene";

const FAN = 34;
/** From the middle of a disc to the end of its leg. */
const LEG = 88;

/** Everything of one pair of tensors that runs between them, fanned out. */
interface Strand {
  readonly index: string;
  readonly hub: boolean;
}

export function draw(net: Network, positions: Positions, leg = LEG): Scene {
  return new Drawing(net, positions, leg).scene();
}

class Drawing {
  private readonly holders: Map<string, Holder[]>;
  private readonly roles = new Map<string, Role>();
  private readonly discs = new Map<string, Disc>();
  private readonly wires: Wire[] = [];
  private readonly hubs = new Map<string, Hub>();
  private readonly tips = new Map<string, Tip>();
  /** Angles at which something leaves a tensor's disc or a hub's dot. */
  private readonly taken = new Map<string, number[]>();
  private readonly open: ReadonlySet<string>;

  constructor(private readonly net: Network, positions: Positions, private readonly reach: number) {
    this.open = new Set(net.legs);
    this.holders = allHolders(net);
    for (const tensor of net.tensors.values()) {
      const { x, y } = positions.get(tensor.name) ?? { x: 0, y: 0 };
      const inner = !tensor.indices.some((index) => this.open.has(index));
      this.discs.set(tensor.name, { name: tensor.name, x, y, inner, ...(tensor.fixed === undefined ? {} : { fixed: tensor.fixed }) });
    }
    for (const [index, holders] of this.holders) this.roles.set(index, roleOf(holders, this.open.has(index)));
  }

  scene(): Scene {
    this.strands();
    this.gatherings();
    this.looseEnds();
    const { discs, wires, hubs, tips, roles, holders } = this;
    return { discs, wires, hubs, tips, roles, holders };
  }

  /** What joins two different tensors, once each: bonds, and hyperbonds of two axes whose dot sits on the curve. */
  private strands(): void {
    const pairs = new Map<string, { ends: [string, string]; strands: Strand[] }>();
    for (const [index, holders] of this.holders) {
      const [a, b] = holders;
      if (holders.length !== 2 || !a || !b || a.tensor === b.tensor) continue;
      const ends: [string, string] = [a.tensor, b.tensor];
      const key = [...ends].sort().join("\n");
      const strand = { index, hub: this.roles.get(index) !== "bond" };
      const pair = pairs.get(key);
      if (pair) pair.strands.push(strand);
      else pairs.set(key, { ends, strands: [strand] });
    }
    for (const { ends, strands } of pairs.values()) {
      const [a, b] = this.leftToRight(...ends);
      const detour = this.detour(a, b);
      strands.forEach(({ index, hub }, k) => {
        const offset = detour + (k - (strands.length - 1) / 2) * FAN;
        const controls = bowed(a, b, offset);
        if (!hub) {
          this.wire(index, "bond", [a.name, b.name], controls);
          return;
        }
        const dot = bezier(controls, 0.5);
        this.dot(index, dot);
        const aside = sideways(a, b, offset / 2);
        for (const disc of [a, b])
          this.wire(index, "spoke", [disc.name], offset ? [disc, { x: (disc.x + dot.x) / 2 + aside.x, y: (disc.y + dot.y) / 2 + aside.y }, dot] : [disc, dot], index);
      });
    }
  }

  /** The other hyperbonds: a dot among three tensors or more. */
  private gatherings(): void {
    for (const [index, holders] of this.holders) {
      if (this.hubs.has(index) || this.roles.get(index) !== "hyperbond") continue;
      const tensors = [...new Set(holders.map((holder) => holder.tensor))];
      const dot = this.clear(centroid(tensors.map((name) => this.disc(name))));
      this.dot(index, dot);
      for (const name of tensors) {
        const times = holders.filter((holder) => holder.tensor === name).length;
        for (let k = 0; k < times; k++) {
          const offset = (k - (times - 1) / 2) * 24;
          this.wire(index, "spoke", [name], bowed(this.disc(name), dot, offset), index);
        }
      }
    }
  }

  /** What hangs on one tensor: legs first, they want the bottom; then traces, diagonals and summed ends. */
  private looseEnds(): void {
    const hanging = new Map<string, string[]>();
    for (const [index, holders] of this.holders) {
      const tensors = new Set(holders.map((holder) => holder.tensor));
      const [tensor] = tensors;
      if (tensors.size !== 1 || tensor === undefined || this.hubs.has(index)) continue;
      hanging.set(tensor, [...(hanging.get(tensor) ?? []), index]);
    }
    for (const [tensor, indices] of hanging) {
      const legs = indices.filter((index) => this.roles.get(index) === "leg");
      const others = indices.filter((index) => this.roles.get(index) !== "leg");
      const disc = this.disc(tensor);
      this.spread(tensor, legs.length).forEach((angle, k) => this.leg(legs[k] as string, tensor, disc, angle, RADIUS));
      this.spread(tensor, others.length, roomiest(this.taken.get(tensor) ?? [])).forEach((angle, k) => this.knot(others[k] as string, tensor, disc, angle));
    }
    for (const [index, hub] of this.hubs)
      if (this.open.has(index) && !this.tips.has(index)) {
        const tensors = (this.holders.get(index) ?? []).map((holder) => holder.tensor);
        const among = centroid(tensors.map((name) => this.disc(name)));
        const outward = distance(among, hub) > 4 ? angleTo(among, hub) : undefined;
        this.leg(index, tensors[0] ?? "", hub, this.spread(`.${index}`, 1, outward)[0] ?? DOWN, 0);
      }
  }

  /** Traces loop, diagonals loop through a dot from which the leg goes on, summed indices end in a dot. */
  private knot(index: string, tensor: string, disc: Disc, angle: number): void {
    const holders = this.holders.get(index) ?? [];
    if (this.roles.get(index) === "trace") {
      const reach = 104;
      this.wire(index, "trace", [tensor], [disc, along(disc, angle - 0.62, reach), along(disc, angle + 0.62, reach), disc]);
      this.occupy(tensor, angle - 0.3);
      this.occupy(tensor, angle + 0.3);
      return;
    }
    const dot = along(disc, angle, 62);
    this.dot(index, dot);
    for (let k = 0; k < holders.length; k++)
      this.wire(index, holders.length > 1 ? "spoke" : "stub", [tensor], bowed(disc, dot, (k - (holders.length - 1) / 2) * 24), index);
    if (this.open.has(index)) this.leg(index, tensor, dot, angle, 0);
  }

  private leg(index: string, tensor: string, from: Point, angle: number, rim: number): void {
    const own = rim ? tensor : "";
    const lengths = rim ? [this.reach, 74, 58] : [64, 48];
    const length = lengths.find((each) => this.isClear(along(from, angle, each), RADIUS + 16, own)) ?? (lengths.at(-1) as number);
    const tip = along(from, angle, length);
    this.tips.set(index, { ...tip, index, angle, length });
    this.wire(index, "leg", [tensor], [from, tip], rim ? "" : index);
    if (rim) this.occupy(tensor, angle);
  }

  private dot(index: string, at: Point): void {
    this.hubs.set(index, { index, x: at.x, y: at.y, radius: Math.max(4.5, lineWidth(this.size(index)) * 0.5 + 2.5) });
  }

  private wire(index: string, part: Wire["part"], tensors: readonly string[], controls: readonly Point[], hub = ""): void {
    this.wires.push({ index, part, tensors, controls, points: sample(controls), path: path(controls), width: lineWidth(this.size(index)) });
    const [start, end] = [controls[0] as Point, controls.at(-1) as Point];
    if (part === "bond") {
      this.occupy(tensors[0] as string, angleTo(start, controls[1] as Point));
      this.occupy(tensors[1] as string, angleTo(end, controls.at(-2) as Point));
    } else if (hub && part !== "leg") {
      this.occupy(tensors[0] as string, angleTo(start, controls[1] as Point));
      this.occupy(`.${hub}`, angleTo(end, controls.at(-2) as Point));
    }
  }

  private occupy(at: string, angle: number): void {
    const angles = this.taken.get(at);
    if (angles) angles.push(angle);
    else this.taken.set(at, [angle]);
  }

  /** Directions for `count` more ends at one place: together, away from what is there, down where that is as good. */
  private spread(at: string, count: number, preferred?: number): number[] {
    if (!count) return [];
    const taken = this.taken.get(at) ?? [];
    const wish = preferred ?? wished(taken);
    const gap = gapAround(taken, wish);
    const step = Math.min(0.75, (gap.to - gap.from) / (count + 1));
    const half = (step * (count + 1)) / 2;
    let center = gap.from + ((((wish - gap.from) % TURN) + TURN) % TURN);
    center = Math.max(gap.from + half, Math.min(gap.to - half, center));
    // From right to left when pointing down, so that the names read in order from the left.
    return Array.from({ length: count }, (_, k) => center - (k - (count - 1) / 2) * step);
  }

  /** How far a bond between two discs must bow so as to pass the discs that stand in its way. */
  private detour(a: Disc, b: Disc): number {
    const reach = RADIUS + 6;
    const inWay = (points: readonly Point[]) => {
      const box = boundsOf(points);
      for (const disc of this.discs.values())
        if (contains(box, disc, reach) && disc.name !== a.name && disc.name !== b.name && toPolyline(disc, points) < reach) return true;
      return false;
    };
    if (!inWay([a, b])) return 0;
    for (const offset of [56, -56, 92, -92, 140, -140]) if (!inWay(sample(bowed(a, b, offset), 8))) return offset;
    return 56;
  }

  private clear(wish: Point): Point {
    const free = (p: Point) => this.isClear(p, RADIUS + 18, "") && [...this.hubs.values()].every((hub) => distance(hub, p) > 30);
    if (free(wish)) return wish;
    for (let radius = 20; radius < 400; radius += 14)
      for (let k = 0; k < 16; k++) {
        const p = along(wish, -DOWN + ((k % 2 ? 1 : -1) * Math.ceil(k / 2) * TURN) / 16, radius);
        if (free(p)) return p;
      }
    return wish;
  }

  private isClear(p: Point, clearance: number, except: string): boolean {
    for (const disc of this.discs.values())
      if (disc.name !== except && Math.abs(disc.x - p.x) < clearance && distance(disc, p) < clearance) return false;
    return true;
  }

  private leftToRight(first: string, second: string): [Disc, Disc] {
    const [a, b] = [this.disc(first), this.disc(second)];
    return a.x < b.x || (a.x === b.x && a.y <= b.y) ? [a, b] : [b, a];
  }

  private disc(name: string): Disc {
    return this.discs.get(name) as Disc;
  }

  private size(index: string): number {
    return this.net.sizes.get(index) ?? 1;
  }
}

/** A curve whose middle lies `offset` above (to the left of) the straight line. */
function bowed(a: Point, b: Point, offset: number): Point[] {
  if (!offset) return [a, b];
  const aside = sideways(a, b, 2 * offset);
  const m = middle(a, b);
  return [a, { x: m.x + aside.x, y: m.y + aside.y }, b];
}

function sideways(a: Point, b: Point, offset: number): Point {
  const length = distance(a, b) || 1;
  return { x: ((b.y - a.y) / length) * offset, y: (-(b.x - a.x) / length) * offset };
}

/** Down beside horizontal neighbours, as in the textbooks; elsewhere away from the neighbours. */
function wished(taken: readonly number[]): number {
  if (taken.every((angle) => Math.abs(Math.sin(angle)) < 0.35)) return DOWN;
  const pull = centroid(taken.map((angle) => along({ x: 0, y: 0 }, angle, 1)));
  if (Math.hypot(pull.x, pull.y) > 0.2) return Math.atan2(-pull.y, -pull.x);
  return roomiest(taken, 1.3);
}

/** The middle of the widest free stretch; among equals the nearest to `towards`. */
function roomiest(taken: readonly number[], towards = UP): number {
  const sorted = [...taken].sort((a, b) => a - b);
  const bisectors = sorted.map((angle, k) => {
    const next = sorted[k + 1] ?? (sorted[0] as number) + TURN;
    return { angle: (angle + next) / 2, width: next - angle };
  });
  const widest = Math.max(...bisectors.map((each) => each.width));
  const wide = bisectors.filter((each) => each.width > widest - 0.2);
  return wide.length ? wide.reduce((best, each) => (between(each.angle, towards) < between(best.angle, towards) ? each : best)).angle : towards;
}

/** The free stretch of the circle that holds the angle wished for, or the widest when that one is narrow. */
function gapAround(taken: readonly number[], wish: number): { from: number; to: number } {
  if (!taken.length) return { from: wish - Math.PI, to: wish + Math.PI };
  const sorted = taken.map((angle) => ((angle % TURN) + TURN) % TURN).sort((a, b) => a - b);
  const gaps = sorted.map((from, k) => ({ from, to: sorted[k + 1] ?? (sorted[0] as number) + TURN }));
  const at = ((wish % TURN) + TURN) % TURN;
  const here = gaps.find(({ from, to }) => (at >= from && at <= to) || (at + TURN >= from && at + TURN <= to));
  const widest = gaps.reduce((best, gap) => (gap.to - gap.from > best.to - best.from + 1e-9 ? gap : best));
  return here && here.to - here.from > 0.9 ? here : widest;
}
