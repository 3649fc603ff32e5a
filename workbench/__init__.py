"""The workbench for tensor networks and symmetry in Jupyter: the picture is the program.

Everything heavy is loaded on first use, so that `import workbench as wb` costs next to nothing beyond `import torch`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench import data, decomposition, figures, layers, lessons, network, structure, symmetry, widgets
    from workbench._papers import papers
    from workbench.decomposition import (
        Fit,
        RankLandscape,
        RankSuggestion,
        chebyshev_tucker,
        core_consistency,
        decompose,
        diagnose,
        factor_match,
        parafac2,
        rank_landscape,
        sensitivity,
        stabilise,
        suggest_rank,
        t_svd,
    )
    from workbench.figures import plot
    from workbench.lessons import LessonError, exercise
    from workbench.network import Network, NetworkError, SpecError, WorkbenchError
    from workbench.structure import SearchError, Study, search
    from workbench.widgets import DecompositionExplorer, NetworkEditor, SymmetryLab, explore

__all__ = [
    "DecompositionExplorer",
    "Fit",
    "LessonError",
    "Network",
    "NetworkEditor",
    "NetworkError",
    "RankLandscape",
    "RankSuggestion",
    "SearchError",
    "SpecError",
    "Study",
    "SymmetryLab",
    "WorkbenchError",
    "chebyshev_tucker",
    "core_consistency",
    "data",
    "decompose",
    "decomposition",
    "diagnose",
    "exercise",
    "explore",
    "factor_match",
    "figures",
    "layers",
    "lessons",
    "network",
    "papers",
    "parafac2",
    "plot",
    "rank_landscape",
    "search",
    "sensitivity",
    "stabilise",
    "structure",
    "suggest_rank",
    "symmetry",
    "t_svd",
    "widgets",
]

_HOMES = {
    "DecompositionExplorer": "workbench.widgets",
    "Fit": "workbench.decomposition",
    "LessonError": "workbench.lessons",
    "Network": "workbench.network",
    "NetworkEditor": "workbench.widgets",
    "NetworkError": "workbench.network",
    "RankLandscape": "workbench.decomposition",
    "RankSuggestion": "workbench.decomposition",
    "SearchError": "workbench.structure",
    "SpecError": "workbench.network",
    "Study": "workbench.structure",
    "SymmetryLab": "workbench.widgets",
    "WorkbenchError": "workbench.network",
    "chebyshev_tucker": "workbench.decomposition",
    "core_consistency": "workbench.decomposition",
    "decompose": "workbench.decomposition",
    "diagnose": "workbench.decomposition",
    "exercise": "workbench.lessons",
    "explore": "workbench.widgets",
    "factor_match": "workbench.decomposition",
    "papers": "workbench._papers",
    "parafac2": "workbench.decomposition",
    "plot": "workbench.figures",
    "rank_landscape": "workbench.decomposition",
    "search": "workbench.structure",
    "sensitivity": "workbench.decomposition",
    "stabilise": "workbench.decomposition",
    "suggest_rank": "workbench.decomposition",
    "t_svd": "workbench.decomposition",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in __all__:
        value = import_module(f"workbench.{name}")
    elif name == "__version__":
        from importlib.metadata import version

        value = version("tensor-workbench")
    else:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def _attach_displays() -> None:
    """In a notebook, values show themselves: the root ties them to IPython, so that they need to know no screen."""
    import sys

    if "IPython" in sys.modules:
        from workbench._displays import attach

        attach()


_attach_displays()
