"""What objectives there are: the links, and the names that the field gives to points of link x pairing x form."""

from collections.abc import Mapping
from typing import Any

from tfgan.core.registry import Entry

F_DIVERGENCES = {
    "kl": Entry("tfgan.losses.f_divergences:KL", "Kullback-Leibler divergence, KL(real || fake)"),
    "reverse_kl": Entry("tfgan.losses.f_divergences:ReverseKL", "reverse Kullback-Leibler divergence, KL(fake || real)"),
    "pearson": Entry("tfgan.losses.f_divergences:Pearson", "Pearson chi-square divergence"),
    "neyman": Entry("tfgan.losses.f_divergences:Neyman", "Neyman chi-square divergence"),
    "hellinger": Entry("tfgan.losses.f_divergences:Hellinger", "squared Hellinger distance"),
    "js": Entry("tfgan.losses.f_divergences:JensenShannon", "Jensen-Shannon divergence, twice"),
    "gan": Entry("tfgan.losses.f_divergences:Goodfellow", "the logistic link as an f-divergence: twice Jensen-Shannon, less 2 ln 2"),
    "tv": Entry("tfgan.losses.f_divergences:TotalVariation", "total variation distance"),
    "alpha": Entry("tfgan.losses.f_divergences:Alpha", "alpha divergence, alpha not 0 or 1 (0.5 is 2 Hellinger, 2 is Pearson/2)"),
}

LINKS = {
    "logistic": Entry("tfgan.losses.logistic:Logistic", "cross-entropy of D's probability, in nats (Goodfellow et al. 2014)"),
    "least_squares": Entry("tfgan.losses.least_squares:LeastSquares", "squared distance to 1 for real, 0 for fake (Mao et al. 2017)"),
    "least_squares_pm1": Entry(
        "tfgan.losses.least_squares:LeastSquaresPM1", "squared distance to 1 for real, -1 for fake, 0 for G (Mao et al. 2017)"
    ),
    "linear": Entry("tfgan.losses.linear:Linear", "the critic's mean difference (Arjovsky et al. 2017)"),
    "hinge": Entry("tfgan.losses.hinge:Hinge", "linear up to a margin (Lim & Ye 2017; Miyato et al. 2018)"),
    "softplus": Entry("tfgan.losses.softplus:Softplus", "cross-entropy for D, the raw logit for G (Sonderby et al. 2017)"),
    **F_DIVERGENCES,
}

PAIRINGS = {
    "independent": "each logit on its own",
    "paired": "real minus fake, example by example (relativistic pairing GAN)",
    "average": "each logit against the mean of the other side (relativistic average GAN)",
}

GENERATOR_FORMS = {
    "nonsat": "G raises its own logits through the link's `fool` (non-saturating)",
    "zero_sum": "G maximizes what D minimizes (saturating for the logistic link)",
}

_VARIATIONAL = "its bound E_p T(s) - E_q f*(T(s)) is on a logit at one point; a difference of two logits bounds no f-divergence"

# Links that are not defined under every pairing, and why.
REFUSED = {
    ("least_squares", "average"): "its 0/1 targets contradict each other on r - E f; use least_squares_pm1",
    **{(link, pairing): _VARIATIONAL for link in F_DIVERGENCES for pairing in ("paired", "average")},
}

# Options that only some links have, and why.
ABSENT_OPTIONS = {
    "label_smoothing": "only a link that fits D to a label can soften it: logistic, least_squares, least_squares_pm1",
    "margin": "only the hinge link has a margin",
    "alpha": "only the alpha link is a family; use fgan_alpha",
}


def _adversarial(link: str, help: str, pairing: str = "independent", generator_form: str = "nonsat") -> Entry:
    options = {"link": link, "pairing": pairing, "generator_form": generator_form}
    return Entry("tfgan.losses.adversarial:Adversarial", help, options)


