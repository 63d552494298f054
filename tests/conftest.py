"""What all tests share: a quiet TensorFlow, no features kept on disk, and compiled models made once a session."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TFGAN_CACHE"] = ""  # nothing of one run of the tests serves the next

import pytest


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
