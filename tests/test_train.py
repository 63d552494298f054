"""The training command: what a run leaves behind, how it continues, when it refuses."""

import contextlib
import dataclasses
import errno
import itertools
import json
import logging
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tfgan
from tfgan import evaluate, export_model, generate, metrics, train
from tfgan.evaluation import sampler
from tfgan.runs import build, fast_path, fit
from tfgan.runs import folder as folder_lib
from tfgan.runs.config import Config, resolve

SMALL = {
    "dataset": "ring8",
    "width": 8,
    "batch_size": 16,
    "steps": 6,
    "log_every": 2,
    "save_every": 2,
    "sample_every": 6,
    "export": False,
}


def flags(folder, **changes):
    return train.TrainFlags(**{**SMALL, "run_dir": str(folder), **changes})


def weights_of(folder):
    gan = build.open_run(str(folder))[2]
    return [v.numpy() for v in [*gan.weights, *gan.g_optimizer.variables, *gan.d_optimizer.variables]]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert train.main(flags(folder)) == 0
    return folder


def test_run_folder_holds_what_is_documented(finished_run):
    names = {path.name for path in finished_run[0].iterdir()} - {".lock"}
    assert names == {
        "config.json",
        "metrics.jsonl",
        "tensorboard",
        "samples",
        "checkpoints",
        "evaluation.json",
    }


def test_sample_grids_are_pictures(finished_run):
    files = sorted((finished_run[0] / "samples").iterdir())
    assert [file.name for file in files] == [f"step_{step:08d}.png" for step in (2, 4, 6)]
    assert Image.open(files[-1]).size[0] >= 512 * 0.9


def test_records_have_a_line_an_interval(finished_run):
    records = [json.loads(line) for line in (finished_run[0] / "metrics.jsonl").read_text().splitlines()]
    logged = [record for record in records if "loss/total" in record]
    assert [record["step"] for record in logged] == [2, 4, 6]
    assert {"seconds", "lr/generator", "speed/images_per_second", "accuracy/fake"} <= set(logged[0])


def test_scores_during_training_are_recorded(finished_run):
    records = [json.loads(line) for line in (finished_run[0] / "metrics.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records if "metrics/classes" in record] == [4, 6]


def test_tensorboard_gets_scalars_pictures_and_hparams(finished_run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(finished_run[0] / "tensorboard"))
    events.Reload()
    tags = events.Tags()["tensors"]
    assert {"loss/discriminator", "samples", "metrics/classes"} <= set(tags)
    assert any(events.SummaryMetadata(tag).plugin_data.plugin_name == "hparams" for tag in tags)


def test_old_checkpoints_are_dropped(finished_run):
    assert [path.name for path in folder_lib.list_checkpoints(finished_run[0])] == [
        "step_00000006.keras",
        "step_00000004.keras",
    ]


def test_a_run_continues_on_the_path_that_it_recorded(tmp_path, monkeypatch, capsys):
    """Begun without XLA, by a flag; the command without the flag continues it so, although auto would compile it."""
    monkeypatch.setattr(fast_path, "this_machine", lambda: fast_path.Machine(bfloat16=True))
    settings = {"network": "mlp:depth=1", "width": 4, "lr_schedule": "constant"}
    assert train.main(flags(tmp_path / "run", **settings, xla=False, steps=2)) == 0
    assert "run: training, to step 2 (no XLA, float32" in capsys.readouterr().err
    monkeypatch.setattr(
        fast_path, "this_machine", lambda: fast_path.Machine(accelerator=True, bfloat16=False)
    )
    assert train.main(flags(tmp_path / "run", **settings, steps=4)) == 0
    assert "run: continuing at step 2, to step 4 (no XLA, float32)" in capsys.readouterr().err
    record = folder_lib.read_config(tmp_path / "run")
    assert (record["xla"], record["precision"], record["steps"]) == (False, "float32", 4)
    with pytest.raises(SystemExit):
        train.main(flags(tmp_path / "run", **settings, xla=True, steps=4))
    assert "--xla: False there, True here" in capsys.readouterr().err


def test_config_is_enough_to_run_again(whole, tmp_path):
    record = folder_lib.read_config(whole)
    known = {field.name for field in dataclasses.fields(train.Config)}
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in record.items() if key in known}
    assert train.main(train.TrainFlags(**{**values, "run_dir": str(tmp_path / "again")})) == 0
    assert same(weights_of(tmp_path / "again"), weights_of(whole))


def test_another_seed_gives_other_weights(whole, tmp_path):
    train.main(flags(tmp_path / "other", seed=1))
    assert not same(weights_of(tmp_path / "other"), weights_of(whole))


def test_interrupted_run_continues_bit_for_bit(whole, tmp_path, monkeypatch):
    """SIGTERM in step 3 saves there and exits 143; the same command ends with the uninterrupted run's weights."""
    from tfgan import callbacks

    class Interrupting(callbacks.StopOnSignal):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.state.step.numpy()) == 3:
                signal.raise_signal(signal.SIGTERM)
            super().on_train_batch_end(batch, logs)

    with monkeypatch.context() as patch:
        patch.setattr(callbacks, "StopOnSignal", Interrupting)
        assert train.main(flags(tmp_path / "run", steps_per_call=1)) == 128 + signal.SIGTERM
    assert folder_lib.list_checkpoints(tmp_path / "run")[0].name == "step_00000003.keras"
    assert train.main(flags(tmp_path / "run")) == 0
    assert same(weights_of(tmp_path / "run"), weights_of(whole))


