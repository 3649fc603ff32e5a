/** Numbers as a reader expects them; `null`, NaN and infinities become a dash. */

const DASH = "–";
const MINUS = "−";

function finite(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** 56337 -> "56,337"; from a quadrillion on, in powers of ten. */
export function count(value: number | null | undefined): string {
  if (!finite(value)) return DASH;
  if (Math.abs(value) >= 1e15) return power(value);
  return Math.round(value).toString().replace("-", MINUS).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Three significant digits: 0.0342 -> "3.42 %". */
export function percent(fraction: number | null | undefined): string {
  if (!finite(fraction)) return DASH;
  return `${significant(fraction * 100)} %`;
}

/** For an axis: 0.2 -> "20 %", 0.005 -> "0.5 %". */
export function percentTick(fraction: number): string {
  return `${trimmed(fraction * 100)} %`;
}

/** 2.1e8 -> "210 M", 3 -> "3"; the engineer's prefixes. */
export function prefixed(value: number | null | undefined, unit = ""): string {
  if (!finite(value)) return DASH;
  const prefixes = ["", "k", "M", "G", "T", "P", "E"];
  let step = 0;
  let scaled = value;
  while (Math.abs(scaled) >= 999.5 && step < prefixes.length - 1) {
    scaled /= 1000;
    step += 1;
  }
  if (Math.abs(scaled) >= 999.5) return unit ? `${power(value)} ${unit}` : power(value);
  const text = trimmed(scaled);
  const suffix = `${prefixes[step]}${unit}`;
  return suffix ? `${text} ${suffix}` : text;
}

/** 3.3e6 -> "3.3 MB". */
export function bytes(value: number | null | undefined): string {
  return prefixed(value, "B");
}

/** 0.064 -> "64 ms", 2.5 -> "2.5 s", 90 -> "1.5 min". */
export function duration(seconds: number | null | undefined): string {
  if (!finite(seconds)) return DASH;
  if (seconds < 0.0995) return `${trimmed(seconds * 1000, 2)} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${trimmed(seconds)} s`;
  return `${trimmed(seconds / 60)} min`;
}

/** How the network compares with the dense tensor: "14.6× smaller". */
export function compression(dense: number | null | undefined, parameters: number | null | undefined): string {
  if (!finite(dense) || !finite(parameters) || dense <= 0 || parameters <= 0) return "";
  const ratio = dense / parameters;
  if (ratio >= 0.9995 && ratio < 1.0005) return "as large as the tensor";
  return ratio > 1 ? `${factor(ratio)}× smaller` : `${factor(1 / ratio)}× larger`;
}

/** 24, 640, 3 -> "24 × 640 × 3"; no sizes at all is a scalar. */
export function shape(sizes: readonly number[]): string {
  return sizes.length ? sizes.join(" × ") : "scalar";
}

/** "2 tensors", "1 bond". */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** "A", "A and B", "A, B and C". */
export function list(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** One digit and a power of ten: 2.3e-16 -> "2·10⁻¹⁶"; from a thousandth on as it is: "0.31". */
export function scientific(value: number | null | undefined): string {
  if (!finite(value)) return DASH;
  if (value === 0) return "0";
  if (Math.abs(value) >= 1e-3) return trimmed(value, 2);
  const [mantissa, exponent] = value.toExponential(0).split("e") as [string, string];
  return `${mantissa.replace("-", MINUS)}·10${raised(exponent)}`;
}

function factor(ratio: number): string {
  return ratio >= 999.5 ? count(ratio) : significant(ratio);
}

function significant(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return power(value);
  // toPrecision switches to an exponent once the digits before the point outnumber the precision.
  const text = size >= 999.5 ? Math.round(value).toString() : value.toPrecision(3);
  return text.replace("-", MINUS);
}

function trimmed(value: number, digits = 3): string {
  if (value === 0) return "0";
  if (Math.abs(value) < 1e-3) return power(value);
  return Number(value.toPrecision(digits)).toString().replace("-", MINUS);
}

function power(value: number): string {
  const [mantissa, exponent] = value.toExponential(2).split("e") as [string, string];
  return `${mantissa.replace("-", MINUS)}·10${raised(exponent)}`;
}

function raised(exponent: string): string {
  return exponent.replace("+", "").replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? "");
}
