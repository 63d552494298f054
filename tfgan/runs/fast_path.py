"""Choose how a run computes its steps: with XLA or without, in float32 or bfloat16.

The choice follows from the `measured` row of the network in `tfgan/networks/_catalogue.py` and from the
processor; no step is timed here. A run records the choice, and a resumed run takes the recorded one.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tfgan import networks
from tfgan.core import processor
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config

COSTLY = 1.1  # XLA is left where it takes more than this share of the time without it, both quiet and busy
WORTH_SAYING = 0.95  # of the time; a smaller gain is within the noise of the measurement


class Machine(NamedTuple):
    """The facts about a machine that the choice depends on.

    Attributes:
        accelerator: whether it has a GPU or a TPU.
        bfloat16: whether its processor multiplies bfloat16 numbers; None if that is unknown.
    """

    accelerator: bool = False
    bfloat16: bool | None = None


def this_machine() -> Machine:
    """Return the facts about this machine."""
    import tensorflow as tf

    found = [tf.config.list_logical_devices(kind) for kind in ("GPU", "TPU")]
    return Machine(any(found), processor.has_bfloat16())


def choose(
    config: Config, shape: Sequence[int], machine: Machine, recorded: Mapping[str, Any] | None = None
) -> Config:
    """Return the config with a value in place of each "auto" of `xla` and `precision`.

    Args:
        config: a config with a network.
        shape: of an example.
        machine: the machine that trains.
        recorded: the content of the run folder's config.json, whose values win; None for a new run.
    """
    recorded, measured = recorded or {}, measurement(config)
    xla, precision = config.xla, config.precision
    if precision == "auto":
        precision = recorded.get("precision", "auto")
    if precision == "auto":
        precision = "bfloat16" if _prefers_bfloat16(measured, shape, machine) else "float32"
    if xla == "auto":
        # Records of before the flag had a third value hold True, or nothing if they are older still.
        xla = recorded.get("xla", True if recorded else "auto")
    if xla == "auto":
        xla = machine.accelerator or prefers_xla(times(measured, shape), precision, machine)
    return dataclasses.replace(config, xla=xla, precision=precision)


def measurement(config: Config) -> Mapping[str, Any]:
    """Return the measured row of a config's network, whose options are ignored.

    It is empty for another discriminator and for a method without D: their steps were not measured.
    """
    if config.discriminator is not None or config_lib.method_name(config) != "gan":
        return {}
    return networks.networks.entry(config.network.partition(":")[0]).measured


def times(measured: Mapping[str, Any], shape: Sequence[int]) -> Mapping[str, tuple[float, float]]:
    """Return the times of the measured side next to the one of these examples, on a logarithmic scale.

    Returns:
        Quiet and busy time of a step over the time without XLA in float32, by "plain" (without XLA in
        float32), "xla", "bfloat16" and "bfloat16_xla"; empty if nothing was measured.
    """
    rows = measured.get("time", {})
    if not rows:
        return {}
    side = max(shape[:-1] or shape)
    return {"plain": (1.0, 1.0), **rows[min(rows, key=lambda one: abs(math.log(one / side)))]}


def prefers_xla(row: Mapping[str, tuple[float, float]], precision: str, machine: Machine) -> bool:
    """Return whether a processor uses XLA: unless it costs more than a tenth, both quiet and busy."""
    if not row or (precision == "bfloat16" and not machine.bfloat16):
        return True  # bfloat16 was measured where the processor has it
    compiled, plain = (row[_name(precision, xla)] for xla in (True, False))
    return not all(mine > COSTLY * other for mine, other in zip(compiled, plain, strict=True))


def describe(config: Config, shape: Sequence[int], machine: Machine, *, compiled: bool) -> str:
    """Return the path of a run, and its time in the other precision: "XLA, float32; bfloat16 would take about .6 ..."."""
    said = f"{'XLA' if compiled else 'no XLA'}, {config.precision}"
    row = times(measurement(config), shape)
    if not row or machine.accelerator or not machine.bfloat16:
        return said
    other = "float32" if config.precision == "bfloat16" else "bfloat16"
    share = gain(row, (config.precision, compiled), (other, prefers_xla(row, other, machine)))
    if other == "bfloat16" and share > WORTH_SAYING:
        return said
    return f"{said}; {other} would take about {share_text(share)} of the time here"


def gain(row: Mapping[str, tuple[float, float]], now: tuple[str, bool], then: tuple[str, bool]) -> float:
    """Return the time of the path `then`, a precision and whether XLA compiles, over the time of `now`: quiet."""
    return row[_name(*then)][0] / row[_name(*now)][0]


def share_text(share: float) -> str:
    """Return a share with one digit behind the point, as in .6 and 1.4."""
    return f"{share:.1f}".removeprefix("0")


def slow_bfloat16(config: Config, machine: Machine) -> str | None:
    """Return a warning if the config asks for bfloat16 on a processor without its instructions."""
    if config.precision != "bfloat16" or machine.accelerator or machine.bfloat16 is not False:
        return None
    return (
        "--precision: bfloat16 is slower than float32 on this processor, which has neither avx512_bf16 nor amx_bf16; "
        "--precision=float32 is the faster one here"
    )


def _name(precision: str, xla: bool) -> str:
    """Return the key of a path in a measured row."""
    if precision == "bfloat16":
        return "bfloat16_xla" if xla else "bfloat16"
    return "xla" if xla else "plain"


def _prefers_bfloat16(measured: Mapping[str, Any], shape: Sequence[int], machine: Machine) -> bool:
    """Return whether bfloat16 is faster on this processor, by samples that were measured to be as good."""
    row = times(measured, shape)
    if machine.accelerator or not machine.bfloat16 or measured.get("precision") != "bfloat16":
        return False
    paths = [(precision, prefers_xla(row, precision, machine)) for precision in ("float32", "bfloat16")]
    return bool(row) and gain(row, *paths) < WORTH_SAYING
