import { useLayoutEffect, useState } from "preact/hooks";
import type { RefObject } from "preact";

/** The width of an element as it is laid out, followed as it changes; `before` until it is known. */
export function useWidth(element: RefObject<HTMLElement | null>, before: number): number {
  const [width, setWidth] = useState(before);
  useLayoutEffect(() => {
    const el = element.current;
    if (!el) return;
    const measure = () => {
      if (el.clientWidth) setWidth(el.clientWidth);
    };
    measure();
    if (typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(measure);
    observer.observe(el);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
