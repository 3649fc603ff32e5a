// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import widget from "../src/search";
import { standing } from "../src/search/app";
import { objectiveOf } from "../src/search/board";
import type { Traits } from "../src/search/sync";
import type { RenderContext } from "../src/shared/model";
import { ROWS, traits } from "./search";
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

const NUMBERS = traits().numbers;
const find = <E extends Element = HTMLElement>(selector: string) => el.querySelector<E>(selector) as E;
const button = (text: string) => [...el.querySelectorAll("button")].find((each) => each.textContent === text || each.getAttribute("aria-label") === text) as HTMLButtonElement;
const text = (selector: string) => find(selector)?.textContent ?? "";
const subpaths = (selector: string) => find(selector).getAttribute("d")?.match(/M/g)?.length ?? 0;

async function press(target: Element, key: string) {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true }));
  await tick();
}

describe("the board", () => {
  it("draws every structure, told apart, the front, the best, and what is being tried", async () => {
    await show();
    expect([".wb-whole", ".wb-early", ".wb-out", ".wb-on-front"].map(subpaths)).toEqual([5, 1, 1, 3]);
    expect(find(".wb-structures .wb-best").dataset.number).toBe("3");
    expect(el.querySelectorAll(".wb-trying").length).toBe(2);
    expect(find(".wb-structures > svg").getAttribute("aria-label")).toContain("7 structures, 3 of them on the front");
    expect(el.querySelectorAll(".wb-jump").length).toBe(2);
  });
  it("tells the numbers, how many failed and why, the pace and the time left", async () => {
    await show();
    expect(text('[data-figure="error"]')).toBe("error 0.05");
    expect(text('[data-figure="parameters"]')).toBe("parameters 120 · 2.13× smaller");
    expect(text('[data-figure="evaluated"]')).toBe("evaluated 8 of 400 · 1 ended early, 1 ruled out, 1 failed");
    expect(text(".wb-state")).toBe("searching, 24 a second, 2 min left at most");
    expect(text(".wb-failure")).toBe("1× the objective is nan");
    expect(text(".wb-panel")).toContain("7 structures, marked in the chart0–\u20601:\u00a03 → 41–\u20602:\u00a04 → 3and 5 more");
    expect(find("[role=progressbar]").getAttribute("aria-valuenow")).toBe("8");
  });
  it("draws the best network and gives the Python for it", async () => {
    await show();
    expect(text(".wb-panel h4")).toBe("Best so farnumber 3");
    expect(el.querySelectorAll(".wb-diagram .wb-disc").length).toBe(2);
    expect(text(".wb-line code")).toBe("fit = study.best.fit");
    expect(text(".wb-python")).toContain("wb.NetworkEditor(study.best.network, data=x)   # in the editor");
  });
  it("follows what Python adds", async () => {
    const model = await show();
    model.push({ recent: [...ROWS.slice(4), [8, 100, 0.001, 0.4, 0, "0-1:2 1-2:2"]], numbers: { ...NUMBERS, evaluations: 9, best: 8 } });
    await tick();
    expect(find(".wb-structures .wb-best").dataset.number).toBe("8");
    expect(text('[data-figure="parameters"]')).toContain("parameters 100");
    expect(find(".wb-drawn").dataset.stale).toBe("true");
  });
  it("says what it waits for before anything was evaluated, and when all failed", async () => {
    const none = { older: [], recent: [], drawn: {}, code: {}, tried: { count: 3, parameters: [5], changes: [] } };
    const model = await show({ ...none, numbers: { ...NUMBERS, evaluations: 0, best: null, early: 0, failed: 0, failures: [], rate: null, left: null } });
    expect(text(".wb-stage")).toBe("The first structures are being evaluated…");
    expect(text(".wb-state")).toBe("searching…");
    expect(text('[data-figure="error"] b')).toBe("–");
    expect(find(".wb-line")).toBeNull();
    model.push({ recent: [[0, 9, null, null, 0, "0-1:2"]], numbers: { ...NUMBERS, state: "finished", evaluations: 1, best: null, failed: 1 } });
    await tick();
    expect(text(".wb-stage")).toBe("None of 1 evaluations succeeded: see what went wrong in the panel.");
  });
  it("says when no structure keeps to the limit", async () => {
    await show({ recent: [], older: [[0, 90, 0.1, null, 0, "0-1:2"]], numbers: { ...NUMBERS, best: null, evaluations: 1 }, drawn: {}, code: {}, about: { ...traits().about, kind: "error", objective: "error with at most 50 parameters", limit: 50 } });
    expect(text(".wb-wait")).toBe("No structure keeps to the limit yet (error with at most 50 parameters).");
  });
  it("shows the refusals of Python, and an error that ended the search", async () => {
    await show({ issues: [{ message: "there is no trial 99" }], numbers: { ...NUMBERS, state: "failed", message: "SearchError: another search is writing" } });
    expect(text("[role=alert]")).toBe("The search ended: SearchError: another search is writingthere is no trial 99");
  });
});

