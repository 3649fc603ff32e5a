import { describe, expect, it } from "vitest";
import { bytes, compression, count, duration, list, percent, plural, prefixed, scientific, shape } from "../src/shared/format";

describe("numbers", () => {
  it.each([[56337, "56,337"], [0, "0"], [999, "999"], [1e6, "1,000,000"], [-1234, "−1,234"], [2 ** 60, "1.15·10¹⁸"], [null, "–"], [NaN, "–"]])("count %s as %s", (value, text) => {
    expect(count(value)).toBe(text);
  });

  it.each([[0.0342, "3.42 %"], [0.12, "12.0 %"], [1, "100 %"], [12.34, "1234 %"], [0, "0 %"], [1.23e-5, "0.00123 %"], [3e-9, "3.00·10⁻⁷ %"], [null, "–"], [Infinity, "–"]])(
    "write the error %s with three digits as %s", (value, text) => expect(percent(value)).toBe(text),
  );

  it.each([[2.1e8, "210 M"], [999, "999"], [999.9, "1 k"], [1234, "1.23 k"], [3.3e21, "3.3·10²¹".replace("3.3", "3.30")], [0, "0"]])("prefix %s as %s", (value, text) => {
    expect(prefixed(value)).toBe(text);
  });

  it.each([[3.3e6, "3.3 MB"], [12, "12 B"], [null, "–"]])("give %s bytes as %s", (value, text) => expect(bytes(value)).toBe(text));

  it.each([[0.064, "64 ms"], [0.00042, "0.42 ms"], [0.0996, "100 ms"], [2.5, "2.5 s"], [90, "1.5 min"], [null, "–"]])("give %s seconds as %s", (value, text) => {
    expect(duration(value)).toBe(text);
  });

  it.each([[2.3e-16, "2·10⁻¹⁶"], [0, "0"], [0.312, "0.31"], [1, "1"], [1e-9, "1·10⁻⁹"], [null, "–"]])("give the difference %s as %s", (value, text) => {
    expect(scientific(value)).toBe(text);
  });

  it("compare with the dense tensor", () => {
    expect(compression(819_840, 56_337)).toBe("14.6× smaller");
    expect(compression(100, 250)).toBe("2.50× larger");
    expect(compression(100, 100)).toBe("as large as the tensor");
    expect(compression(1e9, 10)).toBe("100,000,000× smaller");
    expect(compression(0, 10)).toBe("");
  });

  it("join words and shapes", () => {
    expect(shape([24, 640, 3])).toBe("24 × 640 × 3");
    expect(shape([])).toBe("scalar");
    expect(list(["A", "B", "C"])).toBe("A, B and C");
    expect(plural(1, "bond")).toBe("1 bond");
    expect(plural(2000, "leg")).toBe("2,000 legs");
  });
});
