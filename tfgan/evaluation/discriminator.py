"""What a model's discriminator recognizes in examples that it never trained on."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfgan.metrics import clusters

MOST = 10_000
OF_K_MEANS = 12_000
CODES = 2500
LOGITS = 2500
BETTER = {"accuracy": "higher", "cluster_accuracy": "higher", "nmi": "higher", "overfitting": "lower"}


def scores(sampler, source) -> dict[str, Any]:
    """Return what D tells of examples: its overfitting, classes and codes, as far as the model has them.

    Of logits, where data have an end: `overfitting`, (E D(training) - E D(held-out)) / (E D(training) - E D(fake)); 0 where D
    takes held-out reals for as real as those it trained on, 1 where it takes them for fakes (Karras et al. 2020, "Training
    Generative Adversarial Networks with Limited Data", equation 1); None where D tells nothing apart. Of a classifier:
    `accuracy` on held-out examples, of `accuracy_of`. Of a categorical code on labelled data: `cluster_accuracy` and `nmi` of
    the likeliest category, and the same of k-means with as many clusters on the pixels of training examples (`k_means_...`).
    Of continuous codes: `code_correlation_1` ... between a code and what is recovered of it.
    """
    held_out, labels = source.held_out(MOST)
    examples = source.kind.decode(held_out)
    found: dict[str, Any] = {}
    if not len(examples):  # of fewer than ten, none are held out
        return found
    if (named := sampler.read("classify", examples)) is not None:
        found |= {"accuracy": float(np.mean(named.argmax(axis=1) == labels)), "accuracy_of": len(labels)}
    if source.num_examples is not None and (unseen := sampler.read("score", examples[:LOGITS], labels[:LOGITS])) is not None:
        seen, seen_labels = _some(source, LOGITS)
        training = sampler.read("score", seen, seen_labels).mean()
        apart = training - sampler.read("score", sampler(LOGITS), sampler.labels(LOGITS)).mean()
        found["overfitting"] = float((training - unseen.mean()) / apart) if apart else None
    if (recovered := sampler.read("recover", examples)) is None:
        return found
    if (categories := sampler.condition.categorical) and source.num_classes > 1:
        found |= clusters.agreement(labels, recovered[:, :categories].argmax(axis=1))
        fitted, _ = _some(source, OF_K_MEANS)
        if len(fitted) >= categories:
            means = clusters.k_means(fitted, examples, categories, seed=0)
            found |= {f"k_means_{name}": value for name, value in clusters.agreement(labels, means).items()}
    values = sampler.read("recover", sampler(CODES))[:, categories:]
    pairs = enumerate(clusters.correlations(sampler.codes(CODES)[:, categories:], values), start=1)
    return found | {f"code_correlation_{number}": value for number, value in pairs}


def _some(source, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return training examples, in the data's own units, and their labels."""
    if source.num_examples is None:
        examples, labels = source.held_out(count)
    else:
        examples, labels = source.examples(np.random.default_rng(0).permutation(source.num_examples)[:count])
    return source.kind.decode(examples), labels
