"""Folders, arrays and raw files of the user's own: what is read, and what is refused by name."""

import gzip
import struct

import numpy as np
import pytest
from PIL import Image

from tfgan import data
from tfgan.data import fashion_mnist as fashion


def picture(path, size=(9, 8), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, 100).save(path, **options)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_folder_reads(tmp_path, suffix):
    for index in range(12):
        picture(tmp_path / f"{index}.{suffix}")
    assert data.open_source(f"folder:{tmp_path}").shape == (8, 9, 3)


def test_folder_decodes_by_content(tmp_path):
    for index in range(12):
        picture(tmp_path / f"{index}.jpg", format="PNG", mode="L")
    assert data.open_source(f"folder:{tmp_path}").shape == (8, 9, 1)


def test_sub_folders_are_labels(tmp_path):
    for name in ("cat", "dog"):
        for index in range(6):
            picture(tmp_path / name / f"{index}.png")
    source = data.open_source(f"folder:{tmp_path}")
    assert (source.num_classes, list(source.class_names)) == (2, ["cat", "dog"])


def test_one_color_picture_makes_all_color(tmp_path):
    for index in range(12):
        picture(tmp_path / f"{index}.png", mode="RGB" if index == 5 else "L")
    assert data.open_source(f"folder:{tmp_path}").shape == (8, 9, 3)


def test_mixed_sizes_are_refused_by_name(tmp_path):
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png", size=(7, 7))
    with pytest.raises(ValueError, match=r"--image_size: .*a.png has 8x9 pixels and .*b.png 7x7"):
        data.open_source(f"folder:{tmp_path}")


def test_image_size_brings_them_to_one(tmp_path):
    for index in range(12):
        picture(tmp_path / f"{index}.png", size=(20 + index, 16))
    assert data.open_source(f"folder:{tmp_path}", image_size=8).shape == (8, 8, 3)


@pytest.mark.parametrize(
    "damage", [lambda content: b"not a picture", lambda content: content[: len(content) // 2]]
)
def test_damaged_picture_among_good_ones_is_named(tmp_path, damage):
    for index in range(12):
        picture(tmp_path / f"{index:02d}.png", size=(64, 64))
    bad = tmp_path / "07.png"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(bad)
    bad.write_bytes(damage(bad.read_bytes()))
    with pytest.raises(ValueError, match=r"07\.png"):
        data.open_source(f"folder:{tmp_path}")


def test_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="got none"):
        data.open_source(f"folder:{tmp_path}")


def npz(folder, **arrays):
    np.savez(folder / "x.npz", **arrays)
    return data.open_source(f"npz:{folder / 'x.npz'}")


def test_npz_float_images_pass_unchanged(tmp_path):
    images = np.random.default_rng(0).uniform(-1, 1, (20, 8, 8, 1)).astype(np.float32)
    source = npz(tmp_path, images=images, labels=np.arange(20) % 3)
    assert source.num_classes == 3
    np.testing.assert_array_equal(source.examples(np.arange(3))[0], images[source.train_indices[:3]])


def test_npz_points_are_centered_and_scaled_by_column(tmp_path):
    points = np.random.default_rng(0).normal((5, 300, 0), (2, 5, 1e5), (100, 3)).astype(np.float32)
    source = npz(tmp_path, points=points)
    x, _ = source.examples(np.arange(90))
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(source.units.decode(x), points[source.train_indices], rtol=1e-5, atol=1e-2)


GOOD = np.zeros((20, 8, 8, 1), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"images": GOOD[..., 0]}, "shape"),
        ({"images": np.zeros((20, 8, 8, 2), np.uint8)}, "1 or 3"),
        ({"images": GOOD.astype(np.int64)}, "uint8"),
        ({"images": np.full((20, 8, 8, 1), 2.0, np.float32)}, r"in \[-1, 1\]"),
        ({"images": np.full((20, 8, 8, 1), np.nan, np.float32)}, "NaN"),
        ({"points": np.full((20, 2), np.inf, np.float32)}, "infinity"),
        ({"points": np.zeros((20,), np.float32)}, "shape"),
        ({"images": GOOD, "points": np.zeros((20, 2), np.float32)}, "either"),
        ({"other": GOOD}, "neither"),
        ({"images": GOOD[:0]}, "one example or more"),
        ({"images": GOOD, "labels": np.zeros(19, int)}, "labels"),
        ({"images": GOOD, "labels": np.full(20, -1)}, "from 0 up"),
        ({"images": GOOD, "labels": np.zeros(20)}, "integer"),
        ({"images": np.array([{}] * 20, object)}, "pickled"),
    ],
)
def test_npz_refuses(tmp_path, arrays, words):
    with pytest.raises(ValueError, match=words):
        npz(tmp_path, **arrays)


