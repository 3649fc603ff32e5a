import { Component, type ComponentChild } from "preact";

/** A component that draws again only when one of its props is another value: what keeps big pictures quick. */
export function pure<Props extends object>(draw: (props: Props) => ComponentChild) {
  return class Pure extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const keys = Object.keys(next) as (keyof Props)[];
      return keys.length !== Object.keys(this.props).length || keys.some((key) => next[key] !== (this.props as Props)[key]);
    }

    override render(): ComponentChild {
      return draw(this.props as Props);
    }
  };
}
