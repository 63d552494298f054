"""Write a SavedModel from a run: `python -m tfgan.export_model --run_dir=...`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from tfgan import command
from tfgan import config as config_lib
from tfgan.config import option


@dataclasses.dataclass(frozen=True)
class ExportFlags:
    """Which run to export, and where to."""

    run_dir: str | None = option(None, "run folder, or a checkpoint in one", "Model")
    export_dir: str = option("saved_models", "folder that gets <run>/<step>/", "Export")
    data_dir: str | None = option(None, "where the data set's files are", "Export")


def main(flags: ExportFlags) -> int:
    """Export the newest checkpoint of a run, or the one that is named."""
    with command.checking_input():
        if flags.run_dir is None:
            raise ValueError("--run_dir: expected a run folder, got none")
        command.load_tensorflow()
        from tfgan import build, export
        from tfgan import run_dir as folders

        config, source, gan = build.from_run(flags.run_dir, data_dir=flags.data_dir)
        folder = folders.folder_of(flags.run_dir)
        file = folder / "evaluation.json"
        evaluation = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        same_step = evaluation.get("step") == int(gan.state.step.numpy())
        record = {
            "config": config_lib.to_dict(config),
            "scores": evaluation["scores"] if same_step else None,
            "num_classes": source.num_classes,
            "class_names": source.class_names and list(source.class_names),
        }
        target = export.save(gan, Path(flags.export_dir) / folder.resolve().name, scale=source.scale, record=record)
    print(f"SavedModel: {target}")
    return command.DONE


if __name__ == "__main__":
    command.run(main, ExportFlags, "Write a SavedModel from the newest checkpoint of a run.")
