"""What every network keeps: any shape, weights by seed, saving, steps that compile; and what each says of itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfgan
from tfgan import networks
from tfgan.layers import LeakyReLU, Maxout, MinibatchStdDev, SelfAttention, SpectralNorm

SHAPES = [(8, 8, 1), (9, 11, 3), (28, 28, 1), (31, 45, 3), (64, 48, 3)]
IMAGE_NETWORKS = [name for name in networks.names() if name not in ("mlp", "conv1d")]
EVERY = [(name, (8, 8, 1)) for name in IMAGE_NETWORKS] + [("mlp", (2,)), ("conv1d", (8, 4))]


def small(name, shape=(8, 8, 1), **options):
    return networks.get(name, **{"image_shape": shape, "latent_dim": 4, "width": 4, **options})


def count(model, kind):
    return sum(isinstance(layer, kind) for layer in model.layers)


# Contracts of all networks


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_images_of_any_shape(name, shape):
    network = small(name, shape)
    images = network.generator()(tf.random.stateless_normal((2, 4), (0, 1)) * 9)
    assert images.shape == (2, *shape)
    assert images.dtype == tf.float32
    assert np.abs(images).max() <= 1
    assert network.discriminator()(images).shape == (2, 1)


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_autoencoders_of_any_shape(name):
    model = small(name, (31, 45, 3), discriminator_norm=False).autoencoder()
    assert model.output["reconstruction"].shape == (None, 31, 45, 3)
    assert count(model, layers.BatchNormalization) == 0


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_large_images_are_built(name):
    network = small(name, (256, 256, 3), width=1)
    assert network.generator().output_shape == (None, 256, 256, 3)
    assert network.discriminator().output_shape == (None, 1)


@pytest.mark.parametrize("shape", [(7, 8, 1), (8, 257, 1), (8, 8, 2), (2,)], ids=str)
@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_other_shapes_are_refused(name, shape):
    with pytest.raises(ValueError, match="images of 8x8 to 256x256 with 1 or 3 channels"):
        small(name, shape)


def test_mlp_refuses_images():
    with pytest.raises(ValueError, match="--network=dcgan"):
        small("mlp")


@pytest.mark.parametrize("option", ["latent_dim", "width"])
def test_sizes_are_checked(option):
    with pytest.raises(ValueError, match=option):
        small("mlp", (2,), **{option: 0})


@pytest.mark.parametrize("role", ["generator", "discriminator"])
@pytest.mark.parametrize(("name", "shape"), EVERY)
def test_weights_are_a_function_of_the_seed(name, shape, role):
    first, again, other = (getattr(small(name, shape, seed=seed), role)() for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), again.get_weights(), strict=True))
    drawn = [weight.numpy() for weight in first.trainable_variables if np.std(weight) > 0]
    others = [weight.numpy() for weight in other.trainable_variables if np.std(weight) > 0]
    assert len(drawn) > 1
    assert not any(np.array_equal(a, b) for a, b in zip(drawn, others, strict=True))
    assert len({weight.tobytes()[:16] for weight in drawn}) == len(drawn)  # no two layers alike


CHECKSUMS = {  # (weights, sum)
    ("dcgan", "generator"): (337, 2.79910573),
    ("dcgan", "discriminator"): (133, -0.152954096),
    ("dcgan", "autoencoder"): (665, 2.53595888),
    ("sn_resnet", "generator"): (6529, 2.55482552),
    ("sn_resnet", "discriminator"): (4346, -18.6779043),
    ("sn_resnet", "autoencoder"): (10905, 2.17001538),
    ("r3gan", "generator"): (6692, 5.45083601),
    ("r3gan", "discriminator"): (6668, 3.26288758),
    ("r3gan", "autoencoder"): (13384, -17.6658252),
    ("mlp", "generator"): (70, 2.31057386),
    ("mlp", "discriminator"): (57, 0.00756182921),
    ("mlp", "autoencoder"): (142, 4.6040797),
}


@pytest.mark.parametrize("role", ["generator", "discriminator", "autoencoder"])
@pytest.mark.parametrize(("name", "shape"), [each for each in EVERY if (each[0], "generator") in CHECKSUMS])
def test_weights_of_default_networks_are_those_of_earlier_versions(name, shape, role):
    """A seed means the same weights from version to version: sum_k cos(k) w_k over all of them, in the order of `get_weights`.

    Other draws, or the same in another order, give another sum altogether. The tolerance is for normal
    deviates, whose last bits may differ between processors.
    """
    weights = np.concatenate(
        [np.float64(weight).ravel() for weight in getattr(small(name, shape), role)().get_weights()]
    )
    size, total = CHECKSUMS[name, role]
    assert weights.size == size
    assert weights @ np.cos(np.arange(size)) == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("name", networks.names())
def test_discriminators_without_norm_take_examples_one_by_one(name):
    """What a gradient penalty needs: no output depends on another input, in training mode."""
    shape = dict(EVERY)[name]
    model = small(name, shape, discriminator_norm=False).discriminator()
    x = tf.random.stateless_normal((3, *shape), (0, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        first = model(x, training=True)[0]
    gradient = tape.gradient(first, x).numpy()
    assert np.abs(gradient[0]).max() > 0
    assert np.abs(gradient[1:]).max() == 0


@pytest.fixture(scope="module", params=EVERY, ids=[name for name, _ in EVERY])
def trained(request):
    """Each network after three compiled steps with a penalty: (GAN, weights before)."""
    name, shape = request.param
    network = small(name, shape, discriminator_norm=False, **({"blocks": 1} if name == "r3gan" else {}))
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(loss="nonsat", penalties=["r1"])
    before = [weight.numpy() for weight in gan.trainable_variables]
    step = tf.function(gan.train_step, autograph=False)
    for number in range(3):
        step(tf.random.stateless_uniform((4, *shape), (0, number), -1.0, 1.0))
    return gan, before


def test_every_weight_learns_in_compiled_steps(trained):
    gan, before = trained
    assert gan.state.finite.numpy()
    still = [
        weight.path
        for weight, old in zip(gan.trainable_variables, before, strict=True)
        if np.array_equal(weight.numpy(), old)
    ]
    assert not still


def test_a_trained_network_is_saved(trained, tmp_path):
    gan, _ = trained
    for network in (gan.generator, gan.discriminator):
        x = tf.random.stateless_normal((2, *network.input_shape[1:]), (0, 1))
        network.save(tmp_path / "network.keras")
        np.testing.assert_array_equal(tfgan.load(tmp_path / "network.keras")(x), network(x))


def test_a_trained_network_is_exported(trained, tmp_path):
    gan, _ = trained
    served = tf.saved_model.load(tfgan.export.save(gan, tmp_path / "model"))
    x = tf.random.stateless_uniform((3, *gan.discriminator.input_shape[1:]), (0, 1), -1.0, 1.0)
    key = "images" if len(x.shape) == 4 else "samples"
    np.testing.assert_allclose(served.signatures["score"](**{key: x})["logits"], gan.score(x), atol=1e-5)


def test_weights_of_an_sn_resnet_with_keras_upsampling_are_read(tmp_path, monkeypatch):
    """Checkpoints of before were written by networks with `UpSampling2D`; a run folder's network is built anew."""
    new = small("sn_resnet", (9, 8, 1)).generator()
    monkeypatch.setattr("tfgan.networks.sn_resnet.NearestUpsample", lambda: keras.layers.UpSampling2D(2))
    old = small("sn_resnet", (9, 8, 1), seed=1).generator()
    old.save(tmp_path / "old.keras")
    new.load_weights(tmp_path / "old.keras")
    z = tf.random.stateless_normal((2, *old.input_shape[1:]), (0, 1))
    np.testing.assert_array_equal(new(z), old(z))
    np.testing.assert_array_equal(tfgan.load(tmp_path / "old.keras")(z), old(z))


