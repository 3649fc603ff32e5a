"""`NetworkLinear`: a network as a trainable linear map. It lives on this floor because `Fit.layer` gives one."""

__all__ = ["NetworkLinear"]

import math
from collections.abc import Hashable, Mapping, Sequence

import torch
from torch import nn

from workbench.network._contract import fixed_tensor, operands_of, run
from workbench.network._errors import NetworkError
from workbench.network._network import Network
from workbench.network._plan import Plan, constant_to_compiler, plan_for

BATCH = ("batch",)  # a tuple, so no index is named like it


class NetworkLinear(nn.Module):
    """A linear map whose weight is a tensor network; used like `torch.nn.Linear`.

    The last axis of the input is read as the legs `inputs` in row-major order, so that it is
    ``x.unflatten(-1, input_sizes)``; the last axis of the output is the legs `outputs`, flattened likewise. The weight is
    never formed: the input is contracted with the cores along the cheapest path.

    Parameters
    ----------
    net
        The network; every leg is an input or an output.
    inputs, outputs
        The legs that make up the input's and the output's features, in order. May be empty: one feature.
    bias
        Whether to add a trainable vector, zero at first.
    cores
        Numbers to start from, copied: for every tensor of kind ``"data"`` (kept as buffers), and for all free tensors or
        for none. By default free tensors are Gaussian, with one variance such that independent inputs of variance 1 give
        outputs of mean variance 1.
    seed
        Of the random numbers; by default torch's global generator is used.
    device, dtype
        Of the parameters; by default those of `cores`, else torch's.

    Attributes
    ----------
    in_features, out_features : int
        The product of the inputs' and of the outputs' sizes.
    cores : torch.nn.ParameterDict
        The free tensors under their names (a ``.`` written as ``%2E``, since parameters cannot hold one).
    bias : torch.nn.Parameter or None
        Of shape (out_features,).

    Raises
    ------
    NetworkError
        When the legs are not the inputs and outputs, each once, or numbers are missing or do not fit.

    Examples
    --------
    >>> from workbench.network import tensor_train_matrix
    >>> net = tensor_train_matrix((4, 4), (3, 5), 2)  # legs i0, i1 (rows) and j0, j1 (columns)
    >>> layer = NetworkLinear(net, inputs=("j0", "j1"), outputs=("i0", "i1"), seed=0)
    >>> layer(torch.ones(7, 15)).shape
    torch.Size([7, 16])
    >>> layer
    NetworkLinear(
      in_features=15, out_features=16, bias=False, parameters=64
      (cores): ParameterDict(
          (A): Parameter containing: [torch.FloatTensor of size 4x3x2]
          (B): Parameter containing: [torch.FloatTensor of size 2x4x5]
      )
      (fixed): Module()
    )
    """

    def __init__(
        self,
        net: Network,
        inputs: Sequence[str],
        outputs: Sequence[str],
        *,
        bias: bool = False,
        cores: Mapping[str, torch.Tensor] | None = None,
        seed: int | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        _check_legs(net, tuple(inputs), tuple(outputs))
        self.network = net
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.in_features = math.prod(net.sizes[leg] for leg in inputs)
        self.out_features = math.prod(net.sizes[leg] for leg in outputs)
        given = next(iter((cores or {}).values()), None)
        dtype = dtype or (given.dtype if given is not None else torch.get_default_dtype())
        device = device or (given.device if given is not None else torch.get_default_device())
        numbers = self._numbers(dict(cores or {}), dtype, torch.device(device), seed)
        self.cores = nn.ParameterDict()
        self.fixed = nn.Module()
        for name, core in zip(net.tensors, numbers, strict=True):
            if name in net.fixed:
                self.fixed.register_buffer(key_of(name), core, persistent=net.fixed[name] == "data")
            else:
                self.cores[key_of(name)] = nn.Parameter(core)
        self.bias = nn.Parameter(torch.zeros(self.out_features, device=device, dtype=dtype)) if bias else None

    def _numbers(
        self, given: dict[str, torch.Tensor], dtype: torch.dtype, device: torch.device, seed: int | None
    ) -> list[torch.Tensor]:
        """A tensor of its own for every tensor of the network."""
        net = self.network
        given = {name: core.detach().to(device=device, dtype=dtype, copy=True) for name, core in given.items()}
        if not set(net.free) & set(given):
            drawn = int(torch.randint(2**62, ())) if seed is None else seed
            spread = net.random(drawn, torch.complex128 if dtype.is_complex else torch.float64)
            fixed = {name: core for name, core in given.items() if name in net.fixed}
            gain = gain_of(net, self.outputs, fixed)
            given |= {name: (core / _std(core) * gain).to(device=device, dtype=dtype) for name, core in spread.items()}
        made = operands_of(net, given)
        return [core.to(device=device, dtype=dtype) for core in made]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (*batch, in_features) to (*batch, out_features); the dtype and device are the parameters'.

        Raises
        ------
        NetworkError
            When the last axis of `x` has not `in_features` entries.
        """
        if x.ndim == 0 or x.shape[-1] != self.in_features:
            sizes = [self.network.sizes[leg] for leg in self.inputs]
            raise NetworkError(
                f"the input has shape {tuple(x.shape)}; its last axis must have {self.in_features} entries, "
                f"the legs {self.inputs} of sizes {tuple(sizes)} in one"
            )
        flat = x.reshape(-1, *(self.network.sizes[leg] for leg in self.inputs))
        planned = 1  # few sizes are planned for, and a compiled graph holds for all batches up to one
        while planned < flat.shape[0]:
            planned *= 4
        y = run(self._plan(planned), [*self._tensors(), flat])
        y = y.reshape(*x.shape[:-1], self.out_features)
        return y if self.bias is None else y + self.bias

    def weight(self) -> torch.Tensor:
        """The dense weight, (out_features, in_features), differentiable: ``layer(x) == F.linear(x, layer.weight(), layer.bias)``."""
        net = self.network.transpose(*self.outputs, *self.inputs)
        plan = plan_for(net.tensors.values(), net.legs, net.sizes)
        return run(plan, self._tensors()).reshape(self.out_features, self.in_features)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}, "
            f"parameters={sum(parameter.numel() for parameter in self.parameters())}"
        )

    def _tensors(self) -> list[torch.Tensor]:
        fixed = self.network.fixed
        return [
            self.fixed.get_buffer(key_of(name)) if name in fixed else self.cores[key_of(name)]
            for name in self.network.tensors
        ]

    @constant_to_compiler
    def _plan(self, batch: int) -> Plan:
        """The path for a batch of this size."""
        net = self.network
        operands = [*net.tensors.values(), (BATCH, *self.inputs)]
        return plan_for(operands, (BATCH, *self.outputs), {**net.sizes, BATCH: batch})


def key_of(name: str) -> str:
    """A tensor's name as a module takes it: no dot, and no name that modules use themselves.

    >>> key_of("A"), key_of("layer.0"), key_of("forward")
    ('A', 'layer%2E0', 'forward%')
    """
    quoted = name.replace("%", "%25").replace(".", "%2E")
    return f"{quoted}%" if hasattr(nn.ParameterDict, quoted) or hasattr(nn.ParameterDict(), quoted) else quoted


def gain_of(net: Network, outputs: Sequence[str], data: Mapping[str, torch.Tensor]) -> float:
    """The standard deviation of independent core entries that keeps the variance: 1 in, a mean of 1 out.

    The mean of a product of a weight's entry with its conjugate pairs every free entry with itself only. So the sum of
    the weight's mean squares is a network of two layers in which indices of free tensors and legs are shared, free
    tensors are constant, and fixed tensors stand twice.
    """
    if not net.free:
        return 1.0
    shared = {index for name in net.free for index in net.tensors[name]} | set(net.legs)

    def layer(name: str, bra: bool) -> list[Hashable]:
        return [(index,) if bra and index not in shared else index for index in net.tensors[name]]

    operands: list[torch.Tensor] = []
    labels: list[list[Hashable]] = []
    for name, kind in net.fixed.items():
        core = data[name] if name in data else fixed_tensor(kind, net.shape_of(name), torch.float64, None)
        operands += [core.cpu().to(torch.complex128), core.cpu().to(torch.complex128).conj()]
        labels += [layer(name, False), layer(name, True)]
    sizes: dict[Hashable, int] = {each: size for index, size in net.sizes.items() for each in (index, (index,))}
    met = {index for each in labels for index in each}
    total = float(run(plan_for(labels, (), sizes), operands).real)
    free = math.prod(net.sizes[index] for index in shared if index not in met)
    mean = total * free / math.prod(net.sizes[leg] for leg in outputs)
    return mean ** (-1 / (2 * len(net.free))) if mean > 0 else 1.0


def _std(core: torch.Tensor) -> float:
    """The standard deviation the entries of `Network.random` were drawn with: of two entries on, the one they show."""
    return float(core.abs().square().mean().sqrt()) or 1.0


def _check_legs(net: Network, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    for leg in (*inputs, *outputs):
        net._require_index(leg)
    if sorted((*inputs, *outputs)) != sorted(net.legs):
        raise NetworkError(
            f"inputs {inputs} and outputs {outputs} must be the network's legs {net.legs}, each once: "
            "close() sums a leg that is neither"
        )
