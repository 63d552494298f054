"""What objectives there are: the links, and the names that the field gives to points of link x pairing x form."""

from tfgan._registry import Entry

LINKS = {
    "logistic": Entry("tfgan.losses.logistic:Logistic", "cross-entropy of D's probability, in nats (Goodfellow et al. 2014)"),
    "least_squares": Entry("tfgan.losses.least_squares:LeastSquares", "squared distance to 1 for real, 0 for fake (Mao et al. 2017)"),
    "least_squares_pm1": Entry(
        "tfgan.losses.least_squares:LeastSquaresPM1", "squared distance to 1 for real, -1 for fake, 0 for G (Mao et al. 2017)"
    ),
    "linear": Entry("tfgan.losses.linear:Linear", "the critic's mean difference (Arjovsky et al. 2017)"),
    "hinge": Entry("tfgan.losses.hinge:Hinge", "linear up to a margin (Lim & Ye 2017; Miyato et al. 2018)"),
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

# Links that are not defined under every pairing, and why.
REFUSED = {
    ("least_squares", "average"): "its 0/1 targets contradict each other on r - E f; use least_squares_pm1",
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
    "rpgan": _adversarial("logistic", "relativistic pairing GAN (Jolicoeur-Martineau 2019; Huang et al. 2024)", "paired"),
    "rplsgan": _adversarial("least_squares_pm1", "relativistic pairing least squares GAN", "paired"),
    "rphinge": _adversarial("hinge", "relativistic pairing hinge GAN", "paired"),
    "ragan": _adversarial("logistic", "relativistic average GAN (Jolicoeur-Martineau 2019)", "average"),
    "ralsgan": _adversarial("least_squares_pm1", "relativistic average least squares GAN (Jolicoeur-Martineau 2019)", "average"),
    "rahinge": _adversarial("hinge", "relativistic average hinge GAN (Jolicoeur-Martineau 2019)", "average"),
}


def check_pairing(link: str, pairing: str) -> None:
    """Raise `ValueError` with the reason when a link (a name, options allowed) has no meaning under a pairing."""
    if reason := REFUSED.get((link.partition(":")[0], pairing)):
        raise ValueError(f"pairing: the {link} link is not defined under {pairing!r}: {reason}")
