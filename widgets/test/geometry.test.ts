import { describe, expect, it } from "vitest";
import { draw } from "../src/shared/geometry";
import { anchorOf, extent, hit, lineWidth, RADIUS } from "../src/shared/scene";
import { placeLabels } from "../src/shared/labels";
import { arrange, ARRANGEMENTS, place, suit, type Arrangement } from "../src/editor/layout";
import { fitted, toScreen } from "../src/editor/camera";
import { distance } from "../src/shared/plane";
import { add, connect, split } from "../src/editor/edits";
import { EMPTY, type Network } from "../src/shared/network";
import { family, zoo } from "./support";

const shape = [427, 640, 3];
const standard: [string, Network][] = [
  ...["cp", "tucker", "tensor_train", "tensor_ring"].map((name): [string, Network] => [name, family(name, shape, 24)]),
  ["long train", family("tensor_train", Array<number>(10).fill(8))],
  ["large ring", family("tensor_ring", Array<number>(9).fill(8))],
  ["Tucker of order 6", family("tucker", Array<number>(6).fill(8))],
  ["zoo", zoo()],
];

function lattice(side: number): Network {
  let net: Network = EMPTY;
  for (let k = 0; k < side * side; k++) net = add(net, `T${k}`, []);
  for (let k = 0; k < side * side; k++) {
    if ((k + 1) % side) net = connect(net, [`T${k}`, `T${k + 1}`], 2, `h${k}`);
    if (k + side < side * side) net = connect(net, [`T${k}`, `T${k + side}`], 2, `v${k}`);
  }
  return net;
}

describe.each(standard)("the picture of a %s", (_, net) => {
  const scene = draw(net, arrange(net, suit(net)));
  const labels = [...placeLabels(net, scene).values()];

  it("has a name at every index, none over a disc or another name", () => {
    expect(labels.length).toBe(net.sizes.size);
    for (const label of labels) {
      expect(label.crowded, label.text).toBe(false);
      for (const disc of scene.discs.values()) {
        const dx = Math.max(label.box.left - disc.x, 0, disc.x - label.box.right);
        const dy = Math.max(label.box.top - disc.y, 0, disc.y - label.box.bottom);
        expect(Math.hypot(dx, dy), `${label.text} over ${disc.name}`).toBeGreaterThanOrEqual(RADIUS - 1);
      }
      for (const other of labels)
        if (other !== label)
          expect(label.box.left < other.box.right && label.box.right > other.box.left && label.box.top < other.box.bottom && label.box.bottom > other.box.top).toBe(false);
    }
  });

  it("keeps its discs apart and its leg ends off them", () => {
    const discs = [...scene.discs.values()];
    discs.forEach((a, k) => discs.slice(k + 1).forEach((b) => expect(distance(a, b)).toBeGreaterThan(2 * RADIUS + 10)));
    for (const tip of scene.tips.values()) for (const disc of discs) expect(distance(tip, disc)).toBeGreaterThan(RADIUS + 8);
  });

  it("is the same every time, and fits the canvas", () => {
    expect(draw(net, arrange(net, suit(net)))).toEqual(scene);
    const size = { width: 820, height: 400 };
    const box = extent(scene)!;
    const camera = fitted(box, size);
    const [low, high] = [toScreen(camera, { x: box.left, y: box.top }), toScreen(camera, { x: box.right, y: box.bottom })];
    expect(low.x).toBeGreaterThanOrEqual(0);
    expect(low.y).toBeGreaterThanOrEqual(0);
    expect(high.x).toBeLessThanOrEqual(size.width);
    expect(high.y).toBeLessThanOrEqual(size.height);
  });

  it("lies under the pointer where it is drawn", () => {
    for (const disc of scene.discs.values()) expect(hit(scene, disc)).toEqual({ kind: "disc", name: disc.name });
    for (const tip of scene.tips.values()) expect(hit(scene, tip)).toEqual({ kind: "tip", name: tip.index });
    for (const hub of scene.hubs.values()) expect(hit(scene, hub)).toEqual({ kind: "hub", name: hub.index });
    for (const wire of scene.wires) if (wire.part === "bond") expect(hit(scene, anchorOf(scene, wire.index))).toEqual({ kind: "wire", name: wire.index });
  });
});

