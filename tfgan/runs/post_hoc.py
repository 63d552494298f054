"""Post-hoc EMA of a run: snapshots of its power-function averages, and averages of other lengths from them.

A snapshot is `ema/step_00000500.npz` in the run folder: an array float32 (lengths, *shape) for each weight of
G, in order. `tfgan.core.power_ema` has the mathematics and the source.
"""

from __future__ import annotations

import contextlib
import logging
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan.callbacks.evaluation_history import Monitor
from tfgan.core import files, power_ema
from tfgan.evaluation import sampler, scorer
from tfgan.runs import folder

MOST = 48  # snapshots of a run; half as many still leave a spacing of a 24th of its steps
GRID = np.geomspace(0.002, power_ema.LONGEST, 100)  # lengths that `find_span` tries


def list_snapshots(path: Path) -> list[Path]:
    """Return the snapshots of a run folder, oldest first."""
    return sorted(path.glob("ema/step_*.npz"))


def save_snapshot(path: Path, gan) -> None:
    """Write a snapshot of a model's averages to a run folder; delete one of the others if there are more than `MOST`."""
    with files.atomic(path / "ema" / f"step_{int(gan.state.step.numpy()):08d}.npz") as aside:
        np.savez(aside, *[average.numpy() for average in gan.power_averages.weights])
    kept = list_snapshots(path)
    if len(kept) > MOST:
        kept[find_dispensable([folder.step_of(file) for file in kept])].unlink()


def find_dispensable(steps: Sequence[int]) -> int:
    """Return the index of the snapshot whose neighbors are closest, the oldest of equals; never the newest."""
    times = np.array([0, *steps])
    return int(np.argmin(times[2:] - times[:-2]))


def drop_snapshots(path: Path, start: int) -> None:
    """Delete the snapshots of steps after `start`, from which training goes on."""
    for file in list_snapshots(path):
        if folder.step_of(file) > start:
            file.unlink()


class Average(NamedTuple):
    """An average of G's weights of another length.

    Attributes:
        sigma_rel: the length.
        weights: arrays in the order of G's weights, float32.
        residual: norm of the difference between its profile and the wanted one, a share of the wanted one's.
    """

    sigma_rel: float
    weights: list[np.ndarray]
    residual: float


def reconstruct(run_dir: str | Path, gan, lengths: Sequence[float]) -> list[Average]:
    """Reconstruct averages of G's weights of any length, at the model's step.

    Args:
        run_dir: run folder, or a checkpoint in it.
        gan: its model, at a checkpoint; its own averages serve as the newest snapshot.
        lengths: sigma_rel of each average.

    Raises:
        ValueError: a run without snapshots, or a length that its snapshots do not span.
    """
    path, step = folder.folder_of(run_dir), int(gan.state.step.numpy())
    if gan.power_averages is None or step == 0:
        raise ValueError(
            f"--ema: expected a run that was trained with --post_hoc_ema, got {run_dir} without snapshots"
        )
    own = [average.numpy() for average in gan.power_averages.weights]
    # One snapshot is in memory at a time: the first pass finds the readable ones
    kept = [file for file in list_snapshots(path) if folder.step_of(file) < step and _read(file, len(own))]
    steps = [*map(folder.step_of, kept), step]
    solved = [_solve(steps, step, length) for length in lengths]
    for length, (_, residual) in zip(lengths, solved, strict=True):
        if residual > power_ema.LARGEST_RESIDUAL:
            shortest, longest = find_span(steps, step)
            raise ValueError(
                f"--ema: expected lengths from {shortest:.3g} to {longest:.3g}, which the {len(steps)} snapshots of {run_dir} span, "
                f"got {length:g}; a smaller --save_every widens the span"
            )
    sums = [[np.zeros(average.shape[1:]) for average in own] for _ in lengths]
    for index, file in enumerate([*kept, None]):
        averages = own if file is None else _read(file, len(own))
        for total, (shares, _) in zip(sums, solved, strict=True):
            for weight, average in zip(total, averages, strict=True):
                weight += np.tensordot(shares[index], average, axes=1)
    return [
        Average(length, [weight.astype(np.float32) for weight in total], residual)
        for length, total, (_, residual) in zip(lengths, sums, solved, strict=True)
    ]


def find_span(steps: Sequence[int], step: int) -> tuple[float, float]:
    """Return the shortest and the longest of the lengths that snapshots span at a step."""
    known = [length for length in GRID if _solve(steps, step, length)[1] <= power_ema.LARGEST_RESIDUAL]
    return min([*known, *power_ema.TRACKED]), max([*known, *power_ema.TRACKED])


def _solve(steps: Sequence[int], step: int, length: float) -> tuple[np.ndarray, float]:
    """Return the shares of snapshots in an average, float64 (snapshots, tracked lengths), and the residual."""
    gammas = [power_ema.gamma_of(sigma) for sigma in power_ema.TRACKED]
    shares, residual = power_ema.solve_weights(
        np.repeat(steps, len(gammas)), np.tile(gammas, len(steps)), step, power_ema.gamma_of(length)
    )
    return shares.reshape(len(steps), len(gammas)), residual


