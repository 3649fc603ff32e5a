"""The language: structure without numbers, cost, contraction, code, interchange."""

from workbench.network._cost import Cost
from workbench.network._editor_json import from_editor_json, to_editor_json
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
from workbench.network._linear import NetworkLinear
from workbench.network._network import Network
from workbench.network._quimb import from_quimb, to_quimb
from workbench.network._tensorly import from_tensorly, to_tensorly

__all__ = [
    "FAMILIES",
    "Cost",
    "Network",
    "NetworkError",
    "NetworkLinear",
    "SpecError",
    "WorkbenchError",
    "block_tensor_train",
    "block_term",
    "cp",
    "did_you_mean",
    "from_editor_json",
    "from_quimb",
    "from_tensorly",
    "hierarchical_tucker",
    "kronecker",
    "mera",
    "monarch",
    "mps",
    "peps",
    "tensor_ring",
    "tensor_train",
    "tensor_train_matrix",
    "to_editor_json",
    "to_quimb",
    "to_tensorly",
    "tree",
    "tucker",
]
