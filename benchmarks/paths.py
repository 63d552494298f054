"""How long a step takes with and without XLA, in float32 and bfloat16: `python benchmarks/paths.py [NETWORK ...] [--sides=8,28]`.

It prints the `measured` rows of `tfgan/networks/_catalogue.py`, from which `--xla=auto` and the first line of a run
follow: per side of the examples, the median time of a step over the time of the same step without XLA in float32,
on a quiet machine and beside one busy process. Contenders alternate in one process, ratios are taken within a
round. `--quick` only shows that it runs: its figures mean nothing. `--table` prints the table of
docs/benchmarks.md. All rows take about half an hour on two idle cores, most of it to compile.
"""

import argparse
import os
import statistics
from collections.abc import Callable
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from contenders import THREADS
from timing import alternate, beside_a_busy_process, ratios, seconds, spread

import tfgan
from tfgan.runs import fast_path

PLAIN, XLA, BFLOAT16, BFLOAT16_XLA = "plain", "xla", "bfloat16", "bfloat16_xla"
ROUNDS, ROUND_SECONDS = 7, 0.4


class Setting(NamedTuple):
    """The networks of one row, and the objective that recipes train them with.

    Attributes:
        shape: of an example.
        width: of both networks.
        spec: the network, with options.
        loss, penalties: as in `GAN.compile`.
        batch: examples in a step.
    """

    shape: tuple[int, ...]
    width: int
    spec: str
    loss: str = "nonsat"
    penalties: tuple[str, ...] = ()
    batch: int = 64


def of_images(spec: str, widths: dict[int, int], *objective) -> dict[int, Setting]:
    """Return the settings of a network by the side of its images."""
    return {
        side: Setting((side, side, 3 if side == 64 else 1), width, spec, *objective)
        for side, width in widths.items()
    }


SETTINGS = {
    "mlp": {2: Setting((2,), 128, "mlp:depth=6,d_depth=3,stddev=0.1", "rpgan", ("r1", "r2"), 256)},
    "dcgan": of_images("dcgan", {8: 128, 16: 64, 28: 64, 64: 64}),
    "sn_resnet": of_images("sn_resnet", {8: 32, 16: 32, 28: 32, 64: 16}, "hinge"),
    "r3gan": of_images("r3gan:blocks=1", {8: 16, 16: 16, 28: 8, 64: 8}, "rpgan", ("r1", "r2")),
}


def make_gan(setting: Setting, precision: str, xla: bool) -> tfgan.GAN:
    """Return a compiled GAN of a setting."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        network = tfgan.networks.get(
            setting.spec,
            image_shape=setting.shape,
            latent_dim=64,
            width=setting.width,
            discriminator_norm=not setting.penalties,
        )
        gan = tfgan.GAN(network.generator(), network.discriminator())
    finally:
        keras.config.set_dtype_policy(before)
    gan.compile(loss=setting.loss, penalties=setting.penalties, jit_compile=xla)
    return gan


def one_step(setting: Setting, precision: str, xla: bool) -> Callable[[], None]:
    """Return a function that takes one step by the function that `fit` calls."""
    gan = make_gan(setting, precision, xla)
    gan.make_train_function()
    examples = np.random.default_rng(0).uniform(-1, 1, (8, setting.batch, *setting.shape)).astype(np.float32)
    batches = iter(tf.data.Dataset.from_tensor_slices(examples).repeat())

    def step():
        float(next(iter(gan.train_function(batches).values())))

    return step


def prepare(setting: Setting) -> dict[str, Callable[[], None]]:
    """Return the four steps of a setting, each compiled."""
    steps = {
        PLAIN: one_step(setting, "float32", xla=False),
        XLA: one_step(setting, "float32", xla=True),
        BFLOAT16: one_step(setting, "bfloat16", xla=False),
        BFLOAT16_XLA: one_step(setting, "bfloat16", xla=True),
    }
    for step in steps.values():
        step()
    return steps


def several(step: Callable[[], None], count: int) -> Callable[[], None]:
    """Return a function that takes `count` steps."""

    def steps():
        for _ in range(count):
            step()

    return steps


def measure(name: str, side: int, steps: dict[str, Callable[[], None]], rounds: int = ROUNDS) -> str:
    """Time prepared steps, quiet and busy; print the spread, and return the line of the catalogue."""
    count = max(1, round(ROUND_SECONDS / min(seconds(steps[PLAIN]) for _ in range(2))))
    works = {path: several(step, count) for path, step in steps.items()}
    quiet = alternate(works, rounds)
    with beside_a_busy_process():
        busy = alternate(works, rounds)
    row = {}
    for path in (XLA, BFLOAT16, BFLOAT16_XLA):
        shares = [ratios(times[path], times[PLAIN]) for times in (quiet, busy)]
        row[path] = tuple(round(statistics.median(share), 2) for share in shares)
        print(
            f"{name} {side}: {path:<13}{spread(shares[0], '.2f')} quiet, {spread(shares[1], '.2f')} busy",
            flush=True,
        )
    each = [1e3 * statistics.median(times[PLAIN]) / count for times in (quiet, busy)]
    print(f"{name} {side}: {PLAIN:<13}{each[0]:.1f} ms a step quiet, {each[1]:.1f} ms busy", flush=True)
    return f"{side}: {row},"


def table() -> str:
    """Return the rows of the catalogue as a table in Markdown; bold where `--xla=auto` leaves XLA."""
    lines = [
        "| network | side | XLA, float32 | no XLA, bfloat16 | XLA, bfloat16 | samples in bfloat16 |",
        "|---|---|---|---|---|---|",
    ]
    for name in tfgan.networks.names():
        measured = tfgan.networks.networks.entry(name).measured
        for side, row in measured.get("time", {}).items():
            cells = [
                " / ".join(f"{share:.2f}".removeprefix("0") for share in row[path])
                for path in (XLA, BFLOAT16, BFLOAT16_XLA)
            ]
            if not fast_path.prefers_xla({"plain": (1.0, 1.0), **row}, "float32", fast_path.Machine()):
                cells[0] = f"**{cells[0]}**"
            samples = "as good" if measured["precision"] == "bfloat16" else "not measured"
            lines.append(f"| `{name}` | {side} | {' | '.join(cells)} | {samples} |")
    return "\n".join(lines)


def main():
    """Measure, and print the rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(SETTINGS)}; none for all"
    )
    parser.add_argument("--sides", help="sides of the examples, comma-separated; by default all")
    parser.add_argument(
        "--table",
        action="store_true",
        help="print the rows of the catalogue for docs/benchmarks.md, and stop",
    )
    parser.add_argument("--quick", action="store_true", help="few rounds, meaningless figures")
    arguments = parser.parse_args()
    if arguments.table:
        return print(table())
    sides = arguments.sides and {int(side) for side in arguments.sides.split(",")}
    tf.get_logger().setLevel("ERROR")  # it takes a contender's compilation for retracing
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    for name in arguments.networks or SETTINGS:
        lines = [
            measure(name, side, prepare(setting), 1 if arguments.quick else ROUNDS)
            for side, setting in SETTINGS[name].items()
            if not sides or side in sides
        ]
        print("\n".join([f"{name}:", *lines]), flush=True)


if __name__ == "__main__":
    main()