def test_resuming_leaves_one_curve(whole, tmp_path):
    """Records and events past the checkpoint that is resumed from are cut, and written once more."""
    folder = tmp_path / "run"
    train.main(flags(folder))
    folder_lib.list_checkpoints(folder)[0].unlink()
    train.main(flags(folder))
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records if "loss/total" in record] == [2, 4, 6]
    assert [record["step"] for record in records if "metrics/modes" in record] == [6]
    events = [
        tf.compat.v1.Event.FromString(record.numpy())
        for file in sorted((folder / "tensorboard").iterdir())
        for record in tf.data.TFRecordDataset(str(file))
    ]
    points = [
        event.step for event in events if any(value.tag == "loss/total" for value in event.summary.value)
    ]
    assert points == [2, 4, 6]


def test_truncated_newest_checkpoint_falls_back(whole, tmp_path, caplog):
    folder = tmp_path / "run"
    train.main(flags(folder))
    newest = folder_lib.list_checkpoints(folder)[0]
    newest.write_bytes(newest.read_bytes()[:1000])
    with caplog.at_level(logging.WARNING):
        assert train.main(flags(folder)) == 0
    assert "falling back" in caplog.text
    assert same(weights_of(folder), weights_of(whole))


def test_finished_run_prints_its_result(whole, capsys):
    before = (whole / "metrics.jsonl").read_text()
    assert train.main(flags(whole)) == 0
    assert (
        json.loads((whole / "evaluation.json").read_text())["scores"]["modes"]
        == json.loads(capsys.readouterr().out.split("run folder")[0])["scores"]["modes"]
    )
    assert (whole / "metrics.jsonl").read_text() == before


def test_more_steps_continue_a_finished_run(tmp_path):
    folder = tmp_path / "run"
    train.main(flags(folder, lr_schedule="constant"))
    assert train.main(flags(folder, lr_schedule="constant", steps=8)) == 0
    assert folder_lib.list_checkpoints(folder)[0].name == "step_00000008.keras"


def full_after(monkeypatch, saves):
    """Let a disk be full after so many checkpoints: half of the next one is written."""
    save, done = tfgan.GAN.save, []

    def save_or_fail(gan, path):
        if len(done) == saves:
            Path(path).write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        done.append(path)
        save(gan, path)

    monkeypatch.setattr(tfgan.GAN, "save", save_or_fail)


def test_a_full_disk_is_one_line_and_loses_nothing(whole, tmp_path, monkeypatch, capsys):
    """Status 1, the checkpoint before it stays, no half of one; with room again the same command ends as if nothing had been."""
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        full_after(patch, 1)
        with pytest.raises(SystemExit) as exit:
            train.main(flags(folder))
    said = capsys.readouterr().err
    assert exit.value.code == 1
    assert "No space left on device" in said
    assert (
        f"The last good checkpoint is {folder}/checkpoints/step_00000002.keras. Once that is fixed, the same command continues"
        in said
    )
    assert "Traceback" not in said
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["step_00000002.keras"]
    assert train.main(flags(folder)) == 0
    assert same(weights_of(folder), weights_of(whole))


