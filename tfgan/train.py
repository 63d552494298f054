"""Train a GAN: `python -m tfgan.train --loss=nonsat`."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tfgan
from tfgan import tracking
from tfgan.cli import command, recipes
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config, option

if TYPE_CHECKING:
    from tfgan.runs.fit import Ending
    from tfgan.runs.folder import RunDir


@dataclasses.dataclass(frozen=True)
class TrainFlags(Config):
    """Flags of tfgan.train: the config of a run, and a look at it before it begins."""

    dry_run: bool = option(
        False,
        "print the config as JSON, forecast time and memory from a few steps, and stop",
        "Run",
        free=True,
    )
    print_config: bool = option(False, "print the config as JSON and stop", "Run", free=True)


def main(flags: TrainFlags) -> int:
    """Train, score and export the model of the flags; return the exit status."""
    began = time.perf_counter()
    with command.checking_input():
        config = config_lib.resolve(
            Config(**{field.name: getattr(flags, field.name) for field in dataclasses.fields(Config)})
        )
        if flags.print_config:
            _print_config(config)
            return command.DONE
        tracking.check_installed(config.track)
        command.load_tensorflow()
        from tfgan.distributed import strategy as strategy_lib
        from tfgan.evaluation import scorer
        from tfgan.runs import build, fast_path, forecast, rollback
        from tfgan.runs import folder as folder_lib

        strategy = strategy_lib.build_strategy(config.strategy, config.replicas)
        config_lib.check_sizes(config, strategy.num_replicas_in_sync)
        config_lib.check_shares(config, strategy.num_replicas_in_sync)
        source = build.source_of_run(config)
        if source.note:
            _say(f"{source.name}: {source.note}")
        scorer.select_monitor(source, config.metrics, config.keep_best)
        if config.patience is not None and not strategy_lib.is_alone(strategy):
            raise ValueError("--patience: expected one worker, got several; drop --patience")
        config, machine = build.fill_network(config, source), fast_path.this_machine()
        config = fast_path.choose(config, source.shape, machine, folder_lib.find_config(config.run_dir))
        if warning := fast_path.slow_bfloat16(config, machine):
            _say(f"warning: {warning}")
        if config.on_collapse == "rollback" and not strategy_lib.is_alone(strategy):
            raise ValueError("--on_collapse: expected one worker for rollback, got several; use stop")
        with strategy.scope():
            gan = build.build_gan(config, source)
        path = fast_path.describe(config, source.shape, machine, compiled=config.xla and not gan.needs_sync)
        if flags.dry_run:
            _rehearse(gan, source, config)
            _print_config(config)
            _say(forecast.forecast(gan, source, config, strategy, machine, began))
            return command.DONE
        folder, start = _open_folder(gan, source, config, strategy)
        if attempt := int(gan.state.attempt.numpy()):
            gan, start = rollback.restore_attempt(source, config, strategy, attempt)
    failures = contextlib.ExitStack()
    failures.enter_context(_naming_failed_writes(config, strategy))
    failures.enter_context(_naming_lost_workers(config, strategy_lib.is_alone(strategy)))
    failures.enter_context(_naming_unreadable_data(config))
    with (
        contextlib.closing(folder) if folder else contextlib.nullcontext(),
        failures,
        _tracking(config, folder) as replays,
    ):
        if start < config.steps and not _has_ended(config, source, start):
            begins = f"continuing at step {start}" if start else "training"
            _say(f"{config.run_dir}: {begins}, to step {config.steps} ({path})")
            if gan.needs_sync and folder:
                _say(
                    "The step runs without XLA: replicas exchange batch statistics in it (--nosync_batch_norm)."
                )
            gan, status = _train(gan, source, config, folder, start, strategy, replays)
            if status is not None:
                return status
        lost = _finish(gan, source, config, folder) if folder else []
        strategy_lib.any_worker(strategy, 0)  # all workers wait until the chief is done
        strategy_lib.be_patient()
    return command.FAILED if lost else command.DONE


def _print_config(config: Config) -> None:
    print(json.dumps(config_lib.to_dict(config), indent=2))


def _open_folder(gan, source, config: Config, strategy) -> tuple[RunDir | None, int]:
    """Open the run folder and load its newest checkpoint into `gan`.

    Returns:
        The run folder (None on a worker that is not the chief), and the step at which training starts.

    Raises:
        ValueError: the folder cannot be used, a metric cannot be computed, or the workers differ.
    """
    from tfgan.distributed import strategy as strategy_lib
    from tfgan.runs import build
    from tfgan.runs import folder as folder_lib

    has_begun = (Path(config.run_dir) / "config.json").exists()
    facts = build.data_facts(source, folder_lib.read_config(config.run_dir)["data"] if has_begun else None)
    shared = {name: value for name, value in config_lib.to_dict(config).items() if name != "data_dir"}
    strategy_lib.agree(
        strategy, "the flags, the data, the code or its libraries", [shared, facts, _collect_versions()]
    )
    folder, refusal = None, None
    if strategy_lib.is_chief(strategy):
        try:
            _rehearse(gan, source, config)
            folder = folder_lib.RunDir(config.run_dir, config, facts)
        except (ValueError, OSError) as error:
            refusal = error
    refused = strategy_lib.any_worker(strategy, refusal is not None)
    if refusal:
        raise refusal
    if refused:
        raise ValueError(f"--run_dir: the chief cannot train in {config.run_dir}; see the chief's message")
    start = folder_lib.restore(config.run_dir, gan)
    strategy_lib.agree(strategy, f"--run_dir: all workers must see {config.run_dir}: the checkpoint", start)
    return folder, start


def _rehearse(gan, source, config: Config) -> None:
    """Raise before the run folder exists if a run that has steps left could not compute its metrics."""
    from tfgan.evaluation import sampler, scorer
    from tfgan.runs import folder as folder_lib

    kept = folder_lib.list_checkpoints(config.run_dir)
    if kept and folder_lib.step_of(kept[0]) >= config.steps:
        return
    names, _ = scorer.select_monitor(source, config.metrics, config.keep_best)
    scorer.rehearse(source.whole, names, labels=sampler.from_gan(gan, source.kind).labels)


def _collect_versions() -> dict[str, str]:
    """Return the versions of this package, with a hash of its source, and of its libraries."""
    import keras
    import tensorflow as tf

    sources = sorted(Path(tfgan.__file__).parent.rglob("*.py"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
    return {
        "tfgan": f"{tfgan.__version__} {digest}",
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }


@contextlib.contextmanager
def _tracking(config: Config, folder: RunDir | None) -> Iterator[list[Any]]:
    """Yield the `Replay`s that copy the records into trackers; close the trackers' runs at the end."""
    from tfgan.runs import fit

    with contextlib.ExitStack() as stack:
        if not (folder and config.track):
            yield []
            return
        from tfgan.tracking.replay import Replay

        values = fit.hyperparameters(config)
        yield [
            stack.enter_context(
                contextlib.closing(Replay(folder.path, name, tracking.trackers.load(name), values))
            )
            for name in dict.fromkeys(config.track)
        ]


