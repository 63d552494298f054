"""Features of real images on disk: looked at once, never mistaken for others, never in the way."""

import warnings

import numpy as np
import pytest

from tfgan import data
from tfgan.evaluation import plan, samples, scorer
from tfgan.features import cache

IMAGES = np.random.default_rng(0).uniform(-1, 1, (4, 3, 3, 1)).astype(np.float32)


class Extractor:
    """Means of columns; counts the images that it sees."""

    identity = "means.v1"

    def __init__(self):
        self.seen = 0

    def features(self, images):
        self.seen += len(images)
        return images.mean(axis=(1, 3)).astype(np.float32)

    def look(self, images=IMAGES, output="features"):
        """Return features by way of the disk."""
        return cache.read_or_compute(self, output, images, self.features)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TFGAN_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(cache, "_WARNED", set())
    return tmp_path / "kept"


def seen_again(images=IMAGES, output="features", **changed):
    """Return how many images another process's extractor sees."""
    other = Extractor()
    vars(other).update(changed)
    other.look(images, output)
    return other.seen


def test_a_second_look_is_from_disk(folder):
    first, second = Extractor(), Extractor()
    np.testing.assert_array_equal(first.look(), second.look())
    assert (first.seen, second.seen) == (len(IMAGES), 0)


@pytest.mark.parametrize(
    "other",
    [
        {"images": -IMAGES},
        {"images": IMAGES[:3]},
        {"images": IMAGES.reshape(4, 9, 1, 1)},
        {"identity": "means.v2"},
        {"output": "probabilities"},
    ],
    ids=["content", "number", "shape", "identity", "output"],
)
def test_anything_else_is_looked_at(folder, other):
    Extractor().look()
    assert seen_again(**other) > 0


def test_an_extractor_without_identity_leaves_nothing(folder):
    assert seen_again(identity=None) == len(IMAGES)
    assert not folder.exists()


def test_an_empty_name_keeps_nothing(folder, monkeypatch):
    monkeypatch.setenv("TFGAN_CACHE", "")
    Extractor().look()
    assert seen_again() == len(IMAGES)
    assert not folder.exists()


def test_large_outputs_are_not_kept(folder, monkeypatch):
    monkeypatch.setattr(cache, "LARGEST", 4 * 12 - 1)
    Extractor().look()
    assert not folder.exists()


def other_array(file):
    np.savez(file, output=np.zeros((2, 3), np.float32))


@pytest.mark.parametrize(
    "spoil",
    [lambda file: file.write_bytes(file.read_bytes()[:-40]), lambda file: file.write_bytes(b""), other_array],
)
def test_a_spoilt_file_is_passed_over_and_replaced(folder, spoil):
    expected = Extractor().look()
    (file,) = folder.iterdir()
    spoil(file)
    with pytest.warns(UserWarning, match=f"TFGAN_CACHE: expected features .* in {folder}, got {file.name}"):
        np.testing.assert_array_equal(Extractor().look(), expected)
    assert seen_again() == 0


def test_a_changed_number_is_noticed(folder):
    """The archive's own checksum does not fit."""
    Extractor().look()
    (file,) = folder.iterdir()
    content = bytearray(file.read_bytes())
    at = content.index(IMAGES.mean(axis=(1, 3)).astype(np.float32).tobytes())
    content[at] ^= 1
    file.write_bytes(content)
    with pytest.warns(UserWarning, match="passed over"):
        assert seen_again() == len(IMAGES)


def test_a_folder_that_cannot_be_written_is_warned_of_once(folder):
    folder.write_text("a file in its place")
    with pytest.warns(
        UserWarning, match="TFGAN_CACHE: expected features that can be read and written"
    ) as caught:
        seen = seen_again(), seen_again(-IMAGES)
    assert seen == (len(IMAGES), len(IMAGES))
    assert len(caught) == 1


def test_a_second_scorer_does_not_look_at_the_reals(folder, monkeypatch):
    """The fakes alone are looked at: 100 of them."""
    source = data.open_source("digits")
    extractors = []

    def opened(name, source):
        extractors.append(Extractor())
        return extractors[-1]

    monkeypatch.setattr(plan, "open_extractor", opened)

    def sample(count):
        return source.examples(np.arange(count))[0]

    first, second = (scorer.build_scorer(source, ["kid_100/means"])(sample) for _ in range(2))
    assert first == second
    assert [extractor.seen for extractor in extractors] == [300, 100]


def test_endless_data_leave_nothing(folder, monkeypatch):
    """Nothing is kept of draws that no other run makes: only data with an end have an order."""
    source = data.open_source("digits")
    reals = samples.RealSamples(source, {"means": Extractor()})
    reals._order = None
    assert reals._run_extractor(samples.Piece(True, 0, 5), "means", "features").shape == (5, 8)
    assert not folder.exists()


def test_no_warning_without_trouble(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Extractor().look()
        Extractor().look()
