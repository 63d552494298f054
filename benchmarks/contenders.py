"""Who competes in `step.py`: each builder returns a function that does one round's work."""

import dataclasses
from collections.abc import Callable

import guide
import keras
import numpy as np
import pytorch
import tensorflow as tf
from timing import LeftOut

import tfgan
from tfgan.runs import fast_path
from tfgan.runs.config import Config

SHAPE, LATENT, THREADS = (28, 28, 1), 64, 2


@dataclasses.dataclass(frozen=True)
class Size:
    """How much each round does.

    Args:
        rounds: of contenders that alternate within this process.
        slow_rounds: of contenders that take half a minute a round.
        steps: of each contender in a round.
        batch: images in a step.
        width: of both networks.
        batches: read of the data pipeline in a round.
        side: of the matrices whose product measures the machine.
        products: of them in a round.
        fit_steps, log_every: of a round of `fit`, and of one of its records.
        worker_steps, worker_log_every: of a round of the workers.
        memory_steps: over which memory is watched, from a tenth of them on.
    """

    rounds: int = 7
    slow_rounds: int = 5
    steps: int = 15
    batch: int = 64
    width: int = 64
    batches: int = 500
    side: int = 2048
    products: int = 5
    fit_steps: int = 150
    log_every: int = 50
    worker_steps: int = 60
    worker_log_every: int = 20
    memory_steps: int = 5_000


QUICK = Size(
    rounds=2,
    slow_rounds=1,
    steps=1,
    width=4,
    batches=10,
    side=256,
    products=1,
    fit_steps=4,
    log_every=2,
    worker_steps=6,
    worker_log_every=2,
    memory_steps=100,
)


def network(size: Size, **options):
    """Return the networks that all share."""
    return tfgan.networks.get("dcgan", image_shape=SHAPE, latent_dim=LATENT, width=size.width, **options)


def make_gan(size: Size, penalties=(), norm=True, precision="float32", **compile_arguments):
    """Return a compiled GAN of this package; with penalties or without `norm`, D goes without batch normalization."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        networks = network(size, discriminator_norm=norm and not penalties)
        gan = tfgan.GAN(networks.generator(), networks.discriminator())
    finally:
        keras.config.set_dtype_policy(before)
    gan.compile(loss="nonsat", penalties=penalties, **compile_arguments)
    return gan


def chosen_path(size: Size, precision="float32", **arguments):
    """Return a round of our step on the path that `--xla=auto` takes on this machine; the rest goes to `make_gan`."""
    config = Config(network="dcgan", precision=precision)
    config = fast_path.choose(config, SHAPE, fast_path.this_machine())
    return ours(size, precision=precision, jit_compile=config.xla, **arguments)


def pixels(size: Size) -> np.ndarray:
    """Return random batches (16, batch, 28, 28, 1) in [-1, 1]."""
    return np.random.default_rng(0).uniform(-1, 1, (16, size.batch, *SHAPE)).astype(np.float32)


def keras_steps(model, size: Size) -> Callable[[], None]:
    """Return a function that takes a round's steps of a compiled Keras model, by the function that its `fit` calls."""
    model.make_train_function()
    batches = iter(tf.data.Dataset.from_tensor_slices(pixels(size)).repeat())

    def run():
        for _ in range(size.steps):
            logs = model.train_function(batches)
        float(next(iter(logs.values())))

    return run


def ours(size: Size, **arguments):
    """Return a round of our step; keyword arguments go to `make_gan`."""
    return keras_steps(make_gan(size, **arguments), size)


def by_guide(size: Size, **compile_arguments):
    """Return a round of the Keras guide's step; keyword arguments go to Keras's `compile`."""
    return keras_steps(guide.make_gan(network(size), **compile_arguments), size)


def in_pytorch(size: Size, penalized: bool):
    """Return a round of PyTorch's step, eager."""
    try:
        return pytorch.stepper(pixels(size), size.steps, size.width, penalized)
    except ModuleNotFoundError as error:
        raise LeftOut("PyTorch is not installed (pip install torch)") from error


def matrix_products(size: Size):
    """Return a round of square float32 matrix products, compiled by XLA."""
    left, right = (tf.random.stateless_normal((size.side, size.side), (0, part)) for part in range(2))
    multiply = tf.function(tf.matmul, jit_compile=True, autograph=False)

    def run():
        for _ in range(size.products):
            product = multiply(left, right)
        float(product[0, 0])

    return run


def garments(size: Size):
    """Return a round of batches of the garments, kept in memory."""
    try:
        batches = iter(tfgan.data.load("fashion_mnist", size.batch))
    except ValueError as error:
        raise LeftOut(str(error)) from error

    def run():
        for _ in range(size.batches):
            next(batches)

    return run


OURS, OURS_XLA, BFLOAT16 = "tfgan", "tfgan, XLA", "tfgan, bfloat16"
STEPPERS: dict[str, Callable[[Size], Callable[[], None]]] = {
    OURS: chosen_path,
    BFLOAT16: lambda size: chosen_path(size, precision="bfloat16"),
    OURS_XLA: ours,
    "tfgan, no XLA": lambda size: ours(size, jit_compile=False),
    "tfgan, no norm in D": lambda size: chosen_path(size, norm=False),
    "tfgan, simultaneous": lambda size: chosen_path(size, norm=False, schedule="simultaneous"),
    "Keras guide": by_guide,
    "Keras guide, XLA": lambda size: by_guide(size, jit_compile=True),
    "PyTorch": lambda size: in_pytorch(size, penalized=False),
    "tfgan, r1 + r2": lambda size: chosen_path(size, penalties=("r1", "r2")),
    "PyTorch, r1 + r2": lambda size: in_pytorch(size, penalized=True),
}
PRODUCTS, GARMENTS = "matrix products", "garments"
CONTENDERS = {**STEPPERS, PRODUCTS: matrix_products, GARMENTS: garments}
