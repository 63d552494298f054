"""Write files and folders atomically: each appears whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CACHE_VARIABLE = "TFGAN_CACHE"


def expand_home(path: str | os.PathLike) -> Path:
    """Return a path; replace a leading `~` by the home folder, as a shell does."""
    return Path(os.path.expanduser(path))


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder of files that save time only, which `TFGAN_CACHE` names (~/.cache/tfgan); None if it is empty."""
    place = environment.get(CACHE_VARIABLE, "~/.cache/tfgan")
    return expand_home(place) if place else None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def atomic(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path to write to; sync it and rename it to `path` on success, remove it on failure.

    The caller writes a file or a folder there. An existing file is replaced. The operating system refuses to
    replace a folder that is not empty, so a finished export is never overwritten in part. An `OSError` that
    names no file, as on a full disk, gets `path` as its file name.
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
    """Remove the temporary folders that an interrupted `atomic` left in `folder`.

    Call it only while holding the folder's lock.
    """
    for leftover in folder.glob(".*.*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
