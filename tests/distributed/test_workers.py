"""Who trains together, as TF_CONFIG and Slurm say it, and what happens when not all come."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest import mock

import pytest
import tensorflow as tf

from tfgan import train
from tfgan.distributed import strategy as strategy_lib
from tfgan.distributed import workers

ROOT = Path(__file__).parents[2]
LIMIT = 900  # seconds that no run here needs
SMALL = [
    "--dataset=ring8",
    "--loss=rpgan",
    "--width=8",
    "--batch_size=16",
    "--steps=20",
    "--log_every=10",
    "--noexport",
]
STEP = {
    "JOB_ID": "0",
    "PROCID": "0",
    "STEP_NUM_TASKS": "4",
    "STEP_NODELIST": "n[1-2]",
    "STEP_TASKS_PER_NODE": "2(x2)",
}


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    for name in [name for name in os.environ if name == "TF_CONFIG" or name.startswith("SLURM")]:
        monkeypatch.delenv(name)


@pytest.fixture
def slurm(monkeypatch):
    """Return a function that sets a step's variables."""

    def set_step(**changes):
        for name, value in {**STEP, **changes}.items():
            monkeypatch.setenv(f"SLURM_{name}", value)

    return set_step


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def tf_config(ports, index, kind="worker"):
    named = {"worker": [f"localhost:{port}" for port in ports]}
    if kind == "chief":
        named = {"chief": named["worker"][:1], "worker": named["worker"][1:]}
    return json.dumps({"cluster": named, "task": {"type": kind, "index": index}})


# Slurm


@pytest.mark.parametrize(
    ("step", "own", "addresses"),
    [
        ({}, 0, ["n1:20000", "n1:20001", "n2:20000", "n2:20001"]),
        ({"PROCID": "3"}, 3, ["n1:20000", "n1:20001", "n2:20000", "n2:20001"]),
        (
            {"STEP_NODELIST": "a,b", "STEP_TASKS_PER_NODE": "1,3"},
            0,
            ["a:20000", "b:20000", "b:20001", "b:20002"],
        ),
        (
            {"STEP_NODELIST": "n[01,09-11]", "STEP_TASKS_PER_NODE": "1(x4)"},
            0,
            ["n01:20000", "n09:20000", "n10:20000", "n11:20000"],
        ),
        # By name n10 would come before n9, and tasks be sought where they do not run.
        ({"STEP_NODELIST": "n[9-10]"}, 0, ["n9:20000", "n9:20001", "n10:20000", "n10:20001"]),
        # (job 751) mod 750 ports, 16 apart
        (
            {"JOB_ID": "751", "STEP_NUM_TASKS": "2", "STEP_TASKS_PER_NODE": "1(x2)"},
            0,
            ["n1:20016", "n2:20016"],
        ),
    ],
)
def test_slurm_names_the_workers_in_the_order_of_its_ranks(slurm, step, own, addresses):
    slurm(**step)
    found = workers.find_workers()
    assert (found.origin, list(found.addresses), found.own) == ("Slurm", addresses, own)


def test_the_resolver_tells_tensorflow_the_same(slurm):
    slurm(PROCID="2")
    resolver = workers.find_workers().resolver
    assert isinstance(resolver, tf.distribute.cluster_resolver.SlurmClusterResolver)
    assert resolver.cluster_spec().as_dict() == {"worker": ["n1:20000", "n1:20001", "n2:20000", "n2:20001"]}
    assert (resolver.task_type, resolver.task_id, resolver.rpc_layer) == ("worker", 2, "grpc")
    assert resolver.num_accelerators() == {"GPU": len(tf.config.list_physical_devices("GPU"))}
    assert resolver.master() == "grpc://n2:20000"


def test_one_task_is_no_cluster(slurm, monkeypatch):
    slurm(STEP_NUM_TASKS="1", STEP_NODELIST="n1", STEP_TASKS_PER_NODE="1")
    assert workers.find_workers() is None
    monkeypatch.delenv("SLURM_STEP_NUM_TASKS")  # the shell of a batch script that was granted 4 tasks
    monkeypatch.setenv("SLURM_NTASKS", "4")
    assert workers.find_workers() is None


def test_tf_config_goes_before_slurm(slurm, monkeypatch):
    slurm()
    monkeypatch.setenv("TF_CONFIG", tf_config([1, 2], 1))
    assert workers.find_workers()[:3] == ("TF_CONFIG", ["localhost:1", "localhost:2"], 1)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"STEP_NODELIST": "n[1-"}, "Invalid hostlist"),
        ({"STEP_TASKS_PER_NODE": "many"}, "Invalid tasks-per-node"),
        ({"STEP_TASKS_PER_NODE": "1(x2)"}, "4 tasks but only 2"),
        ({"PROCID": "4"}, "SLURM_PROCID=4"),
        ({"STEP_NUM_TASKS": "x"}, "start the command with srun"),
    ],
)
def test_a_step_that_cannot_be_understood_is_refused(slurm, step, message):
    slurm(**step)
    with pytest.raises(ValueError, match=message):
        workers.find_workers()


