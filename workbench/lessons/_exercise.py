"""`exercise`: a task of a lesson, and whether an answer does it."""

__all__ = ["Exercise", "Exercises", "LessonError", "Topic", "Verdict", "exercise"]

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from types import MappingProxyType
from typing import Any, overload

from workbench.lessons._findings import AnswerError, Right, Wrong
from workbench.lessons._words import in_html, in_words
from workbench.network import WorkbenchError, did_you_mean

Check = Callable[[Any], Right | Wrong]
GREEN, ORANGE, BLUE = "#009E73", "#D55E00", "#0072B2"
"""Okabe and Ito's, as in all figures; they mark a side of the card, and words say the same."""


class LessonError(WorkbenchError):
    """There is no such exercise; the message says which there are."""


@dataclass(frozen=True, eq=False, repr=False)
class Exercise:
    """A task: shows what is asked; called with an answer it says whether the answer has the properties asked for.

    Attributes
    ----------
    name : str
        What one types, for example ``"brauer-1"``.
    lesson, notebook : str
        The title of the lesson it belongs to, and its file.
    question : str
        The task.
    wants : str
        The kind of answer.
    hint : str
        What is shown beside a counterexample.

    Examples
    --------
    >>> from workbench.lessons import exercise
    >>> exercise("partitions-1").wants
    'a 4 x 4 matrix'
    """

    name: str
    lesson: str
    notebook: str
    question: str
    wants: str
    hint: str
    check: Check

    def __call__(self, answer: object) -> "Verdict":
        """The verdict on an answer."""
        try:
            found = self.check(answer)
        except AnswerError as error:
            return Verdict(self, "unread", _sentence(str(error)))
        if isinstance(found, Right):
            return Verdict(self, "right", found.words)
        return Verdict(self, "wrong", _sentence(found.words), MappingProxyType(dict(found.counterexample)))

    def __repr__(self) -> str:
        return f"{self.name} ({self.lesson})\n{self.question}\nThe answer is {self.wants}."

    def _repr_html_(self) -> str:
        body = "".join(f"<p style='margin:4px 0'>{escape(each)}</p>" for each in self.question.split("\n\n"))
        wants = f"<p style='margin:4px 0'>The answer is <b>{escape(self.wants)}</b>.</p>"
        return _card(BLUE, self.name, self.lesson, body + wants)


@dataclass(frozen=True, eq=False, repr=False)
class Verdict:
    """Whether an answer is right, and if not, what shows it. Truthy when it is right.

    Attributes
    ----------
    exercise : Exercise
        The task.
    state : str
        ``"right"``, ``"wrong"``, or ``"unread"`` for an answer of another kind than is asked for.
    words : str
        What was found.
    counterexample : mapping of str to object
        The things that show that an answer is wrong, by name: tensors, diagrams, numbers.

    Examples
    --------
    >>> import torch
    >>> from workbench.lessons import exercise
    >>> verdict = exercise("partitions-1", torch.ones(4, 4))
    >>> bool(verdict), list(verdict.counterexample)
    (False, ['M M', 'M'])
    """

    exercise: Exercise
    state: str
    words: str
    counterexample: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def __bool__(self) -> bool:
        return self.state == "right"

    @property
    def hint(self) -> str:
        """A hint, where the answer is not right."""
        return "" if self else self.exercise.hint

    @property
    def _heading(self) -> str:
        return {"right": "✓ right", "wrong": "✗ not yet", "unread": "✗ another kind of answer is needed"}[self.state]

    @property
    def _asked(self) -> str:
        return f"The answer is {self.exercise.wants}." if self.state == "unread" else ""

    def __repr__(self) -> str:
        lines = [f"{self.exercise.name} {self._heading}: {self.words}", self._asked]
        lines += [f"  {name} = {in_words(name, value)}" for name, value in self.counterexample.items()]
        lines += [f"Hint: {self.hint}" if self.hint else ""]
        return "\n".join(line for line in lines if line)

    def _repr_html_(self) -> str:
        body = f"<p style='margin:4px 0'>{escape(' '.join(each for each in (self.words, self._asked) if each))}</p>"
        body += "".join(
            "<div style='display:inline-block;vertical-align:top;margin:2px 22px 2px 0'>"
            f"<b>{escape(name)}</b><br>{in_html(name, value)}</div>"
            for name, value in self.counterexample.items()
        )
        if self.hint:
            body += f"<p style='margin:4px 0'><i>Hint.</i> {escape(self.hint)}</p>"
        return _card(GREEN if self else ORANGE, self.exercise.name, self._heading, body)


