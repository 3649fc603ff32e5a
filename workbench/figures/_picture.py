"""Photographs: shown as photographs, not as heat maps."""

__all__ = ["SIDE", "Picture", "colours", "is_picture", "jpeg", "jpeg_uri", "photographs", "picture", "pixels", "sized"]

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.figures._numbers import Array, FigureError, as_array
from workbench.figures._theme import SEQUENTIAL

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 320
"""The most pixels along a side of a picture in a notebook: china.jpg is 638 kB as PNG, 91 kB as JPEG, 16 kB so."""
QUALITY = 75
STRIP = 24
GAP = 8
INK, PAPER = (232, 235, 240), (40, 46, 56)


@dataclass(frozen=True, repr=False)
class Picture:
    """Photographs side by side, each under its title: one JPEG that shows itself in a notebook.

    A picture of a reconstruction is not the same to the bit on two processors: float32 arithmetic differs in the last
    digits, and however coarsely pixels are rounded, some lie at the boundary. nbval compares a plotly figure exactly,
    pictures inside it included, but never compares `image/jpeg`. So photographs are shown as what they are, in the
    format notebooks and their readers (JupyterLab, GitHub, untrusted notebooks) all draw, and what a notebook claims
    about them is stated, and tested, as a number.

    Parameters
    ----------
    jpeg
        The picture, at most 320 pixels a panel.
    titles
        What the panels show, left to right.
    shape
        Height and width of what is shown, in its own pixels.
    """

    jpeg: bytes
    titles: tuple[str, ...]
    shape: tuple[int, int]

    def __repr__(self) -> str:
        return f"<Picture {self.shape[0]} × {self.shape[1]}: {', '.join(self.titles)}>"

    def _repr_jpeg_(self) -> bytes:
        return self.jpeg

    def save(self, path: str | Path) -> None:
        """Write the .jpg file."""
        Path(path).write_bytes(self.jpeg)


def picture(panels: object | Mapping[str, object]) -> Picture:
    """A photograph, or several side by side.

    Parameters
    ----------
    panels
        One picture, or a mapping title -> picture. A picture is (height, width), or (height, width, 3) with values in
        [0, 1]; what leaves that range is cut off. A matrix with other values is stretched to its own range.

    Raises
    ------
    FigureError
        When something is not of that shape.

    Examples
    --------
    >>> import torch
    >>> picture({"grey": torch.rand(40, 30), "colour": torch.rand(40, 30, 3)})
    <Picture 40 × 30: grey, colour>
    """
    named = panels if isinstance(panels, Mapping) else {"": panels}
    if not named:
        raise FigureError("no pictures given")
    arrays = {str(title): as_array(value, str(title) or "x") for title, value in named.items()}
    return _sheet({title: pixels(values, title or "x") for title, values in arrays.items()})


def jpeg(x: object, *, like: object = None) -> str:
    """One picture as a data URI, for a page: JPEG of at most 320 pixels a side.

    Parameters
    ----------
    x
        (height, width) or (height, width, 3), at least 16 pixels a side, values in [0, 1]; a matrix with other values
        is stretched to its own range, or to that of `like`.
    like
        The picture it is shown next to.

    Raises
    ------
    FigureError
        When `x` is no picture.

    Examples
    --------
    >>> import torch
    >>> jpeg(torch.rand(20, 30))[:27]
    'data:image/jpeg;base64,/9j/'
    """
    values = as_array(x)
    if not is_picture(values.shape):
        raise FigureError(
            f"x has shape {values.shape}; a picture is (height, width) or (height, width, 3), 16 or more a side"
        )
    return jpeg_uri(sized(pixels(values, stretch=_range(as_array(like)) if like is not None else None)))


def _range(values: Array) -> tuple[float, float]:
    return float(np.nanmin(values)), float(np.nanmax(values))


