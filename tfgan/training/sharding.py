"""The sides of a step over the global batch, put together from its parts: replicas' shares, and slices of a share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import tensorflow as tf

from tfgan.distributed import replicas
from tfgan.training import packing
from tfgan.training.criterion import PLAYERS
from tfgan.training.gradients import DiscriminatorSide, GeneratorSide, Sides, Weights


class Parts:
    """Compute a side of the step over all parts.

    Args:
        sides: what one part computes.
        compiled: what is made of each of its functions before it is called.
        micro_batch: examples of a share in memory at a time; None for all.
        several: whether there may be more than one part; without, the whole batch is handed on as it is.
    """

    def __init__(self, sides: Sides, compiled: Callable[[Callable], Callable], micro_batch: int | None, several: bool):
        self.terms, self.pack = sides.terms, sides.gan.pack
        self.micro_batch, self.several = micro_batch, several
        self._on_a_part = {side: compiled(getattr(sides, side)) for side in ("said", "discriminator", "generator", "both")}

    def of(self, side: str, g: Weights, d: Weights, state, step, real, noise):
        """Return what a side finds: means over the parts, and what D said of all examples.

        Args:
            side: a method of `Sides`, as are the other arguments, `real` and `noise` being this replica's share.
        """
        if not self.several:
            return self._on_a_part[side](g, d, state, step, real, noise, {})
        size = min(self.micro_batch or real.shape[0], real.shape[0])
        if real.shape[0] % size:
            raise ValueError(f"micro_batch: expected a divisor of a replica's {real.shape[0]} examples, got {size}")
        noise = self.terms.measured(noise, real, replicas.mean)

        def run(name, slopes):
            on_a_part = self._on_a_part[name]
            rows = (real, noise, slopes)
            return replicas.in_turn(lambda real, noise, slopes: on_a_part(g, d, state, step, real, noise, slopes), rows, size)

        costs, slopes = {}, {}
        if players := [player for player in PLAYERS if side in (player, "both") and self.terms.coupled[player]]:
            said = replicas.gather(run("said", {})[1])
            latents = packing.packed(replicas.gather(noise["latents"]), self.pack)
            costs, slopes = self._coupled(players, said, latents, state, step, parts=replicas.count() * (real.shape[0] // size))
        means, said = run(side, slopes)
        return _with_costs(replicas.mean(means), costs), replicas.gather(said)

    def _coupled(self, players, said, latents, state, step, parts: int):
        """Return, by player, the costs that are functions of the whole batch, and their slopes in what D says of this share.

        Each part carries its rows of the slopes back; the mean over `parts` of what they arrive at is the gradient.
        """
        costs, slopes = {}, {}
        costs_of = {
            "discriminator": lambda seen, names: self.terms.discriminator(seen, state, step, names),
            "generator": lambda seen, names: self.terms.generator(seen, latents, state, names),
        }
        for player in players:
            one = functools.partial(costs_of[player], names=self.terms.coupled[player])
            costs[player], whole = self.terms.differentiated(one, said)
            slopes[player] = tf.nest.map_structure(lambda rows: parts * rows, replicas.share(whole))
        return costs, slopes


def _with_costs(means, costs: Mapping[str, Mapping[str, tf.Tensor]]):
    """Return sides with the costs that were taken over all parts beside their own."""
    player_of = {DiscriminatorSide: "discriminator", GeneratorSide: "generator"}
    if (player := player_of.get(type(means))) is not None:
        return means._replace(costs={**means.costs, **costs.get(player, {})})
    return tuple(_with_costs(each, costs) if type(each) in player_of else each for each in means)
