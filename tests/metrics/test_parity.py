"""The same figures as torch-fidelity, clean-fid and prdc, on features drawn from a seed: reference/make_reference.py made theirs."""

import json
from pathlib import Path

import numpy as np
import pytest
import reference_features as features

from tfgan.metrics.density_coverage import density_coverage
from tfgan.metrics.fid import fid
from tfgan.metrics.inception_score import inception_score
from tfgan.metrics.kid import kid, mmd
from tfgan.metrics.precision_recall import precision_recall

REFERENCE = json.loads(
    Path(__file__).with_name("reference").joinpath("reference.json").read_text(encoding="utf-8")
)
PAIRS = {"": features.pair(), "_unequal": features.pair(features.FEW, features.MANY)}


def close(value):
    return pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("numbers", ["", "_unequal"])
@pytest.mark.parametrize("package", ["torch_fidelity", "clean_fid"])
def test_fid(numbers, package):
    assert fid(*PAIRS[numbers]) == close(REFERENCE[f"fid{numbers}"][package])


@pytest.mark.parametrize(
    ("name", "numbers", "subsets", "size"),
    [("kid_20_of_1000", "", 20, 1000), ("kid_20_of_400", "_unequal", 20, 400)],
)
def test_kid_over_the_subsets_of_torch_fidelity(name, numbers, subsets, size):
    found = kid(*PAIRS[numbers], subsets=subsets, size=size)
    assert found.mean == close(REFERENCE[name]["mean"])
    assert found.standard_deviation == close(REFERENCE[name]["std"])


def test_mmd_of_all_samples_is_clean_fids():
    real, fake = PAIRS[""]
    assert mmd(real[:800], fake[:800]) == close(REFERENCE["kid_clean_fid_all"])


@pytest.mark.parametrize(("numbers", "k"), [("", 3), ("", 5), ("_unequal", 5)])
def test_precision_recall_density_coverage_of_prdc(numbers, k):
    expected = REFERENCE[f"neighbors_{k}{numbers}"]["prdc"]
    assert precision_recall(*PAIRS[numbers], k=k) == close((expected["precision"], expected["recall"]))
    assert density_coverage(*PAIRS[numbers], k=k) == close((expected["density"], expected["coverage"]))


@pytest.mark.parametrize(("numbers", "k"), [("", 3), ("", 5), ("_unequal", 5)])
def test_precision_and_recall_of_torch_fidelity(numbers, k):
    """Its means are of float32 ones, exact to 6e-8."""
    expected = REFERENCE[f"neighbors_{k}{numbers}"]["torch_fidelity"]
    assert precision_recall(*PAIRS[numbers], k=k) == close((expected["precision"], expected["recall"]))


def test_inception_score_of_torch_fidelity():
    logits = features.logits()
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    found = inception_score(odds / odds.sum(axis=1, keepdims=True), splits=10)
    assert found.mean == close(REFERENCE["inception_score"]["inception_score_mean"])
    assert found.standard_deviation == close(REFERENCE["inception_score"]["inception_score_std"])
