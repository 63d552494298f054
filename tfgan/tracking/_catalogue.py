"""Table of the experiment trackers."""

from tfgan.core.registry import Entry

TRACKERS = {
    "mlflow": Entry(
        "tfgan.tracking.mlflow:MLflow",
        "MLflow; a store in the run folder unless MLFLOW_TRACKING_URI names one; pip install 'tfgan[mlflow]'",
    ),
    "wandb": Entry(
        "tfgan.tracking.wandb:WandB",
        "Weights & Biases; offline in the run folder unless WANDB_MODE is set; pip install 'tfgan[wandb]'",
    ),
}
