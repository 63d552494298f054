"""Networks x conditions x objectives: two compiled steps, save, load, export, generate, for a covering array of them.

Every network meets every condition, every condition both objectives; networks x objectives is covered on the
way.
"""

import json
import re

import numpy as np
import pytest
import sessions
import tensorflow as tf

import tfgan
from tfgan import generate
from tfgan.cli import command
from tfgan.evaluation import sampler
from tfgan.export import saved_model
from tfgan.runs import build
from tfgan.runs.config import Config, resolve

CONDITIONS = {
    "concat": {"condition": "concat"},
    "projection": {"condition": "projection"},
    "acgan": {"condition": "acgan"},
    "info": {"info_categorical": 3, "info_continuous": 1},
    "classify": {"task": "classify", "labels_per_class": 2},
    "pack": {"pack": 2},
    "none": {},
}
LOSSES = (("nonsat", ()), ("rpgan", ("r1",)))
WIDTHS = {"mlp": 8, "dcgan": 4, "sn_resnet": 4, "r3gan": 4}
SMALLEST = {"r3gan": "r3gan:blocks=1"}  # the others have no blocks to leave out
COMPILED = {
    ("mlp", "concat"),
    ("mlp", "info"),
    ("mlp", "classify"),
    ("mlp", "pack"),
    ("dcgan", "acgan"),
    ("dcgan", "projection"),
}
COMPILED |= {("sn_resnet", "projection"), ("r3gan", "acgan")}
CASES = [
    (network, condition, LOSSES[(row + column) % 2])
    for row, network in enumerate(WIDTHS)
    for column, condition in enumerate(CONDITIONS)
]


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """Sixty labelled points of three classes, in a file."""
    rng = np.random.default_rng(0)
    file = tmp_path_factory.mktemp("data") / "points.npz"
    labels = np.arange(60) % 3
    np.savez(file, points=(rng.normal(size=(60, 2)) + labels[:, None]).astype("float32"), labels=labels)
    return f"npz:{file}"


@pytest.mark.parametrize(
    ("network", "condition", "objective"),
    [
        pytest.param(
            *case,
            marks=[pytest.mark.slow] if case[0] in ("sn_resnet", "r3gan") else [],
            id="-".join(case[:2]),
        )
        for case in CASES
    ],
)
def test_trains_saves_loads_exports_and_generates(network, condition, objective, points, tmp_path):
    """XLA compiles a few of these; the others take the same step uncompiled."""
    loss, penalty = objective
    config = resolve(
        Config(
            dataset=points if network == "mlp" else "digits",
            network=SMALLEST.get(network, network),
            width=WIDTHS[network],
            latent_dim=3,
            batch_size=8,
            steps=2,
            loss=loss,
            penalty=penalty,
            xla=(network, condition) in COMPILED,
            **CONDITIONS[condition],
        )
    )
    source = build.open_source(config)
    gan = build.build_gan(config, source)
    strategy = tf.distribute.get_strategy()
    logs = gan.fit(build.batches(config, source, strategy, 0), steps_per_epoch=2, verbose=0).history
    assert all(np.isfinite(values[0]) for values in logs.values())
    gan.save(tmp_path / "gan.keras")
    loaded = tfgan.load(tmp_path / "gan.keras")
    target = saved_model.save(loaded, tmp_path / "served", units=source.units)
    mine, (served, record) = sampler.from_gan(gan, source.kind), sampler.from_saved_model(target)
    assert record["given"] == (gan.condition and gan.condition.to_json())
    seeds = np.array([5, 0, 9])
    np.testing.assert_allclose(served.by_seed(seeds), mine.by_seed(seeds), atol=1e-5)
    np.testing.assert_allclose(served(4), mine(4), atol=1e-5)
    sessions.assert_session_equals(target, sessions.calls(loaded, source.kind, seeds))
    signatures = set(tf.saved_model.load(str(target)).signatures)
    extra = {"info": {"recover"}, "classify": {"classify"}}.get(condition, set()) | (
        {"sample_png"} if network != "mlp" else set()
    )
    assert signatures == {"serving_default", "sample", *extra} | (set() if condition == "pack" else {"score"})


@pytest.fixture(scope="module")
def by_class(tmp_path_factory):
    """Exported models, untrained, by condition."""

    def model(condition):
        config = resolve(
            Config(
                dataset="digits",
                width=4,
                latent_dim=3,
                batch_size=8,
                steps=1,
                xla=False,
                **CONDITIONS[condition],
            )
        )
        source = build.open_source(config)
        gan = build.build_gan(config, source)
        return gan, saved_model.save(
            gan, tmp_path_factory.mktemp("served") / condition, record={"num_classes": source.num_classes}
        )

    return {condition: model(condition) for condition in ("projection", "info", "classify")}


def test_labels_are_inputs_of_every_signature(by_class):
    gan, target = by_class["projection"]
    served = tf.saved_model.load(str(target)).signatures
    latents, labels = tf.random.stateless_normal((2, 3), (0, 1)), tf.constant([3, 9])
    images = served["serving_default"](latents=latents, labels=labels)["images"]
    np.testing.assert_allclose(images, gan.generate(latents, labels), atol=1e-6)
    scores = served["score"](images=images, labels=labels)["logits"]
    np.testing.assert_allclose(scores, gan.score(images, labels), atol=1e-5)
    for name in ("sample", "sample_png"):
        assert "labels" in served[name].structured_input_signature[1]


