"""Series: heavy tails become normal and come back; files of windows."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from tfgan.kinds import fitted, heavy_tails


@pytest.mark.parametrize("delta", [1e-4, 0.1, 0.21, 0.9])
def test_the_normal_number_is_lambert_w(delta):
    """u = sgn(z) sqrt(W(delta z^2) / delta), W by scipy in float64; float32 has 2^-24 a step of some ten."""
    z = np.concatenate([np.linspace(-60, 60, 4001), [1e4, -1e6]])
    expected = np.sign(z) * np.sqrt(special.lambertw(delta * z * z).real / delta)
    found = heavy_tails.normal(np.float32(z)[:, None], np.float32([delta]))[:, 0]
    np.testing.assert_allclose(found, expected, rtol=3e-6, atol=1e-6)
    np.testing.assert_allclose(
        heavy_tails.normal(tf.constant(np.float32(z)[:, None]), np.float32([delta]))[:, 0], found, rtol=2e-6
    )


def test_without_heavy_tails_numbers_stay():
    z = np.float32([[-3.0], [0.0], [2.5]])
    np.testing.assert_array_equal(heavy_tails.normal(z, np.float32([0.0])), z)
    np.testing.assert_array_equal(heavy_tails.heavy(z, np.float32([0.0])), z)


def test_the_fit_finds_the_parameters():
    """100,000 numbers 3 + 0.5 u exp(.2 u^2 / 2): errors of some .005, a quarter of the tolerance."""
    u = np.random.default_rng(0).normal(size=(100_000, 1))
    center, scale, delta = heavy_tails.fit(3 + 0.5 * heavy_tails.heavy(u, np.array([0.2])))
    assert (center[0], scale[0], delta[0]) == pytest.approx((3, 0.5, 0.2), abs=0.02)
    assert heavy_tails.fit(np.random.default_rng(0).uniform(size=(10_000, 1)))[2][0] == 0


def windows(count=40, length=6):
    random = np.random.default_rng(0)
    return np.stack(
        [random.standard_t(3, (count, length)) * 0.01, random.normal(5, 2, (count, length))], axis=-1
    ).astype(np.float32)


def test_windows_come_back():
    x = windows()
    kind = fitted(x, np.arange(len(x)), "series")
    np.testing.assert_allclose(kind.decode(kind.encode(x)), x, rtol=1e-5, atol=1e-6)


def test_large_outputs_are_cut_at_six_deviations():
    x = windows()
    kind = fitted(x, np.arange(len(x)), "series")
    large, six = (kind.decode(np.full((1, *kind.shape), at, np.float32)) for at in (1e6, 6.0))
    np.testing.assert_array_equal(large, six)


def test_a_csv_file_holds_the_windows(tmp_path):
    x = windows(5)
    kind = fitted(x, np.arange(5), "series")
    path = tmp_path / "made.csv"
    kind.write_csv(path, [x[:2], x[2:]], np.arange(7, 12))
    assert path.read_text().splitlines()[:2] == [
        "example,step,channel_0,channel_1",
        f"7,0,{x[0, 0, 0]:.9g},{x[0, 0, 1]:.9g}",
    ]
    np.testing.assert_array_equal(kind.read(path), x)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(
        ValueError, match="expected the columns example, step, channel_0, channel_1, got a, b"
    ):
        kind.read(path)
