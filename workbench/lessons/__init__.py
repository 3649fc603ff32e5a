"""What the notebooks' exercises check: a property of the answer, with a counterexample when it does not hold."""

__all__ = ["Exercise", "Exercises", "LessonError", "Verdict", "exercise"]

from workbench.lessons._exercise import Exercise, Exercises, LessonError, Verdict, exercise