# Options that several share


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_attention_stands_in_both_networks_where_it_is_asked_for(name):
    network = small(name, (32, 32, 3), attention=16)
    for model in (network.generator(), network.discriminator()):
        (layer,) = (layer for layer in model.layers if isinstance(layer, SelfAttention))
        assert layer.input.shape[1:3] == (16, 16)


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_attention_elsewhere_is_refused(name):
    with pytest.raises(
        ValueError, match=r"attention: expected a side of G's maps, one of 7, 14, or 0, got 8"
    ):
        small(name, (28, 28, 1), attention=8)


@pytest.mark.parametrize(("name", "shape"), EVERY)
def test_minibatch_deviation_lets_d_see_the_batch(name, shape):
    model = small(name, shape, minibatch_deviation=True).discriminator()
    assert count(model, MinibatchStdDev) == 1
    x = tf.random.stateless_normal((4, *shape), (0, 1))
    assert np.abs(model(x)[:1] - model(tf.concat([x[:1], 3 * x[1:]], 0))[:1]).max() > 0


@pytest.mark.parametrize(("name", "shape"), EVERY)
def test_minibatch_deviation_and_a_gradient_penalty_are_refused(name, shape):
    with pytest.raises(ValueError, match="minibatch_deviation makes examples depend on each other"):
        small(name, shape, minibatch_deviation=True, discriminator_norm=False)


