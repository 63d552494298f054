"""Open the tables that come with the package; `files/NOTICE.md` names their sources and licenses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tfgan import kinds
from tfgan.data import tables
from tfgan.data.source import HELD_OUT_SEED, FiniteSource, Request, in_memory, split

FOLDER = Path(__file__).with_name("files")
ADULT_TRAINING = 32_561  # rows of adult.data, before the rows of adult.test


def adult(request: Request) -> FiniteSource:
    """Open UCI Adult: 32,561 persons to train on, and the 16,281 of its own test set held out.

    Reference: Becker & Kohavi 1996, "Adult", UCI Machine Learning Repository.
    """
    return _open("adult", request, ADULT_TRAINING)


def health(request: Request) -> FiniteSource:
    """Open the RAND health insurance experiment, 20,190 person-years, a tenth held out.

    The columns are visits to a doctor (`mdvis`), the share of costs that the patient pays (`coins`), whether a
    deductible is individual (`idp`), logarithms of the participation incentive (`lpi`) and of the maximum
    expenditure (`fmde`), a physical limitation (`physlm`), chronic diseases (`disea`) and self-rated `health`.

    Reference: Cameron & Trivedi 2005, "Microeconometrics", section 20.3.
    """
    return _open("health", request, None)


def pack(table: kinds.Kind, cells: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of a file that `_open` reads: codes, whole numbers of the last decimal, and the kind as JSON."""
    codes, numbers = table.compress(cells)
    units = np.rint(numbers * _factors(table))
    text = json.dumps(kinds.to_json(table)).encode()
    return {"codes": codes, "numbers": units.astype(np.int32), "kind": np.frombuffer(text, np.uint8)}


def _open(name: str, request: Request, training: int | None) -> FiniteSource:
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        table = kinds.from_json(json.loads(file["kind"].tobytes()))
        stored = file["codes"], file["numbers"] / _factors(table)
    if request.target is not None:
        table = tables.with_target(table, request.target)
    count = len(stored[0])
    rows = split(count)
    if training is not None:
        held_out = np.random.default_rng(HELD_OUT_SEED).permutation(np.arange(training, count))
        rows = np.arange(training), held_out
    return in_memory(name, stored, None, rows=rows, kind=table, fingerprint=tables.fingerprint(table, stored))


def _factors(table) -> np.ndarray:
    """Return 10 to the power of each column's decimals, of the columns of numbers."""
    return np.array([10.0 ** (column.decimals or 0) for column in table.columns if not column.is_category])
