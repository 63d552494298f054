"""Read and write a run folder: its lock, config, data facts and checkpoints."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfgan.core import files
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config

BEST = "best.keras"
# Facts that a resumed run must find in its data
TELL_APART = ("shape", "num_examples", "num_classes", "fingerprint")


class RunDir:
    """Hold a run folder: its lock, its config and its checkpoints.

    Layout: `config.json`, `metrics.jsonl`, `tensorboard/`, `samples/step_00001000.png`, `checkpoints/`,
    `evaluation.json`; with `--track`, `tracking/`; with `--post_hoc_ema`, `ema/`.

    Args:
        path: the folder; made when it is missing.
        config: of the run.
        facts: about the data, as `build.data_facts` returns them; a resumed run must share those that tell
            data apart.

    Raises:
        ValueError: the folder belongs to another config, or a process is writing to it.
        OSError: the folder cannot be written.
    """

    def __init__(self, path: str | os.PathLike, config: Config, facts: Mapping[str, Any]):
        self.path = files.expand_home(path)
        before = find_config(self.path)
        own = (
            {"run_id": secrets.token_hex(8)}
            if before is None
            else {name: before[name] for name in ("run_id",) if name in before}
        )
        record = {**config_lib.to_dict(config), **own, "data": dict(facts)}
        if before is not None:
            check_same(self.path, before, config, record["data"])
        elif self.path.is_dir() and any(entry.name != ".lock" for entry in self.path.iterdir()):
            raise ValueError(
                f"--run_dir: expected an empty folder or a run, got {self.path} with other files in it"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.path / ".lock")
        files.remove_scratch(self.path)
        for inner in (self.checkpoints, self.path / "ema"):
            if inner.is_dir():
                files.remove_scratch(inner)
        files.write_json(self.path / "config.json", record)

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Replace the facts about the data in `config.json`."""
        files.write_json(self.path / "config.json", {**read_config(self.path), "data": dict(facts)})

    def save(self, gan, keep: int) -> Path:
        """Write a checkpoint of the whole training state, and delete all but the newest `keep`."""
        path = self.checkpoints / f"step_{int(gan.state.step.numpy()):08d}.keras"
        with files.atomic(path) as aside:
            gan.save(aside)
        for old in list_checkpoints(self.path)[keep:]:
            old.unlink()
        return path

    def save_best(self, gan) -> Path:
        """Write the best checkpoint beside the others; it replaces the best one so far."""
        path = self.checkpoints / BEST
        with files.atomic(path) as aside:
            gan.save(aside)
        return path

    def close(self) -> None:
        """Release the lock."""
        self._lock.close()


def restore(path: str | os.PathLike, gan) -> int:
    """Load the newest checkpoint of a run folder that can be read; return its step, 0 when there is none.

    Raises:
        ValueError: there are checkpoints, and none can be read.
    """
    for file in list_checkpoints(path):
        try:
            gan.load_weights(file)
        except Exception as error:  # a damaged archive fails in as many ways as there are bytes
            logging.warning(
                "%s cannot be read (%s); falling back to the checkpoint before it",
                file,
                str(error).split("\n")[0],
            )
        else:
            return int(gan.state.step.numpy())
    if list_checkpoints(path):
        raise ValueError(
            f"--run_dir: none of the checkpoints in {path}/checkpoints can be read; use another --run_dir"
        )
    return 0


def list_checkpoints(path: str | os.PathLike) -> list[Path]:
    """Return the checkpoints of a run folder, newest first; for a path to a checkpoint, only that one."""
    path = files.expand_home(path)
    if path.suffix == ".keras":
        return [path]
    return sorted(path.glob("checkpoints/step_*.keras"), reverse=True)


def step_of(checkpoint: Path) -> int:
    """Return the step in a checkpoint's name."""
    return int(checkpoint.stem.removeprefix("step_"))


def folder_of(path: str | os.PathLike) -> Path:
    """Return the run folder of a path, which is the folder or a checkpoint in it."""
    path = files.expand_home(path)
    return path.absolute().parents[1] if path.suffix == ".keras" else path


def find_config(path: str | os.PathLike) -> dict[str, Any] | None:
    """Return the content of a run folder's `config.json`, None if it has none.

    Raise `ValueError` as `read_config` does.
    """
    return read_config(path) if (folder_of(path) / "config.json").exists() else None


def read_config(path: str | os.PathLike) -> dict[str, Any]:
    """Return the content of a run folder's `config.json`.

    Raises:
        ValueError: there is no such file, or it is not a JSON object with data.
    """
    file = folder_of(path) / "config.json"
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(
            f"--run_dir: expected a folder that tfgan.train wrote, got {path} without config.json"
        ) from None
    except json.JSONDecodeError as error:
        raise ValueError(f"--run_dir: {file} is no JSON: {error}") from None
    if not isinstance(record, dict) or "data" not in record:
        raise ValueError(f"--run_dir: {file} is no config of tfgan.train")
    return record


def model_identity(record: Mapping[str, Any], attempt: int = 0) -> dict[str, Any]:
    """Return the identity of a run's models, without a path.

    Args:
        record: the content of `config.json`.
        attempt: number of rollbacks of the run before this model.

    Returns:
        `id`, random and made with the run folder, None in older folders; `config` and `data`, digests of
        both; `attempt`.
    """
    digests = {"config": config_lib.digest(record), "data": record["data"]["fingerprint"]}
    return {"id": record.get("run_id"), **digests, "attempt": attempt}


def describe_data_changes(record: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Return a line for each fact of `TELL_APART` that differs from the record of a run."""
    pairs = {key: (record["data"].get(key), facts[key]) for key in TELL_APART}
    return [
        f"data {key}: {there!r} there, {here!r} here" for key, (there, here) in pairs.items() if there != here
    ]


def check_same(path: Path, before: Mapping[str, Any], config: Config, facts: Mapping[str, Any]) -> None:
    """Raise `ValueError` unless a run folder's record has the fields and data that a resumed run must share."""
    differences, changed = config_lib.differences(before, config), describe_data_changes(before, facts)
    if differences or changed:
        way_out = "use another --run_dir or these values"
        if not differences:
            way_out = f"put those data back, or go on from its networks with --init_from={path} and another --run_dir"
        raise ValueError(
            f"--run_dir: {path} belongs to another config ({'; '.join(differences + changed)}); {way_out}"
        )


def _lock(path: Path):
    file = open(path, "w")  # noqa: SIM115 (held open: closing it gives up the lock)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ValueError(
            f"--run_dir: {path.parent} is in use by another process; wait for it or use another --run_dir"
        ) from None
    return file
