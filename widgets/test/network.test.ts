import { describe, expect, it } from "vitest";
import * as edits from "../src/editor/edits";
import { dense, describeIndex, describeTensor, einsum, EMPTY, freshBond, freshTensor, fromJson, holdersOf, NetworkError, parameters, rankBound, roleOf, sameNetwork, toJson, isLeg } from "../src/shared/network";
import { apply } from "../src/editor/steps";
import { anyEdit, family, random, wrongWith, zoo } from "./support";

const chain = () => family("tensor_train", [4, 5, 6], 3, ["i", "j", "k"]);

describe("families", () => {
  it("have the names that Python's have", () => {
    expect(einsum(family("cp", [4, 5, 6], 2, ["i", "j", "k"]))).toBe("ir,jr,kr->ijk");
    expect([...family("tucker", [4, 5, 6]).tensors.keys()]).toEqual(["G", "A", "B", "C"]);
    expect(einsum(family("tucker", [4, 5]))).toBe("cd,ac,bd->ab");
    expect(chain().tensors.get("B")?.indices).toEqual(["r0", "j", "r1"]);
    expect(family("tensor_ring", [4, 5, 6]).tensors.get("A")?.indices).toEqual(["r2", "i0", "r0"]);
  });

  it("count parameters as the formulas do", () => {
    expect(parameters(family("cp", [4, 5, 6], 2))).toBe((4 + 5 + 6) * 2);
    expect(parameters(family("tucker", [4, 5, 6], 2))).toBe(8 + (4 + 5 + 6) * 2);
    expect(parameters(family("tensor_ring", [4, 5, 6], 2))).toBe((4 + 5 + 6) * 4);
    expect(dense(chain())).toBe(120);
  });

  it("skip the core's name among the factors", () => {
    const names = [...family("tucker", Array<number>(9).fill(2), 2).tensors.keys()];
    expect(names).toEqual(["G", "A", "B", "C", "D", "E", "F", "H", "I", "J"]);
  });

  it("refuse a leg named like one of their bonds, and too few legs", () => {
    expect(() => family("cp", [4, 5], 2, ["r", "j"])).toThrow(/bond 'r', and so is a leg/);
    expect(() => family("tensor_ring", [4])).toThrow(/needs 2 or more legs/);
  });
});

