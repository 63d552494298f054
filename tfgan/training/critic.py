"""Evaluate D once at each input; the objective and all penalties share this forward pass."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from tfgan.penalties.inputs import FAKE, REAL, CriticInput


@dataclasses.dataclass(frozen=True)
class Labeled(CriticInput):
    """Real examples whose labels are known, in semi-supervised training."""

    key: ClassVar[str] = "Labelled"


LABELED = Labeled()


class RealFake(NamedTuple):
    """D's outputs on reals and fakes: "outputs", and if a loss reads them "features" and the fakes' "x"."""

    real: dict[str, tf.Tensor]
    fake: dict[str, tf.Tensor]


@dataclasses.dataclass(eq=False)
class Evaluation:
    """The outputs of D on one batch, and their gradients in the examples.

    Attributes:
        x: the examples before noise and augmentation, float32 (n, *shape).
        outputs: the tensor that the objective compares, float32 (n, ...): logits, or embeddings.
        heads: all outputs of D by name, float32: "logits", its other heads, "features" where a penalty reads
            them.
    """

    x: tf.Tensor
    outputs: tf.Tensor
    heads: Mapping[str, tf.Tensor]
    _tape: tf.GradientTape
    _logits_from: Callable[[tf.Tensor], tf.Tensor] | None

    @property
    def features(self) -> tf.Tensor:
        """The input of D's last layer, float32 (n, ...); available if a penalty reads features."""
        return self.heads["features"]

    @functools.cached_property
    def logits(self) -> tf.Tensor:
        """D's logits, float32 (n, ...)."""
        return self.outputs if self._logits_from is None else self._logits_from(self.outputs)

    @functools.cached_property
    def gradient(self) -> tf.Tensor:
        """The gradient of the sum of each example's logits in that example, float32 (n, *shape)."""
        outputs = tf.identity(self.outputs)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(outputs)
            logits = tf.identity(outputs) if self._logits_from is None else self._logits_from(outputs)
        slopes = tape.gradient(logits, outputs)
        gradient = self._tape.gradient(self.outputs, self.x, output_gradients=slopes)
        if gradient is None:
            raise ValueError(
                "gradient: expected the input in `gradient_inputs` of the model or of a penalty; name it there"
            )
        return tf.cast(gradient, tf.float32)

    @functools.cached_property
    def squared_norm(self) -> tf.Tensor:
        """The squared Euclidean norm of each example's gradient, float32 (n,)."""
        return tf.reduce_sum(tf.square(self.gradient), axis=range(1, len(self.gradient.shape)))

    def gradient_of(self, name: str) -> tf.Tensor:
        """Return the gradient of the sum of a head in each example, float32 (n, *shape).

        Args:
            name: of the head, such as "features" or "classes".
        """
        gradient = self._tape.gradient(self.heads[name], self.x)
        if gradient is None:
            raise ValueError(
                f"gradient_of({name!r}): expected the input in `gradient_inputs` of the model or of a penalty; name it there"
            )
        return tf.cast(gradient, tf.float32)


class Critic:
    """D, evaluated on demand: `critic[REAL]` runs D on the reals once and stores the `Evaluation`.

    Args:
        inputs: the batches that are not computed from other inputs: real, fake, and fakes from other latents.
        forward: function from (x, input, state of D) to (heads by name, among them "outputs"; new state).
        state: D's state before the step.
        noise: random numbers, by `str(input)`.
        witness_logits: function from (outputs, real outputs, fake outputs) to logits; None if the outputs are
            logits.
        gradient_inputs: the inputs in which D is differentiated.

    Attributes:
        state: D's state after its passes over the real and the fake batch; no other pass changes it.
    """

    def __init__(
        self,
        inputs: Mapping[CriticInput, tf.Tensor],
        forward: Callable,
        *,
        state: Any = None,
        noise: Mapping[str, Any] | None = None,
        witness_logits: Callable | None = None,
        gradient_inputs: Iterable[CriticInput] = (),
    ):
        self._inputs = dict(inputs)
        self._forward = forward
        self._noise = noise
        self._logits_from = None
        if witness_logits is not None:
            self._logits_from = lambda outputs: witness_logits(
                outputs, self[REAL].outputs, self[FAKE].outputs
            )
        self._gradient_inputs = frozenset(gradient_inputs)
        self._evaluations: dict[CriticInput, Evaluation] = {}
        self.state = state

    def __getitem__(self, at: CriticInput) -> Evaluation:
        """Return the `Evaluation` of D at an input."""
        if at not in self._evaluations:
            x = self._inputs[at] if at in self._inputs else self.x(at)
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
                if at in self._gradient_inputs:
                    tape.watch(x)
                heads, state = self._forward(x, at, self.state)
            self._evaluations[at] = Evaluation(x, heads["outputs"], heads, tape, self._logits_from)
            if at in (REAL, FAKE):
                self.state = state
        return self._evaluations[at]

    def x(self, at: CriticInput) -> tf.Tensor:
        """Return the batch at an input, float32 (n, *shape)."""
        if at not in self._inputs:
            self._inputs[at] = at.compute(self.x, self._noise[str(at)])
        return self._inputs[at]

    def outputs(self, names: Iterable[str] = ("outputs",)) -> RealFake:
        """Return the outputs on reals and on fakes, by name."""
        real, fake = self[REAL], self[FAKE]  # reals first: the passes update D's state in this order
        return RealFake(
            {name: real.heads[name] for name in names if name != "x"},
            {name: fake.x if name == "x" else fake.heads[name] for name in names},
        )

    @classmethod
    def of_outputs(cls, outputs: RealFake, witness_logits: Callable | None) -> Critic:
        """Return a critic with known outputs on reals and fakes; it has no other input."""
        heads = {REAL: outputs.real, FAKE: outputs.fake}
        return cls(
            {at: heads[at].get("x") for at in heads},
            lambda x, at, state: (heads[at], state),
            witness_logits=witness_logits,
        )

    def branch(self, gradient_inputs: Iterable[CriticInput]) -> Critic:
        """Return a copy for a branch of the graph: it reuses evaluations, and does not share its new ones."""
        copy = Critic(
            self._inputs, self._forward, state=self.state, noise=self._noise, gradient_inputs=gradient_inputs
        )
        copy._logits_from = self._logits_from
        again = copy._gradient_inputs - self._gradient_inputs
        copy._evaluations = {at: found for at, found in self._evaluations.items() if at not in again}
        return copy
