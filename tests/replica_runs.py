"""Train on one replica and on several logical devices, and print how far the weights end apart: `replica_runs.py COUNT CASE...`.

A case is `loss/penalty+penalty/d_steps/compiler/optimizer`. Under adam, a gradient that is 0 but for rounding, as that of D's
last bias under a paired loss, moves its weight by the rate in a direction that rounding decides: most cases take sgd.

A process of its own, since logical devices are made before anything else; one strategy for all cases, since TensorFlow numbers
collectives a strategy at a time. Not a test module.
"""

import json
import sys

import numpy as np
import tensorflow as tf

STEPS, BATCH = 20, 64
count = int(sys.argv[1])
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)

import keras  # noqa: E402

import tfgan  # noqa: E402

ALONE = tf.distribute.get_strategy()
TOGETHER = tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(count)])


OPTIMIZERS = {"sgd": lambda: keras.optimizers.SGD(0.01, momentum=0.9), "adam": lambda: keras.optimizers.Adam(2e-4, beta_1=0.5)}


def trained(strategy, loss, penalties, d_steps, compiler, optimizer):
    """Return the weights after `STEPS` steps on fixed data."""
    objective = tfgan.losses.get(loss)
    with strategy.scope():
        network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=16)
        critic = network.autoencoder() if objective.autoencodes else network.discriminator()
        gan = tfgan.GAN(network.generator(), critic)
        gan.compile(
            loss=loss,
            penalties=penalties,
            g_optimizer=OPTIMIZERS[optimizer](),
            d_optimizer=OPTIMIZERS[optimizer](),
            ema_half_life=500.0,
            d_steps=d_steps,
            jit_compile=compiler == "xla",
        )
    replicas = strategy.num_replicas_in_sync
    points = np.random.default_rng(0).normal(size=(STEPS, d_steps, replicas, BATCH // replicas, 2)).astype("float32")
    points = points.transpose(0, 2, 1, 3, 4).reshape(STEPS * replicas, d_steps, BATCH // replicas, 2)
    shares = tf.data.Dataset.from_tensor_slices(points if d_steps > 1 or replicas == 1 else points[:, 0])
    if replicas == 1:
        gan.fit(shares.unbatch().repeat(), steps_per_epoch=STEPS, verbose=0)
    else:
        gan.fit(strategy.distribute_datasets_from_function(lambda context: shares), steps_per_epoch=STEPS, verbose=0)
    networks = (gan.generator, gan.discriminator, gan.ema_generator)
    return [np.float64(variable.numpy()) for network in networks for variable in network.weights]


for case in sys.argv[2:]:
    loss, penalties, d_steps, compiler, optimizer = case.split("/")
    arguments = (loss, [name for name in penalties.split("+") if name], int(d_steps), compiler, optimizer)
    one, many = trained(ALONE, *arguments), trained(TOGETHER, *arguments)
    one, many = (np.concatenate([weight.ravel() for weight in weights]) for weights in (one, many))
    apart = np.abs(one - many).max() / np.sqrt(np.mean(one**2))
    print(json.dumps([case, apart]), flush=True)
