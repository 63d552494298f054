"""The training step of a generative adversarial network."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfgan import _noise
from tfgan.models import critic, replicas
from tfgan.models.places import Places
from tfgan.models.state import IntervalMeans, RunningScalars, TrainingState
from tfgan.models.terms import Terms
from tfgan.penalties.points import FAKE, REAL, Nearby

DEFAULT_RATE = 2e-4  # Radford et al. 2016, section 3, as is BETA_1
DEFAULT_BETA_1 = 0.5
EMA_RAMP_UP = 0.05  # Karras et al. 2024 (EDM2 code): the half-life is at most this share of the images seen so far

TAGS = (
    "loss/discriminator",
    "loss/generator",
    "loss/total",
    "logits/real",
    "logits/fake",
    "accuracy/real",
    "accuracy/fake",
    "gradients/discriminator",
    "gradients/generator",
    "diversity/real",
    "diversity/fake",
)


class Weights(NamedTuple):
    """The values of a network's variables, as `stateless_call` takes them."""

    trainable: list[tf.Tensor]
    state: list[tf.Tensor]

    @classmethod
    def of(cls, network: keras.Model) -> Weights:
        return cls([v.value for v in network.trainable_variables], [v.value for v in network.non_trainable_variables])


@keras.saving.register_keras_serializable("tfgan")
class GAN(keras.Model):
    """Train a generator G against a discriminator D.

    Args:
        generator: float32 latents (n, latent_dim) to examples (n, *shape).
        discriminator: examples (n, *shape) to raw logits, (n, 1) or a map (n, h, w, 1).
        seed: of all noise; with the saved step it determines every draw.

    Example:
        >>> gan = tfgan.GAN(network.generator(), network.discriminator(), seed=0)
        >>> gan.compile(loss="rpgan", penalties=["r1", "r2"])
        >>> gan.fit(tfgan.data.load("digits", 64), epochs=10, steps_per_epoch=100)
        >>> images = gan.generate(tf.random.normal((16, 32)))

    Reference: Goodfellow et al. 2014, "Generative Adversarial Nets", algorithm 1.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, *, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        if generator.output_shape[1:] != discriminator.input_shape[1:]:
            raise ValueError(
                f"discriminator: expected input shape {generator.output_shape} as the generator makes, got {discriminator.input_shape}"
            )
        self.generator = generator
        self.discriminator = discriminator
        self.ema_generator = keras.models.clone_model(generator)
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False
        self.state = TrainingState(name="state")
        self.seed = seed
        self.built = True

    @property
    def latent_dim(self) -> int:
        """Entries of a latent vector."""
        return self.generator.input_shape[-1]

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The interval means; Keras resets them at each epoch."""
        return [self.means] if self.compiled else []

    def call(self, latents, training=False):
        """Return what the averaged generator makes of latents (n, latent_dim), in inference mode."""
        return self.ema_generator(latents, training=False)

    def generate(self, latents) -> tf.Tensor:
        """Return what the averaged generator makes of latents (n, latent_dim), compiled."""
        return self._generate(tf.convert_to_tensor(latents, tf.float32))

    @tf.function(reduce_retracing=True, autograph=False)
    def _generate(self, latents):
        return self(latents)

    def score(self, x) -> tf.Tensor:
        """Return D's logits for examples (n, *shape), float32 (n, ...), in inference mode.

        Raises:
            ValueError: an objective whose D has no logit of a single example.
        """
        if self.compiled and self.loss.embeds:
            raise ValueError(f"score: {type(self.loss).__name__} compares batches; its discriminator has no logit of one example")
        outputs = critic.outputs(self.discriminator, x)
        return tf.cast(self.loss.read(x, outputs) if self.compiled else outputs["logits"], tf.float32)

    # Configuration

    def compile(
        self,
        loss: Any = "nonsat",
        *,
        penalties: Iterable[Any] = (),
        g_optimizer: Any = None,
        d_optimizer: Any = None,
        d_steps: int = 1,
        ema_half_life: float | None = None,
        jit_compile: bool = True,
        **kwargs,
    ) -> None:
        """Choose what is minimized and how.

        Args:
            loss: an objective, by name ("rpgan"), text ("hinge:margin=2"), config or instance.
            penalties: what is asked besides, each by name ("r1:gamma=0.1"), config or instance.
            g_optimizer: Keras optimizer of G; None for Adam(2e-4, beta_1=0.5).
            d_optimizer: Keras optimizer of D, another object; None likewise.
            d_steps: updates of D, each on a fresh batch, for one of G.
            ema_half_life: half-life of G's moving average in real images shown to D, batch statistics included; None
                keeps the average equal to G.
            jit_compile: whether XLA compiles the step.
            **kwargs: `run_eagerly` and `steps_per_execution`, as for any Keras model.

        Raises:
            ValueError: an unknown name or option, two penalties of one name, one optimizer for both networks, or, under a
                strategy of several replicas, a term or a layer of D that couples examples.
        """
        if not isinstance(d_steps, int) or d_steps < 1:
            raise ValueError(f"d_steps: expected a whole number above 0, got {d_steps!r}")
        if ema_half_life is not None and not ema_half_life > 0:
            raise ValueError(f"ema_half_life: expected a number of images above 0, or None, got {ema_half_life!r}")
        super().compile(optimizer=None, jit_compile=False, **kwargs)
        self.terms = Terms(loss, penalties)
        self.loss, self.penalties = self.terms.loss, self.terms.penalties
        if replicas.count() > 1 and (coupling := self.terms.coupling() or critic.coupling(self.discriminator)):
            raise ValueError(f"{coupling}: expected terms that see one example at a time with {replicas.count()} replicas; use one")
        self.see = critic.stateless(self.discriminator, self.terms)
        # State that moves once a step, not once a pass: each pass starts from what the step began with (spectral norm's u).
        self._once = [getattr(variable, "once_a_step", False) for variable in self.discriminator.non_trainable_variables]
        self.g_optimizer = _optimizer(g_optimizer)
        self.d_optimizer = _optimizer(d_optimizer)
        if self.g_optimizer is self.d_optimizer:
            raise ValueError("d_optimizer: expected an optimizer of its own, got g_optimizer itself")
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.d_steps = d_steps
        self.ema_half_life = ema_half_life
        self.xla = jit_compile
        self.running = RunningScalars(self.terms.initial_state, name="running")
        self.means = IntervalMeans([*TAGS, *self.terms.tags], name="means")
        compiled = jit_compile and not self.run_eagerly
        xla = functools.partial(tf.function, jit_compile=True, autograph=False) if compiled else lambda function: function
        alone = replicas.count() == 1
        self._discriminator_alone = self.discriminator_alone if alone else xla(self.discriminator_alone)
        self._generator_alone = xla(self.generator_alone)
        self._outputs_alone = xla(self.outputs_alone)
        self._update_discriminator = xla(self.update_discriminator) if alone else self.update_discriminator
        self._update_both = xla(self.update_both) if alone else self.update_both_together

    def get_config(self) -> dict[str, Any]:
        """Return the two networks and the seed."""
        serialize = keras.saving.serialize_keras_object
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects=None) -> GAN:
        """Build the model that `get_config` described."""
        networks = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects=custom_objects) for key in ("generator", "discriminator")
        }
        return cls(**{**config, **networks})

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile`, serialized."""
        if not self.compiled:
            return None
        serialize = keras.saving.serialize_keras_object
        return {
            "loss": serialize(self.loss),
            "penalties": [serialize(penalty) for penalty in self.penalties.values()],
            "g_optimizer": serialize(self.g_optimizer),
            "d_optimizer": serialize(self.d_optimizer),
            "d_steps": self.d_steps,
            "ema_half_life": self.ema_half_life,
            "jit_compile": self.xla,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config` described."""
        self.compile(**config)

    # Training

    def fit(self, x=None, **kwargs):
        """Train as `keras.Model.fit` does; `x` yields batches, and one step consumes `d_steps` of them.

        Args:
            x: `tf.data.Dataset` of float32 batches (n, *shape), or of (batch, labels); or a `tf.distribute.DistributedDataset`
                of each replica's share of them, stacked (d_steps, n, *shape) when `d_steps` is above 1.
            **kwargs: as for `keras.Model.fit`; `epochs` and `steps_per_epoch` count updates of G.
        """
        if self.d_steps > 1 and not isinstance(x, tf.distribute.DistributedDataset):
            if not isinstance(x, tf.data.Dataset):
                raise ValueError(f"x: d_steps={self.d_steps} expected a tf.data.Dataset, got {type(x).__name__}")
            if self.distribute_strategy.num_replicas_in_sync > 1:
                raise ValueError(
                    f"x: d_steps={self.d_steps} and several replicas expected a tf.distribute.DistributedDataset, got a whole one"
                )
            x = x.batch(self.d_steps, drop_remainder=True)
        if isinstance(x, (tf.data.Dataset, tf.distribute.DistributedDataset)):
            kwargs.setdefault("shuffle", False)
        return super().fit(x, **kwargs)

    def _get_metrics_result_or_logs(self, logs):
        """Return the logs of an epoch: always the means."""
        return self.get_metrics_result()

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Do nothing: the model is built when it is made, and Keras's look at a batch fails with several workers."""

    def train_step(self, data) -> dict[str, tf.Tensor]:
        """Update D `d_steps` times and G once.

        Args:
            data: real examples (n, *shape), alone or first in a tuple; (d_steps, n, *shape) when `d_steps` is above 1. With
                several replicas, this replica's share of them.

        Returns:
            The means since the epoch began, keyed by TensorBoard tag; with several workers, between which Keras exchanges
            what is returned in every step, this step's total alone, shape (1,).
        """
        real = keras.utils.unpack_x_y_sample_weight(data)[0]
        *earlier, last = tf.unstack(real) if self.d_steps > 1 else [real]
        for turn, batch in enumerate(earlier):
            self._update_discriminator(batch, self.draw(batch.shape[0], turn))
        logs = self._update_both(last, self.draw(last.shape[0], self.d_steps - 1))
        self.means.update_state(logs)
        replicas.assign([self.state.step], [self.state.step.value + 1])
        return {"loss/total": logs["loss/total"][None]} if replicas.are_apart() else self.get_metrics_result()

    def draw(self, count: int, turn: int) -> dict[str, Any]:
        """Draw the noise of one update: latents (count, latent_dim), and what the penalties ask for.

        It is drawn for the global batch, whose first example has number 0, and cut to this replica's `count` examples.
        """
        step = self.state.step.value
        draws = _noise.Draws(self.seed, step, turn)
        total = count * replicas.count()
        latents = draws.normal("latents", (total, self.latent_dim))
        shape = (total, *self.generator.output_shape[1:])
        return replicas.share({"latents": latents, **self.terms.draw(draws, step, shape, latents)}, count)

    def update_discriminator(self, real, noise) -> None:
        """Update D on one batch against fresh fakes."""
        self.apply_discriminator(self._discriminator_together(real, noise))

    def update_both(self, real, noise) -> dict[str, tf.Tensor]:
        """Update D, then G on the same fakes, then G's average; return the step's scalars."""
        g, d, state, step = self._values()
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(g.trainable)
            fakes, g_state = self.fakes(g, noise)
        logs = self.apply_discriminator(self.discriminator_side(d, state, step, real, fakes, noise))
        g_logs, fake_gradients = self.generator_loss(Weights.of(self.discriminator), state, real, fakes, noise)
        gradients = tape.gradient(list(fakes.values()), g.trainable, output_gradients=fake_gradients)
        return logs | self.apply_generator((gradients, g_state, g_logs), self.d_steps * real.shape[0], logs)

    def update_both_together(self, real, noise) -> dict[str, tf.Tensor]:
        """Do as `update_both`, with several replicas: what each computes is compiled, what they exchange is not.

        G's forward pass is made once for D's update and once for G's.
        """
        images = self.d_steps * real.shape[0] * replicas.count()
        g, _, state, _ = self._values()
        logs = self.apply_discriminator(self._discriminator_together(real, noise))
        d = Weights.of(self.discriminator)
        found = replicas.mean(self._generator_alone(g, d, state, real, noise, self._linear(self.loss.generator, g, d, real, noise)))
        return logs | self.apply_generator(found, images, logs)

    def _discriminator_together(self, real, noise):
        """Return what `discriminator_alone` does, over all replicas."""
        g, d, state, step = self._values()
        linear = self._linear(self.loss.discriminator, g, d, real, noise)
        return replicas.mean(self._discriminator_alone(g, d, state, step, real, noise, linear))

    def _linear(self, side, g: Weights, d: Weights, real, noise):
        """Return one side of a loss that couples examples over several replicas, at one more pass of both networks; else None."""
        if replicas.count() == 1 or not self.loss.couples:
            return None
        return self.terms.linear(side, self._outputs_alone(g, d, real, noise))

    def outputs_alone(self, g: Weights, d: Weights, real, noise):
        """Return D's outputs on reals and on fresh fakes."""
        places = self.places(d, real, self.fakes(g, noise)[0], noise)
        return places[REAL].outputs, places[FAKE].outputs

    def discriminator_alone(self, g: Weights, d: Weights, state, step, real, noise, linear=None):
        """Return what `discriminator_side` does against fresh fakes, and G's new state."""
        fakes, g_state = self.fakes(g, noise)
        return (*self.discriminator_side(d, state, step, real, fakes, noise, linear), g_state)

    def generator_alone(self, g: Weights, d: Weights, state, real, noise, linear=None):
        """Return the gradients of G's loss in its weights, G's new state, and the scalars of G's side."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(g.trainable)
            fakes, g_state = self.fakes(g, noise)
        logs, fake_gradients = self.generator_loss(d, state, real, fakes, noise, linear)
        return tape.gradient(list(fakes.values()), g.trainable, output_gradients=fake_gradients), g_state, logs

    def fakes(self, g: Weights, noise):
        """Return G's examples at each point that it makes, float32, and its new state."""
        fake, state = self.generator.stateless_call(g.trainable, g.state, noise["latents"], training=True)
        fakes = {FAKE: tf.cast(fake, tf.float32)}
        for point in self.terms.points:
            if isinstance(point, Nearby):
                moved, _ = self.generator.stateless_call(g.trainable, g.state, noise[str(point)]["latents"], training=True)
                fakes[point] = tf.cast(moved, tf.float32)
        return fakes, state

    def places(self, d: Weights, real, fakes, noise) -> Places:
        """Return D's view of a batch."""

        def look(x, point, state):
            x = self.terms.seen(x, point, noise)
            state = [before if once else now for before, now, once in zip(d.state, state, self._once, strict=True)]
            said, state = self.see(d.trainable, state, x, training=True)
            return {"outputs": tf.cast(self.loss.read(x, said), tf.float32), "features": said.get("features")}, state

        witness = self.loss.witness if self.loss.embeds else None
        return Places({REAL: real, **fakes}, noise, look, witness, d.state, self.terms.watched)

    def discriminator_side(self, d: Weights, state, step, real, fakes, noise, linear=None):
        """Return the gradients of D's loss and penalties in its weights, D's new state, the saved scalars, and D's scalars."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(d.trainable)
            places = self.places(d, real, {point: tf.stop_gradient(x) for point, x in fakes.items()}, noise)
            loss, costs = self.terms.discriminator(places, state, step, linear)
            total = tf.add_n([loss, *costs.values()])
        gradients = tape.gradient(total, d.trainable)
        spreads = {"diversity/real": _spread(real), "diversity/fake": _spread(fakes[FAKE])}
        logs = {"loss/discriminator": loss, **costs, **self.terms.health(places, state), **spreads}
        return gradients, places.state, self.terms.next_state(places, state), logs

    def generator_loss(self, d: Weights, state, real, fakes, noise, linear=None):
        """Return G's mean loss and penalties by tag, and the gradient of their sum in each batch of fakes.

        No gradient in D's weights is computed.
        """
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(list(fakes.values()))
            places = self.places(d, real, fakes, noise)
            loss, costs = self.terms.generator(places, noise["latents"], state, linear)
            total = tf.add_n([loss, *costs.values()])
        gradients = tape.gradient(total, list(fakes.values()), unconnected_gradients="zero")
        return {"loss/generator": loss, **costs}, gradients

    def apply_discriminator(self, found) -> dict[str, tf.Tensor]:
        """Write what D's side found, over the global batch; return its scalars."""
        gradients, d_state, state, logs, *g_state = found
        replicas.apply(self.d_optimizer, gradients, self.discriminator.trainable_variables)
        replicas.assign(self.discriminator.non_trainable_variables, d_state)
        if self.terms.having("after_update"):
            clipped = [self.terms.after_update(weight) for weight in Weights.of(self.discriminator).trainable]
            replicas.assign(self.discriminator.trainable_variables, clipped)
        for values in g_state:
            replicas.assign(self.generator.non_trainable_variables, values)
        if state:
            replicas.assign([self.running.vector], [self.running.packed(state)])
        norm = tf.linalg.global_norm(gradients)
        self._note_finite(*logs.values(), norm)
        return {"gradients/discriminator": norm, **logs}

    def apply_generator(self, found, images: int, d_logs) -> dict[str, tf.Tensor]:
        """Write what G's side found, over the global batch of `images`; return its scalars."""
        gradients, g_state, logs = found
        replicas.apply(self.g_optimizer, gradients, self.generator.trainable_variables)
        replicas.assign(self.generator.non_trainable_variables, g_state)
        self.update_average(images)
        norm = tf.linalg.global_norm(gradients)
        self._note_finite(*logs.values(), norm)
        return {"gradients/generator": norm, "loss/total": d_logs["loss/discriminator"] + logs["loss/generator"], **logs}

    def _values(self):
        """Return what the step reads: both networks' values, the saved scalars, and the step."""
        return Weights.of(self.generator), Weights.of(self.discriminator), self.running.values(), self.state.step.value

    def update_average(self, images_per_step: int) -> None:
        """Move the averaged generator, batch statistics included, towards G."""
        decay = 0.0
        if self.ema_half_life is not None:
            images_seen = images_per_step * tf.cast(self.state.step.value + 1, tf.float32)
            decay = 0.5 ** (images_per_step / tf.minimum(float(self.ema_half_life), EMA_RAMP_UP * images_seen))
        pairs = zip(self.ema_generator.weights, self.generator.weights, strict=True)
        replicas.assign(self.ema_generator.weights, [weight.value + decay * (average.value - weight.value) for average, weight in pairs])

    def _note_finite(self, *values) -> None:
        finite = tf.reduce_all(tf.math.is_finite(tf.stack(values)))
        replicas.assign([self.state.finite], [tf.logical_and(self.state.finite.value, finite)])


def _optimizer(identifier: Any) -> keras.optimizers.Optimizer:
    if identifier is None:
        return keras.optimizers.Adam(DEFAULT_RATE, beta_1=DEFAULT_BETA_1)
    return keras.optimizers.get(identifier)


def _spread(x) -> tf.Tensor:
    """Return the root mean square distance of examples from their batch mean, per entry."""
    return tf.sqrt(tf.reduce_mean(tf.math.reduce_variance(x, axis=0)))
