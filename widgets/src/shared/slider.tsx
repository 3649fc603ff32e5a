/** A slider for whole numbers whose small values get more room; the pointer drags it, keys step it. */
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { slide } from "./axes";

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly most: number;
  /** Values above this change nothing while the others stay: that part of the track is hatched. */
  readonly useful?: number | undefined;
  readonly disabled?: boolean;
  /** The same room for every value. */
  readonly even?: boolean;
  /** What the value is called; itself by default. */
  readonly text?: string;
  /** The track is filled from here; from its beginning by default. */
  readonly from?: number;
  /** `begins` marks the first change of a drag, or of a held key. */
  readonly onSlide: (value: number, begins: boolean) => void;
  readonly onFocus?: () => void;
}

export function Slider({ label, value, most, useful, disabled, even, text, from, onSlide, onFocus }: SliderProps): VNode {
  const track = useRef<HTMLDivElement>(null);
  const dragging = useRef(false);
  const { at, value: valueAt } = slide(most, even);
  const under = (clientX: number) => {
    const box = track.current?.getBoundingClientRect();
    return box && box.width ? valueAt((clientX - box.left) / box.width) : value;
  };
  const keys = (event: KeyboardEvent) => {
    const next = stepped(event, value, most);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (next !== value && !disabled) onSlide(next, !event.repeat);
  };
  return (
    <div
      class="wb-slide"
      role="slider"
      tabIndex={disabled ? -1 : 0}
      aria-label={label}
      aria-valuemin={1}
      aria-valuemax={most}
      aria-valuenow={value}
      aria-valuetext={text}
      aria-disabled={disabled}
      onFocus={onFocus}
      onKeyDown={keys}
      onPointerDown={(event) => {
        if (disabled || event.button !== 0) return;
        dragging.current = true;
        event.currentTarget.setPointerCapture?.(event.pointerId);
        event.currentTarget.focus({ preventScroll: true });
        onSlide(under(event.clientX), true);
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        if (!dragging.current) return;
        const next = under(event.clientX);
        if (next !== value) onSlide(next, false);
      }}
      onPointerUp={() => (dragging.current = false)}
      onPointerCancel={() => (dragging.current = false)}
    >
      <div class="wb-track" ref={track}>
        {useful !== undefined && useful < most && <div class="wb-useless" style={{ left: `${100 * at(useful)}%` }} />}
        <div class="wb-filled" style={filled(from === undefined ? 0 : at(from), at(value))} />
        <div class="wb-thumb" style={{ left: `${100 * at(value)}%` }} />
      </div>
    </div>
  );
}

function filled(a: number, b: number): { left?: string; width: string } {
  return { ...(a ? { left: `${100 * Math.min(a, b)}%` } : {}), width: `${100 * Math.abs(b - a)}%` };
}

/** The value a key asks for: arrows by one, with Shift by ten, Page keys by a quarter, Home and End. */
export function stepped(press: { key: string; shiftKey: boolean }, value: number, most: number): number | null {
  const quarter = Math.max(1, Math.round(value / 4));
  const by = press.shiftKey ? 10 : 1;
  const to: Record<string, number> = {
    ArrowRight: value + by, ArrowUp: value + by, ArrowLeft: value - by, ArrowDown: value - by,
    PageUp: value + quarter, PageDown: value - quarter, Home: 1, End: most,
  };
  const next = to[press.key];
  return next === undefined ? null : Math.min(Math.max(most, value), Math.max(1, next));
}
