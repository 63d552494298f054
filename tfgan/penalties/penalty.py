"""Define the interface of penalties: terms of a loss, or constraints, beside the objective."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from tfgan.core.options import Configurable, PositiveInt
from tfgan.penalties.facts import PenaltyFacts
from tfgan.penalties.inputs import CriticInput


@dataclasses.dataclass(frozen=True)
class Penalty(Configurable):
    """Change the loss, the input or the weights of D, or the loss of G; a subclass overrides the methods that it needs.

    `critic[at]` is D at an input, computed once and shared by all penalties: a
    `tfgan.training.critic.Evaluation` with `x`, `logits`, `features`, and at the `gradient_inputs` also
    `gradient`, `squared_norm` and `gradient_of(name)`.

    Attributes:
        facts: formulas and proofs, or None; `python -m tfgan.losses` and docs/objectives.md print them.
        inputs: inputs at which D is evaluated; reals and fakes may be omitted.
        gradient_inputs: inputs in which D is differentiated.
        per_example_gradients: whether D must treat each example alone, without batch normalization.
        uses_whole_batch: whether an example's cost depends on other examples, so that it needs the global
            batch.
        reads_features: whether it reads D's features.
        gathered_outputs: outputs of D besides logits that a term of the whole batch reads: "features" or "x".
        initial_state: saved scalars by name, and their first values.
    """

    facts: ClassVar[PenaltyFacts | None] = None
    per_example_gradients: ClassVar[bool] = False
    uses_whole_batch: ClassVar[bool] = False
    reads_features: ClassVar[bool] = False
    gathered_outputs: ClassVar[tuple[str, ...]] = ()
    initial_state: ClassVar[Mapping[str, float]] = {}

    @property
    def inputs(self) -> tuple[CriticInput, ...]:
        return ()

    @property
    def gradient_inputs(self) -> tuple[CriticInput, ...]:
        return ()

    @property
    def replaces_generator_loss(self) -> bool:
        """Whether this term replaces the objective's loss of G, which is then only logged."""
        return False

    @property
    def depends_on_logits_only(self) -> bool:
        """Whether it is a term of D that depends only on D's logits on reals and fakes."""
        return self.overrides("discriminator") and not self.inputs

    @classmethod
    def overrides(cls, method: str) -> bool:
        """Return whether this penalty overrides a method."""
        return getattr(cls, method) is not getattr(Penalty, method)

    def discriminator(self, critic, state):
        """Return the cost of D.

        Args:
            critic: D at each input.
            state: the saved scalars before this step, by name.

        Returns:
            float32 tensor of shape (n,), or a scalar over the global batch.
        """
        raise TypeError(f"{type(self).__name__} has no term of D")

    def strength(self, step):
        """Return the factor of D's term in the step that follows `step` finished steps."""
        return 1.0

    def generator(self, critic, latents):
        """Return the cost of G: shape (n,), or a scalar over the global batch.

        Args:
            critic: D, after its update, at each input.
            latents: latents of the fakes, float32 (n, latent_dim).
        """
        raise TypeError(f"{type(self).__name__} has no term of G")

    def next_state(self, critic, state):
        """Return the saved scalars after D's update, by name."""
        raise TypeError(f"{type(self).__name__} has no state")

    def draw(self, draws, step, at, shape):
        """Draw the noise that `transform` takes at one input, outside of compiled functions."""
        raise TypeError(f"{type(self).__name__} draws no noise")

    def transform(self, x, drawn):
        """Return the input of D's network in place of x; penalties still differentiate in x."""
        raise TypeError(f"{type(self).__name__} leaves D's input alone")

    def after_update(self, weight):
        """Return the new value of one of D's trainable weights after each update."""
        raise TypeError(f"{type(self).__name__} leaves D's weights alone")


@dataclasses.dataclass(frozen=True)
class Cost(Penalty):
    """A term of D's loss.

    Args:
        every: k > 1 applies the term in every k-th step only, with k times the weight; 1 applies it in every
            step.
    """

    every: PositiveInt = 1


@dataclasses.dataclass(frozen=True)
class GradientPenalty(Cost):
    """A cost on the squared norm of D's input gradient, example by example, at the input `critic_input`."""

    per_example_gradients: ClassVar[bool] = True
    critic_input: ClassVar[CriticInput]

    @property
    def inputs(self):
        return (self.critic_input,)

    @property
    def gradient_inputs(self):
        return (self.critic_input,)

    def discriminator(self, critic, state):
        return self.cost(critic[self.critic_input].squared_norm)

    def cost(self, squared_norm):
        """Return the cost of each example.

        Args:
            squared_norm: float32 tensor of shape (n,), the squared Euclidean norm of each example's gradient.

        Returns:
            float32 tensor of shape (n,), or a scalar over the global batch.
        """
        raise TypeError(f"{type(self).__name__} must define cost(squared_norm)")
