"""The contract of all metrics of tables: refusals, floors, baselines, missing cells."""

import dataclasses

import numpy as np
import pytest
import reference_tables as tables

from tfgan import metrics
from tfgan.metrics import Samples
from tfgan.metrics.metric import EVERYTHING

NAMES = [name for name in metrics.names() if metrics.get(name).kinds == ("table",)]
TABLE = tables.PEOPLE
BASELINES = {"quality", "tstr", "detection", "copies", "membership"}
OPTIONS = {"conditions": {"where": "sex=Male"}}


def get(name):
    return metrics.get(name, **OPTIONS.get(name, {}))


def sides(count=300, held_out=200, seed=0):
    """Return real rows with held-out rows, and generated rows."""
    real = Samples(
        tables.people(count, seed),
        kind=TABLE,
        second=Samples(tables.people(held_out, seed + 1), kind=TABLE),
    )
    return real, Samples(tables.people(250, seed + 2, 0.1), kind=TABLE)


def test_the_catalogue_has_the_metrics_of_tables():
    assert set(NAMES) == {
        *("quality", "tstr", "detection", "coverage", "validity", "missing", "copies", "membership"),
        "conditions",
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_its_floor_and_its_baseline(name):
    metric, (real, fake) = get(name), sides()
    scores = metric(real, fake)
    figures = [figure for figure in metric.values if figure in scores]
    assert figures
    assert all(np.isfinite(scores[figure]) for figure in figures)
    assert all(np.isfinite(scores[f"real_{figure}"]) for figure in figures)
    assert all((f"simple_{figure}" in scores) == (name in BASELINES) for figure in figures)
    assert (scores["real_num_samples"], scores["num_real"]) == (200, 300 if name != "tstr" else 250)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_flat_numbers(name):
    scores = get(name)(*sides())
    assert all(value is None or isinstance(value, (int, float)) for value in scores.values())
    assert all(isinstance(key, str) for key in scores)


@pytest.mark.parametrize("name", NAMES)
def test_it_compares_with_all_training_rows(name):
    assert metrics.get(name).real_samples == EVERYTHING


@pytest.mark.parametrize("name", NAMES)
def test_the_same_each_time_and_the_cells_are_left_as_they_were(name):
    real, fake = sides()
    first, second = get(name)(real, fake), get(name)(real, fake)
    assert first == second
    fresh_real, fresh_fake = sides()
    np.testing.assert_array_equal(real.images, fresh_real.images)
    np.testing.assert_array_equal(real.second.images, fresh_real.second.images)
    np.testing.assert_array_equal(fake.images, fresh_fake.images)


@pytest.mark.parametrize("name", NAMES)
def test_a_rehearsal_computes_no_figure_of_alike_rows(name):
    row = np.repeat(tables.people(40, 0)[:1], 40, axis=0)
    real = Samples(row, kind=TABLE, second=Samples(row, kind=TABLE))
    get(name).check(real, Samples(row, kind=TABLE))


@pytest.mark.parametrize("name", NAMES)
def test_a_column_that_is_missing_in_every_row_is_scored(name):
    real, fake = sides()
    for side in (real, real.second, fake):
        side.images[:, 3] = np.nan
        side.images[:, 7] = np.nan
    scores = get(name)(real, fake)
    assert all(np.isfinite(scores[figure]) for figure in metrics.get(name).values if figure in scores)


@pytest.mark.parametrize("name", NAMES)
def test_rows_without_a_table_are_refused(name):
    real, fake = sides()
    with pytest.raises(ValueError, match=f"'{name}': expected rows of a table"):
        get(name)(real.images, fake.images)


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_other_columns_are_refused(name):
    real, fake = sides()
    with pytest.raises(ValueError, match=rf"'{name}': fake: expected cells \(n, 9\), got shape \(250, 8\)"):
        get(name)(real, Samples(fake.images[:, :8], kind=TABLE))


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_are_refused(name):
    real, fake = sides()
    with pytest.raises(ValueError, match=f"'{name}': fake: expected at least . rows, got 0"):
        get(name)(real, Samples(fake.images[:0], kind=TABLE))


@pytest.mark.parametrize("name", NAMES)
def test_infinite_cells_are_refused(name):
    real, fake = sides()
    fake.images[[3, 5], 1] = np.inf
    with pytest.raises(
        ValueError, match=f"'{name}': fake: .*got infinity in 2 of 250 rows, first in number 3"
    ):
        get(name)(real, fake)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"validity"}))
def test_unknown_categories_are_refused(name):
    real, fake = sides()
    fake.images[3, 5] = 2
    with pytest.raises(
        ValueError, match=f"'{name}': fake: column 'sex': expected indices of 2 values, got 2"
    ):
        get(name)(real, fake)


@pytest.mark.parametrize("name", [name for name in NAMES if metrics.get(name).held_out_only])
def test_held_out_rows_are_asked_for(name):
    real, fake = sides()
    with pytest.raises(ValueError, match=f"'{name}': expected held-out real rows"):
        get(name)(dataclasses.replace(real, second=None), fake)


@pytest.mark.parametrize("name", NAMES)
def test_a_docstring_promises_no_privacy(name):
    assert "priva" not in (type(metrics.get(name)).__doc__ + metrics.get(name).bias).lower()
