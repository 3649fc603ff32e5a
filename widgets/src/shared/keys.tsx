/** One table of keys: it decides what a key does and is itself the help page. (No <dl>: notebooks style those their own way.) */
import type { VNode } from "preact";

export interface Binding<Command extends string> {
  /** "t", "Delete", "Ctrl+Shift+Z", "Alt+ArrowLeft"; Ctrl also stands for Command. */
  readonly keys: readonly string[];
  readonly command: Command;
  /** Empty where the line above speaks for this key too: four arrows are one line of the help. */
  readonly does: string;
  readonly group: string;
}

export interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

export function commandFor<C extends string>(bindings: readonly Binding<C>[], press: Press): C | null {
  return bindings.find((binding) => binding.keys.some((chord) => presses(chord, press)))?.command ?? null;
}

function presses(chord: string, press: Press): boolean {
  const modifiers = chord.split("+").slice(0, -1);
  const key = chord.endsWith("+") ? "+" : (chord.split("+").at(-1) as string);
  const wants = (modifier: string) => modifiers.includes(modifier);
  if (wants("Ctrl") !== (press.ctrlKey || press.metaKey) || wants("Alt") !== press.altKey) return false;
  // Shift is part of what a printed character is ("?", "+"); only named keys and chords ask for it by name.
  const printed = key.length === 1 && !wants("Ctrl");
  if (!printed && wants("Shift") !== press.shiftKey) return false;
  return printed ? press.key === key : press.key.toLowerCase() === key.toLowerCase();
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space",
};

export function keyName(chord: string): string {
  if (chord.endsWith("+")) return chord;
  return chord.split("+").map((part) => NAMES[part] ?? part).join("+");
}

export function Help<C extends string>({ bindings, onClose }: { bindings: readonly Binding<C>[]; onClose: () => void }): VNode {
  const groups = [...new Set(bindings.map((binding) => binding.group))];
  return (
    <div class="wb-help" role="dialog" aria-label="Keys">
      <div class="wb-help-head">
        <h4>Keys</h4>
        <button type="button" class="wb-button" aria-label="close the list of keys" onClick={onClose} ref={(button) => button?.focus()}>✕</button>
      </div>
      <div class="wb-help-groups">
        {groups.map((group) => (
          <section key={group}>
            <h5>{group}</h5>
            <div role="list">
              {lines(bindings.filter((binding) => binding.group === group)).map(({ does, keys }) => (
                <div key={does} class="wb-help-line" role="listitem">
                  <span class="wb-keys">{keys.map((chord) => <kbd key={chord}>{keyName(chord)}</kbd>)}</span>
                  <span class="wb-soft">{does}</span>
                </div>
              ))}
            </div>
          </section>
        ))}
      </div>
    </div>
  );
}

function lines<C extends string>(bindings: readonly Binding<C>[]): { does: string; keys: string[] }[] {
  const all: { does: string; keys: string[] }[] = [];
  for (const { does, keys } of bindings)
    if (does) all.push({ does, keys: [...keys] });
    else all.at(-1)?.keys.push(...keys);
  return all;
}
