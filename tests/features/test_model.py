"""A user's model as features: .keras files and SavedModels by path."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan import features

IMAGES = np.random.default_rng(0).uniform(-1, 1, (5, 6, 4, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((6, 4, 1)), keras.layers.Conv2D(2, 3), keras.layers.Dropout(0.5)])


@pytest.fixture(scope="module")
def keras_file(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "small.keras"
    network.save(path)
    return path


@pytest.fixture(scope="module")
def saved_model(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "saved"
    network.export(path, verbose=False)
    return path


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves a signature and opens it as features."""

    def save(function, *specs):
        module = tf.Module()
        module.function = tf.function(function, input_signature=specs)
        tf.saved_model.save(module, str(tmp_path / "m"), signatures=module.function)
        return features.get(f"model:{tmp_path / 'm'}")

    return save


def spec(*shape, dtype=tf.float32, name="images"):
    return tf.TensorSpec(shape, dtype, name=name)


@pytest.mark.parametrize("kind", ["keras_file", "saved_model"])
def test_features_are_the_output_flattened(kind, network, request):
    path = request.getfixturevalue(kind)
    expected = network.predict(IMAGES, verbose=0).reshape(5, -1)
    np.testing.assert_allclose(features.get(f"model:{path}").features(IMAGES), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["keras_file", "saved_model"])
def test_a_bare_path_says_the_same(kind, request):
    path = str(request.getfixturevalue(kind))
    assert features.get(path) is features.get(f"model:{path}")


@pytest.mark.parametrize("kind", ["keras_file", "saved_model"])
def test_images_in_levels_are_refused(kind, request):
    extractor = features.get(f"model:{request.getfixturevalue(kind)}")
    with pytest.raises(ValueError, match=r"expected float images in \[-1, 1\], got uint8"):
        extractor.features(((IMAGES + 1) * 127.5).astype(np.uint8))


def test_identity_is_of_the_content(keras_file, saved_model, tmp_path):
    copy = tmp_path / "copy.keras"
    copy.write_bytes(keras_file.read_bytes())
    assert features.get(str(copy)).identity == features.get(str(keras_file)).identity
    assert features.get(str(saved_model)).identity != features.get(str(keras_file)).identity


def test_a_file_that_changes_is_read_again(keras_file, tmp_path):
    path = tmp_path / "changing.keras"
    path.write_bytes(keras_file.read_bytes())
    before = features.get(str(path)).features(IMAGES)
    keras.Sequential([keras.Input((6, 4, 1)), keras.layers.Flatten()]).save(path)
    assert features.get(str(path)).features(IMAGES).shape != before.shape


@pytest.mark.parametrize("kind", ["keras_file", "saved_model"])
def test_images_of_another_shape_are_refused(kind, request):
    path = request.getfixturevalue(kind)
    with pytest.raises(ValueError, match=r"expected images of shape \(n, 6, 4, 1\), got \(n, 8, 8, 1\)"):
        features.get(f"model:{path}").features(np.zeros((2, 8, 8, 1), np.float32))


@pytest.mark.parametrize("name", ["model:", "model:nowhere.keras", "nowhere/net.keras", "./nowhere"])
def test_a_missing_model_is_refused(name):
    with pytest.raises(FileNotFoundError, match=r"features 'model:.*there is nothing at that path"):
        features.get(name)


def test_another_file_is_refused(tmp_path):
    (tmp_path / "net.txt").write_text("x")
    with pytest.raises(
        ValueError, match=r"expected a \.keras file or the folder of a SavedModel, got another kind of file"
    ):
        features.get(str(tmp_path / "net.txt"))


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expected a \.keras file or the folder of a SavedModel"):
        features.get(str(tmp_path))


def test_a_broken_file_is_one_line(tmp_path):
    (tmp_path / "net.keras").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"features 'model:.*net.keras': ") as caught:
        features.get(str(tmp_path / "net.keras"))
    assert "\n" not in str(caught.value)


def test_a_model_that_mixes_images_is_refused(saved):
    with pytest.raises(ValueError, match=r"expected one row an image, got shape \(1, 6, 4, 1\) of 5 images"):
        saved(lambda images: tf.reduce_mean(images, axis=0, keepdims=True), spec(None, 6, 4, 1)).features(
            IMAGES
        )


def test_a_model_that_gives_one_number_is_refused(saved):
    with pytest.raises(ValueError, match=r"expected one row an image, got shape \(\) of 5 images"):
        saved(tf.reduce_mean, spec(None, 6, 4, 1)).features(IMAGES)


def test_several_outputs_are_refused(saved):
    with pytest.raises(ValueError, match="expected a model with one output, got 2"):
        saved(lambda images: {"a": images, "b": images}, spec(None, 6, 4, 1)).features(IMAGES)


def test_a_signature_of_other_inputs_is_refused(saved):
    with pytest.raises(ValueError, match="expected a signature of float32 images, got int64"):
        saved(lambda seeds: seeds, spec(None, dtype=tf.int64))


def test_a_signature_of_several_inputs_is_refused(saved):
    with pytest.raises(ValueError, match="expected a signature that takes images alone, got "):
        saved(lambda a, b: a + b, spec(None, 2, name="a"), spec(None, 2, name="b"))


def test_images_of_any_size_are_taken_where_the_model_does(saved):
    means = saved(lambda images: tf.reduce_mean(images, axis=(1, 2)), spec(None, None, None, 1))
    np.testing.assert_allclose(means.features(IMAGES), IMAGES.mean(axis=(1, 2)), atol=1e-6)


def test_a_misspelt_name_is_no_path():
    with pytest.raises(ValueError, match="did you mean 'inception'"):
        features.get("inceptoin:weights=/a/b.pth")
