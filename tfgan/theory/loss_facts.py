"""What is known of each objective: data for the listing, the page and the plots. Imports no TensorFlow.

The formulas of a link are Python expressions in the logit s, which NumPy evaluates (`tfgan.theory.dirac`) and the
tests compare with the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class LinkFacts(NamedTuple):
    """What is known of a link.

    Attributes:
        real, fake, fool: what D pays on real and fake, and G in the non-saturating form.
        best: D's best logit where p is the density of real and q of fake.
        least: D's least loss, under independent pairing.
        zero_sum: what G descends in the zero-sum form while D is kept at its best.
        nonsat: what G descends in the non-saturating form while D is kept at its best.
        defaults: of the options that stand in the formulas.
    """

    real: str
    fake: str
    fool: str
    best: str
    least: str
    zero_sum: str
    nonsat: str
    defaults: Mapping[str, float] = {}


class ObjectiveFacts(NamedTuple):
    """When to use an objective, and who proposed it; and what else is known of one that is no link x pairing x form.

    Attributes:
        known: `{label: text}`, in order.
        curves: `{label: formula}` of the terms of both players.
        axis: what s is in `curves`.
        pull: what G's gradient does where D wins.
    """

    when: str
    source: str
    known: Mapping[str, str] = {}
    curves: Mapping[str, str] = {}
    axis: str = ""
    pull: str = ""


GOODFELLOW = 'Goodfellow et al. 2014, "Generative Adversarial Nets"'
MAO = 'Mao et al. 2017, "Least Squares Generative Adversarial Networks"'
ARJOVSKY = 'Arjovsky, Chintala & Bottou 2017, "Wasserstein GAN"'
HINGE = 'Lim & Ye 2017, "Geometric GAN"; Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks"'
SONDERBY = 'Sonderby et al. 2017, "Amortised MAP Inference for Image Super-resolution"'
RELATIVISTIC = 'Jolicoeur-Martineau 2019, "The relativistic discriminator: a key element missing from standard GAN"'
RELATIVISTIC_DIVERGENCES = 'Jolicoeur-Martineau 2020, "On Relativistic f-Divergences"'
R3GAN = 'Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern GAN Baseline"'
F_GAN = 'Nowozin, Cseke & Tomioka 2016, "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization"'

_KL_LESS_JSD = "KL(q || p) - 2 JSD(p, q) (Arjovsky & Bottou 2017, theorem 2.5)"


LINKS = {
    "logistic": LinkFacts(
        "softplus(-s)",
        "softplus(s)",
        "softplus(-s)",
        "ln(p / q)",
        "2 ln 2 - 2 JSD(p, q)",
        "2 JSD(p, q)",
        _KL_LESS_JSD,
    ),
    "least_squares": LinkFacts(
        "(s - 1)**2 / 2",
        "s**2 / 2",
        "(s - 1)**2 / 2",
        "p / (p + q)",
        "(1 - sum (p - q)^2 / (p + q) / 2) / 4",
        "sum (p - q)^2 / (p + q) / 8; off D's optimum it pushes fakes with s < 0 further down",
        "an f-divergence with h''(u) = 1 / (u (1 + u)^3), u = p / q",
    ),
    "least_squares_pm1": LinkFacts(
        "(s - 1)**2 / 2",
        "(s + 1)**2 / 2",
        "s**2 / 2",
        "(p - q) / (p + q)",
        "1 - sum (p - q)^2 / (p + q) / 2, the sum being Pearson's chi-square(2q || p + q)",
        "sum (p - q)^2 / (p + q) / 2; off D's optimum it pushes fakes with s < -1 further down",
        "no divergence: G pays ((p - q) / (p + q))^2 / 2, as much where fakes lack as where they abound. With the same cost on "
        "reals, which no gradient of G sees, it adds up to half of sum (p - q)^2 / (p + q), the chi-square of Mao et al.",
    ),
    "linear": LinkFacts(
        "-s",
        "s",
        "-s",
        "unbounded, unless D is 1-Lipschitz: then a Kantorovich potential",
        "-W1(p, q) under a 1-Lipschitz D, the Wasserstein-1 distance",
        "W1(p, q) under a 1-Lipschitz D",
        "W1(p, q) under a 1-Lipschitz D; the two forms are one",
    ),
    "hinge": LinkFacts(
        "relu(margin - s)",
        "relu(margin + s)",
        "-s",
        "margin where p > q, -margin where p < q",
        "2 margin (1 - TV(p, q))",
        "2 margin TV(p, q)",
        "2 margin TV(p, q), as in the zero-sum form, which differs by a constant there; D's best logit is flat but for a step, "
        "and G's gradient in x comes from how D bridges it",
        {"margin": 1.0},
    ),
    "softplus": LinkFacts(
        "softplus(-s)",
        "softplus(s)",
        "-s",
        "ln(p / q)",
        "2 ln 2 - 2 JSD(p, q)",
        "2 JSD(p, q)",
        "KL(q || p), which seeks modes",
    ),
    "kl": LinkFacts(
        "-s", "exp(s - 1)", "-s", "1 + ln(p / q)", "-KL(p || q)", "KL(p || q), which covers modes", "KL(q || p), which seeks modes"
    ),
    "reverse_kl": LinkFacts(
        "exp(-s)", "s - 1", "exp(-s)", "ln(p / q)", "-KL(q || p)", "KL(q || p), which seeks modes", "Neyman chi-square(p || q) / 2"
    ),
    "pearson": LinkFacts(
        "-s",
        "relu(s + 2)**2 / 4 - 1",
        "-s",
        "2 (p / q - 1)",
        "-sum (p - q)^2 / q",
        "Pearson's chi-square, sum (p - q)^2 / q",
        "2 KL(p || q)",
    ),
    "neyman": LinkFacts(
        "expm1(-s)",
        "-2 * expm1(-s / 2)",
        "expm1(-s)",
        "2 ln(p / q)",
        "-sum (p - q)^2 / p",
        "Neyman's chi-square, sum (p - q)^2 / p",
        "the alpha = -2 divergence, twice",
    ),
    "hellinger": LinkFacts(
        "expm1(-s)",
        "expm1(s)",
        "expm1(-s)",
        "ln(p / q) / 2",
        "-sum (sqrt(p) - sqrt(q))^2",
        "the squared Hellinger distance, sum (sqrt(p) - sqrt(q))^2",
        "the alpha = -1/2 divergence, halved",
    ),
    "js": LinkFacts(
        "softplus(-s) - ln2", "softplus(s) - ln2", "softplus(-s) - ln2", "ln(p / q)", "-2 JSD(p, q)", "2 JSD(p, q)", _KL_LESS_JSD
    ),
    "gan": LinkFacts("softplus(-s)", "softplus(s)", "softplus(-s)", "ln(p / q)", "2 ln 2 - 2 JSD(p, q)", "2 JSD(p, q)", _KL_LESS_JSD),
    "tv": LinkFacts(
        "-tanh(s) / 2",
        "tanh(s) / 2",
        "-tanh(s) / 2",
        "+inf where p > q, -inf where p < q",
        "-TV(p, q), never reached",
        "TV(p, q); its gradient vanishes as D nears its best",
        "TV(p, q); the two forms are one",
    ),
    "alpha": LinkFacts(
        "-expm1((alpha - 1) * s) / (alpha - 1)",
        "expm1(alpha * s) / alpha",
        "-expm1((alpha - 1) * s) / (alpha - 1)",
        "ln(p / q)",
        "-D_alpha(p || q) = (1 - sum p^alpha q^(1 - alpha)) / (alpha (alpha - 1))",
        "D_alpha(p || q)",
        "D_(alpha - 1)(p || q), of the same family (KL at 1, reverse KL at 0)",
        {"alpha": 0.5},
    ),
}

# (what D minimizes, what G minimizes), by pairing and form; a is `real`, b is `fake` of the link.
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

EBGAN = 'Zhao, Mathieu & LeCun 2017, "Energy-based Generative Adversarial Network"'
BEGAN = 'Berthelot, Schumm & Metz 2017, "BEGAN: Boundary Equilibrium Generative Adversarial Networks"'
CRAMER = 'Bellemare et al. 2017, "The Cramer Distance as a Solution to Biased Wasserstein Gradients"'
MMD = 'Binkowski et al. 2018, "Demystifying MMD GANs"; Li et al. 2017, "MMD GAN: Towards Deeper Understanding of Moment Matching Network"'
DUAL = 'Yu et al. 2021, "Dual Contrastive Loss and Attention for GANs"'

_EMBEDDING = "h(x) is D's output, a vector of `dimensions` numbers; D's logit at x is the witness E k(h(x), h) - E k(h(x), g)"
_SECOND_ORDER = "w = 0: both fields have no linear part in the Dirac-GAN; no verdict, with a penalty or without"

_PENALTY = "with r1 or r2, which let it converge locally"
_STUDY = "to study the divergence; D's raw logit feeds an exponential, so keep rates low and watch for infinities"

OBJECTIVES = {
    "nonsat": ObjectiveFacts(f"the default; {_PENALTY}", GOODFELLOW),
    "minimax": ObjectiveFacts("for theory: it is the game that is analyzed; G stalls as soon as D wins", GOODFELLOW),
    "lsgan": ObjectiveFacts("where logits should stay near their targets; G's pull grows with its distance to them", MAO),
    "lsgan_pm1": ObjectiveFacts("to reproduce the chi-square coding; G's target 0 is D's answer at p = q, so G stops at D's doubt", MAO),
    "wgan": ObjectiveFacts(
        "with wgan_gp, wgan_lp or clipping and several D steps a G step; without them D's loss has no minimum", ARJOVSKY
    ),
    "hinge": ObjectiveFacts("with spectral norm, for large conditional models; D stops caring beyond the margin", HINGE),
    "softplus_wasserstein": ObjectiveFacts(
        f"as hinge, with a D that never stops caring; {_PENALTY}",
        f'{SONDERBY}; Esser, Rombach & Ommer 2021, "Taming Transformers for High-Resolution Image Synthesis" (its code)',
    ),
    "rpgan": ObjectiveFacts("with r1 and r2 together: reported to keep modes that nonsat drops", f"{RELATIVISTIC}; {R3GAN}"),
    "rplsgan": ObjectiveFacts("as rpgan, with a pull that grows with the distance of r_i - f_i from 1, on either side", RELATIVISTIC),
    "rphinge": ObjectiveFacts("as rpgan, with no pull on pairs that differ by more than the margin", RELATIVISTIC),
    "ragan": ObjectiveFacts("where batches differ in size and a relative loss is wanted; large batches, for the means", RELATIVISTIC),
    "ralsgan": ObjectiveFacts("as ragan, with squared costs", RELATIVISTIC),
    "rahinge": ObjectiveFacts("as ragan, with a margin", RELATIVISTIC),
    "fgan_kl": ObjectiveFacts(_STUDY, F_GAN),
    "fgan_reverse_kl": ObjectiveFacts(_STUDY, F_GAN),
    "fgan_pearson": ObjectiveFacts("to study the divergence; D's best logit grows with p / q itself", F_GAN),
    "fgan_neyman": ObjectiveFacts(_STUDY, F_GAN),
    "fgan_hellinger": ObjectiveFacts(_STUDY, F_GAN),
    "fgan_js": ObjectiveFacts("as nonsat, whose gradients it shares; its loss is 0 at p = q", F_GAN),
    "fgan_gan": ObjectiveFacts("as nonsat, which it equals; listed for the table of f-GAN", F_GAN),
    "fgan_tv": ObjectiveFacts("to study the divergence; both networks' gradients vanish as D becomes sure", F_GAN),
    "fgan_alpha": ObjectiveFacts(
        f"{_STUDY}; alpha moves the divergence between seeking modes (below 0) and covering them (above 1)", F_GAN
    ),
    "ebgan": ObjectiveFacts(
        "where D is to learn more than one bit an example; margin is to be found",
        EBGAN,
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
        "with little noise in D and small rates; `began/convergence` falls as it goes well",
        BEGAN,
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
        "with wgan_gp, in place of wgan where batches are small: its estimate has no bias",
        CRAMER,
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
        "with wgan_gp or r1 on the witness; small D, large batches",
        MMD,
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
        "with r1 and large batches, which give each example more to be told from",
        DUAL,
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
    "lsgan_zero_sum": ObjectiveFacts("not to train with: G is pushed the wrong way below 0. Listed for completeness", MAO),
    "lsgan_pm1_zero_sum": ObjectiveFacts("not to train with: G is pushed the wrong way below -1. Listed for completeness", MAO),
    "cross_entropy": ObjectiveFacts("as nonsat, which it is: the cross-entropy of D's probability, in nats", GOODFELLOW),
    "log_loss": ObjectiveFacts("as nonsat, which it is: log loss is the cross-entropy by another name", GOODFELLOW),
    "max_cross_entropy": ObjectiveFacts("as minimax, which it is: G maximizes the cross-entropy that D minimizes on fakes", GOODFELLOW),
    "min_cross_entropy": ObjectiveFacts("as nonsat, which it is: G minimizes the cross-entropy with the labels flipped", GOODFELLOW),
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
