"""Which network? Spaces of structures, algorithms that search them, and studies of what they found."""

__all__ = [
    "Best",
    "Evaluator",
    "Explanation",
    "GraphSpace",
    "Objective",
    "Point",
    "RankSpace",
    "RingSpace",
    "SearchError",
    "Space",
    "Study",
    "TreeSpace",
    "Trial",
    "search",
]

from workbench.structure._errors import SearchError
from workbench.structure._evaluation import Evaluator
from workbench.structure._explain import Explanation
from workbench.structure._objective import Objective
from workbench.structure._search import search
from workbench.structure._spaces import GraphSpace, Point, RankSpace, RingSpace, Space, TreeSpace
from workbench.structure._study import Best, Study
from workbench.structure._trial import Trial