def _train(
    gan, source, config: Config, folder: RunDir | None, start: int, strategy, replays
) -> tuple[Any, int | None]:
    """Train from step `start`; after a collapse, roll back to an earlier step if the flags ask for it.

    Returns:
        The model, and the exit status if the run ends before its last step.
    """
    from tfgan import callbacks
    from tfgan.distributed import strategy as strategy_lib
    from tfgan.runs import build, fit, rollback
    from tfgan.runs import folder as folder_lib

    alone = strategy_lib.is_alone(strategy)
    limit = callbacks.StopAfter(config.max_minutes, at_once=alone)
    with callbacks.StopOnSignal(at_once=alone) as interrupted:
        ending = fit.fit(gan, source, config, folder, start, strategy, [limit, interrupted], replays)
        while rollback.may_go_back(gan, config, ending.verdict) and not (
            limit.expired or interrupted.received
        ):
            gan, start, line = rollback.go_back(
                gan, source, config, strategy, ending.verdict, ending.first_sign
            )
            _say(f"{config.run_dir}: {line}")
            ending = fit.fit(gan, source, config, folder, start, strategy, [limit, interrupted], replays)
    if folder and (unreadable := getattr(source, "unreadable", ())):
        before = folder_lib.read_config(config.run_dir)["data"]
        folder.write_facts(
            build.data_facts(source, {"unreadable": {*unreadable, *before.get("unreadable", ())}})
        )
    return gan, _report_ending(gan, config, folder, strategy, ending, interrupted.received or ending.signal)


