"""Write reference.json: what torch-fidelity, clean-fid and prdc make of the features of reference_features.py.

    pip install torch torch-fidelity clean-fid prdc "scipy<1.18"
    python tests/metrics/reference/make_reference.py

The tests read the values and draw the features anew; none of these packages is needed for them.
"""

import contextlib
import importlib.metadata
import io
import json
from pathlib import Path

import reference_features as features
import torch
from cleanfid import fid as cleanfid
from prdc import compute_prdc
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

PACKAGES = ("torch-fidelity", "clean-fid", "prdc", "numpy", "scipy", "torch")


def fid(real, fake):
    """Return FID as both packages have it."""
    statistics = [fid_features_to_statistics(torch.tensor(side)) for side in (real, fake)]
    return {
        "torch_fidelity": fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"],
        "clean_fid": float(
            cleanfid.frechet_distance(*(part for side in statistics for part in (side["mu"], side["sigma"])))
        ),
    }


def kid(real, fake, subsets, size):
    """Return torch-fidelity's KID over these subsets."""
    options = {"kid_subsets": subsets, "kid_subset_size": size, "rng_seed": 2020, "verbose": False}
    found = kid_features_to_metric(torch.tensor(real), torch.tensor(fake), **options)
    return {"mean": found["kernel_inception_distance_mean"], "std": found["kernel_inception_distance_std"]}


def neighbors(real, fake, k):
    """Return precision, recall, density and coverage."""
    with contextlib.redirect_stdout(io.StringIO()):
        by_prdc = {name: float(value) for name, value in compute_prdc(real, fake, nearest_k=k).items()}
    found = prc_features_to_metric(torch.tensor(fake), torch.tensor(real), prc_neighborhood=k, verbose=False)
    return {"prdc": by_prdc, "torch_fidelity": {"precision": found["precision"], "recall": found["recall"]}}


def main():
    """Compute and write."""
    real, fake = features.pair()
    few = features.pair(features.FEW, features.MANY)
    reference = {
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "fid": fid(real, fake),
        "fid_unequal": fid(*few),
        "kid_20_of_1000": kid(real, fake, 20, 1000),
        "kid_20_of_400": kid(*few, 20, 400),
        "kid_clean_fid_all": cleanfid.kernel_distance(
            real[:800], fake[:800], num_subsets=1, max_subset_size=800
        ),
        "neighbors_3": neighbors(real, fake, 3),
        "neighbors_5": neighbors(real, fake, 5),
        "neighbors_5_unequal": neighbors(*few, 5),
        "inception_score": isc_features_to_metric(torch.tensor(features.logits()), splits=10, shuffle=False),
    }
    Path(__file__).with_name("reference.json").write_text(
        json.dumps(reference, indent=2) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
