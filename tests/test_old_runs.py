"""What version 0.1.0 left before columns had units of their own opens, continues, exports and scores as it did.

`tests/old/points_run.zip` was written by that version at commit 448ffe3:

    python -m tfgan.train --dataset=npz:points.npz --network=mlp:depth=1 --width=4 --latent_dim=2 --noxla --batch_size=16 --steps=4
      --log_every=2 --save_every=2 --sample_every=4 --metrics=mmd_20 --run_dir=run --export_dir=models

Of its run folder it holds the checkpoint of step 2; `expected.npz` has the first batch, all variables at step 4, samples of the
seeds 0 to 7 and the logits of two points. One column of the 60 points is U(0, 1), the other U(200, 300).
"""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tfgan import evaluate, export_model, generate, train
from tfgan.evaluation import sampler as sampler_lib
from tfgan.runs import build, config
from tfgan.runs import folder as folder_lib

ROUNDING = 1e-5  # of another processor's kernels; on one machine the figures are equal to the last bit
PROBES = np.array([[0.25, 210.0], [0.75, 290.0]], np.float32)


def continued(folder, name, **changes):
    """Unpack an archive into a folder, and continue its run from step 2 to step 4."""
    with zipfile.ZipFile(Path(__file__).parent / "old" / name) as file:
        file.extractall(folder)
    flags = config.from_dict(folder_lib.read_config(folder / "run"))
    values = {**config.to_dict(flags), "run_dir": str(folder / "run"), "export": False, **changes}
    assert (
        train.main(
            train.TrainFlags(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})
        )
        == 0
    )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The unpacked files, in which the run has been continued to step 4."""
    folder = tmp_path_factory.mktemp("old")
    return continued(folder, "points_run.zip", dataset=f"npz:{folder / 'points.npz'}")


@pytest.fixture(scope="module")
def expected(folder):
    with np.load(folder / "expected.npz") as file:
        return dict(file)


def test_the_run_continues_in_its_one_scale_to_the_same_weights(folder, expected):
    _, source, gan = build.open_run(str(folder / "run"))
    assert source.units.is_common
    np.testing.assert_allclose(next(iter(source.dataset(16, seed=0)))[0], expected["first_batch"], rtol=2e-7)
    assert int(gan.state.step.numpy()) == 4
    variables = [*gan.weights, *gan.g_optimizer.variables, *gan.d_optimizer.variables]
    # The older version had a weight without entries, where no loss has saved scalars.
    recorded = [expected[name] for name in sorted(expected) if name.isdigit() and expected[name].size]
    for variable, value in zip(variables, recorded, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=ROUNDING, atol=1e-7)


def test_its_config_now_says_the_units(folder):
    recorded = folder_lib.read_config(folder / "run")["data"]
    assert recorded["units"] == {"center": 0.0, "scale": pytest.approx(183.00957718525936)}
    assert recorded["fingerprint"] == "ad25352db12b0abe"


def test_its_scores_are_those_of_before(folder):
    scores = json.loads((folder / "run" / "evaluation.json").read_text())["scores"]
    assert scores["mmd_20"] == pytest.approx(0.31147411054498125, rel=1e-4)
    assert scores["overfitting"] == pytest.approx(-0.024914970621466637, rel=1e-3)
    assert evaluate.main(evaluate.EvaluateFlags(run_dir=str(folder / "run"), metrics=("mmd_20",))) == 0
    again = json.loads((folder / "run" / "evaluation.json").read_text())["scores"]
    assert again == pytest.approx(scores)


def test_it_generates_and_exports_in_the_units_of_the_data(folder, expected, tmp_path):
    run, out = str(folder / "run"), str(tmp_path / "x.npz")
    assert generate.main(generate.GenerateFlags(run_dir=run, seeds="0-7", out=out)) == 0
    with np.load(out) as made:
        np.testing.assert_allclose(made["points"], expected["samples"], rtol=1e-4, atol=1e-3)
    assert export_model.main(export_model.ExportFlags(run_dir=run, export_dir=str(tmp_path))) == 0
    sampler, _ = sampler_lib.from_saved_model(tmp_path / "run")
    np.testing.assert_allclose(sampler.by_seed(np.arange(8)), expected["samples"], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(sampler.read("score", PROBES), expected["score"], rtol=1e-4)


def test_its_saved_model_opens_and_is_scored(folder, expected):
    sampler, record = sampler_lib.from_saved_model(folder / "models" / "run" / "4")
    assert record["step"] == 4
    np.testing.assert_allclose(sampler.by_seed(np.arange(8)), expected["samples"], rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(sampler.read("score", PROBES), expected["score"], rtol=1e-4)


# Images by class, with saved scalars: `tests/old/images_run.zip`, written at the same commit by
#
#     python -m tfgan.train --dataset=digits --condition=acgan --augment=ada --penalty=lecam --penalty=r1:every=2 --width=4
#       --latent_dim=4 --noxla --batch_size=16 --steps=4 --log_every=2 --save_every=2 --sample_every=4 --metrics=kid_20/pixels
#       --nodoctor --run_dir=run --export_dir=models


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """The unpacked files, in which the run has been continued from step 2 to step 4."""
    folder = continued(tmp_path_factory.mktemp("old images"), "images_run.zip")
    with np.load(folder / "expected.npz") as file:
        return folder, dict(file)


def test_a_run_of_images_by_class_continues_to_the_same_weights_and_scalars(images):
    folder, expected = images
    gan = build.open_run(str(folder / "run"))[2]
    assert int(gan.state.step.numpy()) == 4
    networks = [*gan.generator.weights, *gan.discriminator.weights, *gan.ema_generator.weights]
    values = [
        variable.numpy()
        for variable in (
            *networks,
            *gan.g_optimizer.variables,
            *gan.d_optimizer.variables,
            gan.running.vector,
        )
    ]
    recorded = [expected[name] for name in sorted(expected) if name.isdigit()]
    for value, old in zip(values, recorded, strict=True):
        np.testing.assert_allclose(value, old, rtol=1e-4, atol=1e-6)  # one machine: equal to the last bit


def test_a_model_of_images_by_class_opens_and_draws_the_same(images):
    folder, expected = images
    for path in (folder / "run", folder / "models" / "run" / "4"):
        sampler = (
            sampler_lib.from_gan(build.open_run(str(path))[2])
            if path.name == "run"
            else sampler_lib.from_saved_model(path)[0]
        )
        np.testing.assert_allclose(sampler.by_seed(np.arange(8)), expected["samples"], rtol=1e-3, atol=1e-4)
