"""The file format: what is written is read back, and whatever else is given raises `SpecError` and nothing more."""

import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.network.strategies import networks
from workbench.network import (
    Network,
    SpecError,
    block_term,
    cp,
    from_editor_json,
    mera,
    tensor_train,
    to_editor_json,
)

DATA = Path(__file__).with_name("data")
NET = Network(
    {"A": ("i", "r"), "B": ("r", "j"), "E": ("i", "j")}, {"i": 2, "r": 3, "j": 2}, ("i",), {"E": "levi_civita"}
)
V1 = {
    "format": "workbench.network",
    "version": 1,
    "tensors": {"A": ["i", "r"], "B": ["r", "j"]},
    "sizes": {"i": 4, "r": 2, "j": 5},
    "legs": ["j", "i"],
}


def refused(text: str | bytes) -> str:
    """What the reader says; it must be a `SpecError`, short enough to be shown."""
    with pytest.raises(SpecError) as error:
        Network.from_json(text)
    said = str(error.value)
    assert len(said) < 600
    assert said.isprintable()
    return said


def spec(**changes: Any) -> str:
    return json.dumps({**NET.to_dict(), **changes})


# ---- what is written is read ----------------------------------------------------------------------------------------


@settings(max_examples=2000)
@given(net=networks(max_tensors=8, max_indices=10))
def test_two_thousand_random_networks_survive_json(net):
    back = Network.from_json(net.to_json())
    assert back == net
    assert Network.from_json(net.to_json().encode()) == net
    assert Network.from_dict(net.to_dict()) == net
    assert [list(back.tensors), list(back.sizes), list(back.fixed)] == [
        list(net.tensors),
        list(net.sizes),
        list(net.fixed),
    ]


def test_the_format_is_the_one_the_editor_speaks():
    assert Network.from_einsum("ir,rj->ij", i=4, r=3, j=5).to_dict() == {
        "format": "workbench.network",
        "version": 2,
        "indices": [{"name": "i", "size": 4}, {"name": "r", "size": 3}, {"name": "j", "size": 5}],
        "tensors": [{"name": "A", "indices": ["i", "r"]}, {"name": "B", "indices": ["r", "j"]}],
        "legs": ["i", "j"],
    }
    assert NET.to_dict()["tensors"][2] == {"name": "E", "indices": ["i", "j"], "fixed": "levi_civita"}


def test_names_that_look_like_numbers_keep_their_order():
    net = Network({"10": ("2",), "9": ("2", "1")}, {"2": 3, "1": 4}, ("2", "1"))
    assert list(Network.from_json(net.to_json()).tensors) == ["10", "9"]


def test_an_older_version_is_read():
    net = Network.from_json(json.dumps(V1))
    assert net == Network.from_einsum("ir,rj->ji", i=4, r=2, j=5)
    assert net.to_dict()["version"] == 2


def test_the_largest_network_allowed_is_read():
    line = tensor_train((2,) * 64, 3)
    assert Network.from_json(line.to_json()) == line
    many = Network(
        {f"T{k}": tuple(f"i{8 * k + axis}" for axis in range(8)) for k in range(512)}, {f"i{k}": 1 for k in range(4096)}
    )
    assert Network.from_json(many.to_json()) == many
    assert Network.from_json(Network({"A": ("i",)}, {"i": 10**9}, ("i",)).to_json()).parameters == 10**9
    wide = Network({"A": tuple(f"i{k}" for k in range(62))}, {f"i{k}": 2 for k in range(62)})
    assert Network.from_json(wide.to_json()).parameters == 2**62


