// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RenderContext } from "../src/shared/model";
import widget from "../src/symmetry";
import type { ComposedJson, Traits } from "../src/symmetry/sync";
import { modelOf } from "./support";
import { partitions, pictures, sharing, square, traits } from "./symmetry";

const tick = (wait = 30) => new Promise((done) => setTimeout(done, wait));
let el: HTMLElement;
const stops: (() => void)[] = [];

beforeEach(() => {
  document.body.innerHTML = "";
  HTMLCanvasElement.prototype.getContext = (() => null) as never;
  el = document.body.appendChild(document.createElement("div"));
});
afterEach(() => stops.splice(0).forEach((stop) => stop()));

async function show(more: Partial<Traits> = {}) {
  const model = modelOf(traits(more));
  stops.push(widget.render({ model: model as unknown as RenderContext<Traits>["model"], el }));
  await tick();
  return model;
}

const find = <E extends Element = HTMLElement>(selector: string) => el.querySelector<E>(selector) as E;
const labelled = <E extends Element = HTMLElement>(label: string) => [...el.querySelectorAll("[aria-label]")].find((each) => each.getAttribute("aria-label") === label) as unknown as E;
const button = (text: string) => [...el.querySelectorAll("button")].find((each) => each.textContent === text || each.getAttribute("aria-label") === text) as HTMLButtonElement;
const text = (selector: string) => find(selector)?.textContent ?? "";
const cards = () => [...el.querySelectorAll<HTMLButtonElement>(".wb-card")];

async function press(target: Element, key: string, more: KeyboardEventInit = {}) {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...more }));
  await tick();
}

async function enter(field: HTMLInputElement, value: string) {
  field.focus();
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await press(field, "Enter");
}

async function choose(label: string, value: string) {
  const field = labelled<HTMLSelectElement>(label);
  field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  await tick();
}

async function pointer(target: Element, type: string, x = 10, y = 10) {
  target.dispatchEvent(Object.assign(new MouseEvent(type, { clientX: x, clientY: y, bubbles: true, button: 0 }), { pointerId: 1 }));
  await tick();
}

describe("the diagrams", () => {
  it("each have a card, say whether they are on, and which depend on others", async () => {
    await show();
    expect(cards().length).toBe(15);
    expect(cards().filter((card) => card.getAttribute("aria-pressed") === "true").map((card) => card.dataset.at)).toEqual(["0", "7", "14"]);
    expect(cards()[14]?.getAttribute("aria-label")).toBe("diagram 14: 1 | 2 | 1' | 2', weight −0.4, depends on others");
    expect(text(".wb-diagrams h4")).toBe("15 diagrams14 independent");
    expect(cards().filter((card) => card.tabIndex === 0).length).toBe(1);
  });
  it("are switched on by a click and off by another, in one message each", async () => {
    const model = await show();
    cards()[3]?.click();
    await tick();
    expect(model.get("spec").weights).toEqual([[0, 0.8], [3, 1], [7, 1], [14, -0.4]]);
    expect(model.get("revision")).toBe(2);
    cards()[3]?.click();
    await tick();
    expect(model.get("spec").weights?.length).toBe(3);
  });
  it("are weighed by slider, by keys and by number", async () => {
    const model = await show();
    const slider = labelled("weight of diagram 0");
    expect(slider.getAttribute("aria-valuetext")).toBe("0.8");
    await press(slider, "ArrowRight");
    expect(model.get("spec").weights?.[0]).toEqual([0, 0.85]);
    await enter(labelled<HTMLInputElement>("weight of diagram 0 as a number"), "-1.5");
    expect(model.get("spec").weights?.[0]).toEqual([0, -1.5]);
    await enter(labelled<HTMLInputElement>("weight of diagram 0 as a number"), "much");
    expect(text("[role=alert]")).toContain("a weight is a number");
    await press(find(".wb-symmetry"), "+");
    expect(model.get("spec").weights?.[0]).toEqual([0, -1.4]);
  });
  it("say what they do, and of which others they are made", async () => {
    const model = await show();
    expect(text(".wb-formula").replace(/ /g, " ").trim()).toBe("yij  = δij xii");
    cards()[14]?.focus();
    await tick();
    expect(model.get("wish")).toMatchObject({ op: "relate", value: 14 });
    model.push({ related: { diagram: 14, terms: [[7, 1], [0, -0.5]] } });
    await tick();
    expect(text(".wb-relation")).toBe("depends on others: d₇ − 0.5 d₀");
    button("d₇").click();
    await tick();
    expect(text(".wb-title b")).toBe("diagram 7");
  });
  it("are walked with arrows, and all switched off or on by the basis", async () => {
    const model = await show();
    cards()[0]?.focus();
    await press(cards()[0]!, "ArrowRight");
    expect(text(".wb-title b")).toBe("diagram 1");
    expect(document.activeElement).toBe(cards()[1]);
    button("none").click();
    await tick();
    expect(model.get("spec").weights).toEqual([]);
    button("basis").click();
    await tick();
    expect(model.get("spec").weights?.length).toBe(14);
  });
  it("say that only zero commutes where nothing does", async () => {
    await show({ diagrams: pictures([], 1), spec: { ...traits().spec, weights: [] } });
    expect(text(".wb-diagrams")).toContain("Only the zero map commutes with S(3)");
  });
  it("that are maps without a picture are drawn as matrices", async () => {
    await show({ diagrams: { ...pictures(partitions(4), 2), names: Array.from({ length: 15 }, (_, k) => `orbit ${k}`) }, about: { ...traits().about, noun: "orbit" } });
    expect(cards()[2]?.getAttribute("aria-label")).toBe("orbit 2: orbit 2");
    expect(el.querySelectorAll(".wb-card canvas").length).toBe(15);
    expect(text(".wb-diagrams h4")).toContain("15 orbits");
  });
});

