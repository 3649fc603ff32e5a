/** Edits as data: what a gesture or a key asks for, what travels to Python as the last step, and how each is told. */
import * as edits from "./edits";
import { FAMILIES } from "./families";
import { describeIndex, isLeg, NetworkError, type Network } from "../shared/network";
import { list } from "../shared/format";

export type Edit =
  | { readonly op: "add"; readonly args: { name: string; indices: readonly string[]; sizes: edits.Sizes; fixed?: string } }
  | { readonly op: "remove"; readonly args: { name: string } }
  | { readonly op: "connect"; readonly args: { tensors: readonly string[]; size: number; index: string } }
  | { readonly op: "disconnect" | "cut" | "open" | "close"; readonly args: { index: string } }
  | { readonly op: "join"; readonly args: { a: string; b: string } }
  | { readonly op: "attach"; readonly args: { tensor: string; index: string; size?: number } }
  | { readonly op: "detach"; readonly args: { tensor: string; index: string } }
  | { readonly op: "resize"; readonly args: { sizes: edits.Sizes } }
  | { readonly op: "rename" | "relabel"; readonly args: { names: edits.Names } }
  | { readonly op: "transpose"; readonly args: { legs: readonly string[] } }
  | { readonly op: "split"; readonly args: { tensor: string; left: readonly string[]; size: number; names: readonly [string, string]; index: string } }
  | { readonly op: "merge"; readonly args: { a: string; b: string; name: string } }
  | { readonly op: "template"; readonly args: { family: string; shape: readonly number[]; ranks: number; legs: readonly string[] } }
  | { readonly op: "fix"; readonly args: { name: string; kind?: string | undefined } };

/** `step` of the spec: an edit that Python knows by that name, or undo and redo. */
export type Step = Exclude<Edit, { op: "fix" }> | { readonly op: "undo" | "redo"; readonly args: Record<string, never> };

export function apply(net: Network, edit: Edit): Network {
  switch (edit.op) {
    case "add": return edits.add(net, edit.args.name, edit.args.indices, edit.args);
    case "remove": return edits.remove(net, edit.args.name);
    case "connect": return edits.connect(net, edit.args.tensors, edit.args.size, edit.args.index);
    case "disconnect": return edits.disconnect(isLeg(net, edit.args.index) ? edits.close(net, edit.args.index) : net, edit.args.index);
    case "cut": return edits.cut(net, edit.args.index);
    case "open": return edits.open(net, edit.args.index);
    case "close": return edits.close(net, edit.args.index);
    case "join": return edits.join(net, edit.args.a, edit.args.b);
    case "attach": return edits.attach(net, edit.args.tensor, edit.args.index, edit.args.size);
    case "detach": return edits.detach(net, edit.args.tensor, edit.args.index);
    case "resize": return edits.resize(net, edit.args.sizes);
    case "rename": return edits.rename(net, edit.args.names);
    case "relabel": return edits.relabel(net, edit.args.names);
    case "transpose": return edits.transpose(net, edit.args.legs);
    case "split": return edits.split(net, edit.args.tensor, edit.args.left, edit.args.size, edit.args.names, edit.args.index);
    case "merge": return edits.merge(net, edit.args.a, edit.args.b, edit.args.name);
    case "fix": return edits.fix(net, edit.args.name, edit.args.kind);
    case "template": {
      const family = FAMILIES.get(edit.args.family);
      if (!family) throw new NetworkError(`there is no family '${edit.args.family}'; choose one of ${[...FAMILIES.keys()].join(", ")}`);
      return family.build(edit.args.shape, edit.args.ranks, edit.args.legs);
    }
  }
}

/** One sentence for the live region and the hint line; `net` is the network after the edit. */
export function tell(edit: Edit, net: Network): string {
  switch (edit.op) {
    case "add": return `tensor ${edit.args.name} added`;
    case "remove": return `tensor ${edit.args.name} removed; what it shared is open now`;
    case "connect": return `${describeIndex(net, edit.args.index)} made`;
    case "disconnect": return `${edit.args.index} deleted`;
    case "cut": return `${edit.args.index} cut; its ends are legs`;
    case "open": return `${edit.args.index} is open now`;
    case "close": return `${edit.args.index} is summed now`;
    case "join": return `${describeIndex(net, edit.args.a)} joined`;
    case "attach": return edit.args.size === undefined
      ? `${edit.args.tensor} holds ${edit.args.index} too`
      : `${describeIndex(net, edit.args.index)} pulled out`;
    case "detach": return `${edit.args.tensor} let go of ${edit.args.index}`;
    case "resize": return Object.entries(edit.args.sizes).map(([index, size]) => `${index} has size ${size}`).join(", ");
    case "rename": case "relabel": return Object.entries(edit.args.names).map(([old, name]) => `${old} is called ${name} now`).join(", ");
    case "transpose": return `leg order ${edit.args.legs.join(", ")}`;
    case "split": return `${edit.args.tensor} split into ${list(edit.args.names)}`;
    case "merge": return `${edit.args.a} and ${edit.args.b} merged into ${edit.args.name}`;
    case "fix": return edit.args.kind ? `${edit.args.name} is fixed (${edit.args.kind})` : `${edit.args.name} is a free parameter`;
    case "template": return `template ${FAMILIES.get(edit.args.family)?.title ?? edit.args.family} of rank ${edit.args.ranks}`;
  }
}
