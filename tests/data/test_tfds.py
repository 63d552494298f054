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
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(rows(count))
            for split, count in (("train", 40), ("test", 10))
        },
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
        return {
            "image": np.tile(levels[:, None, None, None], (1, 8, 8, 3)),
            "label": levels.astype(np.int64) % 2,
        }

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


def labelled(root, name, splits, file_format="array_record"):
    """Prepare a set of grey images whose level is their number; `splits` gives the labels of each."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        data_dir=root,
        split_datasets={
            split: [
                (f"k{i}", {"image": np.full((4, 4, 1), i, np.uint8), "label": label})
                for i, label in enumerate(labels)
            ]
            for split, labels in splits.items()
        },
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(4, 4, 1)),
                "label": tfds.features.ClassLabel(names=["no", "yes"]),
            }
        ),
        file_format=file_format,
    )
    return str(root)


KNOWN, UNKNOWN = [0, 1] * 10, [-1] * 8


@pytest.mark.parametrize(
    ("budget", "file_format"), [(2048, "array_record"), (0, "array_record"), (2048, "tfrecord")]
)
def test_validation_takes_the_place_of_an_unlabelled_test_split(tmp_path, budget, file_format):
    root = labelled(
        tmp_path, "hidden", {"train": KNOWN, "validation": [1, 0, 1], "test": UNKNOWN}, file_format
    )
    source = data.open_source("tfds:hidden", data_dir=root, memory_budget_mib=budget)
    assert (source.num_examples, sorted(source.held_out()[1])) == (20, [0, 1, 1])
    assert source.note == "the test split has no labels (-1), the validation split is held out in its place"


@pytest.mark.parametrize("budget", [2048, 0])
def test_a_tenth_takes_the_place_of_unlabelled_splits(tmp_path, budget):
    root = labelled(tmp_path, "bare", {"train": KNOWN, "test": UNKNOWN})
    source = data.open_source("tfds:bare", data_dir=root, memory_budget_mib=budget)
    assert (source.num_examples, len(source.held_out()[0]), min(source.held_out()[1])) == (18, 2, 0)
    assert (
        source.note
        == "the test split has no labels (-1), a tenth of the train split is held out in its place"
    )


def test_unlabelled_training_examples_have_no_classes(tmp_path):
    root = labelled(tmp_path, "blind", {"train": UNKNOWN, "test": UNKNOWN})
    source = data.open_source("tfds:blind", data_dir=root)
    assert (source.num_classes, source.class_names, source.note) == (
        0,
        None,
        "the train split has no labels (-1)",
    )


def test_a_labelled_test_split_is_held_out_as_before(tmp_path):
    root = labelled(tmp_path, "usual", {"train": KNOWN, "validation": [1, 0, 1], "test": [0, 1]})
    source = data.open_source("tfds:usual", data_dir=root)
    assert (len(source.held_out()[1]), source.note) == (2, None)


def test_a_label_that_is_missing_among_others_is_named(tmp_path):
    root = labelled(tmp_path, "gaps", {"train": [*KNOWN, -1, -1]})
    with pytest.raises(
        ValueError, match=r"tfds:gaps: expected labels from 0 up, got -1 of example \d+ and 2 such in all"
    ):
        data.open_source("tfds:gaps", data_dir=root)
    streamed = data.open_source("tfds:gaps", data_dir=root, memory_budget_mib=0)
    with pytest.raises(ValueError, match="tfds:gaps: expected labels from 0 up, got -1 of example"):
        streamed._fetch(np.arange(22))


def of_channels(root, name, channels, shape=(4, 4, None), file_format="array_record"):
    rows = [(f"k{i}", {"image": np.full((4, 4, kind), 10 * i, np.uint8)}) for i, kind in enumerate(channels)]
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        data_dir=root,
        split_datasets={"train": rows},
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=shape)}),
        file_format=file_format,
    )
    return str(root)


@pytest.mark.parametrize(
    ("budget", "file_format"), [(2048, "array_record"), (0, "array_record"), (2048, "tfrecord")]
)
@pytest.mark.parametrize(("stored", "found"), [((1,), 1), ((3,), 3), ((1, 3), 3), ((2,), 1), ((1, 4), 3)])
def test_unknown_channels_are_those_of_the_examples(tmp_path, stored, found, budget, file_format):
    root = of_channels(tmp_path, "any", [stored[i % len(stored)] for i in range(10)], file_format=file_format)
    source = data.open_source("tfds:any", data_dir=root, memory_budget_mib=budget)
    assert source.shape == (4, 4, found)
    assert next(iter(source.dataset(5, seed=0)))[0].shape == (5, 4, 4, found)
    assert (source.note is not None) == bool({2, 4} & set(stored))


def test_color_behind_many_grey_images_is_named(tmp_path, monkeypatch):
    from tfgan.data import tfds_images

    monkeypatch.setattr(tfds_images, "SAMPLE", 3)
    root = of_channels(tmp_path, "late", [1] * 9 + [3])
    with pytest.raises(
        ValueError, match="expected tfds:late to have gray images, as its first 3 are, got one in color"
    ):
        data.open_source("tfds:late", data_dir=root)
