"""How pictures are turned, composited and scaled, each against the definition of its format."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan import data
from tfgan.data import images as images_lib

# The standard (Exif 2.32, table 6): the visual sides of the stored 0th row and 0th column.
SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}
SEEN = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)
RANDOM = np.random.default_rng(0)


def stored(seen, orientation):
    """The pixels that a file with this orientation holds so that `seen` is shown."""
    rows, columns = SIDES[orientation]
    pixels = seen if rows in ("top", "bottom") else seen.swapaxes(0, 1)
    pixels = pixels[::-1] if rows in ("bottom", "right") else pixels
    return pixels[:, ::-1] if columns in ("bottom", "right") else pixels


def save(path, pixels, orientation=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    if orientation is not None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, **options)
    return path


FORMS = {
    "png": {},
    "webp": {"lossless": True},
    "tiff": {},
    "tif": {"compression": "tiff_lzw"},
}


@pytest.mark.parametrize("orientation", SIDES)
@pytest.mark.parametrize("suffix", FORMS)
def test_picture_is_turned_as_exif_asks(tmp_path, suffix, orientation):
    pixels = stored(SEEN, orientation)
    pixels = np.stack([pixels] * 3, -1) if suffix == "webp" else pixels
    path = save(tmp_path / f"a.{suffix}", pixels, orientation, **FORMS[suffix])
    np.testing.assert_array_equal(images_lib.decode(path)[..., 0], SEEN)
    head = images_lib.read_header(path)
    assert (head.height, head.width, head.is_turned) == (4, 6, orientation > 1)


def test_jpeg_is_turned(tmp_path):
    """An upper half in black, stored on its side; JPEG is lossy."""
    seen = np.zeros((16, 32), np.uint8)
    seen[8:] = 255
    pixels = images_lib.decode(save(tmp_path / "a.jpg", stored(seen, 6), 6, quality=100))
    assert pixels.shape == (16, 32, 1)
    assert pixels[:7].max() < 20
    assert pixels[9:].min() > 235


def test_damaged_exif_costs_nothing(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(SEEN).save(path, exif=b"Exif\0\0no EXIF at all")
    np.testing.assert_array_equal(images_lib.decode(path)[..., 0], SEEN)


def test_orientation_behind_the_pixels_is_found(tmp_path):
    """eXIf may follow IDAT: the header does not see it, and a folder says so where the sides are swapped."""
    plain, turned = (
        save(tmp_path / name, stored(SEEN, 6), orientation)
        for name, orientation in (("a.png", None), ("b.png", 6))
    )
    content, other = plain.read_bytes(), turned.read_bytes()
    start = other.index(b"eXIf") - 4
    length = int.from_bytes(other[start : start + 4], "big") + 12
    late = tmp_path / "late" / "c.png"
    late.parent.mkdir()
    late.write_bytes(content[:-12] + other[start : start + length] + content[-12:])
    np.testing.assert_array_equal(images_lib.decode(late)[..., 0], SEEN)
    with pytest.raises(ValueError, match=r"c\.png: expected a picture of \(6, 4, 1\) .*got \(4, 6, 1\)"):
        data.open_source(f"folder:{late.parent}")


@pytest.mark.parametrize(("background", "level"), [("white", 255), ("black", 0), ("gray", 127.5)])
@pytest.mark.parametrize("channels", [2, 4])
def test_transparency_is_laid_on_the_background(tmp_path, background, level, channels):
    """c a + b (1 - a) of color c, opacity a and background b; grey stays grey."""
    pixels = RANDOM.integers(0, 256, (5, 7, channels), np.uint8)
    opacity = pixels[..., -1:] / 255
    expected = pixels[..., :-1] * opacity + level * (1 - opacity)
    found = images_lib.decode(save(tmp_path / "a.png", pixels), background)
    assert found.shape == (5, 7, channels - 1)
    np.testing.assert_allclose(found, expected, atol=0.5001)


def test_transparent_palette_and_color_are_laid_on_the_background(tmp_path):
    palette = Image.new("P", (4, 4))
    palette.putpalette([10, 20, 30])
    palette.save(tmp_path / "p.png", transparency=0)
    Image.new("RGB", (4, 4), (1, 2, 3)).save(tmp_path / "c.png", transparency=(1, 2, 3))
    Image.new("L", (4, 4), 7).save(tmp_path / "l.png", transparency=7)
    found = {name: images_lib.decode(tmp_path / f"{name}.png") for name in "pcl"}
    assert {name: pixels.shape[-1] for name, pixels in found.items()} == {"p": 3, "c": 3, "l": 1}
    assert all((pixels == 255).all() for pixels in found.values())


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_are_rounded_to_eight(tmp_path, channels):
    """A level v of 65,535 is v / 257 of 255; alpha is of 16 bits too."""
    levels = RANDOM.integers(0, 65_536, (6, 5, channels)).astype(np.uint16)
    path = tmp_path / "a.png"
    path.write_bytes(tf.io.encode_png(levels).numpy())
    shares = levels / 65_535
    expected = shares if channels in (1, 3) else shares[..., :-1] * shares[..., -1:] + 1 - shares[..., -1:]
    np.testing.assert_array_equal(images_lib.decode(path), np.rint(255 * expected))
    head = images_lib.read_header(path)
    assert (head.is_deep, head.is_grey, head.is_transparent) == (True, channels < 3, channels in (2, 4))


def test_transparent_color_of_sixteen_bits(tmp_path):
    Image.fromarray(np.array([[300, 301, 65_535]], np.uint16)).save(tmp_path / "a.png", transparency=300)
    assert images_lib.decode(tmp_path / "a.png", "gray")[0, :, 0].tolist() == [128, 1, 255]


def test_sixteen_bit_tiff_is_rounded(tmp_path):
    levels = RANDOM.integers(0, 65_536, (6, 5)).astype(np.uint16)
    np.testing.assert_array_equal(
        images_lib.decode(save(tmp_path / "a.tif", levels))[..., 0], np.rint(levels / 257)
    )


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_pixels_of_unknown_range_are_refused(tmp_path, kind):
    save(tmp_path / "a.tif", np.ones((4, 4), kind))
    with pytest.raises(ValueError, match=r"a\.tif: .*levels are unknown; save it with 8 or 16 bits"):
        data.open_source(f"folder:{tmp_path}")


def test_opening_says_what_was_changed(tmp_path):
    grey = np.zeros((4, 4), np.uint8)
    for index in range(9):
        save(tmp_path / f"{index}.png", grey)
    save(tmp_path / "turned.png", grey, 3)
    save(tmp_path / "clear.png", np.zeros((4, 4, 2), np.uint8))
    save(tmp_path / "deep.png", grey.astype(np.uint16))
    source = data.open_source(f"folder:{tmp_path}", background="black")
    assert source.shape == (4, 4, 1)
    assert source.note == (
        "12 pictures; 1 turned as EXIF asks; 1 with transparency, laid on black (--background); 1 of 16 bits, scaled to 8"
    )


def test_background_decides_in_memory_and_streamed(tmp_path):
    for index in range(12):
        save(tmp_path / f"{index:02d}.png", np.zeros((4, 4, 4), np.uint8))
    for background, level in (("white", 1), ("black", -1)):
        for budget in (2048, 0):
            source = data.open_source(f"folder:{tmp_path}", background=background, memory_budget_mib=budget)
            assert (next(iter(source.dataset(4, seed=0)))[0].numpy() == level).all()


def test_unknown_background_is_refused():
    with pytest.raises(ValueError, match="--background: expected one of white, black, gray, got 'pink'"):
        data.open_source("digits", background="pink")
