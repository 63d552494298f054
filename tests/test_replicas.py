"""The same numbers on one replica and on several, on logical devices and with real processes."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tfgan.distributed import replicas
from tfgan.distributed import strategy as strategy_lib
from tfgan.runs import build

ROOT = Path(__file__).parents[1]
LIMIT = 900  # seconds that no run here needs
APART = 1e-4  # of the root mean square of all weights; typically 1e-6
MOVED = 1e-2  # likewise: what training itself does, beside which APART is small

# Each loss family and each penalty family, alone and together, on two replicas or on four, and the first cases in slices too;
# few are compiled by XLA.
CASES = [
    "nonsat +r1 xla adam",
    "rpgan +wgan_gp +cr:every=2 averages d_steps=2",
    "hinge +zcr +instance_noise simultaneous averages",
    "ragan +lecam +dragan",
    "began +drift",
    "mmd +feature_matching",
    "ragan +r1 pack=2",
    "rpgan acgan d_steps=2",
    "rpgan +r1 regularized",
]
MORE_CASES = [
    "wgan +clip:limit=0.3 +mode_seeking +gp0",
    "ebgan +r2 simultaneous",
    "lsgan +r2",
    "rplsgan +wgan_lp",
    "nonsat +drift norm averages d_steps=2",
    "hinge norm deviation",
    "fgan_kl +bcr",
    "minimax +dragan:deviation=0.1 +lecam:every=2 d_steps=2",
    "rphinge +r1:every=3 xla",
    "rahinge +wgan_gp +feature_matching +mode_seeking simultaneous xla",
    "dual_contrastive +r2 micro_batch=8",
    "cramer",
    "mmd +drift:weight=1",
    "hinge +r1 conditional xla",
    "nonsat info d_steps=2",
    "nonsat +feature_matching:alone=true classify",
    "nonsat classify simultaneous",
    "wgan +wgan_gp pack=4 simultaneous",
    "hinge regularized norm d_steps=2",
    "rpgan +slope_cap +approx_r1:one_in=2 +centering",
    "nonsat +r1 regularized simultaneous info",
]
OF_IMAGES = ["hinge projection"]  # normalized by class
SLICED_CASES = [f"{case} micro_batch=16" for case in CASES if "adam" not in case]
SLICED_CASES += ["nonsat +r1:every=2 xla simultaneous micro_batch=16"]


def differences(count, cases):
    """Return {case: how far the weights in 1 and in `count` parts are apart, and how far training moved them}."""
    # Not on the one thread of a test worker: there, rounding moves an example of "hinge projection" over a kink (1.6e-4 apart).
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
    }
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-W", "ignore", str(ROOT / "tests" / "replica_runs.py"), str(count), *cases]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert run.returncode == 0, run.stderr[-3000:]
    found = (json.loads(line) for line in run.stdout.splitlines() if line.startswith("["))
    return {case: (apart, moved) for case, apart, moved in found}


def check(count, cases):
    found = differences(count, cases)
    assert list(found) == cases
    assert {case: apart for case, (apart, _) in found.items() if not apart <= APART} == {}
    assert {case: moved for case, (_, moved) in found.items() if not moved >= MOVED} == {}


def test_two_replicas_end_where_one_does():
    """After 20 steps of batch 64, noise and data by global index."""
    check(2, CASES)


@pytest.mark.slow(minutes=2)
@pytest.mark.parametrize(
    ("count", "cases"),
    [(4, MORE_CASES[::2]), (4, MORE_CASES[1::2]), (2, OF_IMAGES), (1, SLICED_CASES)],
    ids=["four replicas", "four replicas, more", "two replicas, images", "slices"],
)
def test_several_parts_end_where_one_does(count, cases):
    check(count, cases)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"loss": "mmd", "penalties": ["r1"]}, "KernelDistance"),
        ({"penalties": ["r1", "lecam", "max_gp"]}, "max_gp"),
    ],
)
def test_what_no_exchange_of_logits_makes_exact_is_refused_by_name(make_gan, monkeypatch, arguments, named):
    expected = f"^{named}: not supported with "
    with pytest.raises(
        ValueError, match=f"{expected}micro_batch=4, its gradients need all examples of the batch"
    ):
        make_gan(micro_batch=4, **arguments)
    monkeypatch.setattr(replicas, "count", lambda: 2)
    with pytest.raises(
        ValueError, match=f"{expected}2 replicas, its gradients need all examples of the batch"
    ):
        make_gan(**arguments)


# TF_CONFIG


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "got no JSON"),
        ("[]", "got \\[\\]"),
        ('{"cluster": {"worker": ["a:1"]}}', "TF_CONFIG: expected"),
        ('{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 2}}', "got task"),
        ('{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "ps", "index": 0}}', "got task"),
        (
            '{"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker", "index": 0}}',
            "different addresses",
        ),
        (
            '{"cluster": {"worker": ["a", "b:1"]}, "task": {"type": "worker", "index": 0}}',
            "different addresses",
        ),
    ],
)
def test_a_malformed_tf_config_is_refused(monkeypatch, text, message):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=message):
        strategy_lib.build_strategy()


def test_strategies_that_do_not_fit_are_refused(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="multi_worker expected TF_CONFIG or srun to name the workers"):
        strategy_lib.build_strategy("multi_worker")
    with pytest.raises(ValueError, match="--strategy: tpu found none"):
        strategy_lib.build_strategy("tpu")
    monkeypatch.setenv(
        "TF_CONFIG", '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 0}}'
    )
    with pytest.raises(ValueError, match="TF_CONFIG names 2 workers"):
        strategy_lib.build_strategy("mirrored")


def test_one_process_is_chief_and_agrees_with_itself(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    strategy = strategy_lib.build_strategy()
    assert strategy_lib.is_chief(strategy)
    strategy_lib.agree(strategy, "this", {"a": 1})
    assert strategy_lib.any_worker(strategy, 3) == 3


# Real processes

FLAGS = ["--dataset=ring8", "--loss=rpgan", "--penalty=r1", "--width=16", "--batch_size=64", "--log_every=20"]
FLAGS += [
    "--save_every=40",
    "--sample_every=100000",
    "--eval_every=100000",
    "--lr_schedule=constant",
    "--noexport",
]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Workers:
    """Two workers of one run."""

    def __init__(self, folder, *flags, second=()):
        cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
        self.processes, self.said = [], []
        for index in range(2):
            text = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
            environment = {**os.environ, "TF_CONFIG": text, "PYTHONPATH": str(ROOT)}
            file = open(folder.parent / f"{folder.name}-worker{index}.txt", "w+")  # noqa: SIM115 (read when it has ended)
            command = [
                sys.executable,
                "-m",
                "tfgan.train",
                *FLAGS,
                f"--run_dir={folder}",
                *flags,
                *(second if index else ()),
            ]
            self.processes.append(subprocess.Popen(command, env=environment, stdout=file, stderr=file))
            self.said.append(file)

    def ended(self):
        """Return both exit statuses, and what each worker printed."""
        statuses = [process.wait(timeout=LIMIT) for process in self.processes]
        for file in self.said:
            file.seek(0)
        return statuses, [file.read() for file in self.said]


def state_of(folder):
    """Return everything that the newest checkpoint of a run holds."""
    gan = build.open_run(str(folder))[2]
    return [
        variable.numpy()
        for variable in [*gan.weights, *gan.g_optimizer.variables, *gan.d_optimizer.variables]
    ]


def weights_of(folder):
    """Return the weights of the three networks at the newest checkpoint of a run."""
    gan = build.open_run(str(folder))[2]
    return [
        variable.numpy()
        for network in (gan.generator, gan.discriminator, gan.ema_generator)
        for variable in network.weights
    ]


def wait_for(folder, pattern):
    """Wait until the run has written something."""
    deadline = time.monotonic() + LIMIT
    while not list(folder.glob(pattern)):
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.slow
def test_two_workers_end_where_one_process_does(tmp_path):
    statuses, said = Workers(tmp_path / "two", "--steps=40").ended()
    assert statuses == [0, 0], said
    command = [sys.executable, "-m", "tfgan.train", *FLAGS, "--steps=40", f"--run_dir={tmp_path / 'one'}"]
    subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True, timeout=LIMIT
    )
    one, two = (
        np.concatenate([np.float64(x).ravel() for x in weights_of(tmp_path / name)])
        for name in ("one", "two")
    )
    assert np.abs(one - two).max() <= APART * np.sqrt(np.mean(one**2))
    assert (tmp_path / "two" / "metrics.jsonl").read_text().count("loss/total") == 2


@pytest.mark.slow(minutes=1)
def test_a_lost_worker_ends_the_other_and_both_resume_exactly(tmp_path):
    """SIGKILL of one: the other ends with status 1, not after a wait. The same command goes on, bit for bit as uninterrupted."""
    killed = Workers(tmp_path / "run", "--steps=400")
    wait_for(tmp_path / "run", "checkpoints/*.keras")
    killed.processes[1].send_signal(signal.SIGKILL)
    statuses, said = killed.ended()
    assert statuses == [1, -signal.SIGKILL]
    assert "a worker was lost" in said[0]
    statuses, said = Workers(tmp_path / "run", "--steps=400").ended()
    assert statuses == [0, 0], said
    assert "continuing at step" in said[0]
    statuses, said = Workers(tmp_path / "whole", "--steps=400").ended()
    assert statuses == [0, 0], said
    pairs = zip(state_of(tmp_path / "whole"), state_of(tmp_path / "run"), strict=True)
    assert all(np.array_equal(whole, resumed) for whole, resumed in pairs)


@pytest.mark.slow
def test_a_signal_to_one_worker_saves_and_ends_both(tmp_path):
    workers = Workers(tmp_path / "run", "--steps=1000000")
    wait_for(tmp_path / "run", "checkpoints/*.keras")
    workers.processes[1].send_signal(signal.SIGTERM)
    statuses, said = workers.ended()
    assert statuses == [143, 143]
    assert re.search(r"stopped at step \d+ of 1000000 and saved", said[0])


@pytest.mark.slow
def test_workers_that_differ_are_refused_at_the_start(tmp_path):
    statuses, said = Workers(tmp_path / "run", "--steps=40", second=["--seed=1"]).ended()
    assert statuses == [2, 2]
    assert all("expected the same on every worker" in text for text in said)
    assert not (tmp_path / "run").exists()
