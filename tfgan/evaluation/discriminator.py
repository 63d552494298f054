"""Evaluate a model's discriminator on held-out examples: overfitting, classes and codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfgan.metrics import clusters

MOST = 10_000
OF_K_MEANS = 12_000
CODES = 2500
LOGITS = 2500
BETTER = {"accuracy": "higher", "cluster_accuracy": "higher", "nmi": "higher", "overfitting": "lower"}


def score_discriminator(sampler, source) -> dict[str, Any]:
    """Return scores of D by name: its overfitting, its classes and its codes, as far as the model has them.

    - A D with logits, on finite data: `overfitting` =
      (E D(training) - E D(held-out)) / (E D(training) - E D(fake)). It is 0 if D gives held-out and training
      reals the same logits, 1 if it gives held-out reals the logits of fakes; None if the denominator is 0
      (Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", equation 1).
    - A classifier: `accuracy` on `accuracy_of` held-out examples.
    - A categorical code, on labeled data: `cluster_accuracy` and `nmi` of the likeliest category, and the
      same scores of k-means with as many clusters, fitted to the pixels of training examples (`k_means_...`).
    - Continuous codes: `code_correlation_1`, ..., between each code and the code that D recovers.
    """
    held_out, labels = source.held_out(MOST)
    examples = source.kind.decode(held_out)
    found: dict[str, Any] = {}
    if not len(examples):  # a data set of fewer than ten examples holds out none
        return found
    if (named := sampler.read("classify", examples)) is not None:
        found |= {"accuracy": float(np.mean(named.argmax(axis=1) == labels)), "accuracy_of": len(labels)}
    if (
        source.num_examples is not None
        and (unseen := sampler.read("score", examples[:LOGITS], labels[:LOGITS])) is not None
    ):
        seen, seen_labels = _sample_training(source, LOGITS)
        training = sampler.read("score", seen, seen_labels).mean()
        apart = training - sampler.read("score", sampler(LOGITS), sampler.labels(LOGITS)).mean()
        found["overfitting"] = float((training - unseen.mean()) / apart) if apart else None
    if (recovered := sampler.read("recover", examples)) is None:
        return found
    if (categories := sampler.condition.categorical) and source.num_classes > 1:
        found |= clusters.compare_clusters(labels, recovered[:, :categories].argmax(axis=1))
        fitted, _ = _sample_training(source, OF_K_MEANS)
        if len(fitted) >= categories:
            means = clusters.k_means(fitted, examples, categories, seed=0)
            found |= {
                f"k_means_{name}": value for name, value in clusters.compare_clusters(labels, means).items()
            }
    values = sampler.read("recover", sampler(CODES))[:, categories:]
    pairs = enumerate(clusters.correlate(sampler.codes(CODES)[:, categories:], values), start=1)
    return found | {f"code_correlation_{number}": value for number, value in pairs}


def _sample_training(source, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return training examples, in the data's own units, and their labels."""
    if source.num_examples is None:
        examples, labels = source.held_out(count)
    else:
        examples, labels = source.examples(np.random.default_rng(0).permutation(source.num_examples)[:count])
    return source.kind.decode(examples), labels
