"""Values of the other layers against NumPy, and all layers together: saved, compiled, differentiated twice."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan import layers

RNG = np.random.default_rng(0)


def test_minibatch_deviation_is_the_mean_deviation_over_the_batch():
    x = RNG.normal(size=(5, 3, 4, 2)).astype("float32")
    y = layers.MinibatchStdDev()(x).numpy()
    np.testing.assert_array_equal(y[..., :2], x)
    np.testing.assert_allclose(
        y[..., 2], np.full((5, 3, 4), np.sqrt(np.float64(x).var(axis=0) + 1e-8).mean()), rtol=1e-6
    )


def test_a_collapsed_batch_has_no_deviation_and_a_finite_gradient():
    x = tf.ones((4, 2, 2, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        deviation = layers.MinibatchStdDev()(x)[..., -1]
    assert np.isfinite(tape.gradient(deviation, x)).all()
    np.testing.assert_allclose(deviation, 1e-4, rtol=1e-5)


def test_minibatch_deviation_says_that_it_couples_examples():
    assert layers.MinibatchStdDev.uses_whole_batch
    assert not getattr(layers.SpectralNorm, "uses_whole_batch", False)


def test_conditional_batch_norm_scales_by_class():
    x, labels = RNG.normal(size=(6, 3, 2, 4)), np.array([0, 2, 1, 2, 0, 0])
    layer = layers.ConditionalBatchNorm(3, epsilon=1e-3)
    layer.build(((None, 3, 2, 4), (None,)))
    gamma, beta = RNG.normal(size=(2, 3, 4))
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    expected = (
        gamma[labels][:, None, None] * (x - mean) / np.sqrt(variance + 1e-3) + beta[labels][:, None, None]
    )
    np.testing.assert_allclose(
        layer((tf.constant(x, tf.float32), labels), training=True), expected, atol=1e-5
    )


def test_conditional_batch_norm_starts_as_batch_norm():
    x, labels = RNG.normal(size=(6, 4)).astype("float32"), np.array([0, 1, 1, 0, 1, 1])
    ours, theirs = layers.ConditionalBatchNorm(2), keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    for training in (True, True, False):
        np.testing.assert_allclose(
            ours((x, labels), training=training), theirs(x, training=training), atol=1e-6
        )


def test_a_class_that_is_not_there_gets_no_gradient():
    x, layer = RNG.normal(size=(4, 3)).astype("float32"), layers.ConditionalBatchNorm(3)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer((x, np.array([0, 0, 1, 1])), training=True) ** 2)
    gradient = tape.gradient(total, layer.gamma.value)
    assert isinstance(gradient, tf.Tensor)  # dense, as clipping and exchange expect
    assert (np.abs(gradient).sum(axis=1) > 0).tolist() == [True, True, False]


@pytest.mark.parametrize("count", [0, 2.0])
def test_conditional_batch_norm_refuses(count):
    with pytest.raises(ValueError, match="num_classes: expected a whole number above 0"):
        layers.ConditionalBatchNorm(count)


def test_self_attention_changes_nothing_at_first():
    x = RNG.normal(size=(2, 3, 4, 8)).astype("float32")
    np.testing.assert_array_equal(layers.SelfAttention()(x), x)


def test_self_attention_is_the_formula():
    """Zhang et al. 2019, eqs. 1-3, place by place in float64."""
    x = RNG.normal(size=(2, 3, 2, 16)).astype("float32")
    layer = layers.SelfAttention(seed=0)
    layer(x)
    layer.scale.assign(0.7)
    f, g, h, v = (np.float64(part.kernel) for part in layer.maps)
    expected = np.float64(x).reshape(2, 6, 16)
    for image in expected:
        places = image.copy()
        for j in range(6):
            weights = np.exp([(places[i] @ f) @ (places[j] @ g) for i in range(6)])
            weights /= weights.sum()
            image[j] += 0.7 * sum(weights[i] * (places[i] @ h) for i in range(6)) @ v
    np.testing.assert_allclose(layer(x), expected.reshape(x.shape), atol=1e-5)


@pytest.mark.parametrize(("groups", "size"), [(1, 3), (4, 3), (2, (1, 5))])
def test_grouped_convolution_is_that_of_keras(groups, size):
    x = RNG.normal(size=(2, 5, 6, 8)).astype("float32")
    ours = layers.GroupedConv2D(12, size, groups=groups, bias_initializer="random_normal")
    theirs = keras.layers.Conv2D(12, size, groups=groups, padding="same")
    for layer in (ours, theirs):
        layer.build(x.shape)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(x), theirs(x), atol=1e-5)


@pytest.mark.parametrize("options", [{"kernel_size": 4}, {"kernel_size": 3, "strides": 2}])
def test_grouped_convolution_refuses(options):
    with pytest.raises(ValueError, match="expected an odd kernel"):
        layers.GroupedConv2D(8, **options)


def test_maxout_takes_the_largest_piece():
    np.testing.assert_array_equal(layers.Maxout(3)(np.float32([[1, 5, 2, -3, -1, -2]])), [[5, -1]])


def test_maxout_refuses_pieces_that_do_not_fit():
    with pytest.raises(ValueError, match="multiple of pieces=4 channels"):
        layers.Maxout(4)(tf.ones((1, 6)))


def test_fourier_features_are_waves_of_their_frequencies():
    """Tancik et al. 2020, eq. 5 with a_j = 1, in float64."""
    x, layer = RNG.normal(size=(5, 2)).astype("float32"), layers.FourierFeatures(7, scale=3.0, seed=0)
    y = layer(x)
    phases = 2 * np.pi * np.float64(x) @ np.float64(layer.frequencies)
    np.testing.assert_allclose(y, np.concatenate([np.cos(phases), np.sin(phases)], axis=1), atol=2e-5)


def test_frequencies_have_the_deviation_asked_for_and_are_not_trained():
    """2,000 normal draws: their deviation is within 5 standard errors, 5 / sqrt(4000), with a false alarm in 2 million seeds."""
    layer = layers.FourierFeatures(1000, scale=3.0, seed=0)
    layer.build((None, 2))
    assert np.std(layer.frequencies) == pytest.approx(3.0, rel=5 / np.sqrt(4000))
    assert layer.trainable_variables == []


def test_learned_maps_are_weighed_sums():
    x = RNG.normal(size=(3, 4, 5, 2)).astype("float32")
    maps = (layers.ConstantInput((4, 5)), layers.LearnedPooling())
    vector = RNG.normal(size=(3, 2)).astype("float32")
    y, z = maps[0](vector), maps[1](x)
    np.testing.assert_allclose(y, np.float64(maps[0].map) * vector[:, None, None], rtol=1e-6)
    np.testing.assert_allclose(z, (np.float64(maps[1].map) * x).sum(axis=(1, 2)), rtol=1e-4)


def test_clipping_is_for_inference_only():
    x = np.float32([-2, 0.5, 3])
    np.testing.assert_array_equal(layers.ClipAtInference()(x), [-1, 0.5, 1])
    np.testing.assert_array_equal(layers.ClipAtInference()(x, training=True), x)


@pytest.fixture(scope="module", params=["float32", "mixed_bfloat16"])
def everything(request):
    """A model of every layer."""
    keras.config.set_dtype_policy(request.param)
    try:
        image, labels = keras.Input((9, 7, 4)), keras.Input((), dtype="int32")
        x = layers.SpectralNorm(layers.GroupedConv2D(16, 3, groups=2))(image)
        x = layers.NearestUpsample()(layers.LeakyReLU()(layers.ConditionalBatchNorm(3)((x, labels))))
        x = layers.Downsample()(layers.Downsample()(x))
        x = layers.Upsample((9, 7))(layers.SelfAttention(spectral_norm=True, seed=1)(x))
        x = layers.Resize((4, 6))(x)
        x = layers.RandomMixing(16, seed=4)([x, layers.Downsample()(x)])[0]
        x = layers.LearnedPooling()(layers.MinibatchStdDev()(layers.Maxout(4)(x)))
        x = layers.LearnedPrior("gaussians", 3, seed=3)(x)
        x = layers.Spans([("tanh", x.shape[-1] - 2), ("softmax", 2)], dtype="float32")(x)
        x = layers.ClipAtInference()(
            layers.ConstantInput((2, 2))(layers.FourierFeatures(2, scale=0.1, seed=2)(x))
        )
        return keras.Model([image, labels], keras.layers.Dense(1, dtype="float32")(keras.layers.Flatten()(x)))
    finally:
        keras.config.set_dtype_policy("float32")


BATCH = [tf.constant(RNG.normal(size=(4, 9, 7, 4)), tf.float32), tf.constant([0, 2, 1, 1])]


def test_the_model_of_every_layer_has_every_layer(everything):
    used = {type(layer) for layer in everything.layers} | {layers.GroupedConv2D}
    assert used >= {getattr(layers, name) for name in layers.__all__}


def test_renamed_layers_keep_their_first_names_in_saved_files():
    assert layers.LearnedMap is layers.ConstantInput
    assert layers.MinibatchDeviation is layers.MinibatchStdDev
    for name in ("LearnedMap", "MinibatchDeviation"):
        layer = getattr(layers, name)
        assert layer.__name__ == name
        assert keras.saving.get_registered_object(f"tfgan>{name}") is layer


def test_every_layer_is_saved(everything, tmp_path):
    everything(BATCH, training=True)
    everything.save(tmp_path / "all.keras")
    np.testing.assert_array_equal(tfgan.load(tmp_path / "all.keras")(BATCH), everything(BATCH))


def test_every_layer_compiles_and_is_differentiable_twice(everything):
    """The gradient of an input gradient's norm in all weights, with XLA and without it."""

    def penalized(x, labels, weights, state):
        with tf.GradientTape(watch_accessed_variables=False) as outer:
            outer.watch(weights)
            with tf.GradientTape(watch_accessed_variables=False) as inner:
                inner.watch(x)
                y, _ = everything.stateless_call(weights, state, [x, labels], training=True)
            norm = tf.reduce_sum(tf.cast(inner.gradient(y, x), tf.float32) ** 2)
        return outer.gradient(norm, weights, unconnected_gradients="zero")

    weights, state = (
        [v.value for v in variables]
        for variables in (everything.trainable_variables, everything.non_trainable_variables)
    )
    found, expected = (
        tf.function(penalized, jit_compile=xla, autograph=False)(*BATCH, weights, state)
        for xla in (True, False)
    )
    assert all(np.isfinite(gradient).all() for gradient in found)
    if everything.compute_dtype == "float32":
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(other).max() + 1e-6)


def test_a_layer_that_couples_examples_sees_the_batch_of_all_replicas(monkeypatch):
    """Then the step runs without XLA; `tests/test_replicas.py` holds the numbers."""
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=4, minibatch_deviation=True)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile()
    assert not gan.needs_sync
    monkeypatch.setattr("tfgan.distributed.replicas.count", lambda: 2)
    gan.compile(sync_batch_norm=False)
    assert gan.needs_sync
