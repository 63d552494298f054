"""What all tests share: a quiet TensorFlow, no features kept on disk, and compiled models made once a session."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TFGAN_CACHE"] = ""  # nothing of one run of the tests serves the next

if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores: a thread each is faster than two each
    for library in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(library, "1")

import pytest


def pytest_collection_modifyitems(items):
    """Begin with the slow tests that take minutes, so that no worker is left alone with one at the end."""

    def minutes(item):
        return max((mark.kwargs.get("minutes", 0) for mark in item.iter_markers("slow")), default=0)

    items.sort(key=minutes, reverse=True)


@pytest.fixture(scope="session")
def make_gan():
    """Build a small compiled GAN of points; keyword arguments go to `compile`."""
    import tfgan

    def make(*, seed=0, **compile_arguments):
        network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8, seed=seed)
        gan = tfgan.GAN(network.generator(), network.discriminator(), seed=seed)
        gan.compile(**compile_arguments)
        return gan

    return make


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Build and export a small untrained model by the flags that set it apart, once: (model, data, folder of the export)."""
    from tfgan.export import saved_model
    from tfgan.runs import build
    from tfgan.runs.config import Config, resolve

    made = {}

    def make(**flags):
        key = repr(sorted(flags.items()))
        if key not in made:
            small = {
                "dataset": "digits",
                "width": 4,
                "latent_dim": 3,
                "batch_size": 8,
                "steps": 1,
                "xla": False,
            }
            config = resolve(Config(**{**small, **flags}))
            source = build.open_source(config)
            gan = build.build_gan(config, source)
            made[key] = (
                gan,
                source,
                saved_model.save(gan, tmp_path_factory.mktemp("exported") / "model", kind=source.kind),
            )
        return made[key]

    return make


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """A whole small run on the digits: (run folder, exported model)."""
    from tfgan import train

    root = tmp_path_factory.mktemp("finished")
    flags = train.TrainFlags(
        steps=6,
        log_every=2,
        sample_every=2,
        save_every=2,
        eval_every=4,
        width=8,
        latent_dim=4,
        batch_size=16,
        run_dir=str(root / "runs" / "small"),
        export_dir=str(root / "saved_models"),
    )
    assert train.main(flags) == 0
    return root / "runs" / "small", root / "saved_models" / "small" / "6"


@pytest.fixture(scope="session")
def one_pass_and_two():
    """Compute both players' gradients at the same weights, from one pass of D, and each from a pass of its own."""
    import tensorflow as tf

    from tfgan.training.gradients import Batch, discriminator_gradients, generate, generator_gradients
    from tfgan.training.simultaneous import simultaneous_gradients

    def compute(gan, real, noise):
        g, d, scalars, step = gan._read_variables()
        batch = Batch(real, noise, scalars, step, pack=gan.pack)
        both = simultaneous_gradients(gan, g, d, batch)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(g.trainable)
            batch.generated, g_state = generate(gan, g, batch)
        alone = discriminator_gradients(gan, d, batch), generator_gradients(gan, g, d, batch, tape, g_state)
        return both, alone

    return compute
