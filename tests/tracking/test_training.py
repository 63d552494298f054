"""A tracked run trains as an untracked one does, and its points arrive in order."""

import json

from tfgan import train
from tfgan.runs import folder as folder_lib
from tfgan.tracking.mlflow import MLflow

SMALL = {"dataset": "ring8", "width": 8, "batch_size": 16, "log_every": 2, "save_every": 2, "sample_every": 4}
SMALL |= {
    "lr_schedule": "constant",
    "eval_every": 2,  # else the last step alone has scores, and another last step other records
    "export": False,
    "xla": False,
    "network": "mlp:depth=1,d_depth=1",
    "doctor": False,
}


def start(folder, steps, **flags):
    return train.main(train.TrainFlags(run_dir=str(folder), steps=steps, **{**SMALL, **flags}))


def curve(run, tag):
    return [(point.step, point.value) for point in run.metrics if point.key == tag]


def recorded(folder, tag):
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [(record["step"], record[tag]) for record in records if tag in record]


def test_a_run_that_is_tracked_stopped_and_continued_has_one_history(tmp_path, mlflow, monkeypatch):
    """The tracker has each interval when it ends; steps that a lost checkpoint repeats are not doubled."""
    seen, write = [], MLflow.write

    def watch(tracker, moments):
        seen.append([moment.step for moment in moments])
        write(tracker, moments)

    monkeypatch.setattr(MLflow, "write", watch)
    assert start(tmp_path / "run", 4, track=("mlflow",)) == 0
    assert seen == [[2], [4]]
    folder_lib.list_checkpoints(tmp_path / "run")[0].unlink()
    assert start(tmp_path / "run", 6, track=("mlflow",)) == 0
    (copy,) = mlflow.runs.values()
    assert curve(copy, "loss/total") == recorded(tmp_path / "run", "loss/total")
    assert [step for step, _ in curve(copy, "metrics/modes")] == [2, 4, 6]
    assert copy.artifacts[-1] == "evaluation.json"
    assert copy.status == "FINISHED"


def test_a_tracked_run_has_the_numbers_of_an_untracked_one(tmp_path, mlflow):
    start(tmp_path / "plain", 4)
    start(tmp_path / "tracked", 4, track=("mlflow",))
    for tag in ("loss/total", "gradients/generator", "metrics/high_quality"):
        assert recorded(tmp_path / "tracked", tag) == recorded(tmp_path / "plain", tag)
