"""A leading ~ is the home folder in every flag that is a path, and in every public function that takes one."""

import dataclasses
import types
from pathlib import Path

import numpy as np
import pytest

import tfgan
from tfgan import compare, data, evaluate, export_model, generate, train
from tfgan.callbacks import Evaluation, EventLog, Profile, Records, SampleGrid
from tfgan.cli import command
from tfgan.cli import losses as losses_command
from tfgan.core import files
from tfgan.evaluation import sampler
from tfgan.export import saved_model
from tfgan.runs import folder

PATHS = {
    train.TrainFlags: {"run_dir", "export_dir", "data_dir", "init_from", "schema"},
    compare.CompareFlags: {"run_dir", "export_dir", "data_dir", "init_from", "out", "schema"},
    evaluate.EvaluateFlags: {"run_dir", "saved_model", "data_dir", "samples", "schema"},
    generate.GenerateFlags: {"run_dir", "saved_model", "out"},
    export_model.ExportFlags: {"run_dir", "export_dir", "data_dir"},
    losses_command.LossesFlags: {"plot"},
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder, and another working folder, in which nothing may appear."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    yield tmp_path / "home"
    assert list(Path.cwd().iterdir()) == []


def parse(flags, *arguments):
    return command._parse(["x", *arguments], flags, "", None, None)


@pytest.mark.parametrize("flags", PATHS, ids=lambda flags: flags.__name__)
def test_flags_that_are_paths_know_the_home_folder(flags, home):
    """All of them, and no other text, such as the name of a flag, a loss or a list of seeds."""
    texts = {
        field.name
        for field in dataclasses.fields(flags)
        if str(field.type).partition(" ")[0] in ("str", "FilePath")
    }
    given = parse(flags, *[f"--{name}=~/x" for name in texts])
    assert {name for name in texts if getattr(given, name) == str(home / "x")} == PATHS[flags]


def test_a_flagfile_is_found_there(home):
    (home / "x.flags").write_text("--loss=hinge\n--run_dir=~/runs/a\n")
    for arguments in (["--flagfile=~/x.flags"], ["--flagfile", "~/x.flags"]):
        given = parse(train.TrainFlags, *arguments)
        assert (given.loss, given.run_dir) == ("hinge", str(home / "runs" / "a"))


def test_help_says_no_more_of_a_path(capsys):
    with pytest.raises(SystemExit):
        parse(export_model.ExportFlags, "--help")
    assert "a path" not in capsys.readouterr().out


def test_data_are_found_there(home, monkeypatch):
    np.savez(home / "points.npz", points=np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32))
    assert data.open_source("npz:~/points.npz").shape == (2,)
    monkeypatch.setattr(data.datasets, "_entries", dict(data.datasets._entries))
    data.register("here", "says where it is looked for")(
        lambda request: types.SimpleNamespace(note=None, data_dir=request.data_dir)
    )
    assert data.open_source("here", data_dir="~/sets").data_dir == str(home / "sets")


def test_models_are_saved_and_loaded_there(home, make_gan):
    gan = make_gan(jit_compile=False)
    gan.save(home / "gan.keras")
    assert tfgan.load("~/gan.keras").latent_dim == 2
    assert saved_model.save(gan, "~/models") == home / "models" / "0"
    assert sampler.load_saved_model("~/models")[1]["step"] == 0


def test_callbacks_write_there(home):
    SampleGrid("~/a").folder.relative_to(home)
    EventLog("~/b").close()
    assert (home / "b").is_dir()
    assert Records("~/c.jsonl", None, images_per_step=1).file == home / "c.jsonl"
    assert Evaluation(dict, None, "~/d.json").file == home / "d.json"
    assert Profile("~/e", 0, 1).folder == str(home / "e")


def test_run_folders_are_found_there(home):
    (home / "run" / "checkpoints").mkdir(parents=True)
    (home / "run" / "checkpoints" / "step_00000001.keras").touch()
    assert [file.name for file in folder.list_checkpoints("~/run")] == ["step_00000001.keras"]
    assert (
        folder.folder_of("~/run/checkpoints/step_00000001.keras") == folder.folder_of("~/run") == home / "run"
    )


def test_a_home_that_is_none_stays_as_it_is():
    assert files.expand_home("~no-such-user/x") == Path("~no-such-user/x")
    assert files.expand_home("a/~") == Path("a/~")
