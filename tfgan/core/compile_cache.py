"""Keep the programs that XLA compiles on disk, so that the next process starts its first step sooner.

TensorFlow reads the folder from TF_XLA_FLAGS when it is imported, has no bound on its size, and loads any
program that fits the graph. A program holds the instructions of the processor that it was compiled for, so the
folder is named by the processor and by the version of TensorFlow.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from tfgan.core import files

FLAG = "--tf_xla_persistent_cache_directory"
LARGEST = 512 * 2**20  # bytes of all kept programs; one program of a network here has 1 to 9 MB
ROOM = 64 * 2**20  # bytes that must be free; TensorFlow fails the step if it cannot write a program


def prepare(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that make TensorFlow keep its programs; none if it should not.

    The folder is `xla` in the folder of `TFGAN_CACHE`. Call this before TensorFlow is imported. Damaged
    programs of this processor are deleted, and the least recently used of all processors, until at most
    `LARGEST` bytes are left.

    Args:
        environment: the variables of the process; TF_XLA_FLAGS that name a folder themselves are respected.

    Returns:
        {} or {"TF_XLA_FLAGS": ...}. {} with one warning if the folder cannot be written or its disk is full.
    """
    flags, root = environment.get("TF_XLA_FLAGS", ""), files.cache_folder(environment)
    if FLAG in flags or root is None or _has_gpu():
        return {}
    folder = root / "xla" / _key()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        _delete_damaged(folder)
        _delete_oldest(root / "xla", LARGEST)
        if (free := shutil.disk_usage(folder).free) < ROOM:
            raise OSError(f"expected {ROOM >> 20} MiB free for compiled programs, got {free >> 20}")
    except OSError as error:
        warnings.warn(
            f"{files.CACHE_VARIABLE}: {folder} is not used, each process compiles its step anew: {error}",
            stacklevel=2,
        )
        return {}
    return {"TF_XLA_FLAGS": f"{flags} {FLAG}={folder}".strip()}


def _has_gpu() -> bool:
    """Return whether the machine may have a GPU, whose programs TensorFlow keeps by other rules."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/kfd").exists()


def _key() -> str:
    """Return a name for the processor, its instructions and the version of TensorFlow."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        about = sorted(
            {line for line in lines if line.split(":")[0].strip() in ("model name", "flags", "Features")}
        )
    except OSError:
        about = [platform.processor(), platform.platform()]
    versions = [metadata.version(name) for name in ("tensorflow", "keras")]
    return hashlib.sha256("\n".join([platform.machine(), *about, *versions]).encode()).hexdigest()[:16]


def _delete_damaged(folder: Path) -> None:
    """Delete programs that end too early, as after a power cut: TensorFlow would fail the step, and not compile anew."""
    for file in folder.glob("*.pb"):
        if not _is_whole(file):
            file.unlink(missing_ok=True)


def _is_whole(file: Path) -> bool:
    """Return whether a file is a sequence of protocol-buffer fields that ends where its last field ends."""
    content = memoryview(file.read_bytes())
    place = 0

    def read_varint() -> int:
        nonlocal place
        value = shift = 0
        while content[place] & 0x80:
            value |= (content[place] & 0x7F) << shift
            place, shift = place + 1, shift + 7
        place += 1
        return value | content[place - 1] << shift

    try:
        while place < len(content):
            kind = read_varint() & 7
            if kind == 0:  # a number
                read_varint()
            elif kind == 2:  # a text or a message, behind its length
                length = read_varint()
                place += length
            else:
                return False
    except IndexError:
        return False
    return place == len(content) > 0


def _delete_oldest(root: Path, largest: int) -> None:
    """Delete files under a folder, the least recently used first, until at most `largest` bytes are left."""
    kept = []
    for file in root.rglob("*"):
        try:
            if file.is_file():
                about = file.stat()
                kept.append((max(about.st_atime, about.st_mtime), about.st_size, file))
        except FileNotFoundError:  # another process deleted it
            continue
    total = sum(size for _, size, _ in kept)
    for _, size, file in sorted(kept, key=lambda entry: entry[0]):
        if total <= largest:
            return
        file.unlink(missing_ok=True)
        total -= size
