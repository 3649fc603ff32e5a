"""The model under the microscope: a copy in each precision, run with a fixed seed, its layers watched."""

__all__ = ["Call", "Subject", "cast", "leaves"]

import contextlib
import copy
import random
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils._pytree import tree_flatten, tree_map

from workbench.symmetry._microscope._operations import Operations

COUNTERPARTS = {
    torch.float64: {torch.complex64: torch.complex128},
    torch.float32: {torch.complex128: torch.complex64},
}


def cast(tree: Any, precision: torch.dtype) -> Any:
    """All floating tensors of a tree in a precision; complex ones in its counterpart, whole numbers as they are."""

    def one(x: Any) -> Any:
        if not isinstance(x, torch.Tensor):
            return x
        if x.is_complex():
            return x.to(COUNTERPARTS[precision].get(x.dtype, x.dtype))
        return x.to(precision) if x.is_floating_point() else x

    return tree_map(one, tree)


def leaves(tree: Any) -> list[torch.Tensor]:
    """The tensors of a tree, in order."""
    return [each for each in tree_flatten(tree)[0] if isinstance(each, torch.Tensor)]


@dataclass(eq=False)
class Call:
    """One call of a layer: what went in and what came out."""

    name: str
    kind: str
    began: int
    parent: "Call | None"
    inputs: list[torch.Tensor]
    foreign: bool = False
    """Whether its code is PyTorch's own."""
    outputs: list[torch.Tensor] = field(default_factory=list)
    ended: int = -1

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else self.parent.depth + 1


class Interrupted(Exception):  # noqa: N818 - it says what happened
    """A model raised something: where, and what."""

    def __init__(self, where: str, error: Exception) -> None:
        super().__init__(where, error)
        self.where, self.error = where, error


