"""Where the explorer can be: the formats on offer, the state it begins with, and the way from one to another."""

__all__ = ["States"]

from collections.abc import Iterator, Sequence

from workbench.decomposition import FitError
from workbench.network import Network, did_you_mean
from workbench.widgets._formats import (
    OWN,
    Format,
    State,
    checked,
    formats_of,
    matched,
    own_format,
    refuse_uncarried,
    to_begin_with,
)


class States:
    """The formats over data of one shape, and the ranks each had when it was left.

    Parameters
    ----------
    shape, legs
        The data's axes.
    """

    def __init__(self, shape: Sequence[int], legs: Sequence[str]) -> None:
        self._shape = tuple(shape)
        self._formats = formats_of(shape, legs)
        self._left: dict[str, tuple[int, ...]] = {}

    def __iter__(self) -> Iterator[Format]:
        return iter(list(self._formats.values()))

    def form(self, state: State) -> Format:
        """The format of a state."""
        return self._formats[state.format]

    def network(self, state: State) -> Network:
        """The network of a state."""
        return self.form(state).network(state.ranks)

    def check(self, state: State) -> None:
        """Refuse a state that `workbench.decompose` would refuse.

        Raises
        ------
        FitError
            When a rank is more than its core can carry.
        """
        refuse_uncarried(self.form(state), state.ranks)

    def offer(self, net: Network) -> State:
        """Offer a network of the user's in place of the one before; the state with its own ranks.

        Raises
        ------
        NetworkError
            When its legs are not the data's axes.
        """
        self._formats[OWN] = own_format(net, self._shape)
        self._left.pop(OWN, None)
        return State(OWN, to_begin_with(self._formats[OWN], self._shape), net)

    def first(self, network: object, ranks: object) -> State:
        """The state of what the user gave: a network, a format's name, or nothing.

        Raises
        ------
        FitError, NetworkError
            When there is no such format, or the network or the ranks do not fit.
        """
        if isinstance(network, Network):
            state = self.offer(network)
        elif network is None or isinstance(network, str):
            state = self._begun(self._known(network or "tucker"))
        else:
            names = ", ".join(self._formats)
            raise FitError(f"network is a {type(network).__name__}; give a Network or one of {names}")
        return state if ranks is None else self.turned(state, state.format, ranks)

    def turned(self, state: State, key: object, ranks: object) -> State:
        """From a state to another format: with these ranks, those it had before, or as many parameters as there are now.

        Raises
        ------
        FitError
            When there is no such format, or the ranks do not fit.
        """
        key = self._known(key)
        form = self._formats[key]
        own = form.base if key == OWN else None
        if ranks is not None:
            return State(key, checked(form, ranks), own)
        if key == state.format:
            return state
        if key in self._left:
            return State(key, self._left[key], own)
        return self._begun(key) if key == OWN else State(key, matched(form, self.network(state).parameters))

    def leave(self, state: State) -> None:
        """Remember a format's ranks for when it is chosen again."""
        self._left[state.format] = state.ranks

    def of(self, net: Network) -> State:
        """The state of a network: of the format it has the form of, else it is offered as the user's own.

        Raises
        ------
        NetworkError
            When its legs are not the data's axes.
        """
        for key, form in self._formats.items():
            if set(net.sizes) == set(form.base.sizes):
                ranks = tuple(net.sizes[rank.index] for rank in form.ranks)
                if form.network(ranks) == net:
                    return State(key, ranks, form.base if key == OWN else None)
        return self.offer(net)

    def _begun(self, key: str) -> State:
        form = self._formats[key]
        return State(key, to_begin_with(form, self._shape), form.base if key == OWN else None)

    def _known(self, key: object) -> str:
        if isinstance(key, str) and key in self._formats:
            return key
        raise FitError(f"there is no format {key!r}{did_you_mean(str(key), self._formats)}")
