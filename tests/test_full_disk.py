"""A full disk is one line and status 1 in every command, and leaves no half-written file."""

import contextlib
import errno
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import tensorflow as tf

from tfgan import compare, evaluate, export_model, generate, train
from tfgan.cli import command
from tfgan.cli import losses as losses_command
from tfgan.core import files
from tfgan.runs import build, config
from tfgan.runs import folder as folder_lib

SMALL = {
    "dataset": "ring8",
    "network": "mlp:depth=1",
    "width": 4,
    "batch_size": 16,
    "steps": 1,
    "log_every": 1,
    "xla": False,
}
FULL = "No space left on device"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with the checkpoint of an untrained model."""
    folder = tmp_path_factory.mktemp("full") / "run"
    made = config.resolve(config.Config(**SMALL, run_dir=str(folder)))
    source = build.open_source(made)
    with contextlib.closing(folder_lib.RunDir(folder, made, build.data_facts(source))) as opened:
        opened.save(build.build_gan(made, source), keep=1)
    return folder


@pytest.fixture
def full(monkeypatch):
    """Let every write fail from here on: Python's by an errno without a name, TensorFlow's by its own error."""

    def write(path, *content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def save(module, path, **options):
        Path(path).mkdir()
        raise tf.errors.ResourceExhaustedError(None, None, f"{path}/saved_model.pb; {FULL}")

    def write_member(archive, name, mode="r", **options):
        return write(name) if mode == "w" else read_member(archive, name, mode, **options)

    read_member = zipfile.ZipFile.open
    monkeypatch.setattr(Path, "write_bytes", write)
    monkeypatch.setattr(zipfile.ZipFile, "open", write_member)
    monkeypatch.setattr(tf.saved_model, "save", save)


def generated(run, folder):
    generate.main(generate.GenerateFlags(run_dir=str(run), seeds="0-3", out=str(folder / "x.npz")))


def exported(run, folder):
    export_model.main(export_model.ExportFlags(run_dir=str(run), export_dir=str(folder)))


def evaluated(run, folder):
    evaluate.main(evaluate.EvaluateFlags(run_dir=str(run), metrics=("w2_20",)))


def compared(run, folder):
    compare.main(compare.CompareFlags(losses=("nonsat",), steps=1, seeds=1, out=str(folder / "study")))


def plotted(run, folder):
    pytest.importorskip("matplotlib")
    losses_command.main(losses_command.LossesFlags(name="nonsat", plot=str(folder / "x.png")))


def begun(run, folder):
    train.main(train.TrainFlags(**SMALL, run_dir=str(folder / "run")))


@pytest.mark.parametrize("call", [generated, exported, evaluated, compared, plotted, begun])
def test_commands_say_it_in_a_line(call, run, full, tmp_path, capsys):
    before = {path: path.stat().st_size for path in run.rglob("*")}
    with pytest.raises(SystemExit) as status:
        call(run, tmp_path)
    out, err = capsys.readouterr()
    assert status.value.code == 1
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert FULL in line
    assert str(run if call is evaluated else tmp_path) in line  # where
    assert line.endswith("; make room there, or write elsewhere")
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"] == []
    assert {path: path.stat().st_size for path in run.rglob("*")} == before
    assert ('"w2_20"' in out) == (call is evaluated)  # scores are printed all the same


def test_training_that_cannot_export_says_it_and_keeps_its_run(monkeypatch, tmp_path, capsys):
    """The export alone fails here: the run was finished by another process."""
    where = {"run_dir": str(tmp_path / "run"), "export_dir": str(tmp_path / "models")}
    assert train.main(train.TrainFlags(**SMALL, **where, export=False)) == 0
    capsys.readouterr()

    def save(module, path, **options):
        raise tf.errors.ResourceExhaustedError(None, None, f"{path}/saved_model.pb; {FULL}")

    monkeypatch.setattr(tf.saved_model, "save", save)
    with pytest.raises(SystemExit) as status:
        train.main(train.TrainFlags(**SMALL, **where))
    assert status.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert (
        f"{FULL}. The last good checkpoint is {tmp_path}/run/checkpoints/step_00000001.keras. Once that is fixed, the same"
        in line
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(errno.EDQUOT, "Disk quota exceeded", "x"), 1),
        (
            RuntimeError(
                "Can't write data (file write failed: errno = 28, error message = 'No space left on device')"
            ),
            1,
        ),
        (OSError(errno.EACCES, "Permission denied", "x"), 2),
        (ValueError("x.npz: expected a whole array (Input/output error)"), 2),
        (TimeoutError("no worker came"), 1),
    ],
)
def test_what_a_user_can_mend_has_another_status(error, status, capsys):
    with pytest.raises(SystemExit) as exit, command.checking_input():
        raise error
    assert exit.value.code == status
    assert capsys.readouterr().err.count("\n") == 1


def test_other_errors_keep_their_traceback():
    """A GPU without memory is one of them, though TensorFlow gives it the class of a full disk."""
    for error in (
        RuntimeError("a mistake of ours"),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
    ):
        with pytest.raises(type(error)), command.checking_input():
            raise error


def test_a_write_that_fails_without_a_name_gets_that_of_the_file(full, tmp_path):
    with pytest.raises(OSError, match=f"{FULL}: '{tmp_path}/x.json'"):
        files.write_json(tmp_path / "x.json", {})


@pytest.mark.slow
def test_a_disk_that_is_really_full(run, tmp_path):
    """A file system of 100 KiB, where the machine lets this process mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    try:
        (disk / "fill").write_bytes(bytes(60_000))
        for name, more in (
            ("export_model", f"--export_dir={disk}"),
            ("generate", f"--seeds=0-20000 --out={disk}/x.npz"),
        ):
            arguments = [sys.executable, "-m", f"tfgan.{name}", f"--run_dir={run}", *more.split()]
            result = subprocess.run(arguments, capture_output=True, text=True, env=os.environ, check=False)
            assert (result.returncode, result.stderr.count("\n"), FULL in result.stderr) == (1, 1, True), (
                result.stderr
            )
            assert [path.name for path in disk.rglob("*") if path.is_file()] == ["fill"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