def _report_ending(
    gan, config: Config, folder: RunDir | None, strategy, ending: Ending, signal: int | None
) -> int | None:
    """Save and report a run that ended before its last step.

    Returns:
        The exit status, or None for a run that goes on to its scores and export.
    """
    from tfgan.distributed import strategy as strategy_lib
    from tfgan.runs import rollback

    step, last_good = int(gan.state.step.numpy()), _describe_last_good(Path(config.run_dir))
    if ending.unreadable:
        return _end_unreadable(gan, config, folder, strategy, ending.unreadable)
    stopped = f"{config.run_dir}: stopped at step {step}"
    why = ending.verdict.name.replace("_", " ") if ending.verdict else ""
    if rollback.may_go_back(gan, config, ending.verdict):
        _say(f"{stopped}, to be taken back: {why}. {last_good} The same command continues.")
        return 128 + signal if signal else command.DONE
    if not bool(gan.state.finite.numpy()):
        _say(
            f"{stopped}: NaN or infinite: {', '.join(ending.tags) or 'a loss or gradient norm'}. {last_good}"
        )
        _say(
            "Lower lr in --g_optimizer and --d_optimizer, or add --penalty=r1 (a Wasserstein loss needs --penalty=wgan_gp)."
        )
        return command.DIVERGED
    if ending.collapsed:
        _say(
            f"{stopped}: {why or 'see the message of the chief'}. {last_good} Change --run_dir to use other flags."
        )
        return command.DIVERGED
    if step == config.steps:
        return None
    if folder:
        folder.save(gan, config.keep_checkpoints)
    if ending.exhausted:
        _say(
            f"{config.run_dir}: ended at step {step} of {config.steps}: no better {config.keep_best} in {config.patience} scores"
        )
        return None
    strategy_lib.any_worker(strategy, 0)
    _say(f"{stopped} of {config.steps} and saved; the same command continues it")
    return 128 + signal if signal else command.DONE


def _end_unreadable(gan, config: Config, folder: RunDir | None, strategy, reason: str) -> int:
    """Save a run whose data have an unreadable example, name the example, and return the exit status."""
    from tfgan.distributed import strategy as strategy_lib

    step, saved = int(gan.state.step.numpy()), ""
    if not strategy_lib.is_alone(strategy):
        _say(
            f"{config.run_dir}: stopped at step {step} of {config.steps}: {reason}. {_describe_last_good(Path(config.run_dir))}"
        )
        sys.stderr.flush()
        os._exit(command.BAD_INPUT)  # a normal exit would block: the other workers wait for this one
    if folder and bool(gan.state.finite.numpy()):
        folder.save(gan, config.keep_checkpoints)
        saved = " and saved"
    _say(
        f"{config.run_dir}: stopped at step {step} of {config.steps}{saved}: {reason}. The same command then continues."
    )
    return command.BAD_INPUT


@contextlib.contextmanager
def _naming_unreadable_data(config: Config) -> Iterator[None]:
    """Report in one line an example that scores after training could not read; exit with status 2."""
    from tfgan.data.source import UnreadableExample

    try:
        yield
    except UnreadableExample as error:
        _say(
            f"{config.run_dir}: {error}. {_describe_last_good(Path(config.run_dir))} The same command then continues."
        )
        sys.exit(command.BAD_INPUT)


