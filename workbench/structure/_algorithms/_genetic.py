"""TNGA: a population of structures that is selected, crossed and mutated.

Source: Li and Sun, *Evolutionary topology search for tensor network decomposition* (ICML 2020).
"""

__all__ = ["genetic"]

import numpy as np

from workbench.structure._algorithms import Proposals
from workbench.structure._spaces import Point, Space


def genetic(
    space: Space,
    generator: np.random.Generator,
    *,
    population: int = 50,
    survivors: int = 10,
    mutation: float = 0.1,
) -> Proposals:
    """Generation after generation: the best survive, their children mix their ranks and arrangements and change a little.

    Parameters
    ----------
    population, survivors
        Structures in a generation (50 in the authors' code), and how many of them go on (10).
    mutation
        The probability with which a rank, and the arrangement, is changed at random.
    """
    alive = [space.random(generator) for _ in range(population)]
    while True:
        found = yield alive
        order = sorted(range(len(alive)), key=lambda each: found[each].value)
        kept = [alive[at] for at in order[:survivors]]
        chances = 1.0 / np.arange(1, len(kept) + 1)
        chances /= chances.sum()
        children: list[Point] = []
        while len(kept) + len(children) < population:
            mother, father = (kept[int(at)] for at in generator.choice(len(kept), 2, p=chances))
            children.append(_child(space, mother, father, generator, mutation))
        alive = kept + children


def _child(space: Space, mother: Point, father: Point, generator: np.random.Generator, mutation: float) -> Point:
    from_mother = generator.random(len(mother.ranks)) < 0.5
    ranks = [a if first else b for a, b, first in zip(mother.ranks, father.ranks, from_mother, strict=True)]
    for bond, cap in enumerate(space.caps):
        if generator.random() < mutation:
            ranks[bond] = int(generator.integers(1, cap + 1))
    order = mother.order if generator.random() < 0.5 else father.order
    near = space.orders(order)
    if near and generator.random() < mutation:
        order = near[int(generator.integers(len(near)))]
    return Point(tuple(ranks), order)
