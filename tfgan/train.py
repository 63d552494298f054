"""Train a GAN: `python -m tfgan.train --loss=nonsat`."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tfgan
from tfgan import command
from tfgan import config as config_lib
from tfgan.config import Config, option

if TYPE_CHECKING:
    from tfgan.fitting import Ending
    from tfgan.run_dir import RunDir


@dataclasses.dataclass(frozen=True)
class TrainFlags(Config):
    """A run's config, and how to look at it."""

    dry_run: bool = option(False, "print the resolved config as JSON and stop", "Run", free=True)


def main(flags: TrainFlags) -> int:
    """Train, score and export what the flags describe; return the exit status."""
    with command.checking_input():
        config = config_lib.resolve(Config(**{field.name: getattr(flags, field.name) for field in dataclasses.fields(Config)}))
        if flags.dry_run:
            print(json.dumps(config_lib.to_dict(config), indent=2))
            return command.DONE
        command.load_tensorflow()
        from tfgan import build, checkup, cluster, scoring

        strategy = cluster.strategy(config)
        source = build.source(config)
        scoring.watched(source, config.metrics, config.keep_best)
        if config.patience is not None and not cluster.is_alone(strategy):
            raise ValueError("--patience: expected one worker, got several; leave it out")
        config = build.complete(config, source)
        if config.on_collapse == "rollback" and not cluster.is_alone(strategy):
            raise ValueError("--on_collapse: rollback expected one process, got several workers; use stop")
        with strategy.scope():
            gan = build.gan(config, source)
        folder, start = _opened(gan, source, config, strategy)
        if attempt := int(gan.state.attempt.numpy()):
            gan, start = checkup.restored(source, config, strategy, attempt)
    failures = contextlib.ExitStack()
    failures.enter_context(_naming_failed_writes(config, strategy))
    failures.enter_context(_naming_lost_workers(config, cluster.is_alone(strategy)))
    with contextlib.closing(folder) if folder else contextlib.nullcontext(), failures:
        if start < config.steps and not _has_ended(config, source, start):
            _say(f"{config.run_dir}: {f'continuing at step {start}' if start else 'training'}, to step {config.steps}")
            if gan.talks and folder:
                _say("Replicas exchange batch statistics inside of the step, which therefore runs without XLA (--nosync_batch_norm).")
            gan, status = _train(gan, source, config, folder, start, strategy)
            if status is not None:
                return status
        if folder:
            _finish(gan, source, config, folder)
        cluster.any_worker(strategy, 0)  # no worker leaves before the chief is done
        cluster.be_patient()
    return command.DONE


def _opened(gan, source, config: Config, strategy) -> tuple[RunDir | None, int]:
    """Return the run folder, None where another worker writes it, and the step to start at, having loaded it.

    Raises:
        ValueError: a folder that cannot be used, or workers that differ.
    """
    from tfgan import build, cluster, run_dir

    facts = build.facts(source)
    shared = {name: value for name, value in config_lib.to_dict(config).items() if name != "data_dir"}
    cluster.agree(strategy, "the flags, the data, the code or its libraries", [shared, facts, _code()])
    folder, refusal = None, None
    if cluster.is_chief(strategy):
        try:
            folder = run_dir.RunDir(config.run_dir, config, facts)
        except (ValueError, OSError) as error:
            refusal = error
    refused = cluster.any_worker(strategy, refusal is not None)
    if refusal:
        raise refusal
    if refused:
        raise ValueError(f"--run_dir: the chief cannot use {config.run_dir}; its own message says why")
    start = run_dir.restore(config.run_dir, gan)
    cluster.agree(strategy, f"--run_dir: {config.run_dir} must lie where all workers see it: the checkpoint that was read", start)
    return folder, start


