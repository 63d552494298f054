"""Define `tfgan.GAN`: a generative adversarial network as a Keras model."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from tfgan import kinds
from tfgan.distributed import replicas
from tfgan.models import keras_arguments, optimizers, scale_range, training_data, xla
from tfgan.models.arguments import Examples
from tfgan.models.conditions import Condition
from tfgan.models.evaluating import Evaluating
from tfgan.models.held_out import HeldOut
from tfgan.models.sampling import Sampling
from tfgan.models.saving import Saving
from tfgan.training import checks, functional, packing
from tfgan.training import discriminator as d_lib
from tfgan.training.criterion import Criterion
from tfgan.training.state import IntervalMeans, PowerAverages, RunningScalars, TrainingState, WaitingShare
from tfgan.training.step import TAGS, TrainingStep


@keras.saving.register_keras_serializable("tfgan")
class GAN(TrainingStep, Sampling, Evaluating, Saving, keras.Model):
    """Train a generator G against a discriminator D.

    Args:
        generator: float32 latents (n, latent_dim) to examples (n, *shape), or to a dict with the examples
            under "images".
        discriminator: examples (n, *shape) to raw logits, (n, 1) or a map (n, h, w, 1).
        seed: seed of all noise; with the saved step it determines every random number.
        pack: number of examples that D judges together, side by side in the channels of its input.
        kind: kind of the data (`source.kind`), or its record; None for the kind that the shape tells.

    `tfgan.training.step.TrainingStep` defines the step and the methods that a subclass may override.

    Example:
        >>> gan = tfgan.GAN(network.generator(), network.discriminator(), seed=0)
        >>> gan.compile(loss="rpgan", penalties=["r1", "r2"])
        >>> gan.fit(tfgan.data.load("digits", 64), epochs=10, steps_per_epoch=100)
        >>> images = gan.generate(tf.random.normal((16, 32)))

    Reference: Goodfellow et al. 2014, "Generative Adversarial Nets", algorithm 1.
    """

    def __init__(self, generator, discriminator, *, seed: int = 0, pack: int = 1, kind=None, **kwargs):
        super().__init__(**kwargs)
        checks.check_networks(self, generator, discriminator, pack)
        self.pack = pack
        self.generator = generator
        self.discriminator = discriminator
        with keras.name_scope("average"):  # distinct paths of its weights, for TensorBoard's tags
            self.ema_generator = functional.copy("generator", generator)
        self.ema_generator.trainable = False
        self.state = TrainingState(name="state")
        self.seed = seed
        self.kind = kinds.get(kind, self.example_shape)
        self.built = True

    @functools.cached_property
    def latent_dim(self) -> int:
        """Entries of a latent vector."""
        return self.generator.inputs[0].shape[-1]

    @functools.cached_property
    def example_shape(self) -> tuple[int, ...]:
        """Shape of one generated example."""
        return checks.example_shape(self.generator)

    @property
    def condition(self) -> Condition | None:
        """The input of G besides latents: labels or codes; None if it has none."""
        return None

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running means of the logs; Keras resets them at each epoch."""
        if not self.compiled:
            return []
        return [self.means, self.waiting] if self.reads_clock else [self.means]

    def call(self, inputs, training=False):
        """Return examples (n, *shape) of the averaged generator in inference mode.

        Args:
            inputs: latents float32 (n, latent_dim), or a list of latents and conditions.
        """
        outputs = self.ema_generator(inputs, training=False)
        return outputs["images"] if isinstance(outputs, dict) else outputs

    @property
    def has_score(self) -> bool:
        """Whether D returns a logit for a single example."""
        return self.pack == 1 and not (self.compiled and self.loss.uses_embeddings)

    def score(self, x, labels=None) -> tf.Tensor:
        """Return D's logits for examples (n, *shape), float32 (n, ...), in inference mode.

        Args:
            x: examples; images in [-1, 1].
            labels: int (n,), for a D with an input of labels.

        Raises:
            ValueError: examples of another shape or range, a D without a logit for a single example, or
                missing labels.
        """
        if not self.has_score:
            why = f"pack={self.pack} compares examples"
            if self.pack == 1:
                why = f"{type(self.loss).__name__} compares batches"
            raise ValueError(f"score: {why}; its discriminator has no logit of one example")
        return self.discriminator_logits(self._examples.accept(x), labels)

    @property
    def _examples(self) -> Examples:
        """The argument `x` of `score` and similar methods."""
        return Examples(kinds.of(self.example_shape), "x")

    def discriminator_logits(self, x, labels=None) -> tf.Tensor:
        """Return D's logits for packs of neighbors among examples (n, *shape), float32 (n / pack, ...)."""
        x = tf.convert_to_tensor(x)
        if self.discriminator_inputs and tf.is_symbolic_tensor(labels):
            labels = self.condition.assert_valid(labels)
        elif self.discriminator_inputs:
            labels = self.condition.validate(labels, x.shape[0])
        x = packing.packed(x, self.pack)
        outputs = d_lib.inference(self.discriminator, [x, labels] if self.discriminator_inputs else x)
        return tf.cast(self.loss.logits_from(x, outputs) if self.compiled else outputs["logits"], tf.float32)

    # Configuration

    def compile(
        self,
        loss: Any = "nonsat",
        *,
        penalties: Iterable[Any] = (),
        augment: Any = None,
        g_optimizer: Any = None,
        d_optimizer: Any = None,
        d_steps: int = 1,
        schedule: str = "alternating",
        micro_batch: int | None = None,
        sync_batch_norm: bool = True,
        ema_half_life: Any = None,
        post_hoc_ema: bool = False,
        eval_metrics: Iterable[str] = (),
        jit_compile: bool | str = True,
        **kwargs,
    ) -> None:
        """Choose the losses, the optimizers and the schedule.

        Each network also minimizes the losses of its own layers (`kernel_regularizer`,
        `activity_regularizer`, `add_loss`) in its own update, D over reals and fakes. Their tags are
        `regularization/discriminator` and `regularization/generator`.

        Args:
            loss: an objective, by name ("rpgan"), text ("hinge:margin=2"), config or instance.
            penalties: penalties, each by name ("r1:gamma=0.1"), config or instance.
            augment: augmentation of D's images, by name ("diffaugment", "ada"), config or instance.
            g_optimizer: Keras optimizer of G; None for Adam(2e-4, beta_1=0.5).
            d_optimizer: Keras optimizer of D, another object; None for the same default.
            d_steps: updates of D, each on a fresh batch, per update of G.
            schedule: "alternating": G's update uses D after D's update; "simultaneous": both are updated from
                the same weights and one pass of D, which must then treat each example alone and return one
                logit for it.
            micro_batch: number of examples of a replica's share in memory at a time. Gradients accumulate
                over the share and equal the gradients of the whole share; None processes it at once. Networks
                must treat each example alone.
            sync_batch_norm: with several replicas, whether batch statistics are taken over the global batch,
                in a step that XLA does not compile; with False each replica uses its own.
            ema_half_life: half-life of G's moving average, counted in real images shown to D, or a Keras
                schedule of it by step; at most a twentieth of the images shown so far. Batch statistics are
                averaged like weights. None keeps the average equal to G.
            post_hoc_ema: whether to keep power-function averages of G too (`tfgan.core.power_ema`).
            eval_metrics: metrics that `evaluate` and `fit(validation_data=...)` compute besides the losses,
                by the names of docs/metrics.md ("kid_2k/random_cnn"); each is logged under its name.
            jit_compile: whether XLA compiles the step. If a layer does not support XLA (`supports_jit`), the
                step runs without it: True warns of this, "auto" does not.
            **kwargs: `run_eagerly` and `steps_per_execution`, as for any Keras model. Other arguments of
                Keras's `compile`, such as `optimizer` and `metrics`, are refused.

        Raises:
            ValueError: an unknown name or option, a penalty twice, the same optimizer for both networks, or
                losses or networks that couple examples where each must stand alone.
        """
        checks.check_numbers(d_steps, micro_batch, ema_half_life)
        if tf.distribute.get_strategy() is not self.distribute_strategy:
            raise ValueError("compile: expected the scope of the strategy that the model was made in")
        kwargs = keras_arguments.refuse(kwargs, keras_arguments.OF_COMPILE)
        super().compile(optimizer=None, jit_compile=False, **kwargs)
        self.criterion = Criterion(loss, penalties, augment)
        if self.criterion.augment:
            self.criterion.augment.check((None, *self.example_shape))
        self.loss, self.penalties = self.criterion.loss, self.criterion.penalties
        self.schedule, self.micro_batch, self.sync_batch_norm = schedule, micro_batch, sync_batch_norm
        self.num_replicas = replicas.count()
        self.is_sharded = self.num_replicas > 1 or micro_batch is not None
        self.needs_sync = checks.exchanges_statistics(self)
        checks.check_compiled(self)
        self.optimizer = optimizers.build_pair(self, g_optimizer, d_optimizer)
        self.g_optimizer, self.d_optimizer = self.optimizer.both
        self.d_steps = d_steps
        self.ema_half_life = ema_half_life
        self.power_averages = PowerAverages(self.generator.weights) if post_hoc_ema else None
        self.xla = jit_compile
        self.prepare_step(compiled=xla.is_possible(self))
        self.running = RunningScalars(self.criterion.initial_state, name="running")
        self.means = IntervalMeans([*TAGS, *self.criterion.tags], assign=self._assign, name="means")
        self.waiting = WaitingShare(name="speed/waiting_for_data")
        self.held_out = HeldOut(self, eval_metrics)

    # Training

    def fit(
        self, x=None, y=None, batch_size=None, *, shuffle: bool = True, check_values: bool = True, **kwargs
    ):
        """Train like `keras.Model.fit`; `x` yields batches, and one step consumes `d_steps` of them.

        Args:
            x: `tf.data.Dataset` of float32 batches (n, *shape), or of (batch, labels), or of (batch, rows by
                name), with the shape and range of G's examples; or an array (n, *shape), a generator of
                batches, a `keras.utils.PyDataset`; or a `tf.distribute.DistributedDataset` of each replica's
                share of the batches, stacked (d_steps, n, *shape) if `d_steps` is above 1. Other floating
                dtypes are cast, `{"image", "label"}` is read as (batch, labels), and a last batch with fewer
                examples is dropped.
            y: labels int (n,) of an array, for a model that takes labels.
            batch_size: batch size for an array, or for a source whose batches have no known size; None for
                the source's own size, or 32.
            shuffle: whether each epoch takes the rows of an array in a new order, which depends on the
                model's seed.
            check_values: whether the first batch of an epoch must be finite and in the range of G.
            **kwargs: as for `keras.Model.fit`; `epochs` and `steps_per_epoch` count updates of G.

        Raises:
            ValueError: data of another shape, dtype or range than G's examples (the message names the call
                that converts them); a model that is not compiled; or arguments that have no meaning for a
                GAN, such as `sample_weight`.
        """
        if not self.compiled:
            raise ValueError("fit: expected a compiled model; call compile(loss=...) first")
        kwargs = keras_arguments.refuse(kwargs, keras_arguments.OF_FIT)
        if hooks := training_data.make_epoch_callbacks(x):
            kwargs["callbacks"] = [*tf.nest.flatten(kwargs.get("callbacks") or []), *hooks]
        x = training_data.prepare(
            self, x, y, batch_size=batch_size, shuffle=shuffle, check_values=check_values
        )
        x = training_data.stack(x, self.d_steps, self.distribute_strategy.num_replicas_in_sync)
        if (spec := x.element_spec) != getattr(self, "_fitted_spec", spec):
            self.train_function = None  # else Keras retraces with a batch size of None
        self._fitted_spec = spec
        with scale_range.naming(), xla.naming_operations():
            return super().fit(x, shuffle=False, **kwargs)

    def unpack(self, data) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return the reals in an element of `fit`'s data, and the other rows of this model by name."""
        return training_data.unpack(self, data)
