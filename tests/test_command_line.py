"""What a user sees of the commands: help, one-line errors, exit status."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfgan import train
from tfgan.core import processor

ROOT = Path(__file__).parents[1]
COMMANDS = ["train", "generate", "evaluate", "export_model", "compare"]


def call(tmp_path, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_package_lists_its_commands(tmp_path):
    result = call(tmp_path, "tfgan")
    assert result.returncode == 0
    assert all(f"tfgan.{name}" in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_needs_no_tensorflow(tmp_path, name):
    code = f"import runpy, sys; sys.argv = ['x', '--help']\ntry: runpy.run_module('tfgan.{name}', run_name='__main__')\n"
    code += "except SystemExit as e: assert not e.code, e.code\nassert 'tensorflow' not in sys.modules"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "--" in result.stdout


def test_help_names_every_flag_and_objective(tmp_path):
    from tfgan import losses
    from tfgan.runs import optimizers

    text = call(tmp_path, "tfgan.train", "--help").stdout
    for field in train.dataclasses.fields(train.TrainFlags):
        shown = f"  --{field.name} " in text or f"  --[no]{field.name} " in text
        assert shown != field.metadata["hidden"], field.name
    assert all(f"  {name} " in text for name in optimizers.optimizers.names())
    assert all(f"  {name} " in text for name in losses.names())


def test_help_names_the_options_of_every_entry_and_the_recipes(tmp_path):
    """Read from the source text there; here from the classes themselves, without what is a flag or follows from the run."""
    from tfgan import augment, networks, penalties
    from tfgan.cli import recipes
    from tfgan.core import options
    from tfgan.runs import config

    text = call(tmp_path, "tfgan.train", "--help").stdout
    blocks = {block.partition("\n")[0]: block.splitlines()[1:] for block in text.split("\n\n")}
    for registry in (
        penalties.penalties,
        networks.networks,
        networks.discriminators,
        augment.augmentations,
    ):
        expected = []
        for name in registry.names():
            fields = [
                field.name
                for field in train.dataclasses.fields(registry.load(name))
                if options.kind_of(str(field.type))
            ]
            own = ", ".join(field for field in fields if field not in config.LEFT_TO_THE_RUN)
            expected.append([name, *registry.entry(name).help.split(), *f"[{own}]".split()])
        assert [line.split() for line in blocks[f"Names for --{registry.kind}:"]] == expected
    # An objective's link has options too
    assert "(Lim & Ye 2017; Miyato et al. 2018, eq. 16-17) [margin]" in text
    described = {
        name: file.read_text().splitlines()[0].removeprefix("# ")
        for name, file in recipes.list_recipes().items()
    }
    assert [line.split(maxsplit=1) for line in blocks["Names for --recipe:"]] == [
        list(pair) for pair in described.items()
    ]


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--loss=nonsatt", "did you mean 'nonsat'"),
        ("--pairing=pared", "--pairing: expected one of"),
        ("--loss=lsgan --pairing=average", "least_squares"),
        ("--penalty=r11", "did you mean 'r1'"),
        ("--penalty=r1:gama=1", "did you mean 'gamma'"),
        ("--penalty=r1:gamma=-1", "at least 0"),
        ("--dataset=digit", "did you mean 'digits'"),
        ("--dataset=folder", "folder:PATH"),
        ("--network=dcgann", "did you mean 'dcgan'"),
        ("--recipe=ring", "did you mean 'ring8'"),
        ("--los=nonsat", "did you mean 'loss'"),
        ("--steps=0", "--steps: expected a whole number above 0"),
        ("--batch_size=-1", "--batch_size"),
        ("--g_lr=0", "--g_lr"),
        ("--beta_1=1", "--beta_1"),
        ("--save_every=77", "multiple of --log_every"),
        ("--precision=float16", "float32, bfloat16"),
        ("nonsat", "expected flags only"),
        ("--seed=99999999999999999999", "--seed: expected a whole number from 0 to 2^63 - 1"),
        ("--network=mlp:width=8", "--width"),
        ("--loss=hinge:margn=2", "did you mean 'margin'"),
        ("--loss=nonsat:label_smoothing=0.1 --pairing=paired --dry_run", "label_smoothing softens"),
        ("--generator_form=saturating", "nonsat, zero_sum"),
        ("--latent_dim=1.5", "--latent_dim: expected a whole number above 0, got '1.5'"),
        ("--seed=-1", "--seed"),
        ("--eval_every=77", "multiple of --log_every"),
        ("--xla=maybe", "xla"),
        ("--steps", "steps"),
        ("--flagfile=none.flags", "none.flags"),
    ],
)
def test_bad_flag_is_one_line_and_writes_nothing(tmp_path, flag, words):
    result = call(tmp_path, "tfgan.train", *flag.split())
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tfgan.train", "--dataset=folder:none"], "expected a folder of pictures, got none"),
        (["tfgan.generate", "--run_dir=none"], "none"),
    ],
)
def test_errors_found_with_tensorflow_are_one_line_too(tmp_path, arguments, words):
    """What TensorFlow's native code says as it is loaded, at any log level, is not heard."""
    result = call(tmp_path, *arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_what_is_held_back_is_said_after_a_failure(capfd):
    from tfgan.cli import command

    with command._holding_stderr_back():
        os.write(2, b"chatter")

    def fail():
        with command._holding_stderr_back():
            os.write(2, b"a reason")
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert capfd.readouterr().err == "a reason"


def test_print_config_prints_the_resolved_config(tmp_path):
    result = call(tmp_path, "tfgan.train", "--recipe=ring8", "--seed=4", "--print_config")
    config = json.loads(result.stdout)
    assert (config["loss"], config["seed"], config["penalty"]) == (
        "rpgan",
        4,
        ["r1:gamma=0.1", "r2:gamma=0.1"],
    )
    assert list(tmp_path.iterdir()) == []


def test_later_flags_beat_a_recipe(tmp_path):
    result = call(tmp_path, "tfgan.train", "--recipe=ring8", "--loss=hinge", "--print_config")
    assert json.loads(result.stdout)["loss"] == "hinge"


def nan_file(folder):
    np.savez(folder / "nan.npz", points=np.full((40, 2), np.nan, np.float32))
    return {"dataset": f"npz:{folder / 'nan.npz'}"}


def small_images(folder):
    np.savez(folder / "small.npz", images=np.zeros((80, 4, 4, 1), np.uint8))
    return {"dataset": f"npz:{folder / 'small.npz'}"}


def plain_points(folder):
    np.savez(folder / "points.npz", points=np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32))
    return {"dataset": f"npz:{folder / 'points.npz'}"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (lambda folder: {"batch_size": 5000}, "--batch_size: expected at most 1618"),
        (nan_file, "NaN"),
        (
            small_images,
            "--network: DCGAN makes images of 8x8 to 256x256 with 1 or 3 channels, got shape (4, 4, 1); --image_size=8 to 256",
        ),
        (
            lambda folder: small_images(folder) | {"image_size": 300},
            "--network: DCGAN makes images of 8x8 to 256x256",
        ),
        (
            lambda folder: {"network": "mlp"},
            "--network: 'mlp' makes points of shape (d,), got shape (8, 8, 1); use --network=dcgan",
        ),
        (
            lambda folder: {"network": "dcgan:attention=5"},
            "--network: attention: expected a side of G's maps, one of 4, or 0, got 5",
        ),
        (
            lambda folder: {"loss": "ebgan", "condition": "concat", "precision": "bfloat16"},
            "--network: condition=concat: expected an objective of logits",
        ),
        (lambda folder: {"strategy": "tpu"}, "--strategy"),
        (
            lambda folder: {"pack": 3},
            "--batch_size: expected a multiple of --pack=3, got 64; use --batch_size=63 or 66",
        ),
        (
            lambda folder: {"condition": "projection", "num_examples": 12, "batch_size": 8},
            "--condition: expected examples of every class, digits has none of class",
        ),
        (
            lambda folder: plain_points(folder) | {"condition": "projection"},
            "--condition: expected labeled data of two or more classes",
        ),
        (
            lambda folder: plain_points(folder) | {"task": "classify", "labels_per_class": 1},
            "--task: expected labeled data of two or more classes",
        ),
        (
            lambda folder: {"task": "classify", "labels_per_class": 500},
            "--labels_per_class: expected at most 151 (the training examples of class 0",
        ),
        (
            lambda folder: plain_points(folder) | {"augment": "diffaugment"},
            "--augment: DiffAugment: expected images",
        ),
        (lambda folder: {"dataset": f"folder:{folder / 'none'}"}, "folder of pictures"),
        (lambda folder: {"init_from": str(folder / "none")}, "--init_from"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(tmp_path, capsys, arguments, words):
    run = tmp_path / "run"
    with pytest.raises(SystemExit) as exit:
        train.main(train.TrainFlags(**arguments(tmp_path), run_dir=str(run)))
    error = capsys.readouterr().err
    assert exit.value.code == 2
    assert error.count("\n") == 1
    assert words in error
    assert not run.exists()


def test_foreign_folder_is_refused(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(SystemExit):
        train.main(train.TrainFlags(run_dir=str(tmp_path)))
    assert "other files in it" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_print_config_imports_no_tensorflow():
    code = "import sys; from tfgan import train\ntrain.main(train.TrainFlags(print_config=True))\nassert 'tensorflow' not in sys.modules"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)


TINY = {"dataset": "ring8", "network": "mlp:depth=1", "width": 4, "batch_size": 16, "xla": False}


def test_dry_run_forecasts_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert train.main(train.TrainFlags(**TINY, steps=4000, dry_run=True)) == 0
    printed = capsys.readouterr()
    config = json.loads(printed.out)
    assert (config["steps"], config["xla"], config["precision"]) == (4000, False, "float32")
    head, *lines = printed.err.splitlines()
    assert head == "runs/ring8-nonsat-s0: forecast"
    told = {line[2:14].strip(): line[14:] for line in lines}
    assert told["path"] == "no XLA, float32"
    # G: 2 to 4 to 2; D: 2 to 4 to 1; each layer with its biases
    assert told["parameters"] == f"G {2 * 4 + 4 + 4 * 2 + 2}, D {2 * 4 + 4 + 4 + 1}"
    assert re.fullmatch(r"\d+ s after the start of the command", told["first step"])
    step, total = float(told["each step"].split()[0]), told["in all"]
    assert 0 < step < 1000
    assert total.endswith(" for 4,000 steps, without samples and scores")
    assert re.fullmatch(r"at most [1-9]\d+ MiB", told["memory"])
    assert list(tmp_path.iterdir()) == []


def test_bfloat16_on_a_processor_without_it_is_one_line_of_warning(tmp_path, monkeypatch, capsys):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags : fpu avx2\n")
    monkeypatch.setattr(processor.has_bfloat16, "__defaults__", (cpuinfo,))
    assert (
        train.main(
            train.TrainFlags(**TINY, precision="bfloat16", run_dir=str(tmp_path / "run"), dry_run=True)
        )
        == 0
    )
    warning, head, *_ = capsys.readouterr().err.splitlines()
    assert warning.startswith("warning: --precision: bfloat16 is slower than float32 on this processor")
    assert head.endswith("run: forecast")
    assert not (tmp_path / "run").exists()


def test_version(tmp_path):
    import tfgan

    assert call(tmp_path, "tfgan.train", "--version").stdout == f"tfgan {tfgan.__version__}\n"