describe("lines", () => {
  it("grow with the logarithm of the size, and not without end", () => {
    expect(lineWidth(64) - lineWidth(32)).toBeCloseTo(lineWidth(4) - lineWidth(2));
    expect(lineWidth(1)).toBeGreaterThan(1);
    expect(lineWidth(1e9)).toBe(12);
  });

  it("between the same two discs fan out", () => {
    let net: Network = add(add(EMPTY, "A", []), "B", []);
    for (let k = 0; k < 5; k++) net = connect(net, ["A", "B"], 2);
    const scene = draw(net, arrange(net, "chain"));
    const middles = scene.wires.map((wire) => anchorOf(scene, wire.index).y).sort((a, b) => a - b);
    for (let k = 1; k < middles.length; k++) expect(middles[k]! - middles[k - 1]!).toBeGreaterThan(25);
    expect(middles.reduce((a, b) => a + b)).toBeCloseTo(0);
  });

  it("bow round a disc that stands in their way", () => {
    const net = connect(family("tensor_train", shape), ["A", "C"], 2, "x");
    const scene = draw(net, arrange(net, "chain"));
    const x = anchorOf(scene, "x");
    expect(x.y).toBeLessThan(-RADIUS);
  });

  it("of a hyperbond meet in a dot that lies on no disc", () => {
    const net = family("cp", shape);
    const scene = draw(net, arrange(net, "chain"));
    const dot = scene.hubs.get("r")!;
    for (const disc of scene.discs.values()) expect(distance(dot, disc)).toBeGreaterThan(RADIUS + 8);
    expect(scene.wires.filter((wire) => wire.part === "spoke").length).toBe(3);
  });

  it("hang down in a train, as in the textbooks", () => {
    const net = family("tensor_train", shape);
    const scene = draw(net, arrange(net, suit(net)));
    for (const tip of scene.tips.values()) expect(Math.sin(tip.angle)).toBeCloseTo(1);
  });
});

describe("names", () => {
  it("hold still while something else is dragged, and give way to a disc that comes", () => {
    const net = family("tensor_train", Array<number>(6).fill(8));
    const places = arrange(net, "chain");
    const before = { scene: draw(net, places), labels: placeLabels(net, draw(net, places)) };
    const drop = (to: { x: number; y: number }) => {
      const scene = draw(net, new Map(places).set("A", to));
      return { scene, labels: placeLabels(net, scene, [], before) };
    };
    const away = drop({ x: places.get("A")!.x - 40, y: 60 }).labels;
    for (const index of ["r2", "r3", "r4", "i3", "i4", "i5"]) expect(away.get(index)).toBe(before.labels.get(index));
    const label = before.labels.get("r3")!;
    expect(drop(label).labels.get("r3")).not.toEqual(label);
  });
});

describe("layouts", () => {
  it.each([["tensor_train", "chain"], ["tensor_ring", "ring"], ["tucker", "star"], ["cp", "ring"]] as const)("%s stands as a %s", (name, arrangement) => {
    expect(suit(family(name, [4, 5, 6, 7]))).toBe(arrangement);
  });

  it("give every tensor a place of its own, each of them, for every network", () => {
    for (const [name, net] of standard)
      for (const arrangement of Object.keys(ARRANGEMENTS) as Arrangement[]) {
        const places = [...arrange(net, arrangement).values()];
        expect(places.length).toBe(net.tensors.size);
        places.forEach((a, k) => places.slice(k + 1).forEach((b) => expect(distance(a, b), `${name} as ${arrangement}`).toBeGreaterThan(2 * RADIUS)));
      }
  });

  it("by springs unfold a lattice and set it upright", () => {
    const net = lattice(5);
    const places = arrange(net, "spring");
    const [a, b] = [places.get("T11")!, places.get("T12")!];
    expect(Math.min(Math.abs(a.x - b.x), Math.abs(a.y - b.y))).toBeLessThan(12);
    const corner = distance(places.get("T0")!, places.get("T24")!);
    for (const p of places.values()) for (const q of places.values()) expect(distance(p, q)).toBeLessThanOrEqual(corner + 1);
  });

  it("leave placed tensors where they are and find room for new ones", () => {
    const net = family("tensor_train", shape);
    const before = arrange(net, "chain");
    const after = place(split(net, "B", ["r0"], 2, ["B", "X"], "x"), before);
    for (const [name, p] of before) expect(after.get(name)).toEqual(p);
    for (const p of before.values()) expect(distance(after.get("X")!, p)).toBeGreaterThanOrEqual(110);
  });
});
