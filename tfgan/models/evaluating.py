"""Evaluate a GAN on held-out examples through the methods that Keras's tools call."""

from __future__ import annotations

import tensorflow as tf

from tfgan.distributed import replicas
from tfgan.models import keras_arguments, scale_range, training_data


class Evaluating:
    """The part of `tfgan.GAN` that `evaluate`, `validation_data`, `EarlyStopping` and tuners use."""

    def evaluate(self, x=None, y=None, batch_size=None, **kwargs):
        """Evaluate losses and `eval_metrics` on held-out examples, as `keras.Model.evaluate` does; no weight changes.

        D's and G's losses (without penalties), logits and accuracies are means over all examples. Both
        networks run in inference mode, and each example is compared with the fake of its own latent vector.
        `eval_metrics` score the averaged generator. `fit` calls this on `validation_data` and puts `val_`
        before each name, as in `val_loss/generator` and `val_kid_2k/random_cnn`.

        Args:
            x: held-out examples, from any source that `fit` takes; all of them count, in batches of any size.
            y: labels int (n,) of an array, for a model that takes labels.
            batch_size: batch size for an array; None for 32.
            **kwargs: as for `keras.Model.evaluate`.

        Raises:
            ValueError: data of another shape, dtype or range than G's examples (the message names the call
                that converts them), or a model that is not compiled.

        Returns:
            With `return_dict=True` floats by tag; otherwise their list, sorted by tag.

        Example:
            >>> gan.compile(loss="hinge", eval_metrics=["kid_2k/random_cnn"])
            >>> stop = keras.callbacks.EarlyStopping(monitor="val_kid_2k/random_cnn", mode="min", patience=3)
            >>> gan.fit(images, epochs=100, steps_per_epoch=100, validation_data=held_out, callbacks=[stop])
        """
        self._assert_compile_called("evaluate")
        kwargs = keras_arguments.refuse(kwargs, keras_arguments.OF_FIT)
        x = training_data.prepare(self, x, y, batch_size=batch_size, drop_remainder=False)
        with self.held_out.evaluating(), scale_range.naming():
            return super().evaluate(x, **kwargs)

    def reset_metrics(self) -> None:
        """Reset the means of training and of evaluation."""
        super().reset_metrics()
        if self.compiled:
            self.held_out.reset()

    def test_step(self, data) -> dict[str, tf.Tensor]:
        """Add a batch of held-out examples to the means; no weight changes.

        Args:
            data: held-out examples (n, *shape), or a tuple of them and their labels or other rows by name.

        Returns:
            The means since the evaluation began, float32 scalars by tag; with several workers only the total,
            shape (1,).
        """
        means = self.held_out.step(data)
        return {"loss": means["loss"][None]} if replicas.is_multi_process() else means

    def get_metrics_result(self) -> dict[str, tf.Tensor]:
        """Return the means since the epoch began, keyed by tag; `loss`, the name that Keras's callbacks look for, is `loss/total`."""
        logs = super().get_metrics_result()
        return {"loss": logs["loss/total"], **logs}

    def _get_metrics_result_or_logs(self, logs):
        """Return the logs of an epoch or of an evaluation: always the means."""
        return self.held_out.results() if self.held_out.is_evaluating else self.get_metrics_result()

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Do nothing: the model is already built, and Keras's version fails with several workers."""
