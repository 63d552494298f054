"""Write a SavedModel from a run: `python -m tfgan.export_model --run_dir=...`."""

from __future__ import annotations

import dataclasses
import json

from tfgan.cli import command
from tfgan.core import power_ema
from tfgan.core.options import FilePath
from tfgan.runs.config import option


@dataclasses.dataclass(frozen=True)
class ExportFlags:
    """Which run to export, and where to."""

    run_dir: FilePath | None = option(None, "run folder, or a checkpoint in one", "Model")
    export_dir: FilePath = option(
        "saved_models", "folder for SavedModels, written to <run>/<step>/", "Export"
    )
    ema: str | None = option(
        None,
        "length of the average of G, such as 0.05, or best: the best that evaluate --ema scored (default: the run's own)",
        "Model",
    )
    data_dir: FilePath | None = option(None, "ignored: config.json describes the data", "Export")


def main(flags: ExportFlags) -> int:
    """Export the newest checkpoint of a run, or the one that is named."""
    with command.checking_input():
        if flags.run_dir is None:
            raise ValueError("--run_dir: expected a run folder, got none")
        if flags.ema not in (None, "best"):
            _parse_length(flags.ema)
        command.load_tensorflow()
        from tfgan.runs import build, post_hoc, publish
        from tfgan.runs import folder as folders

        config, source, gan = build.open_run(flags.run_dir, opening=False)
        folder = folders.folder_of(flags.run_dir)
        file = folder / "evaluation.json"
        evaluation = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        same_step = evaluation.get("step") == int(gan.state.step.numpy())
        config = dataclasses.replace(config, export_dir=flags.export_dir)
        scores, ema = evaluation["scores"] if same_step else None, None
        if flags.ema is not None:
            scored = evaluation.get("ema") if same_step else None
            length = post_hoc.find_best(scored, flags.run_dir) if flags.ema == "best" else float(flags.ema)
            if length is not None:
                scores, ema = post_hoc.use_average(flags.run_dir, gan, length, scored)
        publish.publish(gan, source, config, folder, scores, ema)
    return command.DONE


def _parse_length(text: str) -> float:
    """Return the length that --ema names; raise `ValueError` for anything but one length."""
    try:
        (length,) = power_ema.parse_lengths(text)
    except ValueError:
        raise ValueError(
            f"--ema: expected best, or one length above 0 and at most {power_ema.LONGEST:.4f}, got {text!r}"
        ) from None
    return length


if __name__ == "__main__":
    command.run(main, ExportFlags, "Write a SavedModel from the newest checkpoint of a run.")
