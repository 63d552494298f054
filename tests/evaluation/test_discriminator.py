"""What D recognizes: classes, codes beside k-means, and reals that it did not train on."""

import numpy as np
import pytest

from tfgan import data
from tfgan.evaluation import discriminator
from tfgan.metrics import clusters
from tfgan.models.conditions import Codes


class Sampler:
    """A stand-in that reads what it is told to."""

    def __init__(self, given=None, **reads):
        self.condition = given
        self._reads = reads

    def __call__(self, count):
        return np.zeros((count, 8, 8, 1), np.float32)

    def codes(self, count):
        return np.random.default_rng(0).uniform(-1, 1, (count, self.condition.width))

    def labels(self, count):
        return None

    def read(self, name, examples, labels=None):
        return self._reads[name](examples) if name in self._reads else None


@pytest.fixture(scope="module")
def digits():
    return data.open_source("digits")


def test_agreement_does_not_depend_on_the_numbers_of_clusters():
    assert clusters.compare_clusters(np.array([0, 0, 1, 2]), np.array([2, 2, 0, 1])) == {
        "cluster_accuracy": 1.0,
        "nmi": pytest.approx(1.0),
    }


def test_agreement_by_hand():
    """Clusters {a a b}, {b b a}: each stands for its majority, 4 of 6; NMI = 1 - H(label | cluster) / ln 2, both entropies ln 2."""
    found = clusters.compare_clusters(np.array([0, 0, 1, 1, 1, 0]), np.array([0, 0, 0, 1, 1, 1]))
    conditional = -(2 / 3 * np.log(2 / 3) + 1 / 3 * np.log(1 / 3))
    assert found == {
        "cluster_accuracy": pytest.approx(4 / 6),
        "nmi": pytest.approx(1 - conditional / np.log(2)),
    }


def test_more_clusters_than_classes_stand_for_none():
    assert clusters.compare_clusters(np.zeros(4, int), np.arange(4))["cluster_accuracy"] == 0.25


def test_correlation_of_what_does_not_vary_is_zero():
    assert clusters.correlate(np.array([[1.0], [2.0]]), np.zeros((2, 1))) == [0.0]


def test_k_means_finds_the_digits(digits):
    """The published ballpark of k-means on these digits is .79 (scikit-learn's own guide)."""
    x, labels = digits.held_out()
    found = clusters.compare_clusters(
        labels, clusters.k_means(digits.examples(range(digits.num_examples))[0], x, 10, seed=0)
    )
    assert found["cluster_accuracy"] > 0.6


def test_accuracy_is_of_held_out_examples(digits):
    labels = digits.held_out()[1]
    right = np.where(np.arange(len(labels)) < 100, labels, (labels + 1) % 10)
    found = discriminator.score_discriminator(Sampler(classify=lambda x: np.eye(10)[right]), digits)
    assert found == {"accuracy": pytest.approx(100 / len(labels)), "accuracy_of": len(labels)}


def test_overfitting_is_where_held_out_reals_lie_between_training_and_fake(digits):
    """D says 3 of what it trained on, 1 of fakes, 1.5 of held-out reals: (3 - 1.5) / (3 - 1)."""
    train, held_out = (
        {x.tobytes() for x in part}
        for part in (digits.examples(range(digits.num_examples))[0], digits.held_out()[0])
    )

    def score(examples):
        return np.array(
            [[3.0 if x.tobytes() in train else 1.5 if x.tobytes() in held_out else 1.0] for x in examples]
        )

    assert discriminator.score_discriminator(Sampler(score=score), digits) == {
        "overfitting": pytest.approx(0.75)
    }


def test_codes_are_compared_with_classes_and_with_k_means(digits):
    """A head that knows the labels is right everywhere; one that returns a code's negative correlates with it by -1."""
    held_out, labels = digits.held_out()
    given = Codes(10, 1)
    sampler = Sampler(given)

    def recover(x):
        if len(x) == len(held_out):
            return np.concatenate([np.eye(10)[labels], np.zeros((len(x), 1))], axis=1)
        return -sampler.codes(len(x))

    sampler._reads["recover"] = recover
    found = discriminator.score_discriminator(sampler, digits)
    assert (found["cluster_accuracy"], found["code_correlation_1"]) == (1.0, pytest.approx(-1.0))
    assert 0.5 < found["k_means_cluster_accuracy"] < 1


def test_a_model_that_reads_nothing_has_no_scores(digits):
    assert discriminator.score_discriminator(Sampler(), digits) == {}


def test_without_held_out_examples_nothing_is_recognized(digits):
    import dataclasses

    alone = dataclasses.replace(digits, held_out_indices=digits.held_out_indices[:0])
    assert discriminator.score_discriminator(Sampler(score=lambda x: np.zeros((len(x), 1))), alone) == {}


def test_a_discriminator_that_says_the_same_of_everything_has_no_overfitting(digits):
    assert discriminator.score_discriminator(Sampler(score=lambda x: np.ones((len(x), 1))), digits) == {
        "overfitting": None
    }


def test_more_categories_than_examples_have_no_k_means(digits):
    few, given = digits.take(20), Codes(30)
    sampler = Sampler(given, recover=lambda x: np.eye(30)[np.arange(len(x)) % 30])
    found = discriminator.score_discriminator(sampler, few)
    assert "nmi" in found
    assert not any(name.startswith("k_means") for name in found)