# ---- what is refused, and how ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is not JSON: Expecting value"),
        ("{", "the text is not JSON"),
        ("nonsense", "the text is not JSON"),
        ("{} {}", "the text is not JSON: Extra data"),
        ("null", "a network is a JSON object, got NoneType"),
        ("[]", "a network is a JSON object, got list"),
        ('"text"', "a network is a JSON object, got str"),
        ("{}", "$.format is None, expected 'workbench.network'"),
        (spec(format="workbench.networks"), "$.format is 'workbench.networks', expected 'workbench.network'"),
        (spec(format=["workbench.network"]), "$.format is list"),
        (spec(version=3), "$.version is 3, this release reads up to 2; upgrade tensor-workbench"),
        (spec(version=0), "$.version is 0, expected a whole number from 1 to 2"),
        (spec(version=True), "$.version is True"),
        (spec(version=2.0), "$.version is 2.0"),
        (spec(version="2"), "$.version is '2'"),
        (spec(version=None), "$.version is None"),
        (spec(colour="red"), "unknown field `colour`"),
        (spec(tensors=[{"name": "A", "indices": [], "colour": 1}]), "unknown field `colour` - at `$.tensors[0]`"),
        (spec(indices=[{"name": "i", "size": 2, "dim": 1}]), "unknown field `dim` - at `$.indices[0]`"),
        (spec(tensors=None), "Expected `array`, got `null` - at `$.tensors`"),
        (spec(tensors={"A": ["i"]}), "Expected `array`, got `object` - at `$.tensors`"),
        (spec(tensors=[{"name": "A"}]), "missing required field `indices` - at `$.tensors[0]`"),
        (spec(tensors=[{"name": "A", "indices": "ij"}]), "Expected `array`, got `str` - at `$.tensors[0].indices`"),
        (spec(tensors=[{"name": 1, "indices": []}]), "Expected `str`, got `int` - at `$.tensors[0].name`"),
        (spec(indices=[{"name": "i", "size": "2"}]), "Expected `int`, got `str` - at `$.indices[0].size`"),
        (spec(indices=[{"name": "i", "size": 2.0}]), "Expected `int`, got `float` - at `$.indices[0].size`"),
        (spec(indices=[{"name": "i", "size": True}]), "Expected `int`, got `bool` - at `$.indices[0].size`"),
        (spec(legs="i"), "Expected `array`, got `str` - at `$.legs`"),
        (spec(legs=["i", "i"]), "leg 'i' is listed twice"),
        (spec(legs=["x"]), "leg 'x' is on no tensor; there are 'i', 'r', 'j'"),
        (spec(legs=["ii"]), "leg 'ii' is on no tensor; did you mean 'i'?"),
        (spec(legs=["a" * 65]), "$.legs[0] is 'aaa"),
        (
            spec(tensors=[{"name": "A", "indices": ["i", "r", "j"], "fixed": "x" * 10**5}]),
            "tensor 'A' is fixed as 'xxx",
        ),
        (spec(**{"x" * 10**5: 1}), "unknown field `xxx"),
        (spec(legs=["i\n"]), r"$.legs[0] is 'i\n'; names are 1 to 64 printable characters"),
        (spec(tensors=[{"name": "", "indices": []}]), "$.tensors[0].name is ''; names are"),
        (spec(tensors=[{"name": "A", "indices": [" i"]}]), "$.tensors[0].indices[0] is ' i'; names are"),
        (spec(indices=[{"name": "\ud800", "size": 2}]), r"$.indices[0].name is '\ud800'; names are"),
        (spec(tensors=[{"name": "A", "indices": []}] * 2), "$.tensors names 'A' twice; names are unique"),
        (spec(indices=[{"name": "i", "size": 2}] * 2), "$.indices names 'i' twice"),
        (spec(indices=[{"name": "i", "size": 0}, *NET.to_dict()["indices"][1:]]), "index 'i' has size 0"),
        (spec(indices=[{"name": "i", "size": -1}, *NET.to_dict()["indices"][1:]]), "index 'i' has size -1"),
        (spec(indices=NET.to_dict()["indices"][1:]), "index 'i' has no size"),
        (spec(indices=[*NET.to_dict()["indices"], {"name": "k", "size": 2}]), "index 'k', which is on no tensor"),
        (
            spec(tensors=[{"name": "A", "indices": ["i", "r", "j"], "fixed": "magic"}]),
            "tensor 'A' is fixed as 'magic', which is no kind",
        ),
        (
            spec(tensors=[{"name": "A", "indices": ["i", "r", "j"], "fixed": "copy"}]),
            "copy tensor 'A' has sizes (2, 3, 2)",
        ),
        (spec().replace('"size": 2', '"size": NaN', 1), "the text holds NaN, which is not a number in JSON"),
        (spec().replace('"size": 2', '"size": -Infinity', 1), "the text holds -Infinity"),
        (spec().replace('"size": 2', '"size": 1e400', 1), "the text holds '1e400', which is too large for a number"),
        (spec().replace('"size": 2', '"size": 1e0', 1), "Expected `int`, got `float` - at `$.indices[0].size`"),
        (spec().replace('"size": 2', '"size": ' + "9" * 30, 1), "the text holds a number of 30 digits"),
        (spec().replace('"size": 2', '"size": 1000000001', 1), "index 'i' has size 1000000001; at most 1,000,000,000"),
        (spec().replace('"version": 2', '"version": 2, "version": 2'), "an object of the text names 'version' twice"),
        (spec().replace('"size": 2', '"size": 2, "size": 2', 1), "an object of the text names 'size' twice"),
        (spec().replace('"name": "A"', '"name": "A", "name": "B"'), "an object of the text names 'name' twice"),
        (json.dumps(V1).replace('"B"', '"A"'), "an object of the text names 'A' twice"),
        (json.dumps(V1).replace('"i": 4', '"j": 4'), "an object of the text names 'j' twice"),
        (json.dumps({**V1, "fixed": {}}), "unknown field `fixed`"),
        (json.dumps({**V1, "sizes": {**V1["sizes"], "i": 10**10}}), "at most 1,000,000,000 is read"),
        (json.dumps({**V1, "sizes": {"": 1}}), "a key of $.sizes is ''; names are"),
    ],
)
def test_an_unsound_text_is_refused_with_where_and_why(text, message):
    assert message in refused(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" " * 1_000_001, "the text is 1,000,001 long; at most 1,000,000 bytes are read"),
        ("é" * 600_000, "the text is 1,200,000 bytes long; at most 1,000,000 are read"),
        (spec(tensors=[{"name": f"T{k}", "indices": []} for k in range(513)]), "513 tensors; at most 512 are read"),
        (spec(indices=[{"name": f"i{k}", "size": 1} for k in range(4097)]), "4,097 indices; at most 4,096 are read"),
        (spec(legs=[f"i{k}" for k in range(65)]), "65 legs; at most 64 are read"),
        (spec(tensors=[{"name": "A", "indices": ["i"] * 65}]), "tensor 'A' has 65 indices; at most 64 are read"),
        (
            json.dumps({**V1, "tensors": {"A": ["i"] * 3}, "sizes": {"i": 10**9}, "legs": []}),
            "tensor 'A' would have more than 2^63 entries",
        ),
    ],
)
def test_what_is_too_large_is_refused(text, message):
    assert message in refused(text)


