/** The diagrams: each on a card while they are few, on pages or by their halves where they are many; and the one in focus. */
import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../shared/bar";
import { count, plural } from "../shared/format";
import type { Answers } from "./app";
import { Card, nounOf, type DiagramsProps } from "./card";
import { Focus } from "./focus";
import { Halves } from "./halfmap";

/** So many diagrams have a card each. */
export const CARDS = 240;
/** So many maps that are no pictures are on a page. */
const PAGE = 60;

export function Diagrams(props: DiagramsProps): VNode {
  const { state, acts, answers } = props;
  const { pictures, doc } = state;
  const on = doc.weights?.size ?? 0;
  return (
    <section class="wb-part wb-diagrams" aria-label="diagrams">
      <div class="wb-head">
        <h4 title={pictures.basis.length < pictures.count ? "solid: the basis; dashed: these depend on the others" : undefined}>{plural(pictures.count, nounOf(answers))}<span class="wb-note">{independence(answers)}</span></h4>
        <span class="wb-space" />
        <Button label="basis" title="switch the basis on (b)" quiet disabled={!pictures.count} onPress={() => acts.dispatch({ type: "switch", which: "basis" })} />
        <Button label="none" title="switch all off (0)" quiet disabled={!on} onPress={() => acts.dispatch({ type: "switch", which: "none" })} />
      </div>
      {pictures.count === 0
        ? <p class="wb-soft wb-wait">Only the zero map commutes with {answers.about.group ?? "this group"} between these powers. Try others.</p>
        : pictures.count <= CARDS ? <Cards {...props} first={0} last={pictures.count} />
          : pictures.names.length ? <Pages {...props} /> : <Halves {...props} />}
      {pictures.count > 0 && <Focus {...props} />}
    </section>
  );
}

function independence({ about }: Answers): string {
  const { spanning = 0, dimension = 0 } = about;
  if (!spanning) return "";
  if (spanning === dimension) return "all independent here";
  return `${count(dimension)} independent`;
}

// ---- cards -----------------------------------------------------------------------------------------------------------

/** Of many maps that are no pictures a page of cards; it turns with the one in focus, which an entry of the matrix chooses too. */
function Pages(props: DiagramsProps): VNode {
  const { state: { chosen, pictures: { count: size } }, acts, answers } = props;
  const page = Math.floor(chosen / PAGE);
  const last = Math.ceil(size / PAGE) - 1;
  const turn = (to: number) => acts.dispatch({ type: "choose", at: to * PAGE });
  const until = Math.min(size, (page + 1) * PAGE);
  return (
    <div>
      <div class="wb-row wb-pages">
        <Button label="the page before" disabled={page === 0} onPress={() => turn(page - 1)}>◂</Button>
        <span>{nounOf(answers)}s {count(page * PAGE)} to {count(until - 1)}</span>
        <Button label="the next page" disabled={page === last} onPress={() => turn(page + 1)}>▸</Button>
      </div>
      <Cards {...props} first={page * PAGE} last={until} />
    </div>
  );
}

interface CardsProps extends DiagramsProps {
  readonly first: number;
  readonly last: number;
}

function Cards({ state, acts, sharing, answers, met, onPoint, first, last }: CardsProps): VNode {
  const { pictures, doc, chosen } = state;
  const grid = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const card = grid.current?.querySelector<HTMLElement>(`[data-at="${chosen}"]`);
    const [box, frame] = [card?.getBoundingClientRect(), grid.current?.getBoundingClientRect()];
    if (!grid.current || !box || !frame) return;
    if (box.top < frame.top) grid.current.scrollTop -= frame.top - box.top + 4;
    else if (box.bottom > frame.bottom) grid.current.scrollTop += box.bottom - frame.bottom + 4;
  }, [chosen]);
  const walk = (event: KeyboardEvent) => {
    if (!(event.target as HTMLElement).matches(".wb-card")) return;
    const to = neighbour(grid.current as HTMLElement, chosen, event.key);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    acts.dispatch({ type: "choose", at: to });
    grid.current?.querySelector<HTMLElement>(`[data-at="${to}"]`)?.focus({ preventScroll: true });
  };
  const wide = state.pictures.vertices > 6 || pictures.count > 0 && pictures.at(pictures.count - 1)?.head.includes(true);
  return (
    <div class={`wb-cards${wide ? " wb-wide" : ""}`} ref={grid} role="group" aria-label="all diagrams" onKeyDown={walk} onPointerLeave={() => onPoint(null)}>
      {Array.from({ length: last - first }, (_, k) => first + k).map((at) => (
        <Card
          key={at}
          at={at}
          noun={nounOf(answers)}
          name={pictures.names[at] ?? ""}
          picture={pictures.at(at)}
          n={answers.about.n ?? 1}
          weight={doc.weights?.get(at)}
          chosen={at === chosen}
          meets={met.has(at)}
          free={pictures.inBasis(at)}
          sharing={pictures.names.length ? sharing : null}
          acts={acts}
          onPoint={onPoint}
        />
      ))}
    </div>
  );
}

/** The card that an arrow leads to; up and down go by what is above and below on the screen. */
function neighbour(grid: HTMLElement, chosen: number, key: string): number | null {
  const cards = [...grid.querySelectorAll<HTMLElement>(".wb-card")];
  const here = cards.findIndex((card) => card.dataset.at === String(chosen));
  const step: Record<string, number> = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: cards.length - 1 };
  let to = step[key];
  if (key === "ArrowDown" || key === "ArrowUp") {
    const left = cards[here]?.offsetLeft;
    const down = key === "ArrowDown";
    const column = cards.map((_, k) => k).filter((k) => cards[k]?.offsetLeft === left && (down ? k > here : k < here));
    to = down ? column[0] : column.at(-1);
  }
  return to === undefined || to < 0 || to >= cards.length ? null : Number(cards[to]?.dataset.at);
}
