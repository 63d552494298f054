"""The doctor at the bedside: what it looks at in every kind of model."""

import itertools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan import callbacks, losses
from tfgan.callbacks.doctor.doctor import facts_of
from tfgan.callbacks.doctor.probe import Look, Reals, pull
from tfgan.losses._catalogue import GENERATOR_FORMS, LINKS, PAIRINGS, REFUSED
from tfgan.runs import build, config, rollback

BATCH = 8


@pytest.fixture(scope="module")
def sources():
    return {
        name: build.open_source(config.resolve(config.Config(dataset=name, batch_size=BATCH)))
        for name in ("ring8", "digits")
    }


def looked(source, folder, epochs=1, **settings):
    """Train a few uncompiled steps under the doctor; return it and the records."""
    shape = {"batch_size": BATCH, "width": 8, "xla": False, "log_every": 1, "steps": epochs}
    asked = config.Config(dataset=source.name, **{**shape, **settings})
    resolved = build.fill_network(config.resolve(asked), source)
    gan = build.build_gan(resolved, source)
    records = callbacks.Records(folder / "metrics.jsonl", None, images_per_step=BATCH)
    doctor = rollback.build_doctor(source, resolved, records, None, alone=True)
    doctor.every_steps, doctor._say = 1, lambda line: None
    gan.fit(
        source.dataset(resolved.batch_size, seed=0),
        epochs=epochs,
        steps_per_epoch=1,
        callbacks=[records, doctor],
        verbose=0,
    )
    found = {}
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        found |= {tag: value for tag, value in json.loads(line).items() if tag.startswith("doctor/")}
    return doctor, found


OF_EXAMPLES = {
    "doctor/real_distance",
    "doctor/fake_distance",
    "doctor/between",
    "doctor/d_update",
    "doctor/g_update",
}
# Overfitting only where D tells training examples from fakes at all
OF_LOGITS = {"doctor/deviation", "doctor/spread", "doctor/unseen"}
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
    assert (
        set(found) - {"doctor/overfitting", "doctor/coverage", "doctor/density", "doctor/label_share"}
        == OF_EXAMPLES | of_logits
    )
    assert all(np.isfinite(value) for value in found.values())


def interrupted(source, folder, every_steps, stops):
    """Train in intervals of one step to each of these steps in turn, each time with a doctor of its own; return what was recorded."""
    resolved = build.fill_network(
        config.resolve(config.Config(dataset="ring8", batch_size=BATCH, width=8, xla=False)), source
    )
    gan, data = build.build_gan(resolved, source), source.dataset(BATCH, seed=0)
    for until in stops:
        records = callbacks.Records(
            folder / "metrics.jsonl", None, images_per_step=BATCH, start=int(gan.state.step.numpy())
        )
        doctor = rollback.build_doctor(source, resolved, records, None, alone=True)
        doctor.every_steps, doctor._say = every_steps, lambda line: None
        gan.fit(
            data,
            epochs=until - int(gan.state.step.numpy()),
            steps_per_epoch=1,
            callbacks=[records, doctor],
            verbose=0,
        )
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_looks_are_at_the_first_interval_and_at_multiples(sources, tmp_path):
    """At the first at distances alone; also of a run that continues: after one step in a first `fit`, three more."""
    lines = interrupted(sources["ring8"], tmp_path, 3, (1, 4))
    looks = {line["step"]: "doctor/fake_distance" in line for line in lines if "doctor/between" in line}
    assert looks == {1: False, 3: True}


def test_changes_of_weights_are_taken_twice_as_often_as_looks(sources, tmp_path):
    lines = interrupted(sources["ring8"], tmp_path, 4, (3, 9))
    assert [line["step"] for line in lines if "doctor/d_update" in line] == [2, 4, 6, 8]
    assert [line["step"] for line in lines if "doctor/fake_distance" in line] == [4, 8]


@pytest.mark.parametrize("loss", losses.names())
def test_objectives_that_fix_no_scale_are_known(loss):
    """The linear link pays a logit by its size; energies and embeddings are distances."""
    assert facts_of(losses.get(loss)).scaled == (loss not in ("wgan", "ebgan", "began", "mmd", "cramer"))


