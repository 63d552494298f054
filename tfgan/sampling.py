"""Samples from a run or from an exported model, the same way."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan import _noise

BATCH = 256
EVALUATION_SEED = 1


def from_gan(gan, scale: float = 1.0) -> Callable[[int], np.ndarray]:
    """Return a sampler of a model's averaged generator: count to samples in the data's own units."""
    return _sampler(gan.generate, gan.latent_dim, scale)


def from_saved_model(path: str | Path) -> tuple[Callable[[int], np.ndarray], dict[str, Any]]:
    """Return a sampler of an exported model, and its `tfgan.json`.

    Args:
        path: `<name>/<version>`, or `<name>` for the highest version.

    Raises:
        ValueError: there is no such model there.
    """
    model, record = load_saved_model(path)
    serve = model.signatures["serving_default"]
    return _sampler(lambda latents: next(iter(serve(latents=latents).values())), record["latent_dim"], 1.0), record


def load_saved_model(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """Load an exported model and its `tfgan.json`; raise `ValueError` when `path` holds none."""
    path = Path(path)
    versions = sorted((child for child in path.glob("*") if child.name.isdigit()), key=lambda child: int(child.name))
    if not (path / "saved_model.pb").exists() and versions:
        path = versions[-1]
    record = path / "assets.extra" / "tfgan.json"
    if not (path / "saved_model.pb").exists() or not record.exists():
        raise ValueError(f"--saved_model: expected a model that tfgan exported (<name>/<version>), got {path}")
    return tf.saved_model.load(str(path)), json.loads(record.read_text(encoding="utf-8"))


def by_seed_from_saved_model(path: str | Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of seeds (n,) to samples: images float32 in [-1, 1], or points in the data's own units."""
    model, record = load_saved_model(path)
    serve = model.signatures["serving_default"]
    return _by_seed(lambda latents: next(iter(serve(latents=latents).values())), record["latent_dim"], 1.0)


def by_seed_from_run(path: str | Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return the same function for a run folder's newest checkpoint."""
    from tfgan import build

    _, source, gan = build.from_run(str(path))
    return _by_seed(gan.generate, gan.latent_dim, source.scale)


def parse_seeds(text: str) -> np.ndarray:
    """Return the seeds that `"0-63"`, `"7"` or `"1,5,8-9"` names, int64.

    Raises:
        ValueError: anything else.
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            raise ValueError(f"--seeds: expected numbers and ranges like 0-63 or 1,5,8-9, got {text!r}")
        seeds += range(int(match[1]), int(match[2] or match[1]) + 1)
    if max(seeds) >= 2**63:
        raise ValueError(f"--seeds: expected seeds below 2^63, got {max(seeds)}")
    return np.array(seeds, np.int64)


def _sampler(generate: Callable[[tf.Tensor], tf.Tensor], latent_dim: int, scale: float) -> Callable[[int], np.ndarray]:
    def sample(count: int) -> np.ndarray:
        latents = _noise.normal(_noise.key(EVALUATION_SEED, "evaluation"), (count, latent_dim))
        return _in_batches(generate, latents) * np.float32(scale)

    return sample


def _by_seed(generate: Callable[[tf.Tensor], tf.Tensor], latent_dim: int, scale: float) -> Callable[[np.ndarray], np.ndarray]:
    def sample(seeds: np.ndarray) -> np.ndarray:
        return _in_batches(generate, _noise.normal_by_seed(tf.constant(seeds, tf.int64), latent_dim)) * np.float32(scale)

    return sample


def _in_batches(generate: Callable[[tf.Tensor], tf.Tensor], latents: tf.Tensor) -> np.ndarray:
    return np.concatenate([generate(latents[start : start + BATCH]).numpy() for start in range(0, len(latents), BATCH)])
