// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import widget from "../src/explorer";
import type { Traits } from "../src/explorer/sync";
import type { RenderContext } from "../src/shared/model";
import { traits } from "./explorer";
import { modelOf } from "./support";

const tick = (wait = 30) => new Promise((done) => setTimeout(done, wait));
let el: HTMLElement;
const stops: (() => void)[] = [];

beforeEach(() => {
  document.body.innerHTML = "";
  document.body.className = "";
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

async function pointer(target: Element, type: string, x: number, y = 10) {
  target.dispatchEvent(Object.assign(new MouseEvent(type, { clientX: x, clientY: y, bubbles: true, button: 0 }), { pointerId: 1 }));
  await tick();
}

describe("the board", () => {
  it("shows the three pictures, each told apart, and what they are of", async () => {
    await show();
    expect([...el.querySelectorAll(".wb-shown figcaption")].map((each) => each.textContent)).toEqual(["datafloat32", "Tucker, 29 × 44 × 3", "differenceup to 0.40"]);
    expect([...el.querySelectorAll<HTMLImageElement>(".wb-shown img")].every((img) => img.alt && img.src.startsWith("data:image/"))).toBe(true);
  });
  it("shows no picture that is none", async () => {
    await show({ picture: { kind: "photograph", size: [2, 2], image: "javascript:alert(1)" }, preview: {} });
    expect(el.querySelectorAll(".wb-shown img").length).toBe(0);
  });
  it("shows the line of Python, the numbers, what they are and how the fit stands", async () => {
    await show();
    expect(text(".wb-line code")).toBe("fit = wb.decompose(x, 'tucker', ranks=(29, 44, 3))");
    expect(text('[data-figure="error"]')).toBe("error 13.0 % · fitted");
    expect(text('[data-figure="parameters"]')).toBe("parameters 44,380 · 18.5× smaller");
    expect(text(".wb-state")).toBe("fitted in 64 ms, 3 sweeps");
    expect(button("Stop")).toBeUndefined();
  });
  it("draws the front, where we stand, the other formats, and the spectra with their cuts", async () => {
    await show();
    expect(el.querySelectorAll(".wb-landscape .wb-point").length).toBe(4);
    expect(el.querySelectorAll(".wb-landscape .wb-here.wb-sure").length).toBe(1);
    expect([...el.querySelectorAll(".wb-name text")].map((each) => each.textContent)).toEqual(["Tucker", "CP"]);
    expect(el.querySelectorAll(".wb-spectra .wb-cut").length).toBe(1);
    expect(el.querySelectorAll(".wb-spectra .wb-tick").length).toBe(2);
  });
  it("draws curves of data of one axis", async () => {
    await show({
      about: { shape: [4], axes: ["time"], dtype: "float64", entries: 4, colours: [] },
      looking: { rows: 0, columns: null, at: [2], colours: null },
      picture: { kind: "curve", scale: [0, 3], curve: [0, 1, 2, 3] },
      preview: { revision: 1, curve: [0, 1, 2, 2.5], top: 0.5 },
    });
    expect(el.querySelectorAll(".wb-pictures .wb-curve").length).toBe(2);
    expect(find(".wb-looks")).toBeNull();
  });
  it("says what it waits for while the data are read", async () => {
    await show({ numbers: { revision: 1, state: "reading", error: null }, fronts: {}, spectra: {}, preview: {} });
    expect(text(".wb-state")).toBe("reading the data…");
    expect(text('[data-figure="error"] b')).toBe("–");
    expect(text(".wb-landscape ~ *") + text("section[aria-label=landscape] h4")).toContain("not there yet");
    expect(text("[data-chart]")).toContain("once the data are read");
  });
  it("says that nothing is lost where nothing is", async () => {
    const exact = { tucker: { title: "Tucker", exact: true, done: true, points: [[1071, 0, [1, 1, 1]]] as never } };
    await show({ fronts: exact });
    expect(text("section[aria-label=landscape]")).toContain("Nothing is lost");
  });
});

describe("ranks", () => {
  it("move by the slider's keys, in one message each, and numbers of the state before are dimmed", async () => {
    const model = await show();
    const slider = labelled("drag rank r0, row");
    expect([slider.getAttribute("aria-valuenow"), slider.getAttribute("aria-valuemax")]).toEqual(["29", "427"]);
    await press(slider, "ArrowRight");
    expect(model.get("spec")).toMatchObject({ format: "tucker", ranks: [30, 44, 3] });
    expect(model.get("revision")).toBe(2);
    expect(text('[data-figure="parameters"] b')).toBe("44,939");
    expect(find('[data-figure="error"]').dataset.stale).toBe("true");
  });
  it("move with the pointer, as one gesture", async () => {
    const model = await show();
    const slider = labelled("drag rank r1, column");
    find<HTMLElement>(".wb-track").getBoundingClientRect = () => ({ left: 0, width: 200 }) as DOMRect;
    slider.querySelector<HTMLElement>(".wb-track")!.getBoundingClientRect = () => ({ left: 0, width: 200 }) as DOMRect;
    await pointer(slider, "pointerdown", 100);
    const first = model.get("spec").gesture;
    await pointer(slider, "pointermove", 120);
    await pointer(slider, "pointermove", 140);
    await tick(60);
    await pointer(slider, "pointerup", 140);
    expect(model.get("spec").gesture).toBe(first);
    expect(model.get("spec").ranks?.[1]).toBeGreaterThan(200);
    await pointer(slider, "pointermove", 10);
    expect(model.get("spec").ranks?.[1]).toBeGreaterThan(200);
    await pointer(slider, "pointerdown", 20);
    expect(model.get("spec").gesture).not.toBe(first);
  });
  it("are typed, cut to what there is, and refused where they are no numbers", async () => {
    const model = await show();
    const field = labelled<HTMLInputElement>("rank r0, row");
    await enter(field, "12");
    expect(model.get("spec").ranks).toEqual([12, 44, 3]);
    await enter(field, "5000");
    expect(model.get("spec").ranks).toEqual([427, 44, 3]);
    await enter(field, "many");
    expect(text("[role=alert]")).toContain("a rank is a whole number");
    expect(field.value).toBe("427");
  });
  it("move with the cut of the spectrum", async () => {
    const model = await show();
    const svg = find(".wb-spectra > svg");
    await pointer(svg, "pointerdown", 200, 60);
    await pointer(svg, "pointermove", 60, 60);
    await tick(60);
    expect(model.get("spec").ranks?.[0]).toBeLessThan(3);
    await pointer(svg, "pointerup", 60, 60);
    button("column 44").click();
    await tick();
    expect(labelled("bonds").querySelector("[aria-pressed=true]")?.textContent).toBe("column 44");
  });
  it("are chosen by their bond in the drawing", async () => {
    await show();
    labelled("bond r2 between G and C, size 3").dispatchEvent(new Event("focus"));
    labelled("bond r2 between G and C, size 3").parentElement?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    await tick();
    expect(text(".wb-rank.wb-chosen")).toContain("colour");
  });
});

describe("formats, budgets and the landscape", () => {
  it("ask Python for the ranks of another format, and wait for them", async () => {
    const model = await show();
    button("CP").click();
    await tick();
    expect(model.get("spec")).toMatchObject({ format: "cp", ranks: null });
    expect(labelled("drag rank r, components").getAttribute("aria-disabled")).toBe("true");
    model.push({ spec: { format: "cp", ranks: [46], gesture: null }, revision: 4 });
    await tick();
    expect(labelled<HTMLInputElement>("rank r, components").value).toBe("46");
    expect(text("[data-chart]")).toContain("Sweeps");
  });
  it("go along the front with keys, and to any point with the pointer", async () => {
    const model = await show();
    await press(find(".wb-landscape > svg"), "ArrowRight");
    expect(model.get("spec").ranks).toEqual([69, 67, 3]);
    await press(find(".wb-landscape > svg"), "Home");
    expect(model.get("spec").ranks).toEqual([1, 1, 1]);
    const point = el.querySelectorAll(".wb-landscape .wb-point")[3]!;
    const [x, y] = [Number(point.getAttribute("cx")), Number(point.getAttribute("cy"))];
    await pointer(find(".wb-landscape > svg"), "pointermove", x, y);
    expect([...el.querySelectorAll(".wb-over text")].map((each) => each.textContent)).toEqual(["186 × 184 × 3", "4.99 %, 299,863 parameters"]);
    await pointer(find(".wb-landscape > svg"), "click", x, y);
    expect(model.get("spec").ranks).toEqual([186, 184, 3]);
  });
  it("wish for a budget, draw it, and refuse what is none", async () => {
    const model = await show();
    await enter(labelled<HTMLInputElement>("at most so many parameters"), "20,000");
    expect(model.get("wish")).toMatchObject({ op: "parameters", value: 20_000 });
    expect(el.querySelectorAll(".wb-budget line").length).toBe(1);
    await enter(labelled<HTMLInputElement>("error of at most, in percent"), "5 %");
    expect(model.get("wish")).toMatchObject({ op: "error", value: 0.05 });
    await enter(labelled<HTMLInputElement>("error of at most, in percent"), "200");
    expect(text(".wb-budgets .wb-bad")).toBe("an error is between 0 and 100 %");
    expect(model.get("wish")).toMatchObject({ value: 0.05 });
  });
});

describe("long fits", () => {
  it("show their sweeps and can be stopped, by the button or the key", async () => {
    const numbers = { ...traits().numbers, state: "fitting" as const, source: "so far" as const, sweep: 12 };
    const model = await show({ numbers });
    expect(text(".wb-state")).toBe("fitting, sweep 12");
    button("Stop").click();
    expect(model.get("wish")).toMatchObject({ op: "stop" });
    model.set("wish", {});
    await press(find(".wb-explorer"), "s");
    expect(model.get("wish")).toMatchObject({ op: "stop" });
    model.push({ numbers: { ...numbers, state: "stopped" } });
    await tick();
    expect(text(".wb-state")).toBe("stopped after 12 sweeps");
  });
  it("say when they have not converged, and why there is none", async () => {
    const model = await show({ numbers: { ...traits().numbers, converged: false, sweep: 100 } });
    expect(text(".wb-state")).toBe("not converged after 100 sweeps, 64 ms");
    model.push({ numbers: { ...traits().numbers, state: "unfittable", message: "no room; lower the ranks" } });
    await tick();
    expect(text(".wb-state")).toBe("no room; lower the ranks");
  });
});

describe("looking", () => {
  const cube = { shape: [20, 30, 8], axes: ["x", "y", "z"], dtype: "float32", entries: 4800, colours: [] };
  it("turns to other axes and slices, by fields and by keys", async () => {
    const model = await show({ about: cube, looking: { rows: 0, columns: 1, at: [10, 15, 4], colours: null } });
    await press(labelled("position along z"), "ArrowRight");
    expect(model.get("looking").at).toEqual([10, 15, 5]);
    await press(find(".wb-explorer"), ",");
    expect(model.get("looking").at).toEqual([10, 15, 4]);
    const across = labelled<HTMLSelectElement>("axis that runs across");
    across.value = "0";
    across.dispatchEvent(new Event("change", { bubbles: true }));
    await tick();
    expect(model.get("looking")).toMatchObject({ rows: 1, columns: 0 });
  });
  it("shows three values as colours or as slices", async () => {
    const model = await show();
    const how = labelled<HTMLSelectElement>("how colour is shown");
    how.value = "slice";
    how.dispatchEvent(new Event("change", { bubbles: true }));
    await tick();
    expect(model.get("looking").colours).toBeNull();
    expect(labelled("position along colour").getAttribute("aria-valuemax")).toBe("3");
  });
});

describe("the table", () => {
  it("says the same, and goes where the picture goes", async () => {
    const model = await show({ view: "table" });
    const captions = [...el.querySelectorAll("caption")].map((each) => each.textContent);
    expect(captions).toEqual(["Ranks of Tucker", "Formats with at most 44,380 parameters", "Front of Tucker"]);
    await enter(labelled<HTMLInputElement>("rank r1 in the table"), "50");
    expect(model.get("spec").ranks).toEqual([29, 50, 3]);
    button("go to 69 × 67 × 3").click();
    await tick();
    expect(model.get("spec").ranks).toEqual([69, 67, 3]);
    button("go to CP").click();
    await tick();
    expect(model.get("spec")).toMatchObject({ format: "cp", ranks: [46] });
  });
});

describe("the host", () => {
  it("is told that somebody looks, and asked to undo what it knows", async () => {
    const model = await show({ trail: { undo: 2, redo: 0 } });
    expect(model.get("wish")).toMatchObject({ op: "watch" });
    expect([button("undo").disabled, button("redo").disabled]).toEqual([false, true]);
    button("undo").click();
    expect(model.get("wish")).toMatchObject({ op: "undo" });
    model.set("wish", {});
    await press(find(".wb-explorer"), "u");
    expect(model.get("wish")).toMatchObject({ op: "undo" });
  });
  it("never sees a key that was pressed in the widget, and fields keep theirs", async () => {
    const model = await show();
    const heard = vi.fn();
    document.addEventListener("keydown", heard);
    await press(find(".wb-explorer"), "d");
    await press(labelled("rank r0, row"), "2");
    expect(heard).not.toHaveBeenCalled();
    expect(model.get("view")).toBe("picture");
    document.removeEventListener("keydown", heard);
  });
  it("has every key in the help, which opens and closes by key", async () => {
    await show();
    await press(find(".wb-explorer"), "?");
    expect(text("[role=dialog]")).toContain("stop the fit, keep the best so far");
    await press(find("[role=dialog] button"), "Escape");
    expect(find("[role=dialog]")).toBeNull();
  });
  it("says Python's refusals, as text", async () => {
    await show({ issues: [{ message: "<img src=x onerror=alert(1)> is 900; the largest is 427" }] });
    expect(text("[role=alert]")).toBe("<img src=x onerror=alert(1)> is 900; the largest is 427");
    expect(find("[role=alert] img")).toBeNull();
  });
  it("copies the line, or says that it may not", async () => {
    await show();
    Object.assign(navigator, { clipboard: { writeText: vi.fn().mockResolvedValue(undefined) } });
    await press(find(".wb-explorer"), "c");
    expect(navigator.clipboard.writeText).toHaveBeenCalledWith("fit = wb.decompose(x, 'tucker', ranks=(29, 44, 3))");
    expect(text(".wb-live")).toBe("the line of Python copied");
    Object.assign(navigator, { clipboard: { writeText: vi.fn().mockRejectedValue(new Error("no")) } });
    button("copy the line of Python").click();
    await tick();
    expect(text(".wb-live")).toContain("did not allow copying");
  });
  it("may show one model twice: both agree", async () => {
    const model = await show();
    const second = document.body.appendChild(document.createElement("div"));
    stops.push(widget.render({ model: model as unknown as RenderContext<Traits>["model"], el: second }));
    await tick();
    await press(labelled("drag rank r0, row"), "ArrowRight");
    model.push({ numbers: { ...traits().numbers, revision: 2 } });
    await tick();
    expect(second.querySelector<HTMLInputElement>('[aria-label="rank r0, row"]')?.value).toBe("30");
  });
  it("gives the theme, and gets everything back in the end", async () => {
    document.body.setAttribute("data-jp-theme-light", "false");
    await show();
    expect(find(".wb-explorer").dataset.wbTheme).toBe("dark");
    stops.splice(0).forEach((stop) => stop());
    expect(el.children.length).toBe(0);
  });
});
