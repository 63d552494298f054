"""Compiled programs are kept on disk within a bound, and only where that is safe."""

import os
import subprocess
import sys
from collections import namedtuple

import numpy as np
import pytest

from tfgan.core import compile_cache
from tfgan.runs import build

DiskUsage = namedtuple("DiskUsage", "total used free")


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(compile_cache, "_has_gpu", lambda: False)


def test_tensorflow_is_told_a_folder_by_processor_and_versions(tmp_path, monkeypatch):
    found = compile_cache.prepare({"TFGAN_CACHE": str(tmp_path), "TF_XLA_FLAGS": "--tf_xla_auto_jit=0"})
    (folder,) = (tmp_path / "xla").iterdir()
    flag = f"--tf_xla_persistent_cache_directory={folder}"
    assert found == {"TF_XLA_FLAGS": f"--tf_xla_auto_jit=0 {flag}"}
    monkeypatch.setattr(compile_cache.platform, "machine", lambda: "another")
    assert compile_cache.prepare({"TFGAN_CACHE": str(tmp_path)})["TF_XLA_FLAGS"] != flag
    monkeypatch.setattr(compile_cache.metadata, "version", lambda name: "0.0")
    compile_cache.prepare({"TFGAN_CACHE": str(tmp_path)})
    assert len(list((tmp_path / "xla").iterdir())) == 3


@pytest.mark.parametrize(
    "environment",
    [{"TFGAN_CACHE": ""}, {"TF_XLA_FLAGS": "--tf_xla_persistent_cache_directory=elsewhere"}],
)
def test_users_may_keep_none_or_keep_them_elsewhere(environment, tmp_path):
    assert compile_cache.prepare({"TFGAN_CACHE": str(tmp_path), **environment}) == {}
    assert list(tmp_path.iterdir()) == []


def test_programs_of_gpus_are_left_to_tensorflow(tmp_path, monkeypatch):
    monkeypatch.setattr(compile_cache, "_has_gpu", lambda: True)
    assert compile_cache.prepare({"TFGAN_CACHE": str(tmp_path)}) == {}


def test_a_folder_that_cannot_be_made_costs_a_warning(tmp_path):
    (tmp_path / "xla").write_text("a file")
    with pytest.warns(UserWarning, match="TFGAN_CACHE: .* is not used, each process compiles its step anew"):
        assert compile_cache.prepare({"TFGAN_CACHE": str(tmp_path)}) == {}


def test_a_full_disk_costs_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(compile_cache.shutil, "disk_usage", lambda folder: DiskUsage(2**30, 2**30, 2**20))
    with pytest.warns(UserWarning, match="expected 64 MiB free for compiled programs, got 1"):
        assert compile_cache.prepare({"TFGAN_CACHE": str(tmp_path)}) == {}


def test_the_least_recently_used_programs_are_deleted(tmp_path):
    for name, time, folder in (("old", 1, "a"), ("used", 4, "a"), ("new", 3, "b")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_bytes(bytes(10))
        os.utime(tmp_path / folder / name, (time, 2))
    compile_cache._delete_oldest(tmp_path, 20)
    assert sorted(file.name for file in tmp_path.rglob("*") if file.is_file()) == ["new", "used"]


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (b"\x0a\x03abc\x10\x05\x1a\x00", True),  # a text of 3 bytes, a number, an empty text
        (b"\x0a\x03ab", False),
        (b"\x0a\x83\x01" + bytes(131), True),  # a length of two bytes
        (b"\x0a\x83", False),
        (b"", False),
        (b"\x0f garbage", False),
    ],
)
def test_programs_that_end_too_early_are_deleted(tmp_path, content, whole):
    environment = {"TFGAN_CACHE": str(tmp_path)}
    compile_cache.prepare(environment)
    (folder,) = (tmp_path / "xla").iterdir()
    (folder / "program.pb").write_bytes(content)
    compile_cache.prepare(environment)
    assert (folder / "program.pb").exists() == whole


def train(run, cache):
    """Train two compiled steps in a process of its own; return the weights."""
    flags = (
        "--dataset=ring8 --width=4 --batch_size=8 --steps=2 --log_every=1 --penalty=r1 --noexport --nodoctor"
    )
    command = [sys.executable, "-m", "tfgan.train", *flags.split(), f"--run_dir={run}"]
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    environment["TFGAN_CACHE"] = str(cache)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr, [weight.numpy() for weight in build.open_run(str(run))[2].weights]


@pytest.mark.slow
def test_a_second_process_loads_the_programs_and_trains_the_same_weights(tmp_path):
    cache = tmp_path / "cache"
    _, without = train(tmp_path / "without", "")
    _, first = train(tmp_path / "first", cache)
    programs = {file: file.stat().st_mtime_ns for file in cache.rglob("*") if file.is_file()}
    assert programs
    said, second = train(tmp_path / "second", cache)
    assert {file: file.stat().st_mtime_ns for file in cache.rglob("*") if file.is_file()} == programs
    for other in (first, second):
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(without, other, strict=True))
    assert "prefer-no-scatter" not in said
    for file in programs:
        os.truncate(file, file.stat().st_size // 2)
    _, after = train(tmp_path / "after a power cut", cache)
    assert all(np.array_equal(mine, theirs) for mine, theirs in zip(without, after, strict=True))
