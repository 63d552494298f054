"""Image sets of TensorFlow Datasets, made here so that no network is needed."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan import data

tfds = pytest.importorskip("tensorflow_datasets")


def prepare(folder, name, features, rows, file_format="array_record"):
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        data_dir=folder,
        split_datasets={split: tf.data.Dataset.from_tensor_slices(rows(count)) for split, count in (("train", 40), ("test", 10))},
        features=tfds.features.FeaturesDict(features),
        config="default",
        file_format=file_format,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("tfds")
    image = tfds.features.Image(shape=(8, 8, 3))
    label = tfds.features.ClassLabel(names=["no", "yes"])

    def rows(count):
        levels = np.arange(count, dtype=np.uint8)
        return {"image": np.tile(levels[:, None, None, None], (1, 8, 8, 3)), "label": levels.astype(np.int64) % 2}

    prepare(path, "tiny", {"image": image, "label": label}, rows)
    return path


def test_prepared_set_is_opened_by_name(folder):
    source = data.open_source("tfds:tiny", data_dir=str(folder))
    assert (source.shape, source.num_examples, len(source.held_out_indices)) == ((8, 8, 3), 40, 10)
    assert list(source.class_names) == ["no", "yes"]


def test_labels_belong_to_their_images(folder):
    source = data.open_source("tfds:tiny", data_dir=str(folder))
    x, labels = source.examples(np.arange(40))
    levels = np.rint((x[:, 0, 0, 0] + 1) * 127.5).astype(int)
    np.testing.assert_array_equal(levels % 2, labels)
    assert sorted(levels) == list(range(40))


def test_streamed_by_index(folder):
    source = data.open_source("tfds:tiny", data_dir=str(folder), memory_budget_mib=0)
    assert source.arrays is None
    assert next(iter(source.dataset(8, seed=0)))[0].shape == (8, 8, 8, 3)


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match="tfds:no_such_set is unknown"):
        data.open_source("tfds:no_such_set")
