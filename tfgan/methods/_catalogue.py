"""The catalogue of methods: where each is defined, its rates and its papers."""

from tfgan.core.registry import Entry

# A loss that no opponent changes allows momentum, which GANs avoid.
_ADAM = {"beta_1": 0.9, "beta_2": 0.999}

METHODS = {
    "gan": Entry(
        "tfgan.methods.method:Adversarial",
        "against a discriminator, by --loss and --penalty",
        when="by default",
        source='Goodfellow et al. 2014, "Generative Adversarial Nets"',
    ),
    "mmd": Entry(
        "tfgan.methods.mmd:MMD",
        "one step; G minimizes MMD^2 between batches, without D (Li et al. 2015)",
        defaults=_ADAM,
        when="for points of few modes, in place of D",
        source=(
            'Li, Swersky & Zemel 2015, "Generative Moment Matching Networks"; Dziugaite, Roy & Ghahramani 2015, '
            '"Training generative neural networks via Maximum Mean Discrepancy optimization"'
        ),
    ),
    "flow": Entry(
        "tfgan.methods.flow:Flow",
        "a few steps; a network learns the velocity from noise to data (Lipman et al. 2023)",
        defaults=_ADAM,
        when="where several network passes a sample are affordable",
        source=(
            'Lipman et al. 2023, "Flow Matching for Generative Modeling"; Liu, Gong & Liu 2023, "Flow Straight and Fast: '
            'Learning to Generate and Transfer Data with Rectified Flow"'
        ),
    ),
    "drifting": Entry(
        "tfgan.methods.drifting:Drifting",
        "one step; fakes drift towards reals and apart (Deng et al. 2026)",
        defaults=_ADAM,
        when="where distances between examples, or between their features, mean something",
        source='Deng et al. 2026, "Generative Modeling via Drifting" (arXiv:2602.04770)',
    ),
}
