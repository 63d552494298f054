"""Two workers of one thread against one process of two: `python benchmarks/workers.py`.

The 28x28 DCGAN of width 64 on the garments, global batch 64, `nonsat`, through the command as users run it;
images a second are those that `metrics.jsonl` logs, without the first interval, which compiles. Runs
alternate; the median of `ROUNDS` each.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import LeftOut, ratios, spread

ROUNDS, STEPS, LOG_EVERY = 5, 150, 50
FIRST_PORT = 21500


def speed(folder: Path, flags: list[str], workers: int, port: int) -> float:
    """Return the images a second of one run."""
    addresses = [f"localhost:{port + index}" for index in range(workers)]
    processes = []
    for index in range(workers):
        environment = {key: value for key, value in os.environ.items() if key != "TF_CONFIG"}
        threads = str(2 // workers)
        environment |= {"TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads}
        if workers > 1:
            environment["TF_CONFIG"] = json.dumps(
                {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            )
        command = ["taskset", "-c", str(index)] if workers > 1 else []
        command += [sys.executable, "-m", "tfgan.train", *flags, f"--run_dir={folder}"]
        processes.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
    if any([process.wait() for process in processes]):
        raise LeftOut(
            f"a run with {workers} workers failed; start it by hand: python -m tfgan.train {' '.join(flags)}"
        )
    records = [
        json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return statistics.median(
        record["speed/images_per_second"] for record in records[1:] if "speed/images_per_second" in record
    )


def measure(
    rounds: int = ROUNDS,
    steps: int = STEPS,
    log_every: int = LOG_EVERY,
    width: int = 64,
    own_statistics: bool = False,
):
    """Return the images a second of one process and of two workers, one of each a round.

    Args:
        own_statistics: whether each worker normalizes its own share, as with the smaller batch, in a step
            that XLA compiles.
    """
    flags = [
        "--dataset=fashion_mnist",
        "--network=dcgan",
        "--loss=nonsat",
        f"--steps={steps}",
        f"--log_every={log_every}",
        "--noexport",
    ]
    flags += [
        f"--sample_every={10 * steps}",
        f"--save_every={10 * steps}",
        f"--width={width}",
        "--batch_size=64",
    ]
    one, two = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            one.append(speed(Path(folder) / f"one{number}", flags, 1, FIRST_PORT))
            more = ["--nosync_batch_norm"] if own_statistics else []
            two.append(speed(Path(folder) / f"two{number}", flags + more, 2, FIRST_PORT + 2 * number))
    return one, two


def main():
    """Print both speeds and their ratio."""
    one, two = measure()
    print(
        f"one process of two threads {statistics.median(one):.0f}, two workers of one thread {statistics.median(two):.0f} images/s"
    )
    print(f"ratio: median {spread(ratios(two, one))}")


if __name__ == "__main__":
    main()
