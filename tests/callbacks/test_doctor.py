"""The doctor at the bedside: what it looks at in every kind of model, where it says what it finds, and what a run then does."""

import itertools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan import _noise, build, callbacks, checkup, config, losses, run_dir, train
from tfgan.callbacks import ward
from tfgan.callbacks.diagnosis import FATAL
from tfgan.callbacks.doctor import _facts
from tfgan.callbacks.look import Look, Reals, pull
from tfgan.losses._catalogue import GENERATOR_FORMS, LINKS, PAIRINGS, REFUSED

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
    shape = {"batch_size": BATCH, "width": 8, "xla": False, "log_every": 1, "steps": epochs}
    asked = config.Config(dataset=source.name, **{**shape, **settings})
    resolved = build.complete(config.resolve(asked), source)
    gan = build.gan(resolved, source)
    records = callbacks.Records(folder / "metrics.jsonl", None, images_per_step=BATCH)
    doctor = checkup.doctor(source, resolved, records, None, alone=True)
    doctor.every_steps, doctor._say = 1, lambda line: None
    gan.fit(source.dataset(resolved.batch_size, seed=0), epochs=epochs, steps_per_epoch=1, callbacks=[records, doctor], verbose=0)
    found = {}
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        found |= {tag: value for tag, value in json.loads(line).items() if tag.startswith("doctor/")}
    return doctor, found


OF_EXAMPLES = {"doctor/real_distance", "doctor/fake_distance", "doctor/between", "doctor/d_update", "doctor/g_update"}
OF_LOGITS = {"doctor/deviation", "doctor/spread", "doctor/unseen"}  # overfitting only where D tells training examples from fakes at all
MODELS = {
    "labels to both": ("digits", {"condition": "projection"}, OF_LOGITS | {"doctor/slope"}),
    "classifier": ("digits", {"condition": "acgan"}, OF_LOGITS | {"doctor/slope"}),
    "codes": ("digits", {"info_categorical": 10, "info_continuous": 1}, OF_LOGITS | {"doctor/slope"}),
    "packs": ("digits", {"pack": 2}, OF_LOGITS | {"doctor/slope"}),
    "few labels": ("digits", {"task": "classify", "labels_per_class": 4}, OF_LOGITS | {"doctor/slope"}),
    "energies": ("digits", {"loss": "ebgan"}, OF_LOGITS),
    "balanced energies": ("digits", {"loss": "began"}, OF_LOGITS),
    "embeddings": ("ring8", {"loss": "cramer"}, set()),
    "averages": ("ring8", {"loss": "ragan"}, {"doctor/deviation", "doctor/spread", "doctor/slope"}),
    "endless points": ("ring8", {"loss": "wgan"}, {"doctor/deviation", "doctor/spread", "doctor/slope"}),
}


@pytest.mark.parametrize("model", MODELS)
def test_every_kind_of_model_is_looked_at(model, sources, tmp_path, monkeypatch):
    name, settings, of_logits = MODELS[model]
    if settings.get("task"):
        labelled = sources[name].dataset(BATCH, seed=0, labels_per_class=4)
        monkeypatch.setattr(type(sources[name]), "dataset", lambda *arguments, **named: labelled)
    _, found = looked(sources[name], tmp_path, **settings)
    assert set(found) - {"doctor/overfitting", "doctor/coverage", "doctor/density", "doctor/label_share"} == OF_EXAMPLES | of_logits
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


@pytest.mark.parametrize("loss", ["hinge:margin=4", "hinge:margin=40", "nonsat", "lsgan", "rpgan", "dual_contrastive"])
def test_a_wide_margin_is_a_scale(loss):
    assert _facts(type("Model", (), {"loss": losses.get(loss)})).scaled


@pytest.mark.parametrize(
    ("loss", "logit", "expected"), [("minimax", -6.0, 0.0049452), ("nonsat", -6.0, 1.9950548), ("wgan", -6.0, 1.0), ("hinge", -6.0, 1.0)]
)
def test_pull_is_the_slope_of_the_generators_loss(loss, logit, expected):
    """2 sigmoid(-6) where G minimizes -softplus(f), 2 sigmoid(6) for softplus(-f), 1 for -f: slopes at 0 are 1/2, 1/2 and 1."""
    objective, ones = losses.get(loss), tf.ones((4, 1))
    assert float(pull(objective, 6 * ones, logit * ones) / pull(objective, 0 * ones, 0 * ones)) == pytest.approx(expected, rel=1e-4)


