"""Decide whether XLA compiles the training step."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator

import tensorflow as tf

WITHOUT_KERNEL = re.compile(r"on XLA_\w+_JIT: (\w+) \(No registered")


def is_possible(gan) -> bool:
    """Decide whether XLA compiles the step of a model; warn if its `xla` is True but a layer does not support it.

    Eager steps and statistics that replicas exchange in a pass leave no graph to compile.

    Raises:
        ValueError: `gan.xla` is neither a bool nor "auto".
    """
    jit_compile = gan.xla
    if not jit_compile or gan.run_eagerly or gan.needs_sync:
        return False
    if jit_compile not in (True, "auto"):
        raise ValueError(f"jit_compile: expected True, False or 'auto', got {jit_compile!r}")
    networks = (gan.generator, gan.discriminator)
    every = (layer for network in networks if network for layer in network._flatten_layers())
    layers = [layer.name for layer in every if not layer.supports_jit]
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
        raise ValueError(
            f"jit_compile: XLA cannot compile the operation {found[1]}; compile with jit_compile=False"
        ) from error
