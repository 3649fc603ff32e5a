/** The entry point that anywidget imports: a shell around the pure parts. */
import { h, render as draw } from "preact";
import type { RenderContext } from "../shared/model";
import { themeCss, watchTheme } from "../shared/theme";
import { App } from "./app";
import editorCss from "./editor.css?inline";
import { Link, type Traits } from "./sync";
import { hideTwins } from "./twin";

export function render({ model, el, signal }: RenderContext<Traits>): () => void {
  const page = el.ownerDocument;
  const root = page.createElement("div");
  root.className = "wb-widget wb-editor";
  root.tabIndex = -1;
  // JupyterLab looks for its shortcuts in the capture phase and leaves alone what lies under this attribute.
  root.dataset.lmSuppressShortcuts = "true";
  const style = page.createElement("style");
  style.textContent = `${themeCss}\n${editorCss}`;
  const body = page.createElement("div");
  root.append(body);
  // The style goes where the widget goes: in a shadow root the page's own styles do not apply.
  el.append(style, root);

  const link = new Link(model);
  draw(h(App, { link, model }), body);
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
    link.close();
    leaveTheme();
    showTwins();
    draw(null, body);
    root.remove();
    style.remove();
  };
  signal?.addEventListener("abort", dispose);
  return dispose;
}

export default { render };
