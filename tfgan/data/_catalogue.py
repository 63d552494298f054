"""Table of the data sets, with the run settings that suit each.

`own_network` holds the settings that were measured with the data set's own networks: they stand only where no
`--network` and no `--discriminator` is given. Its penalties stand only where no `--penalty` is given and the objective has a link.
"""

from tfgan.core.registry import Entry

_RUN = {
    "log_every": 50,
    "steps_per_call": 1,
    "sample_every": 500,
    "save_every": 500,
    "lr_schedule": "constant",
}
_PICTURES = {**_RUN, "batch_size": 64, "latent_dim": 64, "ema_half_life": 10_000.0}
_MIXTURE = {
    **_RUN,
    "log_every": 250,
    "sample_every": 2500,
    "save_every": 2500,
    "lr_schedule": "cosine",
    "network": "mlp",
    "steps_per_call": 10,
    "batch_size": 256,
    "latent_dim": 2,
    "ema_half_life": 180_000.0,
    "gamma": 0.1,
}
_STRINGS = {
    **_RUN,
    "log_every": 250,
    "sample_every": 2000,
    "save_every": 2000,
    "steps_per_call": 10,
    "steps": 12_000,
    "batch_size": 128,
    "latent_dim": 128,
    "ema_half_life": 100_000.0,
    "own_network": {
        "penalty": ("r1:gamma=0.2", "r2:gamma=0.2"),
        "g_lr": 1e-3,
        "d_lr": 1e-3,
        "beta_1": 0.0,
        "beta_2": 0.99,
    },
}
_TABLE = {
    **_RUN,
    "log_every": 250,
    "sample_every": 3000,
    "save_every": 3000,
    "steps_per_call": 10,
    "network": "mlp",
    "batch_size": 256,
    "latent_dim": 128,
    "ema_half_life": 50_000.0,
    "steps": 12_000,
    "gamma": 0.1,
    "own_network": {
        "network": "mlp:residual=true,batch_norm=true,depth=2,d_depth=2",
        "penalty": ("r1:gamma=0.1", "r2:gamma=0.1"),
        "width": 256,
        "g_lr": 5e-4,
        "d_lr": 5e-4,
    },
}

_SERIES = {
    **_RUN,
    "batch_size": 128,
    "latent_dim": 256,
    "ema_half_life": 50_000.0,
    "log_every": 100,
    "sample_every": 1500,
    "save_every": 1500,
    "steps": 4500,
    "own_network": {
        "network": "conv1d:tcn=true,blocks=5,kernel=3",
        "penalty": ("r1:gamma=0.5", "r2:gamma=0.5"),
        "width": 32,
    },
}

