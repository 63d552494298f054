"""Agreement of clusters with classes whose numbers are far apart."""

import tracemalloc

import numpy as np
import pytest

from tfgan.metrics import clusters


def test_labels_far_apart_count_as_labels_in_a_row():
    """Only equality of labels matters; a table of 900,001 x 900,001 would take 6 TiB."""
    random = np.random.default_rng(0)
    classes, found = random.integers(0, 4, 500), random.integers(0, 6, 500)
    expected = clusters.compare_clusters(classes, found)
    tracemalloc.start()
    assert clusters.compare_clusters(np.array([0, 1, 2, 900_000])[classes], found * 70_000) == pytest.approx(
        expected, rel=1e-12
    )
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("labels", "found", "accuracy"), [([0, 0, 1, 1], [5, 5, 5, 5], 0.5), ([0, 1, 2, 9], [1, 1, 0, 0], 0.5)]
)
def test_more_classes_than_clusters_and_fewer(labels, found, accuracy):
    """A cluster stands for one class: of one cluster half are of its class; of two for four classes, one example each."""
    assert clusters.compare_clusters(np.array(labels), np.array(found))["cluster_accuracy"] == accuracy
