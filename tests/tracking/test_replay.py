"""The records of a run folder reach a tracker once each: when a run ends, is resumed, is rolled back, or the tracker fails."""

import json
import math
from pathlib import Path

import pytest
from tracking_reference import record, write_records

from tfgan import tracking, train
from tfgan.runs import config
from tfgan.tracking.replay import Replay

ROOT = Path(__file__).parents[2]
PARAMETERS = {"loss": "nonsat", "steps": 4}


def replay(folder, name="mlflow", **parameters):
    return Replay(folder, name, tracking.trackers.load(name), {**PARAMETERS, **parameters})


def curve(run, tag="loss/total"):
    return [(point.step, point.value) for point in run.metrics if point.key == tag]


def steps(session):
    return [step for step, _ in session.rows]


def test_mlflow_gets_everything_that_a_finished_run_recorded(run, mlflow):
    replay(run).close()
    (copy,) = mlflow.runs.values()
    assert mlflow.uris == [f"sqlite:///{run}/tracking/mlflow.db"]
    assert [(experiment, row.place) for experiment, row in mlflow.experiments.items()] == [
        (str(run), f"file://{run}/tracking/mlflow")
    ]
    assert (copy.name, copy.status, copy.data.params) == ("run", "FINISHED", {"loss": "nonsat", "steps": "4"})
    start = copy.info.start_time
    assert math.isnan(copy.metrics.pop(0).value)  # null in the records
    assert copy.metrics == [
        ("speed/images_per_second", 0.2, start + 200, 2),
        ("loss/total", 0.5, start + 400, 4),
        ("speed/images_per_second", 0.4, start + 400, 4),
        ("metrics/modes", 7.0, start + 400, 4),
    ]
    pictures = ["samples/continuous_1_step_00000004.png", "samples/step_00000004.png"]
    assert copy.artifacts == ["config.json", *pictures, "evaluation.json"]
    assert copy.tags == {"doctor/step_00000004": "mode_collapse; 7 of 8; r1"}


def test_wandb_gets_everything_that_a_finished_run_recorded(run, wandb):
    replay(run, "wandb").close()
    (session,) = wandb
    asked = {key: session.settings[key] for key in ("mode", "project", "name", "dir", "id", "resume")}
    assert asked == {
        "mode": "offline",
        "project": "tfgan",
        "name": "run",
        "dir": str(run / "tracking"),
        "id": None,
        "resume": None,
    }
    (first, values), (second, last) = session.rows
    assert (first, second) == (2, 4)
    assert math.isnan(values["loss/total"])
    assert last == {
        "loss/total": 0.5,
        "speed/images_per_second": 0.4,
        "metrics/modes": 7.0,
        "samples": f"image {run}/samples/step_00000004.png",
        "samples_continuous_1": f"image {run}/samples/continuous_1_step_00000004.png",
        "doctor": "mode_collapse; 7 of 8; r1",
    }
    assert (session.config, session.summary, session.exit_code) == (PARAMETERS, {"metrics/modes": 7}, 0)


def test_points_arrive_while_training_runs(run, mlflow):
    write_records(run)
    live = replay(run)
    for step in (2, 4):
        with open(run / "metrics.jsonl", "a") as stream:
            stream.write(json.dumps(record(step, step)) + "\n" + '{"step": 4, "half')
        live.update()
        assert curve(mlflow.runs["run0"]) == [(done, done) for done in range(2, step + 1, 2)]
        write_records(run, *(record(done, done) for done in range(2, step + 1, 2)))


def test_a_resumed_run_goes_on_in_the_same_run_without_doubles(run, mlflow):
    """A killed process logged to step 6; the next resumes at 2, repeats 4 and 6 in other time, and goes on to 8."""
    records = [record(step, step) for step in (2, 4, 6)]
    write_records(run, *records)
    replay(run)
    write_records(run, records[0])
    resumed = replay(run, steps=8)
    for later in (4, 6, 8):
        with open(run / "metrics.jsonl", "a") as stream:
            stream.write(json.dumps(record(later, later, seconds=later)) + "\n")
        resumed.update()
    resumed.close()
    (copy,) = mlflow.runs.values()
    assert curve(copy) == [(2, 2), (4, 4), (6, 6), (8, 8)]
    assert (copy.status, copy.data.params["steps"]) == ("FINISHED", "4")


def test_a_point_sent_twice_is_the_same_point(run, mlflow):
    """A process killed before it noted a point: MLflow's database holds equal points once."""
    replay(run)
    receipts = run / "tracking" / "mlflow.jsonl"
    receipts.write_text(receipts.read_text()[:-3])
    replay(run).close()
    (copy,) = mlflow.runs.values()
    assert curve(copy)[1:] == [(4, 0.5), (4, 0.5)]
    assert len({point for point in copy.metrics if point.step == 4}) == 3


