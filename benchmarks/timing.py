"""Side-by-side timing: contenders alternate in one process, and ratios are taken within a round."""

import statistics
import time
from collections.abc import Callable, Mapping


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


def report(times: Mapping[str, list[float]], steps: int, against: str, images: int | None = None) -> None:
    """Print each contender's median time a step, images a second, and its time over that of `against`."""
    width = max(map(len, times)) + 2
    for name, own in times.items():
        ratios = [mine / theirs for mine, theirs in zip(own, times[against], strict=True)]
        median = statistics.median(own) / steps
        speed = f"  {images / median:7.0f} images/s" if images else ""
        spread = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
        print(f"{name:<{width}}{1e3 * median:8.1f} ms a step{speed}   x {spread} of {against}", flush=True)
