/** Scales and ticks: numbers onto pixels and back, and the few values worth naming. Pure. */

export interface Scale {
  readonly kind: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
}

export interface Tick {
  readonly value: number;
  /** Named, or only drawn. */
  readonly named: boolean;
}

export function scaleOf(kind: Scale["kind"], domain: readonly [number, number], range: readonly [number, number]): Scale {
  let [low, high] = domain;
  if (kind === "log") [low, high] = [Math.max(low, Number.MIN_VALUE), Math.max(high, Number.MIN_VALUE)];
  // A single value stands in the middle.
  if (!(high > low)) [low, high] = kind === "log" ? [low / 2, low * 2] : [low - 0.5, low + 0.5];
  return { kind, domain: [low, high], range };
}

/** The pixel of a value; what a logarithm has no place for goes to the lower end. */
export function place({ kind, domain, range }: Scale, value: number): number {
  const [low, high] = kind === "log" ? domain.map(Math.log) as [number, number] : domain;
  const at = kind === "log" ? (value > 0 ? Math.log(value) : low) : value;
  return range[0] + ((at - low) / (high - low)) * (range[1] - range[0]);
}

export function invert({ kind, domain, range }: Scale, pixel: number): number {
  const [low, high] = kind === "log" ? domain.map(Math.log) as [number, number] : domain;
  const at = low + ((pixel - range[0]) / (range[1] - range[0])) * (high - low);
  return kind === "log" ? Math.exp(at) : at;
}

/** About one tick every `apart` pixels, at round numbers; powers of ten on a logarithmic axis, 2 and 5 between them where there is room. */
export function ticks(scale: Scale, apart = 64): Tick[] {
  const room = Math.max(1, Math.floor(Math.abs(scale.range[1] - scale.range[0]) / apart));
  return scale.kind === "log" ? logTicks(scale.domain, room) : linearTicks(scale.domain, room);
}

function linearTicks([low, high]: readonly [number, number], room: number): Tick[] {
  const rough = (high - low) / room;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= rough * 0.999) ?? 10);
  const found: Tick[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push({ value: tidy(k * step), named: true });
  return found;
}

function logTicks([low, high]: readonly [number, number], room: number): Tick[] {
  const decades = Math.log10(high / low);
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.ceil(Math.log10(high) - 1e-9);
  const every = Math.max(1, Math.ceil(decades / room));
  const between = decades * 3 <= room * 1.2 ? [1, 2, 5] : [1];
  const found: Tick[] = [];
  for (let power = first; power <= last; power++)
    for (const digit of [1, 2, 5]) {
      const value = tidy(digit * 10 ** power);
      if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
      found.push({ value, named: between.includes(digit) && (digit > 1 || power % every === 0) });
    }
  // Less than a decade, and no round number in it has a name: all of them get one, or the ends do.
  if (found.filter((tick) => tick.named).length < 2) {
    if (found.length > 1) return found.map((tick) => ({ ...tick, named: true }));
    return linearTicks([low, high], room);
  }
  return found;
}

/** 0.30000000000000004 -> 0.3 */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

/** A slider's ends and the values between: small ranks get more of the way than large ones. */
export function slide(most: number, even = false): { readonly at: (value: number) => number; readonly value: (at: number) => number } {
  const bend = even || most <= 12 ? 1 : most <= 100 ? 1.6 : 2.4;
  const span = Math.max(1, most - 1);
  return {
    at: (value) => Math.min(1, Math.max(0, (value - 1) / span)) ** (1 / bend),
    value: (at) => Math.min(most, Math.round(1 + span * Math.min(1, Math.max(0, at)) ** bend)),
  };
}
