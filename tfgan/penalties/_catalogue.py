"""The catalogue of penalties: where each is defined, when to use it, and its paper."""

from tfgan.core.registry import Entry

PENALTIES = {
    "r1": Entry(
        "tfgan.penalties.zero_centered:R1",
        "gamma/2 |grad D|^2 on real (Mescheder et al. 2018, eq. 9)",
        when="the first to try with any objective; gamma grows with the size of the images",
        source='Mescheder, Geiger & Nowozin 2018, "Which Training Methods for GANs do actually Converge?", eq. 9',
    ),
    "r2": Entry(
        "tfgan.penalties.zero_centered:R2",
        "gamma/2 |grad D|^2 on fake (Mescheder et al. 2018, eq. 10)",
        when="with r1, under a paired objective",
        source='Mescheder, Geiger & Nowozin 2018, "Which Training Methods for GANs do actually Converge?", eq. 10',
    ),
    "gp0": Entry(
        "tfgan.penalties.zero_centered:GP0",
        "gamma/2 |grad D|^2 between real and fake (Thanh-Tung et al. 2019)",
        when="where D should be flat between data and fakes too, against overfitting of D",
        source='Thanh-Tung, Tran & Venkatesh 2019, "Improving Generalization and Stability of Generative Adversarial Networks"',
    ),
    "wgan_gp": Entry(
        "tfgan.penalties.one_centered:WGANGP",
        "weight (|grad D| - 1)^2 between real and fake (Gulrajani et al. 2017)",
        when="with wgan and several D steps a G step",
        source='Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", eq. 3',
    ),
    "wgan_lp": Entry(
        "tfgan.penalties.one_centered:WGANLP",
        "weight relu(|grad D| - 1)^2 between real and fake (Petzka et al. 2018)",
        when="as wgan_gp, where D may be flatter than slope 1",
        source='Petzka, Fischer & Lukovnikov 2018, "On the regularization of Wasserstein GANs"',
    ),
    "slope_cap": Entry(
        "tfgan.penalties.one_centered:SlopeCap",
        "weight relu(|grad D| - 1)^2 on real and on fake (one-sided, as wgan_lp)",
        when="where D should be steep up to a bound, as between narrow modes",
        source='Petzka, Fischer & Lukovnikov 2018, "On the regularization of Wasserstein GANs" (one-sided)',
    ),
    "approx_r1": Entry(
        "tfgan.penalties.approximate:ApproxR1",
        "gamma/2 (D(x) - D(x + sigma n))^2 / sigma^2 on real (Lin et al. 2025)",
        when="in place of r1 where second derivatives are missing, slow or too large for memory",
        source='Lin et al. 2025, "Diffusion Adversarial Post-Training for One-Step Video Generation", approximated R1',
    ),
    "approx_r2": Entry(
        "tfgan.penalties.approximate:ApproxR2",
        "gamma/2 (D(x) - D(x + sigma n))^2 / sigma^2 on fake (Lin et al. 2025)",
        when="with approx_r1, as r2 with r1",
        source='Lin et al. 2025, "Adversarial Flow Models" (arXiv:2511.22475)',
    ),
    "dragan": Entry(
        "tfgan.penalties.one_centered:DRAGAN",
        "weight (|grad D| - 1)^2 around real (Kodali et al. 2017)",
        when="where a slope is wanted around the data alone",
        source='Kodali et al. 2017, "On Convergence and Stability of GANs"',
    ),
    "max_gp": Entry(
        "tfgan.penalties.zero_centered:MaxGP",
        "weight max |grad D|^2 between real and fake (Zhou et al. 2019)",
        when="to bound the steepest slope and not the mean one",
        source='Zhou et al. 2019, "Lipschitz Generative Adversarial Nets"',
    ),
    "lecam": Entry(
        "tfgan.penalties.logits:LeCam",
        "holds logits near moving averages of the other side's (Tseng et al. 2021)",
        when="with little data, to keep D's logits on both sides near each other",
        source=(
            'Tseng et al. 2021, "Regularizing Generative Adversarial Networks under Limited Data"; the relu follows the authors\' code'
        ),
    ),
    "drift": Entry(
        "tfgan.penalties.logits:Drift",
        "weight D^2 on real (Karras et al. 2018)",
        when="with wgan, whose logits are free to drift together",
        source='Karras et al. 2018, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", appendix A.1',
    ),
    "centering": Entry(
        "tfgan.penalties.logits:Centering",
        "weight (D(x) + D(G(z)))^2 in pairs (Lin et al. 2025)",
        when="with paired objectives, which leave the level of the logits free",
        source='Lin et al. 2025, "Adversarial Flow Models" (arXiv:2511.22475)',
    ),
    "cr": Entry(
        "tfgan.penalties.consistency:CR",
        "weight (D(x) - D(T x))^2 on real (Zhang et al. 2020)",
        when="with little data and a T that keeps an example real",
        source='Zhang et al. 2020, "Consistency Regularization for Generative Adversarial Networks"',
    ),
    "bcr": Entry(
        "tfgan.penalties.consistency:BCR",
        "weight (D(x) - D(T x))^2 on real and on fake (Zhao et al. 2021)",
        when="as cr; on both sides the change cannot become a sign of real or fake",
        source='Zhao et al. 2021, "Improved Consistency Regularization for GANs", balanced',
    ),
    "zcr": Entry(
        "tfgan.penalties.consistency:ZCR",
        "D blind, G sensitive to small changes of the latents (Zhao et al. 2021)",
        when="with bcr, to spread fakes over the latents",
        source='Zhao et al. 2021, "Improved Consistency Regularization for GANs", in latent space',
    ),
    "instance_noise": Entry(
        "tfgan.penalties.constraints:InstanceNoise",
        "noise on every input of D, annealed (Sonderby et al. 2017)",
        when="where real and fake hardly overlap; it blurs the images that D sees",
        source=(
            'Sonderby et al. 2017, "Amortised MAP Inference for Image Super-resolution"; Arjovsky & '
            'Bottou 2017, "Towards Principled Methods for Training Generative Adversarial Networks"'
        ),
    ),
    "clip": Entry(
        "tfgan.penalties.constraints:Clip",
        "D's weights clipped to [-limit, limit] (Arjovsky et al. 2017)",
        when="to reproduce the first WGAN; wgan_gp took its place",
        source='Arjovsky, Chintala & Bottou 2017, "Wasserstein GAN", algorithm 1',
    ),
    "mode_seeking": Entry(
        "tfgan.penalties.diversity:ModeSeeking",
        "G pays for fakes nearer than their latents (Mao et al. 2019)",
        when="where G ignores its latents, as conditional models do",
        source='Mao et al. 2019, "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis"',
    ),
    "feature_matching": Entry(
        "tfgan.penalties.diversity:FeatureMatching",
        "G pays |E f(real) - E f(fake)|^2 in D's features (Salimans et al. 2016)",
        when="where D is to classify as well; alone it matches means only",
        source='Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1',
    ),
}
