"""What is known of each penalty: data for the listing and the page. Imports no TensorFlow.

`game_d` and `game_g` are what D and G pay in the Dirac-GAN (data at 0, fakes at theta, D(x) = psi x), as Python
expressions that NumPy evaluates and the tests compare with the code; `damping` and `g_damping` are their second
derivatives at (0, 0) in psi and in theta, derived by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class PenaltyFacts(NamedTuple):
    """What is known of a penalty.

    Attributes:
        d, g: what D pays, and what G pays; or what is done to D.
        cost: what it takes, beside a step without it.
        when: to use it.
        source: who proposed it.
        game: why it does what it does in the Dirac-GAN.
        elsewhere: which weight of another project's code is the same.
        game_d, game_g: what D and G pay there.
        damping: second derivative of `game_d` in psi at (0, 0); None where it has none.
        g_damping: second derivative of `game_g` in theta at (0, 0).
        defaults: of the options that stand in these expressions.
    """

    d: str
    g: str
    cost: str
    when: str
    source: str
    game: str
    game_d: str = "0"
    game_g: str = "0"
    damping: str | None = "0"
    g_damping: str = "0"
    defaults: Mapping[str, float] = {}
    elsewhere: str = ""


MESCHEDER = 'Mescheder, Geiger & Nowozin 2018, "Which Training Methods for GANs do actually Converge?"'
ICR = 'Zhao et al. 2021, "Improved Consistency Regularization for GANs"'

_HALF = "GAN_stability, the authors' code, has no half: its reg_param=10 is gamma=20 here"
_BACKWARD = "a second backward pass through D"
_BETWEEN = "a forward and two backward passes of D at points of its own"
_DAMPS = "damps D: the eigenvalues leave the imaginary axis"
_KINK = "pulls |psi| to 1: (0, 0) is no resting point of D"

PENALTIES = {
    "r1": PenaltyFacts(
        "gamma/2 E |grad D(x)|^2, x real",
        "",
        f"{_BACKWARD} on the reals, whose forward pass it shares; with finite_difference=h one more forward pass instead",
        "the first to try with any objective; gamma grows with the size of the images",
        f"{MESCHEDER}, eq. 9",
        _DAMPS,
        game_d="gamma / 2 * psi**2",
        damping="gamma",
        defaults={"gamma": 1.0},
        elsewhere=_HALF,
    ),
    "r2": PenaltyFacts(
        "gamma/2 E |grad D(x)|^2, x fake",
        "",
        f"{_BACKWARD} on the fakes, whose forward pass it shares; with finite_difference=h one more forward pass instead",
        "with r1, under a paired objective",
        f"{MESCHEDER}, eq. 10",
        _DAMPS,
        game_d="gamma / 2 * psi**2",
        damping="gamma",
        defaults={"gamma": 1.0},
        elsewhere=_HALF,
    ),
    "gp0": PenaltyFacts(
        "gamma/2 E |grad D(x)|^2, x = a real + (1 - a) fake, a ~ U(0, 1)",
        "",
        _BETWEEN,
        "where D should be flat between data and fakes too, against overfitting of D",
        'Thanh-Tung, Tran & Venkatesh 2019, "Improving Generalization and Stability of Generative Adversarial Networks"',
        _DAMPS,
        game_d="gamma / 2 * psi**2",
        damping="gamma",
        defaults={"gamma": 1.0},
    ),
    "wgan_gp": PenaltyFacts(
        "weight E (|grad D(x)| - 1)^2, x = a real + (1 - a) fake, a ~ U(0, 1)",
        "",
        _BETWEEN,
        "with wgan and several D steps a G step",
        'Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", eq. 3',
        _KINK,
        game_d="weight * (abs(psi) - 1)**2",
        damping=None,
        defaults={"weight": 10.0},
    ),
    "wgan_lp": PenaltyFacts(
        "weight E relu(|grad D(x)| - 1)^2, x = a real + (1 - a) fake, a ~ U(0, 1)",
        "",
        _BETWEEN,
        "as wgan_gp, where D may be flatter than slope 1",
        'Petzka, Fischer & Lukovnikov 2018, "On the regularization of Wasserstein GANs"',
        "nothing while |psi| < 1",
        game_d="weight * relu(abs(psi) - 1)**2",
        defaults={"weight": 10.0},
    ),
    "dragan": PenaltyFacts(
        "weight E (|grad D(x')| - 1)^2, x' = x + a d, x real, d = std(x) U(0, 1) / 2, a ~ U(0, 1)",
        "",
        _BETWEEN,
        "where a slope is wanted around the data alone",
        'Kodali et al. 2017, "On Convergence and Stability of GANs"',
        _KINK,
        game_d="weight * (abs(psi) - 1)**2",
        damping=None,
        defaults={"weight": 10.0},
    ),
    "max_gp": PenaltyFacts(
        "weight max_i |grad D(x_i)|^2, x = a real + (1 - a) fake, a ~ U(0, 1)",
        "",
        _BETWEEN,
        "to bound the steepest slope and not the mean one",
        'Zhou et al. 2019, "Lipschitz Generative Adversarial Nets"',
        _DAMPS,
        game_d="weight * psi**2",
        damping="2 * weight",
        defaults={"weight": 10.0},
    ),
    "lecam": PenaltyFacts(
        "weight (E relu(r - a_f)^2 + E relu(a_r - f)^2), a_r and a_f moving averages of E r and E f",
        "",
        "nothing to speak of",
        "with little data, to keep D's logits on both sides near each other",
        'Tseng et al. 2021, "Regularizing Generative Adversarial Networks under Limited Data"; the relu follows the authors\' code',
        "is of fourth order in (theta, psi): nothing near (0, 0)",
        game_d="weight * relu(-psi * theta)**2",
        defaults={"weight": 0.3},
    ),
    "drift": PenaltyFacts(
        "weight E r^2",
        "",
        "nothing to speak of",
        "with wgan, whose logits are free to drift together",
        'Karras et al. 2018, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", appendix A.1',
        "nothing: the logit on the data is 0",
    ),
    "cr": PenaltyFacts(
        "weight E (D(x) - D(T x))^2, x real, T a small change",
        "",
        "a forward and a backward pass of D on the changed reals",
        "with little data and a T that keeps an example real",
        'Zhang et al. 2020, "Consistency Regularization for Generative Adversarial Networks"',
        f"{_DAMPS} (T adds noise there)",
        game_d="weight * (sigma * psi)**2",
        damping="2 * weight * sigma**2",
        defaults={"weight": 10.0, "sigma": 0.05},
    ),
    "bcr": PenaltyFacts(
        "weight E (D(x) - D(T x))^2, x real, and the same for x fake",
        "",
        "a forward and a backward pass of D on the changed reals, and on the changed fakes",
        "as cr; on both sides the change cannot become a sign of real or fake",
        f"{ICR}, balanced",
        f"{_DAMPS} (T adds noise there)",
        game_d="2 * weight * (sigma * psi)**2",
        damping="4 * weight * sigma**2",
        defaults={"weight": 10.0, "sigma": 0.05},
    ),
    "zcr": PenaltyFacts(
        "d_weight E (D(G(z)) - D(G(z')))^2, z' = z + sigma N(0, I)",
        "-g_weight E mean (G(z) - G(z'))^2",
        "a pass of G and one of D, both ways, on the changed latents",
        "with bcr, to spread fakes over the latents",
        f"{ICR}, in latent space",
        "nothing: that G ignores its latents",
    ),
    "instance_noise": PenaltyFacts(
        "D sees x + sigma_t N(0, 1) in place of every x; sigma_t falls from sigma to 0 over anneal_steps, or stays if there are none",
        "",
        "the noise",
        "where real and fake hardly overlap; it blurs the images that D sees",
        'Sonderby et al. 2017, "Amortised MAP Inference for Image Super-resolution"; Arjovsky & Bottou 2017, '
        '"Towards Principled Methods for Training Generative Adversarial Networks"',
        "damps D by sigma^2 (a'' + b'')(0), a and b the link's halves: nothing for linear, hinge and tv",
        defaults={"sigma": 0.1},
    ),
    "clip": PenaltyFacts(
        "each weight w of D becomes min(max(w, -limit), limit) after each update",
        "",
        "nothing to speak of",
        "to reproduce the first WGAN; wgan_gp took its place",
        'Arjovsky, Chintala & Bottou 2017, "Wasserstein GAN", algorithm 1',
        "nothing while |psi| < limit",
        defaults={"limit": 0.01},
    ),
    "mode_seeking": PenaltyFacts(
        "",
        "weight / (d(G(z), G(z')) / d(z, z') + 1e-5), d the mean absolute difference, z' the latents moved on by one",
        "nothing to speak of",
        "where G ignores its latents, as conditional models do",
        'Mao et al. 2019, "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis"',
        "nothing: that G ignores its latents",
    ),
    "feature_matching": PenaltyFacts(
        "",
        "weight |E f(x) - E f(G(z))|^2, f what D's last layer sees",
        "a forward pass of D on the reals in G's step",
        "where D is to classify as well; alone it matches means only",
        'Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1',
        "damps G: f is the identity there",
        game_g="weight * theta**2",
        g_damping="2 * weight",
        defaults={"weight": 1.0},
        elsewhere="improved-gan, the authors' code, takes the mean over the d entries of f: its weight of 1 on squares is 1/d here",
    ),
}