OBJECTIVES = {
    "nonsat": _adversarial("logistic", "non-saturating GAN (Goodfellow et al. 2014, section 3)"),
    "minimax": _adversarial("logistic", "saturating zero-sum GAN (Goodfellow et al. 2014, eq. 1)", generator_form="zero_sum"),
    "lsgan": _adversarial("least_squares", "least squares GAN, 0/1 coding (Mao et al. 2017, eq. 9)"),
    "lsgan_pm1": _adversarial("least_squares_pm1", "least squares GAN, -1/1/0 coding (Mao et al. 2017, eq. 8)"),
    "wgan": _adversarial("linear", "Wasserstein GAN; needs a Lipschitz penalty on D (Arjovsky et al. 2017)"),
    "hinge": _adversarial("hinge", "hinge GAN (Lim & Ye 2017; Miyato et al. 2018, eq. 16-17)"),
    "softplus_wasserstein": _adversarial(
        "softplus", "softplus-Wasserstein: D as in nonsat, G raises the raw logit as in wgan (Sonderby et al. 2017)"
    ),
    "rpgan": _adversarial("logistic", "relativistic pairing GAN (Jolicoeur-Martineau 2019; Huang et al. 2024)", "paired"),
    "rplsgan": _adversarial("least_squares_pm1", "relativistic pairing least squares GAN", "paired"),
    "rphinge": _adversarial("hinge", "relativistic pairing hinge GAN", "paired"),
    "ragan": _adversarial("logistic", "relativistic average GAN (Jolicoeur-Martineau 2019)", "average"),
    "ralsgan": _adversarial("least_squares_pm1", "relativistic average least squares GAN (Jolicoeur-Martineau 2019)", "average"),
    "rahinge": _adversarial("hinge", "relativistic average hinge GAN (Jolicoeur-Martineau 2019)", "average"),
    **{f"fgan_{link}": _adversarial(link, f"f-GAN: {entry.help} (Nowozin et al. 2016)") for link, entry in F_DIVERGENCES.items()},
    "ebgan": Entry("tfgan.losses.energy_based:EBGAN", "energy-based GAN: D reconstructs, fakes badly (Zhao et al. 2017)"),
    "began": Entry("tfgan.losses.energy_based:BEGAN", "boundary equilibrium GAN: D reconstructs, in balance (Berthelot et al. 2017)"),
    "cramer": Entry(
        "tfgan.losses.kernels:KernelDistance", "energy distance of D's embeddings (Bellemare et al. 2017)", {"kernel": "distance"}
    ),
    "mmd": Entry("tfgan.losses.kernels:KernelDistance", "maximum mean discrepancy of D's embeddings (Binkowski et al. 2018)"),
    "dual_contrastive": Entry(
        "tfgan.losses.contrastive:DualContrastive", "each example against a batch of the other side (Yu et al. 2021)"
    ),
    "lsgan_zero_sum": _adversarial(
        "least_squares", "WARNING, not monotone: pushes a fake with a logit below 0 further down", generator_form="zero_sum"
    ),
    "lsgan_pm1_zero_sum": _adversarial(
        "least_squares_pm1", "WARNING, not monotone: pushes a fake with a logit below -1 further down", generator_form="zero_sum"
    ),
    "cross_entropy": _adversarial("logistic", "alias of nonsat: D's binary cross-entropy in nats, G in its non-saturating form"),
    "log_loss": _adversarial("logistic", "alias of nonsat: log loss is another name of binary cross-entropy, in nats"),
    "max_cross_entropy": _adversarial(
        "logistic", "alias of minimax: G maximizes D's cross-entropy on the fakes", generator_form="zero_sum"
    ),
    "min_cross_entropy": _adversarial("logistic", "alias of nonsat: G minimizes the cross-entropy of its fakes under the label real"),
}


def check_pairing(link: str, pairing: str, options: Mapping[str, Any] | None = None) -> None:
    """Raise `ValueError` with the reason when a link has no meaning under a pairing.

    Args:
        link: a name, options allowed.
        pairing: a name.
        options: of the link, where the text in `link` does not tell.
    """
    reason = REFUSED.get((link.partition(":")[0], pairing))
    if pairing != "independent" and (options or {}).get("label_smoothing"):
        reason = "label_smoothing softens the label of reals alone, and a difference of logits has none; use pairing='independent'"
    if reason:
        raise ValueError(f"pairing: the {link} link is not defined under {pairing!r}: {reason}")
