/** Small numbers of pixels made large: one pixel an entry, scaled without smoothing. */
import type { RefObject, VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface GridProps {
  readonly rows: number;
  readonly columns: number;
  /** Red, green, blue, opacity of every entry, row by row. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** The longer side, in CSS pixels. */
  readonly size: number;
  readonly class?: string;
}

export function Grid({ rows, columns, pixels, size, class: name }: GridProps): VNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const el = canvas.current;
    if (!el || !rows || !columns) return;
    if (el.width !== columns || el.height !== rows) [el.width, el.height] = [columns, rows];
    el.getContext("2d")?.putImageData(new ImageData(pixels, columns, rows), 0, 0);
  }, [rows, columns, pixels]);
  const [width, height] = boxOf(rows, columns, size);
  return <canvas ref={canvas} aria-hidden="true" class={`wb-entries${name ? ` ${name}` : ""}`} style={{ width: `${width}px`, height: `${height}px` }} />;
}

/** An entry is drawn so large at most. */
const LARGEST = 44;

/** Width and height in CSS pixels; a whole number of them for every entry where there are few, and never thinner than can be pointed at. */
export function boxOf(rows: number, columns: number, size: number): [number, number] {
  const longest = Math.max(rows, columns, 1);
  const cell = longest <= size ? Math.min(LARGEST, Math.floor(size / longest)) : size / longest;
  return [Math.max(12, columns * cell), Math.max(12, rows * cell)];
}

/** Whether the widget is drawn on dark. */
export function useDark(within: RefObject<Element | null>): boolean {
  const [dark, setDark] = useState(false);
  useLayoutEffect(() => {
    const root = within.current?.closest<HTMLElement>(".wb-widget");
    if (!root) return;
    const tell = () => setDark(root.dataset.wbTheme === "dark");
    tell();
    const observer = new MutationObserver(tell);
    observer.observe(root, { attributes: true, attributeFilter: ["data-wb-theme"] });
    return () => observer.disconnect();
  }, [within]);
  return dark;
}
