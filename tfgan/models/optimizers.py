"""Present both optimizers of a GAN to Keras's callbacks as one `gan.optimizer`."""

from __future__ import annotations

from typing import Any

import keras


class PlayerOptimizer:
    """One player's optimizer, under the player's name.

    Args:
        name: "generator" or "discriminator"; `LearningRateScheduler` logs the rate as `learning_rate_<name>`.
        optimizer: the Keras optimizer that trains this player.
    """

    def __init__(self, name: str, optimizer: keras.optimizers.Optimizer):
        self._optimizer = optimizer  # set first: `__getattr__` reads other attributes from it
        self.name = name

    @property
    def learning_rate(self):
        """The current learning rate; setting it changes the player's optimizer.

        Raises:
            ValueError: the optimizer has a schedule, which sets the rate itself.
        """
        return self._optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        schedule = getattr(self._optimizer, "_learning_rate", None)
        if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            raise ValueError(
                f"learning_rate: expected a {self.name[0]}_optimizer made with a number, which a callback may change, got one with "
                f"the schedule {type(schedule).__name__}; drop the callback or the schedule"
            )
        self._optimizer.learning_rate = value

    def __getattr__(self, name: str):
        if name == "_optimizer":
            raise AttributeError(name)
        return getattr(self._optimizer, name)


DEFAULT_RATE = 2e-4  # Radford et al. 2016, section 3, as is BETA_1
DEFAULT_BETA_1 = 0.5


class Optimizers:
    """The optimizers of G and of D, as `gan.optimizer`.

    Keras's callbacks take each of `optimizers` in turn: `LearningRateScheduler` calls its function with each
    player's rate, and `ReduceLROnPlateau` multiplies both rates, so that their ratio stays. This object owns
    no variable and is not saved.

    Args:
        g_optimizer: optimizer of G.
        d_optimizer: optimizer of D.

    Attributes:
        both: the optimizers of G and of D themselves.

    Example:
        >>> gan.compile(g_optimizer=keras.optimizers.Adam(1e-4), d_optimizer=keras.optimizers.Adam(4e-4))
        >>> halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
        >>> gan.fit(images, epochs=2, steps_per_epoch=100, callbacks=[halve])
        >>> [float(one.learning_rate) for one in gan.optimizer.optimizers]
        [5e-05, 0.0002]
    """

    built = True

    def __init__(self, g_optimizer: keras.optimizers.Optimizer, d_optimizer: keras.optimizers.Optimizer):
        self.optimizers = [
            PlayerOptimizer("generator", g_optimizer),
            PlayerOptimizer("discriminator", d_optimizer),
        ]
        self.both = (g_optimizer, d_optimizer)

    @property
    def iterations(self) -> keras.Variable:
        """Finished updates of G."""
        return self.both[0].iterations

    @property
    def variables(self) -> list[keras.Variable]:
        """Variables of both optimizers, G's variables first."""
        return [variable for optimizer in self.both for variable in optimizer.variables]

    def __getattr__(self, name: str):
        raise AttributeError(
            f"optimizer: a GAN has two, and this view of both has no {name!r}; read gan.g_optimizer or gan.d_optimizer"
        )


def build_pair(gan, g_optimizer: Any, d_optimizer: Any) -> Optimizers:
    """Build the optimizers of a model's networks.

    Args:
        gan: the model.
        g_optimizer, d_optimizer: as for `get`.

    Raises:
        ValueError: both are the same object.
    """
    of_g, of_d = get(g_optimizer), get(d_optimizer)
    if of_g is of_d:
        raise ValueError("d_optimizer: expected an optimizer of its own, got g_optimizer itself")
    of_g.build(gan.generator.trainable_variables)
    of_d.build(gan.discriminator.trainable_variables)
    return Optimizers(of_g, of_d)


def get(identifier: Any) -> keras.optimizers.Optimizer:
    """Return an optimizer by name, Keras config or instance; None gives Adam(2e-4, beta_1=0.5)."""
    # keras.optimizers.get does not know Lamb by its config
    if isinstance(identifier, dict) and identifier.get("module"):
        return keras.saving.deserialize_keras_object(identifier)
    return keras.optimizers.get(
        keras.optimizers.Adam(DEFAULT_RATE, beta_1=DEFAULT_BETA_1) if identifier is None else identifier
    )
