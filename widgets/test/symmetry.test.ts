import { describe, expect, it } from "vitest";
import { bytesOf, floats, shorts, words } from "../src/symmetry/bytes";
import { boxOf } from "../src/symmetry/canvas";
import { factorName } from "../src/symmetry/compose";
import { moved, projected, reach, tiles, unfolded } from "../src/symmetry/corner";
import { halvesOf } from "../src/symmetry/halves";
import { act, BINDINGS } from "../src/symmetry/keyboard";
import { blocksOf, formulaOf, leftOver, nameOf, picturesOf, plainly, strokesOf, wordsOf, type Picture } from "../src/symmetry/pictures";
import { CRACK, fitting, initial, powerName, powersOf, reduce, type Command, type Doc, type State } from "../src/symmetry/reducer";
import { colours, different, heldBy, hues, indicesOf, LIGHT, meeting, paint, sharingOf, valuesOf } from "../src/symmetry/sharing";
import { docOf, specOf } from "../src/symmetry/sync";
import { allIndices, entry, KINDS, partitions, pictures, sharing, traits } from "./symmetry";

const picture = (labels: number[], top: number, head: number[] = []): Picture => ({ labels, top, head: labels.map((_, v) => head.includes(v)) });
const rows = partitions(4);
const all = picturesOf(pictures(rows, 2, [14]));
const doc = (): Doc => docOf(traits().spec);
const begin = (): State => initial(doc(), KINDS, all);
const after = (...commands: Command[]): State => commands.reduce(reduce, begin());

describe("packed numbers", () => {
  it("are read wherever they begin, and however the host holds them", () => {
    const buffer = new Uint8Array([9, 1, 0, 2, 0, 0, 0, 128, 63]).buffer;
    expect([...shorts(new DataView(buffer, 1, 4))]).toEqual([1, 2]);
    expect([...floats(new DataView(buffer, 5, 4))]).toEqual([1]);
    expect([...words(new Uint8Array(buffer, 1, 4))]).toEqual([131_073]);
    expect(bytesOf(buffer).length).toBe(9);
    expect(bytesOf(undefined).length).toBe(0);
  });
});

