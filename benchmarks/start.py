"""Seconds from the command to its first step, cold and with kept programs: `python benchmarks/start.py [NETWORK ...]`.

Each run is `python -m tfgan.train` in a process of its own, ended once its first record is there. "cold" has
an empty TFGAN_CACHE, "warm" the folder that the run before it filled; the runs alternate, and ratios are taken
within a round. The work of all threads on a processor is printed too: on a busy machine it says more.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from timing import LeftOut, ratios, spread

ROUNDS = 5
NETWORKS = {
    "mlp": "--dataset=ring8 --penalty=r1",
    "dcgan": "--dataset=digits --network=dcgan",
    "dcgan, r1 and r2": "--dataset=digits --network=dcgan --loss=rpgan --penalty=r1 --penalty=r2",
    "sn_resnet": "--dataset=digits --network=sn_resnet --loss=hinge",
    "r3gan": "--dataset=digits --network=r3gan --loss=rpgan --penalty=r1 --penalty=r2",
}
COMMON = "--steps=1000000 --log_every=1 --nodoctor --noexport --sample_every=1000000 --save_every=1000000"


def first_step(flags: str, cache: Path, run: Path) -> tuple[float, float]:
    """Start a run and end it after its first step; return the seconds until then, and those on a processor."""
    command = [sys.executable, "-m", "tfgan.train", *flags.split(), *COMMON.split(), f"--run_dir={run}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, "TFGAN_CACHE": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    records = run / "metrics.jsonl"
    while not (records.exists() and b"loss/total" in records.read_bytes()):
        if process.poll() is not None:
            raise LeftOut(f"the run failed; start it by hand: {' '.join(command[1:])}")
        time.sleep(0.02)
    took = time.perf_counter() - began
    process.kill()
    process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(flags: str, rounds: int = ROUNDS) -> dict[str, list[tuple[float, float]]]:
    """Return (seconds, seconds on a processor) of each cold and each warm start."""
    found: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": []}
    for _ in range(rounds):
        folder = Path(tempfile.mkdtemp())
        try:
            for how in found:
                found[how].append(first_step(flags, folder / "cache", folder / how))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), help=", ".join(NETWORKS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    for name in arguments.networks:
        found = measure(NETWORKS[name], arguments.rounds)
        for index, unit in enumerate(("seconds", "seconds on a processor")):
            cold, warm = ([each[index] for each in found[how]] for how in ("cold", "warm"))
            print(
                f"{name}: {unit}: cold {spread(cold, '.1f')}, warm {spread(warm, '.1f')}, "
                f"warm / cold {spread(ratios(warm, cold), '.2f')}",
                flush=True,
            )


if __name__ == "__main__":
    main()