describe("what a person does", () => {
  it("stops, waits, and goes on", async () => {
    const model = await show();
    button("Stop").click();
    expect(model.get("wish")).toMatchObject({ op: "stop" });
    model.push({ numbers: { ...NUMBERS, state: "stopping" } });
    await tick();
    expect(button("Stop").disabled).toBe(true);
    model.push({ numbers: { ...NUMBERS, state: "stopped", resumable: true } });
    await tick();
    expect(text(".wb-state")).toBe("stopped");
    button("Continue").click();
    expect(model.get("wish")).toMatchObject({ op: "resume" });
  });
  it("has no button where there is nothing to stop or to go on with", async () => {
    const model = await show({ numbers: { ...NUMBERS, state: "finished", evaluations: 400 } });
    expect([button("Stop"), button("Continue")]).toEqual([undefined, undefined]);
    await press(find(".wb-frame"), "s");
    expect(model.get("wish")).toEqual({});
  });
  it("walks along the front by keys, and back", async () => {
    const model = await show();
    await press(find(".wb-frame"), "]");
    expect(model.get("spec")).toEqual({ chosen: 6 });
    expect(text(".wb-panel h4")).toBe("Chosen: number 6");
    expect(find(".wb-structures .wb-this").dataset.number).toBe("6");
    await press(find(".wb-structures > svg"), "ArrowLeft");
    await tick(120);
    expect(model.get("spec")).toEqual({ chosen: 3 });
    await press(find(".wb-frame"), "b");
    expect(text(".wb-panel h4")).toBe("Best so farnumber 3");
    await press(find(".wb-frame"), "s");
    expect(model.get("wish")).toMatchObject({ op: "stop" });
  });
  it("chooses a point by clicking, and reads it by pointing", async () => {
    const model = await show();
    const svg = find(".wb-structures > svg");
    const star = find(".wb-structures .wb-best").getAttribute("transform")!.match(/[\d.]+/g)!.map(Number) as [number, number];
    svg.dispatchEvent(Object.assign(new MouseEvent("pointermove", { clientX: star[0] + 2, clientY: star[1], bubbles: true })));
    await tick();
    expect(text(".wb-over")).toBe("0–1:\u00a03, 0–3:\u00a02, 1–2:\u00a04120 parameters, error 0.05");
    const first = find(".wb-on-front").getAttribute("d")!.match(/M([\d.]+) ([\d.]+)/)!.slice(1).map(Number) as [number, number];
    svg.dispatchEvent(new MouseEvent("click", { clientX: first[0] + 3.4, clientY: first[1], bubbles: true }));
    await tick();
    expect(model.get("spec")).toEqual({ chosen: 5 });
  });
  it("sees the same as tables, and chooses there", async () => {
    const model = await show();
    await press(find(".wb-frame"), "2");
    expect(model.get("view")).toBe("table");
    const [along, all] = [...el.querySelectorAll(".wb-table")].map((table) => [...table.querySelectorAll("tbody tr")].map((row) => row.querySelector("td")?.textContent));
    expect(along).toEqual(["5", "3", "6"]);
    expect(all).toEqual(["3", "6", "4", "0", "2", "5", "1", "7"]);
    button("draw number 5").click();
    await tick();
    expect(model.get("spec")).toEqual({ chosen: 5 });
  });
  it("reads the keys, and closes them", async () => {
    await show();
    button("keys").click();
    await tick();
    expect(text(".wb-help")).toContain("stop, or go on");
    await press(find(".wb-help button"), "Escape");
    expect(find(".wb-help")).toBeNull();
  });
  it("keeps its keys from the notebook", async () => {
    await show();
    const heard = vi.fn();
    document.body.addEventListener("keydown", heard);
    await press(find(".wb-frame"), "b");
    expect(heard).not.toHaveBeenCalled();
  });
});

it("says in words how a search stands, and what was made small", () => {
  expect(standing({ state: "finished", evaluations: 400, budget: 400, seconds: 3.2 })).toBe("the budget is spent, 3.2 s of evaluations");
  expect(standing({ state: "finished", evaluations: 90, budget: 400, seconds: 3.2 })).toBe("done, 3.2 s of evaluations");
  expect(standing({ state: "exhausted" })).toBe("nothing new is left to try");
  expect(objectiveOf("compression + 200 rse")).toBe("parameters / entries + 200 · error²");
  expect(objectiveOf("error with at most 50 parameters")).toBe("error with at most 50 parameters");
});
