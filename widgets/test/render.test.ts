// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import widget from "../src/editor";
import type { Network } from "../src/shared/network";
import type { Traits } from "../src/editor/sync";
import type { RenderContext } from "../src/shared/model";
import { fakeModel, family, zoo } from "./support";

const tick = () => new Promise((done) => setTimeout(done, 30));
const train = () => family("tensor_train", [427, 640, 3], 24, ["row", "col", "rgb"]);
let el: HTMLElement;
const stops: (() => void)[] = [];

beforeEach(() => {
  document.body.innerHTML = "";
  document.body.className = "";
  el = document.body.appendChild(document.createElement("div"));
});
afterEach(() => stops.splice(0).forEach((stop) => stop()));

async function show(net: Network, more: Partial<Traits> = {}, context: Partial<RenderContext<Traits>> = {}) {
  const model = fakeModel(net, more);
  const stop = widget.render({ model: model as unknown as RenderContext<Traits>["model"], el, ...context });
  stops.push(stop);
  await tick();
  return { model, stop };
}

const find = <E extends Element = HTMLElement>(selector: string) => el.querySelector<E>(selector) as E;
const labelled = (label: string) => [...el.querySelectorAll<HTMLElement>("[aria-label]")].find((each) => each.getAttribute("aria-label") === label) as HTMLElement;
const button = (text: string) => [...el.querySelectorAll("button")].find((each) => each.textContent === text || each.getAttribute("aria-label") === text) as HTMLButtonElement;
const text = (selector: string) => find(selector)?.textContent ?? "";

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

async function pointer(type: string, x: number, y: number) {
  const event = new MouseEvent(type, { clientX: x, clientY: y, bubbles: true, button: 0 });
  find("svg").dispatchEvent(Object.assign(event, { pointerId: 1 }));
  await tick();
}

/** Where a mark is drawn on the canvas, camera included. */
function place(mark: Element): { x: number; y: number } {
  const numbers = (each: Element) => each.getAttribute("transform")!.match(/-?[\d.]+/g)!.map(Number);
  const own = mark.hasAttribute("transform") ? numbers(mark) : [Number(mark.getAttribute("cx")), Number(mark.getAttribute("cy"))];
  const [x, y, k] = numbers(find("svg > g"));
  return { x: x! + own[0]! * k!, y: y! + own[1]! * k! };
}

