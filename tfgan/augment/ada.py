"""Adaptive discriminator augmentation (ADA): augment with a probability that follows D's overfitting."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import keras
import tensorflow as tf

from tfgan.augment._affine import IDENTITY, compose, resample, rotation, scaling, translation
from tfgan.augment.augmentation import Augmentation, columns
from tfgan.core.options import Fraction, PositiveInt, Probability

# Columns of the drawn numbers: gates decide whether a change is made, uniform and normal numbers its size.
BLIT = ["xflip", "rotate90", "xint"]
GEOMETRY = ["scale", "pre_rotate", "aniso", "post_rotate", "xfrac"]
COLOR = ["brightness", "contrast", "lumaflip", "hue", "saturation"]
GATES = BLIT + GEOMETRY + COLOR
UNIFORM = ["xflip", "rotate90", "xint_x", "xint_y", "pre_rotate", "post_rotate", "lumaflip", "hue"]
NORMAL = ["scale", "aniso", "xfrac_x", "xfrac_y", "brightness", "contrast", "saturation"]


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class ADA(Augmentation):
    """Make each of twelve changes with probability p, in this order, and let p follow how sure D is of the reals.

    blit:     x-flip i ~ U{0, 1}; rotation by 90 i degrees, i ~ U{0, ..., 3}; shift by round(t side), t ~ U(-1/8, 1/8)
    geometry: scaling by s, log2 s ~ N(0, .2^2); rotation by U(-pi, pi); scaling by (s, 1/s), log2 s ~ N(0, .2^2); rotation by
              U(-pi, pi); shift by t side, t ~ N(0, 1/8^2)
    color:    brightness x + N(0, .2^2); contrast x s, log2 s ~ N(0, .5^2); luma flip x - 2 i m, i ~ U{0, 1}, m a pixel's mean over
              channels; hue, a rotation by U(-pi, pi) around the gray axis; saturation m + s (x - m), log2 s ~
              N(0, 1)

    Either rotation is made with probability 1 - sqrt(1 - p), so that at least one is made with probability p.
    On gray images luma flip is -x, and hue and saturation leave them alone. At p = 0 every image stays the
    same, to the bit. A flip, a rotation by 90 degrees of sides both even or both odd, and a shift by whole
    pixels are exact where nothing else moves pixels.

    p starts at 0. At every fourth update of D, with r = E sign D(real) over the images since the last such
    update, p <- clip(p + sign(r - target) (those images) / rise_images, 0, 1). r measures overfitting where
    D's sign tells real from fake. Objectives that leave the level of the logits open (Wasserstein,
    relativistic) need a fixed p.

    Departures from the authors' code: bilinear interpolation of the image as it is, where theirs interpolates
    one upsampled by a wavelet filter and filters again, which blurs less; beyond a border the reflection goes
    on, where theirs is 0 beyond its far end; p is held at 1 and below.

    Args:
        p: a fixed probability, instead of one that follows D; then `target`, `rise_images` and `check_every`
            do nothing.
        target: of r, between 0 (D knows nothing) and 1 (it is sure of every real).
        rise_images: how many images p takes from 0 to 1 at the fastest.
        check_every: updates of D from one correction of p to the next.
        blit, geometry, color: whether these changes are among those made.

    Reference: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", sections 2.2,
    3 and appendix B (pipeline bgc).
    """

    parts: ClassVar[tuple[str, ...]] = ("blit", "geometry", "color")

    p: Probability | None = None
    target: Fraction = 0.6
    rise_images: PositiveInt = 500_000
    check_every: PositiveInt = 4
    blit: bool = True
    geometry: bool = True
    color: bool = True

    @property
    def initial_state(self):
        """p; and since its last correction, updates of D, images, and the sum of signs of D on them."""
        return (
            {"p": self.p} if self.p is not None else {"p": 0.0, "updates": 0.0, "images": 0.0, "signs": 0.0}
        )

    def check(self, shape):
        super().check(shape)
        if self.color and shape[3] not in (1, 3):
            raise ValueError(
                f"ADA.color: expected images of 1 or 3 channels, got {shape[3]}, which have no hue; switch it off with color=false"
            )

    def draw(self, draws, purpose, shape):
        rows = shape[0]
        return {
            "gates": draws.uniform(f"ada gates {purpose}", (rows, len(GATES))),
            "uniform": draws.uniform(f"ada uniform {purpose}", (rows, len(UNIFORM))),
            "normal": draws.normal(f"ada normal {purpose}", (rows, len(NORMAL))),
        }

    def __call__(self, x, drawn, state):
        changes = _Changes(drawn, state["p"])
        moves = (BLIT if self.blit else []) + (GEOMETRY if self.geometry else [])
        if moves:
            blit = _invert_blit(changes, *x.shape[1:3]) if self.blit else IDENTITY
            geometry = _invert_geometry(changes, *x.shape[1:3]) if self.geometry else IDENTITY
            x = tf.where(changes.any_of(moves), resample(x, compose(blit, geometry)), x)
        if self.color:
            x = tf.where(changes.any_of(COLOR), _recolor(x, changes), x)
        return x

    def next_state(self, real_logits, state):
        if self.p is not None:
            return state
        count = tf.cast(tf.shape(real_logits)[0], tf.float32)
        sign = tf.reduce_mean(tf.sign(tf.cast(real_logits, tf.float32)))
        updates = state["updates"] + 1.0
        images = state["images"] + count
        signs = state["signs"] + count * sign
        corrected = tf.clip_by_value(
            state["p"] + tf.sign(signs / images - self.target) * images / self.rise_images, 0.0, 1.0
        )
        due = updates >= self.check_every
        kept = {"updates": updates, "images": images, "signs": signs}
        return {
            "p": tf.where(due, corrected, state["p"]),
            **{name: tf.where(due, 0.0, value) for name, value in kept.items()},
        }


class _Changes:
    """The changes of each image and their random numbers, shape (n,) each, by name."""

    def __init__(self, drawn, p):
        self.uniform, self.normal = columns(drawn["uniform"], UNIFORM), columns(drawn["normal"], NORMAL)
        once_of_two = 1.0 - tf.sqrt(1.0 - p)
        self._on = {
            name: gate < (once_of_two if name.endswith("_rotate") else p)
            for name, gate in columns(drawn["gates"], GATES).items()
        }

    def choose(self, name, value, otherwise):
        """Return `value` for the images that get the change `name`, and `otherwise`, which changes nothing, for the others."""
        return tf.where(self._on[name], value, otherwise)

    def any_of(self, names):
        """Return whether any of these changes is made, (n, 1, 1, 1)."""
        return _expand_to_images(tf.reduce_any(tf.stack([self._on[name] for name in names]), axis=0))

    def angle(self, name):
        """Return cosine and sine of an angle drawn from U(-pi, pi)."""
        angle = (2.0 * self.uniform[name] - 1.0) * math.pi
        return self.choose(name, tf.cos(angle), 1.0), self.choose(name, tf.sin(angle), 0.0)


def _invert_blit(changes, height, width):
    """Return the inverse of flip, quarter turns and whole shift."""
    flip = changes.choose("xflip", 1.0 - 2.0 * tf.floor(2.0 * changes.uniform["xflip"]), 1.0)
    quarters = changes.choose("rotate90", tf.cast(tf.floor(4.0 * changes.uniform["rotate90"]), tf.int32), 0)
    cos, sin = (
        tf.gather(tf.constant(values), quarters) for values in ([1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0])
    )
    share = {side: (2.0 * changes.uniform[f"xint_{side}"] - 1.0) / 8.0 for side in "xy"}
    x, y = (
        changes.choose("xint", tf.round(share[side] * size), 0.0)
        for side, size in (("x", width), ("y", height))
    )
    return compose(scaling(flip, 1.0), rotation(cos, sin), translation(-x, -y))


def _invert_geometry(changes, height, width):
    """Return the inverse of scalings, rotations and shift."""
    scale, aniso = (
        tf.pow(2.0, changes.choose(name, 0.2 * changes.normal[name], 0.0)) for name in ("scale", "aniso")
    )
    x, y = (
        changes.choose("xfrac", changes.normal[f"xfrac_{side}"] / 8.0 * size, 0.0)
        for side, size in (("x", width), ("y", height))
    )
    return compose(
        scaling(1.0 / scale, 1.0 / scale),
        rotation(*changes.angle("pre_rotate")),
        scaling(1.0 / aniso, aniso),
        rotation(*changes.angle("post_rotate")),
        translation(-x, -y),
    )


def _recolor(x, changes):
    """Return x after brightness, contrast, luma flip, and for three channels hue and saturation."""
    x = x + _expand_to_images(changes.choose("brightness", 0.2 * changes.normal["brightness"], 0.0))
    x = x * _expand_to_images(tf.pow(2.0, changes.choose("contrast", 0.5 * changes.normal["contrast"], 0.0)))
    flip = changes.choose("lumaflip", tf.floor(2.0 * changes.uniform["lumaflip"]), 0.0)
    x = x - 2.0 * _expand_to_images(flip) * tf.reduce_mean(x, axis=3, keepdims=True)
    if x.shape[3] == 1:
        return x
    # Hue and saturation turn and stretch the part off the gray axis: v x chroma is a quarter turn around v = (1, 1, 1) / sqrt(3).
    chroma = x - tf.reduce_mean(x, axis=3, keepdims=True)
    turned = (tf.roll(chroma, 1, axis=3) - tf.roll(chroma, -1, axis=3)) / math.sqrt(3.0)
    cos, sin = map(_expand_to_images, changes.angle("hue"))
    stretch = _expand_to_images(tf.pow(2.0, changes.choose("saturation", changes.normal["saturation"], 0.0)))
    return x + (stretch * cos - 1.0) * chroma + stretch * sin * turned


def _expand_to_images(values):
    """Reshape values (n,) so that they multiply images."""
    return tf.reshape(values, (-1, 1, 1, 1))
