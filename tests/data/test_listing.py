"""Which pictures a folder has, which classes, and which names are passed over."""

import hashlib
import os
import warnings

import numpy as np
import pytest
from PIL import Image

from tfgan import data


def save(path, pixels=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 4), np.uint8) if pixels is None else pixels).save(path, **options)


def fill(root, *names, count=10, suffix="png"):
    for name in names:
        for index in range(count):
            save(root / name / f"{index:02d}.{suffix}")
    return root


def opened(root, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return data.open_source(f"folder:{root}", **options)


def total(source):
    return len(source.train_indices) + len(source.held_out_indices)


@pytest.mark.parametrize("budget", [2048, 0])
def test_linked_class_folder_is_followed(tmp_path, budget):
    fill(tmp_path / "set", "cat", count=20)
    fill(tmp_path / "elsewhere", "dog", count=20)
    os.symlink(tmp_path / "elsewhere" / "dog", tmp_path / "set" / "dog")
    source = opened(tmp_path / "set", memory_budget_mib=budget)
    assert (total(source), source.class_names) == (40, ["cat", "dog"])
    assert np.bincount(source._train_labels, minlength=2).sum() == 36


def test_links_that_lead_back_are_read_once(tmp_path):
    """Up to the folder itself, to its parent, to a folder beside, and around through a folder outside."""
    root = fill(tmp_path / "set", "cat", "dog")
    fill(tmp_path / "outside", ".")
    for link, target in (
        ("cat/up", root),
        ("dog/parent", tmp_path),
        ("dog/cat", root / "cat"),
        ("dog/out", tmp_path / "outside"),
    ):
        os.symlink(target, root / link)
    os.symlink(root, tmp_path / "outside" / "back")
    source = opened(root)
    # Below dog/: its own 10, the 10 outside through out/, and the same again through parent/outside/.
    assert np.bincount(source.arrays[1]).tolist() == [10, 30]
    assert "linked folder that is read already" in source.note


def test_two_links_to_one_folder_are_two_classes(tmp_path):
    fill(tmp_path / "pictures", ".")
    (tmp_path / "set").mkdir()
    for name in ("cat", "dog"):
        os.symlink(tmp_path / "pictures", tmp_path / "set" / name)
    assert opened(tmp_path / "set").class_names == ["cat", "dog"]


def test_broken_link_is_counted(tmp_path):
    fill(tmp_path, "cat", "dog")
    os.symlink(tmp_path / "gone.png", tmp_path / "cat" / "gone.png")
    assert opened(tmp_path).note == "20 pictures of 2 classes (cat, dog); passed over: 1 broken link"


def test_hidden_names_are_passed_over(tmp_path):
    fill(tmp_path, "cat", "dog", ".ipynb_checkpoints")
    (tmp_path / "cat" / "._00.jpg").write_bytes(b"\0\5\x16\7AppleDouble")
    (tmp_path / ".DS_Store").write_bytes(b"")
    source = opened(tmp_path)
    assert source.note == "20 pictures of 2 classes (cat, dog); passed over: 3 hidden"


def test_folder_may_itself_be_hidden(tmp_path):
    assert total(opened(fill(tmp_path / ".cache", "cat", "dog"))) == 20


def test_other_files_are_counted(tmp_path):
    fill(tmp_path, "cat", "dog", count=20)
    fill(tmp_path, "cat", count=12, suffix="gif")
    (tmp_path / "LICENSE").write_text("free")
    assert (
        opened(tmp_path).note
        == "40 pictures of 2 classes (cat, dog); passed over: 12 .gif, 1 without a suffix"
    )


def test_folder_without_pictures_says_what_it_has(tmp_path):
    fill(tmp_path, "cat", suffix="gif", count=3)
    with pytest.raises(
        ValueError,
        match=r"expected PNG, JPEG, WebP, BMP or TIFF pictures in .*, got none; passed over: 3 \.gif",
    ):
        opened(tmp_path)


@pytest.mark.parametrize("suffix", ["jfif", "bmp", "tif", "tiff", "BMP"])
def test_suffix_is_read(tmp_path, suffix):
    form = {"jfif": "JPEG", "BMP": "BMP"}.get(suffix)
    for index in range(10):
        save(
            tmp_path / f"{index}.{suffix}",
            np.full((4, 5, 3), 80, np.uint8),
            **({"format": form} if form else {}),
        )
    source = opened(tmp_path)
    assert (source.shape, total(source)) == ((4, 5, 3), 10)


@pytest.mark.parametrize("names", [("train", "val"), ("Test", "Train"), ("train",)])
def test_splits_as_classes_are_warned_of(tmp_path, names):
    fill(tmp_path, *names)
    training = next(name for name in names if name.lower() == "train")
    with pytest.warns(
        UserWarning,
        match=f"taken for classes; if they are the splits of a data set, use folder:{tmp_path}/{training}",
    ):
        data.open_source(f"folder:{tmp_path}")


def test_shards_as_classes_are_warned_of(tmp_path):
    fill(tmp_path, "00000", "00001")
    with pytest.warns(
        UserWarning, match="00000, 00001 taken for classes; .* move their pictures into one folder"
    ):
        data.open_source(f"folder:{tmp_path}")


def test_class_folders_one_level_down_are_warned_of(tmp_path):
    fill(tmp_path / "images", "cat", "dog")
    with pytest.warns(UserWarning, match=f"images taken for the only class; .* use folder:{tmp_path}/images"):
        data.open_source(f"folder:{tmp_path}")


def test_digits_as_class_folders_are_not_warned_of(tmp_path):
    assert opened(fill(tmp_path, "0", "1", "10")).class_names == ["0", "1", "10"]


def test_stray_picture_does_not_drop_the_classes(tmp_path):
    fill(tmp_path, "cat", "dog")
    save(tmp_path / "contact_sheet.png")
    source = opened(tmp_path)
    assert (total(source), source.num_classes) == (20, 2)
    assert source.note.endswith("passed over: 1 beside the class folders")


def test_few_class_folders_beside_many_pictures_are_warned_of(tmp_path):
    fill(tmp_path, ".", count=30)
    fill(tmp_path, "cat", "dog")
    with pytest.warns(
        UserWarning, match="most pictures stand beside the folders cat, dog, so no picture has a class"
    ):
        source = data.open_source(f"folder:{tmp_path}")
    assert (total(source), source.num_classes) == (50, 0)


@pytest.mark.parametrize("classes", [("cat", "dog"), ("",)])
def test_ordinary_folders_keep_their_fingerprint(tmp_path, classes):
    """Runs of before resume: content in their order in memory, names and sizes on disk."""
    arrays, labels, files = [], [], []
    for label, name in enumerate(classes):
        for index in range(10):
            pixels = np.random.default_rng(20 * label + index).integers(0, 256, (4, 5, 3), np.uint8)
            save(path := tmp_path / name / f"{index}.png", pixels)
            arrays = [*arrays, pixels]
            labels = [*labels, label]
            files = [*files, (str(path.relative_to(tmp_path)), path.stat().st_size)]
    held, streamed = (opened(tmp_path, memory_budget_mib=budget) for budget in (2048, 0))
    assert held.fingerprint == streamed.fingerprint
    of_content = hashlib.sha256(
        np.stack(arrays).tobytes() + np.array(labels, np.int32).tobytes()
    ).hexdigest()[:16]
    of_files = hashlib.sha256(repr(files).encode()).hexdigest()[:16]
    assert of_content in held.earlier_fingerprints
    assert of_files in streamed.earlier_fingerprints


def test_turned_pictures_change_the_fingerprint_of_a_stream(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    for index in range(10):
        save(tmp_path / f"{index}.png", exif=exif)
    source = opened(tmp_path, memory_budget_mib=0)
    names = repr([(f"{index}.png", (tmp_path / f"{index}.png").stat().st_size) for index in range(10)])
    assert source.fingerprint != hashlib.sha256(names.encode()).hexdigest()[:16]
