"""All topics, in the order of the lessons."""

__all__ = ["TOPICS"]

from workbench.lessons import (
    _any_group,
    _approximate,
    _brauer,
    _composition,
    _convolution,
    _equivariance,
    _microscope,
    _partitions,
)

TOPICS = (
    _equivariance.topic,
    _convolution.topic,
    _partitions.topic,
    _brauer.topic,
    _any_group.topic,
    _composition.topic,
    _microscope.topic,
    _approximate.topic,
)
