/** What side panels are made of: sections, rows, fields that commit, and code to copy. */
import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export function Section({ title, note, children }: { title?: string; note?: string; children?: ComponentChildren }): VNode {
  return (
    <section class="wb-section">
      {title !== undefined && (
        <h4>
          {title}
          {note !== undefined && <span class="wb-note">{note}</span>}
        </h4>
      )}
      {children}
    </section>
  );
}

export function Row({ label, children }: { label: string; children: ComponentChildren }): VNode {
  return (
    <div class="wb-row">
      <span>{label}</span>
      <span class="wb-mono">{children}</span>
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onCommit: (text: string) => void;
  readonly numeric?: boolean;
  /** What the up and down keys add; 1 by default. */
  readonly step?: number;
  readonly placeholder?: string;
  readonly focus?: boolean;
  readonly onLeave?: () => void;
}

/** Commits on Enter and when left; Esc takes the change back. A refused value springs back to what holds. */
export function Field({ label, value, onCommit, numeric, step = 1, placeholder, focus, onLeave }: FieldProps): VNode {
  const [draft, setDraft] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const abandoned = useRef(false);
  useLayoutEffect(() => {
    if (!focus) return;
    input.current?.focus();
    input.current?.select();
  }, [focus]);
  // The element knows what was typed even before the draft is drawn.
  const typed = () => input.current?.value.trim() ?? value;
  const commit = () => {
    const text = typed();
    // An empty draft would leave a refused value standing in the element.
    if (input.current) input.current.value = value;
    setDraft(null);
    if (text !== value) onCommit(text);
  };
  const nudge = (by: number) => {
    const now = Number(typed());
    if (!Number.isInteger(now) || now + by < 1) return;
    setDraft(null);
    onCommit(String(now + by));
  };
  return (
    <input
      ref={input}
      class={numeric ? "wb-field wb-number" : "wb-field"}
      type="text"
      inputMode={numeric ? "numeric" : "text"}
      spellcheck={false}
      autocomplete="off"
      aria-label={label}
      placeholder={placeholder}
      value={draft ?? value}
      onInput={(event) => setDraft(event.currentTarget.value)}
      onBlur={() => {
        if (!abandoned.current) commit();
        abandoned.current = false;
        onLeave?.();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") {
          commit();
          onLeave?.();
        } else if (event.key === "Escape") {
          abandoned.current = true;
          event.currentTarget.value = value;
          setDraft(null);
          event.currentTarget.blur();
        } else if (numeric && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
          nudge(step * (event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
          event.preventDefault();
        } else return;
        event.stopPropagation();
      }}
    />
  );
}

interface PickProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly (readonly [value: string, title: string])[];
  readonly onPick: (value: string) => void;
}

export function Pick({ label, value, choices, onPick }: PickProps): VNode {
  return (
    <select class="wb-field" aria-label={label} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
      {choices.map(([each, title]) => <option key={each} value={each} selected={each === value}>{title}</option>)}
    </select>
  );
}

export function Code({ text, label, onCopied }: { text: string; label: string; onCopied: (text: string) => void }): VNode {
  const copy = async () => onCopied((await copied(text)) ? `${label} copied` : "the browser did not allow copying; select the text instead");
  return (
    <div class="wb-code">
      <button type="button" class="wb-button wb-copy" aria-label={`copy ${label}`} onClick={copy}>copy</button>
      <pre tabIndex={0} aria-label={label}>{text}</pre>
    </div>
  );
}

export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
