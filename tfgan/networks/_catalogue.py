"""The catalogues of networks, with default widths and learning rates, and of discriminators without a generator."""

from tfgan.core.registry import Entry

NETWORKS = {
    "mlp": Entry(
        "tfgan.networks.mlp:MLP",
        "fully connected, for points",
        defaults={"width": 128, "g_lr": 1e-3, "d_lr": 1e-3, "beta_1": 0.0, "beta_2": 0.99},
    ),
    "dcgan": Entry(
        "tfgan.networks.dcgan:DCGAN",
        "strided convolutions, for images of 8x8 to 256x256 (Radford et al. 2016)",
        defaults={"width": 64, "g_lr": 2e-4, "d_lr": 2e-4, "beta_1": 0.5, "beta_2": 0.999},
    ),
    "sn_resnet": Entry(
        "tfgan.networks.sn_resnet:SNResNet",
        "residual blocks, D spectrally normalized, for images of 8x8 to 256x256 (Miyato et al. 2018)",
        defaults={"width": 64, "g_lr": 2e-4, "d_lr": 2e-4, "beta_1": 0.0, "beta_2": 0.9},
    ),
    "r3gan": Entry(
        "tfgan.networks.r3gan:R3GAN",
        "residual blocks without normalization, for images of 8x8 to 256x256 (Huang et al. 2024)",
        defaults={"width": 96, "g_lr": 2e-4, "d_lr": 2e-4, "beta_1": 0.0, "beta_2": 0.99},
    ),
}

DISCRIMINATORS = {
    "projected": Entry(
        "tfgan.networks.projected:Projected",
        "heads on frozen features of photographs, for images (Sauer et al. 2021); pip install 'tfgan[effnet]'",
    ),
}
