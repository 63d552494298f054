"""Metrics beside the packages that they agree with: `python benchmarks/metrics.py [ROW ...]`, all rows by default.

    fid        2,048 dimensions, 10,000 against 10,000: ours, scipy's matrix root, torch-fidelity's eigenvalues
    kid        the same features, 100 subsets of 1,000: ours, torch-fidelity in float64 and in float32
    neighbors  the same features: precision, recall, density and coverage, ours in two metrics, prdc in one
    precision_recall  the first two of these: ours, torch-fidelity in float64 and in float32

Contenders alternate; each runs in a process of its own, which prints its seconds, those of all its threads on
a processor, what it added to the highest resident memory, and its values.
On a machine that does other work too, OPENBLAS_NUM_THREADS=1 and OMP_NUM_THREADS=1 make the processor's
seconds comparable: threads that wait for each other spend them too. Needs `pip install scipy torch
torch-fidelity prdc`; TensorFlow is not imported. BENCHMARK_COUNT, BENCHMARK_DIMENSIONS and BENCHMARK_ROUNDS
make it smaller. Linux.
"""

import contextlib
import importlib.util
import io
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np
import timing

COUNT = int(os.environ.get("BENCHMARK_COUNT", 10_000))
DIMENSIONS = int(os.environ.get("BENCHMARK_DIMENSIONS", 2_048))
SUBSETS, SUBSET_SIZE = 100, min(1000, COUNT // 2)
SEED = 0


def features() -> tuple[np.ndarray, np.ndarray]:
    """Return real and fake features, float32 as an extractor makes them: positive, correlated, a little apart."""
    rng = np.random.default_rng(SEED)
    mixing = rng.standard_normal((DIMENSIONS, DIMENSIONS), np.float32) / np.sqrt(DIMENSIONS, dtype=np.float32)
    sides = (
        np.maximum(rng.standard_normal((COUNT, DIMENSIONS), np.float32) @ mixing + shift, 0)
        for shift in (0, np.float32(0.05))
    )
    return tuple(sides)


def fid(real, fake):
    """Ours: Cholesky and eigenvalues of a symmetric matrix, moments in one pass."""
    from tfgan.metrics import fid as module

    return [module.fid(real, fake)]


def fid_sqrtm(real, fake):
    """The way of the paper's code, on float64 moments."""
    from scipy.linalg import sqrtm

    means = [side.mean(axis=0, dtype=np.float64) for side in (real, fake)]
    covariances = [np.cov(side, rowvar=False, dtype=np.float64) for side in (real, fake)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    return [np.sum((means[0] - means[1]) ** 2) + np.trace(covariances[0] + covariances[1] - 2 * root)]


def fid_torch_fidelity(real, fake):
    """torch-fidelity 0.4: eigenvalues of the product, on float64 features."""
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    statistics = [fid_features_to_statistics(torch.tensor(side.astype(np.float64))) for side in (real, fake)]
    return [fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]]


def kid(real, fake):
    """Ours, in float64 blocks."""
    from tfgan.metrics import kid as module

    return list(module.kid(real, fake, subsets=SUBSETS, size=SUBSET_SIZE)[:2])


def kid_torch_fidelity(real, fake, dtype=np.float64):
    """torch-fidelity, on float64 features as parity wants them."""
    import torch
    from torch_fidelity.metric_kid import kid_features_to_metric

    options = {"kid_subsets": SUBSETS, "kid_subset_size": SUBSET_SIZE, "rng_seed": 2020, "verbose": False}
    found = kid_features_to_metric(*(torch.tensor(side.astype(dtype)) for side in (real, fake)), **options)
    return list(found.values())


def kid_torch_fidelity_float32(real, fake):
    """torch-fidelity, on float32 features as its extractor makes them."""
    return kid_torch_fidelity(real, fake, np.float32)


def neighbors(real, fake):
    """Ours, precision, recall, density and coverage by the two metrics, k = 5."""
    from tfgan.metrics.density_coverage import density_coverage
    from tfgan.metrics.precision_recall import precision_recall

    return [*precision_recall(real, fake, k=5), *density_coverage(real, fake, k=5)]


def precision_recall(real, fake):
    """Ours, precision and recall alone, k = 5."""
    from tfgan.metrics.precision_recall import precision_recall as ours

    return list(ours(real, fake, k=5))


def neighbors_prdc(real, fake):
    """Naeem et al.'s package, all four from whole matrices, k = 5."""
    from prdc import compute_prdc

    with contextlib.redirect_stdout(io.StringIO()):
        return [float(value) for value in compute_prdc(real, fake, nearest_k=5).values()]


def precision_recall_torch_fidelity(real, fake, dtype=np.float64):
    """torch-fidelity, precision and recall, k = 5, on float64 features."""
    import torch
    from torch_fidelity.metric_prc import prc_features_to_metric

    found = prc_features_to_metric(
        *(torch.tensor(side.astype(dtype)) for side in (fake, real)), prc_neighborhood=5, verbose=False
    )
    return [found["precision"], found["recall"]]


def precision_recall_torch_fidelity_float32(real, fake):
    """torch-fidelity, on float32 features as its extractor makes them."""
    return precision_recall_torch_fidelity(real, fake, np.float32)


ROWS = {
    "fid": (fid, fid_sqrtm, fid_torch_fidelity),
    "kid": (kid, kid_torch_fidelity, kid_torch_fidelity_float32),
    "neighbors": (neighbors, neighbors_prdc),
    "precision_recall": (
        precision_recall,
        precision_recall_torch_fidelity,
        precision_recall_torch_fidelity_float32,
    ),
}
CONTENDERS = {function.__name__: function for row in ROWS.values() for function in row}
PACKAGES = {"torch_fidelity": ("torch", "torch_fidelity"), "prdc": ("prdc",), "sqrtm": ("scipy",)}


def missing(name: str) -> list[str]:
    """Return the packages that a contender needs and that are not installed."""
    needed = {package for key, packages in PACKAGES.items() if key in name for package in packages}
    return sorted(package for package in needed if importlib.util.find_spec(package) is None)


def highest_resident() -> float:
    """Return this process's highest resident memory, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def measure(name: str) -> dict:
    """Run one contender here; return its seconds, the memory it added and its values."""
    sides = features()
    warm = tuple(side[: 2 * SUBSET_SIZE, :64].copy() for side in sides)
    CONTENDERS[name](*warm)  # imports, and threads that start
    before = highest_resident()
    values: list = []
    on_processor = time.process_time()
    seconds = timing.seconds(lambda: values.extend(CONTENDERS[name](*sides)))
    on_processor = time.process_time() - on_processor
    return {
        "seconds": seconds,
        "on_processor": on_processor,
        "mebibytes": highest_resident() - before,
        "values": [float(value) for value in values],
    }


def main():
    """Print the rows asked for, or with --one=NAME one contender's JSON."""
    arguments = sys.argv[1:]
    if arguments and arguments[0].startswith("--one="):
        print(json.dumps(measure(arguments[0].removeprefix("--one="))))
        return
    rounds = int(os.environ.get("BENCHMARK_ROUNDS", 3))
    for row in arguments or ROWS:
        names = [function.__name__ for function in ROWS[row]]
        for name in names:
            if missing(name):
                print(f"{row}: {name} left out, {', '.join(missing(name))} not installed")
        names = [name for name in names if not missing(name)]
        found: dict[str, list[dict]] = {name: [] for name in names}
        for _ in range(rounds):
            for name in names:
                done = subprocess.run(
                    [sys.executable, __file__, f"--one={name}"], capture_output=True, text=True, check=True
                )
                found[name].append(json.loads(done.stdout.splitlines()[-1]))
        for name, runs in found.items():
            times = [run["seconds"] for run in runs]
            busy = [run["on_processor"] for run in runs]
            over = timing.ratios(busy, (run["on_processor"] for run in found[names[0]]))
            print(
                f"{row}: {name:<40} {timing.spread(times, '.1f')} s, {timing.spread(busy, '.1f')} s on a processor, "
                f"{timing.spread(over, '.2f')} of ours, "
                f"{max(run['mebibytes'] for run in runs):.0f} MiB more, {runs[0]['values']}",
                flush=True,
            )


if __name__ == "__main__":
    main()