def test_a_clock_that_jumps_changes_no_duration(tmp_path, monkeypatch):
    """The wall clock goes back a day at each look; seconds still rise, and no limit of a minute is taken for over."""
    looks = itertools.count()
    monkeypatch.setattr(time, "time", lambda: 1.8e9 - 86400 * next(looks))
    folder = tmp_path / "run"
    assert train.main(flags(folder, max_minutes=10)) == 0
    seconds = [
        record["seconds"]
        for record in map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
        if "seconds" in record
    ]
    assert folder_lib.list_checkpoints(folder)[0].name == "step_00000006.keras"
    assert seconds == sorted(seconds)
    assert 0 < seconds[0] < seconds[-1] < 600


def test_a_profile_is_written(tmp_path):
    assert train.main(flags(tmp_path / "run", profile="2,4")) == 0
    assert list((tmp_path / "run" / "tensorboard").rglob("*.xplane.pb"))


def test_time_limit_saves_and_stops(tmp_path, capsys):
    assert train.main(flags(tmp_path / "run", max_minutes=1e-9)) == 0
    assert "the same command continues it" in capsys.readouterr().err
    assert len(folder_lib.list_checkpoints(tmp_path / "run")) == 1


def test_divergence_exits_3_and_writes_no_bad_checkpoint(tmp_path, capsys):
    assert train.main(flags(tmp_path / "run", loss="wgan", g_lr=1e30, d_lr=1e30)) == 3
    said = capsys.readouterr().err
    assert "NaN or infinite: " in said
    assert "loss/discriminator" in said
    assert "logits/real" in said
    assert folder_lib.list_checkpoints(tmp_path / "run") == []


def test_init_from_copies_the_networks(whole, tmp_path):
    config = train.config_lib.resolve(train.Config(**{**SMALL, "init_from": str(whole)}))
    source = build.open_source(config)
    gan = build.build_gan(build.fill_network(config, source), source)
    trained = build.open_run(str(whole))[2]
    assert same(gan.generator.get_weights(), trained.generator.get_weights())
    assert int(gan.state.step.numpy()) == 0


def refused(capsys, call, *words):
    with pytest.raises(SystemExit) as exit:
        call()
    error = capsys.readouterr().err
    assert exit.value.code == 2
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    for word in words:
        assert word in error


def test_another_config_is_refused_with_the_difference(whole, capsys):
    refused(capsys, lambda: train.main(flags(whole, batch_size=32)), "--batch_size: 16 there, 32 here")


def test_longer_schedule_is_another_run(whole, capsys):
    refused(capsys, lambda: train.main(flags(whole, steps=8)), "--steps: 6 there, 8 here")


def test_folder_in_use_is_refused(tmp_path, capsys):
    config = train.config_lib.resolve(train.Config(**{**SMALL, "run_dir": str(tmp_path / "run")}))
    source = build.open_source(config)
    held = folder_lib.RunDir(tmp_path / "run", build.fill_network(config, source), build.data_facts(source))
    refused(capsys, lambda: train.main(flags(tmp_path / "run")), "in use")
    held.close()


def test_unwritable_folder_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    refused(capsys, lambda: train.main(flags(tmp_path / "file" / "run")), "file")


def test_init_from_another_network_is_refused(whole, tmp_path, capsys):
    refused(capsys, lambda: train.main(flags(tmp_path / "run", width=9, init_from=str(whole))), "--init_from")
    assert not (tmp_path / "run").exists()


def test_evaluate_scores_a_run(whole, capsys):
    assert evaluate.main(evaluate.EvaluateFlags(run_dir=str(whole), num_samples=100)) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["num_samples"] == 100


def test_evaluate_scores_an_exported_model(finished_run, capsys):
    assert evaluate.main(evaluate.EvaluateFlags(saved_model=str(finished_run[1]))) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores == json.loads((finished_run[0] / "evaluation.json").read_text())["scores"]


