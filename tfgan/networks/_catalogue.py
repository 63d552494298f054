"""The catalogues of networks, with default widths, learning rates and measured times, and of discriminators without a generator.

`measured` has the time of a step by the side of an example: (quiet, beside one busy process), over the time
without XLA in float32. `python benchmarks/paths.py` prints these rows; the last measurement took two threads of
an AMD EPYC with AVX512_BF16. "precision" is bfloat16 if its samples were as good as float32's on three seeds or more
(docs/benchmarks.md).
"""

from tfgan.core.registry import Entry

NETWORKS = {
    "mlp": Entry(
        "tfgan.networks.mlp:MLP",
        "fully connected, for points and rows of tables",
        defaults={"width": 128, "g_lr": 1e-3, "d_lr": 1e-3, "beta_1": 0.0, "beta_2": 0.99},
        measured={
            "time": {
                2: {"xla": (0.88, 0.73), "bfloat16": (1.15, 0.98), "bfloat16_xla": (0.99, 0.83)},
            },
            "precision": "float32",
        },
    ),
    "conv1d": Entry(
        "tfgan.networks.conv1d:Conv1D",
        "residual 1-D convolutions beside a dense path, for series, texts and sequences",
        defaults={"width": 32, "g_lr": 1e-3, "d_lr": 1e-3, "beta_1": 0.0, "beta_2": 0.99},
    ),
    "dcgan": Entry(
        "tfgan.networks.dcgan:DCGAN",
        "strided convolutions, for images of 8x8 to 256x256 (Radford et al. 2016)",
        defaults={"width": 64, "g_lr": 2e-4, "d_lr": 2e-4, "beta_1": 0.5, "beta_2": 0.999},
        measured={
            "time": {
                8: {"xla": (0.61, 0.52), "bfloat16": (0.98, 0.98), "bfloat16_xla": (0.58, 0.55)},
                16: {"xla": (0.81, 0.83), "bfloat16": (0.91, 0.85), "bfloat16_xla": (0.79, 0.86)},
                28: {"xla": (1.1, 1.01), "bfloat16": (0.82, 0.82), "bfloat16_xla": (1.16, 0.99)},
                64: {"xla": (1.35, 1.21), "bfloat16": (0.71, 0.72), "bfloat16_xla": (1.39, 1.24)},
            },
            "precision": "bfloat16",
        },
    ),
    "sn_resnet": Entry(
        "tfgan.networks.sn_resnet:SNResNet",
        "residual blocks, D spectrally normalized, for images of 8x8 to 256x256 (Miyato et al. 2018)",
        defaults={"width": 64, "g_lr": 2e-4, "d_lr": 2e-4, "beta_1": 0.0, "beta_2": 0.9},
        measured={
            "time": {
                8: {"xla": (1.5, 1.43), "bfloat16": (0.75, 0.87), "bfloat16_xla": (1.4, 1.49)},
                16: {"xla": (1.12, 1.55), "bfloat16": (0.6, 0.74), "bfloat16_xla": (1.53, 1.43)},
                28: {"xla": (1.19, 1.15), "bfloat16": (0.57, 0.58), "bfloat16_xla": (1.23, 1.2)},
            },
            "precision": "float32",
        },
    ),
    "r3gan": Entry(
        "tfgan.networks.r3gan:R3GAN",
        "residual blocks without normalization, for images of 8x8 to 256x256 (Huang et al. 2024)",
        defaults={"width": 96, "g_lr": 2e-4, "d_lr": 2e-4, "beta_1": 0.0, "beta_2": 0.99},
        measured={
            "time": {
                8: {"xla": (0.2, 0.24), "bfloat16": (0.99, 0.95), "bfloat16_xla": (0.7, 0.59)},
                16: {"xla": (0.27, 0.34), "bfloat16": (0.81, 0.81), "bfloat16_xla": (0.71, 0.8)},
                28: {"xla": (0.26, 0.35), "bfloat16": (0.9, 0.98), "bfloat16_xla": (0.64, 0.85)},
            },
            "precision": "float32",
        },
    ),
}

DISCRIMINATORS = {
    "projected": Entry(
        "tfgan.networks.projected:Projected",
        "heads on frozen features of photographs, for images (Sauer et al. 2021); pip install 'tfgan[effnet]'",
    ),
}
