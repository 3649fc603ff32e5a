/** The numbers at the bottom of a widget, where the eye expects them. */
import type { ComponentChildren, VNode } from "preact";

export function Footer({ children }: { children: ComponentChildren }): VNode {
  return <div class="wb-footer">{children}</div>;
}

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  /** Belongs to an earlier state of the network. */
  readonly stale?: boolean;
}

export function Figure({ label, value, note, stale }: FigureProps): VNode {
  return (
    <div class="wb-figure" data-figure={label} data-stale={stale ? "true" : undefined} title={stale ? "of the network before the last change" : undefined}>
      <span>{label}</span> <b>{value}</b>
      {note ? <span> · {note}</span> : null}
    </div>
  );
}
