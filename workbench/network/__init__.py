"""The language: structure without numbers, cost, contraction, code, interchange."""

from workbench.network._cost import Cost
from workbench.network._errors import NetworkError, SpecError, WorkbenchError, did_you_mean
from workbench.network._families import (
    FAMILIES,
    block_tensor_train,
    block_term,
    cp,
    hierarchical_tucker,
    kronecker,
    mera,
    monarch,
    mps,
    peps,
    tensor_ring,
    tensor_train,
    tensor_train_matrix,
    tree,
    tucker,
)
from workbench.network._network import Network

__all__ = [
    "FAMILIES",
    "Cost",
    "Network",
    "NetworkError",
    "SpecError",
    "WorkbenchError",
    "block_tensor_train",
    "block_term",
    "cp",
    "did_you_mean",
    "hierarchical_tucker",
    "kronecker",
    "mera",
    "monarch",
    "mps",
    "peps",
    "tensor_ring",
    "tensor_train",
    "tensor_train_matrix",
    "tree",
    "tucker",
]