def test_evaluate_takes_names_with_number_and_features(finished_run, capsys):
    metrics = ("kid_60:subsets=3,subset_size=20/pixels,ms_ssim_40", "precision_recall/pixels")
    assert (
        evaluate.main(
            evaluate.EvaluateFlags(saved_model=str(finished_run[1]), metrics=metrics, num_samples=50)
        )
        == 0
    )
    printed = json.loads(capsys.readouterr().out)
    assert {
        "kid_60:subsets=3,subset_size=20/pixels",
        "ms_ssim_40",
        "precision_50/pixels",
        "recall_50/pixels",
    } <= set(printed["scores"])
    assert printed["biases"]["kid_60:subsets=3,subset_size=20/pixels"] == "none"


@pytest.mark.parametrize(
    ("metric", "words"),
    [("fdi_2k/pixels", "did you mean 'fid'"), ("fid_2k/", "features' name"), ("fid_2k", "pixels")],
)
def test_evaluate_refuses_names_that_say_nothing(finished_run, capsys, metric, words):
    refused(
        capsys,
        lambda: evaluate.main(evaluate.EvaluateFlags(saved_model=str(finished_run[1]), metrics=(metric,))),
        words,
    )


def test_evaluate_wants_one_model(capsys):
    refused(capsys, lambda: evaluate.main(evaluate.EvaluateFlags()), "--run_dir")


def test_generate_draws_the_same_from_run_and_export(finished_run, tmp_path):
    for option, path, out in (
        ("run_dir", finished_run[0], "a.npz"),
        ("saved_model", finished_run[1], "b.npz"),
    ):
        assert (
            generate.main(generate.GenerateFlags(**{option: str(path)}, seeds="0-4", out=str(tmp_path / out)))
            == 0
        )
    with np.load(tmp_path / "a.npz") as a, np.load(tmp_path / "b.npz") as b:
        assert a["images"].shape == (5, 8, 8, 1)
        np.testing.assert_allclose(a["images"], b["images"], atol=1e-6)


def test_generate_writes_a_grid(finished_run, tmp_path):
    assert (
        generate.main(
            generate.GenerateFlags(saved_model=str(finished_run[1]), seeds="0-8", out=str(tmp_path / "g.png"))
        )
        == 0
    )
    assert Image.open(tmp_path / "g.png").size[0] == Image.open(tmp_path / "g.png").size[1]


def test_generate_refuses_an_unknown_format(finished_run, tmp_path, capsys):
    def call():
        return generate.main(
            generate.GenerateFlags(saved_model=str(finished_run[1]), out=str(tmp_path / "g.gif"))
        )

    refused(capsys, call, "--out")


def test_export_model_exports_a_run(whole, tmp_path):
    assert export_model.main(export_model.ExportFlags(run_dir=str(whole), export_dir=str(tmp_path))) == 0
    assert (tmp_path / "run" / "6" / "saved_model.pb").exists()


def test_segments_cut_at_the_interval():
    assert list(fit.split_steps(30, 260, 50)) == [(30, 1, 20), (50, 4, 50), (250, 1, 10)]
    assert list(fit.split_steps(0, 100, 50)) == [(0, 2, 50)]
    assert list(fit.split_steps(7, 9, 50)) == [(7, 1, 2)]
    assert list(fit.split_steps(50, 50, 50)) == []


def config_of(run):
    known = {field.name for field in dataclasses.fields(Config)}
    return {
        name: tuple(v) if isinstance(v, list) else v
        for name, v in folder_lib.read_config(run).items()
        if name in known
    }


def labelled_points(file, num_classes, dimensions):
    labels = np.arange(60) % num_classes
    np.savez(
        file, points=np.random.default_rng(0).normal(size=(60, dimensions)).astype("float32"), labels=labels
    )


@pytest.fixture(scope="module")
def on_points(tmp_path_factory):
    """A run, untrained, on labelled points of three classes in the plane: (run folder, file of the points)."""
    folder = tmp_path_factory.mktemp("on_points")
    labelled_points(folder / "points.npz", 3, 2)
    about = {
        "dataset": f"npz:{folder / 'points.npz'}",
        "network": "mlp",
        "condition": "concat",
        "width": 4,
        "batch_size": 8,
        "steps": 1,
    }
    config = resolve(Config(**about, run_dir=str(folder / "run")))
    source = build.open_source(config)
    with contextlib.closing(folder_lib.RunDir(folder / "run", config, build.data_facts(source))) as run:
        run.save(build.build_gan(config, source), keep=1)
    return folder / "run", folder / "points.npz"