describe("many maps without pictures", () => {
  const size = 500;
  const diagrams = { ...pictures([], 0), count: size, names: Array.from({ length: size }, (_, k) => `orbit ${k}`), basis: new DataView(new Uint8Array(size).fill(1).buffer) };
  it("are on pages, which turn with the one in focus", async () => {
    await show({ diagrams, about: { ...traits().about, noun: "orbit", spanning: size, dimension: size }, spec: { ...traits().spec, weights: [[0, 1]] } });
    expect(cards().length).toBe(60);
    button("the next page").click();
    await tick();
    expect(text(".wb-pages span")).toBe("orbits 60 to 119");
    expect(text(".wb-title b")).toBe("orbit 60");
    await press(find(".wb-symmetry"), "ArrowLeft");
    expect(text(".wb-pages span")).toBe("orbits 0 to 59");
  });
});

describe("thousands of diagrams", () => {
  const rows = partitions(7);
  const many = { diagrams: pictures(rows, 3), sharing: sharing(partitions(2), 3, 1, 1), spec: { ...traits().spec, source: [0, 0, 0, 0], target: [0, 0, 0], weights: [[0, 1]] as [number, number][] } };
  it("are drawn by their halves, with few elements on the page", async () => {
    await show(many);
    expect(rows.length).toBe(877);
    expect(el.querySelectorAll("*").length).toBeLessThan(400);
    expect(labelled("877 diagrams as 22 upper halves, down, and 93 lower halves, across; arrows walk, x switches on")).toBeTruthy();
    expect([...el.querySelectorAll(".wb-blocks button")].map((each) => each.textContent)).toEqual(["3 60", "2 372", "1 370, 1 on", "0 75"]);
  });
  it("are switched on a block at a time", async () => {
    const model = await show(many);
    find<HTMLButtonElement>(".wb-blocks button").click();
    await tick();
    expect(model.get("spec").weights?.length).toBeGreaterThan(30);
  });
  it("are walked with arrows", async () => {
    await show(many);
    const before = text(".wb-title b");
    await press(find(".wb-halfmap"), "ArrowRight");
    expect(text(".wb-title b")).not.toBe(before);
  });
});

