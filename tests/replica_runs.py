"""Train in one part and in several, and print how far the weights end apart: `replica_runs.py COUNT CASE...`.

A case is a loss, `+penalty` for each penalty, and what else is special:
`d_steps=2 micro_batch=8 pack=2 xla simultaneous norm deviation regularized adam averages`, and one of
`conditional acgan info classify projection`, the last of which has networks of images. With COUNT 1 the
parts are slices of the batch (`micro_batch`); above it they are as many
logical devices.

But for those of images the networks are smooth, and the rate is small, so that two runs which differ by
rounding stay near each other: under LeakyReLU, in one of twelve runs of a one-centered penalty a rounding
error moves an example over a kink, and weights end 1e-2 apart. Under adam, a gradient that is 0 but for
rounding, as that of D's last bias under a paired loss, moves its weight by the rate in a direction that
rounding decides: most cases take SGD.

A process of its own, since logical devices are made before anything else; one strategy for all cases, since
TensorFlow numbers collectives a strategy at a time. Not a test module.
"""

import json
import sys

import numpy as np
import tensorflow as tf

STEPS, BATCH, RATE = 20, 64, 2e-3
count = int(sys.argv[1])
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)

import keras  # noqa: E402

import tfgan  # noqa: E402

ALONE = tf.distribute.get_strategy()
TOGETHER = tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(count)]) if count > 1 else ALONE


CLASSES, IMAGE = 3, (8, 8, 1)
MODELS = {  # model, its arguments, what G and D are given, D's heads
    "projection": (tfgan.ConditionalGAN, {"num_classes": CLASSES}, "labels", "labels", {}),
    "conditional": (tfgan.ConditionalGAN, {"num_classes": CLASSES}, "labels", "labels", {}),
    "acgan": (tfgan.ACGAN, {"num_classes": CLASSES}, "labels", None, {"classes": CLASSES}),
    "info": (tfgan.InfoGAN, {"categorical": 2, "continuous": 1}, "codes", None, {"codes": 4}),
    "classify": (tfgan.SemiSupervisedGAN, {}, None, None, {"classes": CLASSES}),
    "plain": (tfgan.GAN, {}, None, None, {}),
}


def network(outputs, seed, norm, deviation=False, *, entries=2, given=None, heads=(), regularized=False):
    """Return a smooth network of points in the plane, or of packs of them, and of labels or codes."""
    own = (
        {"kernel_regularizer": "l2", "activity_regularizer": keras.regularizers.L1L2(0.03, 0.1)}
        if regularized
        else {}
    )
    source = x = keras.Input((entries,))
    inputs = [source]
    if given is not None:
        inputs.append(keras.Input((), dtype="int32") if given == "labels" else keras.Input((3,)))
        x = keras.layers.Concatenate()(
            [x, keras.ops.one_hot(inputs[1], CLASSES) if given == "labels" else inputs[1]]
        )
    for layer in range(2):
        x = keras.layers.Dense(16, kernel_initializer=keras.initializers.GlorotUniform(seed + layer), **own)(
            x
        )
        x = keras.layers.Activation("tanh")(keras.layers.BatchNormalization()(x) if norm else x)
    x = tfgan.layers.MinibatchStdDev()(x) if deviation else x
    said = keras.layers.Dense(outputs, kernel_initializer=keras.initializers.GlorotUniform(seed + 9))(x)
    if heads:
        start = keras.initializers.GlorotUniform(seed + 10)
        said = {
            "logits": said,
            **{head: keras.layers.Dense(width, kernel_initializer=start)(x) for head, width in heads.items()},
        }
    return keras.Model(inputs if len(inputs) > 1 else source, said)


def smooth(objective, words, of_g, of_d):
    """Return G and D of points."""
    outputs = 2 if objective.uses_reconstruction else 4 if objective.uses_embeddings else 1
    of_g, of_d = ({**given, "regularized": "regularized" in words} for given in (of_g, of_d))
    critic = network(outputs, 50, "norm" in words, "deviation" in words, **of_d)
    if objective.uses_reconstruction:
        critic = keras.Model(critic.input, {"reconstruction": critic.output})
    return network(2, 0, "norm" in words, **of_g), critic


