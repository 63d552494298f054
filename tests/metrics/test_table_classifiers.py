"""`tstr` and `detection`: classifiers of tables whose answer is known."""

import numpy as np
import pytest
from reference_tables import Column, Table, category

from tfgan import metrics
from tfgan.metrics import Samples
from tfgan.metrics.tables import tstr

XOR = Table((category("a", "0", "1"), category("b", "0", "1"), category("xor", "no", "yes")), target="xor")


def xor(count, seed, share=1.0):
    """Return rows whose last column is the exclusive or of the others, in the share `share` of the rows."""
    rng = np.random.default_rng(seed)
    a, b, other = rng.integers(0, 2, (3, count))
    return np.stack([a, b, np.where(rng.random(count) < share, a ^ b, other)], axis=1).astype(float)


def score(name, table, real, second, fake, **options):
    sides = Samples(real, kind=table, second=Samples(second, kind=table)), Samples(fake, kind=table)
    return metrics.get(name, **options)(*sides)


def test_a_rule_that_generated_rows_follow_is_learned():
    scores = score("tstr", XOR, xor(400, 0), xor(200, 1), xor(400, 2))
    assert scores["tstr_auc"] == scores["tstr_f1"] == scores["real_tstr_auc"] == scores["real_tstr_f1"] == 1


def test_shuffled_columns_do_not_follow_it():
    """No column tells of another: AUC 1/2, with a standard error of about sqrt(1 / (12 * 500)) * sqrt(2) = .018 from
    1,000 rows to score, and as much from 1,000 to train. Four groups of rows only: within .15 at these seeds.
    """
    scores = score("tstr", XOR, xor(1_000, 0), xor(1_000, 1), xor(1_000, 2))
    assert scores["simple_tstr_auc"] == pytest.approx(0.5, abs=0.15)


def test_both_sides_train_on_equally_many_rows():
    scores = score("tstr", XOR, xor(400, 0), xor(200, 1), xor(900, 2))
    assert (scores["num_samples"], scores["num_real"], scores["num_test"]) == (400, 400, 200)


def test_generated_rows_of_one_class_score_like_a_guess():
    """All generated rows say "no", the commoner value of the reals: AUC 1/2, and no "yes" is found: F1 0."""
    real, fake = xor(400, 0), xor(400, 2)
    real[:300, 2] = 0
    fake[:, 2] = 0
    scores = score("tstr", XOR, real, xor(200, 1), fake)
    assert (scores["tstr_auc"], scores["tstr_f1"]) == (0.5, 0)


def test_f1_is_of_the_rarer_class_of_the_training_rows():
    """All rows to train on say "yes", the rarer value of the reals: recall 1, precision q, the share of "yes" among the test rows.

    F1 = 2q / (1 + q).
    """
    real, second, fake = xor(400, 0), xor(200, 1), xor(400, 2)
    real[:300, 2] = 0
    fake[:, 2] = 1
    q = second[:, 2].mean()
    assert score("tstr", XOR, real, second, fake)["tstr_f1"] == pytest.approx(2 * q / (1 + q))


def test_a_target_of_three_values_has_macro_f1():
    """x decides: below 1, below 2, below 3."""
    table = Table((Column("x"), category("third", "a", "b", "c")))

    def rows(count, seed):
        x = np.random.default_rng(seed).random(count) * 3
        return np.stack([x, np.floor(x)], axis=1)

    scores = score("tstr", table, rows(600, 0), rows(300, 1), rows(600, 2), target="third")
    assert set(scores) & set(metrics.get("tstr").values) == {"tstr_macro_f1"}
    assert scores["tstr_macro_f1"] > 0.98


def test_macro_f1_of_a_constant_answer():
    """Test rows: 2 a, 1 b, 1 c; the answer is always a: F1 of a is 2 * 2 / (4 + 2), of b and c 0; the mean is 2/9."""
    table = Table((Column("x"), category("y", "a", "b", "c")))
    test = np.array([[0.0, 0], [0, 0], [0, 1], [0, 2]])
    training = np.zeros((4, 2))
    found = tstr.score_classes(training, test, test[:, 1], table.columns, 1)
    assert found == {"tstr_macro_f1": pytest.approx(2 / 9)}