describe("the matrix", () => {
  it("tells which diagrams meet in an entry, and marks them", async () => {
    await show();
    const map = find(".wb-entrymap");
    map.getBoundingClientRect = () => ({ left: 0, top: 0, width: 90, height: 90 }) as DOMRect;
    await pointer(map, "pointermove", 1, 1);
    expect(text(".wb-entry")).toContain("1.4 at row 1 1, column 1 1, and at 2 more");
    expect(text(".wb-sum")).toBe("0.8 d₀ + 1.0 d₇ + −0.4 d₁₄; 12 off");
    expect(el.querySelectorAll(".wb-meets").length).toBe(15);
    await pointer(map, "pointermove", 15, 1);
    expect(el.querySelectorAll(".wb-meets").length).toBeLessThan(15);
    await pointer(map, "pointerleave");
    expect(el.querySelectorAll(".wb-meets").length).toBe(0);
  });
  it("is walked with arrows", async () => {
    await show();
    const map = find(".wb-entrymap");
    await press(map, "ArrowRight");
    await press(map, "ArrowRight");
    await press(map, "ArrowDown");
    expect(text(".wb-entry")).toContain("row 1 2, column 1 2");
  });
  it("can be broken in one entry, and repaired", async () => {
    const model = await show();
    button("break an entry").click();
    await tick();
    expect(model.get("spec").broken).toEqual([0, 1, 0.5]);
    expect(find(".wb-crack")).toBeTruthy();
    await press(find(".wb-symmetry"), "k");
    expect(model.get("spec").broken).toBeNull();
  });
  it("says so when only a part is drawn", async () => {
    await show({ sharing: { ...traits().sharing, part: "shown is the part with indices 1, 2, 3 of 8" } });
    expect(text(".wb-partly")).toContain("indices 1, 2, 3 of 8");
  });
});

describe("the square", () => {
  it("draws its four corners, and that both ways agree", async () => {
    await show();
    const corners = [...el.querySelectorAll(".wb-corner")].map((each) => each.getAttribute("aria-label"));
    expect(corners).toEqual(["the input x", "f(x), the input mapped", "g x, the input transformed", "f(g x), the same as g f(x)"]);
    expect(text(".wb-verdict b")).toBe("2·10⁻¹⁶");
    expect(text(".wb-said")).toBe("(1 2)");
    // the transformed graph is the same picture with other names
    const names = [...el.querySelectorAll(".wb-corner")].map((each) => [...each.querySelectorAll("text")].map((name) => name.textContent).join(""));
    expect(names).toEqual(["123", "123", "213", "213"]);
    const lines = [...el.querySelectorAll(".wb-corner")].map((each) => [...each.querySelectorAll(".wb-edge")].map((edge) => edge.getAttribute("d")).join());
    expect(lines[2]).toBe(lines[0]);
  });
  it("shows both ends where they differ", async () => {
    await show({ square: square({ error: 0.032 }) });
    expect(find(".wb-ways").className).toContain("wb-unlike");
    expect([...el.querySelectorAll(".wb-corner")].length).toBe(5);
    expect(text(".wb-verdict b")).toBe("0.032");
  });
  it("asks for generators, chance and other inputs", async () => {
    const model = await show();
    for (const [name, wish] of [["then (1 2 3)", { op: "step", value: 1 }], ["random", { op: "random" }], ["identity", { op: "identity" }], ["another input", { op: "another" }]] as const) {
      button(name).click();
      expect(model.get("wish")).toMatchObject(wish);
    }
    await choose("input", "image");
    expect(model.get("wish")).toMatchObject({ op: "input", value: "image" });
    await press(find(".wb-symmetry"), "G");
    expect(model.get("wish")).toMatchObject({ op: "step", value: -1 });
    await press(find(".wb-symmetry"), "d");
    expect(el.querySelectorAll(".wb-corner canvas").length).toBe(4);
  });
  it("turns a continuous element with a slider, by keys and along another axis", async () => {
    const axes = [{ title: "turn 1–2", most: Math.PI, unit: "°" }, { title: "turn 1–3", most: Math.PI, unit: "°" }];
    const vectors = new DataView(Float32Array.from([1, 0, 0, 1]).buffer);
    const model = await show({
      about: { ...traits().about, generators: [], axes },
      square: square({ kind: "points", from: "points", to: "points", batch: 2, sizes: [[2], [2]], images: [], amount: Math.PI / 2, element: "a turn of 90°", x: vectors, fx: vectors, gx: vectors, fgx: vectors, gfx: vectors }),
    });
    expect(el.querySelectorAll(".wb-spot").length).toBe(8);
    expect(labelled("turn 1–2").getAttribute("aria-valuetext")).toBe("90°");
    await press(labelled("turn 1–2"), "ArrowRight");
    expect(model.get("turning")).toMatchObject({ axis: 0, amount: expect.closeTo((91 / 180) * Math.PI, 6) });
    await press(find(".wb-symmetry"), "]");
    await tick(60);
    expect(model.get("turning")).toMatchObject({ axis: 0, amount: expect.closeTo((95 / 180) * Math.PI, 6) });
    await choose("axis of the turn", "1");
    await tick(60);
    expect(model.get("turning")).toMatchObject({ axis: 1, amount: 0 });
  });
});

