"""Facts of pairings and generator forms, and of objectives that have no link. Imports no TensorFlow.

The facts of a link are the attribute `facts` of its class; the use and the papers of an objective stand in
its catalogue row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class ObjectiveFacts(NamedTuple):
    """Formulas and proofs about an objective that is no link x pairing x form.

    Attributes:
        known: `{label: text}`, in order.
        curves: `{label: formula}` of the terms of both players.
        axis: the meaning of s in `curves`.
        pull: the size of G's gradient where D wins.
    """

    known: Mapping[str, str]
    curves: Mapping[str, str]
    axis: str
    pull: str


RELATIVISTIC_DIVERGENCES = 'Jolicoeur-Martineau 2020, "On Relativistic f-Divergences"'

# (loss of D, loss of G), by pairing and form; a is `real`, b is `fake` of the link.
EXPECTATIONS = {
    ("independent", "nonsat"): ("E {a:r} + E {b:f}", "E {fool:f}"),
    ("independent", "zero_sum"): ("E {a:r} + E {b:f}", "-E {b:f}"),
    ("paired", "nonsat"): ("E {a:r_i - f_i}", "E {a:f_i - r_i}"),
    ("paired", "zero_sum"): ("E {a:r_i - f_i}", "-E {a:r_i - f_i}"),
    ("average", "nonsat"): ("E {a:r - E f} + E {b:f - E r}", "E {a:f - E r} + E {b:r - E f}"),
    ("average", "zero_sum"): ("E {a:r - E f} + E {b:f - E r}", "-E {a:r - E f} - E {b:f - E r}"),
}

PAIRED_DIVERGENCE = (
    "a relativistic divergence, 0 only at p = q, with no closed form: D's loss for a constant D, less its minimum over D when "
    f"x real and y fake are independent in E real(D(x) - D(y)) ({RELATIVISTIC_DIVERGENCES})"
)
AVERAGE_DIVERGENCE = (
    "a relativistic average divergence, with no closed form; a batch estimates it with a bias that falls as the batch grows "
    f"({RELATIVISTIC_DIVERGENCES})"
)

COSTS = {
    "independent": "G's step runs D on the fakes alone; real and fake batches may differ in size",
    "paired": "G's step runs D on the reals too, one more forward pass; needs as many fakes as reals",
    "average": "G's step runs D on the reals too, one more forward pass; the means are over the global batch, so replicas gather logits",
}

_EMBEDDING = "h(x) is D's output, a vector of `dimensions` numbers; D's logit at x is the witness E k(h(x), h) - E k(h(x), g)"
_SECOND_ORDER = (
    "w = 0: both fields have no linear part in the Dirac-GAN; no verdict, with a penalty or without"
)

OBJECTIVES = {
    "ebgan": ObjectiveFacts(
        {
            "Logit": "r and f are minus E(x), the mean squared error of D's reconstruction of x; D is an autoencoder",
            "D minimizes": "E [-r] + E relu(margin + f)",
            "G minimizes": "E [-f]",
            "D's best logit": "0 where p > q, -margin where p < q, over energies without bound",
            "D's least loss": "margin (1 - TV(p, q))",
            "At equilibrium": "fakes are distributed as reals, and D's loss is margin (theorem 1)",
            "Dirac-GAN": "none: D(x) = psi x reconstructs nothing",
            "Cost": "D is an autoencoder: about a generator more to run in each of its passes",
        },
        {"D on real": "-s", "D on fake": "relu(1 + s)", "G on fake": "-s"},
        "s = minus energy (margin 1)",
        "stays, at 1 of energy",
    ),
    "began": ObjectiveFacts(
        {
            "Logit": "r and f are minus E(x), the mean absolute error of D's reconstruction of x; D is an autoencoder",
            "D minimizes": "E [-r] + k E f",
            "G minimizes": "E [-f]",
            "After each step": "k <- clip(k + k_rate (gamma E[E(x)] - E[E(G(z))]), 0, 1), from 0",
            "It measures": "a lower bound of W1 between the distributions of energies, under the balance E[E(G(z))] = gamma E[E(x)]",
            "Dirac-GAN": "none: D(x) = psi x reconstructs nothing",
            "Cost": "D is an autoencoder: about a generator more to run in each of its passes",
        },
        {"D on real": "-s", "D on fake, k = 0.5": "0.5 * s", "G on fake": "-s"},
        "s = minus energy",
        "stays, at 1 of energy",
    ),
    "cramer": ObjectiveFacts(
        {
            "Logit": f"{_EMBEDDING}, with k(a, b) = -|a - b|",
            "D minimizes": "E |h - h'| + E |g - g'| - 2 E |h - g|",
            "G minimizes": "2 E |h - g| - E |h - h'| - E |g - g'|",
            "It measures": "the energy distance of the embeddings, 0 only where their distributions are equal",
            "Dirac-GAN": "no verdict: D's field is 2 |theta| sign(psi), which has no derivative at 0",
            "Cost": "G's step runs D on the reals too; n^2 distances of embeddings, over the global batch",
        },
        {"D, one real and one fake": "-2 * abs(s)", "G, one real and one fake": "2 * abs(s)"},
        "s = difference of two embeddings",
        "stays, at 2 a unit of the embedding",
    ),
    "mmd": ObjectiveFacts(
        {
            "Logit": f"{_EMBEDDING}, with k(a, b) = sum (1 + |a - b|^2 / (2 alpha))^-alpha over alpha of .2, .5, 1, 2, 5",
            "D minimizes": "2 E k(h, g) - E k(h, h') - E k(g, g')",
            "G minimizes": "E k(h, h') + E k(g, g') - 2 E k(h, g)",
            "It measures": "the squared maximum mean discrepancy of the embeddings, 0 only where their distributions are equal",
            "Dirac-GAN": _SECOND_ORDER,
            "Cost": "G's step runs D on the reals too; n^2 distances of embeddings, over the global batch",
        },
        {
            "D, one real and one fake": "2 * (rational_quadratics(s) - 5)",
            "G, one real and one fake": "-2 * (rational_quadratics(s) - 5)",
        },
        "s = difference of two embeddings",
        "falls as a power of the distance",
    ),
    "dual_contrastive": ObjectiveFacts(
        {
            "D minimizes": "E_i ln(1 + sum_j exp(f_j - r_i)) + E_j ln(1 + sum_i exp(f_j - r_i))",
            "G minimizes": "-E_i ln(1 + sum_j exp(f_j - r_i)) - E_j ln(1 + sum_i exp(f_j - r_i))",
            "Non-saturating": "with generator_form=nonsat G minimizes D's loss with r and f exchanged; where D wins it does not vanish",
            "It measures": "how well D finds one real among the fakes of a batch, and one fake among its reals; no closed form",
            "Dirac-GAN": "with one real and one fake it is rpgan in the zero-sum form, twice: w = 1",
            "Cost": "G's step runs D on the reals too; n^2 differences of logits, over the global batch",
        },
        {"D, one real and one fake": "2 * softplus(-s)", "G, one real and one fake": "-2 * softplus(-s)"},
        "s = real minus fake logit",
        "vanishes",
    ),
}

NOTES = """\
- p is the density of real, q of fake; r and f are D's logits on real and fake, E is the mean over the global batch.
- D_alpha has f(u) = (u^alpha - 1 - alpha (u - 1)) / (alpha (alpha - 1)); 2 is half of Pearson, -1 half of
  Neyman, 1/2 twice squared Hellinger.
- "G then descends X" means: with D held at its best logits for the present G, the gradients of G's loss and of X are equal.
  It is exact for a D that is best at every point, and says nothing of one that is not.
- The total loss, D's plus G's, is logged as `loss/total` and is no divergence: under `minimax` it is E softplus(-r).
- V(D, G) of Goodfellow et al. is minus D's loss.
- D's loss is the sum of its halves. Code that takes their mean counts a penalty's weight double.
- `label_smoothing=e`, for logistic and least squares links under independent pairing, moves D's target on reals alone:
  to the probability 1 - e, to 1 - e of the 0/1 coding, to 1 - 2 e of the -1/1 coding. G's target stays.
- The `label_smoothing` of Keras's and TF-GAN's cross-entropy moves the label by half of its value: e here is 2 e there,
  and TF-GAN's default of .25 is `label_smoothing=0.125`.
- The names of the literature differ: softplus(f - r), the softplus of a Wasserstein critic's difference, is `rpgan`."""