describe("the picture", () => {
  it("has a button with a telling name for every tensor and index", async () => {
    await show(train());
    for (const label of ["tensor B, 24 × 640 × 24", "bond r0 between A and B, size 24", "leg row of A, size 427"]) {
      expect(labelled(label).getAttribute("role")).toBe("button");
      expect(labelled(label).getAttribute("tabindex")).toBe("0");
    }
    expect(find("svg").getAttribute("role")).toBe("application");
  });

  it("draws a line per bond and leg, thicker for larger sizes, and fixed tensors as outlines", async () => {
    await show(zoo());
    expect(el.querySelectorAll(".wb-disc").length).toBe(5);
    expect(el.querySelectorAll(".wb-fixed").length).toBe(2);
    expect(el.querySelectorAll(".wb-hub").length).toBeGreaterThan(1);
    const widths = [...el.querySelectorAll(".wb-bond path")].map((each) => Number(each.getAttribute("stroke-width")));
    expect(Math.max(...widths)).toBeGreaterThan(2 * Math.min(...widths));
  });

  it("says what to do when there is nothing", async () => {
    await show({ tensors: new Map(), sizes: new Map(), legs: [] });
    expect(text(".wb-welcome")).toMatch(/No tensors yet.*press t/);
  });

  it("shows names as text, whatever they contain", async () => {
    await show(family("tensor_train", [4, 5], 2, ["<img src=x onerror=alert(1)>", "j"]));
    expect(find("img")).toBeNull();
    expect(text(".wb-canvas")).toContain("<img src=x onerror=alert(1)> · 4");
  });

  it("makes a bond by a drag from rim to disc, and sends nothing before the drop", async () => {
    const { model } = await show(train());
    const [a, c] = [place(labelled("tensor A, 427 × 24")), place(labelled("tensor C, 24 × 3"))];
    await pointer("pointerdown", a.x, a.y - 23);
    await pointer("pointermove", a.x + 90, a.y - 100);
    await pointer("pointermove", c.x, c.y);
    expect(model.saved).toEqual([]);
    expect(text(".wb-foretold")).toBe("bond A–C");
    await pointer("pointerup", c.x, c.y);
    expect(model.get("spec").step).toEqual({ op: "connect", args: { tensors: ["A", "C"], size: 4, index: "r" } });
    expect(labelled("bond r between A and C, size 4")).toBeTruthy();
  });

  it("refuses to join legs of different sizes, says why and loses nothing", async () => {
    const { model } = await show(train());
    const before = JSON.stringify(model.get("spec"));
    const tips = [...el.querySelectorAll(".wb-tip")].map(place);
    await pointer("pointerdown", tips[0]!.x, tips[0]!.y);
    await pointer("pointermove", tips[1]!.x, tips[1]!.y);
    await pointer("pointerup", tips[1]!.x, tips[1]!.y);
    expect(text(".wb-hint.wb-refusal")).toBe("leg 'row' has size 427 and leg 'col' has size 640; resize one of them, then join");
    expect(text("[aria-live]")).toContain("resize one of them");
    expect(JSON.stringify(model.get("spec"))).toBe(before);
    expect(model.saved).toEqual([]);
    expect(labelled("leg row of A, size 427")).toBeTruthy();
  });

  it("moves a disc and sends its place once, at the drop", async () => {
    const { model } = await show(train());
    const a = place(labelled("tensor A, 427 × 24"));
    await pointer("pointerdown", a.x, a.y);
    for (let k = 1; k <= 5; k++) await pointer("pointermove", a.x - 8 * k, a.y - 10 * k);
    await pointer("pointerup", a.x - 40, a.y - 50);
    expect(model.saved.length).toBe(1);
    const now = place(labelled("tensor A, 427 × 24"));
    expect(now.x).toBeCloseTo(a.x - 40, 0);
    expect(now.y).toBeCloseTo(a.y - 50, 0);
  });

  it("adds a tensor on a double click and edits a size in place", async () => {
    const { model } = await show(train());
    find("svg").dispatchEvent(new MouseEvent("dblclick", { clientX: 20, clientY: 20, bubbles: true }));
    await tick();
    expect(model.get("spec").step).toEqual({ op: "add", args: { name: "D", indices: [], sizes: {} } });
    const label = place(labelled("bond r0 between A and B, size 24"));
    find("svg").dispatchEvent(new MouseEvent("dblclick", { clientX: label.x, clientY: label.y, bubbles: true }));
    await tick();
    await enter(find<HTMLInputElement>(".wb-inline input"), "30");
    expect(model.get("spec").step).toEqual({ op: "resize", args: { sizes: { r0: 30 } } });
    expect(find(".wb-inline")).toBeNull();
  });

  it("moves the focus with the arrows", async () => {
    await show(train());
    const a = labelled("tensor A, 427 × 24");
    a.focus();
    await tick();
    await press(a, "ArrowRight");
    expect(document.activeElement?.getAttribute("aria-label")).toBe("bond r0 between A and B, size 24");
    expect(text(".wb-panel h4")).toMatch(/^Bond r0/);
  });
});

