"""What a penalty is: a term, or a rule, beside the objective."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from tfgan.core.options import Configurable, PositiveInt
from tfgan.penalties.inputs import Point


@dataclasses.dataclass(frozen=True)
class Penalty(Configurable):
    """Change what D or G learns; a subclass defines the methods that it is about, and GAN calls no others.

    `places[point]` is D at a point, made when first asked for and shared by all: a `tfgan.core.gradients.Place` with `x`,
    `logits`, `features`, and `gradient` and `squared_norm` at the points in `gradient_at`.

    Attributes:
        points: where D is looked at, besides real and fake.
        gradient_at: those of all points where D's input gradient is needed.
        one_by_one: whether D must treat each example by itself: no batch normalization in it.
        couples: whether an example's cost depends on other examples, so that it must see the global batch.
        features: whether the features of D are read.
        reads: what is read of both batches besides D's outputs, by a term that couples examples: "features" or "x".
        initial_state: saved scalars by name, and what they start from.
    """

    one_by_one: ClassVar[bool] = False
    couples: ClassVar[bool] = False
    features: ClassVar[bool] = False
    reads: ClassVar[tuple[str, ...]] = ()
    initial_state: ClassVar[Mapping[str, float]] = {}

    @property
    def points(self) -> tuple[Point, ...]:
        return ()

    @property
    def gradient_at(self) -> tuple[Point, ...]:
        return ()

    @property
    def alone(self) -> bool:
        """Whether G minimizes its term in place of the objective's loss, which is then only logged."""
        return False

    @property
    def of_logits(self) -> bool:
        """Whether it is a term of D that is a function of its logits on reals and fakes alone."""
        return self.defines("discriminator") and not self.points

    @classmethod
    def defines(cls, method: str) -> bool:
        """Return whether this penalty has a method of its own."""
        return getattr(cls, method) is not getattr(Penalty, method)

    def discriminator(self, places, state):
        """Return what D pays.

        Args:
            places: D at each point.
            state: the saved scalars before this step, by name.

        Returns:
            float32 tensor of shape (n,), or a scalar over the global batch.
        """
        raise TypeError(f"{type(self).__name__} has no term of D")

    def strength(self, step):
        """Return what D's term is multiplied by in the step after `step` finished ones."""
        return 1.0

    def generator(self, places, latents):
        """Return what G pays: shape (n,), or a scalar over the global batch.

        Args:
            places: D, after its update, at each point.
            latents: of the fakes, float32 (n, latent_dim).
        """
        raise TypeError(f"{type(self).__name__} has no term of G")

    def next_state(self, places, state):
        """Return the saved scalars after D's update, by name."""
        raise TypeError(f"{type(self).__name__} has no state")

    def draw(self, draws, step, point, shape):
        """Return the noise that `transform` takes at one point; drawn outside compiled functions."""
        raise TypeError(f"{type(self).__name__} draws no noise")

    def transform(self, x, drawn):
        """Return what D sees instead of x; penalties still differentiate in x."""
        raise TypeError(f"{type(self).__name__} leaves D's input alone")

    def after_update(self, weight):
        """Return what becomes of one of D's trainable weights after each update."""
        raise TypeError(f"{type(self).__name__} leaves D's weights alone")


@dataclasses.dataclass(frozen=True)
class Cost(Penalty):
    """A term of D's loss.

    Args:
        every: apply it at every k-th step only, with k times the weight. Off (1) by default.
    """

    every: PositiveInt = 1


@dataclasses.dataclass(frozen=True)
class GradientPenalty(Cost):
    """A cost on the squared norm of D's input gradient, example by example, at the point `place`."""

    one_by_one: ClassVar[bool] = True
    place: ClassVar[Point]

    @property
    def points(self):
        return (self.place,)

    @property
    def gradient_at(self):
        return (self.place,)

    def discriminator(self, places, state):
        return self.cost(places[self.place].squared_norm)

    def cost(self, squared_norm):
        """Return the cost of each example.

        Args:
            squared_norm: float32 tensor of shape (n,), the squared Euclidean norm of each example's gradient.

        Returns:
            float32 tensor of shape (n,), or a scalar over the global batch.
        """
        raise TypeError(f"{type(self).__name__} must define cost(squared_norm)")