def _read(file: Path, count: int) -> list[np.ndarray] | None:
    """Return the `count` arrays of a snapshot; None, with a warning, if it is damaged."""
    try:
        with np.load(file) as arrays:
            return [arrays[f"arr_{index}"] for index in range(count)]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = str(error).split("\n")[0]
        logging.warning("%s cannot be read (%s); the other snapshots serve", file, reason)
        return None


def use_average(
    run_dir: str, gan, length: float, scored: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Give a model's averaged generator the weights of an average of another length.

    Args:
        run_dir, gan: as for `reconstruct`.
        length: sigma_rel.
        scored: as `score_averages` returned it at this step, or None.

    Returns:
        The scores of that length, if they are known, and its `sigma_rel` and `residual`.
    """
    (average,) = reconstruct(run_dir, gan, [length])
    gan.ema_generator.set_weights(average.weights)
    rows = scored["rows"] if scored else []
    scores = next((row["scores"] for row in rows if row["sigma_rel"] == length), None)
    return scores, {"sigma_rel": length, "residual": average.residual}


def find_best(scored: Mapping[str, Any] | None, run_dir: str) -> float | None:
    """Return the best length that `score_averages` found, None if it is the run's own average.

    Raises:
        ValueError: no lengths are scored at the newest step, or no figure tells which is best.
    """
    best = scored and scored["best"]
    if not best:
        raise ValueError(
            f"--ema: best expected scores of lengths at the newest checkpoint, got none; run python -m tfgan.evaluate --run_dir={run_dir} "
            "--ema=0.02,0.05,0.1 first"
        )
    return best["sigma_rel"]


def score_averages(
    gan,
    source,
    averages: Sequence[Average],
    score: Callable[[sampler.Sampler], dict[str, Any]],
    own_scores: Mapping[str, Any],
    figures: Sequence[Monitor],
) -> dict[str, Any]:
    """Score averages of other lengths, and choose the best of them and the run's own.

    Args:
        gan: the model; its averaged generator is put back.
        source: the data.
        averages: as `reconstruct` returns them.
        score: takes a sampler and returns scores by name.
        own_scores: of the run's own average.
        figures: the first chooses the best, and each further one among equals.

    Returns:
        `rows`, one for each average: `sigma_rel` and `residual` (None for the run's own) and `scores`; and
        `best`: `sigma_rel`, and the `figure` that decided with its `value`; None if there is no figure. Of equals
        in all figures the first row is best, the run's own before all.
    """
    own = gan.ema_generator.get_weights()
    rows = [{"sigma_rel": None, "residual": None, "scores": dict(own_scores)}]
    for average in averages:
        gan.ema_generator.set_weights(average.weights)
        scores = score(sampler.from_gan(gan, source.kind))
        rows.append({"sigma_rel": average.sigma_rel, "residual": average.residual, "scores": scores})
    gan.ema_generator.set_weights(own)
    return {"rows": rows, "best": _choose(rows, figures)}


def _choose(rows: Sequence[Mapping[str, Any]], figures: Sequence[Monitor]) -> dict[str, Any] | None:
    """Return `sigma_rel` of the best row, and the figure that decided with its value; None if no figure is known."""
    left, best = list(rows), None
    for figure in figures:
        found = figure.best([{"step": index, **row} for index, row in enumerate(left)])
        if found is None:
            continue
        left = [row for row in left if row["scores"].get(figure.figure) == found["value"]]
        best = {"sigma_rel": left[0]["sigma_rel"], "figure": figure.figure, "value": found["value"]}
        if len(left) == 1:
            break
    return best


def select_figures(
    names: Sequence[str], keep_best: str | None, count: int | None
) -> tuple[list[str], list[Monitor]]:
    """Return the metrics to compute, and the figures that choose among lengths.

    The run's `keep_best` comes first; then all figures that should be low or high, in the order of the metrics.

    Args:
        names: of metrics.
        keep_best: a figure of these metrics, or another metric, which is then added; None, and a figure of
            other metrics, change nothing.
        count: number of samples of metrics without a number in their name.
    """
    names, known, first = list(names), scorer.describe_figures(names, count), keep_best
    if keep_best is not None and keep_best not in known:
        with contextlib.suppress(ValueError):
            own = scorer.describe_figures([keep_best], count)
            names, known, first = list(dict.fromkeys([*names, keep_best])), known | own, next(iter(own))
    ranked = sorted(known, key=lambda name: name != first)
    return names, [Monitor(name, known[name]["better"]) for name in ranked if known[name]["better"] != "real"]


def format_rows(scored: Mapping[str, Any], figures: Sequence[str]) -> str:
    """Return the rows of `score_averages` as lines of text; a star marks the best one."""
    shown = [name for name in figures if any(name in row["scores"] for row in scored["rows"])]
    best = scored["best"]
    lines = [("ema", *shown)]
    for row in scored["rows"]:
        star = "*" if best and row["sigma_rel"] == best["sigma_rel"] else ""
        name = "own" if row["sigma_rel"] is None else f"{row['sigma_rel']:g}"
        values = (row["scores"].get(figure) for figure in shown)
        lines.append((star + name, *("-" if value is None else f"{value:.4g}" for value in values)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([*text, f"* the best by {best['figure']}"] if best else text)