describe("the panel", () => {
  it("sums the network up while nothing is selected", async () => {
    await show(train());
    expect(text(".wb-panel")).toMatch(/Network.*value 427 × 640 × 3.*tensors3.*bonds2.*legs3.*ad,dbe,ec->abc/);
  });

  it("edits sizes and names, and springs back from what is refused", async () => {
    const { model } = await show(train());
    labelled("tensor B, 24 × 640 × 24").focus();
    await tick();
    const size = labelled("size of r0") as HTMLInputElement;
    await enter(size, "12");
    expect(model.get("spec").network.indices).toContainEqual({ name: "r0", size: 12 });
    await enter(labelled("size of r0") as HTMLInputElement, "0");
    expect(text("[aria-live]")).toContain("a size is a whole number from 1");
    expect((labelled("size of r0") as HTMLInputElement).value).toBe("12");
    await enter(labelled("name of tensor B") as HTMLInputElement, "core");
    expect(model.get("spec").step).toEqual({ op: "rename", args: { names: { B: "core" } } });
    expect(text(".wb-panel h4")).toMatch(/^core/);
  });

  it("shows Python's issues, its last step and pictures, but only pictures", async () => {
    await show(train(), {
      issues: [{ message: "leg 'row' has size 427, the data 400", index: "row" }],
      code: { step: "net = net.resize(r=24)" },
      preview: { before: "data:image/jpeg;base64,AAAA", after: "https://elsewhere/x.png" },
    });
    expect(text("[role=alert]")).toContain("the data 400");
    expect(find(".wb-label.wb-issue").textContent).toContain("row");
    expect(text(".wb-panel pre")).toBe("net = net.resize(r=24)");
    expect([...el.querySelectorAll("img")].map((img) => img.src)).toEqual(["data:image/jpeg;base64,AAAA"]);
  });

  it("marks a leg that does not match the data", async () => {
    await show(train(), { shape: [427, 500, 3] });
    expect(text(".wb-canvas")).toContain("col · 640 ≠ 500");
  });
});

describe("the footer", () => {
  const numbers: Traits["numbers"] = { revision: 1, state: "fitted", message: "", flops: 2.1e8, peak_bytes: 3.3e6, error: 0.0342, seconds: 0.064 };

  it("shows the numbers, dims those of an earlier network, and says how the fit stands", async () => {
    const { model } = await show(train(), { numbers });
    expect(text(".wb-footer")).toBe("error 3.42 %parameters 378,960 · 2.16× smallerflops 210 Mpeak 3.3 MBrefitted in 64 ms");
    model.push({ numbers: { ...numbers, state: "fitting" } });
    await tick();
    expect(text("[data-state]")).toBe("fitting…");
    model.push({ revision: 2, spec: { ...model.get("spec"), network: { ...model.get("spec").network, legs: ["col", "row", "rgb"] } } });
    await tick();
    expect(find("[data-figure=error]").dataset.stale).toBe("true");
    expect(find("[data-figure=parameters]").dataset.stale).toBeUndefined();
    model.push({ numbers: { ...numbers, revision: 2, state: "unfittable", message: "leg 'col' comes first" } });
    await tick();
    expect(text("[data-state]")).toBe("leg 'col' comes first");
    expect(find("[data-figure=error]").dataset.stale).toBeUndefined();
  });
});

describe("the other views", () => {
  it("edit in the table all that the picture edits", async () => {
    const { model } = await show(train(), { view: "table" });
    await enter(labelled("size of r0") as HTMLInputElement, "9");
    await enter(labelled("name of index row") as HTMLInputElement, "line");
    button("move leg col up").click();
    await tick();
    expect(model.get("spec").network.legs).toEqual(["col", "line", "rgb"]);
    button("connect").click();
    await tick();
    button("cut r0").click();
    await tick();
    button("delete tensor C").click();
    await tick();
    button("add tensor").click();
    await tick();
    expect(model.saved.map(({ spec }) => spec.step?.op)).toEqual(["resize", "relabel", "transpose", "connect", "cut", "remove", "add"]);
  });

  it("show the program in the library asked for", async () => {
    const { model } = await show(train(), { view: "code", code: { torch: "import torch", numpy: "import numpy as np" } });
    expect(text(".wb-programs pre")).toBe("import torch");
    button("NumPy").click();
    await tick();
    expect(text(".wb-programs pre")).toBe("import numpy as np");
    button("Table").click();
    await tick();
    expect(model.get("view")).toBe("table");
  });

  it("offer templates and layouts from menus that keys can use", async () => {
    const { model } = await show(train());
    const menu = [...el.querySelectorAll("button")].find((each) => each.textContent?.startsWith("Template"))!;
    menu.click();
    await tick();
    expect(document.activeElement?.textContent).toBe("CP");
    await press(document.activeElement!, "ArrowDown");
    (document.activeElement as HTMLElement).click();
    await tick();
    expect(model.get("spec").step).toMatchObject({ op: "template", args: { family: "tucker", legs: ["row", "col", "rgb"] } });
    expect(labelled("tensor G, 4 × 4 × 4")).toBeTruthy();
  });
});

