"""Weight sharing: the matrix of all maps that commute with a group, equal weights in equal colours."""

__all__ = ["weight_sharing"]

import colorsys
import math

import numpy as np
import plotly.graph_objects as go
import torch

from workbench.figures._numbers import Array, FigureError
from workbench.figures._tensors import ENTRIES
from workbench.figures._theme import CYCLE, INK, figure
from workbench.symmetry import Hom

SIDE = 380
"""Pixels of the longer side of the matrix."""
CELL = 40
"""Pixels of an entry, at most."""
GOLDEN = 0.6180339887498949


def weight_sharing(hom: Hom, *, side: int = SIDE) -> go.Figure:
    """The matrix that the maps of a `Hom` span: entries that are equal in all of them have the same colour.

    Entries that are zero in all maps stay empty; where one entry is always minus another, both have the same hue and one is
    paler. There may be more values than weights: one may be the sum of two others, as on the diagonal for O(n). Indices of several axes are counted in row-major order, and lines set the blocks of the first one apart.

    Parameters
    ----------
    hom
        The maps.
    side
        Pixels of the matrix's longer side.

    Raises
    ------
    FigureError
        When the matrix has more than 9,000 entries, or there are no maps.

    Examples
    --------
    >>> from workbench.symmetry import S
    >>> weight_sharing(S(5).hom(2, 2)).layout.title.text
    '625 entries, 15 different values, 15 to choose'
    """
    rows, columns = hom.shape
    if rows * columns > ENTRIES:
        raise FigureError(
            f"the matrix of {hom} has {rows:,} × {columns:,} entries, more than {ENTRIES:,}; make n or the powers smaller"
        )
    if not hom.dimension:
        raise FigureError(f"{hom}: no map but zero commutes with the group, and there is nothing to draw")
    labels, pale = _shared(torch.stack([hom.matrix(each).to_dense().flatten() for each in hom.basis()], -1).numpy())
    count = int(labels.max()) + 1
    shown = np.where(labels < 0, np.nan, 2.0 * labels + pale).reshape(rows, columns)
    words = f"{rows * columns:,} entries, {count} different value{'s' * (count != 1)}, {hom.dimension} to choose"
    scale = min(side / max(rows, columns), CELL)
    drawn = figure(
        title=words,
        width=round(max(scale * columns, 300)) + 80,
        height=round(max(scale * rows, 24)) + 90,
        margin={"l": 44, "r": 16, "t": 44, "b": 44},
    )
    drawn.add_heatmap(
        z=[[None if np.isnan(each) else int(each) for each in row] for row in shown],
        zmin=-0.5,
        zmax=2 * count - 0.5,
        colorscale=_colours(count),
        showscale=False,
        xgap=1 if scale > 6 else 0,
        ygap=1 if scale > 6 else 0,
        text=[["" if each < 0 else f"{'−' * int(light)}w{each}" for each, light in zip(*row, strict=True)] for row in zip(labels.reshape(rows, columns), pale.reshape(rows, columns), strict=True)],
        hovertemplate="row %{y}, column %{x}: %{text}<extra></extra>",
    )  # fmt: skip
    plain = {"showgrid": False, "showline": False, "ticks": "", "zeroline": False}
    drawn.update_xaxes(
        title={"text": _axis("input", hom.group.sizes(hom.source))},
        range=[-0.5, columns - 0.5],
        constrain="domain",
        constraintoward="left",
        **plain,
    )
    drawn.update_yaxes(
        title={"text": _axis("output", hom.group.sizes(hom.target))}, range=[rows - 0.5, -0.5], scaleanchor="x", **plain
    )
    line = {"color": INK, "width": 1}
    for at in _seams(hom.group.sizes(hom.target)):
        drawn.add_shape(type="line", x0=-0.5, x1=columns - 0.5, y0=at, y1=at, line=line)
    for at in _seams(hom.group.sizes(hom.source)):
        drawn.add_shape(type="line", x0=at, x1=at, y0=-0.5, y1=rows - 0.5, line=line)
    return drawn


def _shared(entries: Array) -> tuple[Array, Array]:
    """For every entry, given as its coefficients in all maps: the number of its weight (-1 for none), and whether it is minus that."""
    rounded = np.round(entries, 9) + 0.0
    first = rounded[np.arange(len(rounded)), (rounded != 0).argmax(1)]
    pale = first < 0
    signed = np.where(pale[:, None], -rounded, rounded) + 0.0
    _, which, found = np.unique(signed, axis=0, return_index=True, return_inverse=True)
    number = {int(at): None for at in sorted(which) if rounded[at].any()}
    names = {at: count for count, at in enumerate(number)}
    labels = np.array([names.get(int(which[each]), -1) for each in found.reshape(-1)])
    return labels, pale


def _colours(count: int) -> list[tuple[float, str]]:
    """Two steps a weight, full and pale: the house's colours, then hues as far apart as they can be, in middle tones."""
    scale: list[tuple[float, str]] = []
    for at in range(count):
        if count <= len(CYCLE):
            full = [int(CYCLE[at][k : k + 2], 16) / 255 for k in (1, 3, 5)]
        else:
            full = list(colorsys.hls_to_rgb((0.58 + at * GOLDEN) % 1, 0.62 - 0.11 * (at % 3), 0.5))
        for step, share in enumerate((1.0, 0.5)):
            colour = "#" + "".join(f"{round(255 * (share * part + (1 - share))):02x}" for part in full)
            scale += [((2 * at + step) / (2 * count), colour), ((2 * at + step + 1) / (2 * count), colour)]
    return scale


def _axis(name: str, sizes: tuple[int, ...]) -> str:
    return f"{name} index" if len(sizes) < 2 else f"{name} indices, {len(sizes)} in one"


def _seams(sizes: tuple[int, ...]) -> list[float]:
    """Where the first of several indices goes on by one."""
    block = math.prod(sizes[1:])
    return [at * block - 0.5 for at in range(1, sizes[0])] if len(sizes) > 1 else []
