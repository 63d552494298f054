"""Weights in PyTorch's files, read without PyTorch and without running code in a pickle."""

from __future__ import annotations

import collections
import hashlib
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}


class _Storage(NamedTuple):
    key: str
    dtype: str


class _Tensor(NamedTuple):
    """Where a tensor lies in its storage; the other arguments of PyTorch's own function are of no use here."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def array(self, storages: dict[str, bytes]) -> np.ndarray:
        """Return the numbers."""
        flat = np.frombuffer(storages[self.storage.key], self.storage.dtype)
        last = self.offset + sum(
            (size - 1) * stride for size, stride in zip(self.size, self.stride, strict=True)
        )
        if min((self.offset, *self.stride, *self.size)) < 0 or (0 not in self.size and last >= len(flat)):
            raise ValueError("a tensor that lies outside its storage")
        strides = [stride * flat.itemsize for stride in self.stride]
        return np.lib.stride_tricks.as_strided(
            flat[self.offset :], self.size, strides, writeable=False
        ).copy()


class _Unpickler(pickle.Unpickler):
    """Knows the few names that a file of tensors needs, and refuses any other."""

    ALLOWED = {  # noqa: RUF012
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, size, stride, *_: _Tensor(
            storage, offset, size, stride
        ),
        **{("torch", name): dtype for name, dtype in DTYPES.items()},
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return the object that stands for a name in the file."""
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"the name {module}.{name}, which no file of tensors needs")
        return self.ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that a reference is about: ("storage", type, key, place, length, ...)."""
        return _Storage(str(pid[2]), pid[1])


def read(name: str, path: str | Path, sha256: str) -> dict[str, np.ndarray]:
    """Return the tensors of a file by name.

    Args:
        name: of the features, for messages.
        path: of the file.
        sha256: how the SHA-256 of the file begins, in hexadecimal.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file with another hash, or one that holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"features {name!r}: there is no file {path}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if not found.startswith(sha256):
        raise ValueError(
            f"features {name!r}: expected weights whose SHA-256 begins with {sha256}, got {path} with {found}"
        )
    return read_tensors(name, content)


def read_tensors(name: str, content: bytes) -> dict[str, np.ndarray]:
    """Return the tensors in the content of a file, of today's zip format or of the one before."""
    try:
        zipped = zipfile.is_zipfile(io.BytesIO(content))
        found, storages = (_read_zip if zipped else _read_stream)(io.BytesIO(content))
        return {key: value.array(storages) for key, value in found.items() if isinstance(value, _Tensor)}
    except (
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        ValueError,
        TypeError,
        KeyError,
        EOFError,
        AttributeError,
        IndexError,
    ) as error:
        raise ValueError(
            f"features {name!r}: expected a PyTorch file of tensors by name, got {error}"
        ) from None


def _read_zip(stream: BinaryIO) -> tuple[dict[str, Any], dict[str, bytes]]:
    with zipfile.ZipFile(stream) as archive:
        (index,) = (member for member in archive.namelist() if member.endswith("data.pkl"))
        folder = index.removesuffix("data.pkl") + "data/"
        storages = {
            m.removeprefix(folder): archive.read(m) for m in archive.namelist() if m.startswith(folder)
        }
        return _Unpickler(io.BytesIO(archive.read(index))).load(), storages


def _read_stream(stream: BinaryIO) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read five pickles (magic number, version, machine, tensors, keys of storages), then each storage as length and numbers."""
    load: Callable[[], Any] = lambda: _Unpickler(stream).load()  # noqa: E731
    if load() != MAGIC:
        raise ValueError("another kind of file")
    load(), load()
    found, keys = load(), load()
    dtypes = {
        value.storage.key: np.dtype(value.storage.dtype)
        for value in found.values()
        if isinstance(value, _Tensor)
    }
    storages = {}
    for key in keys:
        length = int(np.frombuffer(stream.read(8), "<i8")[0])
        storages[key] = stream.read(length * dtypes[key].itemsize)
    return found, storages
