"""Networks as `torch.nn.Module`s."""

__all__ = ["NetworkLinear"]

from workbench.network import NetworkLinear