describe("dragging", () => {
  it("one vertex of the transformed graph onto another swaps them", async () => {
    const model = await show();
    const corner = labelled("g x, the input transformed");
    const vertices = [...corner.querySelectorAll("[data-vertex]")];
    document.elementFromPoint = (x: number) => vertices[x] ?? null;
    await pointer(corner, "pointerdown", 0);
    await pointer(corner, "pointerup", 2);
    expect(model.get("wish")).toMatchObject({ op: "swap", value: [1, 2] });
  });
  it("the transformed points turns them", async () => {
    const vectors = new DataView(Float32Array.from([1, 0, 0, 1]).buffer);
    const model = await show({
      about: { ...traits().about, generators: [], axes: [{ title: "turn 1–2", most: Math.PI, unit: "°" }] },
      square: square({ kind: "points", from: "points", to: "points", batch: 2, sizes: [[2], [2]], images: [], amount: 3, x: vectors, fx: vectors, gx: vectors, fgx: vectors, gfx: vectors }),
    });
    document.elementFromPoint = () => null;
    const corner = labelled("g x, the input transformed");
    corner.getBoundingClientRect = () => ({ left: 0, top: 0, width: 100, height: 100 }) as DOMRect;
    await pointer(corner, "pointerdown", 90, 50);
    await pointer(corner, "pointermove", 50, 10);
    await tick(60);
    expect(model.get("turning")).toMatchObject({ axis: 0, amount: expect.closeTo(3 + Math.PI / 2 - 2 * Math.PI, 6) });
    await pointer(corner, "pointerup", 50, 10);
  });
});

describe("the chooser", () => {
  it("asks for other maps and leaves their weights to Python", async () => {
    const model = await show();
    await choose("from which power of V", "0");
    expect(model.get("spec")).toMatchObject({ source: [0], target: [0, 0], weights: null });
    const answer = (revision: number, spec: Partial<Traits["spec"]>) => model.push({ spec: { ...traits().spec, ...spec }, revision });
    answer(4, { source: [0] });
    await choose("group", "Sp");
    expect(model.get("spec").group).toEqual({ family: "Sp", n: 4 });
    answer(7, { group: { family: "Sp", n: 4 } });
    await tick();
    await press(labelled<HTMLInputElement>("n, the dimension of V"), "ArrowUp");
    expect(model.get("spec").group.n).toBe(6);
    answer(10, { group: { family: "Sp", n: 6 } });
    await enter(labelled<HTMLInputElement>("channels out"), "8");
    expect(model.get("spec").channels).toEqual([1, 8]);
  });
  it("keeps what is chosen while Python thinks, and sends it then", async () => {
    const model = await show();
    await choose("group", "Sp");
    await choose("from which power of V", "0");
    await choose("to which power of V", "0");
    expect(model.get("spec")).toMatchObject({ group: { family: "Sp", n: 4 }, source: [0, 0], target: [0, 0] });
    model.push({ spec: { ...traits().spec, group: { family: "Sp", n: 4 } }, revision: 4 });
    await tick();
    expect(model.get("spec")).toMatchObject({ group: { family: "Sp", n: 4 }, source: [0], target: [0], weights: null });
    expect(model.get("revision")).toBe(5);
    model.push({ spec: { ...traits().spec, source: [0], target: [0], weights: [[0, 1]] }, revision: 7 });
    await tick();
    expect(model.get("spec").source).toEqual([0]);
    expect(cards()[0]?.getAttribute("aria-pressed")).toBe("true");
  });
  it("shows what Python refuses, and keeps what there was", async () => {
    const model = await show();
    await enter(labelled<HTMLInputElement>("n, the dimension of V"), "7");
    model.push({ spec: traits().spec, revision: 4, issues: [{ message: "too many; take fewer factors V" }] });
    await tick();
    expect(text("[role=alert]")).toContain("too many; take fewer");
    expect(labelled<HTMLInputElement>("n, the dimension of V").value).toBe("3");
    expect(cards().filter((card) => card.getAttribute("aria-pressed") === "true").length).toBe(3);
  });
  it("undoes and redoes what Python knows", async () => {
    const model = await show({ trail: { undo: 1, redo: 0 } });
    expect([button("undo").disabled, button("redo").disabled]).toEqual([false, true]);
    await press(find(".wb-symmetry"), "u");
    expect(model.get("wish")).toMatchObject({ op: "undo" });
  });
});