class Subject:
    """A copy of a model in one precision. Neither running nor watching it touches the model it was made of.

    Before every run the parameters and buffers are those of the model, and the random numbers start from the same seed: runs do
    not depend on one another, except through what the model keeps elsewhere.
    """

    def __init__(self, model: Any, precision: torch.dtype, *, everything: bool = False) -> None:
        self.root = _twin(model)
        self.precision = precision
        self.everything = everything
        self.root._apply(lambda x: cast(x, precision))  # type: ignore[no-untyped-call]
        if everything:
            _cast_attributes(self.root, precision)
        self._state = {name: x.detach().clone() for name, x in _state(self.root)}

    @property
    def watched(self) -> dict[str, nn.Module]:
        """The layers by name, private parts left out; the model itself has the empty one."""
        found = self.root.named_modules()
        return {
            name: each
            for name, each in found
            if not isinstance(each, torch.jit.ScriptModule)
            and not any(part.startswith("_") for part in name.split("."))
        }

    def run(self, args: Any, *, seed: int = 0, fresh: bool = True) -> Any:
        """The model on a tuple of arguments or a mapping of named ones, cast to the precision; gradients are cut."""
        if fresh:
            self.restore()
        given = tree_map(lambda x: x.detach().clone() if isinstance(x, torch.Tensor) else x, cast(args, self.precision))
        with seeded(seed), torch.enable_grad(), _default(self.precision if self.everything else None):
            out = self.root(**given) if isinstance(given, Mapping) else self.root(*given)
        return tree_map(lambda x: x.detach() if isinstance(x, torch.Tensor) else x, out)

    def restore(self) -> None:
        """Parameters and buffers as they were."""
        with torch.no_grad():
            for name, x in _state(self.root):
                if name in self._state and x.shape == self._state[name].shape:
                    x.copy_(self._state[name])

    def watch(
        self, args: Any, *, seed: int = 0, fresh: bool = True, inside: str | None = None
    ) -> tuple[Any, list[Call]]:
        """The result, and all calls of layers in the order in which they began; the first is the model itself.

        `inside` names a call whose own operations are recorded as calls, too.
        """
        calls: list[Call] = []
        open_calls: list[Call] = []
        clock = iter(range(1 << 60))
        counts: dict[str, int] = {}

        def began(label: str, kind: str, given: Any, foreign: bool = False) -> Call:
            kept = [x.detach().clone() for x in leaves(given)]
            call = Call(label, kind, next(clock), open_calls[-1] if open_calls else None, kept, foreign)
            calls.append(call)
            return call

        def ended(call: Call, out: Any) -> None:
            call.outputs = [x.detach().clone() for x in leaves(out)]
            call.ended = next(clock)

        def before(name: str) -> Callable[..., None]:
            def hook(module: nn.Module, args: Any, kwargs: Any) -> None:
                counts[name] = counts.get(name, 0) + 1
                label = name if counts[name] == 1 else f"{name}#{counts[name]}"
                foreign = type(module).__module__.partition(".")[0] == "torch"
                open_calls.append(began(label, type(module).__name__, (args, kwargs), foreign))

            return hook

        def after(*given: Any) -> None:
            ended(open_calls.pop(), given[-1])

        def operation(number: int, said: str, given: Any, run: Callable[[], Any]) -> Any:
            call = began(f"{inside}@{number}", said, given)
            out = run()
            ended(call, out)
            return out

        def here() -> bool:
            return bool(open_calls) and open_calls[-1].name == inside

        operations = Operations(here, operation) if inside is not None else contextlib.nullcontext()
        try:
            with self._hooked(before, after), operations:
                out = self.run(args, seed=seed, fresh=fresh)
        except Exception as error:
            raise Interrupted(open_calls[-1].name if open_calls else "", error) from error
        return out, calls

    def patched(self, args: Any, name: str, values: list[torch.Tensor | None], *, seed: int = 0) -> Any:
        """The result when the tensors that one call returns are replaced; None leaves one as it is."""
        name, _, at = name.partition("@")
        plain, _, number = name.partition("#")
        turn, seen = int(number or 1), 0
        open_names: list[int] = []

        def hook(*given: Any) -> Any:
            open_names.pop()
            return _replaced(given[-1], values) if seen == turn and not at else None

        def before(*_: Any) -> None:
            nonlocal seen
            seen += 1
            open_names.append(seen)

        def operation(number: int, _said: str, _given: Any, run: Callable[[], Any]) -> Any:
            return _replaced(run(), values) if number == int(at) else run()

        module = self.watched[plain]
        inner = [other for key, other in self.watched.items() if other is not module]
        handles = [module.register_forward_pre_hook(before), module.register_forward_hook(hook)]
        if at:  # operations of layers inside are not counted
            handles += [other.register_forward_pre_hook(lambda *_: open_names.append(0)) for other in inner]
            handles += [other.register_forward_hook(lambda *_: open_names.pop() and None) for other in inner]
        try:
            with Operations(lambda: open_names[-1:] == [turn], operation) if at else contextlib.nullcontext():
                return self.run(args, seed=seed)
        finally:
            for handle in handles:
                handle.remove()

    @contextlib.contextmanager
    def _hooked(self, before: Callable[[str], Any], after: Any) -> Iterator[None]:
        handles = []
        for name, module in self.watched.items():
            handles.append(module.register_forward_pre_hook(before(name), with_kwargs=True))
            handles.append(module.register_forward_hook(after, with_kwargs=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _replaced(out: Any, values: list[torch.Tensor | None]) -> Any:
    """What a call returns, with other numbers; entries that are NaN stay."""
    waiting = iter(values)

    def one(x: Any) -> Any:
        new = next(waiting) if isinstance(x, torch.Tensor) else None
        if new is None:
            return x
        new = new.to(x.dtype)
        if not x.is_floating_point() or new.shape != x.shape or not bool(x.isfinite().all()):
            return new
        return x + torch.where(new.isnan(), 0, new - x).detach()  # so that gradients still flow

    return tree_map(one, out)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Random numbers of torch, numpy and Python that start from a seed; afterwards all go on as if nothing had happened."""
    kept = random.getstate(), np.random.get_state()
    devices = list(range(torch.cuda.device_count()))
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(
            seed
        )  # torch.manual_seed also looks up where it was called, which takes longer
        if devices:
            torch.cuda.manual_seed_all(seed)
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(kept[0])
            np.random.set_state(kept[1])


@contextlib.contextmanager
def _default(precision: torch.dtype | None) -> Iterator[None]:
    before = torch.get_default_dtype()
    try:
        if precision is not None:
            torch.set_default_dtype(precision)
        yield
    finally:
        torch.set_default_dtype(before)


def _state(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _cast_attributes(root: nn.Module, precision: torch.dtype) -> None:
    """Tensors that a module keeps without having registered them."""
    for module in root.modules():
        for name, value in list(vars(module).items()):
            if not name.startswith("_") and not isinstance(value, nn.Module) and leaves(value):
                setattr(module, name, cast(value, precision))


# ---- copies ----------------------------------------------------------------------------------------------------------


def _twin(model: Any) -> nn.Module:
    """A copy; of a function, a module that calls it, together with copies of the modules that it refers to."""
    if isinstance(model, nn.Module):
        return uncompiled(_copied(original(model)))
    owner = getattr(model, "__self__", None)
    if isinstance(owner, nn.Module):
        return _Holder(
            {"model": uncompiled(_copied(original(owner)))}, lambda modules: getattr(modules["model"], model.__name__)
        )
    used = _modules_of(model) if isinstance(model, types.FunctionType) else {}
    twins = {name: uncompiled(_copied(original(each))) for name, each in used.items()}
    return _Holder(twins, lambda modules: _rebound(model, modules) if modules else model)


def original(model: Any) -> Any:
    """What torch.compile was given: compiled code would be compiled anew for every layer that is watched."""
    return getattr(model, "_orig_mod", model)


def uncompiled(twin: nn.Module) -> nn.Module:
    """A copy without compiled parts."""
    for module in list(twin.modules()):
        module._compiled_call_impl = None
        for name, child in list(module._modules.items()):
            module._modules[name] = original(child)
    return twin


class _Holder(nn.Module):
    """A function as a module whose children are the modules it uses."""

    def __init__(self, used: dict[str, nn.Module], bind: Callable[[dict[str, nn.Module]], Callable[..., Any]]) -> None:
        super().__init__()
        for name, each in used.items():
            self.add_module(name, each)
        self._function = bind(used)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)


def _copied(model: nn.Module) -> nn.Module:
    memo: dict[int, Any] = {}
    for module in model.modules():  # deepcopy refuses tensors with a history
        for value in vars(module).values():
            if isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    try:
        return copy.deepcopy(model, dict(memo))
    except Exception:  # noqa: BLE001 - whatever a module's parts raise
        return _by_parts(model, dict(memo))


def _by_parts(module: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """A copy of the tree of modules and their tensors; what cannot be copied beside them, a lock or a file, is shared."""
    if id(module) in memo:
        return cast_module(memo[id(module)])
    made = cast_module(object.__new__(type(module)))
    memo[id(module)] = made
    for name, value in vars(module).items():
        if name == "_modules":
            value = {key: child and _by_parts(child, memo) for key, child in value.items()}
        else:
            with contextlib.suppress(Exception):
                value = copy.deepcopy(value, memo)
        made.__dict__[name] = value
    return made


def cast_module(value: Any) -> nn.Module:
    """The same, known as a module."""
    made: nn.Module = value
    return made


def _modules_of(function: types.FunctionType) -> dict[str, nn.Module]:
    closure = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    found: dict[str, Any] = {}
    for name, cell in closure.items():
        with contextlib.suppress(ValueError):  # an empty cell
            found[name] = cell.cell_contents
    found |= {name: function.__globals__[name] for name in function.__code__.co_names if name in function.__globals__}
    return {name: each for name, each in found.items() if isinstance(each, nn.Module)}


def _rebound(function: types.FunctionType, modules: dict[str, nn.Module]) -> Callable[..., Any]:
    cells = tuple(
        types.CellType(modules[name]) if name in modules else cell
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    )
    made = types.FunctionType(
        function.__code__, {**function.__globals__, **modules}, function.__name__, function.__defaults__, cells
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made
