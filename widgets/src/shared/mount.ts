/** The shell around a widget: its root and style, the theme, the keys it keeps to itself, the still picture it hides. */
import { render as draw, type ComponentChild } from "preact";
import drawingCss from "./drawing.css?inline";
import type { RenderContext } from "./model";
import { themeCss, watchTheme } from "./theme";
import { hideTwins } from "./twin";

/** Draws `app` in the host's element; `name` is the root's class, `wb-name`. Returns, and calls when the host says so, how to end it. */
export function mount<Traits extends object>(
  { el, signal }: RenderContext<Traits>,
  name: string,
  css: string,
  app: ComponentChild,
  close: () => void,
): () => void {
  const page = el.ownerDocument;
  const root = page.createElement("div");
  root.className = `wb-widget wb-${name}`;
  root.tabIndex = -1;
  // JupyterLab looks for its shortcuts in the capture phase and leaves alone what lies under this attribute.
  root.dataset.lmSuppressShortcuts = "true";
  const style = page.createElement("style");
  style.textContent = `${themeCss}\n${drawingCss}\n${css}`;
  const body = page.createElement("div");
  root.append(body);
  // The style goes where the widget goes: in a shadow root the page's own styles do not apply.
  el.append(style, root);

  draw(app, body);
  // The ring of the keyboard's focus is for those who use keys; browsers show it after any focus set by a script.
  root.addEventListener("pointerdown", () => root.setAttribute("data-by", "pointer"), true);
  root.addEventListener("keydown", () => root.setAttribute("data-by", "keys"), true);
  for (const event of ["keydown", "keyup", "keypress"] as const) root.addEventListener(event, (pressed) => pressed.stopPropagation());
  const leaveTheme = watchTheme(root, (dark) => {
    root.dataset.wbTheme = dark ? "dark" : "light";
  });
  const showTwins = hideTwins(el);

  let over = false;
  const dispose = () => {
    if (over) return;
    over = true;
    close();
    leaveTheme();
    showTwins();
    draw(null, body);
    root.remove();
    style.remove();
  };
  signal?.addEventListener("abort", dispose);
  return dispose;
}