describe("the other pages", () => {
  const view = (values: number[]) => new DataView(Float32Array.from(values).buffer);
  const composed: Partial<ComposedJson> = {
    lowerAt: 1, upperAt: 1, out: [0], names: [], count: 2, labels: new DataView(Uint8Array.from([0, 0, 0, 1]).buffer), head: new DataView(new Uint8Array(4).buffer), top: 1, vertices: 2,
    lower: { name: "1 | 1'", labels: [0, 1], head: [0, 0], top: 1 }, upper: { name: "1 | 1'", labels: [0, 1], head: [0, 0], top: 1 }, rows: [3, 3, 3],
    terms: [{ factor: "3", name: "1 | 1'", labels: [0, 1], head: [0, 0], top: 1 }], more: 0, difference: 0,
    a: view(Array(9).fill(1)), b: view(Array(9).fill(1)), product: view(Array(9).fill(3)),
  };
  it("compose two diagrams and say that the matrices agree", async () => {
    const model = await show({ view: "compose", composed });
    expect(text(".wb-term")).toContain("3 ·");
    expect(text(".wb-result")).toContain("exactly");
    expect(text(".wb-product")).toContain("product, up to 3");
    expect(el.querySelectorAll(".wb-equation .wb-middle-vertex").length).toBe(2);
    button("then: diagram 0, 1 1'").click();
    expect(model.get("composing")).toMatchObject({ lower: 1, upper: 0, out: [0] });
    await choose("where the second map leads", "0,0");
    expect(model.get("composing")).toMatchObject({ lower: 1, upper: 0, out: [0, 0] });
  });
  it("check many elements, tell rounding from a fault, and count what is missing", async () => {
    const model = await show({ view: "check", checked: { state: "done", single: [1e-7, 2e-7], double: [2e-16, 0], asked: 200 } });
    expect(text(".wb-verdicts")).toContain("Rounding");
    expect(text(".wb-reach")).toContain("3 of 14 dimensions");
    expect(labelled("diagrams that are off").querySelectorAll("button").length).toBe(12);
    labelled("diagrams that are off").querySelector("button")?.click();
    await tick();
    expect(model.get("spec").weights?.length).toBe(4);
    model.push({ checked: { state: "done", single: [0.03], double: [0.03] } });
    await tick();
    expect(text(".wb-verdicts")).toContain("No rounding");
    button("check again").click();
    expect(model.get("wish")).toMatchObject({ op: "check" });
  });
  it("show the layer as code, and are turned by keys", async () => {
    const model = await show();
    await press(find(".wb-symmetry"), "4");
    expect(model.get("view")).toBe("code");
    expect(text(".wb-code pre")).toContain("hom = S(3).hom(2, 2)");
    await press(find(".wb-symmetry"), "?");
    expect(find(".wb-help")).toBeTruthy();
  });
});

describe("the footer", () => {
  it("has dimension, what is learnable, the error, completeness and the price", async () => {
    const model = await show();
    const figures = [...el.querySelectorAll(".wb-figure")].map((each) => each.textContent);
    expect(figures).toEqual(["dimension 14 · spanned by 15 diagrams", "learnable here 3", "equivariance error 2·10⁻¹⁶", "complete 3 of 14"]);
    expect(text(".wb-state")).toBe("dense 81 weights → 14 · 0.4 ms");
    cards()[3]?.click();
    await tick();
    expect(find('[data-figure="equivariance error"]').dataset.stale).toBe("true");
    model.push({ numbers: { ...traits().numbers, revision: 2 } });
    await tick();
    expect(find('[data-figure="equivariance error"]').dataset.stale).toBeUndefined();
  });
});

describe("keys", () => {
  it("pressed in the widget never reach the page, and fields keep theirs", async () => {
    const model = await show();
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    await press(find(".wb-symmetry"), "d");
    await press(labelled("n, the dimension of V"), "r");
    expect(heard).not.toHaveBeenCalled();
    expect(model.get("wish")).toEqual({});
    document.removeEventListener("keydown", heard);
  });
});
