"""The doctor on runs: a failure is diagnosed in time, and a good run gets no diagnosis.

The rules are replayed on the signals of sixteen recorded runs (`python benchmarks/doctor.py --record`), which
takes seconds. Four cases are trained anew: a replay does not see what training and the probe do.
"""

import gzip
import importlib
import json
import sys
from pathlib import Path

import pytest

from tfgan.callbacks.doctor import signals
from tfgan.callbacks.doctor.diagnosis import Facts
from tfgan.callbacks.doctor.episodes import Ward

with pytest.MonkeyPatch.context() as patch:
    patch.setattr(sys, "path", [str(Path(__file__).parents[3] / "benchmarks"), *sys.path])
    doctor = importlib.import_module("doctor")

LIVE = ("overtrained digits", "turning ring8", "hinge ring8", "packs")


@pytest.mark.parametrize("name", doctor.REPLAYED)
def test_recorded_signals_are_diagnosed_as_they_should_be(name):
    about, *intervals = map(json.loads, gzip.decompress(doctor.recorded(name).read_bytes()).splitlines())
    assert about["doctor"] == doctor.doctor_digest(), (
        "the doctor changed: run python benchmarks/doctor.py --record"
    )
    case = doctor.CASES[name]
    assert about["flags"] == case.flags.split()
    ward = Ward(Facts(scaled=about["scaled"])._replace(single=about["single"]))
    told = {
        (diagnosis.name, each["step"])
        for each in intervals
        for diagnosis in ward.admit(signals.from_record(each))
    }
    if case.expected is None:
        assert told == set()
    else:
        assert case.expected in {diagnosis for diagnosis, step in told if step <= case.within}


@pytest.mark.slow
@pytest.mark.parametrize("name", LIVE)
def test_a_run_is_diagnosed_as_it_should_be(name, tmp_path):
    case, line = doctor.CASES[name], doctor.run(name, 0, tmp_path)
    assert doctor.ended_well(case, line), line
    if case.expected is None:
        assert line["diagnoses"] == []
    else:
        assert case.expected in {diagnosis for step, diagnosis, _ in line["diagnoses"] if step <= case.within}
