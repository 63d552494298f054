"""The small classifier and what it counts."""

import numpy as np
import pytest

from tfgan import data, metrics


@pytest.fixture(scope="module")
def digits():
    source = data.open_source("digits")
    return metrics.Samples(
        *source.examples(np.random.default_rng(0).permutation(source.num_examples))
    ), source


@pytest.fixture(scope="module")
def on_held_out(digits):
    return metrics.get("class_histogram")(digits[0], metrics.Samples(digits[1].held_out()[0]))


def test_real_digits_show_all_ten_classes(on_held_out):
    assert on_held_out["classes"] == on_held_out["classes_of"] == 10


def test_classifier_knows_the_digits(on_held_out):
    assert on_held_out["real_accuracy"] > 0.95
    assert on_held_out["mean_confidence"] > 0.9


def test_shares_sum_to_one(on_held_out):
    assert sum(on_held_out[f"share_{digit}"] for digit in range(10)) == pytest.approx(1)


def test_one_repeated_image_is_one_class(digits):
    one = metrics.Samples(np.repeat(digits[0].images[:1], 50, axis=0))
    found = metrics.get("class_histogram", examples_seen=5000)(digits[0], one)
    assert (found["classes"], found["largest_share"]) == (1, 1.0)


def test_unlabeled_images_are_refused(digits):
    with pytest.raises(ValueError, match="labeled real images"):
        metrics.get("class_histogram")(metrics.Samples(digits[0].images), digits[0])


def test_images_of_a_class_agree_with_their_labels_as_often_as_the_classifier_is_right(digits):
    """Real held-out digits under their own labels, and under the next digit's."""
    images, labels = digits[1].held_out()
    metric = metrics.get("class_histogram", examples_seen=60_000)
    found = [metric(digits[0], metrics.Samples(images, (labels + shift) % 10)) for shift in (0, 1)]
    assert found[0]["label_agreement"] > 0.95
    assert found[1]["label_agreement"] < 0.05


def test_small_matrices_take_one_thread(monkeypatch):
    """Several BLAS threads take seven times the processor time, and minutes beside other work; afterwards they are as before."""
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_info

    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before, during, fit = threads(), [], MLPClassifier.fit
    monkeypatch.setattr(
        MLPClassifier, "fit", lambda *arguments: (during.extend(threads()), fit(*arguments))[1]
    )
    images = np.random.default_rng(0).uniform(-1, 1, (200, 4, 4, 1)).astype(np.float32)
    metrics.get("class_histogram", examples_seen=2000)(
        metrics.Samples(images, np.arange(200) % 2), metrics.Samples(images)
    )
    assert during
    assert set(during) == {1}
    assert threads() == before
