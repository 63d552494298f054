"""The interface of an experiment tracker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from tfgan.tracking.history import Moment


class Tracker:
    """Write the history of one run into an experiment tracker.

    A subclass imports its package in `__init__`, and not with its module.

    Args:
        folder: of the run; the tracker keeps its own files in `tracking/` there.

    Attributes:
        packages: names of the modules that it needs.
        keeps: whether a run that `begin` continues has everything that earlier processes wrote; the whole
            history is written again if not.
    """

    packages: ClassVar[tuple[str, ...]] = ()
    keeps = True

    def __init__(self, folder: Path):
        self.run_folder = folder.resolve()
        self.folder = self.run_folder / "tracking"

    def begin(self, run: str | None, seconds: float) -> str:
        """Continue a run of the tracker if it still can be, otherwise begin a new one.

        Args:
            run: id of the run in the tracker, None for a new one.
            seconds: that the run has taken so far.

        Returns:
            The id.
        """
        raise NotImplementedError

    def describe(self, parameters: Mapping[str, Any]) -> None:
        """Write the hyperparameters of the run."""
        raise NotImplementedError

    def write(self, moments: Sequence[Moment]) -> None:
        """Append moments to the run."""
        raise NotImplementedError

    def discard(self, run: str) -> None:
        """Delete a run whose history is no longer the one in the run folder, as far as the tracker can."""

    def finish(self, evaluation: Mapping[str, Any]) -> None:
        """Close the run.

        Args:
            evaluation: content of `evaluation.json`; it has `"finished"` if the run has no steps left.
        """
        raise NotImplementedError
