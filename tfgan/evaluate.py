"""Score a trained model: `python -m tfgan.evaluate --run_dir=...`."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

from tfgan.cli import command
from tfgan.core.options import FilePath, PositiveInt
from tfgan.runs import config as config_lib
from tfgan.runs.config import option
from tfgan.runs.data_form import DataForm


@dataclasses.dataclass(frozen=True)
class EvaluateFlags(DataForm):
    """Flags of tfgan.evaluate: the model, the data and the metrics."""

    run_dir: FilePath | None = option(
        None,
        "run folder, or a checkpoint in one; the result is also written to evaluation.json there",
        "Model",
    )
    saved_model: FilePath | None = option(
        None, "exported model, <name>/<version>, or <name> for its newest version", "Model"
    )
    samples: FilePath | None = option(
        None,
        "file of samples to score against --dataset, whoever made them, such as synthetic.csv",
        "Model",
    )
    ema: str | None = option(
        None,
        "lengths of averages of G to score, such as 0.02,0.05,0.1, of a run with --post_hoc_ema; export_model takes the best",
        "Model",
    )
    metrics: tuple[str, ...] = option(
        (),
        "metrics, repeatable or comma-separated, such as kid_2k/fashion_cnn (default: set by the data)",
        "Scores",
    )
    num_samples: PositiveInt | None = option(
        None,
        "number of samples for metrics without a number in their name (default: set by the metric)",
        "Scores",
    )
    dataset: str | None = option(
        None, "data set, if its files have moved, such as npz:NEW_PATH (default: the training data)", "Scores"
    )
    data_dir: FilePath | None = option(None, "folder of the data set's files", "Scores")


def main(flags: EvaluateFlags) -> int:
    """Score a model and print the scores as JSON; return the exit status."""
    with command.checking_input():
        if sum(given is not None for given in (flags.saved_model, flags.run_dir, flags.samples)) != 1:
            raise ValueError("--run_dir: expected it, --saved_model or --samples, and one of the three alone")
        if flags.samples and flags.dataset is None:
            raise ValueError("--dataset: expected the data set that --samples are scored against, got none")
        if flags.ema is not None and flags.run_dir is None:
            raise ValueError("--ema: expected --run_dir beside it, got --saved_model, which has one average")
        from tfgan import metrics
        from tfgan.core import power_ema

        lengths = power_ema.parse_lengths(flags.ema) if flags.ema is not None else []
        names = list(metrics.naming.split(flags.metrics)) or None
        for name in names or ():
            metrics.parse(name)
        command.load_tensorflow()
        from tfgan.core import files
        from tfgan.evaluation import sampler as sampler_lib
        from tfgan.evaluation import scorer
        from tfgan.runs import build, post_hoc

        if flags.run_dir:
            config, source, gan = build.open_run(flags.run_dir, flags.data_dir, flags.dataset)
            sampler, step = sampler_lib.from_gan(gan, source.kind), int(gan.state.step.numpy())
        elif flags.samples:
            source, step = _open_source(flags, {"config": None}), None
            sampler = sampler_lib.from_file(flags.samples, source.kind)
        else:
            sampler, record = sampler_lib.from_saved_model(flags.saved_model)
            source, step = _open_source(flags, record), record["step"]
        if source.note:
            print(f"{source.name}: {source.note}", file=sys.stderr)
        names = scorer.suitable_metrics(source) if names is None else names
        if lengths:
            names, ranked = post_hoc.select_figures(names, config.keep_best, flags.num_samples)
            averages = post_hoc.reconstruct(flags.run_dir, gan, lengths)
        scorer.rehearse(source.whole, names, flags.num_samples, sampler.labels)
        score = scorer.build_sampler_scorer(source, names, flags.num_samples)
        result = {"step": step, "scores": score(sampler), "biases": scorer.describe_biases(names)}
        result["figures"] = scorer.describe_figures(names, flags.num_samples)
        if lengths:
            result["ema"] = post_hoc.score_averages(gan, source, averages, score, result["scores"], ranked)
            print(post_hoc.format_rows(result["ema"], list(result["figures"])), file=sys.stderr)
        print(json.dumps(result, indent=2), flush=True)  # print before writing: the disk may be full
        if flags.run_dir and Path(flags.run_dir).is_dir():
            file = Path(flags.run_dir) / "evaluation.json"
            before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
            kept = ("best", "finished", *(["ema"] if before.get("step") == step else []))
            files.write_json(
                file, result | {key: before[key] for key in kept if key in before.keys() - result}
            )
    return command.DONE


def _open_source(flags: EvaluateFlags, record):
    """Open the data against which an exported model is scored.

    Raises:
        ValueError: no data set is named, its files are missing, or the shape of its examples is not the
            model's.
    """
    from tfgan.runs import build

    config = record.get("config")
    if config is None and flags.dataset is None:
        raise ValueError("--dataset: expected a data set, got none, and the exported model names none")
    config = config_lib.from_dict(config) if config else config_lib.resolve(config_lib.Config())
    own = {
        "dataset": flags.dataset or config.dataset,
        "data_dir": flags.data_dir or config.data_dir,
        "batch_size": 1,
        **flags.given(),
    }
    try:
        source = build.open_source(dataclasses.replace(config, **own))
    except ValueError as error:
        if flags.dataset is None and config.dataset.startswith(("npz:", "folder:")):
            raise ValueError(f"{error}; an exported model records no data folder: set --dataset") from None
        raise
    if (shape := tuple(record.get("shape", source.shape))) != tuple(source.shape):
        raise ValueError(
            f"--dataset: expected examples of shape {shape} for this model, got {tuple(source.shape)}"
        )
    return source


def format_listings() -> str:
    """Return the listings of metrics and of feature extractors."""
    from tfgan import features, metrics

    return f"{metrics.metrics.listing()}\n\n{features.extractors.listing('Features, after a / in the name of a metric:')}"


if __name__ == "__main__":
    command.run(main, EvaluateFlags, "Score a run or an exported model.", format_listings)
