"""Layouts and diagrams: textbook shapes, the same everywhere, safe to show."""

import hashlib
import math
import pickle
import re
import xml.etree.ElementTree as ET
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.figures import Diagram, diagram, layout
from workbench.network import (
    Network,
    cp,
    hierarchical_tucker,
    mera,
    monarch,
    peps,
    tensor_ring,
    tensor_train,
    tucker,
)

SVG = "{http://www.w3.org/2000/svg}"


def names(kind: str) -> st.SearchStrategy[str]:
    return st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=6).map(
        lambda text: kind + text
    )


@st.composite
def networks(draw: st.DrawFn) -> Network:
    indices = draw(st.lists(names("i"), max_size=6, unique=True))
    held = st.lists(st.sampled_from(indices), max_size=5) if indices else st.just([])
    tensors = draw(st.dictionaries(names("T"), held.map(tuple), max_size=7))
    used = sorted({index for each in tensors.values() for index in each})
    legs = draw(st.lists(st.sampled_from(used), unique=True)) if used else []
    sizes = {index: draw(st.integers(1, 10**6)) for index in used}
    return Network(tensors, sizes, tuple(legs))


# ---- layout ----------------------------------------------------------------------------------------------------------


def test_trains_are_chains():
    places = list(layout(tensor_train((2,) * 5, 2)).values())
    assert len({y for _, y in places}) == 1
    assert [x for x, _ in places] == sorted(x for x, _ in places)


def test_a_chain_is_found_whatever_the_order_of_its_tensors():
    net = Network({"M": ("r", "s"), "L": ("i", "r"), "R": ("s", "k")}, {"r": 2, "s": 2, "i": 3, "k": 4}, ("i", "k"))
    places = layout(net)
    assert places["L"][1] == places["M"][1] == places["R"][1]
    assert abs(places["L"][0] - places["R"][0]) == 2 * abs(places["L"][0] - places["M"][0])


def test_rings_are_circles():
    places = list(layout(tensor_ring((2,) * 7, 2)).values())
    center = (sum(x for x, _ in places) / 7, sum(y for _, y in places) / 7)
    radii = [math.dist(center, place) for place in places]
    assert max(radii) - min(radii) < 2
    sides = [math.dist(a, b) for a, b in zip(places, [*places[1:], places[0]], strict=True)]
    assert max(sides) - min(sides) < 2


def test_the_core_of_a_tucker_network_is_the_middle():
    places = layout(tucker((2,) * 5, 2))
    core = places.pop("G")
    distances = [math.dist(core, place) for place in places.values()]
    assert max(distances) - min(distances) < 2


def test_a_tree_has_levels_and_its_leaves_below():
    net = hierarchical_tucker((2,) * 8, 2)
    places = layout(net)
    for bond in net.bonds:
        (a, _), (b, _) = net.holders(bond)
        assert abs(places[a][1] - places[b][1]) in (0.0, 162.0)
    leaves = [name for name in net.tensors if any(index in net.legs for index in net.tensors[name])]
    assert {places[name][1] for name in leaves} == {max(y for _, y in places.values())}


@pytest.mark.parametrize(("rows", "columns"), [(2, 3), (3, 3), (3, 5), (4, 2)])
def test_a_grid_is_a_grid(rows, columns):
    net = peps(rows, columns, 2, 2)
    places = layout(net)
    assert {math.dist(places[a], places[b]) for (a, _), (b, _) in map(net.holders, net.bonds)} == {180.0}
    assert len({x for x, _ in places.values()}) == columns
    assert len({y for _, y in places.values()}) == rows


def test_parts_that_do_not_hang_together_stand_apart():
    net = Network({"A": ("i", "r"), "B": ("r", "j"), "C": ("k",)}, {"i": 2, "j": 2, "k": 2, "r": 2}, ("i", "j", "k"))
    places = layout(net)
    assert min(math.dist(places["C"], places[name]) for name in "AB") >= 160


def test_known_positions_stay_and_new_tensors_go_near_their_neighbours():
    net = tensor_train((2, 2, 2), 2).add("D", ("i1", "x"), x=2)
    places = layout(net, {"A": (7, 8), "B": (300, 40), "C": (600, 90)})
    assert places["A"] == (7.0, 8.0)
    assert 80 <= math.dist(places["D"], places["B"]) < 200


@settings(max_examples=150)
@given(networks())
def test_every_network_is_laid_out_with_no_tensor_on_another(net):
    places = layout(net)
    assert list(places) == list(net.tensors)
    assert all(math.dist(a, b) >= 60 for a, b in combinations(places.values(), 2))


def test_a_network_of_many_tensors_is_laid_out_in_reasonable_time():
    many = {f"T{k}": (f"a{k}", f"a{(k * 7 + 1) % 150}", f"a{(k * 3 + 2) % 150}") for k in range(150)}
    assert len(layout(Network(many, {f"a{k}": 2 for k in range(150)}))) == 150


# ---- diagrams --------------------------------------------------------------------------------------------------------


def lines_of(svg: str, tip: str) -> list[ET.Element]:
    return [each for each in ET.fromstring(svg).iter(f"{SVG}path") if each.findtext(f"{SVG}title", "").startswith(tip)]


def labels(svg: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(svg).iter(f"{SVG}text")]


def test_a_diagram_shows_every_tensor_and_every_index_with_its_size():
    svg = diagram(tensor_train((427, 640, 3), (24, 3), legs=("row", "col", "rgb")))
    assert sorted(labels(svg)) == sorted(["A", "B", "C", "r0 · 24", "r1 · 3", "row · 427", "col · 640", "rgb · 3"])
    assert len(list(ET.fromstring(svg).iter(f"{SVG}circle"))) == 3