def test_a_run_that_was_rolled_back_is_told_anew(run, mlflow):
    """The records of the abandoned steps are gone, in the middle of a process and for the next one."""
    write_records(run, *(record(step, step) for step in (2, 4, 6)))
    live = replay(run)
    write_records(run, record(2, 2), {"step": 2, "seconds": 1, "diagnosis": "divergence", "remedy": "back"})
    live.update(again=True)
    assert mlflow.runs["run0"].info.lifecycle_stage == "deleted"
    write_records(
        run,
        record(2, 2),
        {"step": 2, "seconds": 1, "diagnosis": "divergence", "remedy": "back"},
        record(4, 9),
    )
    live.update()
    live.close()
    assert curve(mlflow.runs["run1"]) == [(2, 2), (4, 9)]
    replay(run).close()
    assert (len(mlflow.runs), curve(mlflow.runs["run1"])) == (2, [(2, 2), (4, 9)])


def test_other_values_after_a_resume_are_told_anew(run, mlflow):
    """On another machine a repeated step may differ in the last digits."""
    replay(run).close()
    write_records(run, record(2, None), record(4, 0.5000001))
    replay(run).close()
    assert [copy.info.lifecycle_stage for copy in mlflow.runs.values()] == ["deleted", "active"]
    assert curve(mlflow.runs["run1"])[1:] == [(4, 0.5000001)]


def test_a_moved_folder_keeps_its_pictures_with_it(run, mlflow):
    replay(run).close()
    moved = run.rename(run.with_name("moved"))
    replay(moved).close()
    assert mlflow.runs["run1"].info.artifact_uri == f"file://{moved}/tracking/mlflow/run1/artifacts"


def test_mlflow_follows_its_variables(run, mlflow, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://server")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "thesis")
    replay(run).close()
    replay(run.rename(run.with_name("moved"))).close()
    assert (mlflow.uris, list(mlflow.experiments), len(mlflow.runs)) == (["http://server"] * 2, ["thesis"], 1)


def test_an_offline_run_of_wandb_is_one_folder_with_the_whole_history(run, wandb):
    """A killed process leaves its folder without the last points."""
    replay(run, "wandb")
    left = run / "tracking" / "wandb" / "offline-run-20260101_000000-id0"
    left.mkdir(parents=True)
    write_records(run, record(2, None), record(4, 0.5, seconds=9), record(6, 1))
    replay(run, "wandb").close()
    assert [(session.id, session.settings["resume"]) for session in wandb] == [("id0", None)] * 2
    assert not left.exists()
    assert steps(wandb[1]) == [2, 4, 6]


def test_an_online_run_of_wandb_is_resumed(run, wandb, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "online")
    replay(run, "wandb").close()
    write_records(run, *map(json.loads, (run / "metrics.jsonl").read_text().splitlines()), record(6, 1))
    replay(run, "wandb").close()
    assert [(session.id, session.settings["resume"]) for session in wandb] == [
        ("id0", None),
        ("id0", "allow"),
    ]
    assert [steps(session) for session in wandb] == [[2, 4], [6]]


def test_a_failing_tracker_is_one_warning_and_the_next_process_makes_up_for_it(
    run, mlflow, monkeypatch, capsys
):
    def fail(*arguments, **more):
        raise ConnectionError("the server\nis down")

    with monkeypatch.context() as patch:
        patch.setattr(mlflow, "log_batch", fail)
        broken = replay(run)
        broken.update()
        broken.close()
    said = capsys.readouterr().err
    assert said == (
        f"{run}: --track=mlflow ends here: the server is down. The same command replays the rest.\n"
    )
    replay(run).close()
    assert curve(mlflow.runs["run0"])[1:] == [(4, 0.5)]


def test_a_run_folder_of_before_has_its_whole_history_replayed(run, mlflow):
    """Its first points are as old as its records say."""
    replay(run).close()
    written = (run / "config.json").stat().st_mtime
    assert mlflow.runs["run0"].info.start_time == int((written - 0.4) * 1000)


@pytest.mark.parametrize("name", tracking.names())
def test_a_missing_package_is_one_line(name, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    with pytest.raises(SystemExit) as exit:
        train.main(train.TrainFlags(dataset="ring8", track=(name,)))
    said = capsys.readouterr().err
    assert exit.value.code == 2
    assert said.count("\n") == 1
    assert f"--track: expected the package {name} for {name}, which is not installed" in said
    assert f"pip install 'tfgan[{name}]'" in said


@pytest.mark.parametrize("name", tracking.names())
def test_each_tracker_has_an_extra_of_its_name(name):
    assert f'"{name}": [' in (ROOT / "setup.py").read_text(encoding="utf-8")
    assert tracking.trackers.load(name).packages[0] == name


def test_an_unknown_tracker_is_refused():
    with pytest.raises(ValueError, match="--track: unknown track 'mlflw' \\(did you mean 'mlflow'\\?\\)"):
        config.resolve(config.Config(track=("mlflw",)))


def test_the_flag_is_free_and_changes_no_digest():
    plain, tracked = config.Config(), config.Config(track=("wandb",))
    assert config.differences(config.to_dict(plain), tracked) == []
    assert config.digest(config.to_dict(plain)) == config.digest(config.to_dict(tracked))
