"""Weights & Biases: a run that stays offline in the run folder unless WANDB_MODE says otherwise."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from tfgan.tracking.history import Moment
from tfgan.tracking.tracker import Tracker


class WandB(Tracker):
    """Log scalars, pictures and notes by step, hyperparameters as the config, the last scores as the summary.

    An offline run is one folder, `wandb/offline-run-*`. A killed process leaves it without the last points,
    so that each process replaces it by a new one with the same id and the whole history.
    """

    packages = ("wandb",)

    def __init__(self, folder):
        super().__init__(folder)
        import wandb

        self._wandb = wandb
        self._run = None
        self._mode = os.environ.get("WANDB_MODE", "offline")
        self.keeps = self._mode != "offline"

    def begin(self, run, seconds):
        if not self.keeps:
            self._remove_folder(run)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run = self._wandb.init(
            project=os.environ.get("WANDB_PROJECT", "tfgan"),
            id=run,
            resume="allow" if run and self.keeps else None,
            name=self.run_folder.name,
            dir=str(self.folder),
            mode=self._mode,
            reinit="create_new",  # a run that the user has open stays as it is
            settings=self._wandb.Settings(
                console="off",
                silent=self._mode == "offline",
                disable_git=True,
                disable_code=True,
                x_disable_meta=True,
                x_disable_stats=True,
                x_disable_machine_info=True,
                x_save_requirements=False,
            ),
        )
        return self._run.id

    def describe(self, parameters):
        self._run.config.update(dict(parameters), allow_val_change=True)

    def write(self, moments: Sequence[Moment]):
        for moment in moments:
            pictures = {tag: self._wandb.Image(str(file)) for tag, file in moment.pictures.items()}
            notes = {"doctor": " | ".join(moment.texts)} if moment.texts else {}
            self._run.log({**moment.scalars, **pictures, **notes}, step=moment.step)

    def discard(self, run):
        if self._run is not None:
            self._run.finish(exit_code=1)
        self._remove_folder(run)

    def _remove_folder(self, run: str | None) -> None:
        """Remove the folder of an offline run."""
        for folder in (self.folder / "wandb").glob(f"offline-run-*-{run}"):
            shutil.rmtree(folder)

    def finish(self, evaluation: Mapping[str, Any]):
        scores = evaluation.get("scores", {})
        self._run.summary.update({f"metrics/{name}": value for name, value in scores.items()})
        self._run.finish(exit_code=0 if evaluation.get("finished") else 1)
