"""The figures of the training step, each beside what it is held against: `python benchmarks/step.py [ROW ...] [--quick]`.

Without names, all rows. What takes steps alternates in one process, in rounds, first on the machine as it is and then
beside one busy process; ratios are taken within a round. Our step takes the path of `--xla=auto` where its name
says nothing else. `--quick` only shows that each row runs: its figures mean nothing. All rows take 15 to 25 minutes
on two idle cores.
Optional: `pip install torch`, `apt-get install dataset-fashion-mnist`.

The networks are the 28x28 DCGAN of width 64 with batch normalization in both (in G alone under r1 and r2),
latents of 64 numbers, batches of 64 random pictures, Adam. Each Keras contender is timed by the function that
`fit` calls for a step. Left to itself, Keras 3.15 compiles it with XLA where there is an accelerator, and not
on a CPU.
"""

import argparse
import dataclasses
import functools
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytorch  # noqa: F401 (before TensorFlow)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import fit
import keras
import operations
import tensorflow as tf
import workers
from contenders import (
    BFLOAT16,
    CONTENDERS,
    GARMENTS,
    OURS,
    OURS_XLA,
    PRODUCTS,
    QUICK,
    STEPPERS,
    THREADS,
    Size,
    make_gan,
)
from timing import LeftOut, alternate, beside_a_busy_process, ratios, report, spread

Times = Mapping[str, list[float]]


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        what: the name of the measure.
        against: the contender or the quantity that it is compared with.
        sought: the bound.
        measure: function from (times by contender, size) to the figure as text.
        contenders: names of the timed contenders whose times it needs.
    """

    what: str
    against: str
    sought: str
    measure: Callable[[Times, Size], str]
    contenders: tuple[str, ...] = ()


def faster(what: str, against: str, sought: str, mine: str, theirs: str) -> Row:
    """Return the row of how many times the steps of `mine` fit into the time of `theirs`."""

    def measure(times, size):
        return f"{spread(ratios(times[theirs], times[mine]), '.2f')} x"

    return Row(what, against, sought, measure, (mine, theirs))


def arithmetic(times: Times, size: Size) -> str:
    """Return the step's operations a second over the most that matrix products reached."""
    gan = make_gan(size)
    counted = operations.step_operations(gan.generator, gan.discriminator)
    compiled = operations.compiled_operations(gan, size.batch)
    peak = 2 * size.side**3 * size.products / min(times[PRODUCTS])
    shares = [100 * counted * size.batch * size.steps / seconds / peak for seconds in times[OURS_XLA]]
    counts = (
        f"{counted / 1e6:.1f} MFLOP an image by the layers' shapes, {compiled / 1e6:.1f} in XLA's program"
    )
    return f"{spread(shares, '.0f')} % of {peak / 1e9:.0f} GFLOP/s; {counts}"


def pipeline(times: Times, size: Size) -> str:
    """Return the batches a second of the data over those of the step."""
    data, steps = (
        [count / seconds for seconds in times[name]]
        for name, count in ((GARMENTS, size.batches), (OURS, size.steps))
    )
    return f"{spread(ratios(data, steps), '.0f')} x"


def fit_overhead(times: Times, size: Size) -> str:
    """Return how much more time `fit` takes, in per cent."""
    with tempfile.TemporaryDirectory() as folder:
        contenders = fit.contenders(folder, size.fit_steps, size.log_every, size.batch, size.width)
        own = alternate(contenders, size.slow_rounds)
    return f"{spread([100 * (ratio - 1) for ratio in ratios(own[fit.FIT], own[fit.BARE])], '+.1f')} %"


def two_workers(times: Times, size: Size, own_statistics: bool = False) -> str:
    """Return the speed of two workers over that of one process, in per cent."""
    one, two = workers.measure(
        size.slow_rounds, size.worker_steps, size.worker_log_every, size.width, own_statistics
    )
    return f"{spread([100 * ratio for ratio in ratios(two, one)], '.0f')} %"


