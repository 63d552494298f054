"""ADA: how often each change is made, what is exact, and its controller."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan import augment
from tfgan.augment import ada
from tfgan.core import noise

IMAGE = np.random.default_rng(2).uniform(-1, 1, (8, 8, 3)).astype("float32")


def changed_only_by(names, x, rows=1, p=1.0, draws_seed=0, **uniform):
    """Return x with only these changes possible, at probability p; and with the uniform numbers given, if any."""
    augmentation = augment.get("ada", p=p)
    x = tf.constant(np.broadcast_to(np.float32(x), (rows, *np.shape(x))))
    drawn = {
        key: value.numpy()
        for key, value in augmentation.draw(noise.Draws(draws_seed, 0, 0), "real", x.shape).items()
    }
    never = [ada.GATES.index(name) for name in ada.GATES if name not in names]
    drawn["gates"][:, never] = 1.0
    for name, value in uniform.items():
        drawn["uniform"][:, ada.UNIFORM.index(name)] = value
    return augmentation(
        x, {key: tf.constant(value) for key, value in drawn.items()}, {"p": tf.constant(p)}
    ).numpy()


# How often


SHARES = {
    ("xflip",): 1 / 2,  # half of those that are chosen are flipped
    ("rotate90",): 3 / 4,
    ("xint",): 3 / 4,  # round(8 t) = 0 for half of t ~ U(-1/8, 1/8), on both axes for a quarter
    ("scale",): 1,
    ("pre_rotate", "post_rotate"): 1,  # 1 - (1 - (1 - sqrt(1 - p)))^2 = p
    ("aniso",): 1,
    ("xfrac",): 1,
    ("brightness",): 1,
    ("contrast",): 1,
    ("lumaflip",): 1 / 2,
    ("hue",): 1,
    ("saturation",): 1,
}


@pytest.mark.parametrize("names", SHARES, ids="+".join)
def test_each_change_is_made_with_its_probability(names):
    """Of 4,000 images at p = .4, within 5 standard errors: a false alarm in 1.7 million for each, were the seed not fixed."""
    share, rows = 0.4 * SHARES[names], 4000
    found = np.mean(np.any(changed_only_by(names, IMAGE, rows, p=0.4) != IMAGE, axis=(1, 2, 3)))
    assert abs(found - share) < 5 * np.sqrt(share * (1 - share) / rows)


def test_one_rotation_alone_is_rarer():
    """1 - sqrt(1 - .4) = .2254 of 4,000, within 5 standard errors of .0066."""
    found = np.mean(np.any(changed_only_by(["pre_rotate"], IMAGE, 4000, p=0.4) != IMAGE, axis=(1, 2, 3)))
    assert abs(found - (1 - np.sqrt(0.6))) < 5 * 0.0066


def test_every_change_has_a_share():
    assert sorted(name for names in SHARES for name in names) == sorted(ada.GATES)


# At probability 0


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("how", ["compiled", "eager"])
def test_at_zero_every_bit_stays(channels, how, derivatives):
    case, *_ = derivatives["ada", channels]
    x = case.x.numpy()
    x[2, ::2, ::2] = -0.0  # bits that adding 0 would change
    call = tf.function(case.augmentation, jit_compile=True) if how == "compiled" else case.augmentation
    found = call(tf.constant(x), case.drawn, {**case.state, "p": tf.constant(0.0)})
    np.testing.assert_array_equal(found.numpy().view("int32"), x.view("int32"))


# What is exact


def test_flip_mirrors():
    np.testing.assert_array_equal(changed_only_by(["xflip"], IMAGE, xflip=0.9)[0], IMAGE[:, ::-1])


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("side", [7, 8])
def test_quarter_turns_are_exact(quarters, side):
    x = IMAGE[:side, :side]
    found = changed_only_by(["rotate90"], x, rotate90=(quarters + 0.5) / 4)[0]
    np.testing.assert_array_equal(found, np.rot90(x, quarters))


@pytest.mark.parametrize(("x", "y"), [(2, 0), (-2, 1), (0, -1), (1, 2)])
def test_whole_shifts_reflect_at_the_border(x, y):
    """Of 16 pixels a side, t = x/16: the drawn number is (x/16 + 1/8) 4."""
    image = np.random.default_rng(0).normal(size=(16, 16, 1)).astype("float32")
    found = changed_only_by(["xint"], image, xint_x=x / 4 + 0.5, xint_y=y / 4 + 0.5)[0]
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(found, padded[2 - y : 18 - y, 2 - x : 18 - x])


def test_nothing_wraps_around():
    """The right border, alone bright, never shows on the left, however far the image is shifted."""
    image = np.zeros((16, 16, 1))
    image[:, -1] = 1
    found = changed_only_by(["xint"], image, rows=64)
    assert found[:, :, -4:].any()
    assert not found[:, :, :8].any()


def test_pixels_stay_within_the_images_range():
    """Bilinear weights are a mean, so that no map of the plane leaves the range of the image: to 1e-6, rounding."""
    found = changed_only_by(ada.BLIT + ada.GEOMETRY, IMAGE, rows=256)
    assert found.min() >= IMAGE.min() - 1e-6
    assert found.max() <= IMAGE.max() + 1e-6


def test_a_constant_image_stays_constant():
    found = changed_only_by(ada.BLIT + ada.GEOMETRY, np.full((9, 6, 1), 0.25), rows=256)
    np.testing.assert_allclose(found, 0.25, atol=1e-6)


# Gray images


def test_luma_flip_inverts_gray_images():
    gray = IMAGE[..., :1]
    np.testing.assert_array_equal(changed_only_by(["lumaflip"], gray, lumaflip=0.9)[0], -gray)


def test_luma_flip_turns_the_mean_of_color_images_and_keeps_the_rest():
    mean = IMAGE.mean(axis=2, keepdims=True)
    np.testing.assert_allclose(
        changed_only_by(["lumaflip"], IMAGE, lumaflip=0.9)[0], (IMAGE - mean) - mean, atol=1e-6
    )


def test_hue_and_saturation_leave_gray_images_alone():
    gray = IMAGE[..., :1]
    np.testing.assert_array_equal(
        changed_only_by(["hue", "saturation"], gray, rows=8), np.broadcast_to(gray, (8, *gray.shape))
    )


@pytest.mark.parametrize("channels", [2, 4])
def test_colors_of_other_channels_are_refused(channels):
    with pytest.raises(
        ValueError, match=rf"ADA.color: expected images of 1 or 3 channels, got {channels}, .*color=false"
    ):
        augment.get("ada").check((None, 8, 8, channels))
    assert augment.get("ada:color=false").check((None, 8, 8, channels)) is None


def test_any_channels_without_color():
    x = tf.random.stateless_uniform((2, 6, 6, 4), (0, 1))
    augmentation = augment.get("ada:color=false,p=1")
    drawn = augmentation.draw(noise.Draws(0, 0, 0), "real", x.shape)
    assert augmentation(x, drawn, {"p": 1.0}).shape == x.shape


# The controller


def start(augmentation):
    return {name: tf.constant(value) for name, value in augmentation.initial_state.items()}


def follow(augmentation, *batches):
    """Return p after each batch of logits, each given as a list of numbers."""
    state, seen = start(augmentation), []
    for logits in batches:
        state = augmentation.next_state(tf.reshape(tf.constant(logits, tf.float32), (-1, 1)), state)
        seen.append(float(state["p"]))
    return seen


def test_controller_follows_a_sequence_worked_out_by_hand():
    """target .5, a correction each second update of 4 images by 8 / 80 = .1.

    r = (4 + 2) / 8 = .75: up. r = (4 + 0) / 8 = .5: stays. r = 1: up. r = (0 - 4) / 8: down. r = 0: down. r =
    -1: down, held at 0.
    """
    sure, mostly, even, wrong = [3, 1, 2, 9], [1, 1, 1, -5], [1, -1, 1, -1], [-1, -1, -1, -0.1]
    batches = [sure, mostly, sure, even, sure, sure, even, wrong, even, even, wrong, wrong]
    found = follow(augment.get("ada:target=0.5,check_every=2,rise_images=80"), *batches)
    np.testing.assert_allclose(found, [0, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.1, 0.1, 0, 0, 0], atol=1e-6)


def test_controller_moves_as_in_the_paper_by_default():
    """4 updates of 64 images, of 500,000: p = 256 / 500,000."""
    np.testing.assert_allclose(follow(augment.get("ada"), *[[1.0] * 64] * 4), [0, 0, 0, 5.12e-4], rtol=1e-6)


@pytest.mark.parametrize(("positive", "p"), [(79, 0.0), (81, 0.1)])
def test_target_is_six_tenths_by_default(positive, p):
    """r = (79 - 21) / 100 = .58 and (81 - 19) / 100 = .62."""
    logits = [1.0] * positive + [-1.0] * (100 - positive)
    np.testing.assert_allclose(
        follow(augment.get("ada:check_every=1,rise_images=1000"), logits), [p], rtol=1e-6
    )


def test_p_goes_from_zero_to_one_in_as_many_images():
    found = follow(augment.get("ada:rise_images=640"), *[[1.0] * 16] * 48)
    np.testing.assert_allclose([found[35], found[39], found[47]], [0.9, 1.0, 1.0], rtol=1e-6)


def test_images_count_alike_whatever_their_batch():
    """r over 8 + 2 images = (8 - 2) / 10 = .6 > .55; the mean of the batches' means would be 0."""
    found = follow(augment.get("ada:target=0.55,check_every=2,rise_images=100"), [1.0] * 8, [-1.0] * 2)
    np.testing.assert_allclose(found, [0, 0.1], rtol=1e-6)


