"""What penalties there are."""

from tfgan.core.registry import Entry

PENALTIES = {
    "r1": Entry("tfgan.penalties.zero_centered:R1", "gamma/2 |grad D|^2 on real (Mescheder et al. 2018, eq. 9)"),
    "r2": Entry("tfgan.penalties.zero_centered:R2", "gamma/2 |grad D|^2 on fake (Mescheder et al. 2018, eq. 10)"),
    "gp0": Entry("tfgan.penalties.zero_centered:GP0", "gamma/2 |grad D|^2 between real and fake (Thanh-Tung et al. 2019)"),
    "wgan_gp": Entry("tfgan.penalties.one_centered:WGANGP", "weight (|grad D| - 1)^2 between real and fake (Gulrajani et al. 2017)"),
    "wgan_lp": Entry("tfgan.penalties.one_centered:WGANLP", "weight relu(|grad D| - 1)^2 between real and fake (Petzka et al. 2018)"),
    "dragan": Entry("tfgan.penalties.one_centered:DRAGAN", "weight (|grad D| - 1)^2 around real (Kodali et al. 2017)"),
    "max_gp": Entry("tfgan.penalties.zero_centered:MaxGP", "weight max |grad D|^2 between real and fake (Zhou et al. 2019)"),
    "lecam": Entry("tfgan.penalties.logits:LeCam", "holds logits near moving averages of the other side's (Tseng et al. 2021)"),
    "drift": Entry("tfgan.penalties.logits:Drift", "weight D^2 on real (Karras et al. 2018)"),
    "cr": Entry("tfgan.penalties.consistency:CR", "weight (D(x) - D(T x))^2 on real (Zhang et al. 2020)"),
    "bcr": Entry("tfgan.penalties.consistency:BCR", "weight (D(x) - D(T x))^2 on real and on fake (Zhao et al. 2021)"),
    "zcr": Entry("tfgan.penalties.consistency:ZCR", "D blind, G sensitive to small changes of the latents (Zhao et al. 2021)"),
    "instance_noise": Entry("tfgan.penalties.constraints:InstanceNoise", "noise on every input of D, annealed (Sonderby et al. 2017)"),
    "clip": Entry("tfgan.penalties.constraints:Clip", "D's weights clipped to [-limit, limit] (Arjovsky et al. 2017)"),
    "mode_seeking": Entry("tfgan.penalties.diversity:ModeSeeking", "G pays for fakes nearer than their latents (Mao et al. 2019)"),
    "feature_matching": Entry(
        "tfgan.penalties.diversity:FeatureMatching", "G pays |E f(real) - E f(fake)|^2 in D's features (Salimans et al. 2016)"
    ),
}
