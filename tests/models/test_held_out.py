"""`evaluate` and `validation_data`: losses and metrics on held-out examples."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan.core import noise
from tfgan.metrics import Samples

LOSSES = [
    "loss/discriminator",
    "loss/generator",
    "loss/total",
    "logits/real",
    "logits/fake",
    "accuracy/real",
    "accuracy/fake",
]


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).normal(size=(37, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).uniform(-1, 1, size=(40, 8, 8, 1)).astype(np.float32)


def gan_of_images(**options):
    network = tfgan.networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=2, width=4)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(run_eagerly=True, **options)  # without a graph to trace
    return gan


def gan_of_points(kind=tfgan.GAN, own=None, **options):
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=4, **options)
    gan = kind(network.generator(), network.discriminator(), **(own or {}))
    gan.compile(run_eagerly=True)
    return gan


def evaluated(gan, *data, **options):
    return gan.evaluate(*data, verbose=0, return_dict=True, **options)


def test_losses_are_those_of_both_networks_in_inference_mode(images):
    """By hand: softplus(-D(x)) + softplus(D(G(z))) and softplus(-D(G(z))), z the latent vectors of the numbers 0, 1, ..."""
    gan = gan_of_images()
    gan.train_step(tf.constant(images[:16]))  # moves batch statistics off their initial values
    gan.reset_metrics()
    fakes = gan.generator(noise.normal_by_seed(tf.range(40, dtype=tf.int64), 2), training=False)
    real, fake = gan.discriminator(images, training=False), gan.discriminator(fakes, training=False)
    costs = (
        tf.reduce_mean(tf.nn.softplus(-real) + tf.nn.softplus(fake)),
        tf.reduce_mean(tf.nn.softplus(-fake)),
    )
    found = evaluated(gan, images, batch_size=16)
    assert set(found) == {"loss", *LOSSES}
    expected = {
        "loss/discriminator": costs[0],
        "loss/generator": costs[1],
        "loss/total": sum(costs),
        "loss": sum(costs),
    }
    expected |= {"logits/real": tf.reduce_mean(real), "logits/fake": tf.reduce_mean(fake)}
    for tag, value in expected.items():
        assert found[tag] == pytest.approx(float(value), rel=1e-5, abs=1e-7), tag


def test_evaluation_changes_nothing_and_does_not_depend_on_the_batch_size(make_gan, points):
    gan = make_gan(loss="nonsat", penalties=["r1", "lecam"], jit_compile=False)
    before = gan.get_weights()
    first = evaluated(gan, points, batch_size=37)
    keras.utils.set_random_seed(5)
    for size in (8, 32):
        assert evaluated(gan, points, batch_size=size) == pytest.approx(first, rel=1e-5, abs=1e-6)
    assert all(np.array_equal(old, new) for old, new in zip(before, gan.get_weights(), strict=True))


def test_validation_leaves_training_as_it_is_and_can_be_monitored(make_gan, points):
    batches = tf.data.Dataset.from_tensor_slices(points[:32].reshape(2, 16, 2))
    watched, plain = make_gan(eval_metrics=["w2_37"], jit_compile=False), make_gan(jit_compile=False)
    stop = keras.callbacks.EarlyStopping(monitor="val_w2_37", mode="min", patience=1, min_delta=1e9)
    history = watched.fit(
        batches, epochs=3, validation_data=(points, None), callbacks=[stop], verbose=0
    ).history
    assert len(history["val_w2_37"]) == 2  # never better by 1e9: ended after the second epoch
    assert {"val_loss", *(f"val_{tag}" for tag in LOSSES)} <= set(history)
    plain.fit(batches, epochs=2, verbose=0)
    for mine, theirs in zip(watched.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_metric_is_that_of_the_averaged_generator(images):
    gan = gan_of_images(eval_metrics=["kid_30/pixels"])
    latents = noise.normal(noise.key(1, "evaluation"), (30, 2))
    flat = [x.reshape(30, -1) for x in (images[:30], gan.generate(latents).numpy())]
    expected = tfgan.metrics.get("kid")(*(Samples(features=x) for x in flat))["kid"]
    assert evaluated(gan, images)["kid_30/pixels"] == pytest.approx(expected, rel=1e-6)


def test_metrics_are_saved_with_the_arguments_of_compile(tmp_path):
    gan = gan_of_images(eval_metrics=["kid_40/random_cnn"])
    gan.save(tmp_path / "gan.keras")
    assert tfgan.load(tmp_path / "gan.keras").get_compile_config()["eval_metrics"] == ["kid_40/random_cnn"]
    assert "eval_metrics" in gan.get_compile_config()
    older = {key: value for key, value in gan.get_compile_config().items() if key != "eval_metrics"}
    gan.compile_from_config(older)  # as files of before have it
    assert gan.get_compile_config()["eval_metrics"] == []


@pytest.mark.parametrize(
    ("kind", "options", "own", "tags"),
    [
        (tfgan.ConditionalGAN, {"num_classes": 3, "condition": "concat"}, {"num_classes": 3}, set()),
        (
            tfgan.ACGAN,
            {"num_classes": 3, "condition": "acgan"},
            {"num_classes": 3},
            {"accuracy/class_real", "class/generator"},
        ),
        (
            tfgan.InfoGAN,
            {"info_categorical": 3, "info_continuous": 1},
            {"categorical": 3, "continuous": 1},
            {"information/categorical"},
        ),
        (tfgan.SemiSupervisedGAN, {"num_classes": 3, "task": "classify"}, {}, {"accuracy/class_labelled"}),
        (tfgan.GAN, {"pack": 2}, {"pack": 2}, set()),
    ],
    ids=["conditional", "acgan", "infogan", "classifier", "packs"],
)
def test_every_model_is_evaluated_with_its_own_terms(points, kind, options, own, tags):
    gan, labels = gan_of_points(kind, own, **options), np.arange(37, dtype=np.int32) % 3
    found = evaluated(gan, points, *([labels] if gan.batch_fields else []), batch_size=16)
    assert {"loss", *LOSSES, *tags} <= set(found)
    assert np.isfinite(list(found.values())).all()
    if "accuracy/class_labelled" in tags:
        guessed = np.argmax(gan.classify(points), axis=1)
        assert found["accuracy/class_labelled"] == pytest.approx(np.mean(guessed == labels))


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        (["kidd_2k"], ValueError, r"unknown metric 'kidd' \(did you mean 'kid'\?\)"),
        (
            ["kid_2k/random_cnn"],
            ValueError,
            "eval_metrics: 'kid_2k/random_cnn': expected no features of .* whose points are their own",
        ),
        (
            ["modes"],
            ValueError,
            "eval_metrics: 'modes': expected a metric of examples alone, got one that reads reference",
        ),
        (
            ["memorization"],
            ValueError,
            "eval_metrics: 'memorization': expected a metric of held-out examples",
        ),
        (
            ["class_fid"],
            ValueError,
            "eval_metrics: 'class_fid': expected a generator that takes labels, got GAN",
        ),
        ("w2", TypeError, r"eval_metrics: expected several names, got one text; write eval_metrics=\['w2'\]"),
    ],
)
def test_metrics_that_cannot_be_taken_are_refused_when_compiled(make_gan, names, error, message):
    with pytest.raises(error, match=message):
        make_gan(eval_metrics=names, jit_compile=False)


def test_images_need_features():
    with pytest.raises(
        ValueError,
        match=r"'kid_2k': expected the name of an extractor, or pixels, as in 'kid_2k/fashion_cnn'",
    ):
        gan_of_images(eval_metrics=["kid_2k"])
    with pytest.raises(ValueError, match=r"features 'digits_cnn'|features: 'digits_cnn'|unknown"):
        gan_of_images(eval_metrics=["kid_2k/digits_cnnn"])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            (np.zeros((4, 3), np.float32), np.zeros(4, np.int32)),
            r"x: expected float32 batches of shape \(n, 2\), .* got float32 of shape \(n, 3\)",
        ),
        (
            (np.zeros((4, 2), np.uint8), np.zeros(4, np.int32)),
            r"x: expected float32 batches of shape \(n, 2\), .* got uint8",
        ),
        (
            (np.zeros((4, 2), np.float32),),
            "x: ConditionalGAN expected labels beside held-out examples, got nothing",
        ),
    ],
)
def test_data_that_do_not_fit_are_refused(data, message):
    gan = gan_of_points(tfgan.ConditionalGAN, {"num_classes": 3}, num_classes=3, condition="concat")
    with pytest.raises(ValueError, match=message):
        gan.evaluate(*data, verbose=0)


def test_fewer_held_out_examples_than_the_name_says_are_warned_of(make_gan, points):
    gan = make_gan(eval_metrics=["w2_50"], run_eagerly=True)
    with pytest.warns(UserWarning, match="eval_metrics: w2_50 expected 50 held-out examples, got 37"):
        assert evaluated(gan, points)["w2_50"] > 0


def test_one_batch_is_tested_alone(make_gan, points):
    gan = make_gan(run_eagerly=True)
    found = [gan.test_on_batch(points[:16], return_dict=True) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0]["loss"] == pytest.approx(evaluated(gan, points[:16])["loss"], rel=1e-6)


ON_REPLICAS = """
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import numpy as np, tfgan
points = np.random.default_rng(0).normal(size=(32, 2)).astype(np.float32)
found = []
for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
    with strategy.scope():
        network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=4)
        gan = tfgan.GAN(network.generator(), network.discriminator())
        gan.compile(loss="ragan", jit_compile=False)
    batches = tf.data.Dataset.from_tensor_slices(points).batch(16, drop_remainder=True)
    found.append(gan.evaluate(batches, verbose=0, return_dict=True))
print(max(abs(found[0][tag] - found[1][tag]) for tag in found[0]))
try:
    gan.evaluate(points[:30], batch_size=16, verbose=0)
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
def test_replicas_find_what_one_does():
    """`ragan` compares each logit with the mean over the global batch, which two replicas hold by halves."""
    done = subprocess.run(
        [sys.executable, "-c", ON_REPLICAS], env=dict(os.environ), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    difference, refusal = done.stdout.splitlines()
    assert float(difference) < 1e-5
    assert (
        "x: 2 replicas expected held-out batches of one size, .batch(n, drop_remainder=True), got shape"
        in refusal
    )
