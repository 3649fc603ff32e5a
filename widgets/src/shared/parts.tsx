/** The pieces of the picture. Wires lie below and are decoration; discs and names above them take the focus. */
import { pure } from "./pure";
import { textWidth } from "./labels";
import { RADIUS } from "./scene";

/** How a fixed kind is written under a name. */
const KIND_SIGNS: Readonly<Record<string, string>> = { copy: "copy", levi_civita: "ε", symplectic: "Ω", ones: "ones", data: "data" };

interface WireProps {
  readonly path: string;
  readonly width: number;
  readonly part: string;
  readonly selected: boolean;
  readonly faded: boolean;
  readonly issue: boolean;
}

export const WireMark = pure(({ path, width, part, selected, faded, issue }: WireProps) => (
  <g class={classes("wb-wire", `wb-${part}`, selected && "wb-selected", faded && "wb-faded", issue && "wb-issue")}>
    {selected && <path class="wb-glow" d={path} stroke-width={width + 8} />}
    <path d={path} stroke-width={width} />
  </g>
));

interface HubProps {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly selected: boolean;
}

export const HubMark = pure(({ x, y, radius, selected }: HubProps) => (
  <circle class={classes("wb-hub", selected && "wb-selected")} cx={x} cy={y} r={radius} />
));

interface DiscProps {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly fixed: string | undefined;
  readonly inner: boolean;
  readonly selected: boolean;
  readonly target: boolean;
  readonly issue: boolean;
  readonly label: string;
  readonly onFocus: (kind: "tensor" | "index", name: string) => void;
}

export const DiscMark = pure(({ name, x, y, fixed, inner, selected, target, issue, label, onFocus }: DiscProps) => (
  <g
    class={classes("wb-disc", inner && "wb-inner", fixed !== undefined && "wb-fixed", fixed === "data" && "wb-data", selected && "wb-selected", issue && "wb-issue")}
    transform={`translate(${x} ${y})`}
    tabindex={0}
    role="button"
    aria-pressed={selected}
    aria-label={label}
    data-item={`tensor:${name}`}
    onFocus={() => onFocus("tensor", name)}
  >
    <title>{label}</title>
    {(selected || target || issue) && <circle class={classes("wb-ring", target && "wb-target")} r={RADIUS + 10} />}
    <circle class="wb-focus" r={RADIUS + 5} />
    <circle class="wb-rim" r={RADIUS + 1} />
    <circle class="wb-body" r={RADIUS} />
    <text class={sizeClass(name)} y={fixed === undefined ? 0 : -5}>{shortened(name)}</text>
    {fixed !== undefined && <text class="wb-kind" y={9}>{shortened(KIND_SIGNS[fixed] ?? fixed)}</text>}
  </g>
));

interface LabelProps {
  readonly index: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly hidden: boolean;
  readonly selected: boolean;
  readonly issue: boolean;
  readonly label: string;
  /** Only to be read: no button. */
  readonly still?: boolean;
  readonly onFocus: (kind: "tensor" | "index", name: string) => void;
}

export const LabelMark = pure(({ index, text, x, y, hidden, selected, issue, label, still, onFocus }: LabelProps) => {
  const width = textWidth(text) + 10;
  return (
    <g
      class={classes("wb-label", hidden && "wb-hidden", selected && "wb-selected", issue && "wb-issue")}
      transform={`translate(${x} ${y})`}
      tabindex={still ? undefined : 0}
      role={still ? "img" : "button"}
      aria-pressed={still ? undefined : selected}
      aria-label={label}
      data-item={`index:${index}`}
      onFocus={() => onFocus("index", index)}
    >
      <title>{label}</title>
      <rect class="wb-focus" x={-width / 2} y={-10} width={width} height={20} rx={5} />
      <text>{text}</text>
    </g>
  );
});

function sizeClass(name: string): string {
  return name.length > 5 ? "wb-tiny" : name.length > 3 ? "wb-small" : "";
}

function shortened(name: string): string {
  const letters = [...name];
  return letters.length > 8 ? `${letters.slice(0, 7).join("")}…` : name;
}

export function classes(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}