@pytest.mark.parametrize(
    "opening", ["[", '{"a":', '{"tensors":[', '{"format": "workbench.network", "version": 2, "legs": [']
)
@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_what_is_nested_too_deep_is_refused(opening, depth):
    text = opening * min(depth, 999_999 // len(opening))
    assert "nested too deep" in refused(text) or depth == 1_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff\xfe", "the text is not UTF-8: invalid start byte at byte 0; save it as UTF-8"),
        (spec().encode("utf-16"), "the text is not UTF-8"),
        (spec().encode("utf-16-le"), "the text is not JSON"),
        (spec().encode("utf-32"), "the text is not UTF-8"),
        (spec().encode("utf-8-sig"), "the text starts with a byte-order mark; save it as UTF-8 without one"),
        ("\ufeff" + spec(), "the text starts with a byte-order mark"),
        ('{"é": 1}'.encode("latin-1"), "the text is not UTF-8"),
        ('{"\ud800": 1}', "the text holds half a surrogate pair at character 2"),
        (b"\x00" * 10, "the text is not JSON"),
    ],
)
def test_what_is_not_utf8_is_refused(text, message):
    assert message in refused(text)


@pytest.mark.parametrize("value", [None, 3, [], {}, bytearray(b"{}"), object()])
def test_what_is_no_text_is_refused(value):
    assert f"a network is read from text, got {type(value).__name__}" in refused(value)


@pytest.mark.parametrize("value", [None, 3, [], "text", {1: 2}, {"format": "workbench.network", "version": 2, 3: 4}])
def test_from_dict_refuses_what_is_no_network(value):
    with pytest.raises(SpecError):
        Network.from_dict(value)


