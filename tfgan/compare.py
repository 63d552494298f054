"""Compare methods and objectives over seeds and data: `python -m tfgan.compare --losses=nonsat,hinge --seeds=3 --out=study`."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tfgan
from tfgan.cli import command
from tfgan.core import backend
from tfgan.core.options import FilePath, NonNegativeInt, PositiveInt
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config, option

if TYPE_CHECKING:
    from tfgan.comparison.report import Report
    from tfgan.comparison.study import Study

GRID = 64  # real images in a picture
HIDDEN = "-1"  # CUDA_VISIBLE_DEVICES without a device


@dataclasses.dataclass(frozen=True)
class CompareFlags(Config):
    """Flags of a comparison: the varied settings, and all flags of tfgan.train, which the runs share."""

    methods: tuple[str, ...] = option(
        (),
        "methods to compare, comma-separated (gan,mmd,flow:steps=4; default: --method); gan stands for all losses and penalties",
        "Comparison",
    )
    method_steps: tuple[str, ...] = option(
        (),
        "steps of each of --methods, comma-separated, to give them equal time (default: --steps, equal examples)",
        "Comparison",
    )
    losses: tuple[str, ...] = option(
        (), "losses to compare, comma-separated; the first is the reference (default: --loss)", "Comparison"
    )
    penalties: tuple[str, ...] = option(
        (),
        "penalties to combine with each loss: none, one, or several joined by + (none,r1,r1+r2; default: --penalty)",
        "Comparison",
    )
    datasets: tuple[str, ...] = option(
        (), "data sets to train on, comma-separated (default: --dataset)", "Comparison"
    )
    seeds: PositiveInt = option(3, "number of seeds, counted from --seed", "Comparison")
    out: FilePath = option(
        "study", "folder for the study: runs, report.html, report.md, results.csv, tensorboard/", "Comparison"
    )
    workers: PositiveInt | None = option(
        None, "number of parallel runs, which share the cores (default: one per GPU or core)", "Comparison"
    )
    cell: NonNegativeInt | None = option(
        None, "train only the run with this number, without a report, as one job of a job array", "Comparison"
    )
    list: bool = option(False, "print the number and state of each run and stop", "Comparison")
    report: bool = option(False, "write the report on the finished runs and stop", "Comparison")
    dry_run: bool = option(False, "print the command of each run and stop", "Comparison")


def main(flags: CompareFlags) -> int:
    """Train the missing runs and write the report; return the exit status."""
    environment = dict(os.environ)
    with command.checking_input():
        made = _build_study(flags)
        from tfgan.comparison import running, study

        cells = made.cells
        if flags.cell is not None and flags.cell >= len(cells):
            raise ValueError(f"--cell: expected a number from 0 to {len(cells) - 1}, got {flags.cell}")
        chosen = cells if flags.cell is None else [cells[flags.cell]]
        if flags.dry_run or flags.list:
            for cell in chosen:
                line = (
                    shlex.join(running.build_command(made, cell))
                    if flags.dry_run
                    else f"{cell.name}  {running.read_outcome(made, cell).state}"
                )
                print(line if flags.dry_run else f"{cells.index(cell):>4}  {line}")
            return command.DONE
        backend.check()
        study.claim(made)
    runner = running.Runner(made, flags.workers, environment, _say)
    if not flags.report:
        with command.checking_input():
            runner.run(chosen)
    if runner.received is not None:
        _say(f"{made.folder}: stopped and saved; the same command continues, --report only writes the report")
        return 128 + runner.received
    outcomes = [running.read_outcome(made, cell) for cell in chosen]
    if flags.cell is None:
        with command.checking_input():
            _write_report(made, _format_command(flags))
    missing = [one for one in outcomes if not one.is_result]
    if flags.cell is not None and missing and (missing[0].status or 0) > 0:
        return missing[0].status
    return command.FAILED if missing and not flags.report else command.DONE


def _build_study(flags: CompareFlags) -> Study:
    """Return the study of the flags after a check.

    The check opens the data only where conditions, classes or metrics depend on them.

    Raises:
        ValueError: flags are wrong, or do not go together.
    """
    from tfgan.comparison import study

    if flags.run_dir is not None:
        raise ValueError(f"--run_dir: expected --out, which holds one folder per run, got {flags.run_dir!r}")
    base = Config(**{field.name: getattr(flags, field.name) for field in dataclasses.fields(Config)})
    penalties = study.split_names("penalties", flags.penalties) or (
        "+".join(_drop_canceled(base.penalty)) or "none",
    )
    datasets = study.split_names("datasets", flags.datasets) or (base.dataset,)
    chosen = study.split_names("methods", flags.methods) or (base.method,)
    for flag in ("losses", "penalties"):
        if study.GAN not in chosen and getattr(flags, flag):
            raise ValueError(f"--{flag}: expected gan among --methods, got {', '.join(chosen)}; leave it out")
    names = study.split_names("metrics", flags.metrics)
    made = study.Study(
        Path(flags.out),
        study.split_names("losses", flags.losses) or (base.loss,),
        penalties,
        datasets,
        tuple(range(base.seed, base.seed + flags.seeds)),
        dataclasses.replace(base, metrics=(), export=False),
        {dataset: names for dataset in datasets} if names else {},
        chosen,
        study.split_steps(flags.method_steps, chosen),
    )
    study.check(made)
    several = names and len(datasets) > 1
    runs = not (flags.report or flags.list or flags.dry_run)
    if several or (names and runs) or base.condition != "none" or base.task == "classify":
        sources = _open_sources(made)
        made = dataclasses.replace(made, metrics=_select_metrics(sources, names)) if several else made
        if runs:
            _rehearse(sources, made.metrics)
    return made


def _drop_canceled(penalties: tuple[str, ...]) -> tuple[str, ...]:
    """Return the penalties after the last "none", which cancels the earlier ones."""
    last = max((index for index, spec in enumerate(penalties) if spec == "none"), default=-1)
    return penalties[last + 1 :]


def _open_sources(made: Study) -> dict[str, Any]:
    """Open each data set; raise `ValueError` for a data set that does not suit the flags."""
    os.environ["CUDA_VISIBLE_DEVICES"] = HIDDEN  # this process only reads data; the runs use the GPUs
    command.load_tensorflow()
    from tfgan.runs import build

    first = {cell.dataset: cell for cell in reversed(made.cells)}
    return {
        dataset: build.open_source(config_lib.resolve(made.config(first[dataset])))
        for dataset in made.datasets
    }


def _rehearse(sources: Mapping[str, Any], metrics: Mapping[str, tuple[str, ...]]) -> None:
    """Raise `ValueError` now for metrics that each run would refuse."""
    from tfgan.evaluation import scorer

    for dataset, names in metrics.items():
        scorer.rehearse(sources[dataset].whole, names)


def _select_metrics(sources: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the metrics that suit each data set; raise `ValueError` for a metric that suits none."""
    from tfgan.evaluation import scorer

    suited = {
        dataset: tuple(name for name in names if scorer.fits(name, source))
        for dataset, source in sources.items()
    }
    if unused := [name for name in names if not any(name in own for own in suited.values())]:
        raise ValueError(
            f"--metrics: expected metrics that suit one of {', '.join(sources)}, got {', '.join(unused)}"
        )
    return suited


