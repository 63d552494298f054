"""Networks given labels or codes, classifying, and judging packs: what goes in and out, and the formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfgan
from tfgan import networks
from tfgan.layers import ConditionalBatchNorm, SpectralNorm

K = 3
SHAPES = {name: (8, 8, 1) for name in networks.names()} | {"mlp": (2,), "conv1d": (8, 4)}
OPTIONS = {
    "none": {},
    "concat": {"condition": "concat", "num_classes": K},
    "projection": {"condition": "projection", "num_classes": K},
    "acgan": {"condition": "acgan", "num_classes": K},
    "classify": {"task": "classify", "num_classes": K},
    "info": {"info_categorical": 3, "info_continuous": 2},
    "pack": {"pack": 2},
}
EVERY = [(name, case) for name in SHAPES for case in OPTIONS]
GIVEN = {"concat": ["labels"], "projection": ["labels"], "acgan": ["labels"], "info": ["codes"]}
LABELS = np.int32([0, 2, 1, 1])
CODES = np.float32([[1, 0, 0, 0.5, -1], [0, 0, 1, 0.5, -1], [0, 1, 0, 0.2, 0.3], [0, 1, 0, 0.2, 0.3]])
LATENTS = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")


def build(name, case="none", **options):
    return networks.get(
        name, **{"image_shape": SHAPES[name], "latent_dim": 4, "width": 4, **OPTIONS[case], **options}
    )


@pytest.fixture(scope="module")
def pairs():
    """(G, D) of every network and case, built when first asked for."""
    built = {}

    def pair(name, case):
        if (name, case) not in built:
            network = build(name, case)
            built[name, case] = network.generator(), network.discriminator()
        return built[name, case]

    return pair


def examples(model, count=4):
    shape = model.inputs[0].shape[1:]
    return tf.constant(np.random.default_rng(1).normal(size=(count, *shape)), tf.float32)


def given(model, first, labels=LABELS):
    """Return what a model is called with: its first input, and labels or codes where it takes them."""
    values = {"labels": tf.constant(labels, tf.int32), "codes": tf.constant(CODES)}
    others = [values[tensor.name] for tensor in model.inputs[1:]]
    return [first, *others] if others else first


def kernel(layer):
    """Return the matrix that a dense layer of D multiplies by, in float64: W, or W / sigma with the sigma of its u."""
    if not isinstance(layer, SpectralNorm):
        return np.float64(layer.kernel)
    matrix, u = np.float64(layer.layer.kernel), np.float64(layer.u)
    v = matrix @ u / np.linalg.norm(matrix @ u)
    return matrix / np.linalg.norm(matrix.T @ v)


def dense(model, *shape):
    """Return W and b, float64, of the one dense layer of D whose kernel has this shape."""
    inner = [(layer, getattr(layer, "layer", layer)) for layer in model.layers]
    (found,) = [
        (layer, own) for layer, own in inner if isinstance(own, layers.Dense) and own.kernel.shape == shape
    ]
    return kernel(found[0]), np.float64(found[1].bias) if found[1].use_bias else 0.0


def features(model, x):
    """Return what D's last weighted layer sees of x, float64."""
    last = [layer for layer in model.layers if layer.weights][-1]
    return np.float64(keras.Model(model.input, last.input)(given(model, x)))