@pytest.mark.parametrize("text", [NET.to_json(), json.dumps(V1), to_editor_json(NET)])
def test_a_text_cut_at_any_byte_is_refused(text):
    reader = from_editor_json if "schema_version" in text else Network.from_json
    data = text.encode()
    for length in range(len(data)):
        with pytest.raises(SpecError):
            reader(data[:length])


def once_failing() -> list[Any]:
    cases = json.loads((DATA / "once_failing.json").read_text("utf-8"))
    return [
        pytest.param(case["latin1"].encode("latin-1") * case.get("times", 1), case["message"], id=case["why"])
        for case in cases
    ]


@pytest.mark.parametrize(("text", "message"), once_failing())
def test_what_once_failed_is_refused(text, message):
    assert message in refused(text)


# ---- memory ---------------------------------------------------------------------------------------------------------

CLAIMS = {
    "one huge index": {"A": ["i"]},
    "a tensor of 10^18 entries": {"A": ["i", "j"]},
    "a tensor beyond 2^63 entries": {"A": ["i", "j", "k"]},
    "a levi_civita tensor of 64 axes": {"A": ["i"] * 64},
}


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("fixed", [None, "copy", "ones", "levi_civita", "symplectic", "data"])
def test_nothing_is_allocated_for_what_a_text_claims(claim, fixed):
    held = CLAIMS[claim]["A"]
    text = spec(
        tensors=[{"name": "A", "indices": held, "fixed": fixed}],
        indices=[{"name": index, "size": 10**9} for index in dict.fromkeys(held)],
        legs=list(dict.fromkeys(held)),
    )
    assert peak_of(lambda: read_or_refuse(Network.from_json, text)) < 200_000


@pytest.mark.parametrize(
    "text",
    [
        spec(legs=["\\" * 300_000]),
        spec(tensors=[{"name": f"T{k}", "indices": []} for k in range(25_000)]),
        '{"format": "workbench.network", "version": 2, "legs": [' + "1e1," * 200_000,
        "[" * 1_000_000,
        "9" * 1_000_000,
        "0." + "9" * 900_000,
        '"' + "\\ud800" * 150_000 + '"',
    ],
    ids=lambda text: text[:20],
)
def test_memory_stays_in_proportion_to_the_text(text):
    assert peak_of(lambda: read_or_refuse(Network.from_json, text)) < 100 * len(text)


def peak_of(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# ---- fuzz -----------------------------------------------------------------------------------------------------------


def read_or_refuse(reader: Callable[[Any], Network], text: Any) -> Network | None:
    """A sound network or none; anything but a `SpecError` fails the test."""
    try:
        return reader(text)
    except SpecError:
        return None


SEEDS = [
    NET.to_dict(),
    V1,
    cp((4, 5, 6), 2, legs=("row", "col", "数")).to_dict(),
    mera(4, 2, 3).to_dict(),
    block_term((2, 3), 2, terms=2).to_dict(),
    Network().to_dict(),
]
EDITOR_SEEDS = [
    json.loads((DATA / "editor" / "hyperedge.json").read_text("utf-8")),
    json.loads(to_editor_json(NET.open("r"))),
    json.loads(to_editor_json(Network.from_einsum("iir,r->r", i=2, r=3))),
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 2.0, 1e308, 10**9, 10**9 + 1, 2**63, 10**18, -(2**63)),
    *("", "i", "A", "\n", "\ud800", "\u202e", "x" * 70, "workbench.network", "copy", "levi_civita", "__proto__"),
    *([], {}, [[]], ["i"], ["i"] * 70, {"name": "A"}, {"name": "i", "size": 2}),
]