@pytest.mark.parametrize(("name", "shape"), [(name, shape) for name, shape in EVERY if name != "r3gan"])
def test_spectral_norm_holds_every_layer_of_d_and_none_of_g(name, shape):
    network = small(name, shape, spectral_norm=True)
    model = network.discriminator()
    weighted = [layer for layer in model.layers if layer.trainable_variables]
    assert weighted
    assert all(isinstance(layer, SpectralNorm) for layer in weighted)
    assert count(network.generator(), SpectralNorm) == 0


def test_r3gan_refuses_spectral_norm():
    with pytest.raises(ValueError, match="spectral_norm: expected false with R3GAN"):
        small("r3gan", spectral_norm=True)


# DCGAN


@pytest.fixture(scope="module")
def radford():
    """(G, D) of 64x64 images with the paper's kernels, at an eighth of the width of its figure 1."""
    network = networks.get("dcgan", image_shape=(64, 64, 3), latent_dim=100, width=16, kernel=5)
    return network.generator(), network.discriminator()


def described(model):
    """Return what each layer of a chain says of itself: of convolutions kernel, stride and map made, of others what they have."""
    layer_by_layer = []
    for layer in model.layers:
        kind = type(layer).__name__
        if isinstance(layer, (layers.Conv2D, layers.Conv2DTranspose)):
            kind = (kind, layer.kernel_size, layer.strides, layer.output.shape[1:], layer.activation.__name__)
        elif isinstance(layer, layers.Dense):
            kind = (kind, layer.units, layer.activation.__name__)
        elif isinstance(layer, layers.Activation):
            kind = layer.activation.__name__
        elif isinstance(layer, LeakyReLU):
            kind = (kind, layer.slope)
        layer_by_layer.append(kind)
    return layer_by_layer


