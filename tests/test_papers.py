"""The cards tell the truth about where things live, and the table of them can be asked."""

import ast
import html.parser
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from workbench import _papers
from workbench._papers import KINDS, PapersError, _cards, papers
from workbench.network import did_you_mean

ROOT = Path(__file__).parents[1]
SOUND = """
[a_card]
title = "A <Title> & More"
authors = ["Doe, J.", "Roe, R."]
year = 2001
kind = "decomposition"
claim = "It works."
where = ["workbench.network.cp"]
evidence = ["tests/test_papers.py::test_every_symbol_can_be_imported"]
limits = "None known."
"""


@cache
def _tests_in(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _named(field):
    return sorted({(card.key, each) for card in papers() for each in getattr(card, field)})


@pytest.mark.parametrize(("key", "symbol"), _named("where"))
def test_every_symbol_can_be_imported(key, symbol):
    parts = symbol.split(".")
    found = import_module("workbench")
    for depth, part in enumerate(parts[1:], start=1):
        known = getattr(found, "__all__", dir(found))
        assert part in known, f"card {key!r}: {symbol} is not public{did_you_mean(part, known)}"
        found = getattr(found, part, None) or import_module(".".join(parts[: depth + 1]))
    assert found.__doc__


@pytest.mark.parametrize(("key", "node"), _named("evidence"))
def test_every_test_named_as_evidence_exists(key, node):
    path, name = node.split("::")
    assert (ROOT / path).is_file(), f"card {key!r}: there is no file {path}"
    assert name in _tests_in(path), f"card {key!r}: no {name} in {path}{did_you_mean(name, _tests_in(path))}"


def test_every_notebook_exists():
    missing = [(card.key, card.notebook) for card in papers() if card.notebook and not (ROOT / card.notebook).is_file()]
    assert not missing


def test_cards_are_in_order_of_year_and_no_title_is_there_twice():
    cards = list(papers())
    assert [card.year for card in cards] == sorted(card.year for card in cards)
    assert len({(card.title, card.authors) for card in cards}) == len(cards) >= 16


def test_every_claim_and_limit_is_a_sentence():
    for card in papers():
        for sentence in (card.claim, card.limits):
            assert sentence[0].isupper() or sentence.startswith("quimb")
            assert sentence.endswith(".")


def test_cards_are_found_by_words_and_kind():
    assert "hosvd" in [card.key for card in papers("tucker")]
    assert [card.key for card in papers("OSELEDETS 2011")] == ["tensor_train"]
    assert {card.kind for card in papers(kind="interchange")} == {"interchange"}
    assert [card.key for card in papers(kind="decomposition")("kolda bader")] == ["tensor_decompositions"]
    assert len(papers("zebra")) == 0
    assert sum(len(papers(kind=kind)) for kind in KINDS) == len(papers())


def test_cards_are_taken_by_key_and_position():
    assert papers()["tensor_train"].authors == ("Oseledets, I. V.",)
    assert papers()[0] == next(iter(papers()))
    with pytest.raises(PapersError, match="no card 'tensor_trian' here; did you mean 'tensor_train'"):
        papers()["tensor_trian"]
    with pytest.raises(PapersError, match="no kind 'decompositon'; did you mean 'decomposition'"):
        papers(kind="decompositon")


def test_the_table_prints_aligned_and_fits_a_wide_terminal():
    lines = repr(papers()).splitlines()
    assert lines[0].split() == ["key", "year", "kind", "title", "where"]
    assert len(lines) == len(papers()) + 1
    assert {line[lines[0].index("year") :][:2] for line in lines[1:]} <= {"19", "20"}
    assert max(map(len, lines)) <= 140
    assert repr(papers("zebra")) == "no cards"


def test_rows_are_plain_text_with_one_set_of_columns():
    rows = papers().to_rows()
    assert len(rows) == len(papers())
    assert len({tuple(row) for row in rows}) == 1
    assert all(isinstance(value, str) for row in rows for value in row.values())


def test_the_html_table_is_escaped(tmp_path, monkeypatch):
    (tmp_path / "papers.toml").write_text(SOUND.replace("It works.", "<script>alert(1)</script>"), encoding="utf-8")
    monkeypatch.setattr(_papers, "CARDS", tmp_path / "papers.toml")
    tags, text = [], []
    reader = html.parser.HTMLParser()
    reader.handle_starttag = lambda tag, attributes: tags.append(tag)
    reader.handle_data = text.append
    reader.feed(papers()._repr_html_())
    assert set(tags) == {"table", "thead", "tbody", "tr", "th", "td"}
    assert "A <Title> & More. Doe and Roe (2001)" in "".join(text)


def test_a_card_says_everything_in_its_repr():
    said = repr(papers()["monarch"])
    for words in ("Dao et al. (2022)", "claim ", "workbench.network.monarch", "test_families.py::", "limits "):
        assert words in said


def _with(old, new):
    assert old in SOUND
    return SOUND.replace(old, new)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (_with("year = 2001", 'year = "2001"'), r"card 'a_card' .*Expected `int`, got `str` - at `\$\.year`"),
        (_with("year = 2001", "year = 20011"), r"card 'a_card' .*`\$\.year`"),
        (_with('claim = "It works."\n', ""), "card 'a_card' .*missing required field `claim`"),
        (_with("limits", "limit"), "card 'a_card' .*unknown field `limit`"),
        (_with('["Doe, J.", "Roe, R."]', "[]"), r"card 'a_card' .*`\$\.authors`"),
        (_with('"It works."', '""'), r"card 'a_card' .*`\$\.claim`"),
        (_with('["workbench.network.cp"]', '["os.system"]'), r"card 'a_card' .*`\$\.where\[0\]`"),
        (_with("::test_every", "::every"), r"card 'a_card' .*`\$\.evidence\[0\]`"),
        (_with("year = 2001", 'year = 2001\nnotebook = "tour.ipynb"'), r"card 'a_card' .*`\$\.notebook`"),
        (
            _with('"decomposition"', '"decompositions"'),
            "card 'a_card' .*kind 'decompositions'; did you mean 'decomposition'",
        ),
        (_with("[a_card]", "[a_card]\nkey = 'b'"), "card 'a_card' has a field 'key'"),
        ("title = 'x'", "title = 'x' outside a card"),
        (SOUND + SOUND, "not TOML"),
        ("[a_card", "not TOML"),
    ],
)
def test_a_card_that_is_not_sound_is_refused_by_name_and_field(toml, said):
    with pytest.raises(PapersError, match=said):
        _cards(toml)


def test_a_sound_card_is_read():
    (card,) = _cards(SOUND)
    assert (card.key, card.year, card.notebook) == ("a_card", 2001, None)
    assert card.citation == "Doe and Roe (2001)"
    with pytest.raises(AttributeError):
        card.year = 1
