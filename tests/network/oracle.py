"""The value of a network by `numpy.einsum`, which shares no code with ours."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.network import Network


def numpy_value(net: Network, cores: Mapping[str, np.ndarray]) -> np.ndarray:
    """The value, in one sum over all indices; `cores` holds the numbers of every tensor, fixed ones too."""
    number = {index: k for k, index in enumerate(net.sizes)}
    operands: list[Any] = []
    for name, indices in net.tensors.items():
        operands += [np.asarray(cores[name], dtype=np.float64), [number[i] for i in indices]]
    return np.einsum(*operands, [number[leg] for leg in net.legs]) if operands else np.ones(())


def close(value: Any, net: Network, cores: Mapping[str, np.ndarray], epsilon: float = 1e-5) -> None:
    """Assert that `value` is the network's, up to rounding relative to the sum of the absolute values of its terms."""
    scale = numpy_value(net, {name: np.abs(core) for name, core in cores.items()})
    error = np.abs(np.asarray(value) - numpy_value(net, cores))
    assert np.all(error <= epsilon * (scale + 1e-30)), f"off by {error.max()} of {scale.max()}"