def test_wider_lines_are_larger_indices():
    svg = diagram(tensor_train((4, 640, 3), (24, 3)))
    width = {index: float(lines_of(svg, f"{index}:")[0].get("stroke-width")) for index in ("r0", "r1", "i1")}
    assert width["r1"] < width["r0"] < width["i1"]


def test_a_hyperbond_meets_in_a_dot():
    svg = diagram(cp((3, 4, 5), 2))
    assert len(lines_of(svg, "r: hyperbond")) == 3
    assert [each.get("class") for each in ET.fromstring(svg).iter(f"{SVG}circle")].count("dot") == 1


def test_multiple_bonds_fan_out():
    net = Network({"A": ("r", "s", "t"), "B": ("r", "s", "t")}, {"r": 2, "s": 2, "t": 2})
    paths = {line.get("d") for index in "rst" for line in lines_of(diagram(net), f"{index}: bond")}
    assert len(paths) == 3


def test_traces_diagonals_and_sums_are_drawn():
    net = Network({"A": ("r", "r"), "B": ("d", "d"), "C": ("s",)}, {"r": 2, "d": 3, "s": 4}, ("d",))
    svg = diagram(net)
    assert len(lines_of(svg, "r: trace")) == 1
    assert len(lines_of(svg, "d: diagonal")) == 2
    assert len(lines_of(svg, "d: leg")) == 1
    assert len(lines_of(svg, "s: axis of size 4 of C, summed")) == 1


def test_fixed_tensors_are_outlined_and_named_by_their_kind():
    net = Network({"E": ("a", "b")}, {"a": 2, "b": 2}, ("a", "b"), {"E": "levi_civita"})
    disc = next(ET.fromstring(diagram(net)).iter(f"{SVG}circle"))
    assert (disc.get("class"), disc.get("fill")) == ("fixed", "none")
    assert "levi-civita" in labels(diagram(net))


def test_inner_tensors_differ_from_those_with_legs():
    kinds = [each.get("class") for each in ET.fromstring(diagram(tucker((3, 4), 2))).iter(f"{SVG}circle")]
    assert sorted(kinds) == ["core", "core", "inner"]


def test_a_bond_goes_round_the_tensors_in_its_way():
    net = tensor_train((2, 2, 2), 2).connect("A", "C", size=2, index="x")
    straight = layout(tensor_train((2, 2, 2), 2))
    assert "Q" in lines_of(diagram(net, straight), "x:")[0].get("d")
    assert "Q" not in lines_of(diagram(net, straight), "r0:")[0].get("d")


def test_names_cannot_bring_markup():
    wicked = '</svg><script>alert("1")</script>&'
    net = Network({wicked: ("<i onload='x'>", '"r"')}, {"<i onload='x'>": 2, '"r"': 3}, ('"r"',))
    svg = diagram(net, caption="<b>&</b>")
    tags = {each.tag.removeprefix(SVG) for each in ET.fromstring(svg).iter()}
    assert tags == {"svg", "title", "style", "path", "circle", "text"}
    html = svg._repr_html_()
    assert html.count("<") == 1
    assert re.fullmatch(r'<img( [a-z-]+="[^"<>]*")+>', html)


@settings(max_examples=150)
@given(networks())
def test_every_network_makes_the_same_well_formed_svg_twice(net):
    svg = diagram(net)
    ET.fromstring(svg)
    assert svg == diagram(Network(net.tensors, net.sizes, net.legs))
    numbers = re.findall(r"-?\d+\.\d+", re.sub(r"<style>.*?</style>|<title.*?</title>|<text.*?</text>", "", svg))
    assert all(len(number.split(".")[1]) == 1 for number in numbers)
    assert "nan" not in svg.split("<style>")[1].split("</style>")[1].split("<text")[0]


GOLDEN = {
    "train": (tensor_train((427, 640, 3), (24, 3), legs=("row", "col", "rgb")), "8c90132fd3d6559c"),
    "ring": (tensor_ring((4, 5, 6, 7, 8), 3), "d7cfa7292bb338ef"),
    "mera": (mera(8, 2, 2), "5d5f0177043ad2c0"),
    "monarch": (monarch((2, 3), (4, 5)), "50357eb8facd89e5"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_drawings_are_the_same_to_the_byte_on_every_machine(name):
    """The digests were taken on one machine; nothing in them depends on how a machine rounds."""
    net, digest = GOLDEN[name]
    assert hashlib.sha256(diagram(net).encode()).hexdigest()[:16] == digest


def test_a_diagram_speaks_and_is_an_image_with_alternative_text():
    found = diagram(tensor_train((4, 5), 2))
    assert (
        repr(found)
        == "<Diagram: Tensor network of 2 tensors: A (i0 4 × r0 2), B (r0 2 × i1 5); legs i0, i1; 18 parameters>"
    )
    root = ET.fromstring(found)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == found.alt
    assert f'alt="{found.alt}"' in found._repr_html_()


def test_the_empty_network_and_scalars_are_drawn():
    assert "empty network, value 1" in diagram(Network())
    assert "A: scalar" in diagram(Network({"A": ()}))


def test_a_diagram_is_a_string_that_saves_and_pickles(tmp_path):
    found = diagram(cp((3, 4), 2))
    found.save(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == found
    again = pickle.loads(pickle.dumps(found))
    assert isinstance(again, Diagram)
    assert (again, again.alt) == (found, found.alt)
