"""What every extractor keeps: shapes, types, rows that do not depend on each other, refusals in one line."""

from pathlib import Path

import numpy as np
import pytest

from tfgan import features

# name: (features, classes, image shapes that it takes, one that it does not)
ROWS = {
    "digits_cnn": (64, 10, [(8, 8, 1)], (9, 9, 1)),
    "fashion_cnn": (128, 10, [(28, 28, 1)], (28, 28, 3)),
    "random_cnn": (512, None, [(8, 8, 1), (28, 28, 3), (5, 7, 4), (1, 2, 1)], (28, 28)),
    "effnet_lite0": (1280, 1000, [(8, 8, 1), (40, 30, 3)], (28, 28, 4)),
    "inception": (2048, 1008, [(8, 8, 1), (32, 20, 3)], (28, 28, 2)),
    "keras_inception_v3": (2048, 1000, [(8, 8, 1)], (28, 28, 2)),
}
ELSEWHERE = {"model"}  # test_model.py, as what it takes is the model's to say
PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
CASES = [(name, shape) for name, (_, _, shapes, _) in ROWS.items() for shape in shapes]


def images(shape, count=3):
    return np.random.default_rng(0).uniform(-1, 1, (count, *shape)).astype(np.float32)


def test_every_extractor_has_a_row():
    assert set(features.names()) == set(ROWS) | ELSEWHERE


@pytest.mark.parametrize("name", ROWS)
def test_page_states_features_and_classes(name):
    dim, classes, _, _ = ROWS[name]
    assert f"| `{name}` | {dim} | {f'{classes} ' if classes else ''}|" in PAGE


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_features_are_float32_rows(open_extractor, name, shape):
    seen = open_extractor(name).features(images(shape))
    assert (seen.shape, seen.dtype) == ((3, ROWS[name][0]), np.float32)
    assert np.isfinite(seen).all()


@pytest.mark.parametrize("name", ROWS)
def test_dim_is_the_number_of_features(open_extractor, name):
    assert open_extractor(name).dim == ROWS[name][0]


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row[1]])
def test_probabilities_sum_to_one(open_extractor, name):
    found = open_extractor(name).probabilities(images(ROWS[name][2][0]))
    assert (found.shape, found.dtype) == ((3, ROWS[name][1]), np.float32)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_an_extractor_without_classes_has_no_probabilities(open_extractor):
    assert not hasattr(open_extractor("random_cnn"), "probabilities")


@pytest.mark.parametrize("name", ROWS)
def test_a_row_does_not_depend_on_the_others(open_extractor, name):
    """Sums may be taken in another order: 1e-4 of the largest."""
    batch = images(ROWS[name][2][0])
    whole = open_extractor(name).features(batch)
    np.testing.assert_allclose(
        open_extractor(name).features(batch[2:]), whole[2:], atol=1e-4 * np.abs(whole).max()
    )


@pytest.mark.parametrize("name", ROWS)
def test_no_images_have_no_features(open_extractor, name):
    assert open_extractor(name).features(images(ROWS[name][2][0], 0)).shape == (0, ROWS[name][0])


@pytest.mark.parametrize("name", ROWS)
def test_other_images_are_refused(open_extractor, name):
    with pytest.raises(ValueError, match=rf"features '{name}': expected images of shape \(n, .*, got \(n, "):
        open_extractor(name).features(images(ROWS[name][3]))


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda x: ((x + 1) * 127.5).astype(np.uint8),
            r"got uint8; images / 127.5 - 1 makes them of 0 ... 255",
        ),
        (lambda x: np.abs(x) * 255, r"got \S+ ... 2\S+; images / 127.5 - 1 makes them of 0 ... 255"),
        (lambda x: 1.2 * x, r"got -1\S+ ... 1\S+; np.clip\(images, -1, 1\) cuts them off"),
        (lambda x: np.where(x > 0.9, np.nan, x), "got NaN or infinity"),
    ],
    ids=["uint8", "levels", "beyond", "NaN"],
)
def test_images_in_other_units_are_refused(open_extractor, name, change, words):
    with pytest.raises(ValueError, match=rf"features '{name}': expected float images in \[-1, 1\], {words}"):
        open_extractor(name).features(change(images(ROWS[name][2][0])))


def test_rounding_is_no_other_unit(open_extractor):
    assert np.isfinite(
        open_extractor("random_cnn").features(np.float32(1.0005) * np.ones((2, 8, 8, 1)))
    ).all()


def test_identities_differ(open_extractor):
    names = ["digits_cnn", "fashion_cnn", "random_cnn", "inception"]
    assert len({open_extractor(name).identity for name in names}) == len(names)


@pytest.mark.parametrize("name", ["effnet_lite0", "inception", "keras_inception_v3"])
def test_a_grey_image_counts_as_colored(open_extractor, name):
    grey = images((8, 8, 1), 1)
    seen = open_extractor(name).features(np.repeat(grey, 3, axis=-1))
    np.testing.assert_allclose(open_extractor(name).features(grey), seen, atol=1e-5 * np.abs(seen).max())