def test_maps_of_logits_count_by_their_mean_sign():
    """Two maps of four: signs (1 + 1 + 1 - 1) / 4 = .5 and 1, so r = .75; and images are two, not eight."""
    maps = tf.reshape(tf.constant([9.0, 1, 1, -1, 1, 1, 1, 1]), (2, 2, 2, 1))
    for target, p in ((0.7, 0.02), (0.8, 0.0)):
        augmentation = augment.get("ada", target=target, check_every=1, rise_images=100)
        assert float(augmentation.next_state(maps, start(augmentation))["p"]) == pytest.approx(p)


def test_controller_compiles():
    augmentation = augment.get("ada:check_every=1,rise_images=10")
    found = tf.function(augmentation.next_state, jit_compile=True)(tf.ones((4, 1)), start(augmentation))
    assert {name: float(value) for name, value in found.items()} == {
        "p": pytest.approx(0.4),
        "updates": 0,
        "images": 0,
        "signs": 0,
    }


def test_next_state_has_the_names_of_the_first():
    augmentation = augment.get("ada")
    assert set(augmentation.next_state(tf.ones((4, 1)), start(augmentation))) == set(
        augmentation.initial_state
    )


def test_a_fixed_p_stays():
    augmentation = augment.get("ada:p=0.3,check_every=1")
    assert augmentation.initial_state == {"p": 0.3}
    assert follow(augmentation, [1.0], [-1.0]) == [pytest.approx(0.3)] * 2


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("ada:p=1.5", r"ada:p: expected a number in \[0, 1\], got 1.5"),
        ("ada:target=1", r"ada:target: expected a number in \[0, 1\)"),
        ("ada:rise_images=0", "ada:rise_images: expected a whole number above 0"),
        ("ada:check_every=0", "ada:check_every: expected a whole number above 0"),
        ("diffaugment:colour=false", r"'diffaugment' has no option 'colour' \(did you mean 'color'\?\)"),
        ("adaa", r"unknown augment 'adaa' \(did you mean 'ada'\?\)"),
    ],
)
def test_bad_options_are_refused(spec, words):
    with pytest.raises(ValueError, match=words):
        augment.get(spec)
