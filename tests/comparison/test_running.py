"""Runs side by side: how each ends, what is run again, and what a signal does. A script stands in for training."""

import errno
import json
import os
import signal
import sys
import threading
import time

import pytest
from hand_made import make

from tfgan.comparison import running

SCRIPT = """
import json, os, pathlib, signal, sys, time
folder, behavior = pathlib.Path(sys.argv[1]), sys.argv[2]
folder.mkdir(parents=True, exist_ok=True)
with open(folder / "calls.txt", "a") as calls:
    calls.write(json.dumps({name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")}) + "\\n")
if behavior == "wait":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    (folder / "waiting").touch()
    time.sleep(60)
if behavior == "finish":
    (folder / "evaluation.json").write_text(json.dumps({"finished": True}))
if behavior not in ("finish", "halt"):
    print("first line"); print("the reason", file=sys.stderr)
sys.exit({"diverge": 3, "refuse": 2, "fail": 1}.get(behavior, 0))
"""


@pytest.fixture
def behave(tmp_path, monkeypatch):
    """Let runs of an objective behave in a way, or all in one."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)

    def by(**behaviors):
        def command(study, cell):
            how = behaviors.get(cell.contender.loss, behaviors.get("all"))
            return [sys.executable, str(script), str(study.run_dir(cell)), how]

        monkeypatch.setattr(running, "build_command", command)

    return by


def calls(study, cell):
    return [json.loads(line) for line in (study.run_dir(cell) / "calls.txt").read_text().splitlines()]


def run(study, workers=2, environment=None):
    said = []
    runner = running.Runner(
        study, workers, {"CUDA_VISIBLE_DEVICES": "", **os.environ, **(environment or {})}, said.append
    )
    runner.run(study.cells)
    return runner, said


@pytest.mark.parametrize(
    ("behavior", "state", "status", "error"),
    [
        ("finish", "finished", 0, ""),
        ("halt", "stopped", 0, ""),
        ("diverge", "diverged", 3, "first line\nthe reason"),
        ("refuse", "failed", 2, "first line\nthe reason"),
        ("fail", "failed", 1, "first line\nthe reason"),
    ],
)
def test_how_a_run_ends(tmp_path, behave, behavior, state, status, error):
    behave(all=behavior)
    made = make(tmp_path / "study", losses=("nonsat",), seeds=1)
    run(made)
    found = running.read_outcome(made, made.cells[0])
    assert (found.state, found.status, sorted(found.error.splitlines())) == (
        state,
        status,
        sorted(error.splitlines()),
    )
    assert found.processor_seconds > 0
    assert found.peak_mib > 1
    assert {"python", "tfgan", "keras", "machine"} <= set(found.versions)


def test_results_stay_and_the_rest_is_run_again(tmp_path, behave):
    behave(nonsat="finish", hinge="diverge", wgan="fail", lsgan="halt")
    made = make(tmp_path / "study", losses=("nonsat", "hinge", "wgan", "lsgan"), seeds=1)
    run(made)
    run(made)
    assert [len(calls(made, cell)) for cell in made.cells] == [1, 1, 2, 2]


def test_processor_time_adds_up_over_attempts(tmp_path, behave):
    behave(all="fail")
    made = make(tmp_path / "study", losses=("nonsat",), seeds=1)
    run(made)
    first = running.read_outcome(made, made.cells[0]).processor_seconds
    run(made)
    assert running.read_outcome(made, made.cells[0]).processor_seconds > first


@pytest.mark.parametrize(("workers", "threads"), [(1, 8), (2, 4), (3, 2), (20, 4)])
def test_cores_are_divided_among_the_runs_there_are(tmp_path, behave, monkeypatch, workers, threads):
    behave(all="finish")
    monkeypatch.setattr(running, "count_cores", lambda: 8)
    made = make(
        tmp_path / "study",
        seeds=1,
        losses=("nonsat", "hinge") if workers != 3 else ("nonsat", "hinge", "wgan"),
    )
    run(made, workers)
    assert {call["OMP_NUM_THREADS"] for cell in made.cells for call in calls(made, cell)} == {str(threads)}


def test_gpus_are_given_out_in_turn(tmp_path, behave):
    behave(all="finish")
    made = make(tmp_path / "study", losses=("nonsat", "hinge", "wgan"), seeds=2)
    runner, _ = run(made, None, {"CUDA_VISIBLE_DEVICES": "3,5"})
    assert runner.workers == 2
    assert {call["CUDA_VISIBLE_DEVICES"] for cell in made.cells for call in calls(made, cell)} <= {"3", "5"}


def test_a_signal_is_passed_on_and_nothing_more_begins(tmp_path, behave):
    behave(all="wait")
    made = make(tmp_path / "study", losses=("nonsat", "hinge", "wgan"), seeds=1)
    waiting = [made.run_dir(cell) / "waiting" for cell in made.cells[:2]]

    def interrupt():
        while not all(file.exists() for file in waiting):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt).start()
    before = signal.getsignal(signal.SIGTERM)
    runner, _ = run(made)
    assert runner.received == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before
    assert [running.read_outcome(made, cell).state for cell in made.cells] == [
        "stopped",
        "stopped",
        "not run",
    ]


def test_what_happens_is_said(tmp_path, behave):
    behave(nonsat="finish", hinge="diverge")
    _, said = run(make(tmp_path / "study", seeds=1), workers=1)
    assert said[0] == "[1 of 2] ring8, nonsat, seed 0: begins"
    assert said[1].startswith("[1 of 2] ring8, nonsat, seed 0: finished after ")
    assert said[3].startswith("[2 of 2] ring8, hinge, seed 0: diverged after ")


def test_the_last_lines_are_the_last_processes_without_bars(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("old\n10%|#  | 1/10 [00:01, 9.00step/s]\r20%|## | 2/10 [00:01, 9.00step/s]\nwhy\n")
    assert running._read_last_lines(log, 4) == "why"


def test_a_full_disk_ends_the_study_and_not_one_thread(behave, tmp_path, monkeypatch):
    """An outcome cannot be written: the error reaches the caller, and no further run begins."""
    behave(all="finish")
    study = make(tmp_path)

    def write(path, value):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(running.files, "write_json", write)
    with pytest.raises(OSError, match="No space left on device"):
        run(study, workers=1)
    assert sum(study.run_dir(cell).exists() for cell in study.cells) == 1
