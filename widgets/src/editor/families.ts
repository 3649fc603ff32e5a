/** Templates: the families of `workbench.network`, with the same names for tensors and bonds. */
import { NetworkError, type Network, type Tensor } from "../shared/network";
import { sound } from "./edits";

export interface Family {
  readonly title: string;
  readonly build: (shape: readonly number[], rank: number, legs: readonly string[]) => Network;
}

/** The names that Python's families use, so that a template's step can be typed as it stands. */
export const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ["cp", { title: "CP", build: cp }],
  ["tucker", { title: "Tucker", build: tucker }],
  ["tensor_train", { title: "Tensor train", build: tensorTrain }],
  ["tensor_ring", { title: "Tensor ring", build: tensorRing }],
  ["hierarchical_tucker", { title: "Hierarchical Tucker", build: hierarchicalTucker }],
]);

/** Factors that share one hyperbond, `r`. */
function cp(shape: readonly number[], rank: number, legs: readonly string[]): Network {
  requireLegs("a CP network", legs, 1);
  return assemble(shape, legs, [["r", rank]], named(legs.map((leg) => [leg, "r"])));
}

/** A core `G` with a bond to a factor for every leg. */
function tucker(shape: readonly number[], rank: number, legs: readonly string[]): Network {
  requireLegs("a Tucker network", legs, 1);
  const bonds = legs.map((_, k) => `r${k}`);
  const core: Tensor = { name: "G", indices: bonds };
  return assemble(shape, legs, ranked(bonds, rank), [core, ...named(legs.map((leg, k) => [leg, `r${k}`]), "G")]);
}

/** A chain of cores, the two at the ends with one bond. */
function tensorTrain(shape: readonly number[], rank: number, legs: readonly string[]): Network {
  requireLegs("a tensor train", legs, 1);
  const bonds = legs.slice(1).map((_, k) => `r${k}`);
  const cores = legs.map((leg, k) => [...(k > 0 ? [`r${k - 1}`] : []), leg, ...(k < legs.length - 1 ? [`r${k}`] : [])]);
  return assemble(shape, legs, ranked(bonds, rank), named(cores));
}

/** A chain whose last bond closes to the first core. */
function tensorRing(shape: readonly number[], rank: number, legs: readonly string[]): Network {
  requireLegs("a tensor ring", legs, 2);
  const bonds = legs.map((_, k) => `r${k}`);
  const cores = legs.map((leg, k) => [bonds.at(k - 1) as string, leg, bonds[k] as string]);
  return assemble(shape, legs, ranked(bonds, rank), named(cores));
}

/** A balanced binary tree, legs at the leaves; two subtrees at the top share a bond. */
function hierarchicalTucker(shape: readonly number[], rank: number, legs: readonly string[]): Network {
  requireLegs("a hierarchical Tucker network", legs, 2);
  const bonds: string[] = [];
  const cores: string[][] = [];
  const fresh = (): string => {
    const bond = `r${bonds.length}`;
    bonds.push(bond);
    return bond;
  };
  const finish = (child: readonly string[], bond = fresh()): string => {
    cores.push([...child, bond]);
    return bond;
  };
  let level: string[][] = legs.map((leg) => [leg]);
  while (level.length > 2) {
    const pairs = level.flatMap((child, k) => (k % 2 ? [] : [[child, level[k + 1]]] as const));
    level = pairs.map(([left, right]) => (right ? [finish(left), finish(right)] : left));
  }
  const top = fresh();
  for (const child of level) finish(child, top);
  return assemble(shape, legs, ranked(bonds, rank), named(cores));
}

function assemble(
  shape: readonly number[], legs: readonly string[], bonds: readonly (readonly [string, number])[], tensors: readonly Tensor[],
): Network {
  const clash = bonds.find(([bond]) => legs.includes(bond));
  if (clash) throw new NetworkError(`the template names a bond '${clash[0]}', and so is a leg; rename the leg first`);
  return sound({
    sizes: new Map([...legs.map((leg, k) => [leg, shape[k] as number] as const), ...bonds]),
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    legs: [...legs],
  });
}

function ranked(bonds: readonly string[], rank: number): [string, number][] {
  return bonds.map((bond) => [bond, rank]);
}

function* tensorNames(): Generator<string> {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (let round = 0; ; round++) for (const letter of letters) yield round ? `${letter}${round}` : letter;
}

function named(cores: readonly (readonly string[])[], taken = ""): Tensor[] {
  const names = tensorNames();
  const next = (): string => {
    const name = names.next().value as string;
    return name === taken ? next() : name;
  };
  return cores.map((indices) => ({ name: next(), indices }));
}

function requireLegs(what: string, legs: readonly string[], least: number): void {
  if (legs.length < least) throw new NetworkError(`${what} needs ${least} or more legs, this network has ${legs.length}; pull out a leg first`);
}
