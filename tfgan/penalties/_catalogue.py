"""What penalties there are on D."""

from tfgan._registry import Entry

PENALTIES = {
    "r1": Entry("tfgan.penalties.zero_centered:R1", "gamma/2 |grad D|^2 on real (Mescheder et al. 2018, eq. 9)"),
    "r2": Entry("tfgan.penalties.zero_centered:R2", "gamma/2 |grad D|^2 on fake (Mescheder et al. 2018, eq. 10)"),
    "gp0": Entry("tfgan.penalties.zero_centered:GP0", "gamma/2 |grad D|^2 between real and fake (Thanh-Tung et al. 2019)"),
    "wgan_gp": Entry("tfgan.penalties.one_centered:WGANGP", "weight (|grad D| - 1)^2 between real and fake (Gulrajani et al. 2017)"),
    "wgan_lp": Entry("tfgan.penalties.one_centered:WGANLP", "weight relu(|grad D| - 1)^2 between real and fake (Petzka et al. 2018)"),
}