def _code() -> dict[str, str]:
    """Return what tells one state of this package and its libraries from another."""
    import keras
    import tensorflow as tf

    sources = sorted(Path(tfgan.__file__).parent.rglob("*.py"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
    return {"tfgan": f"{tfgan.__version__} {digest}", "keras": keras.__version__, "tensorflow": tf.__version__}


def _train(gan, source, config: Config, folder: RunDir | None, start: int, strategy) -> tuple[Any, int | None]:
    """Train from step `start`, and after a collapse from before it where the flags ask for that.

    Returns:
        The model, and the exit status if the run ends before its last step.
    """
    from tfgan import callbacks, checkup, cluster, fitting

    alone = cluster.is_alone(strategy)
    limit = callbacks.StopAfter(config.max_minutes, at_once=alone)
    with callbacks.StopOnSignal(at_once=alone) as interrupted:
        ending = fitting.fit(gan, source, config, folder, start, strategy, [limit, interrupted])
        while checkup.may_go_back(gan, config, ending.verdict) and not (limit.expired or interrupted.received):
            gan, start, line = checkup.go_back(gan, source, config, strategy, ending.verdict, ending.first_sign)
            _say(f"{config.run_dir}: {line}")
            ending = fitting.fit(gan, source, config, folder, start, strategy, [limit, interrupted])
    return gan, _status(gan, config, folder, strategy, ending, interrupted.received or ending.signal)


def _status(gan, config: Config, folder: RunDir | None, strategy, ending: Ending, signal: int | None) -> int | None:
    """Save and say how a run ended before its last step, and return the exit status; None for a run that is finished."""
    from tfgan import checkup, cluster

    step, last_good = int(gan.state.step.numpy()), _last_good(Path(config.run_dir))
    stopped, why = f"{config.run_dir}: stopped at step {step}", (ending.verdict.name.replace("_", " ") if ending.verdict else "")
    if checkup.may_go_back(gan, config, ending.verdict):
        _say(f"{stopped}, to be taken back: {why}. {last_good} The same command continues.")
        return 128 + signal if signal else command.DONE
    if not bool(gan.state.finite.numpy()):
        _say(f"{stopped}: NaN or infinite: {', '.join(ending.tags) or 'a loss or gradient norm'}. {last_good}")
        _say("Lower --g_lr and --d_lr, or add --penalty=r1 (a Wasserstein loss needs --penalty=wgan_gp).")
        return command.DIVERGED
    if ending.collapsed:
        _say(f"{stopped}: {why or 'the chief says why'}. {last_good} Other flags need another --run_dir.")
        return command.DIVERGED
    if step == config.steps:
        return None
    if folder:
        folder.save(gan, config.keep_checkpoints)
    if ending.exhausted:
        _say(f"{config.run_dir}: ended at step {step} of {config.steps}: no better {config.keep_best} in {config.patience} scores")
        return None
    cluster.any_worker(strategy, 0)
    _say(f"{stopped} of {config.steps} and saved; the same command continues it")
    return 128 + signal if signal else command.DONE


@contextlib.contextmanager
def _naming_lost_workers(config: Config, alone: bool) -> Iterator[None]:
    """Say in a line that another worker was lost, and end with status 1."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        if alone or "ollective" not in str(error):
            raise
        _say(f"{config.run_dir}: a worker was lost ({str(error).splitlines()[0]}). Start the same command on all workers to continue.")
        sys.stderr.flush()
        os._exit(command.FAILED)  # TensorFlow's own threads wait for the lost one


@contextlib.contextmanager
def _naming_failed_writes(config: Config, strategy) -> Iterator[None]:
    """Say in a line that a file could not be written, as on a full disk, and end with status 1."""
    import tensorflow as tf

    from tfgan import cluster

    try:
        yield
    except (OSError, tf.errors.ResourceExhaustedError) as error:
        reason = " ".join(str(error).split())
        _say(f"{config.run_dir}: {reason}. {_last_good(Path(config.run_dir))} Once that is mended, the same command continues.")
        sys.stderr.flush()
        if not cluster.is_alone(strategy):
            os._exit(command.FAILED)  # the others wait for this one, and it for them
        sys.exit(command.FAILED)


def _finish(gan, source, config: Config, folder: RunDir) -> None:
    """Score and export a finished run, unless that was done, and print the result."""
    from tfgan import _files, export, sampling, scoring
    from tfgan.callbacks import history

    step = int(gan.state.step.numpy())
    file = folder.path / "evaluation.json"
    evaluation = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    past = history.evaluations(folder.path / "metrics.jsonl")
    names, watched = scoring.watched(source, config.metrics, config.keep_best)
    figures = scoring.figures(names)
    missing = config.metrics and not set(figures) <= set(evaluation.get("figures", {}))
    if evaluation.get("step") != step or missing:
        scores = scoring.judge(source, names)(sampling.from_gan(gan, source.scale))
        evaluation = {"step": step, "scores": scores, "figures": figures} | ({"best": watched.best(past)} if watched else {})
    if not evaluation.get("finished"):
        evaluation["finished"] = True
        _files.write_json(file, evaluation)
    if len(past) > 1:
        best = evaluation.get("best") or {}
        _say(history.table(past, list(figures), best.get("step")))
    print(json.dumps(evaluation, indent=2))
    if config.export:
        target = Path(config.export_dir) / folder.path.name
        if not (target / str(step)).exists():
            record = {
                "config": config_lib.to_dict(config),
                "scores": evaluation["scores"],
                "num_classes": source.num_classes,
                "class_names": source.class_names and list(source.class_names),
            }
            export.save(gan, target, scale=source.scale, record=record)
        print(f"SavedModel: {target / str(step)}")
    print(f"run folder: {folder.path}   (tensorboard --logdir {folder.path.parent})")


def _has_ended(config: Config, source, step: int) -> bool:
    """Return whether a run that was read at `step` ended there early, for want of improvement."""
    from tfgan import scoring
    from tfgan.callbacks import history

    _, watched = scoring.watched(source, config.metrics, config.keep_best, config.patience)
    past = [one for one in history.evaluations(Path(config.run_dir) / "metrics.jsonl") if one["step"] <= step]
    return watched is not None and bool(past) and watched.is_exhausted(past)


def _last_good(path: Path) -> str:
    from tfgan import run_dir

    kept = run_dir.checkpoints(path)
    return f"The last good checkpoint is {kept[0]}." if kept else "There was no checkpoint yet."


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _listings() -> str:
    from tfgan import augment, data, losses, networks, penalties

    registries = (losses.objectives, penalties.penalties, data.datasets, networks.networks, augment.augmentations)
    listings = [registry.listing(without=config_lib.LEFT_TO_THE_RUN) for registry in registries]
    return "\n\n".join([*listings, config_lib.recipe_listing()])


if __name__ == "__main__":
    command.run(main, TrainFlags, "Train a generative adversarial network, watch it, score it and export it.", _listings)
