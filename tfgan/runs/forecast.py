"""Forecast the time and the memory of a run from a few of its steps, without a file."""

from __future__ import annotations

import math
import re
import resource
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from tfgan.runs import build, fast_path, folder
from tfgan.runs.config import Config

CALLS = 8  # timed calls of the compiled function, behind the first one
ENOUGH = 10.0  # seconds of them after which a slow network takes no further one
KIB = 1 if sys.platform == "darwin" else 1024  # bytes in a unit of ru_maxrss


class Forecast(NamedTuple):
    """A forecast of a run.

    Attributes:
        first_step: seconds from the beginning of the command to the end of the first call.
        step: seconds of a step, the median of the calls behind the first.
        steps: steps that are left.
        peak_mib: the most resident memory of this process so far, in MiB.
        parameters: weights by network, "G" and "D".
    """

    first_step: float
    step: float
    steps: int
    peak_mib: float
    parameters: Mapping[str, int]

    @property
    def total(self) -> float:
        """Seconds from the beginning of the command to the last step, without samples and scores."""
        return self.first_step + self.step * self.steps


class _Clock(keras.callbacks.Callback):
    """Note the time at which each call of the compiled function ended, and end slow training early."""

    def __init__(self, enough: float):
        super().__init__()
        self.ends: list[float] = []
        self.enough = enough

    def on_train_batch_end(self, batch, logs=None):
        self.model.state.step.numpy()  # waits for an accelerator
        self.ends.append(time.perf_counter())
        self.model.stop_training = len(self.ends) > 2 and self.ends[-1] - self.ends[0] > self.enough


def forecast(gan, source, config: Config, strategy, machine: fast_path.Machine, began: float) -> str:
    """Take a few steps of a new or a resumed run, in memory, and return its forecast as lines for a reader.

    Args:
        gan: the compiled model; its weights change.
        source: the data.
        config: a complete config.
        strategy: of the model.
        machine: of this process.
        began: `time.perf_counter()` at the beginning of the command.

    Raises:
        ValueError: the run folder belongs to another config or to other data.
    """
    if record := folder.find_config(config.run_dir):
        folder.check_same(config.run_dir, record, config, build.data_facts(source, record["data"]))
    kept = folder.list_checkpoints(config.run_dir)
    start = min(folder.step_of(kept[0]), config.steps) if kept else 0
    found = measure(gan, source, config, strategy, start, began)
    return render(found, config, source.shape, machine, compiled=config.xla and not gan.needs_sync)


def measure(gan, source, config: Config, strategy, start: int, began: float) -> Forecast:
    """Take a few steps of a run that has finished `start` steps; return their times and sizes."""
    per_call, enough = 1, math.inf  # replicas leave the loop together
    if strategy.num_replicas_in_sync == 1:
        per_call, enough = math.gcd(config.log_every, config.steps_per_call), ENOUGH  # as in `fit.fit`
    clock = _Clock(enough)
    gan.steps_per_execution = per_call
    gan.make_train_function(force=True)
    gan.fit(
        build.batches(config, source, strategy, start, per_call),
        steps_per_epoch=(1 + CALLS) * per_call,
        callbacks=[clock],
        verbose=0,
        check_values=False,
    )
    networks = {"G": gan.generator, "D": gan.discriminator}  # D is None under a method without one
    calls = [end - before for before, end in zip(clock.ends, clock.ends[1:], strict=False)]
    return Forecast(
        first_step=clock.ends[0] - began,
        step=statistics.median(calls) / per_call,
        steps=config.steps - start,
        peak_mib=_peak_mib(),
        parameters={name: network.count_params() for name, network in networks.items() if network},
    )


def render(forecast: Forecast, config: Config, shape, machine: fast_path.Machine, *, compiled: bool) -> str:
    """Return a forecast as lines for a reader."""
    memory = f"at most {forecast.peak_mib:.0f} MiB"
    for number, device in enumerate(tf.config.list_logical_devices("GPU")):
        peak = tf.config.experimental.get_memory_info(device.name.removeprefix("/device:"))["peak"]
        memory += f"; {peak / 2**20:.0f} MiB on GPU {number}"
    lines = {
        "path": f"{'XLA' if compiled else 'no XLA'}, {config.precision}",
        "parameters": ", ".join(f"{name} {count:,}" for name, count in forecast.parameters.items()),
        "first step": f"{forecast.first_step:.0f} s after the start of the command",
        "each step": f"{1e3 * forecast.step:.3g} ms",
        "in all": f"{_duration(forecast.total)} for {forecast.steps:,} steps, without samples and scores",
        "memory": memory,
    }
    if others := _other_paths(config, shape, machine, compiled):
        lines["instead"] = others
    return "\n".join(
        [f"{config.run_dir}: forecast", *(f"  {name:<12}{text}" for name, text in lines.items())]
    )


def _other_paths(config: Config, shape, machine: fast_path.Machine, compiled: bool) -> str:
    """Return the time of the other path and of the other precision, by the measured row of the network."""
    row = fast_path.times(fast_path.measurement(config), shape)
    if not row or machine.accelerator or (config.precision == "bfloat16" and not machine.bfloat16):
        return ""
    now = config.precision, compiled
    told = {"--noxla" if compiled else "--xla": (config.precision, not compiled)}
    if machine.bfloat16:
        other = "float32" if config.precision == "bfloat16" else "bfloat16"
        told[f"--precision={other}"] = other, fast_path.prefers_xla(row, other, machine)
    shares = (
        f"{flag} about {fast_path.share_text(fast_path.gain(row, now, path))}" for flag, path in told.items()
    )
    return f"{', '.join(shares)} of the time of a step (docs/benchmarks.md)"


def _duration(seconds: float) -> str:
    """Return a time as in 42 s, 3 min 5 s and 2 h 40 min."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _peak_mib() -> float:
    """Return the highest resident memory of this process; `ru_maxrss` counts its parent's too before an exec."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"VmHWM:\s*(\d+) kB", status.read_text())):
        return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB / 2**20