def test_a_target_of_numbers_has_r2():
    """y = 3x + noise of variance 1/4 with x uniform on [0, 1]: R^2 is at most 1 - (1/16) / (9/12 + 1/16) with noise of deviation 1/4."""
    table = Table((Column("x"), Column("y")))

    def rows(count, seed):
        rng = np.random.default_rng(seed)
        x = rng.random(count)
        return np.stack([x, 3 * x + rng.standard_normal(count) / 4], axis=1)

    best = 1 - (1 / 16) / (9 / 12 + 1 / 16)
    scores = score("tstr", table, rows(2_000, 0), rows(2_000, 1), rows(2_000, 2), target="y")
    assert best - 0.05 < scores["tstr_r2"] < best + 0.02
    assert scores["simple_tstr_r2"] < 0.05


def test_rows_without_a_target_are_left_out():
    real, second, fake = xor(400, 0), xor(200, 1), xor(400, 2)
    second[:50, 2] = np.nan
    fake[:50, 2] = np.nan
    scores = score("tstr", XOR, real, second, fake)
    assert (scores["tstr_auc"], scores["num_test"]) == (1, 150)
    fake[:, 2] = np.nan
    with pytest.raises(ValueError, match="expected generated rows with a target, got none"):
        score("tstr", XOR, real, second, fake)


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (Table(XOR.columns), {}, "expected target= with one of the columns a, b, xor, got None"),
        (XOR, {"target": "c"}, "expected target= with one of the columns a, b, xor, got 'c'"),
    ],
)
def test_an_unknown_target_is_refused(table, options, words):
    with pytest.raises(ValueError, match=words):
        score("tstr", table, xor(40, 0), xor(20, 1), xor(40, 2), **options)


def test_a_table_of_the_target_alone_is_refused():
    rows = np.zeros((8, 1))
    with pytest.raises(ValueError, match="expected columns beside the target 'y', got none"):
        score("tstr", Table((category("y", "a", "b"),), target="y"), rows, rows, rows)


def test_more_categories_than_scikit_learn_takes():
    """A column of 600 values decides by its parity; the first 254 keep a code of their own."""
    table = Table((category("c", *map(str, range(600))), category("odd", "no", "yes")), target="odd")

    def rows(seed):
        c = np.minimum(599, np.floor(np.random.default_rng(seed).exponential(60, 4_000)))
        return np.stack([c, c % 2], axis=1)

    assert score("tstr", table, rows(0), rows(1), rows(2))["tstr_auc"] > 0.9


def test_rows_of_one_distribution_are_not_told_apart():
    """The AUC of 1,000 against 1,000 rows has a standard error of sqrt(2001 / (12 * 10^6)) = .0129.

    Chance alone passes 4 of them in 1 of 15,000 seeds.
    """
    table = Table(tuple(Column(f"x{i}") for i in range(3)))

    def rows(seed):
        return np.random.default_rng(seed).standard_normal((2_000, 3))

    scores = score("detection", table, rows(0), rows(1), rows(2))
    assert scores["detection"] == pytest.approx(0, abs=4 * 0.0129)
    assert scores["real_detection"] == pytest.approx(0, abs=4 * 0.0129)
    assert scores["detection_auc"] == scores["detection"] + 0.5


def test_rows_apart_are_told():
    """x < 0 against x > 0."""
    table = Table((Column("x"), category("c", "a", "b")))
    rng = np.random.default_rng(0)
    x, c = rng.random((3, 200)), rng.integers(0, 2, (3, 200))
    sides = [np.stack([x[i] * (-1 if i == 2 else 1), c[i]], axis=1) for i in range(3)]
    scores = score("detection", table, *sides)
    assert scores["detection"] == 0.5
    assert scores["num_compared"] == 200


def test_a_missing_cell_is_seen():
    """Reals always miss the cell, fakes never."""
    table = Table((Column("x"), Column("y")))
    rng = np.random.default_rng(0)
    real, second, fake = rng.standard_normal((3, 400, 2))
    real[:, 1] = second[:, 1] = np.nan
    assert score("detection", table, real, second, fake)["detection"] == 0.5


def test_pairs_that_do_not_occur_are_seen():
    """Shuffled columns of the exclusive or are wrong in half of the rows: no classifier's AUC is above 3/4.

    Rows with a ^ b != c are all fake; among the others 1 in 3 is fake. AUC = 1/2 + 1/2 * 1/2.
    """
    scores = score("detection", XOR, xor(2_000, 0), xor(2_000, 1), xor(2_000, 2))
    assert scores["simple_detection"] == pytest.approx(0.25, abs=0.04)
    assert scores["detection"] == pytest.approx(0, abs=4 * 0.0129)
