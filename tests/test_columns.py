"""Points whose columns have ranges of their own are learned alike, whatever these are."""

import numpy as np
import pytest

from tfgan import train
from tfgan.evaluation import sampler as sampler_lib


@pytest.mark.slow
def test_columns_come_back_in_their_own_ranges(tmp_path):
    """U(0, 1), U(0, 1e6), N(300, 5) and a constant, by 1,000 steps; with one scale for all, the first spanned thousands.

    Bounds are wide, as G is small and the steps few: a deviation within 25 %, a mean within half a deviation,
    and 98 % of the samples of the uniform columns at most a fifth of their range beyond it.
    """
    random, n = np.random.default_rng(0), 2000
    drawn = random.uniform(0, 1, n), random.uniform(0, 1e6, n), random.normal(300, 5, n), np.full(n, 7)
    points = np.stack(drawn, axis=1).astype(np.float32)
    np.savez(tmp_path / "points.npz", points=points)
    flags = train.TrainFlags(
        dataset=f"npz:{tmp_path / 'points.npz'}",
        loss="rpgan",
        penalty=("r1:gamma=0.1", "r2:gamma=0.1"),
        network="mlp",
        width=32,
        batch_size=128,
        latent_dim=4,
        steps=1000,
        steps_per_call=50,
        lr_schedule="cosine",
        run_dir=str(tmp_path / "run"),
        export_dir=str(tmp_path / "models"),
    )
    assert train.main(flags) == 0
    sampler, record = sampler_lib.from_saved_model(tmp_path / "models" / "run")
    samples, points = sampler.by_seed(np.arange(2000)).astype(np.float64), points.astype(np.float64)
    assert record["units"]["scale"][3] == 0
    assert np.all(samples[:, 3] == 7)
    deviation = points.std(axis=0)[:3]
    np.testing.assert_allclose(samples.std(axis=0)[:3], deviation, rtol=0.25)
    assert np.all(np.abs(samples.mean(axis=0) - points.mean(axis=0))[:3] <= deviation / 2)
    inside = (samples[:, :2] >= [-0.2, -2e5]) & (samples[:, :2] <= [1.2, 1.2e6])
    assert np.all(inside.mean(axis=0) >= 0.98)
