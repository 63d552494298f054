"""Write a SavedModel from a run: `python -m tfgan.export_model --run_dir=...`."""

from __future__ import annotations

import dataclasses
import json

from tfgan.cli import command
from tfgan.core.options import FilePath
from tfgan.runs.config import option


@dataclasses.dataclass(frozen=True)
class ExportFlags:
    """Which run to export, and where to."""

    run_dir: FilePath | None = option(None, "run folder, or a checkpoint in one", "Model")
    export_dir: FilePath = option(
        "saved_models", "folder for SavedModels, written to <run>/<step>/", "Export"
    )
    data_dir: FilePath | None = option(None, "ignored: config.json describes the data", "Export")


def main(flags: ExportFlags) -> int:
    """Export the newest checkpoint of a run, or the one that is named."""
    with command.checking_input():
        if flags.run_dir is None:
            raise ValueError("--run_dir: expected a run folder, got none")
        command.load_tensorflow()
        from tfgan.runs import build, publish
        from tfgan.runs import folder as folders

        config, source, gan = build.open_run(flags.run_dir, opening=False)
        folder = folders.folder_of(flags.run_dir)
        file = folder / "evaluation.json"
        evaluation = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        same_step = evaluation.get("step") == int(gan.state.step.numpy())
        config = dataclasses.replace(config, export_dir=flags.export_dir)
        publish.publish(gan, source, config, folder, evaluation["scores"] if same_step else None)
    return command.DONE


if __name__ == "__main__":
    command.run(main, ExportFlags, "Write a SavedModel from the newest checkpoint of a run.")
