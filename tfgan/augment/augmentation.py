"""Base of augmentations: random changes of D's images."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar

import tensorflow as tf

from tfgan import kinds
from tfgan.core.noise import Draws
from tfgan.core.options import Configurable


@dataclasses.dataclass(frozen=True)
class Augmentation(Configurable):
    """Change D's images, real and fake alike; D's input gradients are still taken in the unchanged images.

    Row i of the output depends on row i of the images and of the drawn numbers, and on the saved scalars.

    Attributes:
        parts: options that turn a part on or off; one at least must be on.
        initial_state: saved scalars by name, with their initial values.
    """

    parts: ClassVar[tuple[str, ...]] = ()
    initial_state: ClassVar[Mapping[str, float]] = {}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.parts and not any(getattr(self, part) for part in self.parts):
            raise ValueError(
                f"{type(self).__name__}: expected one of {', '.join(self.parts)} at least, got none; leave it out instead"
            )

    def check(self, shape: Sequence[int | None]) -> None:
        """Raise `ValueError` unless data of `shape` (n, ...) can be augmented; n may be None."""
        if not kinds.of(shape[1:]).augmentable:
            raise ValueError(
                f"{type(self).__name__}: expected images, of shape (n, height, width, channels), got data of shape {tuple(shape)}; "
                "train on these without augmentation"
            )

    def draw(self, draws: Draws, purpose: str, shape: Sequence[int]) -> dict[str, tf.Tensor]:
        """Return the random numbers for one batch of `shape` (n, H, W, C), each n rows; draw them outside compiled functions.

        Args:
            draws: the noise of one update.
            purpose: name of the batch, such as "real"; another purpose gets other numbers.
            shape: of the batch.
        """
        raise TypeError(f"{type(self).__name__} must define draw(draws, purpose, shape)")

    def __call__(
        self, x: tf.Tensor, drawn: Mapping[str, tf.Tensor], state: Mapping[str, tf.Tensor]
    ) -> tf.Tensor:
        """Return the augmented images.

        Args:
            x: float32 (n, H, W, C), in [-1, 1].
            drawn: the numbers from `draw` for this batch.
            state: the saved scalars, by name.
        """
        raise TypeError(f"{type(self).__name__} must define __call__(x, drawn, state)")

    def next_state(self, real_logits: tf.Tensor, state: Mapping[str, tf.Tensor]) -> Mapping[str, tf.Tensor]:
        """Return the saved scalars after an update of D.

        Args:
            real_logits: of that update, on the global batch of augmented reals: (n, 1), or maps (n, h, w, 1).
            state: the saved scalars before it.
        """
        return state


def columns(table: tf.Tensor, names: Sequence[str]) -> dict[str, tf.Tensor]:
    """Return the columns of a table of drawn numbers (n, len(names)) by name, shape (n,) each."""
    return dict(zip(names, tf.unstack(table, axis=1), strict=True))