# What goes in and out


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_generators_are_given_what_the_case_says(pairs, name, case):
    generator, _ = pairs(name, case)
    assert [tensor.name for tensor in generator.inputs] == ["latents", *GIVEN.get(case, [])]
    types = {"latents": ((None, 4), "float32"), "labels": ((None,), "int32"), "codes": ((None, 5), "float32")}
    assert [(tensor.shape, tensor.dtype) for tensor in generator.inputs] == [
        types[tensor.name] for tensor in generator.inputs
    ]
    assert (generator.output.shape, generator.output.dtype) == ((None, *SHAPES[name]), "float32")


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_discriminators_are_given_what_the_case_says(pairs, name, case):
    _, discriminator = pairs(name, case)
    *places, channels = SHAPES[name]
    x, *others = discriminator.inputs
    assert (x.name, x.shape, x.dtype) == (
        "x",
        (None, *places, channels * (2 if case == "pack" else 1)),
        "float32",
    )
    labels = [("labels", (None,), "int32")] if case in ("concat", "projection") else []
    assert [(tensor.name, tensor.shape, tensor.dtype) for tensor in others] == labels


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_discriminators_say_what_the_case_says(pairs, name, case):
    said = pairs(name, case)[1].output
    widths = {
        "acgan": {"logits": 1, "classes": K},
        "classify": {"logits": 1, "classes": K},
        "info": {"logits": 1, "codes": 3 + 2 * 2},
    }
    if case in widths:
        assert {key: tensor.shape for key, tensor in said.items()} == {
            key: (None, width) for key, width in widths[case].items()
        }
    else:
        assert said.shape == (None, 1)


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_networks_say_float32_in_bfloat16(name, case):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = build(name, case)
        models = network.generator(), network.discriminator()
    finally:
        keras.config.set_dtype_policy("float32")
    for model in models:
        said = model.output if isinstance(model.output, dict) else {"": model.output}
        assert {tensor.dtype for tensor in said.values()} == {"float32"}
    assert "bfloat16" in {layer.compute_dtype for layer in models[1].layers}


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_networks_are_saved(pairs, name, case, tmp_path):
    for model in pairs(name, case):
        model.save(tmp_path / "model.keras")
        x = given(model, examples(model))
        again = tfgan.load(tmp_path / "model.keras")
        assert [tensor.name for tensor in again.inputs] == [tensor.name for tensor in model.inputs]
        tf.nest.map_structure(np.testing.assert_array_equal, again(x), model(x))


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_the_last_weighted_layer_sees_the_features(pairs, name, case):
    """What `feature_matching` reads: the same of D with or without side objectives, where x has the same channels."""
    plain, model = pairs(name, "none")[1], pairs(name, case)[1]
    expected = plain.layers[-1].input.shape
    assert [layer for layer in model.layers if layer.weights][-1].input.shape == expected
    if case not in ("concat", "pack"):
        np.testing.assert_array_equal(features(model, examples(model)), features(plain, examples(model)))


SLOW_TO_COMPILE = [
    pytest.param(*case, marks=pytest.mark.slow) for case in (("sn_resnet", "projection"), ("r3gan", "acgan"))
]


