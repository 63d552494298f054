"""Data that cannot be used: one line that names the culprit, and nothing but ValueError."""

import os
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfgan import data
from tfgan.data import fashion_mnist as fashion
from tfgan.data import images as images_lib


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


@pytest.mark.parametrize("spec", ["tfds:", "folder:", "npz:"])
def test_missing_path_is_refused(spec):
    with pytest.raises(ValueError, match=f"expected {spec}(PATH|NAME), got '{spec}'"):
        data.open_source(spec)


def test_misspelt_name_gets_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'digits'"):
        data.open_source("digit")


@pytest.mark.parametrize("side", [0, -1, 8.5])
def test_image_size_must_be_a_whole_number_above_0(side):
    with pytest.raises(ValueError, match=f"--image_size: expected a whole number above 0, got {side}"):
        data.open_source("digits", image_size=side)


def test_image_size_resizes_the_digits():
    assert data.open_source("digits", image_size=16).shape == (16, 16, 1)


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expected a folder of pictures, got .*none"):
        data.open_source(f"folder:{tmp_path / 'none'}")


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path):
    """A level v of 65,535 is v / 257 of 255; Pillow's own conversion turns all above 255 white."""
    levels = np.array([[0, 300, 32_768, 65_535]], np.uint16)
    save(tmp_path / "a.png", levels)
    assert images_lib.decode(tmp_path / "a.png")[..., 0].tolist() == [[0, 1, 128, 255]]


def test_palette_is_read_as_color(tmp_path):
    Image.new("P", (4, 4)).save(tmp_path / "a.png")
    assert images_lib.decode(tmp_path / "a.png").shape == (4, 4, 3)


def test_center_is_cropped_before_resizing(tmp_path):
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, 4:12] = 255
    assert (images_lib.crop_square(pixels, 4) == 255).all()


def test_pictures_beside_sub_folders_have_no_labels(tmp_path):
    for name in ("a.png", "b/c.png"):
        save(tmp_path / name, np.zeros((4, 4), np.uint8))
    assert data.open_source(f"folder:{tmp_path}").num_classes == 0


@pytest.mark.parametrize("budget", [0, 2048])
def test_too_many_pixels_are_refused_before_decoding(tmp_path, monkeypatch, budget):
    monkeypatch.setattr(images_lib, "MOST_PIXELS", 15)
    save(tmp_path / "huge.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match=r"huge\.png: expected at most 15 pixels, got 4x4"):
        data.open_source(f"folder:{tmp_path}", memory_budget_mib=budget)


def test_other_formats_are_not_decoded_under_a_pictures_name(tmp_path):
    save(tmp_path / "a.png", np.zeros((4, 4), np.uint8), format="GIF")
    with pytest.raises(ValueError, match=r"a\.png: expected a whole PNG, JPEG, WebP, BMP or TIFF"):
        data.open_source(f"folder:{tmp_path}")


def test_picture_that_vanishes_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"gone\.png"):
        images_lib.decode(tmp_path / "gone.png")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_damage_anywhere_raises_value_error_only(tmp_path, form):
    """200 copies with three bytes overwritten, half of them cut: each is decoded or refused by name."""
    random, path = np.random.default_rng(0), tmp_path / "x.png"
    save(path, random.integers(0, 255, (16, 16, 3), np.uint8), format=form)
    whole, refused = path.read_bytes(), 0
    for trial in range(200):
        content = bytearray(whole)
        for place in random.integers(0, min(200, len(whole)), 3):
            content[place] = random.integers(256)
        path.write_bytes(content[: random.integers(8, len(whole))] if trial % 2 else content)
        try:
            images_lib.decode(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017 (some damage leaves a picture that decodes)
            refused += 1
    assert refused > 50


def test_damaged_picture_in_a_stream_is_named_when_it_is_reached(tmp_path):
    """tf.data wraps what a reader raises; the file's name survives."""
    import tensorflow as tf

    for index in range(12):
        save(
            tmp_path / f"{index:02d}.png",
            np.random.default_rng(index).integers(0, 255, (16, 16, 3), np.uint8),
        )
    path = tmp_path / "07.png"
    path.write_bytes(path.read_bytes()[:-100])
    source = data.open_source(f"folder:{tmp_path}", memory_budget_mib=0)
    assert 7 in source.train_indices
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"07\.png: expected a whole PNG"):
        list(source.dataset(source.num_examples, seed=0).take(1))


def saved(folder, **arrays):
    np.savez(folder / "x.npz", **arrays)
    return f"npz:{folder / 'x.npz'}"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"points": np.full((20, 2), 1e300)}, "'points', got NaN, infinity or a number beyond float32"),
        ({"points": np.zeros((20, 0), np.float32)}, "'points' of shape"),
        ({"points": np.zeros((20, 2), np.int32)}, "floating-point 'points'"),
        ({"points": np.zeros((20, 2, 2), np.float32)}, "'points' of shape"),
        ({"points": np.float32(3)}, "'points' of shape"),
        ({"images": np.zeros((20, 0, 8, 1), np.uint8)}, "'images' of shape"),
        ({"images": np.zeros((20, 8, 8, 1), np.float64)}, "'images' of type uint8, or float32"),
        ({"points": np.ones((20, 2)), "labels": np.zeros((20, 1), int)}, "'labels' of shape"),
        ({"points": np.ones((20, 2)), "labels": np.full(20, 2**40)}, "'labels' from 0 up"),
    ],
)
def test_npz_names_the_file_and_the_array(tmp_path, arrays, words):
    with pytest.raises(ValueError, match=r"x\.npz: expected .*" + words):
        data.open_source(saved(tmp_path, **arrays))


