"""Networks and equivariant maps as `torch.nn.Module`s."""

__all__ = ["EquivariantLinear", "NetworkLinear"]

from workbench.network import NetworkLinear
from workbench.symmetry import EquivariantLinear
