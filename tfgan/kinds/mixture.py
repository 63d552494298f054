"""Components of a column of numbers: spikes, and a Gaussian mixture of the rest."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

MOST_COMPONENTS = 10
PRIOR = 0.001  # weight concentration of the Dirichlet process
SMALLEST_WEIGHT = 0.005  # lighter components are left out
SPIKE_SHARE = 0.05  # of the rows: a number that so many rows share is a component of its own
FITTED_ROWS = 20_000
SEED = 20_190_701
REACH = (4.0, 16.0)  # deviations: least and largest half width of a component
EDGE = 0.99  # place of the half width in G's output: tanh reaches 1 nowhere


class Component(NamedTuple):
    """One Gaussian of a mixture.

    Attributes:
        weight: its share.
        mean: in the column's units.
        deviation: the same.
        half_width: distance from the mean that is 1 in training units.
    """

    weight: float
    mean: float
    deviation: float
    half_width: float


def find_spikes(numbers: np.ndarray, rows: int) -> tuple[float, ...]:
    """Return the numbers, (n,) without missing ones, that at least 5 % of `rows` rows share, in order."""
    if not len(numbers):
        return ()
    values, counts = np.unique(numbers, return_counts=True)
    return tuple(float(value) for value in values[counts >= SPIKE_SHARE * rows])


def fit_mixture(numbers: np.ndarray) -> tuple[Component, ...]:
    """Fit a Bayesian Gaussian mixture to numbers (n,), none missing; the fit is a function of the numbers alone.

    It has at most 10 components, a Dirichlet process prior of concentration 0.001, and is fitted to 20,000
    numbers drawn by a fixed seed, so that time does not grow with the table. Components of a weight of at most
    0.005 are left out. A component's half width is 4 deviations, and up to 16 where numbers lie so far away.

    Returns:
        Components by their means; () without numbers.

    Reference: Xu et al. 2019, "Modeling Tabular Data using Conditional GAN", section 4.2.
    """
    largest = np.abs(numbers).max(initial=0.0) or 1.0
    numbers = numbers / largest  # squares of 1e300 have no float64
    distinct = np.unique(numbers)
    if len(distinct) < 2:
        return tuple(Component(1.0, float(each * largest), 1.0, 1.0) for each in distinct)
    sample = numbers
    if len(numbers) > FITTED_ROWS:
        sample = numbers[np.random.default_rng(SEED).choice(len(numbers), FITTED_ROWS, replace=False)]
    center, scale = sample.mean(), sample.std() or float(np.ptp(numbers))
    weights, means, deviations = _fit_standardized((sample - center) / scale)
    kept = weights > SMALLEST_WEIGHT
    weights, means, deviations = (
        part[kept] for part in (weights / weights[kept].sum(), center + scale * means, scale * deviations)
    )
    # The extremes of all numbers count, which the sample may lack
    seen = np.concatenate([sample, [distinct[0], distinct[-1]]])
    owner = np.argmax(
        np.log(weights / deviations) - 0.5 * ((seen[:, None] - means) / deviations) ** 2, axis=1
    )
    made = []
    for k in np.argsort(means):
        far = np.abs(seen[owner == k] - means[k]).max(initial=0.0)
        half = np.clip(far / EDGE, REACH[0] * deviations[k], REACH[1] * deviations[k])
        places = (float(largest * each) for each in (means[k], deviations[k], half))
        made.append(Component(float(weights[k]), *places))
    return tuple(made)


def _fit_standardized(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import BayesianGaussianMixture

    model = BayesianGaussianMixture(
        n_components=min(MOST_COMPONENTS, len(np.unique(sample))),
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=PRIOR,
        random_state=SEED,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 100 iterations suffice for a code
        model.fit(sample[:, None])
    return model.weights_, model.means_[:, 0], np.sqrt(model.covariances_[:, 0, 0])