def residual():
    """Return G, normalized by class, and D of images and labels; their rectifiers are kinks, at which no example came to lie."""
    pair = tfgan.networks.get(
        "sn_resnet", condition="projection", num_classes=CLASSES, image_shape=IMAGE, latent_dim=2, width=4
    )
    return pair.generator(), pair.discriminator()


def trained(strategy, loss, penalties, words, options):
    """Return the weights before and after `STEPS` steps on fixed data."""
    objective = tfgan.losses.get(loss)
    model, arguments, g_given, d_given, heads = MODELS[
        next((word for word in MODELS if word in words), "plain")
    ]
    options = dict(options)
    if (pack := options.pop("pack", 1)) > 1:
        arguments = {**arguments, "pack": pack}
    with strategy.scope():
        of_g, of_d = {"given": g_given}, {"entries": 2 * pack, "given": d_given, "heads": heads}
        generator, critic = residual() if "projection" in words else smooth(objective, words, of_g, of_d)
        gan = model(generator, critic, **arguments)
        optimizer = (
            keras.optimizers.Adam
            if "adam" in words
            else lambda rate, **_: keras.optimizers.SGD(rate, momentum=0.9)
        )
        gan.compile(
            loss=loss,
            penalties=penalties,
            g_optimizer=optimizer(RATE, beta_1=0.5),
            d_optimizer=optimizer(RATE, beta_1=0.5),
            schedule="simultaneous" if "simultaneous" in words else "alternating",
            ema_half_life=500.0,
            post_hoc_ema="averages" in words,
            jit_compile="xla" in words,
            **options,
        )
    networks = (gan.generator, gan.discriminator, gan.ema_generator)
    before = [variable.numpy() for network in networks for variable in network.weights]
    replicas, d_steps = strategy.num_replicas_in_sync, gan.d_steps
    drawn = (
        np.random.default_rng(0)
        .normal(size=(STEPS, d_steps, replicas, BATCH // replicas, 6))
        .astype("float32")
    )
    drawn = drawn.transpose(0, 2, 1, 3, 4).reshape(STEPS * replicas, d_steps, BATCH // replicas, 6)
    labels, labeled_labels = (np.int32(np.abs(drawn[..., column]) * 10) % CLASSES for column in (4, 5))
    examples = drawn[..., :2]
    if "projection" in words:
        examples = np.random.default_rng(1).uniform(-1, 1, (*drawn.shape[:-1], *IMAGE)).astype("float32")
    rows = (examples, {"labels": labels, "labeled_x": drawn[..., 2:4], "labeled_labels": labeled_labels})
    shares = tf.data.Dataset.from_tensor_slices(rows)
    if d_steps == 1 and replicas > 1:
        shares = shares.map(lambda *rows: tf.nest.map_structure(lambda turns: turns[0], rows))
    if replicas == 1:
        gan.fit(shares.unbatch().repeat(), steps_per_epoch=STEPS, verbose=0)
    else:
        gan.fit(
            strategy.distribute_datasets_from_function(lambda context: shares),
            steps_per_epoch=STEPS,
            verbose=0,
        )
    after = [variable.numpy() for network in networks for variable in network.weights]
    if gan.power_averages is not None:  # they begin at 0: they count in the distance, but not in the movement
        averages = [variable.numpy() for variable in gan.power_averages.weights]
        before, after = before + averages, after + averages
    return (np.concatenate([np.float64(weight).ravel() for weight in weights]) for weights in (before, after))


for case in sys.argv[2:]:
    loss, *rest = case.split()
    penalties = [word[1:] for word in rest if word[0] == "+"]
    words = {word for word in rest if word.isalpha()}
    options = {
        name: int(value)
        for name, value in (word.split("=") for word in rest if "=" in word and word[0] != "+")
    }
    start, one = trained(
        ALONE, loss, penalties, words, {key: value for key, value in options.items() if key != "micro_batch"}
    )
    _, many = trained(TOGETHER, loss, penalties, words, options)
    size = np.sqrt(np.mean(one**2))
    print(json.dumps([case, np.abs(one - many).max() / size, np.abs(one - start).max() / size]), flush=True)
