"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def expanded(path: str | os.PathLike) -> Path:
    """Return a path with the home folder in the place of a leading `~`, as a shell would."""
    return Path(os.path.expanduser(path))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a path to write to; on success it is synced and renamed to `path`, on failure removed.

    What is written may be a file or a folder. An existing file is replaced; an existing folder is refused by the
    operating system, so that a finished export is never overwritten in part. An `OSError` that names no file, as of a full disk,
    gets `path` as its name.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    aside = scratch / path.name
    try:
        yield aside
        for file in [aside, *aside.rglob("*")] if aside.is_dir() else [aside]:
            _sync(file)
        os.replace(aside, path)
        _sync(path.parent)
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_bytes(path: str | os.PathLike, content: bytes) -> None:
    """Write a file atomically."""
    with atomic(path) as aside:
        aside.write_bytes(content)


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    write_bytes(path, (json.dumps(value, indent=2, sort_keys=False) + "\n").encode())


def remove_scratch(folder: Path) -> None:
    """Remove what an interrupted `atomic` left behind in `folder`. Call it only while holding the folder's lock."""
    for leftover in folder.glob(".*.*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
