"""Pictures as training runs: which files, of how many columns and rows, and what stands where."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tfgan
from tfgan import callbacks, networks
from tfgan.core import images, noise
from tfgan.kinds.points import Points

SIDE, CLASSES, ROWS = 8, 3, 4


def network(name="dcgan", shape=(SIDE, SIDE, 1), **options):
    return networks.get(name, image_shape=shape, latent_dim=2, width=2, **options)


def pictures(gan, folder, **options):
    """Return the pictures of an untrained, uncompiled model by the names of their files, uint8 (height, width)."""
    grid = callbacks.SampleGrid(folder, count=ROWS**2 + 2, seed=5, **options)
    grid.set_model(gan)
    grid.act(20)
    return {
        str(file.relative_to(folder)): np.asarray(Image.open(file))
        for file in folder.rglob("*")
        if file.is_file()
    }


def size(rows, columns):
    """Return height and width of a grid of 8x8 images with a pixel around each, enlarged as long as 512 pixels hold it."""
    height, width = 9 * rows + 1, 9 * columns + 1
    return height * (512 // max(height, width)), width * (512 // max(height, width))


@pytest.fixture(scope="module")
def conditional():
    pair = network(condition="concat", num_classes=CLASSES)
    return tfgan.ConditionalGAN(pair.generator(), pair.discriminator(), num_classes=CLASSES)


@pytest.fixture(scope="module")
def by_class(conditional, tmp_path_factory):
    return pictures(conditional, tmp_path_factory.mktemp("conditional"))


@pytest.fixture(scope="module")
def by_code(tmp_path_factory):
    pair = network(info_categorical=CLASSES, info_continuous=2)
    gan = tfgan.InfoGAN(pair.generator(), pair.discriminator(), categorical=CLASSES, continuous=2)
    return pictures(gan, tmp_path_factory.mktemp("info"))


def test_each_continuous_code_has_a_file_of_its_own(by_code):
    names = ["continuous_1_step_00000020.png", "continuous_2_step_00000020.png", "step_00000020.png"]
    assert sorted(by_code) == [f"samples/{name}" for name in names]


def test_labels_have_one_file(by_class):
    assert list(by_class) == ["samples/step_00000020.png"]


def test_the_grid_by_class_has_a_column_a_class(by_class):
    """Four rows: the whole part of the root of the 18 pictures asked for."""
    assert by_class["samples/step_00000020.png"].shape == size(ROWS, CLASSES)


def test_the_grid_of_categories_has_a_column_a_category(by_code):
    assert by_code["samples/step_00000020.png"].shape == size(ROWS, CLASSES)


@pytest.mark.parametrize("number", [1, 2])
def test_a_traversal_has_nine_columns_and_a_row_a_category(by_code, number):
    assert by_code[f"samples/continuous_{number}_step_00000020.png"].shape == size(CLASSES, 9)


def test_class_and_latent_vector_stand_at_their_column_and_row(conditional, by_class):
    """The image of the latent vector of seed 5 + 2 and of class 1 begins at row 1 + 2 x 9, column 1 + 9."""
    picture = by_class["samples/step_00000020.png"]
    plain = picture[:: picture.shape[0] // (9 * ROWS + 1), :: picture.shape[1] // (9 * CLASSES + 1)]
    latents = noise.normal_by_seed(tf.constant([7], tf.int64), 2)
    (expected,) = images.to_uint8(conditional.generate(latents, [1]).numpy())[..., 0]
    # Other batch, other rounding
    np.testing.assert_allclose(plain[19:27, 10:18].astype(int), expected, atol=1)


def test_points_have_one_scatter_plot_whatever_g_is_given(tmp_path, monkeypatch):
    monkeypatch.setattr(Points, "preview_count", 50)
    pair = network("mlp", (2,), info_categorical=CLASSES, info_continuous=2)
    gan = tfgan.InfoGAN(pair.generator(), pair.discriminator(), categorical=CLASSES, continuous=2)
    made = pictures(gan, tmp_path, reference=np.float32([[-1, -1], [1, 1]]))
    assert {name: picture.shape for name, picture in made.items()} == {
        "samples/step_00000020.png": (512, 512, 3)
    }