@contextlib.contextmanager
def _naming_lost_workers(config: Config, alone: bool) -> Iterator[None]:
    """Report the loss of another worker in one line, and exit with status 1."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        if alone or "ollective" not in str(error):
            raise
        _say(
            f"{config.run_dir}: a worker was lost ({str(error).splitlines()[0]}). Start the same command on all workers to continue."
        )
        sys.stderr.flush()
        os._exit(command.FAILED)  # a normal exit would block: TensorFlow's threads wait for the lost worker


@contextlib.contextmanager
def _naming_failed_writes(config: Config, strategy) -> Iterator[None]:
    """Report a failed write, for example on a full disk, in one line, and exit with status 1."""
    import tensorflow as tf

    from tfgan.distributed import strategy as strategy_lib

    try:
        yield
    except Exception as error:
        if not (
            isinstance(error, (OSError, tf.errors.ResourceExhaustedError)) or command.is_full_disk(error)
        ):
            raise
        reason, kept = command.to_one_line(error), _describe_last_good(Path(config.run_dir))
        _say(f"{config.run_dir}: {reason}. {kept} Once that is fixed, the same command continues.")
        sys.stderr.flush()
        if not strategy_lib.is_alone(strategy):
            os._exit(command.FAILED)  # a normal exit would block: the workers wait for each other
        sys.exit(command.FAILED)


def _finish(gan, source, config: Config, folder: RunDir) -> list[str]:
    """Score and export a finished run and print the result; return the metrics that could not be computed.

    Scores that `evaluation.json` already holds for this step are not computed again.
    """
    from tfgan.callbacks import evaluation_history
    from tfgan.core import files
    from tfgan.evaluation import sampler, scorer
    from tfgan.runs import fit, publish

    step = int(gan.state.step.numpy())
    file = folder.path / "evaluation.json"
    evaluation = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    past = evaluation_history.read_evaluations(folder.path / "metrics.jsonl")
    names, watched = scorer.select_monitor(source, config.metrics, config.keep_best)
    figures = scorer.describe_figures(names)
    missing = config.metrics and not set(figures) <= set(evaluation.get("figures", {}))
    is_old = evaluation.get("step") != step or missing
    # Metrics that failed during training get another try
    lost = [] if is_old else scorer.list_missing(names, evaluation)
    if is_old or lost:
        score = scorer.build_sampler_scorer(
            source,
            names if is_old else lost,
            on_failure=lambda name, error: _say(fit.score_failure_text(config.run_dir, step, name, error)),
        )
        scores = ({} if is_old else evaluation["scores"]) | score(sampler.from_gan(gan, source.kind))
        evaluation = {"step": step, "scores": scores, "figures": figures} | (
            {"best": watched.best(past)} if watched else {}
        )
    if not evaluation.get("finished"):
        evaluation["finished"] = True
        files.write_json(file, evaluation)
    if len(past) > 1:
        best = evaluation.get("best") or {}
        _say(evaluation_history.format_table(past, list(figures), best.get("step")))
    print(json.dumps(evaluation, indent=2))
    if config.export:
        publish.publish(gan, source, config, folder.path, evaluation["scores"])
    print(f"run folder: {folder.path}   (tensorboard --logdir {folder.path.parent})")
    if lost := scorer.list_missing(names, evaluation):
        _say(
            f"{config.run_dir}: trained, without the scores of {', '.join(lost)}: see above. The same command tries them again; "
            f"python -m tfgan.evaluate --run_dir={config.run_dir} --metrics=NAME computes other metrics."
        )
    return lost


def _has_ended(config: Config, source, step: int) -> bool:
    """Return whether a run that was loaded at `step` ended there early, because its score did not improve."""
    from tfgan.callbacks import evaluation_history
    from tfgan.evaluation import scorer

    _, watched = scorer.select_monitor(source, config.metrics, config.keep_best, config.patience)
    past = [
        one
        for one in evaluation_history.read_evaluations(Path(config.run_dir) / "metrics.jsonl")
        if one["step"] <= step
    ]
    return watched is not None and bool(past) and watched.is_exhausted(past)


def _describe_last_good(path: Path) -> str:
    from tfgan.runs import folder as folder_lib

    kept = folder_lib.list_checkpoints(path)
    return f"The last good checkpoint is {kept[0]}." if kept else "There was no checkpoint yet."


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _format_listings() -> str:
    from tfgan import augment, data, losses, methods, networks, penalties
    from tfgan.runs import optimizers

    registries = (
        methods.methods,
        losses.objectives,
        penalties.penalties,
        data.datasets,
        networks.networks,
        networks.discriminators,
        augment.augmentations,
        tracking.trackers,
    )
    listings = [registry.listing(without=config_lib.LEFT_TO_THE_RUN) for registry in registries]
    return "\n\n".join([*listings, optimizers.listing(), recipes.format_recipes()])


if __name__ == "__main__":
    command.run(
        main,
        TrainFlags,
        "Train a generative adversarial network, or a rival of it, watch it, score it and export it.",
        _format_listings,
    )