describe("edits", () => {
  it("keep the invariants through 500 random sequences, whatever is asked for", () => {
    for (let seed = 0; seed < 500; seed++) {
      const next = random(seed);
      let net = seed % 3 ? zoo() : EMPTY;
      for (let k = 0; k < 25; k++) {
        const edit = anyEdit(net, next);
        const before = JSON.stringify(toJson(net));
        let after = net;
        try {
          after = apply(net, edit);
        } catch (error) {
          expect(error).toBeInstanceOf(NetworkError);
          expect((error as Error).message.length).toBeGreaterThan(15);
        }
        expect(wrongWith(after), `seed ${seed}, edit ${k}: ${JSON.stringify(edit)}`).toEqual([]);
        expect(JSON.stringify(toJson(net))).toBe(before);
        expect(sameNetwork(fromJson(JSON.parse(JSON.stringify(toJson(after)))), after)).toBe(true);
        net = after;
      }
    }
  });

  it("come in pairs that undo each other", () => {
    const net = chain();
    expect(sameNetwork(edits.disconnect(edits.connect(net, ["A", "C"], 7, "x"), "x"), net)).toBe(true);
    expect(sameNetwork(edits.close(edits.open(net, "r0"), "r0"), net)).toBe(true);
    expect(sameNetwork(edits.detach(edits.attach(net, "C", "r0"), "C", "r0"), net)).toBe(true);
    expect(sameNetwork(edits.join(edits.cut(net, "r0"), "r0", "r0_2"), net)).toBe(true);
    expect(sameNetwork(edits.merge(edits.split(net, "B", ["r0"], 2, ["B", "X"], "x"), "B", "X"), net)).toBe(true);
    expect(sameNetwork(edits.rename(edits.rename(net, { A: "B", B: "A" }), { A: "B", B: "A" }), net)).toBe(true);
    expect(sameNetwork(edits.transpose(edits.transpose(net, ["k", "i", "j"]), ["i", "j", "k"]), net)).toBe(true);
  });

  it("leave a tensor's environment when it is removed", () => {
    const left = edits.remove(chain(), "B");
    expect([...left.sizes.keys()]).toEqual(["i", "k", "r0", "r1"]);
    expect(left.legs).toEqual(["i", "k", "r0", "r1"]);
  });

  it("merge away what only the two shared, and keep hyperbonds that live on", () => {
    expect(edits.merge(chain(), "A", "B").tensors.get("A")?.indices).toEqual(["i", "j", "r1"]);
    expect(edits.merge(family("cp", [4, 5, 6]), "A", "B").tensors.get("A")?.indices).toEqual(["i0", "r", "i1"]);
  });

  it("name what was found, what was expected and what to do", () => {
    const net = chain();
    expect(() => edits.join(net, "i", "j")).toThrow("leg 'i' has size 4 and leg 'j' has size 5; resize one of them, then join");
    expect(() => edits.resize(net, { r0: 0 })).toThrow("index 'r0' is given size 0; a size is a whole number from 1 to 1,000,000,000");
    expect(() => edits.resize(net, { q: 2 })).toThrow(/no index 'q'; the network has i, j, k, r0, r1/);
    expect(() => edits.rename(net, { A: "B" })).toThrow("tensor 'A' and tensor 'B' would both be named 'B'; names are unique");
    expect(() => edits.rename(net, { A: " x" })).toThrow(/cannot name a tensor/);
    expect(() => edits.detach(net, "A", "i")).toThrow(/only holder/);
    expect(() => edits.resize(net, { i: 1e9, j: 1e9, r0: 1e9, r1: 1e9 })).toThrow(/entries; make its indices smaller/);
  });

  it("survive names that JavaScript's objects know, and integer-like ones in their order", () => {
    let net = edits.add(EMPTY, "constructor", ["__proto__", "toString"], { sizes: JSON.parse('{"__proto__": 2, "toString": 3}') });
    net = edits.resize(net, { toString: 4 });
    expect([...net.sizes]).toEqual([["__proto__", 2], ["toString", 4]]);
    const order = edits.relabel(net, JSON.parse('{"__proto__": "10", "toString": "2"}'));
    expect([...order.sizes.keys()]).toEqual(["10", "2"]);
  });
});

describe("words", () => {
  it("describe a tensor and an index as a reader would", () => {
    const net = chain();
    expect(describeTensor(net, "B")).toBe("tensor B, 3 × 5 × 3");
    expect(describeIndex(net, "r0")).toBe("bond r0 between A and B, size 3");
    expect(describeIndex(net, "i")).toBe("leg i of A, size 4");
    expect(describeIndex(zoo(), "h")).toBe("hyperbond h of B, C and D, size 5");
    expect(describeIndex(zoo(), "y")).toBe("trace y of A, size 3");
    expect(describeTensor(zoo(), "C")).toBe("fixed tensor C (data), 12 × 5 × 4");
  });

  it("tell bonds, legs, traces, diagonals, hyperbonds and summed indices apart", () => {
    const net = edits.close(zoo(), "i");
    const role = (index: string) => roleOf(holdersOf(net, index), isLeg(net, index));
    expect(["r", "j", "y", "z", "h", "o", "i"].map(role)).toEqual(["bond", "leg", "trace", "diagonal", "hyperbond", "hyperbond", "summed"]);
  });

  it("choose the first free names", () => {
    expect(freshTensor(chain())).toBe("D");
    expect(freshBond(chain())).toBe("r");
    const full = edits.add(EMPTY, "A", [..."rstuvw"], { sizes: Object.fromEntries([..."rstuvw"].map((name) => [name, 2])) });
    expect(freshBond(full)).toBe("r1");
  });

  it("bound a rank by the smaller side", () => {
    expect(rankBound(family("tensor_train", [427, 640, 3], 24), "r0")).toBe(427);
  });

  it("spell more than 52 indices with the letters that Python uses", () => {
    const net = edits.add(EMPTY, "A", Array.from({ length: 54 }, (_, k) => `x${k}`), { sizes: Object.fromEntries(Array.from({ length: 54 }, (_, k) => [`x${k}`, 1])) });
    expect(einsum(net).slice(50, 54)).toBe("YZÀÁ");
  });
});
