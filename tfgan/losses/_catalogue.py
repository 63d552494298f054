"""Tables of links and objectives, by name.

An objective is a combination link x pairing x form under the name that the field uses.

A link that no row of OBJECTIVES uses is an objective under its own name, with independent pairing and the
non-saturating form.
"""

from collections.abc import Mapping
from typing import Any

from tfgan.core.registry import Entry

# Papers of several rows.
_GOODFELLOW = 'Goodfellow et al. 2014, "Generative Adversarial Nets"'
_MAO = 'Mao et al. 2017, "Least Squares Generative Adversarial Networks"'
_RELATIVISTIC = (
    'Jolicoeur-Martineau 2019, "The relativistic discriminator: a key element missing from standard GAN"'
)
_F_GAN = 'Nowozin, Cseke & Tomioka 2016, "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization"'

_PENALTY = "with r1 or r2, which let it converge locally"
_STUDY = (
    "to study the divergence; D's raw logit feeds an exponential, so keep rates low and watch for infinities"
)

F_DIVERGENCES = {
    "kl": Entry("tfgan.losses.f_divergences:KL", "Kullback-Leibler divergence, KL(real || fake)"),
    "reverse_kl": Entry(
        "tfgan.losses.f_divergences:ReverseKL", "reverse Kullback-Leibler divergence, KL(fake || real)"
    ),
    "pearson": Entry("tfgan.losses.f_divergences:Pearson", "Pearson chi-square divergence"),
    "neyman": Entry("tfgan.losses.f_divergences:Neyman", "Neyman chi-square divergence"),
    "hellinger": Entry("tfgan.losses.f_divergences:Hellinger", "squared Hellinger distance"),
    "js": Entry("tfgan.losses.f_divergences:JensenShannon", "Jensen-Shannon divergence, twice"),
    "gan": Entry(
        "tfgan.losses.f_divergences:Goodfellow",
        "the logistic link as an f-divergence: twice Jensen-Shannon, less 2 ln 2",
    ),
    "tv": Entry("tfgan.losses.f_divergences:TotalVariation", "total variation distance"),
    "alpha": Entry(
        "tfgan.losses.f_divergences:Alpha",
        "alpha divergence, alpha not 0 or 1 (0.5 is 2 Hellinger, 2 is Pearson/2)",
    ),
}

LINKS = {
    "logistic": Entry(
        "tfgan.losses.logistic:Logistic", "cross-entropy of D's probability, in nats (Goodfellow et al. 2014)"
    ),
    "least_squares": Entry(
        "tfgan.losses.least_squares:LeastSquares",
        "squared distance to 1 for real, 0 for fake (Mao et al. 2017)",
    ),
    "least_squares_pm1": Entry(
        "tfgan.losses.least_squares:LeastSquaresPM1",
        "squared distance to 1 for real, -1 for fake, 0 for G (Mao et al. 2017)",
    ),
    "linear": Entry("tfgan.losses.linear:Linear", "the critic's mean difference (Arjovsky et al. 2017)"),
    "hinge": Entry("tfgan.losses.hinge:Hinge", "linear up to a margin (Lim & Ye 2017; Miyato et al. 2018)"),
    "softplus": Entry(
        "tfgan.losses.softplus:Softplus", "cross-entropy for D, the raw logit for G (Sonderby et al. 2017)"
    ),
    **F_DIVERGENCES,
}

PAIRINGS = {
    "independent": "each logit on its own",
    "paired": "real minus fake, example by example (relativistic pairing GAN)",
    "average": "each logit against the mean of the other side (relativistic average GAN)",
}

