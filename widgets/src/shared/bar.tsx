/** The bar on top of a widget: buttons, menus, and the views as tabs. */
import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export function Bar({ label, children }: { label: string; children: ComponentChildren }): VNode {
  return <div class="wb-bar" role="toolbar" aria-label={label}>{children}</div>;
}

interface ButtonProps {
  readonly label: string;
  readonly onPress: () => void;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly quiet?: boolean;
  readonly title?: string;
  readonly children?: ComponentChildren;
}

export function Button({ label, onPress, pressed, disabled, quiet, title, children }: ButtonProps): VNode {
  return (
    <button
      type="button"
      class={`wb-button${quiet ? " wb-quiet" : ""}`}
      aria-label={children === undefined ? undefined : label}
      aria-pressed={pressed}
      disabled={disabled}
      title={title}
      onClick={onPress}
    >
      {children ?? label}
    </button>
  );
}

export interface Choice {
  readonly value: string;
  readonly title: string;
}

interface MenuProps {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly onChoose: (value: string) => void;
  readonly children?: ComponentChildren;
}

/** A button with a list under it; arrows, Home, End, Enter and Esc as in any menu. */
export function Menu({ label, choices, onChoose, children }: MenuProps): VNode {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const items = () => [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  useLayoutEffect(() => {
    if (open) items()[0]?.focus();
  }, [open]);
  const close = (refocus: boolean) => {
    setOpen(false);
    if (refocus) root.current?.querySelector<HTMLElement>("button")?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      event.stopPropagation();
      setOpen(true);
      return;
    }
    const all = items();
    const at = all.indexOf(event.target as HTMLElement);
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
    const next = to[event.key];
    if (next !== undefined) all[(next + all.length) % all.length]?.focus();
    else if (event.key === "Escape") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class="wb-menu"
      ref={root}
      onKeyDown={onKeyDown}
      onFocusOut={(event) => {
        if (!root.current?.contains(event.relatedTarget as Node | null)) setOpen(false);
      }}
    >
      <button type="button" class="wb-button wb-quiet" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        {label} <span aria-hidden="true">▾</span>
      </button>
      {open && (
        <div class="wb-menu-list" role="menu" aria-label={label}>
          {choices.map(({ value, title }) => (
            <button
              key={value}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close(true);
                onChoose(value);
              }}
            >
              {title}
            </button>
          ))}
          {children}
        </div>
      )}
    </div>
  );
}

interface TabsProps {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosen: string;
  readonly onChoose: (value: string) => void;
}

/** Left and right choose the neighbour and move the focus there. */
function walking({ choices, chosen, onChoose }: TabsProps): (event: KeyboardEvent) => void {
  return (event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    const at = choices.findIndex(({ value }) => value === chosen);
    const next = choices[(at + step + choices.length) % choices.length] as Choice;
    onChoose(next.value);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-value="${next.value}"]`)?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
}

/** One of several views; the arrows walk along, only the chosen tab is a tab stop. */
export function Tabs(props: TabsProps): VNode {
  const { label, choices, chosen, onChoose } = props;
  return (
    <div class="wb-tabs" role="tablist" aria-label={label} onKeyDown={walking(props)}>
      {choices.map(({ value, title }) => (
        <button
          key={value}
          type="button"
          role="tab"
          class="wb-button wb-quiet"
          data-value={value}
          aria-selected={value === chosen}
          tabIndex={value === chosen ? 0 : -1}
          onClick={() => onChoose(value)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

/** One of several things that hold; the arrows walk along and choose. */
export function Choices(props: TabsProps): VNode {
  const { label, choices, chosen, onChoose } = props;
  return (
    <div class="wb-choices" role="radiogroup" aria-label={label} onKeyDown={walking(props)}>
      {choices.map(({ value, title }) => (
        <button
          key={value}
          type="button"
          role="radio"
          class="wb-button"
          data-value={value}
          aria-checked={value === chosen}
          tabIndex={value === chosen ? 0 : -1}
          onClick={() => onChoose(value)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
