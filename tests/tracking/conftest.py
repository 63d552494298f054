"""Trackers without their packages, and a run folder written by hand."""

import sys
import types
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tracking_reference import Metric, MlflowException, Param, Session, Store, install, record, write_records

from tfgan.tracking.mlflow import MLflow


@pytest.fixture
def mlflow(monkeypatch):
    """MLflow's store."""
    store = Store()
    for package in MLflow.packages[1:]:
        install(monkeypatch, package)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    install(
        monkeypatch,
        "mlflow",
        MlflowClient=store.client,
        entities=types.SimpleNamespace(Metric=Metric, Param=Param),
        exceptions=types.SimpleNamespace(MlflowException=MlflowException),
    )
    return store


@pytest.fixture
def wandb(monkeypatch):
    """The runs that W&B began."""
    sessions = []

    def init(**settings):
        sessions.append(Session(settings, len(sessions)))
        return sessions[-1]

    for variable in ("WANDB_MODE", "WANDB_PROJECT"):
        monkeypatch.delenv(variable, raising=False)
    install(monkeypatch, "wandb", init=init, Settings=dict, Image=lambda path: f"image {path}")
    return sessions


@pytest.fixture
def run(tmp_path):
    """A finished run of two intervals, with a score, a note of the doctor and two pictures."""
    folder = tmp_path / "run"
    (folder / "samples").mkdir(parents=True)
    for name in ("step_00000004", "continuous_1_step_00000004", "step_00000006"):
        (folder / "samples" / f"{name}.png").write_bytes(b"")  # that of step 6 was left by a killed process
    (folder / "config.json").write_text("{}")
    write_records(
        folder,
        record(2, None),
        record(4, 0.5),
        {"step": 4, "seconds": 0.4, "metrics/modes": 7.0},
        {"step": 4, "seconds": 0.4, "diagnosis": "mode_collapse", "evidence": "7 of 8", "remedy": "r1"},
    )
    (folder / "evaluation.json").write_text('{"step": 4, "scores": {"modes": 7}, "finished": true}')
    return folder
