"""Centers and scales of columns: what D sees has mean 0 and deviation 1, and what comes back is in the data's own units."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan import data
from tfgan.data.source import in_memory
from tfgan.export import saved_model
from tfgan.kinds.units import Units


@pytest.fixture(scope="module")
def columns():
    """5,000 rows: U(0, 1), U(0, 1e6), N(300, 5), N(1e6, 1), a constant."""
    random, n = np.random.default_rng(0), 5000
    drawn = (
        random.uniform(0, 1, n),
        random.uniform(0, 1e6, n),
        random.normal(300, 5, n),
        random.normal(1e6, 1, n),
        np.full(n, 0.1),
    )
    return np.stack(drawn, axis=1).astype(np.float32)


def rounding(units):
    """Return the largest error of four roundings in each column."""
    return 4 * 2.0**-24 * (np.abs(units.center) + 6 * np.array(units.scale))


def test_columns_have_mean_0_and_deviation_1_in_training_units(columns):
    """A center is rounded to float32: half a unit in the last place of 1e6 is 1/32, of 300 it is 1.5e-5, a fifth of that in deviations."""
    x = Units.by_column(columns).encode(columns).astype(np.float64)
    assert Units.by_column(columns).encode(columns).dtype == np.float32
    assert np.all(np.abs(x.mean(axis=0)) <= [1e-6, 1e-6, 1e-5, 1 / 31, 0])
    np.testing.assert_allclose(x.std(axis=0), [1, 1, 1, 1, 0], rtol=1e-6)


def test_columns_come_back_to_the_last_bits(columns):
    """Each of the operations rounds at 2^-24 of its result, of which none exceeds |center| + 6 scale."""
    units = Units.by_column(columns)
    back = units.decode(units.encode(columns))
    assert back.dtype == np.float32
    assert np.all(np.abs(back - columns) <= rounding(units))


def test_samples_come_back_in_the_ranges_of_their_columns(columns):
    """Of a generator that is right in training units, N(0, 1): deviations within 5 %, 3.5 of the estimate's own of 2,500 draws."""
    drawn = Units.by_column(columns).decode(
        np.random.default_rng(1).normal(size=(2500, 5)).astype(np.float32)
    )
    made, real = drawn.astype(np.float64), columns.astype(np.float64)
    np.testing.assert_allclose(made.std(axis=0)[:4], real.std(axis=0)[:4], rtol=0.05)
    assert np.all(np.abs(made.mean(axis=0) - real.mean(axis=0)) <= 0.1 * real.std(axis=0) + 1e-9)


def test_constant_columns_come_back_as_the_constant(columns):
    units = Units.by_column(columns)
    assert units.scale[4] == 0
    assert np.all(units.encode(columns)[:, 4] == 0)
    assert np.all(units.decode(np.full((3, 5), 7.0, np.float32))[:, 4] == np.float32(0.1))


def test_tensors_and_arrays_agree(columns):
    units, rows = Units.by_column(columns), columns[:100]
    encoded, decoded = tf.function(lambda x: (units.encode(x), units.decode(units.encode(x))))(
        tf.constant(rows)
    )
    np.testing.assert_allclose(encoded, units.encode(rows), rtol=3e-7)
    assert np.all(np.abs(decoded - units.decode(units.encode(rows))) <= rounding(units))


def test_mixtures_keep_one_scale_bit_for_bit():
    """Divided by the root mean square of their coordinates, in float32, as ever."""
    for name in ("ring8", "grid25", "grid100"):
        source = data.open_source(name)
        means, sigma = source.mixture.means, source.mixture.sigma
        assert source.units == Units(0.0, float(np.sqrt(np.mean(means**2) + sigma**2)))
        x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
        np.testing.assert_array_equal(source.units.encode(x), x / np.float32(source.units.scale))
        np.testing.assert_array_equal(source.units.decode(x), x * np.float32(source.units.scale))


def test_the_columns_of_the_training_examples_count_and_no_others():
    """The held-out tenth stays unseen."""
    points = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    source = in_memory("points", points, None)
    assert source.units == Units.by_column(points[source.train_indices])
    x = np.concatenate([source.examples(np.arange(90))[0], source.held_out()[0]])
    np.testing.assert_array_equal(
        x, source.units.encode(points[np.concatenate([source.train_indices, source.held_out_indices])])
    )


def test_json_holds_all_of_them(columns):
    for units in (Units(), Units(0.0, 0.7), Units.by_column(columns)):
        assert Units.from_json(units.to_json()) == units


@pytest.mark.parametrize(
    ("center", "scale"),
    [
        (0.0, 0.0),
        (0.0, -1.0),
        (0.0, np.nan),
        ((0.0,), 1.0),
        ((0.0, 0.0), (1.0,)),
        ((0.0,), (-1.0,)),
        ((np.inf,), (1.0,)),
    ],
)
def test_units_that_are_none_are_refused(center, scale):
    with pytest.raises(ValueError, match="units: expected"):
        Units(center, scale)


def test_a_column_that_spans_more_than_float32_is_refused():
    with pytest.raises(
        ValueError, match=r"points: expected columns that span less than 3\.4e38, got 6e\+38 in column 1"
    ):
        Units.by_column(np.array([[0, 3e38], [1, -3e38]], np.float32))


def test_exported_signatures_speak_the_units_of_the_data(make_gan, tmp_path):
    gan, units = make_gan(jit_compile=False), Units((300.0, 1e5), (5.0, 3e4))
    model = tf.saved_model.load(str(saved_model.save(gan, tmp_path / "points", units=units)))
    latents = tf.random.stateless_normal((4, 2), (0, 1))
    samples = model.signatures["serving_default"](latents=latents)["samples"]
    np.testing.assert_allclose(
        samples, [300.0, 1e5] + np.array([5.0, 3e4]) * gan.generate(latents), rtol=1e-6
    )
    logits = model.signatures["score"](samples=samples)["logits"]
    np.testing.assert_allclose(logits, gan.discriminator((samples - [300.0, 1e5]) / [5.0, 3e4]), atol=1e-4)


def test_units_and_a_scale_are_too_much(make_gan, tmp_path):
    with pytest.raises(ValueError, match="scale: expected it or units, got both"):
        saved_model.save(make_gan(jit_compile=False), tmp_path, units=Units(), scale=2.0)
