"""Keras's InceptionV3: what is said where its weights cannot be fetched, and that nobody takes it for FID's."""

import keras
import pytest

from tfgan import features
from tfgan.features import keras_inception_v3


def test_failure_to_fetch_is_one_line(monkeypatch):
    def refuse(weights):
        raise Exception(
            f"URL fetch failure on https://somewhere/{keras_inception_v3.FILE}:\nNone -- no connection"
        )

    keras_inception_v3.keras_inception_v3.cache_clear()
    monkeypatch.setattr(keras.applications, "InceptionV3", refuse)
    with pytest.raises(
        OSError, match=r"^features 'keras_inception_v3': .*URL fetch failure .* no connection.*~/.keras\)$"
    ) as caught:
        features.get("keras_inception_v3")
    assert "\n" not in str(caught.value)


def test_catalogue_says_that_it_is_not_fids():
    assert "not comparable with published FID" in features.extractors.entry("keras_inception_v3").help


def test_features_are_of_the_pooled_layer(open_extractor):
    """Means of maps after ReLU: at least 0, where class scores of an untrained network would be all alike near 1/1000."""
    import numpy as np

    seen = open_extractor("keras_inception_v3").features(np.zeros((1, 8, 8, 3), np.float32) + 0.5)
    assert seen.min() >= 0
