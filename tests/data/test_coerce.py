"""as_tensor takes what people hold, keeps its numbers, and refuses with a line that works."""

import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from workbench.data import DataError, as_mask, as_tensor
from workbench.network import WorkbenchError

FLOATS = ["float16", "float32", "float64", "complex64", "complex128"]


def arrays():
    """Finite NumPy arrays of every dtype we keep, one to three axes."""
    shapes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)
    return st.tuples(st.sampled_from(FLOATS), shapes, st.integers(0, 2**32 - 1)).map(
        lambda drawn: _array(np.dtype(drawn[0]), drawn[1], drawn[2])
    )


def _array(dtype, shape, seed):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape)
    return (values + 1j * rng.standard_normal(shape)).astype(dtype) if dtype.kind == "c" else values.astype(dtype)


@settings(max_examples=60)
@given(arrays())
def test_every_container_gives_the_same_numbers_and_dtype(values):
    wanted = torch.tensor(values.tolist(), dtype=getattr(torch, values.dtype.name))
    axes = [f"d{k}" for k in range(values.ndim)]
    for held in (
        values,
        torch.from_numpy(values.copy()),
        xarray.DataArray(values, dims=axes),
        np.asfortranarray(values),
    ):
        got = as_tensor(held)
        assert got.dtype == wanted.dtype
        assert torch.equal(got, wanted)


@settings(max_examples=60)
@given(arrays(), st.data())
def test_any_view_of_an_array_keeps_its_numbers(values, data):
    steps = [data.draw(st.sampled_from([1, -1, 2, -2])) for _ in values.shape]
    view = values[tuple(slice(None, None, step) for step in steps)].transpose(
        data.draw(st.permutations(range(values.ndim)))
    )
    if data.draw(st.booleans()):
        view = view.astype(view.dtype.newbyteorder(">"))
    if data.draw(st.booleans()):
        view.flags.writeable = False
    assert as_tensor(view).tolist() == view.tolist()


def test_lists_take_torchs_default_dtype():
    assert as_tensor([[1.0, 2.5], [3.0, 4]]).dtype == torch.get_default_dtype()
    assert as_tensor(((1.0, 2.0),)).shape == (1, 2)
    assert as_tensor(2.5).shape == ()
    assert as_tensor([np.float64(1.5), 2.0]).tolist() == [1.5, 2.0]
    assert as_tensor([1 + 2j]).is_complex()


def test_an_image_of_floats_is_taken():
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert as_tensor(Image.fromarray(values)).tolist() == values.tolist()


def test_memory_is_shared_where_it_can_be():
    tensor, array = torch.zeros(2, 3), np.zeros((2, 3))
    assert as_tensor(tensor).data_ptr() == tensor.data_ptr()
    assert as_tensor(array).data_ptr() == array.ctypes.data
    assert as_tensor(tensor.T).stride() == tensor.T.stride()


def test_a_read_only_array_is_copied_so_that_nobody_writes_to_it():
    array = np.zeros(3)
    array.flags.writeable = False
    as_tensor(array)[0] = 1
    assert array[0] == 0


def test_a_parameter_is_taken_as_values():
    weight = torch.nn.Linear(3, 2).weight
    got = as_tensor(weight)
    assert type(got) is torch.Tensor
    assert not got.requires_grad
    assert torch.equal(got, weight)


def test_a_conjugate_view_becomes_plain_numbers():
    x = torch.tensor([1 + 2j])
    got = as_tensor(x.conj())
    assert not got.is_conj()
    assert got.tolist() == [1 - 2j]


def test_bfloat16_is_kept():
    assert as_tensor(torch.ones(2, dtype=torch.bfloat16)).dtype == torch.bfloat16


def _colour(mode):
    return Image.fromarray(np.arange(12, dtype=np.uint8).reshape(2, 2, 3)).convert(mode)


REFUSED_WITH_A_LINE = {
    "uint8 tensor": torch.arange(6, dtype=torch.uint8),
    "uint16 tensor": torch.arange(6).to(torch.uint16),
    "int64 tensor": torch.arange(6),
    "bool tensor": torch.tensor([True, False]),
    "8-bit floats": torch.ones(2).to(torch.float8_e4m3fn),
    "sparse tensor": torch.eye(3).to_sparse(),
    "uint8 array": np.arange(6, dtype=np.uint8),
    "int32 array": np.arange(6, dtype=np.int32),
    "bool array": np.array([True, False]),
    "integer scalar": np.int64(3),
    "object array": np.array([1, 2.5], dtype=object),
    "strings of numbers": np.array(["1", "2.5"]),
    "uint8 DataArray": xarray.DataArray(np.arange(6, dtype=np.uint8)),
    "int64 DataArray": xarray.DataArray(np.arange(6)),
    "list of integers": [[1, 2], [3, 4]],
    "list of booleans": [True, False],
    "list of tensors": [torch.ones(2), torch.ones(2)],
    "list of arrays": [np.ones(2), np.ones(2)],
    "RGB image": _colour("RGB"),
    "RGBA image": _colour("RGBA"),
    "grey image": _colour("L"),
    "palette image": _colour("P"),
    "black and white image": _colour("1"),
    "32-bit integer image": _colour("I"),
    "CMYK image": _colour("CMYK"),
} | ({"extended precision": np.ones(2, dtype=np.longdouble)} if np.dtype(np.longdouble).itemsize > 8 else {})


