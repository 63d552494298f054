"""Runs work under TensorFlow's op determinism, which refuses ops whose results may differ from run to run."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import config

SMALL = [
    "--steps=4",
    "--log_every=2",
    "--eval_every=4",
    "--batch_size=16",
    "--width=4",
    "--latent_dim=4",
    "--noexport",
]
KINDS = {
    "points on replicas": [
        "--dataset=ring8",
        "--noxla",
        "--strategy=mirrored",
        "--replicas=2",
        "--penalty=dragan",
    ],
    "packs": ["--dataset=digits", "--pack=2", "--augment=diffaugment"],
    "conditions": [
        "--dataset=digits",
        "--noxla",
        "--condition=projection",
        "--augment=ada",
        "--metrics=kid_100/random_cnn",
    ],
}


@pytest.fixture
def determinism():
    config.enable_op_determinism()
    yield
    config.disable_op_determinism()


@pytest.fixture
def batches():
    points = np.random.default_rng(0).normal(size=(2, 16, 2)).astype(np.float32)
    return tf.data.Dataset.from_tensor_slices(points)


def test_fit_leaves_the_clock_out_and_trains_the_same_weights(make_gan, batches, determinism):
    gan = make_gan(run_eagerly=True)
    history = gan.fit(batches, verbose=0).history
    assert "loss/total" in history
    assert "speed/waiting_for_data" not in history
    config.disable_op_determinism()
    plain = make_gan(run_eagerly=True)
    assert "speed/waiting_for_data" in plain.fit(batches, verbose=0).history
    for mine, theirs in zip(gan.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_of_each_kind_ends_well(kind, tmp_path):
    command = [sys.executable, "-m", "tfgan.train", *SMALL, *KINDS[kind], f"--run_dir={tmp_path / 'run'}"]
    done = subprocess.run(
        command, env={**os.environ, "TF_DETERMINISTIC_OPS": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    logged = [record for record in records if "loss/total" in record]
    assert [record["step"] for record in logged] == [2, 4]
    assert "speed/images_per_second" in logged[0]
    assert "speed/waiting_for_data" not in logged[0]
