"""MLflow: a run of an experiment, in a store inside the run folder or behind MLFLOW_TRACKING_URI."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tfgan.tracking.history import Moment
from tfgan.tracking.tracker import Tracker

STORE = "MLFLOW_TRACKING_URI"
MOST_METRICS, MOST_PARAMS = 1000, 100  # of one call, by MLflow's REST API
LONGEST = 6000  # characters of a parameter


class MLflow(Tracker):
    """Write scalars as metrics, hyperparameters as params, grids and JSON files as artifacts, notes as tags.

    A point's time is the start of the run plus its recorded seconds, so that a database, which keeps one row
    for equal points, has no double of a point that it receives twice.
    """

    packages = ("mlflow", "sqlalchemy", "alembic")

    def __init__(self, folder):
        super().__init__(folder)
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # 7 hold training up for minutes
        import mlflow

        for chatty in ("mlflow.store.db", "alembic"):  # a line for each table that a new store gets
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self._mlflow = mlflow
        self._is_own = STORE not in os.environ
        self.folder.mkdir(parents=True, exist_ok=True)
        self._client = mlflow.MlflowClient(
            f"sqlite:///{self.folder / 'mlflow.db'}" if self._is_own else os.environ[STORE]
        )

    def begin(self, run, seconds):
        if run is None or not self._can_continue(run):
            # Made anew by this process: the wall clock, without a call of it
            now = (self.run_folder / "config.json").stat().st_mtime
            run = self._client.create_run(
                self._find_experiment(),
                start_time=int((now - seconds) * 1000),
                run_name=self.run_folder.name,
            ).info.run_id
        self._run, self._start = run, self._client.get_run(run).info.start_time
        return run

    def describe(self, parameters):
        self._client.update_run(self._run, status="RUNNING")
        self._client.log_artifact(self._run, str(self.run_folder / "config.json"))
        known = self._client.get_run(self._run).data.params
        params = [
            self._mlflow.entities.Param(_clean(key), str(value)[:LONGEST])
            for key, value in parameters.items()
            if _clean(key) not in known  # MLflow refuses another value, as of --steps
        ]
        for first in range(0, len(params), MOST_PARAMS):
            self._client.log_batch(self._run, params=params[first : first + MOST_PARAMS])

    def _can_continue(self, run: str) -> bool:
        """Return whether the store has the run, not deleted, with its files at the place of the run folder."""
        try:
            info = self._client.get_run(run).info
        except self._mlflow.exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return False
        is_here = not self._is_own or info.artifact_uri.startswith(self._artifacts)
        return info.lifecycle_stage == "active" and is_here

    @property
    def _artifacts(self) -> str:
        """The place of pictures and files beside the store in the run folder."""
        return (self.folder / "mlflow").as_uri()

    def _find_experiment(self) -> str:
        """Return the id of the experiment; make it if there is none."""
        # A store of one run names its experiment by the place: a moved folder then has another.
        name = str(self.run_folder) if self._is_own else os.environ.get("MLFLOW_EXPERIMENT_NAME", "tfgan")
        found = self._client.get_experiment_by_name(name)
        if found:
            return found.experiment_id
        return self._client.create_experiment(
            name, artifact_location=self._artifacts if self._is_own else None
        )

    def write(self, moments: Sequence[Moment]):
        metrics = [
            self._mlflow.entities.Metric(
                _clean(tag), value, self._start + int(moment.seconds * 1000), moment.step
            )
            for moment in moments
            for tag, value in moment.scalars.items()
        ]
        for first in range(0, len(metrics), MOST_METRICS):
            self._client.log_batch(self._run, metrics=metrics[first : first + MOST_METRICS])
        for moment in moments:
            for picture in moment.pictures.values():
                self._client.log_artifact(self._run, str(picture), "samples")
            if moment.texts:
                self._client.set_tag(self._run, f"doctor/step_{moment.step:08d}", " | ".join(moment.texts))

    def discard(self, run):
        self._client.delete_run(run)

    def finish(self, evaluation: Mapping[str, Any]):
        if evaluation:
            self._client.log_artifact(self._run, str(self.run_folder / "evaluation.json"))
        self._client.set_terminated(self._run, "FINISHED" if evaluation.get("finished") else "KILLED")


def _clean(name: str) -> str:
    """Replace the characters that MLflow refuses in names."""
    return re.sub(r"[^\w\-. /:]", "_", name)
