/** The entry point that anywidget imports: a shell around the pure parts. */
import { h } from "preact";
import type { RenderContext } from "../shared/model";
import { mount } from "../shared/mount";
import { App } from "./app";
import searchCss from "./search.css?inline";
import { Link, type Traits } from "./sync";

export function render(context: RenderContext<Traits>): () => void {
  const link = new Link(context.model);
  return mount(context, "search", searchCss, h(App, { link }), () => link.close());
}

export default { render };
