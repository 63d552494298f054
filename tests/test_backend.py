"""Settings of Keras that other projects make: another backend, channels first, float64."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import tfgan
from tfgan.core import backend


def run(lines, **environment):
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"} | environment
    return subprocess.run([sys.executable, *lines], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    "command", ["train", "evaluate --run_dir=none", "generate --run_dir=none", "export_model --run_dir=none"]
)
def test_commands_name_another_backend_in_a_line(command, tmp_path):
    done = run(["-m", *f"tfgan.{command}".split()], KERAS_BACKEND="jax")
    assert done.returncode == 2
    expected = (
        "error: KERAS_BACKEND: expected the backend 'tensorflow', got 'jax'; set KERAS_BACKEND=tensorflow\n"
    )
    assert done.stderr == expected or "--run_dir" in done.stderr


def test_a_comparison_names_another_backend_in_a_line(tmp_path):
    done = run(
        ["-m", "tfgan.compare", "--losses=nonsat", "--datasets=ring8", f"--out={tmp_path / 'out'}"],
        KERAS_BACKEND="torch",
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "expected the backend 'tensorflow', got 'torch'" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "tfgan.GAN",
        "import tfgan.layers",
        "import tfgan.callbacks",
        "tfgan.networks.get('mlp')",
        "tfgan.losses.get('hinge')",
        "tfgan.export",
        "tfgan.load('x')",
    ],
)
def test_the_file_of_settings_is_read_before_keras_is(line, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "jax"}))
    done = run(["-c", f"import tfgan\n{line}"], KERAS_HOME=str(tmp_path))
    last = done.stderr.strip().splitlines()[-1]
    assert (
        last
        == f"ValueError: {tmp_path / 'keras.json'}: expected the backend 'tensorflow', got 'jax'; set KERAS_BACKEND=tensorflow"
    )


def test_what_needs_no_keras_works_under_any_backend():
    done = run(
        ["-c", "import tfgan; print(tfgan.metrics.get('kid'), tfgan.losses.names()[0])"], KERAS_BACKEND="jax"
    )
    assert done.returncode == 0, done.stderr


def test_this_process_has_the_backend():
    backend.check()


@pytest.mark.parametrize("name", ["dcgan", "sn_resnet", "r3gan"])
def test_networks_are_the_same_where_channels_come_first(name):
    def outputs():
        network = tfgan.networks.get(name, image_shape=(12, 8, 3), latent_dim=4, width=4)
        generator, discriminator = network.generator(), network.discriminator()
        images = generator(np.ones((2, 4), np.float32))
        return images.numpy(), discriminator(images).numpy()

    expected = outputs()
    keras.config.set_image_data_format("channels_first")
    try:
        found = outputs()
    finally:
        keras.config.set_image_data_format("channels_last")
    assert found[0].shape == (2, 12, 8, 3)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_networks_of_float64_are_refused_with_the_way_out():
    keras.config.set_dtype_policy("float64")
    try:
        network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=4)
        gan = tfgan.GAN(network.generator(), network.discriminator())
    finally:
        keras.config.set_dtype_policy("float32")
    with pytest.raises(
        ValueError,
        match=r"expected float32 or bfloat16, got .*float64; call keras.config.set_dtype_policy\('float32'\)",
    ):
        gan.compile(jit_compile=False)
