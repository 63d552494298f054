"""TFDS sets that cannot be used, and the two ways of reading those that can."""

import numpy as np
import pytest

from tfgan import data

tfds = pytest.importorskip("tensorflow_datasets")

COLOR = ((8, 8, 3), np.uint8)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Return a function that prepares 30 + 10 random images, once a name, and returns their data_dir."""
    root, done = tmp_path_factory.mktemp("tfds"), set()

    def prepare(name, file_format="array_record", shape=COLOR[0], dtype=COLOR[1], features=None):
        if name not in done:
            done.add(name)
            random = np.random.default_rng(0)
            features = features or {"image": tfds.features.Image(shape=shape, dtype=dtype)}

            def rows(n):
                return [
                    (f"k{i}", {key: _value(key, random, shape, dtype) for key in features}) for i in range(n)
                ]

            tfds.disable_progress_bar()
            tfds.dataset_builders.store_as_tfds_dataset(
                name=name,
                version="1.0.0",
                features=tfds.features.FeaturesDict(features),
                split_datasets={"train": rows(30), "test": rows(10)},
                data_dir=root,
                file_format=file_format,
            )
        return str(root)

    return prepare


def _value(key, random, shape, dtype):
    return (
        "text"
        if key == "text"
        else random.integers(
            0, np.iinfo(dtype).max, [side or random.integers(8, 11) for side in shape], dtype
        )
    )


def test_streamed_equals_in_memory(prepared):
    folder = prepared("plain")
    held, streamed = (
        data.open_source("tfds:plain", data_dir=folder, memory_budget_mib=budget) for budget in (2048, 0)
    )
    assert (held.arrays is None, streamed.arrays is None) == (False, True)
    for one, two in zip(held.dataset(7, seed=0).take(6), streamed.dataset(7, seed=0).take(6), strict=True):
        np.testing.assert_array_equal(one[0], two[0])


def test_streamed_set_holds_out_its_test_split(prepared):
    folder = prepared("plain")
    held, streamed = (
        data.open_source("tfds:plain", data_dir=folder, memory_budget_mib=budget) for budget in (2048, 0)
    )
    assert streamed.num_examples == 30
    np.testing.assert_array_equal(held.held_out()[0], streamed.held_out()[0])


def test_set_without_class_label_has_no_classes(prepared):
    source = data.open_source("tfds:plain", data_dir=prepared("plain"))
    assert (source.num_classes, source.class_names) == (0, None)


@pytest.mark.parametrize("budget", [2048, 0])
def test_mixed_shapes_name_image_size(prepared, budget):
    with pytest.raises(ValueError, match="--image_size: tfds:mixed"):
        data.open_source(
            "tfds:mixed", data_dir=prepared("mixed", shape=(None, None, 3)), memory_budget_mib=budget
        )


@pytest.mark.parametrize("budget", [2048, 0])
def test_image_size_brings_mixed_shapes_to_one(prepared, budget):
    folder = prepared("mixed", shape=(None, None, 3))
    source = data.open_source("tfds:mixed", data_dir=folder, memory_budget_mib=budget, image_size=4)
    assert next(iter(source.dataset(5, seed=0)))[0].shape == (5, 4, 4, 3)


def test_tfrecord_beyond_the_budget_is_refused_with_the_conversion(prepared):
    folder = prepared("recorded", file_format="tfrecord")
    with pytest.raises(
        ValueError, match=r"convert_format --dataset_version_dir=.*recorded/1\.0\.0 .*=array_record"
    ):
        data.open_source("tfds:recorded", data_dir=folder, memory_budget_mib=0)


def test_tfrecord_within_the_budget_is_read(prepared):
    assert (
        data.open_source("tfds:recorded", data_dir=prepared("recorded", file_format="tfrecord")).num_examples
        == 30
    )


def test_set_without_images_is_refused(prepared):
    folder = prepared("words", features={"text": tfds.features.Text()})
    with pytest.raises(ValueError, match="expected a set with images, got tfds:words with text"):
        data.open_source("tfds:words", data_dir=folder)


@pytest.mark.parametrize(
    ("name", "shape", "dtype"), [("deep", (8, 8, 1), np.uint16), ("clear", (8, 8, 4), np.uint8)]
)
def test_other_pixels_are_refused(prepared, name, shape, dtype):
    with pytest.raises(
        ValueError, match=f"tfds:{name} to have uint8 images of 1 or 3 channels, got {np.dtype(dtype)}"
    ):
        data.open_source(f"tfds:{name}", data_dir=prepared(name, shape=shape, dtype=dtype))


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_damaged_records_are_refused_by_folder(prepared, tmp_path_factory, file_format):
    from pathlib import Path

    name = f"damaged_{file_format}"
    folder = prepared(name, file_format=file_format)
    (path,) = Path(folder, name).rglob(f"*train*{file_format}*")
    content = bytearray(path.read_bytes())
    content[300] ^= 255
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name}/1\.0\.0: expected whole records"):
        data.open_source(f"tfds:{name}", data_dir=folder)


def test_misspelt_name_gets_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'fashion_mnist'"):
        data.open_source("tfds:fashion_mnits")


def test_impossible_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="tfds:Bad name! is unknown to TFDS"):
        data.open_source("tfds:Bad name!", data_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("mnist:9.9.9", r"no version '9\.9\.9' of mnist; expected one of: 3\.0\.1"),
        ("mnist/no_such_config", "no config 'no_such_config' of mnist; it has none, use tfds:mnist"),
        ("mnist/no_such_config:3.0.1", "no config 'no_such_config' of mnist; it has none, use tfds:mnist"),
        (
            "cifar10_corrupted/fog_6",
            r"no config 'fog_6' of cifar10_corrupted \(did you mean 'fog_\d'\?\); expected one of: .*fog_5",
        ),
    ],
)
def test_missing_version_or_config_of_a_known_set_is_named(tmp_path, spec, words):
    with pytest.raises(ValueError, match=f"--dataset: tfds:{spec}: there is {words}"):
        data.open_source(f"tfds:{spec}", data_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("plain:2.0.0", r"no version '2\.0\.0' of plain; expected one of: 1\.0\.0"),
        ("plain/other", "no config 'other' of plain; it has none"),
    ],
)
def test_missing_version_or_config_of_a_prepared_set_is_named(prepared, spec, words):
    with pytest.raises(ValueError, match=f"--dataset: tfds:{spec}: there is {words}"):
        data.open_source(f"tfds:{spec}", data_dir=prepared("plain"))


def test_failed_download_says_the_way_out(tmp_path, monkeypatch):
    from tfgan.data import tfds_images

    def no_network(*arguments):
        raise ConnectionError("no network")

    monkeypatch.setattr(tfds_images, "download", no_network)
    with pytest.raises(ValueError, match=r"tfds:mnist is not prepared .*no network.*--data_dir"):
        data.open_source("tfds:mnist", data_dir=str(tmp_path))