POINTS = [(link, *rest) for link in LINKS for rest in itertools.product(PAIRINGS, GENERATOR_FORMS) if (link, rest[0]) not in REFUSED]


@pytest.mark.parametrize(("link", "pairing", "form"), POINTS)
def test_where_d_is_undecided_every_objective_pulls_but_two(link, pairing, form):
    """Slopes in f at r = f = 0. Of -f^2 / 2 and f^2 / 2 they are 0, of all others not: those two have no slope to measure by."""
    objective = losses.Adversarial(link=link, pairing=pairing, generator_form=form)
    still = {("least_squares", "independent", "zero_sum"), ("least_squares_pm1", "independent", "nonsat")}
    assert (float(pull(objective, tf.zeros((4, 1)), tf.zeros((4, 1)))) > 0) == ((link, pairing, form) not in still)


def look_at(gan, count=16, chunk=None, **bank):
    points = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    return Look(gan, Reals(points, np.zeros(count, np.int32)), Reals(points[:8] + 1, np.zeros(8, np.int32)), None, chunk, 0)


def test_an_objective_without_a_pull_where_d_is_undecided_has_no_slope(make_gan):
    assert "slope" in look_at(make_gan(loss="lsgan", jit_compile=False)).take()
    assert "slope" not in look_at(make_gan(loss="lsgan_pm1", jit_compile=False)).take()


def test_a_look_in_chunks_sees_the_same(make_gan):
    """Sums in another order: float32."""
    gan = make_gan(jit_compile=False)
    whole, chunks = look_at(gan).take(), look_at(gan, chunk=5).take()
    assert whole.keys() == chunks.keys() > {"slope", "spread", "unseen", "between"}
    assert chunks == pytest.approx(whole, rel=1e-4, abs=1e-6)


def test_reals_are_no_part_of_a_graph(make_gan):
    """One trace of D serves training examples, held-out reals and generated examples: what it judges comes from outside."""
    look = look_at(make_gan(jit_compile=False), chunk=8)
    look.take()
    assert look._judge.experimental_get_tracing_count() == 1


def test_a_bank_must_fill_a_pack(sources):
    source = sources["digits"]
    resolved = build.complete(config.resolve(config.Config(dataset="digits", batch_size=BATCH, width=8, xla=False, pack=2)), source)
    with pytest.raises(ValueError, match="bank: expected at least the 2 examples of a pack"):
        Look(build.gan(resolved, source), Reals(*source.examples([0])), None, None, None, 0)


def test_data_of_one_image_are_told_at_the_first_look(sources, tmp_path):
    source = sources["digits"].limited(1)
    looked(source, tmp_path, batch_size=1, num_examples=1)
    (record,) = diagnoses(tmp_path)
    assert (record["step"], record["evidence"]) == (1, "there is one training example")


@pytest.mark.parametrize(("d_steps", "steps_per_call"), [(1, 1), (2, 1), (2, 3)])
def test_updates_are_shares_of_the_weights(d_steps, steps_per_call, make_gan, tmp_path):
    """SGD whose rate is 0 for G and moves D: the change over one call by hand, of as many updates of D."""
    sgd = {"g_optimizer": keras.optimizers.SGD(0.0), "d_optimizer": keras.optimizers.SGD(0.1)}
    gan = make_gan(**sgd, d_steps=d_steps, jit_compile=False)
    gan.steps_per_execution = steps_per_call
    data = tf.data.Dataset.from_tensors(tf.random.stateless_normal((BATCH, 2), (0, 1))).repeat()
    records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH)
    doctor = callbacks.Doctor(records, (np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32), np.zeros(16, np.int32)))
    before = np.concatenate([v.numpy().ravel() for v in gan.discriminator.trainable_variables])
    gan.fit(data, epochs=1, steps_per_epoch=steps_per_call, callbacks=[doctor], verbose=0)
    after = np.concatenate([v.numpy().ravel() for v in gan.discriminator.trainable_variables])
    (record,) = map(json.loads, records.file.read_text().splitlines())
    share = np.linalg.norm(after - before) / np.linalg.norm(after) / (d_steps * steps_per_call)
    assert record["doctor/d_update"] == pytest.approx(share, rel=1e-5)
    assert record["doctor/g_update"] == 0.0


