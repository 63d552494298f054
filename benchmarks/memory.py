"""Resident memory over a long `fit` with all callbacks: `python benchmarks/memory.py [STEPS]`.

A 28x28 DCGAN of width 16 at batch 16, small so that 5,000 steps take a minute or two and a leak weighs more;
a record every `STEPS // 100` steps, a sample grid and a checkpoint every `STEPS // 20`. Prints one JSON
object: MiB by step. Linux.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import fit

from tfgan.callbacks.every_steps import AtInterval

STEPS, BATCH, WIDTH, READINGS, SAVES = 5_000, 16, 16, 100, 20


def resident() -> float:
    """Return this process's resident memory, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Resident(AtInterval):
    """Note the resident memory at the end of each epoch."""

    def __init__(self):
        super().__init__()
        self.mebibytes: dict[int, float] = {}

    def act(self, step):
        self.mebibytes[step] = round(resident(), 2)


def main():
    """Train, and print the readings."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS
    log_every = max(steps // READINGS, 1)
    gan, noted = fit.make_gan(WIDTH), Resident()
    with tempfile.TemporaryDirectory() as folder:
        watching = [*fit.watchers(folder, steps, max(steps // SAVES, 1), BATCH), noted]
        images = fit.random_images(folder, BATCH)
        gan.fit(images, epochs=steps // log_every, steps_per_epoch=log_every, callbacks=watching, verbose=0)
    print(json.dumps(noted.mebibytes))


if __name__ == "__main__":
    main()
