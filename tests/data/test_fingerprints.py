"""The same data have one fingerprint: in memory or streamed, here or elsewhere, as recorded now or by an earlier version."""

import contextlib
import hashlib
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan import data
from tfgan.kinds.units import Units
from tfgan.runs import build
from tfgan.runs import folder as folder_lib
from tfgan.runs.config import Config, resolve


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    for index in range(40):
        path = folder / "ab"[index % 2] / f"{index:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(index).integers(0, 256, (8, 8, 3), np.uint8)).save(path)
    return folder


def opened(folder, budget=2048):
    return data.open_source(f"folder:{folder}", memory_budget_mib=budget)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A set of TFDS, 40 grey pictures and 10 to hold out."""
    tfds = pytest.importorskip("tensorflow_datasets")
    folder = tmp_path_factory.mktemp("tfds")
    make = lambda count: {"image": np.random.default_rng(0).integers(0, 256, (count, 8, 8, 1), np.uint8)}  # noqa: E731
    tfds.dataset_builders.store_as_tfds_dataset(
        name="noise",
        version="1.0.0",
        data_dir=folder,
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices(make(count))
            for split, count in (("train", 40), ("test", 10))
        },
        features=tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(8, 8, 1))}),
        config="default",
        file_format="array_record",
    )
    return folder


def test_pictures_in_memory_and_streamed_have_one(pictures):
    held, streamed = opened(pictures), opened(pictures, 0)
    assert streamed.arrays is None
    assert streamed.fingerprint == held.fingerprint


def test_tfds_in_memory_and_streamed_has_one(prepared):
    held, streamed = (
        data.open_source("tfds:noise", data_dir=str(prepared), memory_budget_mib=budget)
        for budget in (2048, 0)
    )
    assert streamed.arrays is None
    assert streamed.fingerprint == held.fingerprint


def test_pictures_elsewhere_have_the_same(pictures, tmp_path, monkeypatch):
    there = opened(pictures).fingerprint
    moved = shutil.move(pictures, tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    assert {opened(path).fingerprint for path in (moved, "moved", "./moved/")} == {there}


@pytest.mark.parametrize("budget", [0, 2048])
def test_another_picture_of_the_same_size_changes_it(pictures, budget):
    """A file that is no spot, of as many bytes: one level of one pixel, in an uncompressed PNG."""
    file = pictures / "b" / "07.png"
    pixels = np.asarray(Image.open(file)).copy()
    Image.fromarray(pixels).save(file, compress_level=0)
    before, size = opened(pictures, budget).fingerprint, file.stat().st_size
    pixels[3, 3, 1] ^= 1
    Image.fromarray(pixels).save(file, compress_level=0)
    assert file.stat().st_size == size
    assert opened(pictures, budget).fingerprint != before


def content_of(source):
    """Return the fingerprint of the version before for data in memory: of all pixels and labels."""
    return hashlib.sha256(source.arrays[0].tobytes() + source.arrays[1].tobytes()).hexdigest()[:16]


def listing_of(folder):
    """Return that of a streamed folder: names and sizes."""
    paths = sorted(path for path in folder.rglob("*.png"))
    return hashlib.sha256(
        repr([(str(path.relative_to(folder)), path.stat().st_size) for path in paths]).encode()
    ).hexdigest()[:16]


def test_those_of_earlier_versions_are_known(pictures, prepared):
    held, streamed = opened(pictures), opened(pictures, 0)
    assert {content_of(held), listing_of(pictures)} <= set(held.earlier_fingerprints)
    assert listing_of(pictures) in streamed.earlier_fingerprints
    held, streamed = (
        data.open_source("tfds:noise", data_dir=str(prepared), memory_budget_mib=budget)
        for budget in (2048, 0)
    )
    formula = hashlib.sha256(repr(("noise", "1.0.0", 40, 10, (8, 8, 1))).encode()).hexdigest()[:16]
    assert {content_of(held), formula} <= set(held.earlier_fingerprints)
    assert formula in streamed.earlier_fingerprints


@pytest.mark.parametrize("budgets", [(2048, 0), (0, 2048)])
def test_a_run_continues_in_memory_and_streamed(budgets, pictures, tmp_path):
    """--memory_budget_mib is free when a run is resumed."""
    made = resolve(Config(dataset=f"folder:{pictures}", batch_size=8, run_dir=str(tmp_path / "run")))
    for budget in budgets:
        source = opened(pictures, budget)
        with contextlib.closing(folder_lib.RunDir(made.run_dir, made, build.data_facts(source))):
            pass
    record = folder_lib.read_config(made.run_dir)
    # Of the version before, streamed
    old = {**record, "data": {**record["data"], "scale": 1.0, "fingerprint": listing_of(pictures)}}
    for budget in budgets:
        again = opened(pictures, budget).as_recorded(old["data"])
        assert folder_lib.describe_data_changes(old, build.data_facts(again)) == []


def test_a_run_keeps_the_fingerprint_and_the_units_it_has(tmp_path):
    """Recorded by the version before: one scale for all columns, of which 50 training examples are a part like any other."""
    points = np.random.default_rng(0).normal((0, 9), (1, 5), (80, 2)).astype(np.float32)
    np.savez(tmp_path / "points.npz", points=points)
    config = resolve(Config(dataset=f"npz:{tmp_path / 'points.npz'}", num_examples=50, batch_size=8))
    source = build.open_source(config)
    recorded = {
        "shape": [2],
        "num_examples": 50,
        "num_classes": 0,
        "scale": 3.5,
        "fingerprint": source.fingerprint,
    }
    again = source.as_recorded(recorded)
    assert again.units == again.whole.units == Units(0.0, 3.5)
    np.testing.assert_array_equal(
        again.examples([4])[0], points[again.train_indices[4]][None] / np.float32(3.5)
    )
    assert source.as_recorded({**recorded, "fingerprint": "0"}) is source  # other data keep their own