GENERATOR_FORMS = {
    "nonsat": "G raises its own logits through the link's `fool` (non-saturating)",
    "zero_sum": "G maximizes D's loss (saturating for the logistic link)",
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


def _adversarial(
    link: str, help: str, pairing: str = "independent", generator_form: str = "nonsat", **words: str
) -> Entry:
    options = {"link": link, "pairing": pairing, "generator_form": generator_form}
    return Entry("tfgan.losses.adversarial:Adversarial", help, options, **words)


# When to use the objective of each f-divergence.
_F_GAN_WHEN = {
    "kl": _STUDY,
    "reverse_kl": _STUDY,
    "pearson": "to study the divergence; D's best logit grows with p / q itself",
    "neyman": _STUDY,
    "hellinger": _STUDY,
    "js": "as nonsat, whose gradients it shares; its loss is 0 at p = q",
    "gan": "as nonsat, which it equals; listed for the table of f-GAN",
    "tv": "to study the divergence; both networks' gradients vanish as D becomes sure",
    "alpha": f"{_STUDY}; alpha moves the divergence between seeking modes (below 0) and covering them (above 1)",
}

OBJECTIVES = {
    "nonsat": _adversarial(
        "logistic",
        "non-saturating GAN (Goodfellow et al. 2014, section 3)",
        when=f"the default; {_PENALTY}",
        source=_GOODFELLOW,
    ),
    "minimax": _adversarial(
        "logistic",
        "saturating zero-sum GAN (Goodfellow et al. 2014, eq. 1)",
        generator_form="zero_sum",
        when="for theory: it is the game that is analyzed; G stalls as soon as D wins",
        source=_GOODFELLOW,
    ),
    "lsgan": _adversarial(
        "least_squares",
        "least squares GAN, 0/1 coding (Mao et al. 2017, eq. 9)",
        when="where logits should stay near their targets; G's pull grows with its distance to them",
        source=_MAO,
    ),
    "lsgan_pm1": _adversarial(
        "least_squares_pm1",
        "least squares GAN, -1/1/0 coding (Mao et al. 2017, eq. 8)",
        when="to reproduce the chi-square coding; G's target 0 is D's answer at p = q, so G stops at D's doubt",
        source=_MAO,
    ),
    "wgan": _adversarial(
        "linear",
        "Wasserstein GAN; needs a Lipschitz penalty on D (Arjovsky et al. 2017)",
        when="with wgan_gp, wgan_lp or clipping and several D steps a G step; without them D's loss has no minimum",
        source='Arjovsky, Chintala & Bottou 2017, "Wasserstein GAN"',
    ),
    "hinge": _adversarial(
        "hinge",
        "hinge GAN (Lim & Ye 2017; Miyato et al. 2018, eq. 16-17)",
        when="with spectral norm, for large conditional models; D stops caring beyond the margin",
        source='Lim & Ye 2017, "Geometric GAN"; Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks"',
    ),
    "softplus_wasserstein": _adversarial(
        "softplus",
        "softplus-Wasserstein: D as in nonsat, G raises the raw logit as in wgan (Sonderby et al. 2017)",
        when=f"as hinge, with a D that never stops caring; {_PENALTY}",
        source=(
            'Sonderby et al. 2017, "Amortised MAP Inference for Image Super-resolution"; Esser, Rombach & '
            'Ommer 2021, "Taming Transformers for High-Resolution Image Synthesis" (its code)'
        ),
    ),
    "rpgan": _adversarial(
        "logistic",
        "relativistic pairing GAN (Jolicoeur-Martineau 2019; Huang et al. 2024)",
        "paired",
        when="with r1 and r2 together: reported to keep modes that nonsat drops",
        source=f'{_RELATIVISTIC}; Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern GAN Baseline"',
    ),
    "rplsgan": _adversarial(
        "least_squares_pm1",
        "relativistic pairing least squares GAN",
        "paired",
        when="as rpgan, with a pull that grows with the distance of r_i - f_i from 1, on either side",
        source=_RELATIVISTIC,
    ),
    "rphinge": _adversarial(
        "hinge",
        "relativistic pairing hinge GAN",
        "paired",
        when="as rpgan, with no pull on pairs that differ by more than the margin",
        source=_RELATIVISTIC,
    ),
    "ragan": _adversarial(
        "logistic",
        "relativistic average GAN (Jolicoeur-Martineau 2019)",
        "average",
        when="where batches differ in size and a relative loss is wanted; large batches, for the means",
        source=_RELATIVISTIC,
    ),
    "ralsgan": _adversarial(
        "least_squares_pm1",
        "relativistic average least squares GAN (Jolicoeur-Martineau 2019)",
        "average",
        when="as ragan, with squared costs",
        source=_RELATIVISTIC,
    ),
    "rahinge": _adversarial(
        "hinge",
        "relativistic average hinge GAN (Jolicoeur-Martineau 2019)",
        "average",
        when="as ragan, with a margin",
        source=_RELATIVISTIC,
    ),
    **{
        f"fgan_{link}": _adversarial(
            link, f"f-GAN: {entry.help} (Nowozin et al. 2016)", when=_F_GAN_WHEN[link], source=_F_GAN
        )
        for link, entry in F_DIVERGENCES.items()
    },
    "ebgan": Entry(
        "tfgan.losses.energy_based:EBGAN",
        "energy-based GAN: D reconstructs, fakes badly (Zhao et al. 2017)",
        when="where D is to learn more than one bit an example; margin is to be found",
        source='Zhao, Mathieu & LeCun 2017, "Energy-based Generative Adversarial Network"',
    ),
    "began": Entry(
        "tfgan.losses.energy_based:BEGAN",
        "boundary equilibrium GAN: D reconstructs, in balance (Berthelot et al. 2017)",
        when="with little noise in D and small rates; `began/convergence` falls as it goes well",
        source='Berthelot, Schumm & Metz 2017, "BEGAN: Boundary Equilibrium Generative Adversarial Networks"',
    ),
    "cramer": Entry(
        "tfgan.losses.kernels:KernelDistance",
        "energy distance of D's embeddings (Bellemare et al. 2017)",
        {"kernel": "distance"},
        when="with wgan_gp, in place of wgan where batches are small: its estimate has no bias",
        source='Bellemare et al. 2017, "The Cramer Distance as a Solution to Biased Wasserstein Gradients"',
    ),
    "mmd": Entry(
        "tfgan.losses.kernels:KernelDistance",
        "maximum mean discrepancy of D's embeddings (Binkowski et al. 2018)",
        when="with wgan_gp or r1 on the witness; small D, large batches",
        source=(
            'Binkowski et al. 2018, "Demystifying MMD GANs"; Li et al. 2017, "MMD GAN: Towards Deeper '
            'Understanding of Moment Matching Network"'
        ),
    ),
    "dual_contrastive": Entry(
        "tfgan.losses.contrastive:DualContrastive",
        "each example against a batch of the other side (Yu et al. 2021)",
        when="with r1 and large batches, which give each example more to be told from",
        source='Yu et al. 2021, "Dual Contrastive Loss and Attention for GANs"',
    ),
}

# Names of the introductory literature, accepted for good: {alias: (name, reason)}.
ALIASES = {
    "cross_entropy": ("nonsat", "D's binary cross-entropy in nats, G in its non-saturating form"),
    "log_loss": ("nonsat", "log loss is another name of binary cross-entropy, in nats"),
    "max_cross_entropy": ("minimax", "G maximizes D's cross-entropy on the fakes"),
    "min_cross_entropy": ("nonsat", "G minimizes the cross-entropy of its fakes under the label real"),
}

# Generator forms that push a fake the wrong way, by link, and the reason.
DOUBTFUL_FORMS = {
    (link, "zero_sum"): (
        f"not monotone: where D wins, it pushes fakes further down (under independent pairing, below a logit of {turn}); "
        "use generator_form=nonsat"
    )
    for link, turn in (("least_squares", 0), ("least_squares_pm1", -1))
}

# Names in run folders of before, accepted and listed nowhere.
FORMER = {
    "lsgan_zero_sum": ("lsgan:generator_form=zero_sum", DOUBTFUL_FORMS["least_squares", "zero_sum"]),
    "lsgan_pm1_zero_sum": (
        "lsgan_pm1:generator_form=zero_sum",
        DOUBTFUL_FORMS["least_squares_pm1", "zero_sum"],
    ),
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