def test_npy_is_no_npz(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 2), np.float32))
    with pytest.raises(ValueError, match=r"x\.npy: expected an \.npz file"):
        data.open_source(f"npz:{tmp_path / 'x.npy'}")


def test_folder_is_no_npz(tmp_path):
    with pytest.raises(ValueError, match="which is a folder"):
        data.open_source(f"npz:{tmp_path}")


@pytest.mark.parametrize(
    "damage", [lambda content: content[:3000], lambda content: content[:2000] + b"\xff" * 4 + content[2004:]]
)
def test_damaged_npz_is_named(tmp_path, damage):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, points=np.random.default_rng(0).random((1000, 2)))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"x\.npz: expected"):
        data.open_source(f"npz:{path}")


def test_npz_that_lies_about_its_size_is_refused(tmp_path):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (100000000000000, 2), }".ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as file:
        file.writestr(
            "points.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(64)
        )
    with pytest.raises(ValueError, match="'points' to be a whole array"):
        data.open_source(f"npz:{tmp_path / 'x.npz'}")


def test_npz_member_that_is_no_array_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as file:
        file.writestr("points.npy", b"hello")
    with pytest.raises(ValueError, match="'points' to be an array"):
        data.open_source(f"npz:{tmp_path / 'x.npz'}")


def test_npz_beyond_the_budget_is_refused_before_it_is_read(tmp_path):
    with pytest.raises(ValueError, match="expected at most 0 MiB, got 1; raise --memory_budget_mib"):
        data.open_source(saved(tmp_path, points=np.ones((20, 2))), memory_budget_mib=0)


def test_float_images_are_not_resized(tmp_path):
    with pytest.raises(ValueError, match="--image_size: expected uint8 images, got float32"):
        data.open_source(saved(tmp_path, images=np.zeros((20, 8, 8, 1), np.float32)), image_size=4)


def raw_fashion(folder, monkeypatch, labels):
    """Write the four idx files of a Fashion-MNIST of 20 and 10 blank images."""
    monkeypatch.setattr(fashion, "COUNTS", {"train": 20, "t10k": 10})
    monkeypatch.setattr(fashion, "_load_prepared", lambda request: None)
    for part, count in fashion.COUNTS.items():
        header = struct.pack(">HBB3I", 0, 8, 3, count, 28, 28)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(header + bytes(count * 784))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(
            struct.pack(">HBBI", 0, 8, 1, count) + bytes(labels[:count])
        )


def test_raw_fashion_files_in_data_dir_are_read(tmp_path, monkeypatch):
    raw_fashion(tmp_path, monkeypatch, [i % 10 for i in range(20)])
    source = data.open_source("fashion_mnist", data_dir=str(tmp_path))
    assert (source.num_examples, len(source.held_out()[0]), source.num_classes) == (20, 10, 10)


def test_fashion_label_out_of_range_is_named(tmp_path, monkeypatch):
    raw_fashion(tmp_path, monkeypatch, [10] * 20)
    with pytest.raises(ValueError, match=r"train-labels-idx1-ubyte: expected labels from 0 to 9, got 10"):
        data.open_source("fashion_mnist", data_dir=str(tmp_path))


def test_missing_fashion_file_is_named(tmp_path, monkeypatch):
    raw_fashion(tmp_path, monkeypatch, [i % 10 for i in range(20)])
    os.remove(tmp_path / "t10k-labels-idx1-ubyte")
    with pytest.raises(ValueError, match=r"--data_dir: expected t10k-labels-idx1-ubyte\.gz"):
        data.open_source("fashion_mnist", data_dir=str(tmp_path))


IGNORED = {
    ("digits", "target", "age"): "--target: digits has no such option; leave it out",
    ("ring8", "stride", 2): "--stride: ring8 has no such option",
    ("words", "length", 5): "--length: words has no such option",
    ("adult", "drop", ("age",)): "--drop: adult has only --target",
    ("chloroplast", "alphabet", "AC"): "--alphabet: chloroplast has only --length, --stride, --both_strands",
    ("wti", "image_size", 8): "--image_size: expected images, got the series of wti",
    ("words", "image_size", 8): "--image_size: expected images, got the text of words",
}


@pytest.mark.parametrize("case", IGNORED, ids=str)
def test_an_option_that_a_data_set_does_not_read_is_refused(case):
    name, option, value = case
    with pytest.raises(ValueError, match=IGNORED[case]):
        data.open_source(name, **{option: value})


def test_a_default_value_is_no_option():
    assert data.open_source("digits", stride=1, both_strands=True, drop=()).name == "digits"
