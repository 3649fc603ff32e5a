"""The evidence in sentences."""

import math
from collections.abc import Sequence

from workbench.decomposition._bond_floor import BondScore
from workbench.decomposition._rank_evidence import AGREE, Evidence, RankScore


def reasons_for(evidence: Evidence) -> tuple[str, ...]:
    """Why this rank and no other, one sentence a finding, the decisive ones first."""
    rank, scores = evidence.rank, evidence.scores
    score = scores[rank - 1]
    after = scores[rank] if rank < len(scores) else None
    sentences = [_exact(evidence), _predicted(evidence, score), _repeated(evidence, score, after)]
    sentences += [_above_noise(evidence, score, after), _agreed(evidence, score), _consistent(score, after)]
    return tuple(sentence for sentence in sentences if sentence)


def _exact(evidence: Evidence) -> str:
    if evidence.first_exact is None:
        return ""
    return f"{_components(evidence.first_exact)} {_leave(evidence.first_exact)} nothing over: the data have no noise, and this is their rank."


def _leave(rank: int) -> str:
    return "leaves" if rank == 1 else "leave"


def _predicted(evidence: Evidence, score: RankScore) -> str:
    if evidence.first_exact is not None:
        return ""
    best = evidence.predicts
    if best is None:
        return "No entries were held out: the data are too few for two halves."
    error = evidence.scores[best - 1].held_out
    if best == len(evidence.scores) > 1:
        text = f"{_components(best)} still predict entries that were held out better (error {error:.4g}) than fewer do: more may be better, try a larger up_to."
    else:
        text = f"{_components(best)} {'predicts' if best == 1 else 'predict'} entries that were held out with an error of {error:.4g}, and more do it no better."
    if score.rank < best:
        text += f" But {_components(best).lower()} do not all come out of both halves."
    return text


def _repeated(evidence: Evidence, score: RankScore, after: RankScore | None) -> str:
    if math.isnan(score.halves):
        return ""
    if evidence.repeated(score):
        text = f"Fitted to either {evidence.parts}, {_components(score.rank).lower()} {'comes' if score.rank == 1 else 'come'} out the same (worst match {score.halves:.2f})"
        if after is None:
            return f"{text}."
        if not evidence.repeated(after):
            return f"{text}; with {after.rank} the worst match is {after.halves:.2f}."
        return f"{text}, and so do {after.rank} (worst match {after.halves:.2f})."
    return f"Look out: fitted to either {evidence.parts}, {_components(score.rank).lower()} {'does' if score.rank == 1 else 'do'} not come out the same (worst match {score.halves:.2f})."


def _above_noise(evidence: Evidence, score: RankScore, after: RankScore | None) -> str:
    if not math.isfinite(evidence.bound) or evidence.first_exact is not None:
        return ""
    bound = f"noise alone would not give more than {evidence.bound:,.0f}"
    if not evidence.gains:
        return f"Nothing stands out from the noise: the first component takes off {score.gain:,.0f} variances of the noise, and {bound}."
    text = f"Component {score.rank} takes {score.gain:,.0f} variances of the noise off the squared error, and {bound}"
    if after is None:
        return f"{text}."
    if after.gain <= evidence.bound:
        return f"{text}; component {after.rank} takes off {after.gain:,.0f}."
    return f"{text}; component {after.rank} takes off {after.gain:,.0f}, so that something is left over, if not a component."


def _agreed(evidence: Evidence, score: RankScore) -> str:
    if score.rank == 1:
        return ""
    text = (
        f"{score.agreeing} of {evidence.starts} starts {'ends' if score.agreeing == 1 else 'end'} in these components"
    )
    if math.isnan(score.match) or score.match > AGREE:
        return f"{text}."
    return f"{text}; others reach the same error with other components (factor match {score.match:.2f}): look at them with care."


def _consistent(score: RankScore, after: RankScore | None) -> str:
    if score.rank == 1:
        return ""
    text = (
        f"Core consistency is {score.consistency:.0f} %"
        if score.consistency > -1000
        else "Core consistency is far below zero"
    )
    if score.consistency < 50:
        return f"{text}: the components mix, which noise or collinear factors can cause, too."
    return f"{text}, and {after.consistency:.0f} % with {after.rank}." if after else f"{text}."


def _components(rank: int) -> str:
    return "One component" if rank == 1 else f"{rank} components"


def table_lines(scores: Sequence[RankScore] | Sequence[BondScore], rank: object) -> list[str]:
    """The scores as a table in text; an arrow marks what is recommended."""
    bonds = [score for score in scores if isinstance(score, BondScore)]
    head: tuple[str, ...] = ("", "bond", "rank", "last kept", "noise up to", "next")
    rows: list[tuple[object, ...]] = [
        ("", each.bond, each.rank, _short(each.kept), _short(each.edge), _short(each.next)) for each in bonds
    ]
    if not bonds:
        head = ("", "rank", "parameters", "error", "held out", "halves", "gain", "agreeing", "match", "consistency")
        rows = [_row(score, score.rank == rank) for score in scores if isinstance(score, RankScore)]
    cells = [tuple(map(str, row)) for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _row(score: RankScore, chosen: bool) -> tuple[object, ...]:
    return (
        "→" if chosen else "",
        score.rank,
        f"{score.parameters:,}",
        _short(score.error),
        _short(score.held_out),
        _plain(score.halves, "{:.2f}"),
        _plain(score.gain, "{:,.0f}"),
        score.agreeing,
        _plain(score.match, "{:.2f}"),
        f"{max(score.consistency, -999):.0f} %",
    )


def _short(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.4f}" if value >= 1e-3 else f"{value:.1e}" if value >= 1e-10 else "<1e-10"


def _plain(value: float, form: str) -> str:
    return "–" if math.isnan(value) else "∞" if math.isinf(value) else form.format(value)
