"""The figures that the README states, from the commands that it names. Real training: minutes each."""

import json

import pytest

from tfgan import train

pytestmark = pytest.mark.slow


def scores(tmp_path, **flags):
    folder = tmp_path / "run"
    assert train.main(train.TrainFlags(**flags, run_dir=str(folder), export=False)) == 0
    return json.loads((folder / "evaluation.json").read_text())["scores"]


def test_default_run_makes_all_ten_digits(tmp_path):
    found = scores(tmp_path)
    assert found["classes"] == 10
    assert found["largest_share"] <= 0.25
    assert found["mean_confidence"] >= 0.80


def test_ring8_recipe_captures_every_mode(tmp_path):
    found = scores(tmp_path, dataset="ring8", loss="rpgan", penalty=("r1", "r2"))
    assert found["modes"] == 8
    assert found["high_quality"] >= 0.90
    assert found["reverse_kl"] <= 0.02