@pytest.mark.parametrize(
    ("num_classes", "dimensions", "words"),
    [
        (5, 2, "data num_classes: 3 there, 5 here"),
        (3, 4, "data shape: [2] there, [4] here"),
        (2, 2, "data fingerprint: "),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        lambda run: evaluate.main(evaluate.EvaluateFlags(run_dir=str(run))),
        lambda run: train.main(train.TrainFlags(**{**config_of(run), "steps": 2})),
    ],
    ids=["evaluate", "train"],
)
def test_a_run_whose_data_changed_is_refused(command, num_classes, dimensions, words, on_points, capsys):
    run, file = on_points
    labelled_points(file, num_classes, dimensions)
    with pytest.raises(SystemExit) as status:
        command(run)
    assert status.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: --run_dir: {run} belongs to ")
    assert words in line


def test_a_run_whose_data_are_as_they_were_is_read(on_points):
    run, file = on_points
    labelled_points(file, 3, 2)
    assert build.open_run(str(run))[1].num_classes == 3


def test_a_model_is_built_without_its_data(on_points, tmp_path):
    """`generate` and `export_model` need the shape, the classes and the units, which config.json holds."""
    run, file = on_points
    labelled_points(file, 3, 2)
    before = file.read_bytes()
    units = build.open_run(str(run))[1].units
    labelled_points(file, 5, 4)
    try:
        assert (
            generate.main(generate.GenerateFlags(run_dir=str(run), seeds="0-2", out=str(tmp_path / "x.npz")))
            == 0
        )
        file.unlink()
        assert export_model.main(export_model.ExportFlags(run_dir=str(run), export_dir=str(tmp_path))) == 0
    finally:
        file.write_bytes(before)
    _, record = sampler.load_saved_model(tmp_path / "run")
    assert (record["num_classes"], record["units"]) == (3, units.to_json())
    with np.load(tmp_path / "x.npz") as made:
        expected = sampler.from_saved_model(tmp_path / "run")[0].by_seed(np.arange(3))
        np.testing.assert_allclose(made["points"], expected, rtol=1e-5, atol=1e-6)


def test_scores_ask_for_data_that_are_elsewhere_and_find_them_by_another_path(
    on_points, tmp_path, monkeypatch, capsys
):
    run, file = on_points
    labelled_points(file, 3, 2)

    def evaluated(**more):
        return evaluate.main(evaluate.EvaluateFlags(run_dir=str(run), metrics=("w2_20",), **more))

    assert evaluated() == 0
    there = json.loads(capsys.readouterr().out)
    moved = file.rename(tmp_path / "moved.npz")
    try:
        refused(capsys, evaluated, "if they are elsewhere now, name them by --dataset or --data_dir")
        monkeypatch.chdir(tmp_path)
        assert evaluated(dataset="npz:./moved.npz") == 0
        assert json.loads(capsys.readouterr().out) == there
        labelled_points(tmp_path / "others.npz", 2, 2)
        refused(capsys, lambda: evaluated(dataset="npz:others.npz"), "belongs to other data")
    finally:
        moved.rename(file)


def test_the_same_data_by_another_path_continue_a_run(tmp_path, monkeypatch):
    """x.npz, ./x.npz, absolute, moved: `differences` names none of them, and the fingerprint is the same."""
    monkeypatch.chdir(tmp_path)
    labelled_points("x.npz", 3, 2)
    (tmp_path / "elsewhere").mkdir()
    about = {"network": "mlp", "width": 4, "batch_size": 8, "steps": 1, "run_dir": "run"}
    first = resolve(Config(dataset="npz:x.npz", **about))
    with contextlib.closing(folder_lib.RunDir("run", first, build.data_facts(build.source_of_run(first)))):
        pass
    (tmp_path / "x.npz").rename("elsewhere/y.npz")
    for path in ("elsewhere/y.npz", "./elsewhere/y.npz", str(tmp_path / "elsewhere" / "y.npz")):
        again = resolve(Config(dataset=f"npz:{path}", **about))
        with contextlib.closing(
            folder_lib.RunDir("run", again, build.data_facts(build.source_of_run(again)))
        ):
            assert folder_lib.read_config("run")["dataset"] == f"npz:{path}"
    with pytest.raises(ValueError, match=r"--dataset: 'npz:.* there, 'digits' here"):
        folder_lib.RunDir(
            "run", dataclasses.replace(again, dataset="digits"), build.data_facts(build.open_source(again))
        )


