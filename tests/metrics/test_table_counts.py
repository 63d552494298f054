"""`coverage`, `validity`, `missing` and `conditions`: small tables by hand."""

import numpy as np
import pytest
from reference_tables import Column, Table, category

from tfgan import metrics
from tfgan.metrics import Samples

NAN = np.nan


def score(name, table, real, fake, second=None, **options):
    real, fake = (np.array(side, float) for side in (real, fake))
    held_out = None if second is None else Samples(np.array(second, float), kind=table)
    return metrics.get(name, **options)(Samples(real, kind=table, second=held_out), Samples(fake, kind=table))


def test_coverage_of_categories_and_missing_cells():
    """Training rows have a, b and a missing cell, not c; generated ones a and c: 1 of 3."""
    table = Table((category("c", "a", "b", "c"),))
    scores = score("coverage", table, [[0], [0], [1], [NAN]], [[0], [2]])
    assert (scores["coverage"], scores["values_of"]) == (pytest.approx(1 / 3), 3)
    assert (scores["rare_coverage"], scores["rare_values_of"]) == (None, 0)


def test_coverage_of_tenths_and_spikes():
    """0 to 10 with a spike at 0: training rows are in the tenths of 0, 5 and 10, generated ones in those of .5 and 10; nothing is 0.

    Reached are two tenths; the tenth of 5 and the spike are not: 2 of 4.
    """
    table = Table((Column("x", spikes=(0.0,)),))
    scores = score("coverage", table, [[0], [0], [5], [10]], [[0.5], [10], [99]])
    assert (scores["coverage"], scores["values_of"]) == (0.5, 4)


def test_rare_values_count_apart():
    """Of 200 training rows one has b (.5 %); generated rows lack it."""
    table = Table((category("c", "a", "b"),))
    real = np.zeros((200, 1))
    real[7] = 1
    scores = score("coverage", table, real, [[0.0]], second=[[0.0], [1.0]])
    assert (scores["coverage"], scores["rare_coverage"], scores["real_rare_coverage"]) == (1, 0, 1)


def test_validity_is_the_share_of_rows_that_the_table_allows():
    """Of five rows one has a fraction, one is beyond the range, one has no such category and a fraction."""
    table = Table((Column("n", low=0, high=9, is_integer=True), category("c", "a", "b")))
    fake = [[1, 0], [1.5, 1], [10, 0], [2.5, 2], [NAN, NAN]]
    scores = score("validity", table, [[1, 0]], fake, second=[[9, 1], [10, 1]])
    assert (scores["validity"], scores["real_validity"]) == (0.4, 0.5)
    assert (scores["column/n"], scores["column/c"]) == (0.4, 0.8)


def test_a_column_without_illegal_cells_is_not_listed():
    table = Table((Column("n", low=0, high=9), category("c", "a", "b")))
    scores = score("validity", table, [[1, 0]], [[1, 0], [2, 2]])
    assert [name for name in scores if "/" in name] == ["column/c"]


def test_missing_is_the_largest_difference():
    """Shares 1/2 and 0 against 1/4 and 1/2."""
    table = Table((Column("x"), Column("y")))
    scores = score(
        "missing",
        table,
        [[NAN, 0], [0, 0]],
        [[NAN, NAN], [0, NAN], [0, 0], [0, 0]],
        second=[[NAN, 0], [0, 0]],
    )
    assert (scores["missing"], scores["column/x"], scores["column/y"]) == (0.5, -0.25, 0.5)
    assert scores["real_missing"] == 0


PEOPLE = Table((Column("n"), category("sex", "F", "M"), category("c", "a", "b")))
REAL = [[1, 0, 0], [1, 0, 1], [2, 1, 1], [3, 1, 1]]
HELD_OUT = [[1, 0, 0], [2, 1, 0], [2, 1, 1], [3, 1, 1]]


def test_kept_conditions_and_the_shares_under_them():
    """3 of 4 rows are F. Training rows that are F have c = a in 1 of 2, generated ones in 4 of 4: the largest error is 1/2.

    Held out, 1 of 4 is F, and that one has c = a.
    """
    fake = [[1, 0, 0], [2, 0, 0], [1, 0, 0], [1, 1, 0]]
    scores = score("conditions", PEOPLE, REAL, fake, HELD_OUT, where="sex=F")
    assert (scores["kept"], scores["share_error"]) == (0.75, 0.5)
    assert (scores["real_kept"], scores["real_share_error"]) == (0.25, 0.5)


def test_without_a_condition_the_shares_of_all_rows():
    """F in 1/2 against 1/4, c = a in 1/4 against 1/2 of 4 rows."""
    scores = score("conditions", PEOPLE, REAL, HELD_OUT)
    assert scores["share_error"] == 0.25
    assert "kept" not in scores


def test_a_condition_on_a_number():
    assert score("conditions", PEOPLE, REAL, HELD_OUT, where="n=2")["kept"] == 0.5


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("age=3", "expected where=COLUMN=VALUE with one of the columns n, sex, c, got 'age=3'"),
        ("sex=X", r"expected a value of 'sex' \(F, M\), got 'X'"),
        ("n=X", r"expected a value of 'n' \(numbers\), got 'X'"),
    ],
)
def test_an_unknown_condition_is_refused(where, words):
    with pytest.raises(ValueError, match=words):
        score("conditions", PEOPLE, REAL, HELD_OUT, where=where)


def test_the_name_of_a_condition_may_have_signs():
    metric = metrics.get("conditions_1k:where=income=>50K")
    assert metric.where == "income=>50K"
