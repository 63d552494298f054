"""PyTorch's files without PyTorch: both formats are read, and nothing else is unpickled."""

import io
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest

from tfgan.pretrained import torch_file

ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "steps": np.array(7),
    "b": np.ones((2, 1, 2), np.float32),
}


class Storage:
    """Stands for a storage while it is written."""

    def __init__(self, kind, key, length):
        self.pid = ("storage", kind, key, "cpu", length)


class Tensor:
    """Is written as PyTorch writes a tensor."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (*self.arguments, False, {})


class Pickler(pickle.Pickler):
    """Writes storages as references."""

    def persistent_id(self, value):
        return (*value.pid, None) if isinstance(value, Storage) else None


@pytest.fixture(autouse=True)
def names_of_torch(monkeypatch):
    """Let pickle find the names that it writes."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "LongStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    exec("def _rebuild_tensor_v2(*_): pass", utils.__dict__)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def pickled(value):
    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump(value)
    return stream.getvalue()


def tensors(offset=0):
    kinds = {"f": sys.modules["torch"].FloatStorage, "i": sys.modules["torch"].LongStorage}
    strides = {
        name: tuple(stride // array.itemsize for stride in array.strides) for name, array in ARRAYS.items()
    }
    return {
        name: Tensor(Storage(kinds[array.dtype.kind], name, array.size), offset, array.shape, strides[name])
        for name, array in ARRAYS.items()
    }


def streamed(offset=0):
    """Return a file of the format before PyTorch 1.6."""
    heads = [
        pickled(value)
        for value in (torch_file.MAGIC, 1001, {"little_endian": True}, tensors(offset), list(ARRAYS))
    ]
    return b"".join(
        [*heads, *(np.int64(array.size).tobytes() + array.tobytes() for array in ARRAYS.values())]
    )


def zipped():
    """Return a file of today's format."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(tensors()))
        for name, array in ARRAYS.items():
            archive.writestr(f"archive/data/{name}", array.tobytes())
    return stream.getvalue()


@pytest.mark.parametrize("content", [streamed, zipped])
def test_tensors_are_read(content):
    found = torch_file.read_tensors("x", content())
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_strides_are_followed():
    stream = pickled({"t": Tensor(Storage(sys.modules["torch"].FloatStorage, "k", 6), 0, (3, 2), (1, 3))})
    heads = [pickled(value) for value in (torch_file.MAGIC, 1001, {})]
    content = b"".join([*heads, stream, pickled(["k"]), np.int64(6).tobytes(), ARRAYS["a"].tobytes()])
    np.testing.assert_array_equal(torch_file.read_tensors("x", content)["t"], ARRAYS["a"].T)


def test_a_tensor_beyond_its_storage_is_refused():
    with pytest.raises(ValueError, match="a tensor that lies outside its storage"):
        torch_file.read_tensors("x", streamed(offset=1))


def test_a_name_that_no_file_of_tensors_needs_is_refused(tmp_path):
    class Bad:
        def __reduce__(self):
            return print, ("ran",)

    heads = [pickled(value) for value in (torch_file.MAGIC, 1001, {}, {"a": Bad()})]
    with pytest.raises(
        ValueError, match=r"features 'x': expected a PyTorch file of tensors by name, got the name .*print"
    ):
        torch_file.read_tensors("x", b"".join(heads))


@pytest.mark.parametrize("content", [b"", b"not a pickle", streamed])
def test_other_or_cut_content_is_refused(content):
    content = content() if callable(content) else content
    with pytest.raises(ValueError, match="features 'x': expected a PyTorch file of tensors by name"):
        torch_file.read_tensors("x", content[:-5])