def test_a_config_that_was_changed_by_hand_is_refused(on_points, tmp_path, capsys):
    record = folder_lib.read_config(on_points[0])
    del record["data"]["num_classes"]
    (tmp_path / "config.json").write_text(json.dumps(record))
    call = lambda: generate.main(generate.GenerateFlags(run_dir=str(tmp_path), out=str(tmp_path / "x.png")))  # noqa: E731
    refused(capsys, call, "--run_dir: expected data with num_classes in config.json")


# Metrics that cannot be taken


@pytest.fixture
def rare(tmp_path):
    """Pictures of two classes, five of one of them."""
    images = np.random.default_rng(0).integers(0, 256, (1000, 8, 8, 1), np.uint8)
    np.savez(tmp_path / "rare.npz", images=images, labels=np.int32(np.arange(1000) % 200 == 0))
    return f"npz:{tmp_path / 'rare.npz'}"


@pytest.mark.parametrize(
    ("metric", "words", "condition"),
    [
        ("class_fid_60/pixels", "real: expected at least 2 samples of each class", "concat"),
        ("class_fid_60/pixels", "fake: expected labels, got none", "none"),
        (
            "inception_score_60/random_cnn",
            "features 'random_cnn': expected an extractor that classifies",
            "none",
        ),
        ("kid_60/fashion_cnn", "expected images of shape (n, 28, 28, 1), got (n, 8, 8, 1)", "none"),
    ],
)
def test_metrics_that_cannot_be_taken_are_refused_before_training(
    tmp_path, rare, metric, words, condition, capsys
):
    with pytest.raises(SystemExit) as stopped:
        train.main(flags(tmp_path / "run", dataset=rare, metrics=(metric,), condition=condition))
    assert stopped.value.code == 2
    error = capsys.readouterr().err.strip()
    assert error.count("\n") == 0
    assert words in error
    assert not (tmp_path / "run").exists()


def test_a_metric_that_fails_costs_neither_checkpoint_nor_export(tmp_path, capsys):
    """It fails as it trains and after: status 1, a line each time. The same command tries it again."""
    room = []

    @metrics.register("short_of_memory")
    @dataclasses.dataclass(frozen=True)
    class ShortOfMemory(metrics.Metric):
        reads = ("images",)
        values = {"short_of_memory": "lower"}  # noqa: RUF012
        default_samples = 20

        def measure(self, real, fake):
            if not room:
                raise MemoryError("no room")
            return {"short_of_memory": 0.5}

    asked = flags(
        tmp_path / "run",
        dataset="digits",
        latent_dim=4,
        steps=4,
        eval_every=2,
        metrics=("short_of_memory", "ms_ssim_20"),
        export=True,
        export_dir=str(tmp_path / "models"),
    )
    try:
        assert train.main(asked) == 1
        error = capsys.readouterr().err
        assert "run: short_of_memory_20 could not be computed at step 2: no room" in error
        assert (
            "trained, without the scores of short_of_memory: see above. The same command tries them again"
            in error
        )
        assert "Traceback" not in error
        assert folder_lib.step_of(folder_lib.list_checkpoints(tmp_path / "run")[0]) == 4
        assert (tmp_path / "models" / "run" / "4" / "saved_model.pb").exists()
        scores = json.loads((tmp_path / "run" / "evaluation.json").read_text())["scores"]
        assert "ms_ssim_20" in scores
        assert "short_of_memory_20" not in scores
        room.append("more")
        assert train.main(asked) == 0
        again = json.loads((tmp_path / "run" / "evaluation.json").read_text())["scores"]
        assert again["short_of_memory_20"] == 0.5
        assert again["ms_ssim_20"] == scores["ms_ssim_20"]
    finally:
        del metrics.metrics._entries["short_of_memory"]
