"""Side-by-side timing: contenders alternate in one process, and ratios are taken within a round."""

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping


class LeftOut(Exception):
    """A contender or a row that this installation cannot run; the message says why."""


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alternate(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Run each contender once to warm it up, then all in turn; return their seconds, one a round."""
    for work in contenders.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            times[name].append(seconds(work))
    return times


@contextlib.contextmanager
def beside_a_busy_process() -> Iterator[None]:
    """Keep one core busy during the block."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def ratios(numerators: Iterable[float], denominators: Iterable[float]) -> list[float]:
    """Return the ratio of each round."""
    return [above / below for above, below in zip(numerators, denominators, strict=True)]


def spread(values: Iterable[float], digits: str = ".3f") -> str:
    """Return the median, and in brackets the least and the greatest."""
    values = list(values)
    return f"{statistics.median(values):{digits}} ({min(values):{digits}} to {max(values):{digits}})"


def report(times: Mapping[str, list[float]], steps: int, against: str, images: int | None = None) -> None:
    """Print each contender's median time a step, images a second, and its time over that of `against`."""
    width = max(map(len, times)) + 2
    for name, own in times.items():
        median = statistics.median(own) / steps
        speed = f"  {images / median:7.0f} images/s" if images else ""
        print(
            f"{name:<{width}}{1e3 * median:8.1f} ms a step{speed}   x {spread(ratios(own, times[against]))} of {against}",
            flush=True,
        )
