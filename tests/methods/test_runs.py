"""Runs of methods without a discriminator: they stop, go on, are scored and exported as those of GANs."""

import json

import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan import train
from tfgan.evaluation import sampler

SMALL = {
    "width": 8,
    "batch_size": 16,
    "log_every": 2,
    "save_every": 2,
    "sample_every": 4,
    "lr_schedule": "constant",
    "xla": False,
}


def run(folder, **flags):
    assert train.main(train.TrainFlags(**{**SMALL, "run_dir": str(folder), "export": False, **flags})) == 0
    return tfgan.load(sorted(folder.glob("checkpoints/*.keras"))[-1])


@pytest.mark.parametrize("method", ["drifting", "flow:steps=2"])
def test_a_run_goes_on_bit_for_bit(tmp_path, method):
    flags = {"dataset": "ring8", "method": method, "metrics": ("w2_50",)}
    whole = run(tmp_path / "whole", steps=4, **flags)
    run(tmp_path / "parts", steps=2, **flags)
    parts = run(tmp_path / "parts", steps=4, **flags)
    assert all(map(np.array_equal, whole.get_weights(), parts.get_weights()))
    records = [json.loads(line) for line in (tmp_path / "parts" / "metrics.jsonl").open()]
    assert {"loss/generator", "lr/generator"} <= set(records[0])
    assert "lr/discriminator" not in records[0]


def test_an_exported_flow_samples_as_the_model(tmp_path):
    """Latents have the 64 entries of a digit, whatever the data set's default."""
    flags = {"dataset": "digits", "method": "flow", "steps": 2, "metrics": ("ms_ssim_50",)}
    model = run(tmp_path / "run", **flags, export=True, export_dir=str(tmp_path / "saved"))
    assert json.loads((tmp_path / "run" / "config.json").read_text())["latent_dim"] == 64
    exported, record = sampler.from_saved_model(tmp_path / "saved" / "run")
    assert "score" not in record["signatures"]
    ours = sampler.from_gan(model).by_seed(np.arange(3))
    np.testing.assert_allclose(exported.by_seed(np.arange(3)), ours, atol=1e-5)
    assert model.generate(tf.zeros((2, 64))).shape == (2, 8, 8, 1)
