"""Time and memory of opening a large table: 1,000,000 rows of 20 columns, one of them of 50,000 values.

    python benchmarks/big_table.py [--rows=1000000] [--folder=/tmp]

writes the file (once), opens it with `tfgan.data.open_source("csv:...")`, encodes every row once in batches,
and prints the seconds of each part and the largest memory beyond the one that TensorFlow takes.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np

BLOCK = 50_000
BATCH = 8192


def write(path: Path, rows: int) -> None:
    """Write whole numbers, decimals, dates, spikes, missing cells, and categories of 2 to 50,000 values."""
    random = np.random.default_rng(0)
    shares = 1 / np.arange(1, 50_001)
    cities = random.choice(50_000, rows, p=shares / shares.sum())
    names = ["id", "city", "start", "age", "visits", "income", "debt", "score", "height", "weight"]
    names += [f"category_{i}" for i in range(7)] + ["flag", "price", "lab"]
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(names) + "\n")
        for first in range(0, rows, BLOCK):
            count = min(BLOCK, rows - first)
            days = np.datetime64("2015-01-01") + random.integers(0, 3650, count)
            income = np.where(random.random(count) < 0.3, 0, random.lognormal(10, 1, count)).astype(int)
            lab = [f"{each:.3f}" for each in random.normal(5, 2, count)]
            columns = [
                [f"patient-{first + row:08d}" for row in range(count)],
                [f"city {each}" for each in cities[first : first + count]],
                np.datetime_as_string(days).tolist(),
                random.integers(18, 95, count).astype(str).tolist(),
                random.poisson(2, count).astype(str).tolist(),
                income.astype(str).tolist(),
                random.integers(0, 10**6, count).astype(str).tolist(),
                [f"{each:.2f}" for each in random.beta(2, 5, count)],
                [f"{each:.1f}" for each in random.normal(170, 10, count)],
                [f"{each:.1f}" for each in random.gamma(20, 4, count)],
                *([f"value {each}" for each in random.integers(0, 3 + 12 * i, count)] for i in range(7)),
                np.where(random.random(count) < 0.1, "yes", "no").tolist(),
                [f"{each:.2f}" for each in random.lognormal(3, 1, count)],
                ["" if gap else text for gap, text in zip(random.random(count) < 0.2, lab, strict=True)],
            ]
            file.write("".join(",".join(row) + "\n" for row in zip(*columns, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("/tmp"))
    arguments = parser.parse_args()
    path = arguments.folder / f"big_table_{arguments.rows}.csv"
    if not path.exists():
        write(path, arguments.rows)
    import tensorflow as tf

    from tfgan import data

    tf.constant(0) + 1
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    source = data.open_source(f"csv:{path}")
    opened, opened_cpu = time.perf_counter(), time.process_time()
    codes, numbers = source.arrays[0]
    for first in range(0, len(codes), BATCH):
        source.kind.encode((codes[first : first + BATCH], numbers[first : first + BATCH]))
    done, done_cpu = time.perf_counter(), time.process_time()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{path}: {path.stat().st_size / 2**20:.0f} MiB; {source.note}; encoded to {source.shape[0]} numbers"
    )
    print(f"opened in {opened - start:.1f} s ({opened_cpu - cpu:.1f} s of processor time)")
    print(f"encoded in {done - opened:.1f} s ({done_cpu - opened_cpu:.1f} s of processor time)")
    print(f"memory beyond TensorFlow at most {(after - before) / 2**10:.0f} MiB")


if __name__ == "__main__":
    main()
