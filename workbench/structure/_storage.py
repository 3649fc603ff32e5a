"""Where a study is kept: an Optuna journal, written in batches, which outlives what writes it."""

__all__ = ["Storage", "studies_folder"]

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from workbench.structure._errors import SearchError
from workbench.structure._trial import Trial

NEWEST = 1
"""Of the way in which trials are written."""


def studies_folder() -> Path:
    """Where studies with a name are kept: `WORKBENCH_STUDIES`, or a folder of the user's data directory."""
    given = os.environ.get("WORKBENCH_STUDIES")
    if given:
        return Path(given)
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "tensor-workbench" / "studies"


class Storage:
    """A study in an Optuna storage.

    Parameters
    ----------
    name
        Of the study.
    where
        A file (an Optuna journal), or the URL of a database, which several machines may share.

    Raises
    ------
    SearchError
        When the file is no study, or another search is writing to it.
    """

    def __init__(self, name: str, where: str | Path) -> None:
        self.name, self.where = name, str(where)
        self._lock: Any = None
        self._study: Any = None

    @contextlib.contextmanager
    def opened(self, about: Mapping[str, Any]) -> "Iterator[tuple[Trial, ...]]":
        """Open it for writing: what is in it already, checked to be a study of the same."""
        import optuna

        if "://" not in self.where:
            self._claim()
        try:
            with _quiet():
                try:
                    self._study = optuna.create_study(
                        study_name=self.name, storage=self._backend(), direction="minimize", load_if_exists=True
                    )
                    known = dict(self._study.user_attrs)
                except (ValueError, KeyError, UnicodeDecodeError, OSError) as error:
                    raise SearchError(
                        f"{self.where} is not the file of a study ({type(error).__name__}: {error}); give another storage="
                    ) from error
                if not known:
                    for key, value in {**about, "version": NEWEST}.items():
                        self._study.set_user_attr(key, value)
                else:
                    _same(self.name, known, about)
                yield tuple(Trial.from_optuna(each) for each in self._study.get_trials(deepcopy=False))
        finally:
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def add(self, trials: Sequence[Trial]) -> None:
        """Write some trials at once."""
        with _quiet():
            self._study.add_trials([trial.to_optuna() for trial in trials])

    def _backend(self) -> Any:
        from optuna.storages import JournalStorage, get_storage
        from optuna.storages.journal import JournalFileBackend

        if "://" in self.where:
            return get_storage(self.where)
        path = Path(self.where)
        _mended(path)
        return JournalStorage(JournalFileBackend(str(path), lock_obj=cast("Any", _NoLock())))

    def _claim(self) -> None:
        """One writer at a time; the system lets go of the file when that process ends, whatever ends it."""
        path = Path(self.where)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_name(path.name + ".lock").open("w")
        try:
            import fcntl
        except ImportError:  # a system without; two searches on one file are the user's to avoid there
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            raise SearchError(
                f"another search is writing to {self.where}; wait for it or stop it, or give another name="
            ) from None


class _NoLock:
    """The file is locked as a whole while a search runs."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def _mended(path: Path) -> None:
    """Cut off a line that was being written when its writer was killed; what is no journal is not touched."""
    if not path.exists() or not path.stat().st_size:
        return
    with path.open("rb+") as file:
        first = file.readline()
        if first.endswith(b"\n") and "op_code" not in json.loads(first):
            raise ValueError("it is JSON, but not a journal")
        file.seek(0, os.SEEK_END)
        size = file.tell()
        back = min(size, 1 << 20)
        file.seek(size - back)
        tail = file.read(back)
        if tail and not tail.endswith(b"\n"):
            file.truncate(size - len(tail) + tail.rfind(b"\n") + 1)


def _same(name: str, known: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    if known.get("version") != NEWEST:
        raise SearchError(f"study {name!r} was written in another way ({known.get('version')!r}); give another name=")
    for key, value in about.items():
        if known.get(key) != value:
            raise SearchError(
                f"study {name!r} has another {key}: {known.get(key)}, not {value}; go on with the same, or give another name="
            )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's own messages."""
    import warnings

    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
