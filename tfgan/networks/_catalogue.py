"""What pairs of generator and discriminator there are."""

from tfgan._registry import Entry

NETWORKS = {
    "mlp": Entry(
        "tfgan.networks.mlp:MLP",
        "fully connected, for points",
        defaults={"width": 128, "g_lr": 1e-3, "d_lr": 1e-3, "beta_1": 0.0, "beta_2": 0.99},
    ),
    "dcgan": Entry(
        "tfgan.networks.dcgan:DCGAN",
        "strided convolutions, for images from 8x8 up (Radford et al. 2016)",
        defaults={"width": 64, "g_lr": 2e-4, "d_lr": 2e-4, "beta_1": 0.5, "beta_2": 0.999},
    ),
}