def test_large_updates_show_in_calls_of_any_length(make_gan, tmp_path):
    """Weights that a call of 50 updates throws away have changed by sqrt(2) of their size or so, a tenth of which is beyond .1."""
    gan = make_gan(jit_compile=False)
    gan.steps_per_execution = 50
    points = (np.zeros((16, 2), np.float32), np.zeros(16, np.int32))
    doctor = callbacks.Doctor(callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH), points)
    doctor.set_model(gan)
    doctor.on_train_begin()
    generator = np.random.default_rng(0)
    doctor._before = [generator.normal(size=weights.shape) * np.std(weights) for weights in doctor._weights()]
    assert doctor._updates()["g_update"] > 0.1


def test_an_interval_without_figures_is_no_record(tmp_path):
    records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH)
    records.write(1, {})
    assert not records.file.exists()


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
    assert "step 6: vanishing gradients: an update changes G's weights by " in warned[1]


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


HEALTHY = {**STILL, "g_lr": 1e-3, "lr_schedule": "constant"}


@pytest.fixture
def failing(monkeypatch, eager):
    """Train with --on_collapse=rollback where steps look too large in the attempts before `attempts`, after step `since`."""

    def train_failing(folder, steps, attempts=1, since=4, **changes):
        def updates(self):
            fails = int(self.model.state.attempt.numpy()) < attempts and int(self.model.state.step.numpy()) > since
            return {"d_update": 0.5 if fails else 1e-3, "g_update": 1e-3}

        monkeypatch.setattr(callbacks.Doctor, "_updates", updates)
        monkeypatch.setattr(Look, "take", lambda self: {})
        settings = {**HEALTHY, "on_collapse": "rollback", "steps": steps, **changes}
        return train.main(train.TrainFlags(run_dir=str(folder), **settings))

    return train_failing


def test_rollback_gives_up_after_three_attempts(failing, tmp_path, capfd):
    assert failing(tmp_path / "run", 20, attempts=9, since=0) == 3
    said = capfd.readouterr().err
    assert [f"attempt {number} of 3" in said for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert "taken back from step 6 to step 0" in said


def test_rollback_spends_no_attempt_where_it_cannot_help(tmp_path, eager, capfd):
    """A G whose rate is all but 0 stands still at half of it too."""
    assert train.main(train.TrainFlags(run_dir=str(tmp_path / "run"), on_collapse="rollback", **STILL)) == 3
    said = capfd.readouterr().err
    assert "stopped at step 6: vanishing gradients" in said
    assert "attempt" not in said


def test_time_and_signals_are_watched_over_all_attempts(failing, tmp_path, monkeypatch):
    made = []
    for name in ("StopAfter", "StopOnSignal"):
        kind = getattr(callbacks, name)
        monkeypatch.setattr(callbacks, name, lambda *args, kind=kind, name=name, **named: made.append(name) or kind(*args, **named))
    assert failing(tmp_path / "run", 20, attempts=9, since=0) == 3
    assert sorted(made) == ["StopAfter", "StopOnSignal"]


def expire_at(step, monkeypatch):
    """Let the time be over at the end of a step."""

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.state.step.numpy()) == step:
            self.expired = self.model.stop_training = True

    monkeypatch.setattr(callbacks.StopAfter, "on_train_batch_end", on_train_batch_end)


def test_an_end_in_time_comes_before_going_back(failing, tmp_path, monkeypatch, capfd):
    """The collapse is told at step 10, when time is over too: nothing is saved of it, and the same command goes back then."""
    folder = tmp_path / "run"
    expire_at(10, monkeypatch)
    assert failing(folder, 20) == 0
    assert "stopped at step 10, to be taken back: divergence. The last good checkpoint is" in capfd.readouterr().err
    assert run_dir.checkpoints(folder)[0].name == "step_00000004.keras"
    expire_at(0, monkeypatch)
    assert failing(folder, 20) == 0
    assert "taken back from step 10 to step 4, attempt 1 of 3" in capfd.readouterr().err


def test_what_is_interrupted_is_saved_and_still_taken_back_to_before_the_signs(failing, tmp_path, monkeypatch, capfd):
    """The first sign is at step 6, where time is over; two more tell the collapse at 10."""
    folder = tmp_path / "run"
    expire_at(6, monkeypatch)
    assert failing(folder, 20) == 0
    assert run_dir.checkpoints(folder)[0].name == "step_00000006.keras"
    expire_at(0, monkeypatch)
    assert failing(folder, 20) == 0
    assert "taken back from step 10 to step 4, attempt 1 of 3" in capfd.readouterr().err


