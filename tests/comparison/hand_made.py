"""Studies whose runs are written by hand, so that what a report says of them can be known beforehand."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from tfgan.comparison import running, study
from tfgan.core import images
from tfgan.runs.config import Config

FIGURES = {
    "modes": {"better": "higher", "real": "real_modes"},
    "reverse_kl": {"better": "lower", "real": "real_reverse_kl"},
}
SCORES = {  # of seeds 0, 1, 2
    "nonsat": [(8, 0.2), (7, 0.4), (6, 0.9)],
    "hinge": [(8, 0.1), (8, 0.3), (7, 0.2)],
}
FACTS = {
    "processor_seconds": 90.0,
    "peak_mib": 512.0,
    "threads": 1,
    "versions": {"python": "3.11", "keras": "3.15"},
}


def make(
    folder,
    *,
    losses=("nonsat", "hinge"),
    penalties=("none",),
    datasets=("ring8",),
    seeds=3,
    metrics=None,
    **base,
):
    """Return a study."""
    return study.Study(
        Path(folder),
        losses,
        penalties,
        datasets,
        tuple(range(seeds)),
        Config(export=False, **base),
        metrics or {},
    )


def end(of, cell, state="finished", **facts):
    """Write how a run ended."""
    file = of.outcome(cell)
    file.parent.mkdir(parents=True, exist_ok=True)
    status = {"finished": 0, "diverged": 3, "failed": 1}.get(state)
    file.write_text(
        json.dumps(dataclasses.asdict(running.Outcome(state=state, status=status, **{**FACTS, **facts})))
    )


def finish(of, cell, scores, figures=FIGURES, *, records=(), step=200):
    """Write the folder that a finished run leaves."""
    folder = of.run_dir(cell)
    (folder / "samples").mkdir(parents=True)
    (folder / "evaluation.json").write_text(
        json.dumps({"step": step, "scores": scores, "figures": figures, "finished": True})
    )
    lines = [
        {
            "step": s,
            "seconds": s / 10,
            "loss/discriminator": 1 / s,
            "loss/generator": 2.0 + s,
            "speed/images_per_second": 1000.0,
        }
        for s in range(20, step + 1, 20)
    ]
    lines += [
        {"step": s, "seconds": s / 10, "metrics/modes": s / 25, "metrics/reverse_kl": 20 / s}
        for s in (100, 200)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*lines, *records]))
    points = np.random.default_rng(cell.seed).normal(size=(50, 2))
    (folder / "samples" / f"step_{step:08d}.png").write_bytes(
        images.encode_png(images.draw_scatter(points, points))
    )
    end(of, cell)


def of_table(folder, **changes):
    """Return a study whose runs scored what `SCORES` says."""
    made = make(folder, **changes)
    for cell in made.cells:
        modes, reverse_kl = SCORES[cell.contender.loss][cell.seed]
        finish(
            made, cell, {"modes": modes, "reverse_kl": reverse_kl, "real_modes": 8, "real_reverse_kl": 0.01}
        )
    return made