describe("diagrams", () => {
  it("are unpacked, and made once", () => {
    expect(all.count).toBe(15);
    expect(all.at(7)).toEqual(picture([0, 1, 0, 2], 2));
    expect(all.at(7)).toBe(all.at(7));
    expect(all.at(15)).toBeNull();
    expect(all.basis.length).toBe(14);
    expect(picturesOf(undefined).count).toBe(0);
  });
  it("have the names Python gives them", () => {
    expect(nameOf(picture([0, 1, 1, 0], 2), 3)).toBe("1 2' | 2 1'");
    expect(nameOf(picture([], 0), 3)).toBe("1");
    expect(nameOf(picture([0, 1, 2], 1, [0, 1, 2]), 3)).toBe("ε(1, 1', 2')");
    expect(nameOf(picture([0, 1], 1, [0, 1]), 3)).toBe("ε(1, 1', ·)");
  });
  it("are formulas with indices", () => {
    const said = (labels: number[], top: number, form = "", head: number[] = []) => plainly(formulaOf(picture(labels, top, head), labels.length - top, form));
    expect(said([0, 1, 0, 1], 2)).toBe("y_ij  = x_ij");
    expect(said([0, 1, 1, 0], 2)).toBe("y_ij  = x_ji");
    expect(said([0, 0, 1, 1], 2)).toBe("y_ij  = δ_ij Σ_a x_aa");
    expect(said([0, 1, 2, 3], 2)).toBe("y_ij  = Σ_ab x_ab");
    expect(said([0, 0, 1, 1], 2, "symplectic")).toBe("y_ij  = ω_ij Σ_ab ω_ab x_ab");
    expect(said([0, 1, 2], 1, "", [0, 1, 2])).toBe("y_i  = Σ_ab ε_iab x_ab");
    expect(said([], 0)).toBe("y = x");
  });
  it("are told in words", () => {
    expect(wordsOf(picture([0, 1, 0, 2], 2), "")).toBe("keeps 1, repeats along 2, sums over 2'");
    expect(wordsOf(picture([0, 1, 1, 0], 2), "")).toBe("moves 2' to 1, moves 1' to 2");
    expect(wordsOf(picture([0, 0, 1, 1], 2), "")).toBe("fills only 1 = 2, sums over 1' = 2'");
    expect(wordsOf(picture([0, 0, 0, 0], 2), "")).toBe("takes 1' = 2' to 1 = 2");
    expect(wordsOf(picture([0, 0, 1, 1], 2), "symplectic")).toBe("puts ω at 1 2, pairs 1' with 2' by ω");
    expect(wordsOf(picture([0, 1, 2], 1, [0, 1, 2]), "")).toContain("ε");
    expect(wordsOf(picture([], 0), "")).toBe("multiplies by a number");
  });
  it("are formulas that are true", () => {
    // For every diagram: the index of x that the formula names, given those of y and of the sums, is where the matrix has a 1.
    for (const labels of rows) {
      const formula = formulaOf(picture(labels, 2), 2, "");
      const sums = formula.find(({ text }) => text === "Σ")?.sub ?? "";
      const deltas = formula.filter(({ text }) => text === "δ").map(({ sub }) => sub as string);
      const given = formula.at(-1)?.sub as string;
      const found = new Set<string>();
      for (const values of allIndices(3, 2 + sums.length)) {
        const at = new Map([..."ij", ...sums].map((letter, k) => [letter, values[k] as number]));
        if (deltas.every((sub) => [...sub].every((letter) => at.get(letter) === at.get(sub[0] as string)))) found.add([at.get("i"), at.get("j"), ...[...given].map((letter) => at.get(letter))].join());
      }
      expect([...found].sort()).toEqual(allIndices(3, 4).filter((index) => entry(labels, index)).map((index) => index.join()).sort());
    }
  });
  it("are lines from dot to dot, one fewer than a block has vertices", () => {
    for (const labels of rows) {
      const drawn = strokesOf(picture(labels, 2), 3);
      expect(drawn.lines.length).toBe(4 - new Set(labels).size);
      expect(drawn.owners.length).toBe(drawn.lines.length);
      expect(drawn.dots.length).toBe(4);
    }
    const cross = strokesOf(picture([0, 1, 2], 1, [0, 1, 2]), 3);
    expect(cross.head).not.toBeNull();
    expect(cross.lines.length).toBe(3);
    expect(strokesOf(picture([0, 1], 1, [0, 1]), 3).end).not.toBeNull();
    expect(strokesOf(picture([0, 1, 0, 2], 2, [0, 1, 2, 3]), 3).width).toBeGreaterThan(strokesOf(picture([0, 1, 0, 2], 2), 3).width);
  });
  it("tell what is left over in the middle when one is put on another", () => {
    const cup = picture([0, 0, 1, 1], 2);
    expect([...leftOver(cup, cup).upper]).toEqual([1]);
    expect([...leftOver(cup, cup).lower]).toEqual([0]);
    const swap = picture([0, 1, 1, 0], 2);
    expect(leftOver(swap, swap).upper.size).toBe(0);
    expect(leftOver(picture([0, 1], 1), picture([0, 1], 1)).upper).toEqual(new Set([1]));
    expect(blocksOf(swap).map(({ upper, lower }) => [upper, lower])).toEqual([[[0], [1]], [[1], [0]]]);
  });
});

describe("halves", () => {
  it("are few, and every diagram lies in the block of its strands", () => {
    const many = picturesOf(pictures(partitions(6), 3));
    const map = halvesOf(many);
    expect(many.count).toBe(203);
    // upper halves: set partitions of 3 with some blocks marked as going through: 8 + 3·4 + 2 = 22
    expect([map.uppers.length, map.lowers.length]).toEqual([22, 22]);
    expect(map.blocks.map(({ through, count }) => [through, count])).toEqual([[3, 6], [2, 72], [1, 100], [0, 25]]);
    const found = new Set<number>();
    for (let row = 0; row < 22; row++) for (let column = 0; column < 22; column++) map.cell(row, column).forEach((at) => found.add(at));
    expect(found.size).toBe(203);
    for (let at = 0; at < 203; at++) expect(map.cell(...map.placeOf(at))).toContain(at);
    expect(halvesOf(many)).toBe(map);
  });
});

