import { describe, expect, it } from "vitest";
import { invert, place, scaleOf, slide, ticks } from "../src/shared/axes";
import { percentTick } from "../src/shared/format";
import { stepped } from "../src/shared/slider";

describe("a scale", () => {
  it("puts values on pixels and takes them back, linear and logarithmic", () => {
    const linear = scaleOf("linear", [10, 20], [100, 300]);
    expect(place(linear, 15)).toBe(200);
    expect(invert(linear, 250)).toBe(17.5);
    const log = scaleOf("log", [1, 10_000], [0, 400]);
    expect(place(log, 100)).toBeCloseTo(200);
    expect(invert(log, 300)).toBeCloseTo(1000);
    for (const value of [1, 3, 77, 9999]) expect(invert(log, place(log, value))).toBeCloseTo(value);
  });
  it("may run backwards, as the vertical axis does", () => {
    const up = scaleOf("log", [0.01, 1], [200, 0]);
    expect(place(up, 0.1)).toBeCloseTo(100);
    expect(place(up, 1)).toBeCloseTo(0);
  });
  it("puts what has no logarithm at the lower end, and a single value in the middle", () => {
    expect(place(scaleOf("log", [0.01, 1], [0, 100]), 0)).toBe(0);
    expect(place(scaleOf("log", [5, 5], [0, 100]), 5)).toBeCloseTo(50);
    expect(place(scaleOf("linear", [5, 5], [0, 100]), 5)).toBeCloseTo(50);
  });
});

describe("ticks", () => {
  const named = (kind: "linear" | "log", domain: [number, number], pixels: number, apart = 50) =>
    ticks(scaleOf(kind, domain, [0, pixels]), apart).filter((tick) => tick.named).map((tick) => tick.value);
  it("are round numbers, as many as there is room for", () => {
    expect(named("linear", [0, 100], 300)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(named("linear", [0.12, 0.14], 200)).toEqual([0.12, 0.125, 0.13, 0.135, 0.14]);
    expect(named("linear", [1, 2], 60)).toEqual([1, 2]);
  });
  it("are powers of ten on a logarithmic axis, with 2 and 5 where there is room", () => {
    expect(named("log", [1e3, 1e6], 200)).toEqual([1e3, 1e4, 1e5, 1e6]);
    expect(named("log", [0.01, 1], 300)).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]);
    expect(named("log", [1, 1e12], 200).length).toBeLessThan(6);
  });
  it("are there within less than a decade, too", () => {
    expect(named("log", [0.11, 0.13], 200).length).toBeGreaterThan(1);
    expect(named("log", [0.15, 0.6], 200)).toEqual([0.2, 0.5]);
  });
  it("lie within the domain, whatever it is", () => {
    for (const kind of ["linear", "log"] as const)
      for (const [low, high] of [[1, 427], [0.003, 0.9], [200, 201], [1e-6, 1]] as const)
        for (const { value } of ticks(scaleOf(kind, [low, high], [0, 240]))) {
          expect(value).toBeGreaterThanOrEqual(low * (1 - 1e-6));
          expect(value).toBeLessThanOrEqual(high * (1 + 1e-6));
        }
  });
  it("are spelled short", () => {
    expect([1, 0.2, 0.005, 0.0001, 0.125].map(percentTick)).toEqual(["100 %", "20 %", "0.5 %", "0.01 %", "12.5 %"]);
  });
});

describe("a slider's way", () => {
  it("gives every rank a place, and every place a rank", () => {
    for (const most of [1, 2, 3, 12, 100, 427, 1024]) {
      const { at, value } = slide(most);
      expect([value(0), value(1)]).toEqual([1, most]);
      for (let rank = 1; rank <= most; rank++) expect(value(at(rank))).toBe(rank);
    }
  });
  it("gives small ranks more room than large ones, unless they are few", () => {
    const { at } = slide(427);
    expect(at(43)).toBeGreaterThan(0.3);
    expect(slide(10).at(5)).toBeCloseTo(4 / 9);
    expect(slide(200, true).at(100)).toBeCloseTo(99 / 199);
  });
});

describe("keys on a slider", () => {
  const press = (key: string, value: number, most = 100, shiftKey = false) => stepped({ key, shiftKey }, value, most);
  it("step by one, by ten, by a quarter, to the ends", () => {
    expect(press("ArrowRight", 5)).toBe(6);
    expect(press("ArrowDown", 5)).toBe(4);
    expect(press("ArrowRight", 5, 100, true)).toBe(15);
    expect(press("PageUp", 40)).toBe(50);
    expect([press("Home", 40), press("End", 40)]).toEqual([1, 100]);
  });
  it("stay within, and other keys are not theirs", () => {
    expect(press("ArrowLeft", 1)).toBe(1);
    expect(press("ArrowRight", 100)).toBe(100);
    expect(press("x", 5)).toBeNull();
  });
});
