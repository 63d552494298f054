"""Write a SavedModel from a run: `python -m tfgan.export_model --run_dir=...`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfgan.cli import command
from tfgan.core.options import FilePath
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config, option


@dataclasses.dataclass(frozen=True)
class ExportFlags:
    """Which run to export, and where to."""

    folder_lib: FilePath | None = option(None, "run folder, or a checkpoint in one", "Model")
    export_dir: FilePath = option("saved_models", "folder that gets <run>/<step>/", "Export")
    data_dir: FilePath | None = option(None, "not needed any more: config.json describes the data", "Export")


def main(flags: ExportFlags) -> int:
    """Export the newest checkpoint of a run, or the one that is named."""
    with command.checking_input():
        if flags.run_dir is None:
            raise ValueError("--run_dir: expected a run folder, got none")
        command.load_tensorflow()
        from tfgan.runs import build
        from tfgan.runs import folder as folders

        config, source, gan = build.from_run(flags.run_dir, opening=False)
        folder = folders.folder_of(flags.run_dir)
        file = folder / "evaluation.json"
        evaluation = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        same_step = evaluation.get("step") == int(gan.state.step.numpy())
        config = dataclasses.replace(config, export_dir=flags.export_dir)
        publish(gan, source, config, folder, evaluation["scores"] if same_step else None)
    return command.DONE


def publish(gan, source, config: Config, folder: Path, scores: Mapping[str, Any] | None) -> None:
    """Export a run's model, unless that is done already, and print where it is.

    Args:
        gan: the model.
        source: its data, of which only the description is read.
        config: of the run; `export_dir` is where to.
        folder: of the run, whose name the model gets.
        scores: of the model, or None.
    """
    from tfgan.export import saved_model
    from tfgan.runs import folder as folder_lib

    path, step = Path(config.export_dir) / folder.resolve().name, int(gan.state.step.numpy())
    run = folder_lib.identity(folder_lib.read_config(folder), int(gan.state.attempt.numpy()))
    if found := saved_model.find(path, run, step):
        print(f"SavedModel: {found}   (already there)")
        return
    record = {
        "run": run,
        "config": config_lib.to_dict(config),
        "scores": scores,
        "num_classes": source.num_classes,
        "class_names": source.class_names and list(source.class_names),
    }
    target = saved_model.save(gan, path, units=source.units, record=record)
    other = "" if target.name == str(step) else f"   (step {step}; version {step} there is another run's)"
    print(f"SavedModel: {target}{other}")


if __name__ == "__main__":
    command.run(main, ExportFlags, "Write a SavedModel from the newest checkpoint of a run.")
