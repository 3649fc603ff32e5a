"""What the page is told about the maps on it: the group, the families on offer, and the diagrams, packed."""

__all__ = ["about_of", "basis_of", "pictures_of"]

from collections.abc import Sequence
from typing import Any

from workbench.symmetry import Hom, Rep
from workbench.symmetry._diagram_hom import DiagramHom
from workbench.symmetry._groups import DiagramGroup
from workbench.widgets._symmetry_choice import KINDS, OWN, family_of, is_plain
from workbench.widgets._symmetry_element import axes_of, generators_of

BUTTONS, AXES = 6, 60
"""So many generators have a button, so many axes a line in the list."""


def about_of(hom: Hom, offered: Sequence[Hom]) -> dict[str, Any]:
    """The group, how many maps there are, and which families are on offer; of the user's own maps the last."""
    group = hom.group
    kinds = [
        {
            "key": key,
            "title": kind.title,
            "words": kind.words,
            "least": kind.least,
            "step": kind.step,
            "fixed": kind.fixed,
            "between": None,
        }
        for key, kind in KINDS.items()
    ]
    return {
        "group": repr(group),
        "family": family_of(hom),
        "n": group.n,
        "walled": group.walled,
        "complex": group.dtype.is_complex,
        "spanning": hom.spanning_size,
        "dimension": hom.dimension,
        "form": group.form_kind if isinstance(group, DiagramGroup) and group.form is not None else "",
        "noun": hom.noun,
        "kinds": kinds + [_own(each) for each in offered[-1:]],
        "generators": generators_of(group)[:BUTTONS],
        "axes": axes_of(group)[:AXES],
    }


def _own(hom: Hom) -> dict[str, Any]:
    between = None if is_plain(hom) else [repr(Rep.of(hom.group, space)) for space in (hom.source, hom.target)]
    told = {"key": OWN, "title": repr(hom.group), "words": "yours", "least": hom.group.n}
    return {**told, "step": 1, "fixed": True, "between": between}


def pictures_of(hom: Hom) -> dict[str, Any]:
    """All maps that span: the labels and the heads of diagrams as bytes, the names of others."""
    if not isinstance(hom, DiagramHom):
        names = [repr(each) for each in hom.diagrams]
        return {"count": len(names), "top": 0, "vertices": 0, "labels": b"", "head": b"", "names": names}
    rows = hom.diagrams.rows
    return {
        "count": len(rows),
        "top": len(hom.target),
        "vertices": hom.order,
        "labels": rows.labels.astype("u1").tobytes(),
        "head": rows.head.astype("u1").tobytes(),
        "names": [],
    }


def basis_of(hom: Hom, places: Sequence[int]) -> bytes:
    """A byte for every map: 1 where it is in the basis."""
    inside = set(places)
    return bytes(at in inside for at in range(hom.spanning_size))
