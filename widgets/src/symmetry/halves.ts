/** Diagrams cut between their rows: thousands share few halves. Pure; mirrors `workbench.symmetry._halves`. */
import type { Picture, Pictures } from "./pictures";

/** Diagrams cut between their rows: those with as many strands through make one block of upper times lower halves. */
export interface HalfMap {
  readonly uppers: readonly Half[];
  readonly lowers: readonly Half[];
  /** First upper half, first lower half and how many of each, for every number of strands. */
  readonly blocks: readonly { readonly through: number; readonly upper: number; readonly lower: number; readonly height: number; readonly width: number; readonly count: number }[];
  /** The diagrams with an upper and a lower half. */
  readonly cell: (upper: number, lower: number) => readonly number[];
  /** Where a diagram is. */
  readonly placeOf: (at: number) => readonly [upper: number, lower: number];
}

export interface Half {
  readonly key: string;
  readonly through: number;
}

const maps = new WeakMap<Pictures, HalfMap>();

export function halvesOf(pictures: Pictures): HalfMap {
  const found = maps.get(pictures);
  if (found) return found;
  const [uppers, lowers] = [new Map<string, number>(), new Map<string, number>()];
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < pictures.count; at++) {
    const picture = pictures.at(at);
    if (!picture) continue;
    const pair = cut(picture);
    pairs.push([pair.upper, pair.lower]);
    uppers.set(pair.upper, pair.through);
    lowers.set(pair.lower, pair.through);
  }
  const sorted = (from: Map<string, number>): Half[] =>
    [...from].map(([key, through]) => ({ key, through })).sort((a, b) => b.through - a.through || (a.key < b.key ? -1 : 1));
  const [above, below] = [sorted(uppers), sorted(lowers)];
  const where = (halves: readonly Half[]) => new Map(halves.map(({ key }, at) => [key, at]));
  const [row, column] = [where(above), where(below)];
  const cells = new Map<number, number[]>();
  const places = pairs.map(([upper, lower], at) => {
    const place = [row.get(upper) as number, column.get(lower) as number] as const;
    const number = place[0] * below.length + place[1];
    cells.set(number, [...(cells.get(number) ?? []), at]);
    return place;
  });
  const strands = [...new Set(above.map(({ through }) => through))];
  const span = (halves: readonly Half[], through: number) => [halves.findIndex((half) => half.through === through), halves.filter((half) => half.through === through).length] as const;
  const made: HalfMap = {
    uppers: above,
    lowers: below,
    blocks: strands.map((through) => {
      const [upper, height] = span(above, through);
      const [lower, width] = span(below, through);
      const count = places.filter(([a]) => a >= upper && a < upper + height).length;
      return { through, upper, lower, height, width, count };
    }),
    cell: (upper, lower) => cells.get(upper * below.length + lower) ?? [],
    placeOf: (at) => places[at] ?? [0, 0],
  };
  maps.set(pictures, made);
  return made;
}

/** The two halves of a diagram: which indices of a row are one, and which of the blocks go on (o), end (c) or are on the head (h, e). */
function cut({ labels, head, top }: Picture): { upper: string; lower: string; through: number } {
  const above = new Set(labels.slice(0, top));
  const below = new Set(labels.slice(top));
  const through = [...above].filter((label) => below.has(label)).length;
  const side = (from: number, to: number) => {
    const names = new Map<number, number>();
    let key = "";
    for (let v = from; v < to; v++) {
      const label = labels[v] as number;
      if (!names.has(label)) names.set(label, names.size);
      const goes = above.has(label) && below.has(label);
      key += `${names.get(label)}${head[v] ? (goes ? "h" : "e") : goes ? "o" : "c"}`;
    }
    return key;
  };
  return { upper: side(0, top), lower: side(top, labels.length), through };
}
