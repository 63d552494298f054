"""FID's network: equal to torch-fidelity's on the same drawn weights; the published weights cannot be had here."""

import hashlib

import drawn
import numpy as np
import pytest

from tfgan import features
from tfgan.features import inception

EVERY = 16


def test_features_are_those_of_torch_fidelity(open_extractor, reference):
    """float32 against float64 through 94 convolutions: 2e-5 of the largest feature."""
    expected = np.array(reference["inception"]["features"])
    found = open_extractor("inception").features(drawn.scaled_photos(3, 32))[:, ::EVERY]
    np.testing.assert_allclose(found, expected, atol=2e-5 * expected.max())


def test_probabilities_are_those_of_logits_without_biases(open_extractor, reference):
    classes, expected = (np.array(reference["inception"][key]) for key in ("classes", "probabilities"))
    found = open_extractor("inception").probabilities(drawn.scaled_photos(3, 32))
    np.testing.assert_allclose(np.take_along_axis(found, classes, axis=1), expected, rtol=1e-4)


@pytest.mark.parametrize("shape", [(32, 32), (299, 299), (400, 310), (8, 5)])
def test_images_are_resized_as_tensorflow_1_did(shape):
    """Pixel i of 299 lies at i size / 299, between its two neighbors; beyond the last is the last. In float64, separably."""
    levels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.float64)
    for axis, size in enumerate(shape):
        at = np.arange(299) * size / 299
        levels = np.apply_along_axis(
            lambda row, at=at, size=size: np.interp(at, np.arange(size), row), axis, levels
        )
    integers = np.random.default_rng(0).integers(0, 256, (1, *shape, 3)).astype(np.float32)
    found = inception.prepare(integers / np.float32(127.5) - 1).numpy()[0]
    np.testing.assert_allclose(found, (levels - 128) / 128, atol=2e-4)


def test_images_are_rounded_to_8_bits():
    """.3 of a level more is the same image, and what is beyond white is white."""
    level = np.float32(100) / np.float32(127.5) - 1
    images = np.stack(
        [np.full((2, 2, 1), value, np.float32) for value in (level, level + 0.3 / 127.5, 1.0, 1.5)]
    )
    found = inception.prepare(images).numpy()
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[2], found[3])


def test_weights_of_another_network_are_refused_with_both_hashes(tmp_path):
    file = tmp_path / "other.pth"
    file.write_bytes(b"weights of something else")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(
        ValueError, match=rf"expected weights whose SHA-256 begins with 6726825d, got {file} with {found}"
    ):
        features.get(f"inception:weights={file}")


def test_the_environment_names_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("TFGAN_INCEPTION", str(tmp_path / "none.pth"))
    with pytest.raises(
        FileNotFoundError, match=f"features 'inception': there is no file {tmp_path / 'none.pth'}"
    ):
        features.get("inception")


def test_without_a_path_the_way_out_is_said(monkeypatch):
    monkeypatch.delenv("TFGAN_INCEPTION", raising=False)
    with pytest.raises(
        ValueError,
        match=r"pt_inception-2015-12-05-6726825d.pth in TFGAN_INCEPTION or as inception:weights=PATH",
    ):
        features.get("inception")
