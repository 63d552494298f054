"""Models are found by Keras once tfgan is imported, and leave the house in Keras's formats."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan.core import registration
from tfgan.training.adam import Adam

OPEN = """
import sys
import tfgan
assert not {"tensorflow", "keras", "numpy"} & set(sys.modules)
import json
import keras
assert "tfgan.penalties" not in sys.modules
print(tfgan.penalties.get(json.loads(sys.argv[3])).gamma)  # its class is not imported yet
assert "tfgan.models" not in sys.modules
gan = keras.models.load_model(sys.argv[1])
assert type(gan) is tfgan.GAN
print(*gan.penalties)
print(type(gan.g_optimizer).__module__, type(keras.models.load_model(sys.argv[2])).__name__)
"""


def test_a_fresh_process_opens_a_model_with_keras_alone(make_gan, tmp_path):
    gan = make_gan(loss="hinge", penalties=["r1:gamma=3"], g_optimizer=Adam(beta_2=0.9), jit_compile=False)
    gan.save(tmp_path / "gan.keras")
    tfgan.networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=2, width=4).discriminator().save(
        tmp_path / "d.keras"
    )
    penalty = json.dumps(gan.get_compile_config()["penalties"][0])
    command = [sys.executable, "-c", OPEN, str(tmp_path / "gan.keras"), str(tmp_path / "d.keras"), penalty]
    done = subprocess.run(
        command, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["3.0", "r1", "tfgan.training.adam", "Functional"]


def test_the_table_of_classes_is_complete():
    registration.import_classes()
    known = keras.saving.get_custom_objects()
    schedule = keras.optimizers.schedules.LearningRateSchedule
    kinds = (keras.layers.Layer, keras.optimizers.Optimizer, schedule)
    own = {name for name, cls in known.items() if name.startswith("tfgan>") and issubclass(cls, kinds)}
    assert own == {f"tfgan>{name}" for name in registration.CLASSES}


def test_a_stand_in_builds_the_class_and_gives_way_to_it():
    known = {}
    stand_in = known["tfgan>LeakyReLU"] = registration._build_stand_in("LeakyReLU", known)
    known["tfgan>LeakyReLU"] = tfgan.layers.LeakyReLU  # as importing its module does
    layer = stand_in.from_config(tfgan.layers.LeakyReLU(0.3).get_config())
    assert isinstance(layer, tfgan.layers.LeakyReLU)
    assert layer.get_config() == tfgan.layers.LeakyReLU(0.3, name=layer.name).get_config()


@pytest.mark.parametrize("name", ["gan.h5", "gan.hdf5"])
def test_h5_is_refused_with_the_way_out(make_gan, tmp_path, name):
    with pytest.raises(
        ValueError,
        match=r"filepath: expected a name that ends in \.keras, .* got '.*gan\..*5'; gan.save_weights",
    ):
        make_gan(jit_compile=False).save(tmp_path / name)


def test_weights_go_through_h5(make_gan, tmp_path):
    gan, other = make_gan(jit_compile=False), make_gan(seed=1, jit_compile=False)
    gan.save_weights(tmp_path / "gan.weights.h5")
    other.load_weights(tmp_path / "gan.weights.h5")
    assert all(
        np.array_equal(mine, theirs)
        for mine, theirs in zip(gan.get_weights(), other.get_weights(), strict=True)
    )


def test_export_writes_the_averaged_generator(make_gan, tmp_path):
    gan = make_gan(jit_compile=False)
    gan.ema_generator.set_weights([weight + 1.0 for weight in gan.generator.get_weights()])
    gan.export(tmp_path / "generator", verbose=False)
    latents = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    loaded = tf.saved_model.load(tmp_path / "generator")
    exported = loaded.serve(latents)
    np.testing.assert_allclose(exported, gan.generate(latents), rtol=1e-6)
    assert np.abs(exported - gan.generator(latents)).max() > 0.1