@pytest.mark.parametrize("name", REFUSED_WITH_A_LINE)
def test_the_line_in_the_refusal_converts_the_data(name):
    with pytest.raises(DataError) as refusal:
        as_tensor(REFUSED_WITH_A_LINE[name], what="photo")
    line = re.search(r"photo = .*$", str(refusal.value)).group()
    names = {"photo": REFUSED_WITH_A_LINE[name], "np": np, "torch": torch}
    exec(line, names)
    assert as_tensor(names["photo"]).dtype in (torch.float32, torch.float64)


def test_uint8_pictures_land_in_the_unit_interval():
    message = r"^x holds uint8 values 0\.\.255; convert with x = x\.float\(\) / 255$"
    with pytest.raises(DataError, match=message):
        as_tensor(torch.zeros(2, 2, 3, dtype=torch.uint8))
    with pytest.raises(DataError, match=r"mode RGB .* / 255$"):
        as_tensor(_colour("RGB"))


@pytest.mark.parametrize(
    ("x", "said"),
    [
        ("china.jpg", "is the str 'china.jpg'"),
        (None, "is a builtins.NoneType; expected a torch tensor"),
        ({"a": 1.0}, "is a builtins.dict; expected"),
        ([[1.0, 2.0], [3.0]], "not nested lists of floats in equal rows"),
        ([1.0, "2"], "not nested lists of floats"),
        ([1.0, None], "not nested lists of floats"),
        ([], r"has no entries: its shape is \(0,\)"),
        (torch.zeros(0, 3), r"has no entries: its shape is \(0, 3\)"),
        (np.array(["a"]), "holds <U1 values, not numbers"),
        (np.array(["2026-01-01"], dtype="datetime64[D]"), "not numbers"),
        (np.zeros(2, dtype=[("a", float)]), r"records with the fields \['a'\]"),
        (np.ma.masked_array([1.0], [True]), "masked array; give np.ma.filled"),
        (torch.zeros(2, 2, device="meta"), "on the meta device"),
    ],
)
def test_what_is_no_data_is_refused_by_name(x, said):
    with pytest.raises(DataError, match="^weights .*" + said):
        as_tensor(x, what="weights")


def test_a_list_that_holds_itself_is_refused():
    loop: list = []
    loop.append(loop)
    with pytest.raises(DataError):
        as_tensor(loop)


def test_bad_entries_are_counted_and_the_first_is_named():
    x = torch.zeros(3, 4)
    x[1, 2] = x[2, 0] = torch.nan
    x[0, 3] = -torch.inf
    said = r"x has 2 NaN entries, the first at \(1, 2\) and 1 infinite entry, the first at \(0, 3\) \(of 12\)"
    with pytest.raises(DataError, match=said):
        as_tensor(x)
    with pytest.raises(DataError, match=r"1 NaN entry, the first at \(\)"):
        as_tensor(float("nan"))


@pytest.mark.parametrize(
    "make", [torch.tensor, np.array, xarray.DataArray, list], ids=["torch", "numpy", "xarray", "list"]
)
def test_the_mask_in_the_refusal_is_accepted(make):
    x = make([1.0, float("nan"), 3.0])
    with pytest.raises(DataError) as refusal:
        as_tensor(x)
    mask = eval(re.search(r"mask=(.*\(x\))", str(refusal.value)).group(1), {"x": x, "np": np, "torch": torch})
    assert as_tensor(x, mask=mask).tolist() == [1.0, 0.0, 3.0]


def test_a_mask_never_changes_the_users_data():
    x = torch.tensor([1.0, 2.0])
    assert as_tensor(x, mask=np.array([True, False])).tolist() == [1.0, 0.0]
    assert x.tolist() == [1.0, 2.0]
    assert as_tensor(x, mask=[True, True]).data_ptr() == x.data_ptr()


def test_a_hole_that_the_mask_calls_observed_is_refused():
    with pytest.raises(DataError, match="take them out of the mask, too"):
        as_tensor([1.0, float("nan")], mask=[False, True])


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ([1, 0], "mask holds int64 values; a mask is boolean"),
        (torch.ones(2), "mask holds float32 values"),
        ([True], r"mask has shape \(1,\), the data \(2,\)"),
        ([False, False], "mask is False everywhere"),
        ([[True], []], "mask is not an array of booleans"),
    ],
)
def test_what_is_no_mask_is_refused(mask, said):
    with pytest.raises(DataError, match=said):
        as_mask(mask, torch.zeros(2))


def test_refusals_are_the_workbenchs_and_travel_between_processes():
    assert issubclass(DataError, WorkbenchError)
    assert str(pickle.loads(pickle.dumps(DataError("x is odd")))) == "x is odd"


def test_no_library_is_imported_to_ask_whether_data_are_its():
    code = "import sys; from workbench.data._coerce import as_tensor; as_tensor([1.0]); print('xarray' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )
