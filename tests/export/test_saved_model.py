"""The exported model is the run's averaged generator, and needs nothing of this package."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan.core import noise
from tfgan.evaluation import sampler
from tfgan.export import saved_model
from tfgan.runs import build


@pytest.fixture(scope="module")
def served(finished_run):
    return tf.saved_model.load(str(finished_run[1]))


@pytest.fixture(scope="module")
def trained(finished_run):
    return build.open_run(str(finished_run[0]))[2]


def test_serving_default_equals_the_averaged_generator(served, trained):
    latents = tf.random.stateless_normal((5, 4), (3, 4))
    images = served.signatures["serving_default"](latents=latents)["images"]
    np.testing.assert_allclose(images, trained.generate(latents), atol=1e-6)


def test_sample_is_uint8_images_of_the_seeds_latents(served, trained):
    """Levels are round((x + 1) * 127.5); one level of difference is a rounding tie."""
    seeds = tf.constant([3, 9, 2**40], tf.int64)
    images = served.signatures["sample"](seeds=seeds)["images"]
    expected = np.rint((trained.generate(noise.normal_by_seed(seeds, 4)).numpy() + 1) * 127.5)
    assert images.dtype == tf.uint8
    assert np.abs(images.numpy() - expected).max() <= 1


def test_sample_depends_on_its_seed_alone(served):
    sample = served.signatures["sample"]
    together = sample(seeds=tf.constant([5, 6, 7], tf.int64))["images"][1].numpy().astype(int)
    alone = sample(seeds=tf.constant([6], tf.int64))["images"][0].numpy().astype(int)
    assert np.abs(together - alone).max() <= 1


def test_sample_png_is_the_same_picture(served):
    seeds = tf.constant([1, 2], tf.int64)
    content = served.signatures["sample_png"](seeds=seeds)["image_bytes"].numpy()
    decoded = np.stack([np.asarray(Image.open(io.BytesIO(png))) for png in content])
    np.testing.assert_array_equal(decoded, served.signatures["sample"](seeds=seeds)["images"].numpy()[..., 0])


def test_score_is_the_discriminator_in_inference_mode(served, trained):
    images = tf.random.stateless_uniform((3, 8, 8, 1), (1, 1), -1.0, 1.0)
    logits = served.signatures["score"](images=images)["logits"]
    assert logits.shape == (3, 1)
    np.testing.assert_allclose(logits, trained.discriminator(images, training=False), atol=1e-5)


def test_empty_batch_of_seeds_gives_no_pictures(served):
    assert served.signatures["sample"](seeds=tf.zeros((0,), tf.int64))["images"].shape == (0, 8, 8, 1)


def test_record_says_where_the_model_comes_from(finished_run):
    record = json.loads((finished_run[1] / "assets.extra" / "tfgan.json").read_text())
    assert record["step"] == 6
    assert record["config"]["loss"] == "nonsat"
    assert set(record["scores"]) >= {"classes", "mean_confidence"}
    assert set(record["versions"]) == {"tfgan", "tensorflow", "keras"}


def test_loads_where_tfgan_cannot_be_imported(finished_run, tmp_path):
    code = f"""
import sys
sys.modules["tfgan"] = None
import tensorflow as tf
model = tf.saved_model.load({str(finished_run[1])!r})
images = model.signatures["sample"](seeds=tf.constant([0], tf.int64))["images"]
assert images.shape == (1, 8, 8, 1), images.shape
print("served")
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
        check=False,
    )
    assert result.stdout == "served\n", result.stderr


def test_points_are_exported_in_their_own_units(make_gan, tmp_path):
    gan = make_gan(jit_compile=False)
    model = tf.saved_model.load(str(saved_model.save(gan, tmp_path / "points", scale=3.0)))
    latents = tf.random.stateless_normal((4, 2), (0, 1))
    samples = model.signatures["serving_default"](latents=latents)["samples"]
    np.testing.assert_allclose(samples, 3.0 * gan.generate(latents), rtol=1e-5)
    np.testing.assert_allclose(
        model.signatures["score"](samples=samples)["logits"], gan.discriminator(samples / 3.0), rtol=1e-4
    )
    assert "sample_png" not in model.signatures


def test_version_is_never_overwritten(make_gan, tmp_path):
    gan = make_gan(jit_compile=False)
    saved_model.save(gan, tmp_path / "once")
    with pytest.raises(ValueError, match="not there yet"):
        saved_model.save(gan, tmp_path / "once")


def test_newest_version_is_found_by_the_models_name(finished_run):
    _, record = sampler.load_saved_model(finished_run[1].parent)
    assert record["step"] == 6


def test_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="--saved_model"):
        sampler.load_saved_model(tmp_path)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0-3", [0, 1, 2, 3]),
        ("7", [7]),
        ("1,5,8-9", [1, 5, 8, 9]),
        ("-1", [-1]),
        ("-5--3", [-5, -4, -3]),
        ("-1-1", [-1, 0, 1]),
        (f"{-(2**63)},{2**63 - 1}", [-(2**63), 2**63 - 1]),
    ],
)
def test_seeds_are_read(text, seeds):
    assert sampler.parse_seeds(text).tolist() == seeds


@pytest.mark.parametrize(
    "text", ["", "a", "3-1", "--1", "-1--5", "1,,2", str(2**63), str(-(2**63) - 1), "0-99999999999"]
)
def test_bad_seeds_are_refused(text):
    with pytest.raises(ValueError, match="--seeds"):
        sampler.parse_seeds(text)
