"""`evaluate` and `validation_data`: losses and metrics on real examples that are not trained on."""

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
from tfgan.training import checks, packing
from tfgan.training.critic import LABELLED, Outputs, Places
from tfgan.training.gradients import inputs_of
from tfgan.training.state import IntervalMeans

TAGS = ("loss/discriminator", "loss/generator", "loss/total", "logits/real", "logits/fake", "accuracy/real", "accuracy/fake")


class HeldOut:
    """Average losses over held-out examples, and collect these for metrics.

    Both networks run in inference mode, without augmentation, and no variable of the model changes. Example i of an evaluation is
    compared with the fake of latent vector i, the same in every evaluation and for every batch size.

    A plain object, so that Keras neither saves it nor looks for it in a file.

    Args:
        gan: the compiled model.
        names: metrics, such as "kid_2k/random_cnn".

    Attributes:
        is_evaluating: whether `gan.evaluate` is under way, also for `validation_data`.
        metrics: the metrics.
    """

    is_evaluating = False

    def __init__(self, gan, names: Iterable[str]):
        self._gan = gan
        self._own_tags = checks.tags(gan)
        self._means = IntervalMeans([*TAGS, *gan.loss.measured, *self._own_tags], name="held_out")
        self.metrics = EvalMetrics(gan, names)

    @contextlib.contextmanager
    def evaluating(self) -> Iterator[None]:
        """Mark an evaluation."""
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
        real, rows = self._examples(data)
        self.metrics.collect(real, rows.get("labels"))
        count = tf.shape(real)[0]
        values = self._values(real, {**rows, **self._noise(count, rows)})
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

    def _examples(self, data) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return held-out reals float32 (n, *shape), whole packs of them, and the rows beside them that the model takes, by name."""
        gan = self._gan
        x, rows, _ = keras.utils.unpack_x_y_sample_weight(tf.nest.map_structure(_tensor, data))
        shape = gan.generator.output_shape[1:]
        if not x.dtype.is_floating or not x.shape[1:].is_compatible_with(shape):
            raise ValueError(f"x: expected held-out examples float32 (n, {', '.join(map(str, shape))}), got {x.dtype.name} {x.shape}")
        if replicas.count() > 1 and x.shape[0] is None:
            one_size = "held-out batches of one size, .batch(n, drop_remainder=True)"
            raise ValueError(f"x: {replicas.count()} replicas expected {one_size}, got shape {x.shape}")
        x = tf.ensure_shape(tf.cast(x, tf.float32), (None, *shape))
        if gan.pack > 1:
            x = x[: tf.shape(x)[0] // gan.pack * gan.pack]
        rows = rows if isinstance(rows, Mapping) else {} if rows is None else {"labels": rows}
        if "labelled_x" in gan.takes and "labels" in rows:  # held-out labels are all known
            rows = {**rows, "labelled_x": x, "labelled_labels": rows["labels"]}
        if missing := [name for name in gan.takes if name not in rows]:
            came = ", ".join(rows) or "nothing"
            raise ValueError(f"x: {type(gan).__name__} expected {', '.join(missing)} beside held-out examples, got {came}")
        names = {*gan.takes, *(["labels"] if self.metrics.read_labels else [])}
        if self.metrics.read_labels and "labels" not in rows:
            raise ValueError("x: eval_metrics by class expected held-out examples and labels, got examples alone")
        checked = {name: Labels(gan.num_classes).asserted(rows[name]) for name in gan.takes if name.endswith("labels")}
        return x, {name: rows[name] for name in names} | checked

    def _noise(self, count: tf.Tensor, rows) -> dict[str, tf.Tensor]:
        """Return the latents, and the codes where G is given some, of this batch's numbers in the evaluation."""
        first = tf.cast(self._means.count.value, tf.int64) + tf.cast(count, tf.int64) * replicas.index()
        numbers = first + tf.range(tf.cast(count, tf.int64))
        noise = {"latents": noise_lib.normal_by_seed(numbers, self._gan.latent_dim)}
        given = self._gan.given
        return noise if given is None or given.name in rows else {**noise, given.name: given.by_seed(numbers)}

    def _values(self, real, given) -> dict[str, tf.Tensor]:
        """Return the batch's mean costs and logits, and the model's own terms, by tag; no penalty is paid here."""
        gan, terms, state = self._gan, self._gan.terms, self._gan.running.values()
        fake = gan.generator(inputs_of(given["latents"], gan.g_given, given), training=False)
        batches = {REAL: packing.packed(real, gan.pack), FAKE: packing.packed(tf.cast(fake, tf.float32), gan.pack)}
        if "labelled_x" in given:
            batches[LABELLED] = given["labelled_x"]

        def look(x, point, state):
            said = checks.outputs(gan.discriminator, inputs_of(x, gan.d_given, given))
            heads = {name: tf.cast(said[name], tf.float32) for name in gan.heads}
            return {**heads, "x": x, "outputs": tf.cast(terms.loss.read(x, said), tf.float32)}, state

        places = Places(batches, given, look, terms.witness, None)
        own = {**gan.discriminator_terms(outputs := Outputs(places, given)), **gan.generator_terms(outputs), **gan.measures(outputs)}
        whole = Places.of(replicas.gather(places.said()), terms.witness)  # losses that compare examples see the global batch
        alone = frozenset({"loss"})
        costs = terms.discriminator(whole, state, gan.state.step.value, alone) | terms.generator(whole, given["latents"], state, alone)
        costs["loss/total"] = costs["loss/discriminator"] + costs["loss/generator"]
        return {**terms.health(whole, state), **costs, **(replicas.mean(own) if own else {})}


def _tensor(value):
    """Return a tensor; None, which Keras hands on where there is nothing beside x, stays."""
    return None if value is None else tf.convert_to_tensor(value)