describe("sharing", () => {
  const shared = sharingOf(sharing(rows, 3, 2, 2))!;
  const weights = new Map([[0, 0.8], [7, 1], [14, -0.4]]);
  it("adds up to the matrix", () => {
    const values = valuesOf(shared, weights);
    allIndices(3, 4).forEach((index, at) => {
      const wanted = [...weights].reduce((total, [diagram, weight]) => total + weight * entry(rows[diagram]!, index), 0);
      expect(values[shared.kinds[at]!]).toBeCloseTo(wanted, 6);
    });
    expect(different(values, shared.counts)).toBe(3);
    expect([...shared.counts].reduce((a, b) => a + b)).toBe(81);
  });
  it("knows which diagrams meet in an entry, and where a diagram is", () => {
    const corner = shared.kinds[0]!;
    expect(meeting(shared, corner, weights).on.map(({ diagram }) => diagram)).toEqual([0, 7, 14]);
    expect(meeting(shared, corner, weights).off.length).toBe(12);
    expect([...heldBy(shared, { diagram: 14 })!].every((held) => held === 1)).toBe(true);
    expect([...heldBy(shared, { diagram: 0 })!].filter((held) => held).length).toBe(1);
    expect(heldBy(shared, null)).toBeNull();
  });
  it("names entries by their indices", () => {
    expect(indicesOf(5, [3, 3])).toEqual([2, 3]);
    expect(indicesOf(0, [])).toEqual([]);
    expect(indicesOf(14, [5, 3])).toEqual([5, 3]);
  });
  it("gives equal values equal colours, blue above zero, orange below", () => {
    const table = colours([1, -1, 0, 1], 1, LIGHT);
    expect([...table.slice(0, 4)]).toEqual([...LIGHT.more, 255]);
    expect([...table.slice(4, 7)]).toEqual([...LIGHT.less]);
    expect(table[11]).toBeLessThan(40);
    expect([...table.slice(12)]).toEqual([...table.slice(0, 4)]);
    const own = hues(shared, LIGHT, false);
    expect(new Set(Array.from({ length: 14 }, (_, kind) => own.slice(4 * kind, 4 * kind + 3).join())).size).toBe(14);
  });
  it("paints, and lets the others step back while some are held", () => {
    const table = colours(valuesOf(shared, weights), 1.4, LIGHT);
    const plain = paint(shared.kinds, table, null);
    const held = paint(shared.kinds, table, heldBy(shared, { kind: shared.kinds[0]! }));
    expect(plain.length).toBe(4 * 81);
    expect(held[3]).toBe(plain[3]);
    expect(held[7]).toBeLessThan(plain[7]!);
  });
  it("is drawn with whole pixels where there are few entries, and within its room", () => {
    expect(boxOf(25, 25, 300)).toEqual([300, 300]);
    expect(boxOf(2, 2, 300)).toEqual([88, 88]);
    expect(boxOf(512, 512, 300)).toEqual([300, 300]);
    expect(boxOf(1, 100, 300)).toEqual([300, 12]);
  });
});

describe("the reducer", () => {
  it("switches diagrams on with weight 1, and off", () => {
    const on = after({ type: "toggle", at: 3 });
    expect([...on.doc.weights!]).toEqual([[0, 0.8], [3, 1], [7, 1], [14, -0.4]]);
    expect(on.chosen).toBe(3);
    expect(reduce(on, { type: "toggle", at: 3 }).doc.weights).toEqual(begin().doc.weights);
    expect(after({ type: "toggle", at: 99 })).toEqual(begin());
  });
  it("names a drag once, and refuses what is no number", () => {
    const one = after({ type: "weigh", at: 7, value: 0.5 }, { type: "weigh", at: 7, value: 0.6, begins: false });
    expect([one.gesture, one.doc.weights?.get(7)]).toEqual(["weight 7 #1", 0.6]);
    expect(reduce(one, { type: "weigh", at: 7, value: 0.7 }).gesture).toBe("weight 7 #2");
    const refused = after({ type: "weigh", at: 7, value: NaN });
    expect([refused.message?.tone, refused.doc.weights?.get(7)]).toEqual(["refusal", 1]);
  });
  it("switches all off, the basis on, and a whole cell", () => {
    expect(after({ type: "switch", which: "none" }).doc.weights?.size).toBe(0);
    expect(after({ type: "switch", which: "none" }, { type: "switch", which: "basis" }).doc.weights?.size).toBe(14);
    const cell = after({ type: "switch", which: "cell", cell: [1, 2], on: true });
    expect(cell.doc.weights?.size).toBe(5);
    expect(reduce(cell, { type: "switch", which: "cell", cell: [1, 2], on: false }).doc.weights?.size).toBe(3);
  });
  it("leaves the weights of other maps to Python", () => {
    const other = after({ type: "n", n: 4 });
    expect([other.doc.n, other.doc.weights]).toEqual([4, null]);
    expect(reduce(other, { type: "toggle", at: 1 })).toBe(other);
    expect(after({ type: "power", side: "source", flags: [0] }).doc).toMatchObject({ source: [0], target: [0, 0], weights: null });
    expect(after({ type: "n", n: NaN }).message?.tone).toBe("refusal");
  });
  it("chooses an n that the family has", () => {
    expect(after({ type: "group", family: "Sp" }).doc).toMatchObject({ family: "Sp", n: 4, weights: null });
    expect(after({ type: "group", family: "Lorentz" }).doc.n).toBe(4);
    expect(after({ type: "group", family: "nobody" })).toEqual(begin());
    expect(fitting(KINDS[1]!, 1)).toBe(2);
  });
  it("breaks one entry and repairs it", () => {
    const broken = after({ type: "break", place: [1, 2] });
    expect(broken.doc.broken).toEqual([1, 2, CRACK]);
    expect(reduce(broken, { type: "break", place: null }).doc.broken).toBeNull();
  });
  it("focuses what is on when other maps arrive", () => {
    const fresh = picturesOf(pictures(partitions(3), 1));
    const state = after({ type: "choose", at: 9 }, { type: "receive", doc: { ...doc(), weights: new Map([[2, 1]]) } }, { type: "maps", pictures: fresh, kinds: KINDS });
    expect(state.chosen).toBe(2);
    expect(reduce(state, { type: "choose", at: 99 })).toBe(state);
  });
  it("checks channels", () => {
    expect(after({ type: "channels", at: 1, value: 8 }).doc.channels).toEqual([1, 8]);
    expect(after({ type: "channels", at: 0, value: 0 }).message?.tone).toBe("refusal");
  });
  it("makes documents that come back the same", () => {
    expect(docOf(specOf(begin().doc, "me"))).toEqual(begin().doc);
    expect(specOf(after({ type: "n", n: 5 }).doc, null)).toMatchObject({ group: { family: "S", n: 5 }, weights: null });
  });
});

