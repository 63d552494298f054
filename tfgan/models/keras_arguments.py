"""Refuse arguments of `keras.Model` that have no meaning for a GAN, with an alternative."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BY_NAME = "G has no targets to compare with; score it with eval_metrics=['kid_2k/random_cnn'], by the names of docs/metrics.md"
OF_COMPILE = {
    "optimizer": "pass g_optimizer and d_optimizer, one for each network",
    "metrics": _BY_NAME,
    "weighted_metrics": _BY_NAME,
    "loss_weights": "penalties and models have weights of their own, as in penalties=['r1:gamma=0.1']",
    "auto_scale_loss": "networks are float32 or bfloat16, whose losses need no scale",
}
_BY_SAMPLING = "a GAN weights examples by how often they come; draw them so, as with tf.data.Dataset.sample_from_datasets(parts, weights)"
OF_FIT = {
    "sample_weight": _BY_SAMPLING,
    "class_weight": _BY_SAMPLING,
    "validation_split": "split the examples yourself, and pass validation_data",
}


def refuse(given: Mapping[str, Any], ways_out: Mapping[str, str]) -> dict[str, Any]:
    """Return `given` without the arguments in `ways_out`, which must be absent, None, empty or 0.

    Raises:
        ValueError: one of them has another value; the message names it.
    """
    for name, way_out in ways_out.items():
        if given.get(name) is not None and not _is_nothing(given[name]):
            raise ValueError(f"{name}: expected none, got {_describe_value(given[name])}; {way_out}")
    return {name: value for name, value in given.items() if name not in ways_out}


def _is_nothing(value: Any) -> bool:
    return isinstance(value, (int, float, list, tuple, dict)) and not value


def _describe_value(value: Any) -> str:
    return f"shape {tuple(value.shape)}" if hasattr(value, "shape") else repr(value)
