/** The static picture that the cell also holds stands in for the widget where there is no kernel; while the widget lives it hides. */
export function hideTwins(el: Element): () => void {
  const hidden = new Map<HTMLElement, string>();
  const hide = () => {
    const cell = outermost(el).closest(".jp-Cell, .cell, .jp-OutputArea");
    for (const twin of cell?.querySelectorAll<HTMLElement>(".wb-static-twin") ?? []) {
      const output = twin.closest<HTMLElement>(".jp-OutputArea-child, .output_area") ?? twin;
      if (hidden.has(output) || output.contains(el)) continue;
      hidden.set(output, output.style.display);
      output.style.display = "none";
    }
  };
  hide();
  // The widget may be drawn before it is put into the page, and its twin after it.
  const timers = [0, 100, 500, 2000].map((wait) => setTimeout(hide, wait));
  return () => {
    timers.forEach(clearTimeout);
    for (const [output, display] of hidden) output.style.display = display;
  };
}

function outermost(el: Element): Element {
  const root = el.getRootNode();
  return root instanceof ShadowRoot ? outermost(root.host) : el;
}
