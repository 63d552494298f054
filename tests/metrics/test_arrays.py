"""Arrays in the place of `Samples`, as docs/metrics.md calls metrics."""

import numpy as np
import pytest

from tfgan import metrics


def array(field, seed, count=40):
    """Return what a metric reads, of a number of examples."""
    rng = np.random.default_rng(seed)
    if field == "images":
        return rng.uniform(-1, 1, (count, 8, 8, 1)).astype(np.float32)
    drawn = rng.uniform(0.1, 1, (count, 3))
    return drawn / drawn.sum(axis=1, keepdims=True)


OF_RECORDS = [name for name in metrics.names() if not {"images", "points"} & {*metrics.get(name).kinds}]
ALONE = [
    name
    for name in metrics.names()
    if len(metrics.get(name).reads) == 1 and name not in ("memorization", *OF_RECORDS)
]
MORE = {
    "class_fid": "expected labels, got none",
    "class_histogram": "expected labeled real images",
    "memorization": "expected held-out real samples",
    "modes": "expected data with known modes",
    "stacked_modes": "expected labeled real images",
}


def test_every_metric_takes_arrays_or_says_what_it_needs():
    assert {*ALONE, *MORE, *OF_RECORDS} == set(metrics.names())


@pytest.mark.parametrize("name", OF_RECORDS)
def test_metrics_of_other_kinds_refuse_images(name):
    with pytest.raises(ValueError, match="expected "):
        metrics.get(name)(*(array("images", seed) for seed in (0, 1)))


@pytest.mark.parametrize("name", ALONE)
def test_arrays_are_scored_as_samples_are(name):
    metric = metrics.get(name)
    (field,) = metric.reads
    real, fake = array(field, 0), array(field, 1)
    found = metric(real, fake)
    assert found == metric(metrics.Samples(**{field: real}), metrics.Samples(**{field: fake}))
    assert all(isinstance(value, (int, float)) for value in found.values())
    assert found["num_samples"] == found["num_real"] == 40


@pytest.mark.parametrize("name", MORE)
def test_what_arrays_lack_is_named(name):
    field = metrics.get(name).reads[0]
    sides = [array(field, seed) for seed in (0, 1)]
    if field == "channel_probabilities":
        sides = [side[:, None] for side in sides]
    with pytest.raises(ValueError, match=MORE[name]):
        metrics.get(name)(*sides)


def test_lists_and_tensors_are_arrays_too():
    import tensorflow as tf

    real, fake = array("features", 0), array("features", 1)
    expected = metrics.get("kid")(real, fake)
    assert metrics.get("kid")(real.tolist(), tf.constant(fake)) == expected


def test_a_side_may_have_more_than_the_other():
    """With a second real sample beside it, the floor is scored against an array of fakes."""
    real = metrics.Samples(
        features=array("features", 0), second=metrics.Samples(features=array("features", 2))
    )
    assert "real_kid" in metrics.get("kid")(real, array("features", 1))


@pytest.mark.parametrize("other", [None, "features.npy", {"features": np.zeros((4, 3))}])
def test_what_is_no_array_is_refused(other):
    with pytest.raises(
        TypeError,
        match=r"real: expected an array of features or tfgan.metrics.Samples, got (NoneType|str|dict)",
    ):
        metrics.get("kid")(other, array("features", 1))
