/** Colours, and whether the page around a widget is light or dark. */
import css from "./theme.css?inline";

export const themeCss: string = css;

/**
 * Light or dark, as the nearest host says: JupyterLab's attribute, the usual classes and attributes of other hosts,
 * else the system's preference. Walks out of shadow roots, where selectors on ancestors do not reach.
 */
export function isDark(el: Element): boolean {
  for (let node: Node | null = el; node; node = node.parentNode ?? (node as ShadowRoot).host ?? null) {
    const said = node instanceof Element ? declared(node) : null;
    if (said !== null) return said;
  }
  const page = el.ownerDocument;
  const said = declared(page.body) ?? declared(page.documentElement);
  if (said !== null) return said;
  return page.defaultView?.matchMedia?.("(prefers-color-scheme: dark)").matches ?? false;
}

function declared(node: Element): boolean | null {
  const light = node.getAttribute("data-jp-theme-light");
  if (light !== null) return light === "false";
  const kind = node.getAttribute("data-vscode-theme-kind");
  if (kind !== null) return kind.includes("dark");
  const theme = node.getAttribute("data-theme") ?? node.getAttribute("data-bs-theme");
  if (theme === "dark" || theme === "light") return theme === "dark";
  if (node.classList.contains("dark") || node.classList.contains("dark-theme")) return true;
  if (node.classList.contains("light") || node.classList.contains("light-theme")) return false;
  return null;
}

/** Calls back now and whenever the answer may have changed; returns how to stop. */
export function watchTheme(el: Element, callback: (dark: boolean) => void): () => void {
  const page = el.ownerDocument;
  const tell = () => callback(isDark(el));
  const observer = new MutationObserver(tell);
  const attributeFilter = ["class", "data-jp-theme-light", "data-theme", "data-bs-theme", "data-vscode-theme-kind"];
  for (const node of [page.documentElement, page.body]) observer.observe(node, { attributes: true, attributeFilter });
  const media = page.defaultView?.matchMedia?.("(prefers-color-scheme: dark)");
  media?.addEventListener("change", tell);
  tell();
  return () => {
    observer.disconnect();
    media?.removeEventListener("change", tell);
  };
}
