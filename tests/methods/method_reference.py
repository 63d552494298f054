"""Expected losses of the methods in float64 NumPy: a row for each."""

import numpy as np


def distances(a, b):
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))


def mmd(real, fake, *, kernel="gaussian", scales=4, unbiased=True):
    """Return MMD^2 summed pair by pair (Gretton et al. 2012, lemma 6 and eq. 5)."""
    n = len(real)
    widest = distances(real, real)[~np.eye(n, dtype=bool)].mean()

    def k(a, b):
        ratios = [((a - b) ** 2).sum() / (2 * (widest / 4**j) ** 2) for j in range(scales)]
        return np.mean([np.exp(-r) if kernel == "gaussian" else 1 / (1 + r) for r in ratios])

    def mean(left, right, apart):
        pairs = [(i, j) for i in range(n) for j in range(n) if not (apart and i == j)]
        return np.mean([k(left[i], right[j]) for i, j in pairs])

    return mean(real, real, unbiased) + mean(fake, fake, unbiased) - 2 * mean(real, fake, False)


def softmax(logits, axis):
    shifted = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


def drift(fake, real, tau):
    """Return V by the sum over pairs of eq. 11, with the jointly normalized weights of algorithm 2 for the kernels."""
    n, m = len(fake), len(real)
    logits = -np.concatenate([distances(fake, real), distances(fake, fake)], axis=1) / tau
    logits[np.arange(n), m + np.arange(n)] = -np.inf
    weights = np.sqrt(softmax(logits, 1) * softmax(logits, 0))
    moved = np.zeros_like(fake)
    for i in range(n):
        for p in range(m):
            for q in range(n):
                moved[i] += weights[i, p] * weights[i, m + q] * (real[p] - fake[q])
    return moved


def drifting(real, fake, *, temperatures=(0.02, 0.05, 0.2)):
    """Return the loss: the mean square of the sum of normalized fields (eqs. 18 to 26)."""
    n, m, d = len(fake), len(real), fake.shape[1]
    total = distances(fake, real).sum() + distances(fake, fake).sum()
    scale = total / (n * (m + n - 1)) / np.sqrt(d)
    fields = [drift(fake / scale, real / scale, tau * np.sqrt(d)) for tau in temperatures]
    return np.mean(sum(field / np.sqrt(np.mean(field**2)) for field in fields) ** 2)


def flow(real, start, time, velocity):
    """Return E |v(x_t, t) - (x_1 - x_0)|^2 per entry, for a velocity that is a function of x and t."""
    between = (1 - time) * start + time * real
    return np.mean((velocity(between, time) - (real - start)) ** 2)


# method -> loss of reals and fakes; `flow` has no fakes in training, and a test of its own
LOSSES = {
    "mmd": mmd,
    "mmd:kernel=rational_quadratic": lambda real, fake: mmd(real, fake, kernel="rational_quadratic"),
    "mmd:scales=2,unbiased=false": lambda real, fake: mmd(real, fake, scales=2, unbiased=False),
    "drifting": drifting,
    "drifting:temperature=0.5": lambda real, fake: drifting(real, fake, temperatures=(0.5,)),
}
