"""Define `LoneGenerator`: a generator that is trained without a discriminator, as a Keras model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan import kinds, methods
from tfgan.core import noise as noise_lib
from tfgan.distributed import replicas
from tfgan.models import GAN, keras_arguments, optimizers, xla
from tfgan.training import checks, functional
from tfgan.training.state import IntervalMeans, PowerAverages, TrainingState, WaitingShare
from tfgan.training.step import ATTEMPT

TAGS = ("loss/generator", "loss/total", "gradients/generator")


@keras.saving.register_keras_serializable("tfgan")
class LoneGenerator(GAN):
    """Train G by a method without D. Data, noise, average, samples, logs and files work as in `tfgan.GAN`.

    Args:
        generator: float32 latents (n, latent_dim) to examples (n, *shape), such as `method.build_generator(network)`.
        seed: seed of all noise; with the saved step it determines every random number.
        kind: kind of the data, as for `tfgan.GAN`.

    Example:
        >>> method = tfgan.methods.get("flow:steps=8")
        >>> network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2)
        >>> model = tfgan.methods.LoneGenerator(method.build_generator(network), seed=0)
        >>> model.compile(method)
        >>> model.fit(tfgan.data.load("ring8", 256), epochs=10, steps_per_epoch=100)
        >>> points = model.generate(tf.random.normal((16, model.latent_dim)))
    """

    discriminator = None
    has_score = False

    def __init__(self, generator: keras.Model, *, seed: int = 0, kind: Any = None, **kwargs):
        keras.Model.__init__(self, **kwargs)
        functional.check("generator", generator, "keras.Input((latent_dim,))")
        self.pack = 1
        self.generator = generator
        with keras.name_scope("average"):
            self.ema_generator = functional.copy("generator", generator)
        self.ema_generator.trainable = False
        self.state = TrainingState(name="state")
        self.seed = seed
        self.kind = kinds.get(kind, self.example_shape)
        self.built = True

    def compile(
        self,
        method: Any = "mmd",
        *,
        g_optimizer: Any = None,
        ema_half_life: Any = None,
        post_hoc_ema: bool = False,
        jit_compile: bool | str = True,
        **kwargs,
    ) -> None:
        """Choose the method, by name ("drifting:temperature=0.05"), config or instance; the rest is as for `GAN.compile`.

        Raises:
            ValueError: the method of GANs, several replicas, or arguments that a GAN refuses too.
        """
        checks.check_numbers(1, None, ema_half_life)
        if replicas.count() > 1:
            raise ValueError(
                f"method: expected one replica, got {replicas.count()}: the losses compare whole batches"
            )
        kwargs = keras_arguments.refuse(kwargs, keras_arguments.OF_COMPILE)
        keras.Model.compile(self, optimizer=None, jit_compile=False, **kwargs)
        self.method = methods.get(method)
        if methods.methods.name_of(self.method) == "gan":
            raise ValueError("method: expected one without a discriminator, got 'gan'; build a tfgan.GAN")
        self.d_steps, self.num_replicas, self.needs_sync, self.is_multi_process = 1, 1, False, False
        self.optimizer = self.g_optimizer = optimizers.get(g_optimizer)
        self.g_optimizer.build(self.generator.trainable_variables)
        self.ema_half_life = ema_half_life
        self.power_averages = PowerAverages(self.generator.weights) if post_hoc_ema else None
        self.xla = jit_compile
        self._compiled_update = self.update
        if xla.is_possible(self):
            self._compiled_update = tf.function(self.update, jit_compile=True, autograph=False)
        self.means = IntervalMeans(list(TAGS), assign=self._assign, name="means")
        self.waiting = WaitingShare(name="speed/waiting_for_data")

    def sample_noise(self, count: int, k: int) -> dict[str, Any]:
        """Return the random numbers of one step for `count` examples; `k` is 0."""
        draws = noise_lib.Draws(self.seed, self.state.step.value + ATTEMPT * self.state.attempt.value, k)
        return self.method.sample_noise(draws, (count, self.latent_dim))

    def update(self, real: tf.Tensor, noise: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """Descend the gradient of the method's loss and move the averaged G; return the step's scalars by tag."""
        with tf.GradientTape() as tape:
            loss = self.method.loss(self.generator, real, noise)
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        self.g_optimizer.apply(gradients, self.generator.trainable_variables)
        self.update_ema(images_per_step=real.shape[0])
        norm = tf.linalg.global_norm(gradients)
        self._note_finite(loss, norm)
        return {"loss/generator": loss, "loss/total": loss, "gradients/generator": norm}

    def score(self, x, labels=None):
        """Refuse: no discriminator gives logits."""
        raise ValueError(f"score: {type(self).__name__} has no discriminator")

    def evaluate(self, *args, **kwargs):
        """Refuse: the losses compare batches; `tfgan.evaluation` and `python -m tfgan.evaluate` score the samples."""
        raise ValueError(
            f"evaluate: {type(self).__name__} has no losses of examples; score its samples by python -m tfgan.evaluate"
        )

    def reset_metrics(self) -> None:
        """Reset the means of training."""
        keras.Model.reset_metrics(self)

    def _get_metrics_result_or_logs(self, logs):
        return self.get_metrics_result()

    def get_config(self) -> dict[str, Any]:
        """Return the generator, the seed, the kind of data and the name, serialized."""
        generator = keras.saving.serialize_keras_object(self.generator)
        return {
            "generator": generator,
            "seed": self.seed,
            "kind": kinds.to_json(self.kind),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects=None) -> LoneGenerator:
        """Build a model from a config of `get_config`."""
        generator = keras.saving.deserialize_keras_object(config["generator"], custom_objects=custom_objects)
        return cls(**{**config, "generator": generator})

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile`, serialized."""
        if not self.compiled:
            return None
        serialize = keras.saving.serialize_keras_object
        return {
            "method": serialize(self.method),
            "g_optimizer": serialize(self.g_optimizer),
            "ema_half_life": serialize(self.ema_half_life),
            "post_hoc_ema": self.power_averages is not None,
            "jit_compile": self.xla,
            "steps_per_execution": self.steps_per_execution,
        }