def photographs(before: Array, after: Array) -> Picture:
    """Before, after, and the size of the difference (root mean square of the colours) on a scale of its own."""
    bytes_before = pixels(before, "x")
    bytes_after = pixels(after, "the reconstruction", _range(before))
    size = np.abs(after - before) if before.ndim == 2 else np.sqrt(((after - before) ** 2).mean(axis=2))
    top = float(np.nanmax(size))
    coloured = colours(size / top if top else size)
    return _sheet({"before": bytes_before, "after": bytes_after, "residual": coloured}, bar=f"{top:.2g}")


def colours(shares: Array) -> Array:
    """The colours of the sequential scale for values in [0, 1]."""
    from plotly.colors import get_colorscale, unlabel_rgb

    stops = [
        (at, unlabel_rgb(colour) if colour.startswith("rgb") else _hex(colour))
        for at, colour in get_colorscale(SEQUENTIAL)
    ]
    channels = [
        np.interp(np.nan_to_num(shares), [at for at, _ in stops], [rgb[c] for _, rgb in stops]) for c in range(3)
    ]
    out: Array = np.stack(channels, axis=-1).round().astype(np.uint8)
    return out


def _hex(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _sheet(panels: Mapping[str, Array], bar: str = "") -> Picture:
    """The panels side by side under their titles; `bar`, the top of the last panel's scale, draws it a colour bar."""
    from PIL import Image, ImageDraw, ImageFont

    images = [sized(values) for values in panels.values()]
    strip = STRIP if any(panels) else 0
    size = (sum(i.width for i in images) + GAP * (len(images) - 1), max(i.height for i in images) + strip)
    sheet = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    left = 0
    for title, image in zip(panels, images, strict=True):
        draw.text((left + 6, STRIP // 2), title, fill=INK, font=font, anchor="lm")
        sheet.paste(image, (left, strip))
        left += image.width + GAP
    if bar:
        right = left - GAP - 6
        draw.text((right, STRIP // 2), bar, fill=INK, font=font, anchor="rm")
        right -= round(font.getlength(bar)) + 6
        wide = max(min(80, right - (left - GAP - images[-1].width) - 80), 8)
        ramp = colours(np.linspace(0, 1, wide)[None].repeat(10, axis=0))
        sheet.paste(Image.fromarray(ramp), (right - wide, STRIP // 2 - 5))
        draw.text((right - wide - 6, STRIP // 2), "0", fill=INK, font=font, anchor="rm")
    first = next(iter(panels.values()))
    return Picture(_jpeg(sheet), tuple(title for title in panels if title), (first.shape[0], first.shape[1]))


def is_picture(shape: Sequence[int]) -> bool:
    """Whether a tensor of this shape is shown as a picture: a matrix or three colours of one, not too narrow."""
    return len(shape) in (2, 3) and (len(shape) == 2 or shape[2] == 3) and min(shape[0], shape[1]) >= 16


def pixels(values: Array, what: str = "x", stretch: tuple[float, float] | None = None) -> Array:
    """Bytes (height, width) or (height, width, 3) for values in [0, 1]; gaps (NaN) become grey.

    A matrix whose values (or whose `stretch`) are well outside [0, 1] is stretched from lowest to highest.
    """
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] != 3):
        raise FigureError(f"{what} has shape {values.shape}; a picture is (height, width) or (height, width, 3)")
    low, high = stretch or _range(values)
    if values.ndim == 2 and (low < -0.5 or high > 1.5) and high > low:
        values = (values - low) / (high - low)
    out: Array = np.round(np.clip(np.nan_to_num(values, nan=0.5), 0.0, 1.0) * 255).astype(np.uint8)
    return out


def sized(bytes_: Array) -> "Image":
    """An image with no side above `SIDE`; a tiny one enlarged, its pixels left square."""
    from PIL import Image

    image = Image.fromarray(bytes_).convert("RGB")
    if max(image.size) <= SIDE // 2:
        factor = SIDE // max(image.size)
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image


def jpeg_uri(image: "Image") -> str:
    """The image as a data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(_jpeg(image)).decode()


def _jpeg(image: "Image") -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()
