"""How well clusters that were found without labels agree with classes."""

from __future__ import annotations

import numpy as np


def compare_clusters(labels: np.ndarray, clusters: np.ndarray) -> dict[str, float]:
    """Compare clusters with classes.

    Args:
        labels: the class of each example, int (n,).
        clusters: its cluster, int (n,); their numbers mean nothing.

    Returns:
        `cluster_accuracy`, the share of examples in the class that their cluster stands for, each cluster
        standing for another class and so that the share is largest (Hungarian method); and `nmi`, their
        mutual information over the mean of their entropies, in [0, 1].

    Reference: Xie et al. 2016, "Unsupervised Deep Embedding for Clustering Analysis", equation 10; Strehl &
    Ghosh 2002, "Cluster Ensembles", equation 3, with the arithmetic mean.
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics import normalized_mutual_info_score

    # Numbered anew: labels may be few and far apart, such as 0 and 900,000.
    (classes, labels), (kinds, clusters) = (
        np.unique(numbers, return_inverse=True) for numbers in (labels, clusters)
    )
    table = np.zeros((len(kinds), len(classes)), np.int64)
    np.add.at(table, (clusters, labels), 1)
    matched = table[linear_sum_assignment(table, maximize=True)].sum()
    return {
        "cluster_accuracy": float(matched / len(labels)),
        "nmi": float(normalized_mutual_info_score(labels, clusters)),
    }


def k_means(examples: np.ndarray, others: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the clusters, int (n,), of `others` under k-means on the entries of `examples`.

    Args:
        examples: float (m, ...); the means are fitted to them.
        others: float (n, ...); each is assigned to the nearest mean.
        count: how many means; the best of 10 starts.
        seed: of the starts.
    """
    from sklearn.cluster import KMeans

    means = KMeans(count, n_init=10, random_state=seed).fit(examples.reshape(len(examples), -1))
    return means.predict(others.reshape(len(others), -1))


def correlate(given: np.ndarray, recovered: np.ndarray) -> list[float]:
    """Return Pearson's correlation of each column (n, k) with its recovered one; 0 where one does not vary."""
    pairs = zip(np.float64(given).T, np.float64(recovered).T, strict=True)
    return [
        float(np.corrcoef(one, other)[0, 1]) if one.std() and other.std() else 0.0 for one, other in pairs
    ]
