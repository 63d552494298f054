"""Compute the losses and metrics of `evaluate` and `validation_data` on held-out examples."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan.core import noise as noise_lib
from tfgan.distributed import replicas
from tfgan.models.conditions import Labels
from tfgan.models.eval_metrics import EvalMetrics
from tfgan.penalties.inputs import FAKE, REAL
from tfgan.training import discriminator, packing
from tfgan.training.criterion import PLAYERS
from tfgan.training.critic import LABELED, Critic
from tfgan.training.gradients import Batch
from tfgan.training.state import IntervalMeans

TAGS = (
    "loss/discriminator",
    "loss/generator",
    "loss/total",
    "logits/real",
    "logits/fake",
    "accuracy/real",
    "accuracy/fake",
)


class HeldOut:
    """Average losses over held-out examples, and collect the examples for metrics.

    Both networks run in inference mode, without augmentation, and no variable of the model changes. Example i
    of an evaluation is compared with the fake of latent vector i, which is the same in every evaluation and
    for every batch size.

    This is a plain object, so that Keras neither saves it nor expects it in a file.

    Args:
        gan: the compiled model.
        names: names of metrics, such as "kid_2k/random_cnn".

    Attributes:
        is_evaluating: whether `gan.evaluate` runs, also for `validation_data`.
        metrics: the metrics.
    """

    is_evaluating = False

    def __init__(self, gan, names: Iterable[str]):
        self._gan = gan
        self._means = IntervalMeans([*TAGS, *gan.loss.extra_metrics], name="held_out")
        self.metrics = EvalMetrics(gan, names)

    @contextlib.contextmanager
    def evaluating(self) -> Iterator[None]:
        """Set `is_evaluating` in this context."""
        self.is_evaluating = True
        try:
            yield
        finally:
            self.is_evaluating = False

    def reset(self) -> None:
        """Forget all examples."""
        self._means.reset_state()
        self.metrics.reset()

    def step(self, data) -> dict[str, tf.Tensor]:
        """Add a batch; return the means over all examples since the last reset, float32 scalars by tag."""
        real, rows = self._unpack_examples(data)
        self.metrics.collect(real, rows.get("labels"))
        count = tf.shape(real)[0]
        values = self._compute_losses(real, {**rows, **self._sample_noise(count, rows)})
        total = tf.cast(count, tf.float32) * replicas.count()
        self._means.update_state(values, weight=total)
        return self.means()

    def means(self) -> dict[str, tf.Tensor]:
        """Return the means over all examples since the last reset by tag; `loss` is `loss/total`."""
        means = self._means.result()
        return {"loss": means["loss/total"], **means}

    def results(self) -> dict[str, Any]:
        """Return the means and the metrics, by name."""
        return {**self.means(), **self.metrics.scores()}

    def _unpack_examples(self, data) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return held-out reals float32 (n, *shape), in whole packs, and the model's other rows by name."""
        gan = self._gan
        x, rows, _ = keras.utils.unpack_x_y_sample_weight(tf.nest.map_structure(_to_tensor, data))
        shape = gan.example_shape
        if not x.dtype.is_floating or not x.shape[1:].is_compatible_with(shape):
            raise ValueError(
                f"x: expected held-out examples float32 (n, {', '.join(map(str, shape))}), got {x.dtype.name} {x.shape}"
            )
        if replicas.count() > 1 and x.shape[0] is None:
            one_size = "held-out batches of one size, .batch(n, drop_remainder=True)"
            raise ValueError(f"x: {replicas.count()} replicas expected {one_size}, got shape {x.shape}")
        x = tf.ensure_shape(tf.cast(x, tf.float32), (None, *shape))
        if gan.pack > 1:
            x = x[: tf.shape(x)[0] // gan.pack * gan.pack]
        rows = rows if isinstance(rows, Mapping) else {} if rows is None else {"labels": rows}
        if "labeled_x" in gan.batch_fields and "labels" in rows:  # all held-out examples are labeled
            rows = {**rows, "labeled_x": x, "labeled_labels": rows["labels"]}
        if missing := [name for name in gan.batch_fields if name not in rows]:
            came = ", ".join(rows) or "nothing"
            raise ValueError(
                f"x: {type(gan).__name__} expected {', '.join(missing)} beside held-out examples, got {came}"
            )
        names = {*gan.batch_fields, *(["labels"] if self.metrics.read_labels else [])}
        if self.metrics.read_labels and "labels" not in rows:
            raise ValueError(
                "x: eval_metrics by class expected held-out examples and labels, got examples alone"
            )
        checked = {
            name: Labels(gan.num_classes).assert_valid(rows[name])
            for name in gan.batch_fields
            if name.endswith("labels")
        }
        return x, {name: rows[name] for name in names} | checked

    def _sample_noise(self, count: tf.Tensor, rows) -> dict[str, tf.Tensor]:
        """Return latents, and codes if G takes them, by the number of each example in the evaluation."""
        first = tf.cast(self._means.count.value, tf.int64) + tf.cast(count, tf.int64) * replicas.index()
        numbers = first + tf.range(tf.cast(count, tf.int64))
        noise = {"latents": noise_lib.normal_by_seed(numbers, self._gan.latent_dim)}
        noise |= self._gan.sample_condition(noise_lib.Draws(self._gan.seed, first, 0), count)
        given = self._gan.condition
        return noise if given is None or given.name in rows else {**noise, given.name: given.by_seed(numbers)}

    def _compute_losses(self, real, noise) -> dict[str, tf.Tensor]:
        """Return mean losses without penalties, mean logits, and a subclass's own losses, by tag."""
        gan, criterion = self._gan, self._gan.criterion
        scalars = gan.running.values() if criterion.initial_state else {}
        nothing = {player: frozenset() for player in PLAYERS}
        batch = Batch(real, noise, scalars, gan.state.step.value, pack=gan.pack, only=nothing)

        def generate(latents):
            outputs = gan.generator(gan.generator_arguments(latents, batch), training=False)
            outputs = outputs if isinstance(outputs, dict) else {"images": outputs}
            return {
                FAKE if name == "images" else name: tf.cast(output, tf.float32)
                for name, output in outputs.items()
            }

        def forward(x, at, state):
            outputs = discriminator.inference(gan.discriminator, gan.discriminator_arguments(x, at, batch))
            heads = {name: tf.cast(output, tf.float32) for name, output in outputs.items()}
            return {
                **heads,
                "input": x,
                "outputs": tf.cast(criterion.loss.logits_from(x, outputs), tf.float32),
            }, state

        batch.generate, batch.generated = generate, generate(noise["latents"])
        inputs = {at: packing.packed(x, gan.pack) for at, x in ((REAL, real), (FAKE, batch.generated[FAKE]))}
        if "labeled_x" in noise:
            inputs[LABELED] = noise["labeled_x"]
        gradient_inputs = criterion.gradient_inputs | frozenset(gan.gradient_inputs)
        critic = Critic(
            inputs, forward, witness_logits=criterion.witness_logits, gradient_inputs=gradient_inputs
        )
        own = (
            gan.discriminator_loss(critic, batch)
            | gan.generator_loss(critic, batch)
            | gan.extra_metrics(critic, batch)
        )
        # Losses that need the whole batch read the gathered outputs.
        whole = Critic.of_outputs(replicas.gather(critic.outputs()), criterion.witness_logits)
        batch.only = {player: frozenset({"loss"}) for player in PLAYERS}
        losses = criterion.discriminator_loss(whole, batch) | criterion.generator_loss(whole, batch)
        losses["loss/total"] = losses["loss/discriminator"] + losses["loss/generator"]
        return {**criterion.logit_metrics(whole, scalars), **losses, **(replicas.mean(own) if own else {})}


def _to_tensor(value):
    """Return a tensor; keep None, which Keras passes if there is nothing besides x."""
    return None if value is None else tf.convert_to_tensor(value)
