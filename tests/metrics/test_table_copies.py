"""`copies` and `membership`: distances and copies by hand."""

import numpy as np
import pytest
from reference_tables import PEOPLE, Column, Table, category, people

from tfgan import metrics
from tfgan.metrics import Samples
from tfgan.metrics.tables import _distances

NAN = np.nan
MIXED = Table((Column("x"), category("c", "a", "b"), Column("y")))


def score(name, table, real, second, fake, **options):
    sides = Samples(real, kind=table, second=Samples(second, kind=table)), Samples(fake, kind=table)
    return metrics.get(name, **options)(*sides)


def slow_distance(a, b, training, columns):
    """Return the distance of two rows, column by column."""
    total = 0.0
    for i, column in enumerate(columns):
        known = training[~np.isnan(training[:, i]), i]
        width = (known.max() - known.min()) if len(known) else 0
        if np.isnan(a[i]) or np.isnan(b[i]):
            total += float(np.isnan(a[i]) != np.isnan(b[i]))
        elif column.is_category:
            total += float(a[i] != b[i])
        else:
            total += abs(a[i] - b[i]) / (width or 1)
    return total


def test_distance_by_hand():
    """Ranges 10 and 2: rows (1, a, 1) and (6, b, 2) are 5/10 + 1 + 1/2 apart; a missing y is 1 from any other."""
    training = np.array([[0.0, 0, 1], [10, 1, 3]])
    distance = _distances.RowDistance.fit(training, MIXED.columns)
    rows = np.array([[1.0, 0, 1], [1, NAN, NAN]])
    ((_, found),) = distance.blocks(rows, np.array([[6.0, 1, 2], [1, 0, NAN], [1, NAN, NAN]]))
    np.testing.assert_allclose(found, [[2, 1, 2], [2.5, 1, 0]], atol=1e-15)


def test_distance_is_the_sum_over_columns():
    training, rows, others = people(60, 0), people(20, 1), people(30, 2)
    distance = _distances.RowDistance.fit(training, PEOPLE.columns)
    ((_, found),) = distance.blocks(rows, others)
    expected = [[slow_distance(a, b, training, PEOPLE.columns) for b in others] for a in rows]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_blocks_change_nothing(monkeypatch):
    training, rows, others = people(60, 0), people(20, 1), people(30, 2)
    distance = _distances.RowDistance.fit(training, PEOPLE.columns)
    whole = distance.nearest(rows, others, 3)
    monkeypatch.setattr(_distances, "BLOCK", 100)
    np.testing.assert_array_equal(distance.nearest(rows, others, 3), whole)


def test_nearest_and_kth_nearest():
    """On a line of 0, 1, 2, 3, of range 3, the point 1/2 is 1/6, 1/6, 3/6, 5/6 away."""
    line = np.arange(4.0)[:, None]
    distance = _distances.RowDistance.fit(line, (Column("x"),))
    np.testing.assert_allclose(distance.nearest(np.array([[0.5]]), line, 3), [[1 / 6, 3 / 6]])


def test_copies_are_equal_rows_missing_cells_included():
    training = np.array([[0.0, NAN], [1, 2], [1, 2]])
    rows = np.array([[-0.0, NAN], [1, 2], [1, NAN], [0, 2], [1, 2]])
    assert _distances.count_copies(rows, training) == 3


def test_share_of_copies_beside_the_held_out_rows_own():
    """Generated: 2 of 4 are training rows. Held out: 1 of 4."""
    table = Table((Column("x"),))
    real = np.arange(8.0)[:, None]
    second = np.array([[0.0], [10], [11], [12]])
    fake = np.array([[3.0], [20], [4], [21]])
    scores = score("copies", table, real, second, fake)
    assert (scores["copies"], scores["real_copies"], scores["simple_copies"]) == (0.5, 0.25, 1)


def test_nearer_to_training_by_hand():
    """Training 0 and 10, held out 4 and 6: of 1, 5, 9, 2 the nearest are training, held out, training, and for 2 both: (2 + 1/2) / 4."""
    table = Table((Column("x"),))
    real, second = np.array([[0.0], [10]]), np.array([[4.0], [6]])
    fake = np.array([[1.0], [5], [9], [2]])
    assert score("copies", table, real, second, fake)["nearer_to_training"] == 0.625


def test_nearer_compares_with_equally_many_rows():
    """Only the first two of three training rows are looked at: 7 is not."""
    table = Table((Column("x"),))
    real, second = np.array([[0.0], [10], [7]]), np.array([[4.0], [6]])
    assert score("copies", table, real, second, np.array([[7.0]]))["nearer_to_training"] == 0


def test_copies_of_training_rows_are_found():
    """Every attack knows a copy: AUC 1. Rows are distinct, since their first columns are continuous."""
    table = Table((Column("x"), Column("y")))
    rng = np.random.default_rng(0)
    real, second, fake = rng.standard_normal((3, 400, 2))
    scores = score("membership", table, real, second, fake)
    assert scores["simple_membership"] == 1
    assert score("copies", table, real, second, fake)["simple_nearer_to_training"] == 1


def test_rows_of_one_distribution_tell_nothing():
    """200 against 200 rows: each area has a standard error of sqrt(401 / (12 * 200^2)) = .0289.

    Chance alone passes 4 of them in 1 of 15,000 seeds.
    """
    table = Table((Column("x"), Column("y")))
    rng = np.random.default_rng(0)
    real, second, fake = rng.standard_normal((3, 400, 2))
    scores = score("membership", table, real, second, fake)
    assert scores["attacked"] == 200
    assert scores["membership"] == max(scores["nearest_auc"], scores["density_auc"])
    assert scores["membership"] == pytest.approx(0.5, abs=4 * 0.0289)
    assert scores["real_membership"] == pytest.approx(0.5, abs=4 * 0.0289)


def test_attack_auc_by_hand():
    """Training 0 and 10, held out 4 and 20, generated 1 and 11, of which the nearest are 1, 1 and 3, 9 away: AUC 1.

    The sqrt(2)-th, rounded, is the nearest too.
    """
    table = Table((Column("x"),))
    real, fake = np.array([[0.0], [10]]), np.array([[1.0], [11]])
    second = np.array([[4.0], [20], [0], [0]])  # half of them are attacked
    scores = score("membership", table, real, second, fake)
    assert (scores["nearest_auc"], scores["density_auc"], scores["attacked"]) == (1, 1, 2)


def test_ties_count_half():
    """Every row is one away from the nearest generated row."""
    table = Table((Column("x"),))
    rows = np.array([[0.0], [2], [0], [2]])
    assert score("membership", table, rows, rows, np.array([[1.0]]))["membership"] == 0.5
