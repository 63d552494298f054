"""`quality` is SDMetrics' own report; its figures of small tables by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
import reference_tables as tables
from reference_tables import Column, Table, category

from tfgan import metrics
from tfgan.metrics import Samples
from tfgan.metrics.tables import quality

REFERENCE = json.loads(
    (Path(__file__).parent / "reference" / "table_reference.json").read_text(encoding="utf-8")
)
NAN = np.nan


def score(table, real, fake):
    return metrics.get("quality")(Samples(real, kind=table), Samples(fake, kind=table))


@pytest.mark.parametrize("name", tables.CASES)
def test_equals_the_report_of_sdmetrics(name):
    """SDMetrics counts a category that the reals lack as 1e-6 of a row, hence the tolerance."""
    table, real, fake = tables.CASES[name]
    scores, expected = score(table, real, fake), REFERENCE[name]
    for figure in ("quality", "column_shapes", "column_pairs"):
        assert scores[figure] == (
            None if expected[figure] is None else pytest.approx(expected[figure], abs=1e-6)
        )
    assert scores["selected_pairs"] == len(expected["pairs"])


@pytest.mark.parametrize("name", tables.CASES)
def test_each_column_and_pair_equals_the_report(name):
    table, real, fake = tables.CASES[name]
    names = [column.name for column in table.columns]
    columns = quality.score_columns(real, fake, table.columns)
    assert {names[i]: value for i, value in columns.items()} == pytest.approx(
        REFERENCE[name]["columns"], abs=1e-6
    )
    pairs = quality.score_selected_pairs(real, fake, table.columns)
    expected = {(a, b): value for a, b, value in REFERENCE[name]["pairs"]}
    assert {(names[i], names[j]): value for (i, j), value in pairs.items()} == pytest.approx(
        expected, abs=1e-6
    )


def test_the_cases_reach_every_branch():
    """Two numbers, two categories, a number and a category, a date and a category; no pair; a pair that SDMetrics leaves out."""
    kinds = {
        frozenset(
            "category" if column.is_category else "date" if column.is_date else "number"
            for column in tables.PEOPLE.columns
            if column.name in (a, b)
        )
        for a, b, _ in REFERENCE["people"]["pairs"]
    }
    assert {frozenset(pair) for pair in (["number"], ["category"], ["number", "category"])} <= kinds
    assert {frozenset(["date", "number"]), frozenset(["date", "category"])} <= kinds
    assert REFERENCE["independent"]["column_pairs"] is None
    assert REFERENCE["constant_fake"]["column_pairs"] is None


def test_kolmogorov_smirnov_by_hand():
    """F of 1, 2, 3 and of 2, 3, 4 are 1/3 apart everywhere from 1 to 4; after 1, 1, 1 and 2 the whole 1."""
    assert quality.kolmogorov_smirnov(np.array([1.0, 2, 3]), np.array([4.0, 2, 3])) == pytest.approx(1 / 3)
    assert quality.kolmogorov_smirnov(np.ones(3), np.array([2.0])) == 1


def test_a_table_of_two_columns_by_hand():
    """x of 1, 2, 3, 4 against 1, 2, 3, 40: KS 1/4. c of a, a, b, b against a, a, a, b: TV 1/4. Column scores 3/4.

    x is cut at 1.3, 1.6, ... 3.7: four bins, 40 in the last one, so that the joint shares are 1a 2a 3b 4b
    against 1a 2a 3a 4b, a fourth apart.
    """
    table = Table((Column("x"), category("c", "a", "b")))
    real = np.array([[1.0, 0], [2, 0], [3, 1], [4, 1]])
    fake = np.array([[1.0, 0], [2, 0], [3, 0], [40, 1]])
    scores = score(table, real, fake)
    assert scores["column_shapes"] == scores["pairs"] == 0.75
    assert scores["column/x"] == scores["column/c"] == scores["pair/x/c"] == 0.75


def test_bins_of_sdmetrics_are_each_side_s_own():
    """Its bins of 1, 2, 3, 4 are 1, 4, 7 and 11, of 1, 2, 3, 40 they are 1, 1, 1 and 11: joint shares 1a 4a 7b 11b against 1a 1a 1a 11b.

    TV = (|1/4 - 2/4 - 1/4| + 1/4 + 1/4 + 0) / 2 = 1/2.
    """
    table = Table((Column("x"), category("c", "a", "b")))
    real = np.array([[1.0, 0], [2, 0], [3, 1], [4, 1]])
    fake = np.array([[1.0, 0], [2, 0], [3, 0], [40, 1]])
    assert score(table, real, fake)["column_pairs"] == 0.5


def test_cramers_v_of_two_by_two():
    """V of a 2 x 2 table n = (a, b; c, d) is |ad - bc| / sqrt of the product of the margins: 3, 1; 1, 3 has 8 / 16."""
    a = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    b = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    assert quality.associate((a, 2), (b, 2)) == pytest.approx(0.5)
    assert quality.associate((a, 2), (a, 9)) == pytest.approx(1)
    assert np.isnan(quality.associate((a, 2), (np.zeros(8, int), 1)))


def test_correlation_is_numpys_over_complete_rows():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 50))
    assert quality.correlate(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert quality.correlate(np.append(x, NAN), np.append(y, 9)) == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert np.isnan(quality.correlate(x, np.ones(50)))


def test_missing_cells_are_one_category_of_pairs():
    """Missing and c = b go together in the reals; in the fakes nothing is missing: one row of four moves."""
    table = Table((Column("x"), category("c", "a", "b")))
    real = np.array([[1.0, 0], [2, 0], [2, 0], [NAN, 1]])
    fake = np.array([[1.0, 0], [2, 0], [2, 0], [2, 1]])
    assert score(table, real, fake)["pairs"] == 0.75


def test_a_column_without_any_cell_has_no_score():
    table = Table((Column("x"), Column("y")))
    real, fake = np.array([[1.0, NAN], [2, NAN]]), np.array([[1.0, 3], [2, 4]])
    scores = score(table, real, fake)
    assert scores["column_shapes"] == 1
    assert scores["column_pairs"] is None
    assert scores["quality"] == 1


def test_shuffled_columns_have_right_shapes_and_wrong_pairs():
    """Of as many rows as the training table the shuffled columns are permutations: every shape is 1 exactly."""
    table, real, _ = tables.CASES["people_alike"]
    scores = score(table, real, real)
    assert (scores["quality"], scores["column_shapes"], scores["pairs"]) == (1, 1, 1)
    assert scores["simple_column_shapes"] == 1
    assert scores["simple_pairs"] < 0.9


def test_codes_beyond_four_million_are_counted_alike():
    """A pair of columns with many values takes another way."""
    rng = np.random.default_rng(0)
    real, fake = rng.integers(0, 50, (2, 300))
    from tfgan.metrics.tables._cells import compute_overlap

    assert compute_overlap(real, fake, 2**40) == pytest.approx(compute_overlap(real, fake, 50), abs=1e-15)
