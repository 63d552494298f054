"""An exported model knows its run: another run's is never announced in its place."""

import contextlib
import dataclasses
import json
import shutil

import numpy as np
import pytest

from tfgan import export_model, train
from tfgan.evaluation import sampler
from tfgan.runs import build, config, publish
from tfgan.runs import folder as folder_lib

SMALL = {"dataset": "ring8", "network": "mlp:depth=1", "width": 4, "batch_size": 16, "steps": 1, "xla": False}


@pytest.fixture(scope="module")
def ring8():
    return build.open_source(config.resolve(config.Config(**SMALL)))


def begun(folder, source, **changes):
    """Make a run folder with the checkpoint of its untrained model; return its config and the model."""
    made = config.resolve(
        config.Config(
            **{**SMALL, **changes}, run_dir=str(folder), export_dir=str(folder.parents[1] / "models")
        )
    )
    gan = build.build_gan(made, source)
    with contextlib.closing(folder_lib.RunDir(made.run_dir, made, build.data_facts(source))) as run:
        run.save(gan, keep=1)
    return made, gan


def published(capsys, made, gan, source):
    """Export a run's model; return the line that says so."""
    publish.publish(gan, source, made, folder_lib.folder_of(made.run_dir), None)
    return capsys.readouterr().out.rstrip("\n")


def first_weight(version):
    return sampler.from_saved_model(version)[0].by_seed(np.arange(4))


def test_each_of_two_runs_of_one_name_gets_a_version_of_its_own(ring8, tmp_path, capsys):
    """`a/run`, then `b/run` by other flags, then another in the place of `a/run`; each is announced as its own, however often."""
    models = tmp_path / "models" / "run"
    a, b = begun(tmp_path / "a" / "run", ring8), begun(tmp_path / "b" / "run", ring8, loss="hinge", seed=7)
    assert published(capsys, *a, ring8) == f"SavedModel: {models}/0"
    assert (
        published(capsys, *b, ring8) == f"SavedModel: {models}/1   (step 0; version 0 there is another run's)"
    )
    assert not np.allclose(first_weight(models / "0"), first_weight(models / "1"))
    for run, version in ((a, 0), (b, 1)):
        assert published(capsys, *run, ring8) == f"SavedModel: {models}/{version}   (already there)"
    shutil.rmtree(tmp_path / "a")
    again = begun(tmp_path / "a" / "run", ring8, seed=3)
    assert (
        published(capsys, *again, ring8)
        == f"SavedModel: {models}/2   (step 0; version 0 there is another run's)"
    )
    records = [
        json.loads((models / str(version) / "assets.extra" / "tfgan.json").read_text())
        for version in range(3)
    ]
    assert [record["step"] for record in records] == [0, 0, 0]
    assert (
        len({record["run"]["id"] for record in records})
        == len({record["run"]["config"] for record in records})
        == 3
    )
    assert str(tmp_path) not in json.dumps([record["run"] for record in records])


def test_a_run_keeps_its_id_and_no_path_is_part_of_it(ring8, tmp_path):
    begun(tmp_path / "a" / "run", ring8)
    there = folder_lib.read_config(tmp_path / "a" / "run")
    shutil.move(tmp_path / "a", tmp_path / "elsewhere")
    begun(tmp_path / "elsewhere" / "run", ring8)
    moved = folder_lib.read_config(tmp_path / "elsewhere" / "run")
    assert moved["run_dir"] != there["run_dir"]
    assert folder_lib.model_identity(moved) == folder_lib.model_identity(there)
    assert len(there["run_id"]) == 16


def test_models_of_a_run_that_was_taken_back_are_others(ring8, tmp_path):
    """A rollback trains the same steps anew, with other noise."""
    begun(tmp_path / "a" / "run", ring8)
    record = folder_lib.read_config(tmp_path / "a" / "run")
    assert folder_lib.model_identity(record, 0) != folder_lib.model_identity(record, 1)


def test_digests_follow_what_a_run_shares_and_nothing_else():
    made = config.resolve(config.Config(dataset="npz:/home/me/x.npz", run_dir="a"))
    digest = lambda **changes: config.digest(config.to_dict(dataclasses.replace(made, **changes)))  # noqa: E731
    same = [{"run_dir": "b"}, {"dataset": "npz:y.npz"}, {"steps": 7}, {"data_dir": "z"}, {"init_from": "c"}]
    others = [{"seed": 1}, {"loss": "hinge"}, {"dataset": "folder:x"}, {"width": 3}]
    assert {digest(**changes) for changes in same} == {digest()}
    assert len({digest(), *[digest(**changes) for changes in others]}) == 5
    assert (
        config.digest({key: value for key, value in config.to_dict(made).items() if value is not None})
        == digest()
    )


def written(path, version, **about):
    folder = path / str(version) / "assets.extra"
    folder.mkdir(parents=True)
    (folder / "tfgan.json").write_text(json.dumps(about))


def test_models_of_before_runs_had_an_id_are_told_apart_by_their_configs(tmp_path):
    mine = {**config.to_dict(config.resolve(config.Config(**SMALL))), "data": {"fingerprint": "0"}}
    written(tmp_path, 4, step=4, config={**mine, "loss": "hinge"})
    written(tmp_path, 5, step=4, config=mine)
    (tmp_path / "6").mkdir()
    assert publish.find_version(tmp_path, folder_lib.model_identity(mine), 4) == tmp_path / "5"
    assert publish.find_version(tmp_path, folder_lib.model_identity(mine), 5) is None
    assert publish.find_version(tmp_path, folder_lib.model_identity({**mine, "run_id": "1"}), 4) is None
    assert publish.find_version(tmp_path / "none", folder_lib.model_identity(mine), 4) is None


@pytest.mark.slow
def test_training_announces_its_own_model(tmp_path, capsys):
    """The commands of the fault: the second run, of other flags and of the same name, printed the first one's model."""
    said = []
    for parent, changes in (("a", {}), ("b", {"loss": "hinge", "seed": 7}), ("a", {})):
        folder = str(tmp_path / parent / "run")
        flags = train.TrainFlags(
            **{**SMALL, **changes}, log_every=1, run_dir=folder, export_dir=str(tmp_path / "models")
        )
        assert train.main(flags) == 0
        said += [line for line in capsys.readouterr().out.splitlines() if line.startswith("SavedModel: ")]
    models = f"SavedModel: {tmp_path}/models/run"
    assert said == [
        f"{models}/1",
        f"{models}/2   (step 1; version 1 there is another run's)",
        f"{models}/1   (already there)",
    ]
    assert (
        export_model.main(
            export_model.ExportFlags(run_dir=str(tmp_path / "b" / "run"), export_dir=str(tmp_path / "models"))
        )
        == 0
    )
    assert capsys.readouterr().out == f"{models}/2   (already there)\n"


@pytest.mark.parametrize(("run_id", "is_known"), [("a1", True), (None, False)])
def test_a_run_with_an_id_is_known_however_its_config_is_written(run_id, is_known):
    """The id is drawn once a folder; the digest of a config may change with the flags that it is written in."""
    run = {"id": run_id, "config": "of today", "data": "d", "attempt": 0}
    assert publish._belongs_to({"run": {**run, "config": "of before"}}, run) == is_known
    assert not publish._belongs_to({"run": {**run, "id": "b2"}}, run)
    assert not publish._belongs_to({"run": {**run, "attempt": 1}}, run)