RAMP = np.linspace(0, 1, 20 * 16).reshape(20, 4, 4, 1)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (
            RAMP.astype(np.float32),
            r"got float32 from 0 to 1; if they are in \[0, 1\], store \(images \* 2 - 1\)",
        ),
        (RAMP, r"got float64 from 0 to 1; if they are in \[0, 1\], store"),
        (np.float32(0.2 + 0.6 * RAMP), "got float32 from 0.2 to 0.8; if they are in"),
        (np.float32(255 * RAMP), r"got float32 from 0 to 255; store np\.rint\(images\)\.astype\(np\.uint8\)"),
        (2 * RAMP - 1, r"got float64 from -1 to 1; store images\.astype\(np\.float32\)"),
        (np.int32(255 * RAMP), r"got int32 from 0 to 255; store images\.astype\(np\.uint8\)"),
        (
            np.uint16(65_535 * RAMP),
            r"got uint16 from 0 to 65535; store np\.rint\(images / 257\)\.astype\(np\.uint8\)",
        ),
        (
            np.uint8(RAMP > 0.5),
            r"got uint8 from 0 to 1; if 1 is white, store images\.astype\(np\.uint8\) \* 255",
        ),
        (RAMP > 0.5, r"got bool; if 1 is white, store images\.astype\(np\.uint8\) \* 255"),
    ],
)
def test_npz_images_of_another_range_are_refused_with_the_way_out(tmp_path, images, words):
    with pytest.raises(
        ValueError, match=f"x\\.npz: expected 'images' of type uint8, or float32 in .* below 0, {words}"
    ):
        npz(tmp_path, images=images)


@pytest.mark.parametrize(
    "mend",
    [
        lambda images: (images * 2 - 1).astype(np.float32),
        lambda images: np.rint(images * 255).astype(np.uint8),
        lambda images: (images > 0.5).astype(np.uint8) * 255,
        lambda images: np.zeros_like(images, np.uint8),
    ],
)
def test_npz_images_in_the_right_range_are_read(tmp_path, mend):
    assert npz(tmp_path, images=mend(RAMP)).shape == (4, 4, 1)


def test_missing_npz_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not there"):
        data.open_source(f"npz:{tmp_path / 'none.npz'}")


def test_other_file_is_no_npz(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"hello")
    with pytest.raises(ValueError, match=r"x\.npz"):
        data.open_source(f"npz:{tmp_path / 'x.npz'}")


def idx(path, array):
    path.write_bytes(
        gzip.compress(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes())
    )
    return path


def test_idx_file_is_read(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(fashion.read_idx(idx(tmp_path / "a.gz", array), (2, 3, 4)), array)


def test_truncated_gzip_is_named(tmp_path):
    path = idx(tmp_path / "a.gz", np.random.default_rng(0).integers(0, 255, (50, 20), np.uint8))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"a\.gz: expected a whole gzip file"):
        fashion.read_idx(path, (50, 20))


def test_idx_file_of_another_shape_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"a\.gz: expected an idx file"):
        fashion.read_idx(idx(tmp_path / "a.gz", np.zeros((2, 2), np.uint8)), (3, 2))


def test_fashion_mnist_without_a_copy_says_the_ways_out(tmp_path, monkeypatch):
    from tfgan.data import tfds_images

    def no_network(*arguments):
        raise ConnectionError("no network")

    monkeypatch.setattr(fashion, "DEBIAN", tmp_path / "none")
    monkeypatch.setattr(fashion, "_load_prepared", lambda request: None)
    monkeypatch.setattr(tfds_images, "download", no_network)
    with pytest.raises(ValueError, match=r"dataset-fashion-mnist.*--data_dir.*--dataset=digits"):
        data.open_source("fashion_mnist", data_dir=str(tmp_path))


@pytest.mark.slow
def test_fashion_mnist_is_whole_and_balanced():
    if not fashion.DEBIAN.exists():
        pytest.skip(f"{fashion.DEBIAN} is not there: apt-get install dataset-fashion-mnist")
    source = data.open_source("fashion_mnist")
    assert (source.num_examples, len(source.held_out_indices), source.shape) == (60_000, 10_000, (28, 28, 1))
    assert np.bincount(source.arrays[1][source.train_indices]).tolist() == [6000] * 10
    assert source.class_names[9] == "Ankle boot"
