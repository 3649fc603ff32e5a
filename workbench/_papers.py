"""`papers`: the published systems this workbench builds on, read from the cards in papers.toml."""

__all__ = ["Paper", "Papers", "PapersError", "papers"]

import html
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from workbench.network import WorkbenchError, did_you_mean

CARDS = Path(__file__).with_name("papers.toml")
KINDS = (
    "network family",
    "decomposition",
    "layer",
    "equivariant map",
    "search algorithm",
    "training strategy",
    "diagnostic",
    "data generator",
    "contraction",
    "interchange",
)
TITLE_WIDTH = 54

Text = Annotated[str, Meta(pattern=r"^\S(.*\S)?$")]
Symbol = Annotated[str, Meta(pattern=r"^workbench(\.[A-Za-z]\w*)+$")]
Notebook = Annotated[str, Meta(pattern=r"^notebooks/[\w/]+\.ipynb$")]
Test = Annotated[str, Meta(pattern=r"^tests/[\w/]+\.py::test_\w+$")]


class PapersError(WorkbenchError):
    """A card in papers.toml is not sound, or a question about the cards has no meaning."""


class Paper(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One card: what was published, what of it is here, and what shows that it works.

    `where` holds the public symbols, `notebook` the lesson that uses it (None while there is none), `evidence` the tests,
    as ``path::name``; `limits` says what is not here or not known.
    """

    key: Text
    title: Text
    authors: Annotated[tuple[Text, ...], Meta(min_length=1)]
    year: Annotated[int, Meta(ge=1900, le=2100)]
    kind: str
    claim: Text
    where: Annotated[tuple[Symbol, ...], Meta(min_length=1)]
    evidence: Annotated[tuple[Test, ...], Meta(min_length=1)]
    limits: Text
    notebook: Notebook | None = None

    @property
    def citation(self) -> str:
        """Authors and year in short, for example ``"Dao et al. (2022)"``."""
        names = [author.split(",")[0] for author in self.authors]
        short = (
            f"{names[0]} et al." if len(names) > 3 else ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1]
        )
        return f"{short} ({self.year})"

    def __repr__(self) -> str:
        lines = {
            self.key: f"{self.title}. {self.citation}",
            "kind": self.kind,
            "claim": self.claim,
            "where": ", ".join(self.where),
            "notebook": self.notebook or "",
            "evidence": ", ".join(self.evidence),
            "limits": self.limits,
        }
        width = max(map(len, lines))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items() if value)


@dataclass(frozen=True, repr=False)
class Papers:
    """A table of cards: iterate over it, take a card by key or position, or call it to filter further."""

    cards: tuple[Paper, ...]

    def __call__(self, text: str = "", *, kind: str | None = None) -> "Papers":
        """The cards that hold every word of `text` somewhere, and are of a kind; see `papers`."""
        if kind is not None and kind not in KINDS:
            raise PapersError(f"there is no kind {kind!r}{did_you_mean(kind, KINDS)}")
        words = text.casefold().split()
        return Papers(
            tuple(
                card
                for card in self.cards
                if kind in (None, card.kind) and all(word in _searched(card) for word in words)
            )
        )

    def __len__(self) -> int:
        return len(self.cards)

    def __iter__(self) -> Iterator[Paper]:
        return iter(self.cards)

    def __getitem__(self, which: int | str) -> Paper:
        if isinstance(which, int):
            return self.cards[which]
        for card in self.cards:
            if card.key == which:
                return card
        raise PapersError(f"there is no card {which!r} here{did_you_mean(which, [card.key for card in self.cards])}")

    def to_rows(self) -> list[dict[str, str]]:
        """One dict a card, all values text: what a data frame or a table widget wants."""
        return [
            {
                "key": card.key,
                "year": str(card.year),
                "kind": card.kind,
                "title": card.title,
                "authors": "; ".join(card.authors),
                "claim": card.claim,
                "where": ", ".join(card.where),
                "notebook": card.notebook or "",
                "evidence": ", ".join(card.evidence),
                "limits": card.limits,
            }
            for card in self.cards
        ]

    def __repr__(self) -> str:
        if not self.cards:
            return "no cards"
        columns = ("key", "year", "kind", "title", "where")
        rows = [dict(zip(columns, columns, strict=True)), *self.to_rows()]
        for row in rows:
            row["where"] = row["where"].replace("workbench.", "").split(", ")[0]
            row["title"] = _cut(row["title"])
        widths = [max(len(row[column]) for row in rows) for column in columns]
        return "\n".join(
            "  ".join(row[c].ljust(width) for c, width in zip(columns, widths, strict=True)).rstrip() for row in rows
        )

    def _repr_html_(self) -> str:
        head = "".join(f'<th style="text-align:left">{name}</th>' for name in ("paper", "kind", "claim", "where"))
        body = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align:left">{html.escape(cell)}</td>'
                for cell in (f"{card.title}. {card.citation}", card.kind, card.claim, ", ".join(card.where))
            )
            + "</tr>"
            for card in self.cards
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def papers(text: str = "", *, kind: str | None = None) -> Papers:
    """The published systems that live in this workbench, as a table of cards.

    Parameters
    ----------
    text
        Words that must all occur somewhere in a card, capitals aside.
    kind
        ``"network family"``, ``"decomposition"``, ``"layer"``, ``"equivariant map"``, ``"search algorithm"``,
        ``"training strategy"``, ``"diagnostic"``, ``"data generator"``, ``"contraction"`` or ``"interchange"``.

    Returns
    -------
    Papers
        The cards in order of year, as a value that prints as a table.

    Raises
    ------
    PapersError
        For an unknown kind.

    Examples
    --------
    >>> papers("monarch")["monarch"].citation
    'Dao et al. (2022)'
    >>> {card.kind for card in papers(kind="decomposition")}
    {'decomposition'}
    """
    return Papers(_cards(CARDS.read_text(encoding="utf-8")))(text, kind=kind)


@cache
def _cards(toml: str) -> tuple[Paper, ...]:
    """The cards of a text in TOML, one table a card; `PapersError` names the card and the field that is wrong."""
    try:
        tables = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise PapersError(f"papers.toml is not TOML: {error}") from error
    return tuple(sorted((_card(key, table) for key, table in tables.items()), key=lambda card: (card.year, card.key)))


def _card(key: str, table: object) -> Paper:
    if not isinstance(table, dict):
        raise PapersError(f"papers.toml holds {key} = {table!r} outside a card; begin a card with [{key}]")
    if "key" in table:
        raise PapersError(f"card {key!r} has a field 'key'; its key is the name of its table, [{key}]")
    try:
        card = msgspec.convert({**table, "key": key}, Paper)
    except msgspec.ValidationError as error:
        raise PapersError(f"card {key!r} in papers.toml: {error}") from error
    if card.kind not in KINDS:
        raise PapersError(f"card {key!r} in papers.toml has the kind {card.kind!r}{did_you_mean(card.kind, KINDS)}")
    return card


def _searched(card: Paper) -> str:
    return " ".join(
        (card.key, card.title, *card.authors, str(card.year), card.kind, card.claim, *card.where)
    ).casefold()


def _cut(title: str) -> str:
    return title if len(title) <= TITLE_WIDTH else title[: TITLE_WIDTH - 3].rstrip() + "..."