def test_a_task_that_runs_elsewhere_is_refused(slurm, monkeypatch):
    """As under --distribution=cyclic, whose rank 1 runs on the second node."""
    slurm(PROCID="1")
    monkeypatch.setenv("SLURMD_NODENAME", "n2")
    with pytest.raises(
        ValueError, match="expected task 1 on n1, and it runs on n2; use srun --distribution=block"
    ):
        workers.find_workers()


def test_auto_takes_slurm_and_another_strategy_may_be_asked_for(slurm, monkeypatch):
    slurm()
    chosen = []
    for kind in ("multi_worker", "one"):
        make = lambda replicas, gpus, found, kind=kind: chosen.append(kind) or tf.distribute.get_strategy()  # noqa: E731
        monkeypatch.setitem(strategy_lib._STRATEGIES, kind, make)
    strategy_lib.build_strategy()
    strategy_lib.build_strategy("one")
    assert chosen == ["multi_worker", "one"]


# The chief


@pytest.mark.parametrize(
    ("jobs", "task", "chief"),
    [
        ({"worker": ["a:1", "b:1"]}, ("worker", 0), True),
        ({"worker": ["a:1", "b:1"]}, ("worker", 1), False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, ("chief", 0), True),
        ({"chief": ["a:1"], "worker": ["b:1"]}, ("worker", 0), False),
    ],
)
def test_one_worker_is_the_chief(jobs, task, chief):
    strategy = mock.Mock(spec=tf.distribute.MultiWorkerMirroredStrategy)
    strategy.cluster_resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(jobs), task_type=task[0], task_id=task[1]
    )
    assert not strategy_lib.is_alone(strategy)
    assert strategy_lib.is_chief(strategy) is chief


@pytest.mark.parametrize(
    "text",
    [
        '{"cluster": {"worker": "a:1"}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b:99999"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1", 5]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": ["worker"], "index": 0}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": "0"}}',
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": -1}}',
    ],
)
def test_a_tf_config_of_wrong_kinds_is_refused(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match="TF_CONFIG: expected"):
        workers.find_workers()


# Meeting


def of(ports, own):
    return workers.Workers("TF_CONFIG", [f"localhost:{port}" for port in ports], own, None)


