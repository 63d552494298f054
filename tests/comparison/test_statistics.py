"""Intervals, ranks and tests over seeds, against values by hand."""

import math

import numpy as np
import pytest

from tfgan.comparison import statistics
from tfgan.comparison.statistics import (
    compute_standings,
    holm_correction,
    rank_costs,
    sign_flip_test,
    summarize,
    to_cost,
)


def test_of_one_seed_no_interval_is_claimed():
    assert summarize([2.0]) == (2.0, None, None, (2.0,))


def test_without_a_run_there_is_no_mean():
    assert summarize([None, None]) == (None, None, None, (None, None))


def test_the_interval_of_three_is_their_range():
    """All three draws hit the smallest with probability 1/27 = 3.7 %, more than the 2.5 % that the interval leaves out."""
    found = summarize([1.0, None, 2.0, 6.0])
    assert (found.mean, found.low, found.high) == (3.0, 1.0, 6.0)


def test_the_interval_of_many_is_that_of_the_normal():
    """Of 400 values the mean's standard error is s / 20; the bootstrap's quantiles are its 1.96-fold, to about 10 % of it."""
    values = np.random.default_rng(0).normal(size=400)
    found, error = summarize(list(values)), values.std() / 20
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ((1.0, 2.0, 3.0), 1 / 4),  # only + + + and - - - are as far from 0
        ((1.0, 2.0, 3.0, 4.0), 1 / 8),
        ((1.0, 1.0, -1.0), 1.0),  # |sum| is 1 or 3 in all 8 patterns
        ((3.0, 2.0, -1.0), 1 / 2),  # sum 4; 6, 4, -4, -6 of 8 patterns are as far
        ((0.0, 0.0), 1.0),
        ((1.0,) * 6, 1 / 32),
    ],
)
def test_sign_flips_by_hand(differences, p):
    assert sign_flip_test(differences) == p


def test_many_pairs_are_drawn():
    """Of 20 equal differences no drawn pattern but the observed is likely to reach the sum: 2^-19 * 65,536 = 1/8 expected."""
    assert sign_flip_test([1.0] * 20) <= 3 / statistics.DRAWS
    assert sign_flip_test([1.0, -1.0] * 10) == 1.0


def test_p_is_uniform_where_nothing_differs():
    """Under symmetric differences of 6 seeds P(p <= k/32) = k/32: of 400 draws 1/16 are at most 1/16, give or take 4 x 1.2 %."""
    rng = np.random.default_rng(0)
    found = np.array([sign_flip_test(rng.normal(size=6)) for _ in range(400)])
    assert np.mean(found <= 1 / 16) == pytest.approx(1 / 16, abs=0.05)


def test_ranks_share_places_and_leave_out_what_is_not_there():
    costs = np.array([[1.0, 5.0, math.nan], [2.0, 5.0, 1.0], [3.0, math.inf, 0.0]])
    expected = [[1.0, 1.5, math.nan], [2.0, 1.5, 2.0], [3.0, 3.0, 1.0]]
    np.testing.assert_array_equal(rank_costs(costs), expected)


@pytest.mark.parametrize(
    ("value", "better", "real", "expected"),
    [
        (2.0, "lower", None, 2.0),
        (2.0, "higher", None, -2.0),
        (2.0, "real", 2.5, 0.5),
        (None, "lower", 1.0, math.inf),
    ],
)
def test_costs(value, better, real, expected):
    assert to_cost(value, better, real) == expected


def test_nearer_to_reals_cannot_be_told_without_them():
    assert math.isnan(to_cost(1.0, "real", None))


def test_holm_stops_at_the_first_that_fails():
    """.01 x 4 and .013 x 3 are at most .05; .04 x 2 is not, nor is what follows."""
    assert holm_correction([0.04, 0.01, None, 0.013, 0.049]) == [False, True, False, True, False]


def test_the_reference_is_not_tested_against_itself():
    rows = compute_standings(np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 4.0]]))
    assert rows[0].p is None
    assert rows[1] == (4 / 3, 2, 3, 1.0, False)  # differences -1, -1, 1


def test_a_run_that_diverged_is_last_and_makes_no_pair():
    rows = compute_standings(np.array([[1.0, 2.0], [0.0, math.inf]]))
    assert (rows[1].rank, rows[1].pairs, rows[1].p) == (1.5, 1, None)