@pytest.mark.parametrize(
    ("name", "case"), [*[("mlp", case) for case in OPTIONS], ("dcgan", "concat"), *SLOW_TO_COMPILE]
)
def test_networks_compile_and_are_differentiable_twice(pairs, name, case):
    """The gradient in G's weights and in D's of the norm of D's input gradient at G's examples, with XLA and without."""
    generator, discriminator = pairs(name, case)
    weights = [[weight.value for weight in model.trainable_variables] for model in (generator, discriminator)]
    state = [
        [weight.value for weight in model.non_trainable_variables] for model in (generator, discriminator)
    ]

    def penalized(latents, weights):
        with tf.GradientTape(watch_accessed_variables=False) as outer:
            outer.watch(weights)
            x, _ = generator.stateless_call(weights[0], state[0], given(generator, latents), training=True)
            x = tf.concat([x] * (discriminator.inputs[0].shape[-1] // x.shape[-1]), axis=-1)
            with tf.GradientTape(watch_accessed_variables=False) as inner:
                inner.watch(x)
                said, _ = discriminator.stateless_call(
                    weights[1], state[1], given(discriminator, x), training=True
                )
            norm = sum(tf.reduce_sum(tensor) for tensor in tf.nest.flatten(said)) + tf.reduce_sum(
                inner.gradient(said, x) ** 2
            )
        return outer.gradient(norm, weights, unconnected_gradients="zero")

    found, expected = (
        tf.nest.flatten(
            tf.function(penalized, jit_compile=xla, autograph=False)(tf.constant(LATENTS), weights)
        )
        for xla in (True, False)
    )
    for one, other in zip(found, expected, strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(other).max() + 1e-5)


# Generators


@pytest.mark.parametrize("case", GIVEN)
@pytest.mark.parametrize("name", SHAPES)
def test_what_generators_are_given_counts(name, case):
    """Of one latent vector, two classes (codes) are two examples, and one class one example."""
    generator = build(name, case).generator()
    for layer in generator.layers:
        if isinstance(layer, ConditionalBatchNorm):  # all classes begin alike
            layer.gamma.assign(np.float32([[1.0], [2.0], [3.0]]) * layer.gamma)
    made = generator(given(generator, tf.ones((4, 4)))).numpy()
    np.testing.assert_allclose(made[2], made[3], atol=1e-6)
    assert np.abs(made[0] - made[1]).max() > 1e-6


@pytest.mark.parametrize("case", ["classify", "pack"])
@pytest.mark.parametrize("name", SHAPES)
def test_generators_that_are_given_nothing_are_the_default_ones(pairs, name, case):
    plain, model = (pairs(name, each)[0].get_weights() for each in ("none", case))
    assert all(np.array_equal(one, other) for one, other in zip(plain, model, strict=True))


@pytest.mark.parametrize(
    ("case", "conditional", "plain", "inputs"),
    [("projection", 2, 1, 4), ("acgan", 2, 1, 4), ("concat", 0, 3, 7)],
)
def test_sn_resnet_normalizes_by_class_in_its_blocks(pairs, case, conditional, plain, inputs):
    """Miyato & Koyama 2018, code: one block at 8x8; the last normalization is plain, and latents stand alone at the bottom."""
    generator, _ = pairs("sn_resnet", case)
    kinds = [type(layer) for layer in generator.layers]
    assert (kinds.count(ConditionalBatchNorm), kinds.count(layers.BatchNormalization)) == (conditional, plain)
    assert (
        next(layer for layer in generator.layers if isinstance(layer, layers.Dense)).kernel.shape[0] == inputs
    )


# Discriminators


@pytest.mark.parametrize("name", SHAPES)
def test_concat_gives_d_a_channel_a_class(pairs, name):
    """1 at every place in the label's channel, 0 in the others; a label out of range is a row of zeros."""
    _, model = pairs(name, "concat")
    joined = next(layer for layer in model.layers if isinstance(layer, layers.Concatenate))
    x = examples(model)
    seen = keras.Model(model.input, joined.output)(given(model, x, labels=[0, 2, -1, K])).numpy()
    maps = np.float32([[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]).reshape(4, *[1] * (x.ndim - 2), K)
    np.testing.assert_array_equal(
        seen, np.concatenate([x, np.broadcast_to(maps, (*x.shape[:-1], K))], axis=-1)
    )


@pytest.mark.parametrize("case", ["concat", "projection"])
@pytest.mark.parametrize("name", SHAPES)
def test_logits_and_input_gradients_depend_on_the_label(pairs, name, case):
    """The kernels of zeros that blocks of R3GAN begin with make it linear in its input, label maps included: moved for this."""
    model = build(name, case).discriminator()
    for weight in model.trainable_variables:
        weight.assign_add(0.1 * np.random.default_rng(2).normal(size=weight.shape))
    x = examples(model)
    logits, gradients = [], []
    for label in (0, 1):
        with tf.GradientTape() as tape:
            tape.watch(x)
            logits.append(model(given(model, x, labels=[label] * 4)))
        gradients.append(tape.gradient(logits[-1], x).numpy())
    assert np.abs(logits[0] - logits[1]).min() > 0
    assert np.isfinite(gradients).all()
    assert np.abs(gradients[0] - gradients[1]).max() > 0


@pytest.mark.parametrize("name", SHAPES)
def test_projection_is_the_formula(pairs, name):
    """W h + b + <e(label), h> (Miyato & Koyama 2018, eq. 3 and figure 1d); without the last term for a label out of range."""
    _, model = pairs(name, "projection")
    x, labels = examples(model, 5), [0, 2, 1, -1, K]
    h = features(model, x[:4])
    h = np.concatenate([h, features(model, x[1:])[-1:]])
    (w, b), (e, _) = dense(model, h.shape[1], 1), dense(model, K, h.shape[1])
    vectors = np.concatenate([e, np.zeros((1, h.shape[1]))])[[0, 2, 1, 3, 3]]
    expected = h @ w + b + (vectors * h).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        model(given(model, x, labels)), expected, rtol=1e-4, atol=1e-5 * np.abs(h).max()
    )


@pytest.mark.parametrize("name", SHAPES)
def test_classes_of_acgan_are_linear_in_the_features(pairs, name):
    _, model = pairs(name, "acgan")
    h = features(model, examples(model))
    said = model(examples(model))
    for key, units in (("logits", 1), ("classes", K)):
        w, b = dense(model, h.shape[1], units)
        np.testing.assert_allclose(said[key], h @ w + b, rtol=1e-4, atol=1e-5 * np.abs(h).max())


@pytest.mark.parametrize("name", SHAPES)
def test_a_classifiers_logit_is_that_of_k_plus_1_classes(pairs, name):
    """sigma(logit) = Z / (Z + 1), Z = sum_k exp l_k (Salimans et al. 2016, section 5); l = W h + b."""
    _, model = pairs(name, "classify")
    h, said = features(model, examples(model)), model(examples(model))
    w, b = dense(model, h.shape[1], K)
    np.testing.assert_allclose(said["classes"], h @ w + b, rtol=1e-4, atol=1e-5 * np.abs(h).max())
    total = np.exp(np.float64(said["classes"])).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(1 / (1 + np.exp(-np.float64(said["logits"]))), total / (total + 1), rtol=1e-5)


@pytest.mark.parametrize("name", SHAPES)
def test_codes_are_read_through_one_hidden_layer(pairs, name):
    """W2 leaky(W1 h + b1) + b2, 128 units, slope .1."""
    _, model = pairs(name, "info")
    h = features(model, examples(model))
    (w1, b1), (w2, b2) = dense(model, h.shape[1], 128), dense(model, 128, 7)
    hidden = h @ w1 + b1
    expected = np.where(hidden > 0, hidden, 0.1 * hidden) @ w2 + b2
    np.testing.assert_allclose(
        model(examples(model))["codes"], expected, rtol=1e-4, atol=1e-5 * np.abs(h).max()
    )


@pytest.mark.parametrize("case", OPTIONS)
@pytest.mark.parametrize("name", ["mlp", "dcgan", "sn_resnet"])
def test_spectral_norm_holds_heads_and_embeddings(name, case):
    weighted = [
        layer
        for layer in build(name, case, spectral_norm=True).discriminator().layers
        if layer.trainable_variables
    ]
    assert all(isinstance(layer, SpectralNorm) for layer in weighted)


def test_r3gan_starts_the_vectors_of_classes_small():
    """N(0, 1 / (K d)). Of 6,400 draws the deviation is within 5 % but for chance below 1e-7."""
    model = build("r3gan", "projection", width=32, blocks=1, num_classes=100).discriminator()
    assert np.std(dense(model, 100, 64)[0]) == pytest.approx((100 * 64) ** -0.5, rel=0.05)


# What cannot be had together


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"condition": "concat"}, "condition=concat: expected num_classes of at least 2, got 0"),
        (
            {"condition": "acgan", "num_classes": 1},
            "condition=acgan: expected num_classes of at least 2, got 1",
        ),
        ({"task": "classify"}, "task=classify: expected num_classes of at least 2, got 0"),
        (
            {"condition": "projection", "num_classes": 3, "outputs": 2},
            "condition=projection: expected outputs=1, one logit, got 2",
        ),
        (
            {"task": "classify", "num_classes": 3, "outputs": 2},
            "task=classify: expected outputs=1, one logit, got 2",
        ),
        (
            {"condition": "acgan", "task": "classify", "num_classes": 3},
            "at most one .* got condition=acgan and task=classify",
        ),
        (
            {"condition": "concat", "info_categorical": 3, "num_classes": 3},
            "got condition=concat and info_categorical=3",
        ),
        (
            {"task": "classify", "info_categorical": 2, "info_continuous": 1, "num_classes": 3},
            "got task=classify and info_categorical=2,info_continuous=1",
        ),
        (
            {"info_categorical": 1},
            "info_categorical: expected at least 2 values of the code, or 0 for none, got 1",
        ),
        ({"condition": "cat"}, "condition: expected one of none, concat, projection, acgan, got 'cat'"),
        ({"pack": 0}, "pack: expected a whole number above 0, got 0"),
    ],
)
@pytest.mark.parametrize("name", SHAPES)
def test_clashes_are_refused(name, options, words):
    with pytest.raises(ValueError, match=words):
        build(name, **options)


@pytest.mark.parametrize("name", SHAPES)
def test_autoencoders_reconstruct_packs(name):
    *places, channels = SHAPES[name]
    critic = build(name, "pack").autoencoder()
    assert critic.input_shape == critic.output["reconstruction"].shape == (None, *places, 2 * channels)


@pytest.mark.parametrize("case", ["concat", "projection", "acgan", "classify", "info"])
def test_autoencoders_are_given_examples_alone(case):
    with pytest.raises(
        ValueError,
        match=r"network: (condition|task|info).*: expected an objective of logits, got one of recon",
    ):
        build("mlp", case).autoencoder()


@pytest.mark.parametrize("name", SHAPES)
def test_classes_that_nothing_asks_for_change_nothing(pairs, name):
    model = build(name, num_classes=K).discriminator()
    assert all(
        np.array_equal(*both)
        for both in zip(model.get_weights(), pairs(name, "none")[1].get_weights(), strict=True)
    )
