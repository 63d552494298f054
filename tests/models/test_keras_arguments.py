"""Arguments of Keras that a GAN cannot heed are refused with the way out, and never pass without effect."""

import numpy as np
import pytest
import tensorflow as tf

import tfgan

X = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")


@pytest.fixture(scope="module")
def gan(make_gan):
    return make_gan(jit_compile=False)


@pytest.mark.parametrize(
    ("arguments", "way_out"),
    [
        ({"optimizer": "adam"}, "got 'adam'; pass g_optimizer and d_optimizer"),
        ({"metrics": ["accuracy"]}, r"got \['accuracy'\]; .*eval_metrics="),
        ({"weighted_metrics": ["mse"]}, r"got \['mse'\]; .*docs.metrics.md"),
        ({"loss_weights": [1.0, 0.5]}, r"got \[1.0, 0.5\]; penalties and models have weights of their own"),
        ({"auto_scale_loss": True}, "got True; networks are float32 or bfloat16"),
    ],
)
def test_compile_refuses_by_name(gan, arguments, way_out):
    with pytest.raises(ValueError, match=f"^{next(iter(arguments))}: expected none, {way_out}"):
        gan.compile(**arguments)
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=4)
    autoencoding = tfgan.AutoencodingGAN(network.generator(), network.autoencoder())
    with pytest.raises(ValueError, match="expected none"):
        autoencoding.compile(**arguments)


def test_compile_takes_none_of_them_and_what_keras_heeds(make_gan):
    gan = make_gan(
        jit_compile=False,
        optimizer=None,
        metrics=None,
        loss_weights=None,
        weighted_metrics=[],
        steps_per_execution=2,
    )
    assert gan.steps_per_execution == 2
    with pytest.raises(TypeError, match="learning_rate"):
        gan.compile(learning_rate=0.1)


@pytest.mark.parametrize(
    ("arguments", "got"),
    [
        ({"class_weight": {0: 1.0, 1: 2.0}}, r"got \{0: 1.0, 1: 2.0\}; .*sample_from_datasets"),
        ({"sample_weight": np.ones(8)}, r"got shape \(8,\); .*sample_from_datasets"),
        ({"validation_split": 0.2}, "got 0.2; split the examples yourself, and pass validation_data"),
    ],
)
def test_fit_refuses_by_name(gan, arguments, got):
    with pytest.raises(ValueError, match=f"^{next(iter(arguments))}: expected none, {got}"):
        gan.fit(X, **arguments)


def test_fit_takes_kerass_defaults_for_them(gan):
    gan.fit(X, class_weight=None, sample_weight=None, validation_split=0.0, verbose=0)


@pytest.mark.parametrize(
    "arguments",
    [{"sample_weight": np.ones(8)}, {"class_weight": {0: 1.0}}],
    ids=lambda each: next(iter(each)),
)
def test_a_weight_of_each_example_is_refused_in_every_way_into_a_step(gan, arguments):
    """Keras makes rows of both, the third part of a batch."""
    with pytest.raises(ValueError, match=r"^sample_weight: expected none, got shape \(8,\)"):
        gan.train_on_batch(X, np.zeros(8, "int32"), **arguments)
    with pytest.raises(ValueError, match="got a third part, sample_weight"):
        gan.fit(tf.data.Dataset.from_tensors((X, np.zeros(8), np.ones(8))))
