"""Features of real images, kept on disk so that the next process need not look again."""

from __future__ import annotations

import hashlib
import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfgan.core import files

LARGEST = 64 * 2**20  # bytes of one array that is kept
FORMAT = 1  # version of the files and of the text that their names are hashes of
_WARNED: set[Path] = set()


def read_or_compute(
    extractor: Any, output: str, images: np.ndarray, look: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return `look(images)`, from disk where the same extractor has seen the same images before.

    Files stand in the folder that the environment's TFGAN_CACHE names, `~/.cache/tfgan` by default; empty,
    nothing is kept. Their names are the SHA-256 of extractor, output and images, so that nothing in them
    grows old. A folder or file that cannot be used is passed over, with one warning.

    Args:
        extractor: its `identity` changes whenever its numbers do; outputs of an extractor without one are not
            kept.
        output: "features" or "probabilities".
        images: (n, height, width, channels).
        look: makes the output; float32 arrays (n, d) of up to 64 MiB are kept.
    """
    identity, folder = getattr(extractor, "identity", None), files.cache_folder()
    if identity is None or folder is None:
        return look(images)
    file = folder / f"{_hash_key(identity, output, images)}.npz"
    found = _read(file, len(images))
    if found is None:
        found = look(images)
        _write(file, found)
    return found


def _hash_key(identity: str, output: str, images: np.ndarray) -> str:
    about = f"{FORMAT} {identity} {output} {images.dtype.str} {images.shape}\n"
    total = hashlib.sha256(about.encode())
    total.update(np.ascontiguousarray(images).data)
    return total.hexdigest()


def _read(file: Path, count: int) -> np.ndarray | None:
    """Return the array in a file; None where the file is missing or cannot be read."""
    try:
        with np.load(file, allow_pickle=False) as content:
            found = content["output"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        return _warn_of_folder(file.parent, f"{file.name}: {error}")
    if found.dtype != np.float32 or found.ndim != 2 or len(found) != count:
        return _warn_of_folder(file.parent, f"{file.name}: {found.dtype} of shape {found.shape}")
    return found


def _write(file: Path, output: np.ndarray) -> None:
    if output.dtype != np.float32 or output.ndim != 2 or output.nbytes > LARGEST:
        return
    content = io.BytesIO()
    np.savez(content, output=output)
    try:
        files.write_bytes(file, content.getvalue())
    except OSError as error:
        _warn_of_folder(file.parent, str(error))


def _warn_of_folder(folder: Path, reason: str) -> None:
    """Warn of a folder, once a process."""
    if folder not in _WARNED:
        _WARNED.add(folder)
        warnings.warn(
            f"{files.CACHE_VARIABLE}: expected features that can be read and written in {folder}, got {reason}; passed over",
            stacklevel=4,
        )