def test_dcgan_makes_images_to_the_letter(radford):
    """Radford et al. 2016, figure 1: 4x4x1024 of 100 latents, then 512, 256, 128 channels and the image, each map twice the last.

    Section 3: batch normalization at all but the output, ReLU at all but the output, tanh there, neither
    pooling nor a hidden fully connected layer.
    """

    def doubling(side, channels):
        return ("Conv2DTranspose", (5, 5), (2, 2), (side, side, channels), "linear")

    assert described(radford[0]) == [
        *("InputLayer", ("Dense", 4 * 4 * 1024 // 8, "linear"), "Reshape"),
        *("BatchNormalization", "ReLU", doubling(8, 512 // 8)),
        *("BatchNormalization", "ReLU", doubling(16, 256 // 8)),
        *("BatchNormalization", "ReLU", doubling(32, 128 // 8)),
        *("BatchNormalization", "ReLU", doubling(64, 3), "tanh"),
    ]


def test_dcgan_judges_images_to_the_letter(radford):
    """Radford et al. 2016, section 3: strided convolutions, batch normalization at all but the input, LeakyReLU at all.

    Section 4: its slope is .2. Section 3: the last map is flattened and fed to one output, whose sigmoid is
    the loss's here.
    """

    def halving(side, channels):
        return ("Conv2D", (5, 5), (2, 2), (side, side, channels), "linear")

    leaky = ("LeakyReLU", 0.2)
    assert described(radford[1]) == [
        *("InputLayer", halving(32, 128 // 8), leaky),
        *(halving(16, 256 // 8), "BatchNormalization", leaky),
        *(halving(8, 512 // 8), "BatchNormalization", leaky),
        *(halving(4, 1024 // 8), "BatchNormalization", leaky),
        *("Flatten", ("Dense", 1, "linear")),
    ]


@pytest.mark.parametrize("role", [0, 1], ids=["generator", "discriminator"])
def test_dcgan_draws_from_n_0_002(radford, role):
    """Radford et al. 2016, section 4: every kernel from N(0, .02^2). Mean and deviation of n draws within 5.5 of their own errors.

    Those are .02 / sqrt(n) and .02 / sqrt(2 n); for ten kernels a false alarm has a chance of 1e-6. Seeds are
    fixed.
    """
    kernels = [layer.kernel.numpy().ravel() for layer in radford[role].layers if hasattr(layer, "kernel")]
    assert len(kernels) == 5
    for kernel in kernels:
        assert abs(kernel.mean()) < 5.5 * 0.02 / np.sqrt(kernel.size)
        assert abs(kernel.std() - 0.02) < 5.5 * 0.02 / np.sqrt(2 * kernel.size)


@pytest.mark.parametrize("role", [0, 1], ids=["generator", "discriminator"])
def test_dcgan_begins_without_shifts(radford, role):
    biases = [layer.bias for layer in radford[role].layers if getattr(layer, "use_bias", False)]
    assert biases
    assert not any(np.any(bias) for bias in biases)


def test_dcgan_normalizes_discriminator_unless_told_not_to():
    def norms(**options):
        return count(small("dcgan", (28, 28, 1), **options).discriminator(), layers.BatchNormalization)

    assert [norms(), norms(discriminator_norm=False), norms(spectral_norm=True)] == [1, 0, 0]


def test_dcgan_doubles_channels_as_it_halves_sides():
    maps = small("dcgan", (64, 64, 3), width=16)._maps()
    assert maps == [(64, 64, 3), (32, 32, 16), (16, 16, 32), (8, 8, 64), (4, 4, 128)]


def test_dcgan_takes_radfords_kernels():
    network = small("dcgan", (31, 45, 3), kernel=5)
    sides = {
        w.shape[:2]
        for model in (network.generator(), network.discriminator())
        for w in model.get_weights()
        if w.ndim == 4
    }
    assert sides == {(5, 5)}
    assert network.generator().output_shape == (None, 31, 45, 3)


def test_extra_layers_of_dcgan_follow_each_change_of_size():
    network = small("dcgan", (16, 16, 1), extra_layers=2)
    convolutions = [
        (type(layer).__name__, layer.kernel_size, layer.strides, layer.output.shape[1:])
        for model in (network.generator(), network.discriminator())
        for layer in model.layers
        if isinstance(layer, (layers.Conv2D, layers.Conv2DTranspose))
    ]
    assert convolutions == [
        *[("Conv2D", (3, 3), (1, 1), (4, 4, 8))] * 2,
        ("Conv2DTranspose", (4, 4), (2, 2), (8, 8, 4)),
        *[("Conv2D", (3, 3), (1, 1), (8, 8, 4))] * 2,
        ("Conv2DTranspose", (4, 4), (2, 2), (16, 16, 1)),
        ("Conv2D", (4, 4), (2, 2), (8, 8, 4)),
        *[("Conv2D", (3, 3), (1, 1), (8, 8, 4))] * 2,
        ("Conv2D", (4, 4), (2, 2), (4, 4, 8)),
        *[("Conv2D", (3, 3), (1, 1), (4, 4, 8))] * 2,
    ]
    norms = [
        layer for layer in network.discriminator().layers if isinstance(layer, layers.BatchNormalization)
    ]
    assert len(norms) == 5  # after every convolution but the first


# SN-ResNet


def blocks(model):
    """Return the (side, channels) of each residual block."""
    return [layer.output.shape[2:] for layer in model.layers if isinstance(layer, layers.Add)]


@pytest.mark.parametrize(
    ("side", "g", "d"),
    [
        # Miyato et al. 2018, table 4: G 256, 256, 256; D 128 four times, two of which halve
        (32, [(8, 256), (16, 256), (32, 256)], [(16, 128), (8, 128), (8, 128), (8, 128)]),
        # table 5
        (48, [(12, 256), (24, 128), (48, 64)], [(24, 64), (12, 128), (6, 256), (3, 512), (3, 1024)]),
        # Miyato & Koyama 2018, appendix A, 128x128
        (
            128,
            [(8, 1024), (16, 512), (32, 256), (64, 128), (128, 64)],
            [(64, 64), (32, 128), (16, 256), (8, 512), (4, 1024), (4, 1024)],
        ),
    ],
)
def test_sn_resnet_has_the_blocks_of_the_papers(side, g, d):
    """At width 4, a sixteenth of theirs."""
    network = small("sn_resnet", (side, side, 3))
    assert blocks(network.generator()) == [(size, channels // 16) for size, channels in g]
    assert blocks(network.discriminator()) == [(size, channels // 16) for size, channels in d]


def test_sn_resnet_draws_with_the_gains_of_the_paper():
    """Glorot: uniform in +-sqrt(6 gain^2 / (fan_in + fan_out)); of 9,216 draws the largest is within 1 % but for chance 1e-40."""
    model = small("sn_resnet", width=16).discriminator()
    kernels = {
        layer.layer.kernel.shape: np.abs(layer.layer.kernel).max()
        for layer in model.layers
        if isinstance(layer, SpectralNorm)
    }
    assert kernels[3, 3, 32, 32] == pytest.approx(np.sqrt(6 * 2 / (2 * 9 * 32)), rel=0.01)
    assert kernels[1, 1, 32, 32] == pytest.approx(np.sqrt(6 / (2 * 32)), rel=0.01)


def test_sn_resnet_sums_over_places():
    """What D's dense layer is fed is the sum of the last map, not its mean."""
    model = small("sn_resnet").discriminator()
    total = model.layers[-1].input
    pooled = keras.Model(
        model.input,
        [total, next(layer for layer in reversed(model.layers) if isinstance(layer, layers.ReLU)).output],
    )
    summed, places = pooled(tf.random.stateless_normal((2, 8, 8, 1), (0, 1)))
    np.testing.assert_allclose(summed, tf.reduce_sum(places, axis=(1, 2)), rtol=1e-5)


# R3GAN


def test_r3gan_begins_as_a_linear_discriminator():
    """Fix-up: every block is the identity at first, and nothing else in D is nonlinear or biased."""
    model = small("r3gan", (16, 16, 3)).discriminator()
    x, y = (tf.random.stateless_normal((2, 16, 16, 3), (0, seed)) for seed in (1, 2))
    np.testing.assert_allclose(model(x + 3 * y), model(x) + 3 * model(y), atol=1e-4)


def test_r3gan_draws_by_fan_in_and_depth():
    """4 blocks at 8x8: deviation sqrt(2 / 1.04) 4^(-1/4) / sqrt(fan_in). Of 9,216 draws it is within 4 % but for chance below 1e-7."""
    network = small("r3gan", width=32)
    kernel = next(w for w in network.discriminator().get_weights() if w.shape == (3, 3, 16, 64))
    assert np.std(kernel) == pytest.approx(np.sqrt(2 / 1.04) * 4**-0.25 / np.sqrt(9 * 16), rel=0.04)


@pytest.mark.parametrize("width", [8, 12, 9])
def test_r3gan_groups_sixteen_channels_or_what_divides(width):
    model = small("r3gan", width=width).discriminator()
    sizes = {w.shape[2] for w in model.get_weights() if w.ndim == 4 and w.shape[0] == 3}
    assert sizes == {8: {16}, 12: {8, 16}, 9: {2, 4}}[width]


def test_r3gan_trains_on_what_it_clips_to_show():
    generator = small("r3gan").generator()
    latents = 50 * tf.random.stateless_normal((4, 4), (0, 1))
    raw, shown = generator(latents, training=True).numpy(), generator(latents).numpy()
    assert np.abs(raw).max() > 1
    np.testing.assert_array_equal(shown, raw.clip(-1, 1))


# MLP


def test_layers_of_one_network_are_drawn_apart():
    network = networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    kernels = [
        w
        for model in (network.generator(), network.discriminator())
        for w in model.get_weights()
        if w.shape == (8, 8)
    ]
    assert len({kernel.tobytes() for kernel in kernels}) == len(kernels) == 4


def test_mlp_makes_the_networks_of_pacgan():
    """Lin et al. 2018, code of 2DGrid_GAN&PacGAN: G 4 x 400 with batch normalization, D 3 x 200 of 5 pieces, N(0, .02^2)."""
    spec = "mlp:depth=4,batch_norm=true,d_depth=3,d_width=200,maxout=5,stddev=0.02"
    network = networks.get(spec, image_shape=(2,), latent_dim=2, width=400)
    g, d = network.generator(), network.discriminator()
    assert [w.shape for w in g.get_weights() if w.ndim == 2] == [
        (2, 400),
        (400, 400),
        (400, 400),
        (400, 400),
        (400, 2),
    ]
    assert [w.shape for w in d.get_weights() if w.ndim == 2] == [
        (2, 1000),
        (200, 1000),
        (200, 1000),
        (200, 1),
    ]
    assert (count(g, layers.BatchNormalization), count(d, layers.BatchNormalization), count(d, Maxout)) == (
        4,
        0,
        3,
    )
    assert np.std(d.get_weights()[2]) == pytest.approx(0.02, rel=0.02)


def test_mlp_sees_waves_where_it_is_asked_to():
    """As many features as a hidden layer has units, each network's own."""
    network = small("mlp", (2,), width=8, d_width=6, fourier=0.5, d_fourier=2)
    waves = [model.layers[1] for model in (network.generator(), network.discriminator())]
    assert [(layer.count, layer.scale, layer.output.shape) for layer in waves] == [
        (4, 0.5, (None, 8)),
        (3, 2, (None, 6)),
    ]