describe("the host", () => {
  it("never sees a key that was pressed in the widget", async () => {
    await show(train());
    const seen = vi.fn();
    for (const event of ["keydown", "keyup", "keypress"]) document.addEventListener(event, seen);
    const root = find(".wb-editor");
    for (const target of [root, find("svg"), labelled("tensor A, 427 × 24"), find(".wb-panel"), button("Tensor")])
      for (const event of ["keydown", "keyup", "keypress"])
        for (const key of ["a", "x", "Delete", "Enter", "Escape", "d", "F9"]) target.dispatchEvent(new KeyboardEvent(event, { key, bubbles: true, composed: true }));
    expect(seen).not.toHaveBeenCalled();
    expect(root.getAttribute("data-lm-suppress-shortcuts")).toBe("true");
    expect(root.tabIndex).toBe(-1);
    for (const event of ["keydown", "keyup", "keypress"]) document.removeEventListener(event, seen);
  });

  it("gives the theme: light, dark, and its changes", async () => {
    document.body.setAttribute("data-jp-theme-light", "false");
    await show(train());
    expect(find(".wb-editor").dataset.wbTheme).toBe("dark");
    document.body.setAttribute("data-jp-theme-light", "true");
    await tick();
    expect(find(".wb-editor").dataset.wbTheme).toBe("light");
    document.body.removeAttribute("data-jp-theme-light");
    document.body.classList.add("dark");
    await tick();
    expect(find(".wb-editor").dataset.wbTheme).toBe("dark");
  });

  it("may be a shadow root: style and theme come along", async () => {
    document.documentElement.setAttribute("data-theme", "dark");
    const inside = el.attachShadow({ mode: "open" }).appendChild(document.createElement("div"));
    stops.push(widget.render({ model: fakeModel(train()) as unknown as RenderContext<Traits>["model"], el: inside }));
    await tick();
    expect(inside.querySelector("style")?.textContent).toContain(".wb-widget");
    expect(inside.querySelector<HTMLElement>(".wb-editor")?.dataset.wbTheme).toBe("dark");
    document.documentElement.removeAttribute("data-theme");
  });

  it("hides the static twin while it lives and shows it again", async () => {
    document.body.innerHTML = `<div class="jp-Cell"><div class="jp-OutputArea-child"><div class="wb-static-twin"></div></div><div class="jp-OutputArea-child" id="live"></div></div>`;
    el = document.querySelector<HTMLElement>("#live")!;
    const end = new AbortController();
    await show(train(), {}, { signal: end.signal });
    const twin = document.querySelector<HTMLElement>(".jp-OutputArea-child")!;
    expect(twin.style.display).toBe("none");
    expect(el.style.display).toBe("");
    end.abort();
    expect(twin.style.display).toBe("");
    expect(el.children.length).toBe(0);
  });

  it("may show one model twice: both pictures agree", async () => {
    const { model } = await show(train());
    const second = document.body.appendChild(document.createElement("div"));
    stops.push(widget.render({ model: model as unknown as RenderContext<Traits>["model"], el: second }));
    await tick();
    labelled("tensor A, 427 × 24").focus();
    await tick();
    await press(labelled("tensor A, 427 × 24"), "l");
    await tick();
    expect(second.querySelector('[aria-label="leg i of A, size 4"]')).toBeTruthy();
    expect(model.saved.length).toBe(1);
  });

  it("gets a picture from Python at any time", async () => {
    const { model } = await show(train());
    const other = fakeModel(family("cp", [4, 5, 6], 2)).get("spec");
    model.push({ spec: other, revision: 2 });
    await tick();
    expect(labelled("hyperbond r of A, B and C, size 2")).toBeTruthy();
    expect(labelled("tensor A, 427 × 24")).toBeUndefined();
  });
});
