"""Data without a network connection: photographs, measured tensors, planted ones, and the way in for the user's own.

Data with gaps come as ``(x, mask)``: `mask` is True where `x` was observed, and `x` holds zeros in the gaps.
`catalogue` lists what there is; `describe` gives axes, units, source and licence.
"""

__all__ = [
    "Axis",
    "Catalogue",
    "DataError",
    "Description",
    "NestedSpiked",
    "Planted",
    "PlantedTubal",
    "Spiked",
    "as_mask",
    "as_tensor",
    "catalogue",
    "covid_serology",
    "describe",
    "digit_labels",
    "digits",
    "il2",
    "image",
    "indian_pines",
    "indian_pines_labels",
    "kinetic",
    "nested_spiked",
    "planted",
    "spiked",
    "tubal",
]

from workbench.data._catalogue import Axis, Catalogue, Description, catalogue, describe
from workbench.data._coerce import DataError, as_mask, as_tensor
from workbench.data._files import (
    covid_serology,
    digit_labels,
    digits,
    il2,
    image,
    indian_pines,
    indian_pines_labels,
    kinetic,
)
from workbench.data._planted import Planted, planted
from workbench.data._spiked import NestedSpiked, Spiked, nested_spiked, spiked
from workbench.data._tubal import PlantedTubal, tubal