def test_a_served_model_refuses_labels_beyond_those_trained_with(by_class):
    served = tf.saved_model.load(str(by_class["projection"][1])).signatures
    with pytest.raises(tf.errors.InvalidArgumentError, match="labels: expected whole numbers from 0 to 9"):
        served["sample"](seeds=tf.constant([1], tf.int64), labels=tf.constant([10]))


def test_codes_go_in_and_are_recovered(by_class):
    gan, target = by_class["info"]
    served = tf.saved_model.load(str(target)).signatures
    images = served["sample"](
        seeds=tf.constant([4, 5], tf.int64), codes=gan.condition.by_seed(tf.constant([4, 5], tf.int64))
    )["images"]
    assert images.dtype == tf.uint8
    examples = tf.random.stateless_uniform((3, 8, 8, 1), (0, 1), -1.0, 1.0)
    np.testing.assert_allclose(served["recover"](images=examples)["codes"], gan.recover(examples), atol=1e-5)


def test_classes_are_served_with_their_probabilities(by_class):
    gan, target = by_class["classify"]
    examples = tf.random.stateless_uniform((3, 8, 8, 1), (0, 1), -1.0, 1.0)
    said = tf.saved_model.load(str(target)).signatures["classify"](images=examples)
    np.testing.assert_allclose(said["probabilities"], gan.classify(examples), atol=1e-5)
    np.testing.assert_array_equal(said["labels"], tf.argmax(said["probabilities"], axis=1))


@pytest.mark.parametrize(
    ("condition", "flags", "message"),
    [
        (
            "projection",
            ["--labels=0-12"],
            "--labels: expected whole numbers from 0 to 9, .* from 0 to 12; for example --labels=0-9",
        ),
        (
            "projection",
            ["--labels=11"],
            "--labels: expected whole numbers from 0 to 9, .* from 11 to 11; for example --labels=0-9",
        ),
        (
            "projection",
            ["--codes=1"],
            "--codes: expected a model that takes codes, got one that takes labels; use --labels=0-9",
        ),
        ("projection", ["--labels=dog"], "--labels: expected numbers and ranges"),
        (
            "info",
            ["--codes=0,1,0"],
            r"--codes: expected 3 entries .* and 1 values.* shape \(64, 4\).*; for example --codes=1,0,0,0",
        ),
        ("info", ["--codes=a"], "--codes: expected comma-separated numbers, got 'a'"),
        (
            "info",
            ["--labels=1"],
            "--labels: expected a model that takes labels, got one that takes codes; use --codes=1,0,0,0",
        ),
        (
            "classify",
            ["--labels=1"],
            "--labels: expected a model that takes labels, got one without a condition; leave it out",
        ),
        (
            "classify",
            ["--codes=1"],
            "--codes: expected a model that takes codes, got one without a condition; leave it out",
        ),
        ("info", ["--labels=1", "--codes=1,0,0,0"], "--labels: expected it or --codes, and not both"),
    ],
    ids=lambda value: "".join(value) if isinstance(value, list) else "",
)
def test_what_g_cannot_be_given_is_one_line(by_class, condition, flags, message, tmp_path, capsys):
    values = dict(flag[2:].split("=") for flag in flags)
    flags = generate.GenerateFlags(
        saved_model=str(by_class[condition][1]), out=str(tmp_path / "x.png"), **values
    )
    with pytest.raises(SystemExit) as status:
        generate.main(flags)
    assert status.value.code == command.BAD_INPUT
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(f"error: {message}", line)
    assert not (tmp_path / "x.png").exists()


def test_a_sampler_of_latents_alone_takes_no_rows():
    with pytest.raises(
        ValueError,
        match="expected a model that is given labels or codes, got one that makes examples of latents alone",
    ):
        sampler.Sampler(lambda latents: latents, 2, None).by_seed(np.array([0]), np.array([1]))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            {"dataset": "unlabelled", "condition": "acgan"},
            "--condition: expected labeled data of two or more classes, got npz",
        ),
        (
            {"dataset": "unlabelled", "task": "classify", "labels_per_class": 1},
            "--task: expected labeled data",
        ),
        (
            {"dataset": "labelled", "task": "classify", "labels_per_class": 50},
            "--labels_per_class: expected at most",
        ),
        ({"dataset": "labelled", "augment": "ada"}, "--augment: ADA: expected images"),
        (
            {"dataset": "labelled", "condition": "concat", "loss": "ebgan"},
            "condition=concat: expected an objective of logits",
        ),
        ({"dataset": "labelled", "condition": "projection", "loss": "mmd"}, "expected outputs=1"),
    ],
    ids=str,
)
def test_data_that_cannot_be_are_refused(flags, message, points, tmp_path):
    if flags["dataset"] == "unlabelled":
        np.savez(
            tmp_path / "plain.npz", points=np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
        )
        flags = {**flags, "dataset": f"npz:{tmp_path / 'plain.npz'}"}
    else:
        flags = {**flags, "dataset": points}
    config = resolve(Config(width=4, latent_dim=2, batch_size=8, steps=1, network="mlp", **flags))

    def start():
        source = build.open_source(config)
        build.batches(config, source, tf.distribute.get_strategy(), 0)
        build.build_gan(config, source)

    with pytest.raises(ValueError, match=message):
        start()


def test_a_record_without_what_g_is_given_is_read(by_class):
    """Models exported before there were conditions say nothing of them."""
    target = by_class["classify"][1]
    file = target / "assets.extra" / "tfgan.json"
    record = json.loads(file.read_text())
    assert record.pop("given") is None
    file.write_text(json.dumps(record))
    assert sampler.from_saved_model(target)[0].condition is None
