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
    Generative Adversarial Networks with Limited Data", equation 1). Of a classifier: `accuracy` on held-out examples, of
    `accuracy_of`. Of a categorical code on labelled data: `cluster_accuracy` and `nmi` of the likeliest category, and the same
    of k-means with as many clusters on the pixels of training examples (`k_means_...`). Of continuous codes:
    `code_correlation_1` ... between a code and what is recovered of it.
    """
    held_out, labels = source.held_out(MOST)
    examples = held_out * np.float32(source.scale)
    found: dict[str, Any] = {}
    if (named := sampler.read("classify", examples)) is not None:
        found |= {"accuracy": float(np.mean(named.argmax(axis=1) == labels)), "accuracy_of": len(labels)}
    if source.num_examples is not None and (held_out_logits := sampler.read("score", examples[:LOGITS])) is not None:
        training, fake = (sampler.read("score", x).mean() for x in (_some(source)[:LOGITS] * np.float32(source.scale), sampler(LOGITS)))
        with np.errstate(divide="ignore", invalid="ignore"):
            found["overfitting"] = float((training - held_out_logits.mean()) / (training - fake))
    if (recovered := sampler.read("recover", examples)) is None:
        return found
    if (categories := sampler.given.categorical) and source.num_classes > 1:
        found |= clusters.agreement(labels, recovered[:, :categories].argmax(axis=1))
        fitted = _some(source) * np.float32(source.scale)
        means = clusters.k_means(fitted, examples, categories, seed=0)
        found |= {f"k_means_{name}": value for name, value in clusters.agreement(labels, means).items()}
    values = sampler.read("recover", sampler(CODES))[:, categories:]
    pairs = enumerate(clusters.correlations(sampler.codes(CODES)[:, categories:], values), start=1)
    return found | {f"code_correlation_{number}": value for number, value in pairs}


def _some(source) -> np.ndarray:
    """Return training examples for k-means."""
    if source.num_examples is None:
        return source.held_out(OF_K_MEANS)[0]
    return source.examples(np.random.default_rng(0).permutation(source.num_examples)[:OF_K_MEANS])[0]