def mutated(seeds: list[Any], number: int, seed: int) -> Iterator[bytes]:
    """Documents with one to four mutations each, of the structure or of the bytes."""
    chance = random.Random(seed)
    for _ in range(number):
        document = json.loads(json.dumps(chance.choice(seeds)))
        if chance.random() < 0.6:
            for _ in range(chance.randint(1, 4)):
                document = with_other_structure(document, chance)
        text = json.dumps(document, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
        if chance.random() < 0.6:
            for _ in range(chance.randint(1, 4)):
                text = with_other_bytes(text, chance)
        yield text


def with_other_structure(document: Any, chance: random.Random) -> Any:
    """One value replaced, removed, repeated, moved, or one key renamed, anywhere in the document."""
    places: list[tuple[Any, Any]] = []
    stack = [document]
    while stack:
        at = stack.pop()
        keys = list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
        places += [(at, key) for key in keys]
        stack += [at[key] for key in keys]
    if not places or chance.random() < 0.02:
        return chance.choice(VALUES)
    at, key = chance.choice(places)
    action = chance.randrange(6)
    if action == 0:
        del at[key]
    elif action == 1 and isinstance(at, dict):
        at[chance.choice(["name", "size", "version", "legs", "fixed", "", "\ud800", str(key) + "_", "x" * 200])] = (
            at.pop(key)
        )
    elif action == 2 and isinstance(at, list):
        at.insert(chance.randrange(len(at) + 1), json.loads(json.dumps(at[key])))
    elif action == 3:
        other, there = chance.choice(places)
        at[key] = json.loads(json.dumps(other[there])) if not isinstance(other, dict) or there in other else None
    elif action == 4 and isinstance(at[key], int | float) and not isinstance(at[key], bool):
        at[key] = at[key] * chance.choice([-1, 2, 0, 10**6, 10**30, 0.5])
    else:
        at[key] = json.loads(json.dumps(chance.choice(VALUES)))
    return document


TOKENS = [
    *(b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-0", b"01", b"1E5", b"9" * 40, b"null", b"true", b'"', b"\\"),
    *(b"{", b"}", b"[", b"]", b",", b":", b"[" * 2000, b'{"a":' * 500, b"\\ud800", b"\\u0000", b"\x00", b"\xff"),
    *(b"\xef\xbb\xbf", b"\xed\xa0\x80", b"//", b"'", b'"name": "A",', b'"version": 2,', b'"size": 1,', b" " * 50),
]


def with_other_bytes(text: bytes, chance: random.Random) -> bytes:
    """One flip, deletion, repetition, splice or token, anywhere in the text."""
    a, b = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
    b = min(b, a + chance.choice([1, 2, 8, 64, 1000]))
    action = chance.randrange(6)
    if action == 0 and text:
        at = min(a, len(text) - 1)
        return text[:at] + bytes([text[at] ^ (1 << chance.randrange(8))]) + text[at + 1 :]
    if action == 1:
        return text[:a] + text[b:]
    if action == 2:
        return text[:b] + text[a:b] * chance.choice([1, 2, 10]) + text[b:]
    if action == 3:
        c = chance.randrange(len(text) + 1)
        return text[:c] + text[a:b] + text[c:]
    return text[:a] + chance.choice(TOKENS) + text[a if action == 4 else b :]


def test_twenty_thousand_mutated_documents_are_sound_or_refused():
    sound = 0
    for text in mutated(SEEDS, 20_000, seed=0):
        net = read_or_refuse(Network.from_json, text)
        if net is not None:
            sound += 1
            assert Network.from_json(net.to_json()) == net
    assert 500 < sound < 15_000, "the mutations must neither leave everything whole nor break everything"


def test_mutated_editor_files_are_sound_or_refused():
    sound = 0
    for text in mutated(EDITOR_SEEDS, 3_000, seed=1):
        net = read_or_refuse(from_editor_json, text)
        if net is not None:
            sound += 1
            assert from_editor_json(to_editor_json(net)) == net
    assert 100 < sound < 2_500


@settings(max_examples=300)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=12,
    ),
    place=st.sampled_from([None, "tensors", "indices", "legs", "sizes", "version", "format"]),
    version=st.sampled_from([1, 2]),
)
def test_any_json_value_at_any_place_is_sound_or_refused(value, place, version):
    base = V1 if version == 1 else NET.to_dict()
    document = value if place is None else {**base, place: value}
    text = json.dumps(document)
    read_or_refuse(Network.from_json, text)
    read_or_refuse(from_editor_json, text)
    read_or_refuse(Network.from_dict, document)


@settings(max_examples=300)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    assert read_or_refuse(Network.from_json, data) is None
    assert read_or_refuse(from_editor_json, data) is None
