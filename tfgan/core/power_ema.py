"""Mathematics of post-hoc EMA: power-function averages, and any length of them from a few snapshots.

A power-function average of weights theta after t steps is

    avg(t) = sum over s <= t of theta(s) * integral from s - 1 to s of p,    p(tau) = (gamma + 1) tau^gamma / t^(gamma + 1),

so that its width is a share of the training time: `sigma_rel`, the standard deviation of p over t. The
snapshots of two such averages approximate the average of any other length, which was not tracked: least
squares of their profiles p gives the weights of the snapshots.

Reference: Karras et al. 2024, "Analyzing and Improving the Training Dynamics of Diffusion Models" (EDM2),
section 3 and appendix C.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TRACKED = (0.05, 0.10)  # lengths of the two averages that training keeps, the choice of EDM2
LONGEST = 12**-0.5  # sigma_rel of the plain mean of all steps, gamma = 0
LARGEST_RESIDUAL = 0.1  # of a length that the snapshots span, a share of its profile's norm


def gamma_of(sigma_rel: float) -> float:
    """Return the exponent gamma of the average of a relative length.

    sigma_rel = sqrt(gamma + 1) / ((gamma + 2) sqrt(gamma + 3)) (EDM2, Eq. 126), so that gamma is the largest
    root of gamma^3 + 7 gamma^2 + (16 - u) gamma + 12 - u with u = sigma_rel^-2.

    Args:
        sigma_rel: above 0, at most 12^-0.5 = 0.2887, the length of the plain mean.

    Raises:
        ValueError: another length.

    >>> round(gamma_of(0.05), 2), round(gamma_of(0.10), 2)
    (16.97, 6.94)
    """
    if not 0 < sigma_rel <= LONGEST:
        raise ValueError(f"sigma_rel: expected a length above 0 and at most {LONGEST:.4f}, got {sigma_rel}")
    inverse = float(sigma_rel) ** -2
    return float(np.roots([1.0, 7.0, 16.0 - inverse, 12.0 - inverse]).real.max())


def sigma_rel_of(gamma: float) -> float:
    """Return the relative length of the average with exponent gamma, at least 0."""
    return float(np.sqrt(gamma + 1) / ((gamma + 2) * np.sqrt(gamma + 3)))


def parse_lengths(text: str) -> list[float]:
    """Return the lengths that `"0.02,0.05,0.1"` names, each once.

    Raises:
        ValueError: anything else, or a length that no average has.
    """
    try:
        lengths = [float(part) for part in text.split(",")]
    except ValueError:
        lengths = [float("nan")]
    if not all(0 < length <= LONGEST for length in lengths):
        raise ValueError(
            f"--ema: expected lengths above 0 and at most {LONGEST:.4f}, as in 0.02,0.05,0.1, got {text!r}"
        )
    return list(dict.fromkeys(lengths))


def inner_products(
    steps: np.ndarray, gammas: np.ndarray, other_steps: np.ndarray, other_gammas: np.ndarray
) -> np.ndarray:
    """Return the inner products of the profiles of two lists of averages, float64 (n, m).

    With u <= v the two times, a and b their exponents:

        integral of p_u p_v over [0, u] = (a + 1) (b + 1) / (a + b + 1) * (u / v)^b / v.

    Args:
        steps, gammas: times and exponents of the first list, (n,) each.
        other_steps, other_gammas: of the second list, (m,) each.
    """
    t, a = (np.asarray(values, np.float64)[:, None] for values in (steps, gammas))
    s, b = (np.asarray(values, np.float64)[None, :] for values in (other_steps, other_gammas))
    later, its_gamma = np.maximum(t, s), np.where(t > s, a, b)
    return (a + 1) * (b + 1) / (a + b + 1) * (np.minimum(t, s) / later) ** its_gamma / later


def solve_weights(
    steps: Sequence[int], gammas: Sequence[float], step: int, gamma: float
) -> tuple[np.ndarray, float]:
    """Return the weights of snapshots whose sum is closest to the average of another length, and the residual.

    The squared distance of the profiles is smallest, under the condition that the weights sum to 1: a weight
    that never moves is reproduced exactly.

    Args:
        steps, gammas: times and exponents of the snapshots, (n,) each.
        step, gamma: time and exponent of the average to reconstruct.

    Returns:
        The weights, float64 (n,), and the norm of the remaining difference of the profiles over the norm of
        the wanted profile.
    """
    products = inner_products(steps, gammas, steps, gammas)
    wanted = inner_products(steps, gammas, [step], [gamma])[:, 0]
    norm = inner_products([step], [gamma], [step], [gamma])[0, 0]
    # Lagrange: [A 1; 1' 0] [x; l] = [b; 1], in units in which each profile has norm 1
    scale = np.sqrt(np.diag(products))
    count = len(scale)
    system = np.zeros((count + 1, count + 1))
    system[:count, :count] = products / np.outer(scale, scale)
    system[count, :count] = system[:count, count] = 1 / scale
    weights = np.linalg.lstsq(system, np.append(wanted / scale, 1.0), rcond=1e-13)[0][:count] / scale
    squared = weights @ products @ weights - 2 * weights @ wanted + norm
    return weights, float(np.sqrt(max(squared, 0.0) / norm))
