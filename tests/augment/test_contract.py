"""What holds for every augmentation."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan import augment
from tfgan.core import noise

SHAPES = [(24, 8, 8, 3), (24, 16, 11, 3), (24, 9, 17, 1), (24, 1, 4, 1), (24, 2, 3, 3)]
EACH = [(name, channels) for name in augment.names() for channels in (1, 3)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", augment.names())
def test_images_are_those_of_the_reference(name, shape, make_case):
    """float32 places pixels within 2e-6 of a side of 17, and saturation may multiply that by 2^3: 5e-5."""
    case = make_case(name, shape)
    np.testing.assert_allclose(case(), case.expected(), atol=5e-5)


@pytest.mark.parametrize(
    "part",
    [(name, part) for name in augment.names() for part in augment.augmentations.load(name).parts],
    ids=str,
)
def test_each_part_alone_is_that_of_the_reference(part, make_case):
    name, on = part
    parts = {other: other == on for other in augment.augmentations.load(name).parts}
    case = make_case(f"{name}:" + ",".join(f"{key}={value}" for key, value in parts.items()), (24, 16, 11, 3))
    np.testing.assert_allclose(case(), case.expected(**parts), atol=5e-5)
    assert np.any(case() != case.x)


@pytest.mark.parametrize("key", EACH, ids=str)
def test_compiled_equals_uncompiled(key, derivatives):
    _, _, found = derivatives[key]
    np.testing.assert_allclose(found["compiled"]["y"], found["eager"]["y"], atol=1e-5)
    for name in ("cost", "by_x", "by_weights"):
        scale = np.abs(found["eager"][name]).max()
        np.testing.assert_allclose(found["compiled"][name] / scale, found["eager"][name] / scale, atol=1e-5)


@pytest.fixture(scope="module")
def slopes(derivatives):
    """Central differences, in float64, of the cost |A' (w y^2)|^2 of an image y = A x + b, whose A and b are read off the reference."""

    def of(case, weights):
        x, w = np.float64(case.x), np.float64(weights)
        size = x[0].size
        origin = case.expected(np.zeros_like(x)).reshape(-1, size)
        units = np.eye(size).reshape(size, *x.shape[1:])
        # [input][image, output]
        slope = [case.expected(np.broadcast_to(unit, x.shape)).reshape(-1, size) - origin for unit in units]
        a = np.stack(slope, axis=2)

        def cost(i, x, w):
            y = a[i] @ x + origin[i]
            return np.sum((a[i].T @ (w * y**2)) ** 2)

        step = 1e-5 * np.eye(size)
        rows = [(i, x[i].ravel(), w[i].ravel()) for i in range(len(x))]
        by_x = [[(cost(i, x + h, w) - cost(i, x - h, w)) / 2e-5 for h in step] for i, x, w in rows]
        by_weights = [[(cost(i, x, w + h) - cost(i, x, w - h)) / 2e-5 for h in step] for i, x, w in rows]
        return {"by_x": np.reshape(by_x, x.shape), "by_weights": np.reshape(by_weights, x.shape)}

    return {key: of(case, weights) for key, (case, weights, _) in derivatives.items()}


@pytest.mark.parametrize("how", ["compiled", "eager"])
@pytest.mark.parametrize("by", ["by_x", "by_weights"])
@pytest.mark.parametrize("key", EACH, ids=str)
def test_second_derivatives_match_finite_differences(key, by, how, derivatives, slopes):
    """To 1e-4 of the largest entry: float32, with sums over some 70 pixels."""
    found, expected = derivatives[key][2][how][by], slopes[key][by]
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-4)


@pytest.mark.parametrize("name", augment.names())
def test_an_image_depends_on_its_own_row_alone(name, make_case):
    case = make_case(name, (6, 8, 10, 3))
    other = make_case(name, (6, 8, 10, 3), seed=1)
    mixed = lambda mine, others: tf.concat([mine[:2], others[2:]], axis=0)  # noqa: E731
    drawn = {key: mixed(value, other.drawn[key]) for key, value in case.drawn.items()}
    found = case(mixed(case.x, other.x), drawn).numpy()
    np.testing.assert_array_equal(found[:2], case().numpy()[:2])
    assert np.any(found[2:] != case().numpy()[2:])


@pytest.mark.parametrize("name", augment.names())
def test_each_purpose_draws_numbers_of_its_own(name):
    """A row an image; continuous draws coincide with probability 0."""
    augmentation, draws = augment.get(name), noise.Draws(0, 7, 0)
    real, again, fake = (
        augmentation.draw(draws, purpose, (5, 8, 8, 1)) for purpose in ("real", "real", "fake")
    )
    for key, value in real.items():
        assert value.shape[0] == 5
        assert value.dtype == tf.float32
        np.testing.assert_array_equal(value, again[key])
        assert not np.any(value == fake[key])


@pytest.mark.parametrize("name", augment.names())
def test_images_keep_shape_and_type(name, make_case):
    case = make_case(name, (2, 7, 5, 3))
    assert case().shape == (2, 7, 5, 3)
    assert case().dtype == tf.float32


@pytest.mark.parametrize("name", augment.names())
@pytest.mark.parametrize("shape", [(None, 2), (64, 28, 28)], ids=str)
def test_what_is_no_image_is_refused(name, shape):
    augmentation = augment.get(name)
    with pytest.raises(
        ValueError, match=r"(DiffAugment|ADA): expected images, of shape \(n, height, .* got data of shape"
    ):
        augmentation.check(shape)


@pytest.mark.parametrize("name", augment.names())
@pytest.mark.parametrize("channels", [1, 3])
def test_gray_and_color_images_are_taken(name, channels):
    assert augment.get(name).check((None, 28, 20, channels)) is None


@pytest.mark.parametrize("name", augment.names())
def test_round_trips(name):
    augmentation = augment.get(name)
    assert augment.get(augmentation) is augmentation
    assert augment.get(keras.saving.serialize_keras_object(augmentation)) == augmentation
    assert augment.name_of(augmentation) == name


@pytest.mark.parametrize("name", augment.names())
def test_no_part_at_all_is_refused(name):
    parts = augment.augmentations.load(name).parts
    with pytest.raises(ValueError, match=f"expected one of {', '.join(parts)} at least, got none"):
        augment.get(name, **dict.fromkeys(parts, False))


@pytest.mark.parametrize("name", augment.names())
def test_state_is_of_numbers(name):
    initial = augment.get(name).initial_state
    assert all(isinstance(value, float) for value in initial.values())


def test_what_is_no_augmentation_is_refused():
    with pytest.raises(
        TypeError, match=r"^augment: expected a name, a Keras config or an instance of Augmentation, got 3"
    ):
        augment.get(3)


def test_an_augmentation_may_be_registered():
    @dataclasses.dataclass(frozen=True)
    class Mirror(augment.Augmentation):
        """Mirror every image."""

        def draw(self, draws, purpose, shape):
            return {}

        def __call__(self, x, drawn, state):
            return x[:, :, ::-1]

    augment.register("mirror")(Mirror)
    try:
        assert augment.get("mirror") == Mirror()
        assert Mirror().next_state(tf.zeros((2, 1)), {}) == {}
    finally:
        del augment.augmentations._entries["mirror"]
