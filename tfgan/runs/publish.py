"""Export the model of a run once, under its own version, with a record of its run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfgan.export import saved_model
from tfgan.runs import config as config_lib
from tfgan.runs import folder as folder_lib
from tfgan.runs.config import Config


def find_version(
    path: str | Path, run: Mapping[str, Any], step: int, ema: Mapping[str, Any] | None = None
) -> Path | None:
    """Return the version below `path` with the model of a run at a step; None if there is none.

    Args:
        path: folder of the model.
        run: as `tfgan.runs.folder.model_identity` returns it and `publish` records it.
        step: of the model.
        ema: as for `publish`.
    """
    for version in saved_model.versions(path):
        about = version / "assets.extra" / "tfgan.json"
        if not about.exists():
            continue
        about_model = json.loads(about.read_text(encoding="utf-8"))
        lengths = [(one or {}).get("sigma_rel") for one in (about_model.get("ema"), ema)]
        if about_model.get("step") == step and lengths[0] == lengths[1] and _belongs_to(about_model, run):
            return version
    return None


def _is_of_run(version: Path, run: Mapping[str, Any]) -> bool:
    """Return whether a version is of a run, with whatever average."""
    about = version / "assets.extra" / "tfgan.json"
    return about.exists() and _belongs_to(json.loads(about.read_text(encoding="utf-8")), run)


def _belongs_to(about_model: Mapping[str, Any], run: Mapping[str, Any]) -> bool:
    """Return whether a `tfgan.json` belongs to a run.

    Older runs and models have no id and are compared by their configs.
    """
    if "run" in about_model:
        # An id is drawn once for a run folder, whose config cannot change; its digest may, with the flags it is written in.
        ignored = {} if run["id"] is None else {"config": None}
        return {**about_model["run"], **ignored} == {**run, **ignored}
    return run["id"] is None and config_lib.digest(about_model.get("config", {})) == run["config"]


def publish(
    gan,
    source,
    config: Config,
    folder: Path,
    scores: Mapping[str, Any] | None,
    ema: Mapping[str, Any] | None = None,
) -> None:
    """Export a run's model, unless that is done already, and print where it is.

    Args:
        gan: the model.
        source: its data; only their description is read.
        config: of the run; `export_dir` is where to.
        folder: of the run, whose name the model gets.
        scores: of the model, or None.
        ema: `sigma_rel` and `residual` of the average of G, if it is not the run's own.
    """
    path, step = Path(config.export_dir) / folder.resolve().name, int(gan.state.step.numpy())
    run = folder_lib.model_identity(folder_lib.read_config(folder), int(gan.state.attempt.numpy()))
    if found := find_version(path, run, step, ema):
        print(f"SavedModel: {found}   (already there)")
        return
    record = {
        "run": run,
        "config": config_lib.to_dict(config),
        "scores": scores,
        "num_classes": source.num_classes,
        "class_names": source.class_names and list(source.class_names),
    } | ({"ema": dict(ema)} if ema else {})
    target = saved_model.save(gan, path, kind=source.kind, record=record)
    notes = [f"average of length {ema['sigma_rel']:g}"] if ema else []
    if target.name != str(step):
        whose = "another average" if _is_of_run(path / str(step), run) else "another run's"
        notes += [f"step {step}; version {step} there is {whose}"]
    print(f"SavedModel: {target}" + (f"   ({'; '.join(notes)})" if notes else ""))