def memory_growth(times: Times, size: Size) -> str:
    """Return the growth of resident memory at the last step, and its least and greatest since a tenth of the steps."""
    if platform.system() != "Linux":
        raise LeftOut("resident memory is read from /proc, which is Linux's")
    command = [sys.executable, str(Path(__file__).with_name("memory.py")), str(size.memory_steps)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    mebibytes = {int(step): value for step, value in json.loads(done.stdout.splitlines()[-1]).items()}
    first = size.memory_steps // 10
    growth = [100 * (value / mebibytes[first] - 1) for step, value in mebibytes.items() if step >= first]
    return f"{growth[-1]:+.1f} ({min(growth):+.1f} to {max(growth):+.1f}) % of {mebibytes[first]:.0f} MiB at step {first}"


STEP = "DCGAN 28x28, batch 64, `nonsat`, alternating"
ROWS = {
    "guide": faster(
        STEP,
        "the Keras guide's custom step, default settings (on a CPU: no XLA)",
        ">= 1.0 x",
        OURS,
        "Keras guide",
    ),
    "guide_xla": faster(STEP, "the Keras guide's custom step with XLA", ">= 1.0 x", OURS, "Keras guide, XLA"),
    "pytorch": faster(STEP, "PyTorch eager, the same networks, 2 threads", ">= 1.0 x", OURS, "PyTorch"),
    "xla": faster(STEP, "our own step with XLA", ">= .9 x", OURS, OURS_XLA),
    "no_xla": faster(STEP, "our own step without XLA", ">= .9 x", OURS, "tfgan, no XLA"),
    "bfloat16": faster("the same in bfloat16", "our own step in float32", ">= 1.5 x", BFLOAT16, OURS),
    "bfloat16_guide": faster(
        "the same in bfloat16",
        "the Keras guide's step in float32, default settings",
        ">= 1.5 x",
        BFLOAT16,
        "Keras guide",
    ),
    "bfloat16_pytorch": faster(
        "the same in bfloat16", "PyTorch eager in float32", ">= 1.5 x", BFLOAT16, "PyTorch"
    ),
    "simultaneous": faster(
        "the same without norm in D, simultaneous",
        "our own alternating step",
        ">= 1.15 x",
        "tfgan, simultaneous",
        "tfgan, no norm in D",
    ),
    "r1_r2": faster(
        "r1 + r2 in every step",
        "PyTorch eager doing the same",
        ">= 1.5 x",
        "tfgan, r1 + r2",
        "PyTorch, r1 + r2",
    ),
    "arithmetic": Row(
        "arithmetic of the step",
        "the machine's measured matrix peak",
        ">= 50 %",
        arithmetic,
        (OURS_XLA, PRODUCTS),
    ),
    "fit": Row("`fit` with callbacks", "the bare compiled step", "<= +5 %", fit_overhead),
    "workers": Row(
        "2 workers of 1 thread", "1 process of 2 threads, the same global batch", ">= 75 %", two_workers
    ),
    "workers_own": Row(
        "the same, batch statistics of each worker's own share",
        "the same",
        ">= 75 %",
        functools.partial(two_workers, own_statistics=True),
    ),
    "memory": Row("resident memory over 5,000 steps", "after step 500", "within 2 %", memory_growth),
    "data": Row(
        "data pipeline, `fashion_mnist` in memory",
        "what the step consumes",
        ">= 10 x",
        pipeline,
        (OURS, GARMENTS),
    ),
}


def race(names: set[str], size: Size) -> tuple[Times, Times, dict[str, str]]:
    """Return the times of these contenders, quiet and beside one busy process, and why others are left out."""
    built, missing = {}, {}
    for name in (name for name in CONTENDERS if name in names):
        try:
            built[name] = CONTENDERS[name](size)
        except LeftOut as reason:
            missing[name] = str(reason)
    quiet = alternate(built, size.rounds)
    with beside_a_busy_process():
        busy = alternate(built, size.rounds)
    for kind, times in (("quiet", quiet), ("beside one busy process", busy)):
        if stepping := {name: own for name, own in times.items() if name in STEPPERS}:
            print(f"{kind}:")
            report(stepping, size.steps, against=next(iter(stepping)), images=size.batch)
    return quiet, busy, missing


def reached(row: Row, times: Times, missing: Mapping[str, str], size: Size) -> str:
    """Return a row's last cell."""
    reasons = [missing[name] for name in row.contenders if name in missing]
    try:
        return f"left out: {'; '.join(reasons)}" if reasons else row.measure(times, size)
    except LeftOut as reason:
        return f"left out: {reason}"


def device() -> str:
    """Describe the machine of this run."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next(
        (line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name")),
        platform.processor(),
    )
    versions = f"TensorFlow {tf.__version__}, Keras {keras.__version__}"
    return (
        f"{os.cpu_count()} cores ({model}), {THREADS} threads, {versions}, Python {platform.python_version()}"
    )


def main():
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; none for all")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, meaningless figures")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"ROW: expected some of {', '.join(ROWS)}, got {', '.join(sorted(unknown))}")
    rows = {name: row for name, row in ROWS.items() if name in arguments.rows or not arguments.rows}
    size = QUICK if arguments.quick else Size()
    tf.get_logger().setLevel("ERROR")  # it takes a contender's compilation for retracing
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)

    quiet, busy, missing = race({name for row in rows.values() for name in row.contenders}, size)
    cells = {}
    for name, row in rows.items():
        cells[name] = reached(row, quiet, missing, size), ""
        if row.contenders:  # a row without contenders takes its own times, on the machine as it is
            cells[name] = cells[name][0], reached(row, busy, missing, size)
        print(f"{name}: {' | '.join(cells[name])}", flush=True)
    print(
        f"\n{device()}\n\n| what | against | sought | quiet: median (min to max) | busy |\n|---|---|---|---|---|"
    )
    for name, row in rows.items():
        print(f"| {row.what} | {row.against} | {row.sought} | {' | '.join(cells[name])} |")


if __name__ == "__main__":
    main()