@pytest.mark.parametrize("choice", ["stop", "rollback"])
def test_a_sign_at_the_last_step_leaves_its_checkpoint(choice, failing, tmp_path):
    assert failing(tmp_path / "run", 6, on_collapse=choice) == 0
    assert run_dir.checkpoints(tmp_path / "run")[0].name == "step_00000006.keras"


def test_what_may_stop_a_run_looks_at_all_that_is_saved(sources, tmp_path):
    records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH)
    looks = {}
    for choice in ("warn", "stop"):
        asked = config.Config(dataset="ring8", on_collapse=choice, log_every=50, save_every=250, steps=1010)
        doctor = checkup.doctor(sources["ring8"], config.resolve(asked), records, None, alone=True)
        looks[choice] = [step for step in range(1, 1011) if step % doctor.every_steps == 0 or doctor.also(step)]
    assert looks == {"warn": [200, 400, 600, 800, 1000], "stop": [200, 250, 400, 500, 600, 750, 800, 1000, 1010]}


@pytest.mark.parametrize(
    ("first_sign", "attempt", "left"),
    [(500, 1, [400, 300, 200]), (400, 1, [300, 200]), (500, 2, [300, 200]), (300, 3, [200]), (100, 3, [200])],
)
def test_each_attempt_goes_back_further(first_sign, attempt, left, tmp_path):
    """From before the first sign, one checkpoint more for each attempt after the first, and never beyond the oldest."""
    (tmp_path / "checkpoints").mkdir()
    for step in (200, 300, 400):
        (tmp_path / "checkpoints" / f"step_{step:08d}.keras").touch()
    checkup._drop_checkpoints(tmp_path, first_sign, attempt)
    assert [run_dir.step_of(file) for file in run_dir.checkpoints(tmp_path)] == left


@pytest.mark.parametrize(("start", "files"), [(4, {"evaluation.json", "best.keras"}), (3, set())])
def test_scores_of_steps_that_are_gone_are_gone(start, files, sources, tmp_path):
    """The last scores are of step 4, as the best are."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / run_dir.BEST).touch()
    (tmp_path / "evaluation.json").write_text('{"step": 4, "scores": {}}')
    scores = [{"step": step, "seconds": 1.0, "metrics/reverse_kl": 5.0 - step} for step in (2, 4)]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in scores))
    resolved = config.resolve(config.Config(dataset="ring8", keep_best="reverse_kl", eval_every=250, log_every=250))
    checkup._drop_scores(tmp_path, sources["ring8"], resolved, start)
    assert {file.name for file in [tmp_path / "evaluation.json", tmp_path / "checkpoints" / run_dir.BEST] if file.exists()} == files


def test_going_back_is_noted_once_and_in_the_text_tab(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from tfgan.callbacks.diagnosis import Diagnosis

    (tmp_path / "metrics.jsonl").write_text('{"step": 4, "seconds": 1.0}\n{"step": 6, "seconds": 2.0}\n')
    for _ in range(2):
        checkup._note(tmp_path, Diagnosis("divergence", "far", "lower --g_lr"), 4, "taken back from step 6 to step 4")
    (record,) = diagnoses(tmp_path)
    assert (record["step"], record["evidence"], record["remedy"]) == (4, "far", "taken back from step 6 to step 4")
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (entry,) = events.Tensors("doctor")
    assert entry.step == 4
    assert b"far; taken back from step 6" in entry.tensor_proto.string_val[0]


@pytest.mark.parametrize("schedule", ["constant", pytest.param("linear", marks=pytest.mark.slow)])
def test_a_run_taken_back_goes_on_from_its_checkpoint_and_continues_exactly(schedule, tmp_path, failing):
    """Half the rates and attempt 1 are in the checkpoint; a run that ends at 12 and goes on to 16 has the weights of one to 16."""
    settings = {"lr_schedule": schedule, **({"burn_in": 1000} if schedule == "linear" else {})}
    assert failing(tmp_path / "whole", 16, **settings) == 0
    assert failing(tmp_path / "parts", 12, **settings) == 0
    assert failing(tmp_path / "parts", 16, **settings) == 0
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
    (gan, start), rates = checkup.restored(sources["ring8"], resolved, tf.distribute.get_strategy(), 0), []
    folder = run_dir.RunDir(resolved.run_dir, resolved, build.facts(sources["ring8"]))
    folder.save(gan, 1)
    folder.close()
    for attempt in (0, 2):
        gan, start = checkup.restored(sources["ring8"], resolved, tf.distribute.get_strategy(), attempt)
        assert (start, int(gan.state.attempt.numpy())) == (0, attempt)
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
