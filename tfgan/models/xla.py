"""Decide whether XLA compiles the training step."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterable, Iterator

import keras
import tensorflow as tf

WITHOUT_KERNEL = re.compile(r"on XLA_\w+_JIT: (\w+) \(No registered")


def is_possible(jit_compile: bool | str, networks: Iterable[keras.Model]) -> bool:
    """Decide whether XLA compiles a step of these networks; with True, warn if a layer does not support it.

    Args:
        jit_compile: as for `keras.Model.compile`; "auto" means True without the warning.
        networks: G and D. `supports_jit` must be true for their layers at any depth.

    Raises:
        ValueError: `jit_compile` is neither a bool nor "auto".
    """
    if not jit_compile:
        return False
    if jit_compile not in (True, "auto"):
        raise ValueError(f"jit_compile: expected True, False or 'auto', got {jit_compile!r}")
    layers = [layer.name for network in networks for layer in network._flatten_layers() if not layer.supports_jit]
    if layers and jit_compile != "auto":
        warnings.warn(
            f"jit_compile: XLA cannot compile {', '.join(map(repr, layers))}, so that the step runs without it; pass "
            "jit_compile=False to silence this warning",
            stacklevel=3,
        )
    return not layers


@contextlib.contextmanager
def naming_operations() -> Iterator[None]:
    """Turn TensorFlow's error about an operation without an XLA kernel into one line.

    Raises:
        ValueError: such an error, in one line with an alternative.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if (found := WITHOUT_KERNEL.search(str(error))) is None:
            raise
        raise ValueError(f"jit_compile: XLA cannot compile the operation {found[1]}; compile with jit_compile=False") from error