DATASETS = {
    "digits": Entry(
        "tfgan.data.digits:digits",
        "scikit-learn's 1,797 handwritten digits, 8x8 gray; needs no network",
        defaults={
            **_PICTURES,
            "network": "dcgan",
            "steps": 8000,
            "latent_dim": 32,
            "own_network": {
                "network": "dcgan:extra_layers=1",
                "width": 32,
                "g_lr": 1e-3,
                "d_lr": 1e-3,
                "ema_half_life": 20_000.0,
            },
        },
    ),
    "fashion_mnist": Entry(
        "tfgan.data.fashion_mnist:fashion_mnist",
        "70,000 garments, 28x28 gray (Xiao et al. 2017)",
        defaults={
            **_PICTURES,
            "network": "dcgan",
            "steps": 5000,
            "own_network": {
                "penalty": ("r1:gamma=0.5",),
                "width": 32,
                "g_lr": 1e-3,
                "d_lr": 1e-3,
                "beta_1": 0.0,
                "beta_2": 0.99,
                "lr_schedule": "cosine",
                "ema_half_life": 20_000.0,
            },
        },
    ),
    "stacked_fashion_mnist": Entry(
        "tfgan.data.stacked:stacked_fashion_mnist",
        "three of those garments as the channels of one image, drawn without end: 1,000 modes",
        defaults={**_PICTURES, "network": "dcgan", "steps": 3000},
    ),
    "ring8": Entry(
        "tfgan.data.mixtures:ring8",
        "8 Gaussians on the unit circle, sigma 0.01",
        defaults={**_MIXTURE, "steps": 20_000},
    ),
    "grid25": Entry(
        "tfgan.data.mixtures:grid25",
        "5x5 Gaussians, spacing 2, sigma 0.05",
        defaults={**_MIXTURE, "steps": 20_000, "width": 192},
    ),
    "grid100": Entry(
        "tfgan.data.mixtures:grid100",
        "10x10 Gaussians, spacing 1, sigma 0.03",
        defaults={**_MIXTURE, "steps": 20_000},
    ),
    "tfds": Entry(
        "tfgan.data.tfds_images:tfds_images",
        "tfds:NAME, any image set of TFDS",
        defaults={**_PICTURES, "steps": 20_000},
    ),
    "folder": Entry(
        "tfgan.data.folder:folder",
        "folder:PATH, PNG, JPEG, WebP, BMP, TIFF; sub-folders are classes",
        defaults={**_PICTURES, "steps": 20_000},
    ),
    "npz": Entry(
        "tfgan.data.npz:npz",
        "npz:PATH, arrays images or points, and labels if any",
        defaults={**_PICTURES, "steps": 20_000},
    ),
    "words": Entry(
        "tfgan.data.words:words",
        "60,540 English words of 3 to 12 letters a-z (SCOWL)",
        defaults={
            **_STRINGS,
            "steps": 13_000,
            "own_network": {**_STRINGS["own_network"], "network": "conv1d", "width": 48},
        },
    ),
    "chloroplast": Entry(
        "tfgan.data.chloroplast:chloroplast",
        "windows of 64 bases of DNA, of the chloroplast of Arabidopsis (NC_000932)",
        defaults={
            **_STRINGS,
            "steps": 4000,
            "own_network": {**_STRINGS["own_network"], "network": "conv1d:kernel=7", "width": 32},
        },
        reads=("length", "stride", "both_strands"),
    ),
    "peptides": Entry(
        "tfgan.data.peptides:peptides",
        "4,373 different peptides of 5 to 50 amino acids, antimicrobial or not (modlAMP)",
        defaults=_STRINGS,
    ),
    "text": Entry(
        "tfgan.data.text:text",
        "text:PATH, one short text a line, UTF-8",
        defaults=_STRINGS,
        reads=("length", "alphabet"),
    ),
    "fasta": Entry(
        "tfgan.data.fasta:fasta",
        "fasta:PATH, DNA, RNA or proteins: whole records, or windows of --length",
        defaults=_STRINGS,
        reads=("length", "stride", "alphabet", "both_strands"),
    ),
    "wti": Entry(
        "tfgan.data.series:wti",
        "daily log returns of the oil price, 1986 to 2018, windows of 64; needs no network",
        defaults=_SERIES,
        reads=("length", "stride", "transform"),
    ),
    "sp500": Entry(
        "tfgan.data.series:sp500",
        "daily log returns of the S&P 500, 1999 to 2018, windows of 64; pip install 'tfgan[series]'",
        defaults=_SERIES,
        reads=("length", "stride", "transform"),
    ),
    "series": Entry(
        "tfgan.data.series:series",
        "series:PATH, windows of the columns of a CSV file, a line a time",
        defaults=_SERIES,
        reads=("length", "stride", "columns", "transform"),
    ),
    "adult": Entry(
        "tfgan.data.embedded_tables:adult",
        "48,842 persons of the US census of 1994, 15 columns (UCI Adult); needs no network",
        defaults=_TABLE,
        reads=("target",),
    ),
    "health": Entry(
        "tfgan.data.embedded_tables:health",
        "20,190 person-years of the RAND health insurance experiment, 8 columns; needs no network",
        defaults=_TABLE,
        reads=("target",),
    ),
    "csv": Entry(
        "tfgan.data.tables:csv",
        "csv:PATH, a table with a header; python -m tfgan.data prints its columns",
        defaults=_TABLE,
        reads=("schema", "target", "categorical", "drop", "group", "max_categories"),
    ),
}
