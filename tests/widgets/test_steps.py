"""The last edit as Python: what is shown is what was done."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.network import FAMILIES, Network, NetworkError, tensor_train
from workbench.widgets._steps import read_step

NET = Network.from_einsum("ir,rjs,sk->ijk", i=4, r=2, j=4, s=3, k=6)


class Workbench:
    """Stands for `wb` in the code that is run."""

    class network:
        pass


for name, family in FAMILIES.items():
    setattr(Workbench.network, name, family)

EDITS = [
    (
        {"op": "add", "args": {"name": "D", "indices": ["r", "x"], "sizes": {"x": 2}}},
        "net = net.add('D', ('r', 'x'), x=2)",
    ),
    (
        {"op": "add", "args": {"name": "D", "indices": ["name"], "sizes": {"name": 2}, "fixed": "ones"}},
        "net = net.add('D', ('name',), fixed='ones', sizes={'name': 2})",
    ),
    ({"op": "remove", "args": {"name": "B"}}, "net = net.remove('B')"),
    (
        {"op": "connect", "args": {"tensors": ["A", "C"], "size": 2, "index": "t"}},
        "net = net.connect('A', 'C', size=2, index='t')",
    ),
    ({"op": "disconnect", "args": {"index": "r"}}, "net = net.disconnect('r')"),
    ({"op": "join", "args": {"a": "i", "b": "j"}}, "net = net.join('i', 'j')"),
    ({"op": "cut", "args": {"index": "r"}}, "net = net.cut('r')"),
    ({"op": "open", "args": {"index": "r"}}, "net = net.open('r')"),
    ({"op": "close", "args": {"index": "i"}}, "net = net.close('i')"),
    ({"op": "attach", "args": {"tensor": "A", "index": "s"}}, "net = net.attach('A', 's')"),
    ({"op": "detach", "args": {"tensor": "A", "index": "r"}}, "net = net.detach('A', 'r')"),
    ({"op": "resize", "args": {"sizes": {"r": 24}}}, "net = net.resize(r=24)"),
    ({"op": "rename", "args": {"names": {"A": "left"}}}, "net = net.rename(A='left')"),
    ({"op": "relabel", "args": {"names": {"i": "row 1"}}}, "net = net.relabel(i='row 1')"),
    ({"op": "transpose", "args": {"legs": ["k", "i", "j"]}}, "net = net.transpose('k', 'i', 'j')"),
    (
        {"op": "split", "args": {"tensor": "B", "left": ["r"], "size": 2, "names": ["B", "D"], "index": "t"}},
        "net = net.split('B', ('r',), size=2, names=('B', 'D'), index='t')",
    ),
    ({"op": "merge", "args": {"a": "A", "b": "B", "name": "AB"}}, "net = net.merge('A', 'B', 'AB')"),
    (
        {"op": "template", "args": {"family": "tensor_train", "shape": [4, 5], "ranks": 4, "legs": ["i", "j"]}},
        "net = wb.network.tensor_train((4, 5), 4, legs=('i', 'j'))",
    ),
]


@pytest.mark.parametrize(("step", "code"), EDITS, ids=[step["op"] for step, _ in EDITS])
def test_an_edit_is_told_as_the_python_that_does_it(step, code):
    read = read_step(step)
    assert read.as_python() == code
    scope = {"net": NET, "wb": Workbench}
    exec(code, scope)
    assert scope["net"] == read.apply(NET)


def test_pulling_out_a_leg_and_deleting_it_are_told():
    out = read_step({"op": "attach", "args": {"tensor": "A", "index": "x", "size": 4}})
    assert out.as_python() == "net = net.attach('A', 'x', size=4)"
    back = read_step({"op": "disconnect", "args": {"index": "x"}})
    assert back.as_python() == "net = net.disconnect('x')"
    assert back.apply(out.apply(NET)) == NET


@pytest.mark.parametrize("name", ["r 1", "for", "é", "ﬁ", "1", "a'b", 'x"', "__import__('os')", "a\\", "{}"])
def test_names_enter_the_code_as_literals(name):
    net = NET.relabel(r=name)
    read = read_step({"op": "resize", "args": {"sizes": {name: 5}}})
    scope = {"net": net}
    exec(read.as_python(), scope)
    assert scope["net"] == net.resize({name: 5})
    assert isinstance(ast.parse(read.as_python()).body[0].value.args[0], ast.Dict)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (None, "an object with an op, got NoneType"),
        ({"op": 3}, "an object with an op"),
        ({"op": "resise", "args": {}}, "did you mean 'resize'"),
        ({"op": "__class__", "args": {}}, "no edit '__class__'"),
        ({"op": "resize", "args": {"sizes": {"r": "4"}}}, "do not fit"),
        ({"op": "resize", "args": {"sizes": {"r": 4}, "more": 1}}, "do not fit"),
        ({"op": "resize"}, "do not fit"),
        ({"op": "template", "args": {"family": "mps", "shape": [2], "ranks": 2}}, "no family 'mps'"),
    ],
)
def test_a_step_that_is_not_ours_is_refused(step, words):
    with pytest.raises(NetworkError, match=words):
        read_step(step)


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**12)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from("ABijkrs"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from("ABijkrs") | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=8,
)
keys = st.sampled_from(
    [
        "name",
        "indices",
        "sizes",
        "fixed",
        "tensors",
        "size",
        "index",
        "a",
        "b",
        "tensor",
        "names",
        "legs",
        "left",
        "family",
        "shape",
        "ranks",
    ]
)


@settings(max_examples=600)
@given(st.sampled_from([step["op"] for step, _ in EDITS]), st.dictionaries(keys, json_like, max_size=5))
def test_any_arguments_are_an_edit_or_a_network_error(op, args):
    try:
        read = read_step({"op": op, "args": args})
        read.as_python()
        read.apply(tensor_train((2, 3, 4), 2))
    except NetworkError:
        pass