describe("words", () => {
  it("for powers are short", () => {
    expect([[], [0], [0, 0], [0, 0, 0], [0, 1], [0, 0, 0, 1]].map(powerName)).toEqual(["1", "V", "V⊗V", "V⊗³", "V⊗V*", "V⊗³⊗V*"]);
    expect(powersOf(false, [0]).length).toBe(5);
    expect(powersOf(true, [0]).length).toBe(15);
    expect(powersOf(false, [0, 0, 0, 0, 0]).length).toBe(6);
  });
  it("for factors have signs between them", () => {
    expect([factorName("3", true), factorName("1", true), factorName("-1", false), factorName("-2", true), factorName("1", false)]).toEqual(["3 ·", "", "−", "− 2 ·", "+"]);
  });
});

describe("corners", () => {
  it("unfold tensors to rows and columns", () => {
    expect([[3], [3, 3], [3, 3, 3], [3, 3, 3, 3], [5, 3]].map(unfolded)).toEqual([[3, 1], [3, 3], [3, 9], [9, 9], [5, 3]]);
  });
  it("draw three indices as slices side by side", () => {
    const { rows, columns, pixels } = tiles(Float32Array.from({ length: 8 }, (_, k) => k + 1), [2, 2, 2], 8, LIGHT);
    expect([rows, columns]).toEqual([2, 5]);
    const strength = Array.from({ length: 10 }, (_, k) => pixels[4 * k + 3]!);
    expect(strength[2]).toBe(0);
    expect(strength[7]).toBe(0);
    const order = [strength[0], strength[1], strength[5], strength[6], strength[3], strength[4], strength[8], strength[9]] as number[];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(tiles(new Float32Array(6), [2, 3], 1, LIGHT)).toMatchObject({ rows: 2, columns: 3 });
  });
  it("draw a matrix as what it does to the circle", () => {
    const quarter = Float32Array.from([0, -2, 2, 0]);
    const [circle] = moved(quarter, 2);
    expect([circle![0], circle![1]]).toEqual([0, 2]);
    expect(circle!.length).toBe(98);
    expect(reach(quarter, 2)).toBeCloseTo(2, 5);
    expect(moved(new Float32Array(9), 3).length).toBe(3);
  });
  it("look at space from the right and above", () => {
    const seen = (...at: number[]) => projected(Float32Array.from(at), 0, at.length);
    expect(seen(1, 0)).toEqual({ x: 1, y: -0, depth: 0 });
    expect(seen(0, 1, 0).y).toBeLessThan(0);
    expect(seen(0, 0, 1).depth).toBeGreaterThan(0.5);
    const { x, y, depth } = seen(0.3, -0.4, 0.5);
    expect(Math.hypot(x, y, depth)).toBeCloseTo(Math.hypot(0.3, 0.4, 0.5), 6);
  });
});

describe("the keys", () => {
  it("are each bound once", () => {
    const chords = BINDINGS.flatMap(({ keys }) => keys);
    expect(new Set(chords).size).toBe(chords.length);
  });
  it("walk, switch and weigh", () => {
    expect(act("next", begin(), false)).toEqual({ type: "choose", at: 1 });
    expect(act("last", begin(), false)).toBeNull();
    expect(act("toggle", begin(), false)).toEqual({ type: "toggle", at: 0 });
    expect(act("more", begin(), false)).toEqual({ type: "weigh", at: 0, value: 0.9, begins: true });
    expect(act("less", after({ type: "choose", at: 3 }), false)).toMatchObject({ type: "say" });
    expect(act("colours", begin(), false)).toEqual({ type: "colours", colours: "sharing" });
    expect(act("check", begin(), false)).toEqual({ type: "view", view: "check" });
    expect(act("cancel", begin(), false)).toBeNull();
  });
});