@dataclass(frozen=True, eq=False, repr=False)
class Exercises:
    """All exercises, by lesson: iterate over them, or take one by its name."""

    each: tuple[Exercise, ...]

    def __iter__(self) -> Iterator[Exercise]:
        return iter(self.each)

    def __len__(self) -> int:
        return len(self.each)

    def __getitem__(self, name: str) -> Exercise:
        for exercise in self.each:
            if exercise.name == name:
                return exercise
        raise LessonError(f"there is no exercise {name!r}{did_you_mean(name, [each.name for each in self.each])}")

    @property
    def by_lesson(self) -> dict[str, tuple[Exercise, ...]]:
        """Title of a lesson -> its exercises."""
        titles = dict.fromkeys(each.lesson for each in self.each)
        return {title: tuple(each for each in self.each if each.lesson == title) for title in titles}

    def __repr__(self) -> str:
        lines = []
        for title, exercises in self.by_lesson.items():
            lines += [title, *(f"  {each.name:<14}  {_first_sentence(each.question)}" for each in exercises)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left' colspan='2'>{escape(title)}</th></tr>"
            + "".join(
                f"<tr><td style='text-align:left'><code>{each.name}</code></td>"
                f"<td style='text-align:left'>{escape(_first_sentence(each.question))}</td></tr>"
                for each in exercises
            )
            for title, exercises in self.by_lesson.items()
        )
        return f"<table><tbody>{rows}</tbody></table>"


@dataclass(frozen=True, eq=False)
class Topic:
    """The exercises of one lesson, which number themselves."""

    name: str
    lesson: str
    notebook: str
    exercises: list[Exercise] = field(default_factory=list)

    def exercise(self, *, wants: str, hint: str) -> Callable[[Check], Check]:
        """Make a check an exercise; its docstring is the question."""

        def added(check: Check) -> Check:
            paragraphs = inspect.cleandoc(check.__doc__ or "").split("\n\n")
            question = "\n\n".join(" ".join(each.split()) for each in paragraphs)
            name = f"{self.name}-{len(self.exercises) + 1}"
            self.exercises.append(Exercise(name, self.lesson, self.notebook, question, wants, hint, check))
            return check

        return added


_NOTHING = object()


@overload
def exercise(name: None = None) -> Exercises: ...
@overload
def exercise(name: str) -> Exercise: ...
@overload
def exercise(name: str, answer: object) -> Verdict: ...
def exercise(name: str | None = None, answer: object = _NOTHING) -> Exercise | Exercises | Verdict:
    """A task of a lesson, or the verdict on an answer to it; without a name, the list of all.

    An answer is checked by its properties: whatever has them is right. An answer that lacks one is met with a counterexample.

    Parameters
    ----------
    name
        The exercise, for example ``"brauer-1"``.
    answer
        A function, tensor, diagram, combination of diagrams, graph, number or list, as the exercise asks for.

    Returns
    -------
    Exercises, Exercise or Verdict
        The list; the task; whether the answer is right (truthy or not).

    Raises
    ------
    LessonError
        When there is no exercise of that name.

    Examples
    --------
    >>> import torch
    >>> exercise("partitions-1", torch.eye(4) - 1 / 4)
    partitions-1 ✓ right: M commutes with all permutations, M M = M, and it is neither 0 nor 1.
    """
    if name is None:
        if answer is not _NOTHING:
            raise LessonError('an answer belongs to an exercise; say which: exercise("brauer-1", answer)')
        return _all()
    if not isinstance(name, str):
        raise LessonError(f"an exercise is asked for by its name, as in exercise('brauer-1'), not by {name!r}")
    task = _all()[name]
    return task if answer is _NOTHING else task(answer)


@cache
def _all() -> Exercises:
    from workbench.lessons._topics import TOPICS

    return Exercises(tuple(each for topic in TOPICS for each in topic.exercises))


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.?])\s", text, maxsplit=1)[0]


def _sentence(words: str) -> str:
    """With a capital, unless it begins with a symbol, and a full stop."""
    begins = re.match(r"[a-z]{2,}\b(?!\()|a ", words)
    return f"{words[:1].upper() if begins else words[:1]}{words[1:]}."


def _card(colour: str, name: str, heading: str, body: str) -> str:
    """A card that takes text and ground from the page, light or dark."""
    return (
        f"<div style='border-left:4px solid {colour};padding:2px 12px;margin:4px 0'>"
        f"<p style='margin:2px 0'><b>{escape(name)}</b> · {escape(heading)}</p>{body}</div>"
    )