def test_workers_meet_whoever_comes_first():
    ports = [free_port() for _ in range(3)]
    failed, threads = [], []

    def come(own):
        time.sleep(0.4 * own)
        try:
            workers.meet(of(ports, own), 60)
            # As TensorFlow's, which takes the port over
            servers.append(socket.create_server(("", ports[own])))
        except Exception as error:
            failed.append(error)

    servers = []
    threads = [threading.Thread(target=come, args=(own,)) for own in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for server in servers:
        server.close()
    assert (failed, len(servers)) == ([], 3)


def exits(capsys, monkeypatch, tmp_path, ports):
    """Return the status and the message of a run whose worker 0 of two this is."""
    monkeypatch.setenv("TF_CONFIG", tf_config(ports, 0))
    monkeypatch.setattr(workers, "MEETING_SECONDS", 1)
    with pytest.raises(SystemExit) as exit:
        train.main(train.TrainFlags(dataset="ring8", run_dir=str(tmp_path / "run")))
    assert not (tmp_path / "run").exists()
    return exit.value.code, capsys.readouterr().err


def test_a_port_in_use_is_one_line_and_status_2(capsys, monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        status, said = exits(capsys, monkeypatch, tmp_path, [port, free_port()])
    assert (status, said.count("\n")) == (2, 1)
    assert f"cannot listen at port {port} (Address already in use)" in said


def test_a_worker_that_never_comes_is_named_after_a_limit(capsys, monkeypatch, tmp_path):
    ports = [free_port(), free_port()]
    began = time.monotonic()
    status, said = exits(capsys, monkeypatch, tmp_path, ports)
    assert time.monotonic() - began < 30
    assert (status, said.count("\n")) == (1, 1)
    assert f"no answer from localhost:{ports[1]} in 1 s; start the command on all workers" in said


@pytest.mark.parametrize(
    ("replicas", "asked", "message"),
    [
        (
            8,
            {"batch_size": 4},
            "--batch_size: expected a multiple of the 8 replicas, got 4; use --batch_size=8$",
        ),
        (
            3,
            {"batch_size": 64},
            "--batch_size: expected a multiple of the 3 replicas, got 64; use --batch_size=63 or 66$",
        ),
        (
            4,
            {"batch_size": 12, "pack": 2},
            "multiple of the 4 replicas times --pack=2, got 12; use --batch_size=8 or 16$",
        ),
        (
            4,
            {"batch_size": 64, "micro_batch": 32},
            "--micro_batch: expected a divisor of a replica's 16 examples, got 32; .*=16$",
        ),
        (
            4,
            {"batch_size": 64, "pack": 2, "micro_batch": 32},
            "--micro_batch: expected a divisor of a replica's 16 examples, a multiple of --pack=2, got 32; .*=16$",
        ),
    ],
    ids=str,
)
def test_a_batch_that_replicas_cannot_share_is_refused(
    capsys, monkeypatch, tmp_path, replicas, asked, message
):
    monkeypatch.setitem(
        strategy_lib._STRATEGIES, "mirrored", lambda *arguments: mock.Mock(num_replicas_in_sync=replicas)
    )
    with pytest.raises(SystemExit) as exit:
        train.main(train.TrainFlags(strategy="mirrored", run_dir=str(tmp_path / "run"), **asked))
    said = capsys.readouterr().err
    assert exit.value.code == 2
    assert re.search(message, said.rstrip("\n")), said


# Real processes


def started(folder, index, variables, code=None, flags=()):
    """Start a worker; `code` runs before the command."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    file = open(folder / f"worker{index}.txt", "w+")  # noqa: SIM115 (read when it has ended)
    arguments = [*SMALL, f"--run_dir={folder / 'run'}", *flags]
    command = [sys.executable, "-m", "tfgan.train", *arguments]
    if code:
        code += (
            "\nimport runpy, sys; sys.argv[0] = 'train'; runpy.run_module('tfgan.train', run_name='__main__')"
        )
        command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, env=environment, stdout=file, stderr=file), file


def ended(pairs):
    """Return the statuses and what each printed; nobody outlives the test."""
    try:
        statuses = [process.wait(timeout=LIMIT) for process, _ in pairs]
    finally:
        for process, _ in pairs:
            process.kill()
    for _, file in pairs:
        file.seek(0)
    return statuses, [file.read() for _, file in pairs]


@pytest.mark.slow
def test_two_slurm_tasks_train_together(tmp_path):
    step = {
        **STEP,
        "JOB_ID": "123",
        "STEP_NUM_TASKS": "2",
        "STEP_NODELIST": "localhost",
        "STEP_TASKS_PER_NODE": "2",
    }
    pairs = []
    for index in range(2):
        variables = {f"SLURM_{name}": value for name, value in {**step, "PROCID": str(index)}.items()}
        pairs.append(started(tmp_path, index, variables))
    statuses, said = ended(pairs)
    assert statuses == [0, 0], said
    assert ["run folder" in text for text in said] == [True, False]  # the chief alone scores
    assert (tmp_path / "run" / "checkpoints" / "step_00000020.keras").exists()


@pytest.mark.slow
def test_a_worker_that_hangs_does_not_hold_the_others_for_ever(tmp_path):
    """Worker 1 hangs while it opens its data, alive and in touch as far as TensorFlow can tell."""
    ports = [free_port(), free_port()]
    codes = [
        "from tfgan.distributed import strategy; strategy.PATIENCE_SECONDS = 15",
        "import time; from tfgan.runs import build; build.open_source = lambda config: time.sleep(1000)",
    ]
    pairs = [
        started(tmp_path, index, {"TF_CONFIG": tf_config(ports, index)}, codes[index]) for index in range(2)
    ]
    try:
        assert pairs[0][0].wait(timeout=LIMIT) == 1
    finally:
        for process, _ in pairs:
            process.kill()
    pairs[0][1].seek(0)
    assert "Timeout (0:00:15)!" in pairs[0][1].read()


@pytest.mark.slow
def test_a_chief_whose_disk_is_full_ends_the_others(tmp_path):
    full = """
import errno
import tfgan
def save(gan, path):
    raise OSError(errno.ENOSPC, "No space left on device")
tfgan.GAN.save = save"""
    ports = [free_port(), free_port()]
    pairs = [
        started(tmp_path, index, {"TF_CONFIG": tf_config(ports, index)}, None if index else full)
        for index in range(2)
    ]
    statuses, said = ended(pairs)
    assert statuses == [1, 1]
    assert "No space left on device: '" in said[0]
    assert "/run/checkpoints/step_00000020.keras'. There was no checkpoint yet." in said[0]
    assert "a worker was lost" in said[1]
    assert not list((tmp_path / "run" / "checkpoints").iterdir())
