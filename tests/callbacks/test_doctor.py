"""The doctor at the bedside: what it looks at in every kind of model, where it says what it finds, and what a run then does."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan import _noise, build, callbacks, checkup, config, losses, run_dir, train
from tfgan.callbacks import ward
from tfgan.callbacks.diagnosis import FATAL
from tfgan.callbacks.doctor import _facts, _pull

BATCH = 8


@pytest.fixture(scope="module")
def sources():
    return {name: build.source(config.resolve(config.Config(dataset=name, batch_size=BATCH))) for name in ("ring8", "digits")}


@pytest.fixture
def eager(monkeypatch):
    """Say after three intervals what would otherwise have to last."""
    monkeypatch.setattr(ward, "WARM_UP", 0)
    monkeypatch.setattr(ward, "LASTING_STEPS", 0)


def looked(source, folder, epochs=1, **settings):
    """Train a few uncompiled steps under the doctor; return it and the records."""
    asked = config.Config(dataset=source.name, batch_size=BATCH, width=8, xla=False, log_every=1, steps=epochs, **settings)
    resolved = build.complete(config.resolve(asked), source)
    gan = build.gan(resolved, source)
    records = callbacks.Records(folder / "metrics.jsonl", None, images_per_step=BATCH)
    doctor = checkup.doctor(source, resolved, records, None, alone=True)
    doctor.every_steps, doctor._say = 1, lambda line: None
    gan.fit(source.dataset(BATCH, seed=0), epochs=epochs, steps_per_epoch=1, callbacks=[records, doctor], verbose=0)
    found = {}
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        found |= {tag: value for tag, value in json.loads(line).items() if tag.startswith("doctor/")}
    return doctor, found


OF_EXAMPLES = {"doctor/real_distance", "doctor/fake_distance", "doctor/between", "doctor/d_update", "doctor/g_update"}
OF_LOGITS = {"doctor/spread", "doctor/unseen"}  # overfitting only where D tells training examples from fakes at all
MODELS = {
    "labels to both": ("digits", {"condition": "projection"}, OF_LOGITS | {"doctor/slope"}),
    "classifier": ("digits", {"condition": "acgan"}, OF_LOGITS | {"doctor/slope"}),
    "codes": ("digits", {"info_categorical": 10, "info_continuous": 1}, OF_LOGITS | {"doctor/slope"}),
    "packs": ("digits", {"pack": 2}, OF_LOGITS | {"doctor/slope"}),
    "few labels": ("digits", {"task": "classify", "labels_per_class": 4}, OF_LOGITS | {"doctor/slope"}),
    "energies": ("digits", {"loss": "ebgan"}, OF_LOGITS),
    "balanced energies": ("digits", {"loss": "began"}, OF_LOGITS),
    "embeddings": ("ring8", {"loss": "cramer"}, set()),
    "averages": ("ring8", {"loss": "ragan"}, {"doctor/spread", "doctor/slope"}),
    "endless points": ("ring8", {"loss": "wgan"}, {"doctor/spread", "doctor/slope"}),
}


@pytest.mark.parametrize("model", MODELS)
def test_every_kind_of_model_is_looked_at(model, sources, tmp_path, monkeypatch):
    name, settings, of_logits = MODELS[model]
    if settings.get("task"):
        labelled = sources[name].dataset(BATCH, seed=0, labels_per_class=4)
        monkeypatch.setattr(type(sources[name]), "dataset", lambda *arguments, **named: labelled)
    _, found = looked(sources[name], tmp_path, **settings)
    assert set(found) - {"doctor/overfitting", "doctor/coverage", "doctor/density"} == OF_EXAMPLES | of_logits
    assert all(np.isfinite(value) for value in found.values())


def test_looks_are_at_the_first_interval_and_at_multiples(sources, tmp_path):
    """At the first at distances alone; also of a run that continues: after one step in a first `fit`, three more."""
    source = sources["ring8"]
    resolved = build.complete(config.resolve(config.Config(dataset="ring8", batch_size=BATCH, width=8, xla=False)), source)
    gan, data = build.gan(resolved, source), source.dataset(BATCH, seed=0)
    for until in (1, 4):
        records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH, start=int(gan.state.step.numpy()))
        doctor = checkup.doctor(source, resolved, records, None, alone=True)
        doctor.every_steps, doctor._say = 3, lambda line: None
        gan.fit(data, epochs=until - int(gan.state.step.numpy()), steps_per_epoch=1, callbacks=[records, doctor], verbose=0)
    lines = map(json.loads, (tmp_path / "metrics.jsonl").read_text().splitlines())
    looks = {line["step"]: "doctor/fake_distance" in line for line in lines if "doctor/between" in line}
    assert looks == {1: False, 3: True}


@pytest.mark.parametrize("loss", losses.names())
def test_objectives_that_fix_no_scale_are_known(loss):
    """The linear link pays a logit by its size; energies and embeddings are distances."""
    assert _facts(type("Model", (), {"loss": losses.get(loss)})).scaled == (loss not in ("wgan", "ebgan", "began", "mmd", "cramer"))


@pytest.mark.parametrize(("loss", "logit", "expected"), [("minimax", -6.0, 0.0091943), ("nonsat", -6.0, 1.3645255), ("wgan", -6.0, 1.0)])
def test_pull_is_the_slope_of_the_generators_loss(loss, logit, expected):
    """sigmoid(-6) / sigmoid(-1) where G minimizes -softplus(f), sigmoid(6) / sigmoid(1) for softplus(-f), 1 for -f."""
    objective, ones = losses.get(loss), tf.ones((4, 1))
    assert float(_pull(objective, 6 * ones, logit * ones) / _pull(objective, ones, -ones)) == pytest.approx(expected, rel=1e-4)


def test_updates_are_shares_of_the_weights(make_gan, tmp_path):
    """SGD whose rate is 0 for G and moves D: the change over one step by hand."""
    gan = make_gan(g_optimizer=keras.optimizers.SGD(0.0), d_optimizer=keras.optimizers.SGD(0.1), jit_compile=False)
    data = tf.data.Dataset.from_tensors(tf.random.stateless_normal((BATCH, 2), (0, 1))).repeat()
    records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH)
    doctor = callbacks.Doctor(records, (np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32), np.zeros(16, np.int32)))
    before = np.concatenate([v.numpy().ravel() for v in gan.discriminator.trainable_variables])
    gan.fit(data, epochs=1, steps_per_epoch=1, callbacks=[doctor], verbose=0)
    after = np.concatenate([v.numpy().ravel() for v in gan.discriminator.trainable_variables])
    (record,) = map(json.loads, records.file.read_text().splitlines())
    assert record["doctor/d_update"] == pytest.approx(np.linalg.norm(after - before) / np.linalg.norm(after), rel=1e-5)
    assert record["doctor/g_update"] == 0.0


STILL = {"dataset": "ring8", "width": 8, "batch_size": BATCH, "log_every": 2, "save_every": 2, "sample_every": 8, "xla": False}
STILL |= {"g_lr": 1e-12, "export": False, "steps": 8, "network": "mlp:depth=1,d_depth=1"}


def diagnoses(folder):
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [record for record in records if "diagnosis" in record]


@pytest.fixture(scope="module")
def warned(tmp_path_factory):
    """A run whose G stands still, warned of: (folder, what it wrote to stderr)."""
    import contextlib
    import io

    folder, said = tmp_path_factory.mktemp("warned") / "run", io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(said):
        patch.setattr(ward, "WARM_UP", 0)
        patch.setattr(ward, "LASTING_STEPS", 0)
        assert train.main(train.TrainFlags(run_dir=str(folder), **STILL)) == 0
    return folder, said.getvalue()


def test_a_diagnosis_is_a_record_once_an_episode(warned):
    (record,) = diagnoses(warned[0])
    assert (record["step"], record["diagnosis"], record["remedy"]) == (6, "vanishing_gradients", "raise --g_lr")
    assert "e-" in record["evidence"]


def test_a_diagnosis_is_a_line_on_stderr(warned):
    assert "step 6: vanishing gradients: a step changes G's weights by " in warned[1]


def test_a_diagnosis_stands_in_the_text_tab(warned):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(warned[0] / "tensorboard"))
    events.Reload()
    (entry,) = events.Tensors("doctor")
    assert entry.step == 6
    assert b"vanishing_gradients" in entry.tensor_proto.string_val[0]
    assert events.SummaryMetadata("doctor").plugin_data.plugin_name == "text"


def test_a_continued_run_remembers_what_was_said(tmp_path, eager):
    """The episode of the first eight steps goes on in the next eight; signs of the first four count with the next."""
    for steps in (4, 8, 16):
        assert train.main(train.TrainFlags(run_dir=str(tmp_path / "run"), **{**STILL, "steps": steps, "lr_schedule": "constant"})) == 0
    assert [record["step"] for record in diagnoses(tmp_path / "run")] == [6]


def test_nodoctor_says_nothing(tmp_path, eager):
    assert train.main(train.TrainFlags(run_dir=str(tmp_path / "run"), doctor=False, **STILL)) == 0
    assert "doctor/" not in (tmp_path / "run" / "metrics.jsonl").read_text()
    assert diagnoses(tmp_path / "run") == []


def test_stop_ends_with_status_3_and_keeps_the_last_good_checkpoint(tmp_path, eager, capfd):
    """G is fine up to step 4 and stands still from there: three signs later, at step 10, that is said; nothing was saved since."""
    folder = tmp_path / "run"
    healthy = {**STILL, "g_lr": 1e-3, "lr_schedule": "constant"}
    assert train.main(train.TrainFlags(run_dir=str(folder), **{**healthy, "steps": 4})) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks.Doctor, "_updates", lambda self: {"d_update": 1e-3, "g_update": 1e-9})
        assert train.main(train.TrainFlags(run_dir=str(folder), on_collapse="stop", **{**healthy, "steps": 20})) == 3
    assert [record["step"] for record in diagnoses(folder)] == [10]
    assert run_dir.checkpoints(folder)[0].name == "step_00000004.keras"
    assert "stopped at step 10: vanishing gradients. The last good checkpoint is" in capfd.readouterr().err


def test_rollback_gives_up_after_three_attempts(tmp_path, eager, capfd):
    folder = tmp_path / "run"
    assert train.main(train.TrainFlags(run_dir=str(folder), on_collapse="rollback", **{**STILL, "steps": 20})) == 3
    said = capfd.readouterr().err
    assert [f"attempt {number} of 3" in said for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert "taken back from step 6 to step 0" in said


def failing_once(folder, steps, **changes):
    """Train with --on_collapse=rollback where the first attempt looks still from step 4 on; return the status."""
    settings = {**STILL, "g_lr": 1e-3, "save_every": 4, "on_collapse": "rollback", "steps": steps, **changes}

    def updates(self):
        failing = int(self.model.state.attempt.numpy()) == 0 and int(self.model.state.step.numpy()) > 4
        return {"d_update": 1e-3, "g_update": 1e-9 if failing else 1e-3}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks.Doctor, "_updates", updates)
        return train.main(train.TrainFlags(run_dir=str(folder), **settings))


@pytest.mark.parametrize("schedule", ["constant", pytest.param("linear", marks=pytest.mark.slow)])
def test_a_run_taken_back_goes_on_from_its_checkpoint_and_continues_exactly(schedule, tmp_path, eager):
    """Half the rates and attempt 1 are in the checkpoint; a run that ends at 12 and goes on to 16 has the weights of one to 16."""
    settings = {"lr_schedule": schedule, **({"burn_in": 1000} if schedule == "linear" else {})}
    assert failing_once(tmp_path / "whole", 16, **settings) == 0
    assert failing_once(tmp_path / "parts", 12, **settings) == 0
    assert failing_once(tmp_path / "parts", 16, **settings) == 0
    whole, parts = (tfgan_load(tmp_path / name) for name in ("whole", "parts"))
    assert int(whole.state.attempt.numpy()) == 1
    for first, second in zip(whole.weights, parts.weights, strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy())
    (record,) = diagnoses(tmp_path / "whole")
    assert (record["step"], record["remedy"].split(",")[0]) == (4, "taken back from step 10 to step 4")


def tfgan_load(folder):
    import tfgan

    return tfgan.load(run_dir.checkpoints(folder)[0])


@pytest.mark.parametrize("schedule", ["constant", "cosine", "linear"])
def test_each_attempt_halves_the_rates(schedule, sources, tmp_path):
    asked = config.Config(dataset="ring8", batch_size=BATCH, width=8, xla=False, lr_schedule=schedule, run_dir=str(tmp_path / "none"))
    resolved = build.complete(config.resolve(asked), sources["ring8"])
    rates = []
    for attempt in (0, 2):
        gan, start = checkup.taken_back(sources["ring8"], resolved, tf.distribute.get_strategy(), attempt)
        assert start == 0
        rates.append([float(optimizer.learning_rate) for optimizer in (gan.g_optimizer, gan.d_optimizer)])
    np.testing.assert_allclose(rates[1], np.array(rates[0]) / 4, rtol=1e-6)


def test_an_attempt_draws_other_noise_and_the_first_what_it_always_drew(make_gan):
    gan = make_gan(jit_compile=False)
    first = gan.draw(4, 0)["latents"].numpy()
    np.testing.assert_array_equal(first, _noise.Draws(0, tf.constant(0, tf.int64), 0).normal("latents", (4, 2)).numpy())
    gan.state.attempt.assign(1)
    assert not np.array_equal(gan.draw(4, 0)["latents"].numpy(), first)


def test_on_collapse_needs_the_doctor():
    with pytest.raises(ValueError, match=r"--on_collapse: stop expected --doctor, .* got --nodoctor"):
        config.resolve(config.Config(doctor=False, on_collapse="stop"))


def test_what_stops_a_run_is_fatal(sources, tmp_path):
    records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH)
    stop_on = {}
    for choice in ("warn", "stop"):
        resolved = config.resolve(config.Config(dataset="ring8", on_collapse=choice))
        stop_on[choice] = checkup.doctor(sources["ring8"], resolved, records, None, alone=True).stop_on
    assert stop_on == {"warn": frozenset(), "stop": FATAL}
