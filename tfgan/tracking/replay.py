"""Replay the records of a run folder into a tracker, while training runs and after it was resumed or rolled back."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tfgan.core import files
from tfgan.tracking import history
from tfgan.tracking.tracker import Tracker


class Replay:
    """Give a tracker each moment of a run once, in order; a failure of the tracker is one warning.

    `tracking/<name>.jsonl` in the run folder holds the tracker's id of the run, then the digest of each
    moment that the tracker received. A resumed run compares the moments that it repeats with these digests
    and appends the later ones. Trackers cannot take a point back: where a moment differs, as after a
    rollback, the tracker's run is discarded and the whole history goes into a new one.

    Args:
        folder: of the run.
        name: of the tracker, for its file and the warning.
        build: takes the run folder, returns the tracker.
        parameters: hyperparameters of the run.
    """

    def __init__(self, folder: str | Path, name: str, build: type[Tracker], parameters: Mapping[str, Any]):
        self.run_folder = files.expand_home(folder)
        self.name = name
        self.parameters = parameters
        self.file = self.run_folder / "tracking" / f"{name}.jsonl"
        self.tracker: Tracker | None = None
        self._run, self._received = _read_receipts(self.file)
        self._offset = self._position = 0
        with self._warning():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.tracker = build(self.run_folder)
            self._begin()
            self._update()

    def update(self, *, again: bool = False) -> None:
        """Replay the records since the last call, or compare all of them again, since they may have been cut."""
        with self._warning():
            if self.tracker:
                if again:
                    self._offset = self._position = 0
                self._update()

    def close(self) -> None:
        """Replay the last records and close the run of the tracker."""
        self.update(again=True)
        evaluation = self.run_folder / "evaluation.json"
        with self._warning():
            if self.tracker:
                self.tracker.finish(json.loads(evaluation.read_text("utf-8")) if evaluation.exists() else {})

    def _begin(self) -> None:
        """Continue the tracker's run, or begin one that has received nothing."""
        moments, _ = history.read(self.run_folder)
        before = self._run
        self._run = self.tracker.begin(before, moments[-1].seconds if moments else 0.0)
        if self._run != before or not self.tracker.keeps:
            self._received = []
            files.write_bytes(self.file, (json.dumps({"run": self._run}) + "\n").encode())
        self.tracker.describe(self.parameters)

    def _update(self) -> None:
        """Compare the next moments with the digests of received ones, and write those beyond them."""
        moments, self._offset = history.read(self.run_folder, self._offset)
        repeated = self._received[self._position : self._position + len(moments)]
        if any(moment.digest != digest for moment, digest in zip(moments, repeated, strict=False)):
            self.tracker.discard(self._run)
            self._run, self._offset, self._position = None, 0, 0
            self._begin()
            return self._update()
        self._position += len(moments)
        if new := moments[len(repeated) :]:
            self.tracker.write(new)
            self._received += [moment.digest for moment in new]
            with open(self.file, "a", encoding="utf-8") as stream:
                stream.writelines(json.dumps(moment.digest) + "\n" for moment in new)

    @contextlib.contextmanager
    def _warning(self) -> Iterator[None]:
        """Turn an error into one warning, and leave the tracker alone from then on."""
        try:
            yield
        except Exception as error:  # trackers fail in as many ways as networks and disks do
            self.tracker = None
            reason = " ".join(str(error).split()) or type(error).__name__
            print(
                f"{self.run_folder}: --track={self.name} ends here: {reason}. The same command replays the rest.",
                file=sys.stderr,
            )


def _read_receipts(file: Path) -> tuple[str | None, list[str]]:
    """Return the tracker's id of the run and the digests of the moments that it received."""
    if not file.exists():
        return None, []
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    first, *digests = [json.loads(line) for line in lines if line.endswith("\n")]
    return first["run"], digests
