"""The doctor on real runs: what fails is told its own diagnosis in time, and what goes well hears nothing. Minutes each."""

import importlib
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

with pytest.MonkeyPatch.context() as patch:
    patch.setattr(sys, "path", [str(Path(__file__).parents[1] / "benchmarks"), *sys.path])
    doctor = importlib.import_module("doctor")

FAILING = [name for name, case in doctor.CASES.items() if case.expected]
GOOD = ("logistic: nonsat digits", "hinge ring8", "Wasserstein: wgan, wgan_gp digits", "packs")


@pytest.mark.parametrize("name", FAILING)
def test_a_run_that_fails_is_diagnosed_in_time(name, tmp_path):
    case, line = doctor.CASES[name], doctor.run(name, 0, tmp_path)
    assert doctor.ended_well(case, line), line
    assert case.expected in {said for step, said, _ in line["diagnoses"] if step <= case.within}


@pytest.mark.parametrize("name", GOOD)
def test_a_run_that_goes_well_hears_nothing(name, tmp_path):
    line = doctor.run(name, 0, tmp_path)
    assert (line["status"], line["last_step"]) == (0, doctor.CASES[name].steps)
    assert line["diagnoses"] == []