@pytest.mark.parametrize(
    "loss", ["hinge:margin=4", "hinge:margin=40", "nonsat", "lsgan", "rpgan", "dual_contrastive"]
)
def test_a_wide_margin_is_a_scale(loss):
    assert facts_of(losses.get(loss)).scaled


@pytest.mark.parametrize(
    ("loss", "logit", "expected"),
    [("minimax", -6.0, 0.0049452), ("nonsat", -6.0, 1.9950548), ("wgan", -6.0, 1.0), ("hinge", -6.0, 1.0)],
)
def test_pull_is_the_slope_of_the_generators_loss(loss, logit, expected):
    """2 sigmoid(-6) where G minimizes -softplus(f), 2 sigmoid(6) for softplus(-f), 1 for -f: slopes at 0 are 1/2, 1/2 and 1."""
    objective, ones = losses.get(loss), tf.ones((4, 1))
    assert float(
        pull(objective, 6 * ones, logit * ones) / pull(objective, 0 * ones, 0 * ones)
    ) == pytest.approx(expected, rel=1e-4)


POINTS = [
    (link, *rest)
    for link in LINKS
    for rest in itertools.product(PAIRINGS, GENERATOR_FORMS)
    if (link, rest[0]) not in REFUSED
]


@pytest.mark.parametrize(("link", "pairing", "form"), POINTS)
def test_where_d_is_undecided_every_objective_pulls_but_two(link, pairing, form):
    """Slopes in f at r = f = 0. Of -f^2 / 2 and f^2 / 2 they are 0, of all others not: those two have no slope to measure by."""
    objective = losses.Adversarial(link=link, pairing=pairing, generator_form=form)
    still = {("least_squares", "independent", "zero_sum"), ("least_squares_pm1", "independent", "nonsat")}
    assert (float(pull(objective, tf.zeros((4, 1)), tf.zeros((4, 1)))) > 0) == (
        (link, pairing, form) not in still
    )


def look_at(gan, count=16, chunk=None, **bank):
    points = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    return Look(
        gan,
        Reals(points, np.zeros(count, np.int32)),
        Reals(points[:8] + 1, np.zeros(8, np.int32)),
        None,
        chunk,
        0,
    )


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
    resolved = build.fill_network(
        config.resolve(config.Config(dataset="digits", batch_size=BATCH, width=8, xla=False, pack=2)), source
    )
    with pytest.raises(ValueError, match="bank: expected at least the 2 examples of a pack"):
        Look(build.build_gan(resolved, source), Reals(*source.examples([0])), None, None, None, 0)


def test_data_of_one_image_are_told_at_the_first_look(sources, tmp_path):
    source = sources["digits"].take(1)
    looked(source, tmp_path, batch_size=1, num_examples=1)
    (record,) = (
        line
        for line in map(json.loads, (tmp_path / "metrics.jsonl").read_text().splitlines())
        if "diagnosis" in line
    )
    assert (record["step"], record["evidence"]) == (1, "there is one training example")


@pytest.mark.parametrize(("d_steps", "steps_per_call"), [(1, 1), (2, 1), (2, 3)])
def test_updates_are_shares_of_the_weights(d_steps, steps_per_call, make_gan, tmp_path):
    """SGD whose rate is 0 for G and moves D: the change over one call by hand, of as many updates of D."""
    sgd = {"g_optimizer": keras.optimizers.SGD(0.0), "d_optimizer": keras.optimizers.SGD(0.1)}
    gan = make_gan(**sgd, d_steps=d_steps, jit_compile=False)
    gan.steps_per_execution = steps_per_call
    data = tf.data.Dataset.from_tensors(tf.random.stateless_normal((BATCH, 2), (0, 1))).repeat()
    records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH)
    doctor = callbacks.Doctor(
        records, (np.random.default_rng(0).normal(size=(16, 2)).astype(np.float32), np.zeros(16, np.int32))
    )
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
    doctor = callbacks.Doctor(
        callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH), points
    )
    doctor.set_model(gan)
    doctor.on_train_begin()
    generator = np.random.default_rng(0)
    doctor._before = [generator.normal(size=weights.shape) * np.std(weights) for weights in doctor._weights()]
    assert doctor._updates()["g_update"] > 0.1


def test_an_interval_without_figures_is_no_record(tmp_path):
    records = callbacks.Records(tmp_path / "metrics.jsonl", None, images_per_step=BATCH)
    records.write(1, {})
    assert not records.file.exists()