def _write_report(made: Study, text: str) -> None:
    """Write the report as CSV, Markdown and HTML, and for TensorBoard."""
    from tfgan.comparison import markdown, page, report, results
    from tfgan.core import files

    written = report.build_report(made, results.read_runs(made))
    os.environ["CUDA_VISIBLE_DEVICES"] = HIDDEN
    command.load_tensorflow()
    _write_hparams(written)
    for name, content in (
        ("results.csv", results.to_csv(written.runs)),
        ("report.md", markdown.render_page(written, text)),
        ("report.html", page.render_page(written, text, _draw_real_pictures(made))),
    ):
        files.write_bytes(made.folder / name, content.encode())
    states = ", ".join(f"{count} {state}" for state, count in written.states.items())
    print(f"{len(written.runs)} runs: {states}")
    print(f"report: {made.folder / 'report.html'}   (tensorboard --logdir {made.folder / 'tensorboard'})")


def _write_hparams(written: Report) -> None:
    """Write the varied settings and the last scores of each run for TensorBoard's HParams tab."""
    import tensorflow as tf
    from tensorboard.plugins.hparams import api

    from tfgan import callbacks

    folder = written.study.folder / "tensorboard"
    shutil.rmtree(folder, ignore_errors=True)
    figures = list(dict.fromkeys(figure.name for board in written.boards for figure in board.figures))
    writer = tf.summary.create_file_writer(str(folder))
    with contextlib.closing(writer), writer.as_default(0):
        varied = [api.HParam(name) for name in ("dataset", "method", "loss", "penalty", "seed")]
        api.hparams_config(
            hparams=varied, metrics=[api.Metric(f"score/{name}", display_name=name) for name in figures]
        )
    for run in written.runs:
        cell = run.cell
        with contextlib.closing(callbacks.EventLog(folder / cell.name)) as events:
            events.hparams(
                {
                    "dataset": cell.dataset,
                    "method": cell.contender.method,
                    "loss": cell.contender.loss,
                    "penalty": cell.contender.penalty,
                    "seed": cell.seed,
                }
            )
            scores = {f"score/{name}": value for name in figures if (value := run.score(name)) is not None}
            events.scalars(run.step or 0, scores)


def _draw_real_pictures(made: Study) -> dict[str, Path]:
    """Return a picture of real images by data set, drawn once.

    Pictures of points already show the real points, so such data sets get no picture of their own.
    """
    from tfgan.comparison import study
    from tfgan.core import files, images
    from tfgan.runs import build
    from tfgan.runs import config as config_lib

    drawn = {}
    for dataset in made.datasets:
        cell = next(cell for cell in made.cells if cell.dataset == dataset)
        file = made.folder / "real" / f"{study.slugify(dataset)}.png"
        with contextlib.suppress(ValueError, OSError):  # the data may have moved
            if not file.exists():
                source = build.open_source(config_lib.resolve(made.config(cell)))
                if source.kind.preview_shows_reals:
                    continue
                files.write_bytes(
                    file, images.encode_png(source.kind.preview(source.kind.decode(source.held_out(GRID)[0])))
                )
        if file.exists():
            drawn[dataset] = file
    return drawn


def _format_command(flags: CompareFlags) -> str:
    """Return the command line of this study."""
    from tfgan.comparison import study

    once = {field: None for field in ("cell", "workers")} | {"report": False}
    return shlex.join(["python", "-m", "tfgan.compare", *study.to_flags(dataclasses.replace(flags, **once))])


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _format_listings() -> str:
    from tfgan import data, losses, methods, metrics, penalties

    registries = (methods.methods, losses.objectives, penalties.penalties, data.datasets, metrics.metrics)
    return "\n\n".join(registry.listing(without=config_lib.LEFT_TO_THE_RUN) for registry in registries)


if __name__ == "__main__":
    command.run(
        main,
        CompareFlags,
        f"Compare objectives over seeds and data (tfgan {tfgan.__version__}).",
        _format_listings,
    )
