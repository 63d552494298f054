"""A run killed at any moment and started again ends with the weights of the uninterrupted one, bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tfgan import build, run_dir

pytestmark = pytest.mark.slow

COMMON = ["--width=8", "--batch_size=16", "--steps=400", "--log_every=20", "--save_every=20", "--sample_every=200", "--noexport"]
KILLS = 2


def command(folder, *flags):
    return [sys.executable, "-m", "tfgan.train", *COMMON, *flags, f"--run_dir={folder}"]


def weights_of(folder):
    gan = build.from_run(str(folder))[2]
    return [v.numpy() for v in [*gan.weights, *gan.g_optimizer.variables, *gan.d_optimizer.variables]]


def kill_during(folder, flags, generator):
    """Start the run, kill it at a random moment after its first new checkpoint."""
    before = {path.name for path in run_dir.checkpoints(folder)}
    process = subprocess.Popen(command(folder, *flags), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    deadline = time.monotonic() + 120
    while {path.name for path in run_dir.checkpoints(folder)} <= before and process.poll() is None:
        assert time.monotonic() < deadline, "no checkpoint within two minutes"
        time.sleep(0.01)
    time.sleep(generator.uniform(0.0, 0.5))
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize(
    "flags",
    [("--dataset=digits",), ("--dataset=digits", "--penalty=r1"), ("--dataset=ring8",), ("--dataset=ring8", "--penalty=wgan_gp:every=3")],
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
