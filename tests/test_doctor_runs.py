"""The doctor on real runs: what fails is told its own diagnosis in time, and what goes well hears nothing. Minutes each."""

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

spec = importlib.util.spec_from_file_location("doctor_cells", Path(__file__).parents[1] / "benchmarks" / "doctor.py")
cells = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cells)

FAILING = [name for name, case in cells.CASES.items() if case.expected]
GOOD = ("logistic: nonsat digits", "hinge ring8", "Wasserstein: wgan, wgan_gp digits", "packs")


@pytest.mark.parametrize("name", FAILING)
def test_a_run_that_fails_is_diagnosed_in_time(name, tmp_path):
    case, line = cells.CASES[name], cells.run(name, 0, tmp_path)
    assert case.expected in {said for step, said, _ in line["diagnoses"] if step <= case.within}


@pytest.mark.parametrize("name", GOOD)
def test_a_run_that_goes_well_hears_nothing(name, tmp_path):
    assert cells.run(name, 0, tmp_path)["diagnoses"] == []
