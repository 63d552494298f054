"""A run killed at any moment and started again ends with the weights of the uninterrupted one, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tfgan.runs import build
from tfgan.runs import folder as folder_lib

pytestmark = pytest.mark.slow(minutes=0.5)

COMMON = [
    "--width=8",
    "--batch_size=16",
    "--steps=400",
    "--log_every=20",
    "--save_every=20",
    "--sample_every=200",
    "--noexport",
]
KILLS = 2


def command(folder, *flags):
    return [sys.executable, "-m", "tfgan.train", *COMMON, *flags, f"--run_dir={folder}"]


def weights_of(folder):
    gan = build.open_run(str(folder))[2]
    return [v.numpy() for v in [*gan.weights, *gan.g_optimizer.variables, *gan.d_optimizer.variables]]


def kill_during(folder, flags, generator):
    """Start the run, kill it at a random moment after its first new checkpoint."""
    before = {path.name for path in folder_lib.list_checkpoints(folder)}
    process = subprocess.Popen(
        command(folder, *flags), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
    )
    deadline = time.monotonic() + 120
    while {path.name for path in folder_lib.list_checkpoints(folder)} <= before and process.poll() is None:
        assert time.monotonic() < deadline, "no checkpoint within two minutes"
        time.sleep(0.01)
    time.sleep(generator.uniform(0.0, 0.5))
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("seconds", [0.0, 1.0], ids=["while it builds", "while it compiles"])
def test_a_run_that_is_told_to_stop_before_its_first_step_can_be_started_again(seconds, tmp_path):
    """SIGTERM as soon as the folder is there, and a second later, when XLA compiles: status 143, soon, and no folder lost."""
    folder = tmp_path / "run"
    process = subprocess.Popen(
        command(folder, "--dataset=digits", "--width=32"), stderr=subprocess.PIPE, text=True, env=os.environ
    )
    deadline = time.monotonic() + 120
    while not (folder / "tensorboard").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(seconds)
    assert folder_lib.list_checkpoints(folder) == []
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 128 + signal.SIGTERM, said
    (checkpoint,) = folder_lib.list_checkpoints(folder)
    subprocess.run(
        command(folder, "--dataset=digits", "--width=32", "--max_minutes=0.001"),
        check=True,
        capture_output=True,
    )
    assert checkpoint.name < folder_lib.list_checkpoints(folder)[0].name


@pytest.mark.parametrize(
    "flags",
    [
        ("--dataset=digits",),
        ("--dataset=digits", "--penalty=r1"),
        ("--dataset=ring8",),
        ("--dataset=ring8", "--penalty=wgan_gp:every=3"),
    ],
    ids=" ".join,
)
def test_killed_run_ends_as_the_uninterrupted_one(flags, tmp_path):
    generator = random.Random(0)
    subprocess.run(command(tmp_path / "whole", *flags), check=True, capture_output=True)
    for _ in range(KILLS):
        kill_during(tmp_path / "killed", flags, generator)
    subprocess.run(command(tmp_path / "killed", *flags), check=True, capture_output=True)
    pairs = zip(weights_of(tmp_path / "killed"), weights_of(tmp_path / "whole"), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
