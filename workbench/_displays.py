"""What values look like in a notebook. Values know nothing of screens: the root ties them to IPython by name."""

__all__ = ["attach"]

from typing import Any

LARGEST = 64
"""Networks of more tensors than this are shown as text: nobody can read such a drawing, and every notebook stores it."""


def attach() -> None:
    """Register displays with IPython, when it runs; nothing of ours is imported before something is shown.

    The text, `repr`, stays as it is: it is what notebooks are compared by. The drawings are the same to the byte on
    every machine.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    html = shell.display_formatter.formatters["text/html"]
    html.for_type_by_name("workbench.network._network", "Network", _network)
    html.for_type_by_name("workbench.decomposition._fit", "Fit", _fit)
    for module, name in (
        ("_bilabelled", "BilabelledGraph"),
        ("_combination", "Combination"),
        ("_equivariant_map", "EquivariantMap"),
        ("_hom", "Hom"),
    ):
        html.for_type_by_name(f"workbench.symmetry.{module}", name, _equivariant)
    html.for_type_by_name("workbench.symmetry._microscope._report", "EquivarianceReport", _report)
    whole = shell.display_formatter.ipython_display_formatter  # a live board and its still picture are two outputs
    whole.for_type_by_name("workbench.structure._study", "Study", _study)


def _network(net: Any) -> str | None:
    from workbench.figures import diagram

    return diagram(net)._repr_html_() if len(net.tensors) <= LARGEST else None


def _study(study: Any) -> None:
    from workbench.widgets._search_board import show_study

    show_study(study)


def _equivariant(of: Any) -> str | None:
    from workbench.figures import FigureError, equivariant_diagrams
    from workbench.symmetry import SymmetryError

    try:
        return equivariant_diagrams(of)._repr_html_()
    except (FigureError, SymmetryError):  # none, or too many to enumerate
        return None


def _fit(fit: Any) -> str | None:
    from workbench.figures import diagram

    if len(fit.network.tensors) > LARGEST:
        return None
    error = f"{100 * fit.error:.3g}" if fit.error >= 1e-5 else "under 0.001"
    ratio = fit.compression
    size = f"{ratio:.3g}× smaller" if ratio >= 1 else f"{1 / ratio:.3g}× larger"
    caption = f"error {error} % · {fit.parameters:,} parameters, {size} than the data"
    return diagram(fit.network, caption=caption)._repr_html_()


def _report(report: Any) -> str:
    from html import escape

    lines = repr(report).split("\n")
    mark, colour = ("✓", "#009E73") if report.sound else ("✗", "#D55E00")
    head = f'<div style="font-weight:600"><span style="color:{colour}">{mark}</span> {escape(lines[0])}</div>'
    said, told = "", 1
    for each in report.findings:
        said += f"<div>{escape(each.text)}.</div>"
        for name, words in (("Operation", each.operation), ("Remedy", each.remedy)):
            said += f"<div><i>{name}:</i> {escape(words)}</div>" if words else ""
            told += bool(words)
        told += 1
    rest = escape("\n".join(lines[told:]))
    return f'{head}{said}<pre style="margin:.4em 0;line-height:1.3;word-break:normal">{rest}</pre>'
