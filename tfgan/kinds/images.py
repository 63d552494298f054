"""Images: levels of pixels on a grid of rows and columns."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfgan.core import images as images_lib
from tfgan.kinds.kind import Kind, Output, Signature
from tfgan.kinds.units import Units

FAST_PNG_SIDE = 48  # pixels; from there on, encoding a PNG costs about as much as the generator
LARGEST_THUMBNAIL = 32  # side of the images that the doctor compares
NEW_CHANNELS = {  # (channels found, channels wanted) -> code
    (3, 1): "tf.image.rgb_to_grayscale({})",
    (1, 3): "tf.image.grayscale_to_rgb({})",
    (4, 3): "{}[..., :3]",
}


@dataclasses.dataclass(frozen=True)
class Images(Kind):
    """Images (height, width, channels): in files uint8 or float32 in [-1, 1], in training and in scores float32 in [-1, 1].

    Raises:
        ValueError: units, which images do not have.
    """

    name = "images"
    default_network = "dcgan"
    activation = "tanh"
    limits = (-1, 1)
    expected = "values from -1 to 1 (pixel / 127.5 - 1)"
    unit = "pixel / 127.5 - 1"
    output = "images"
    array = "images"
    preview_tiles = True
    has_pixels = True
    augmentable = True
    shifts_and_flips = True

    def __post_init__(self) -> None:
        if self.units != Units():
            raise ValueError(
                f"units: expected none (a center of 0 and a scale of 1) for images, got {self.units}; leave them out"
            )

    @classmethod
    def takes(cls, shape):
        return len(shape) == 3

    def encode(self, x):
        """Return uint8 or float images, an array or a tensor, as float images in [-1, 1]: pixel / 127.5 - 1."""
        if x.dtype != np.uint8:
            return x
        return _as_float32(x) / np.float32(127.5) - np.float32(1.0)

    def decode(self, x):
        """Return images in [-1, 1] as they are."""
        return x

    def legal(self, values):
        return abs(values) <= 1.0 + images_lib.PIXEL_TOLERANCE

    def shape_fix(self, found):
        """Write the code that adds, moves or drops channels, then resizes."""
        (height, width, channels), found, fix = self.shape, tuple(found), "{x}"
        if len(found) == 3 and channels == 1:
            found, fix = (*found, 1), "{x}[..., None]"
        if len(found) != 4:
            return ""
        if found[1] == channels and found[3] != channels:
            found, fix = (found[0], *found[2:], found[1]), f"tf.transpose({fix}, (0, 2, 3, 1))"
        if found[3] != channels:
            if (step := NEW_CHANNELS.get((found[3], channels))) is None:
                return ""
            fix = step.format(fix)
        return fix if found[1:3] == (height, width) else f"tf.image.resize({fix}, {(height, width)})"

    def thumbnails(self, x):
        """Return the images; large ones are averaged down."""
        if max(x.shape[1:3]) <= LARGEST_THUMBNAIL:
            return x
        import tensorflow as tf

        height, width = (min(side, LARGEST_THUMBNAIL) for side in x.shape[1:3])
        return tf.image.resize(x, (height, width), method="area")

    def default_metrics(self, num_classes):
        return ["class_histogram"] if num_classes > 1 else []

    def metric_refusal(self, protocol, metric, data):
        needs_extractor = bool({"features", "probabilities"} & set(metric.reads))
        if needs_extractor == bool(protocol.features):
            return None
        example = dataclasses.replace(protocol, features="fashion_cnn" if needs_extractor else None).name()
        no_features = f"no features, as {protocol.metric} looks at the images"
        return f"expected {'the name of an extractor, or pixels' if needs_extractor else no_features}, as in {example!r}"

    def stand_ins(self, count):
        return np.broadcast_to(np.float32(0), (count, *self.shape))

    def preview_batches(self, batches, count, *, reference=None, columns=None):
        """Tile the images row by row; memory holds the picture and one batch."""
        return images_lib.tile_batches(batches, count, columns)

    def signatures(self):
        pixels = Signature({"images": Output((0, 255), "pixel level")}, lambda x: {"images": _to_uint8(x)})
        file = Signature(
            {"image_bytes": Output(None, "PNG file")}, lambda x: {"image_bytes": _to_png(_to_uint8(x))}
        )
        return super().signatures() | {"sample": pixels, "sample_png": file}


def _as_float32(x):
    if isinstance(x, np.ndarray):
        return x.astype(np.float32)
    import tensorflow as tf

    return tf.cast(x, tf.float32)


def _to_uint8(images):
    """Return a tensor of images in [-1, 1] as uint8, rounded to the nearest level."""
    import tensorflow as tf

    return tf.cast(tf.clip_by_value(tf.round((images + 1.0) * 127.5), 0.0, 255.0), tf.uint8)


def _to_png(images):
    """Return a tensor of uint8 images (n, height, width, channels) as the contents of PNG files, string (n,)."""
    import tensorflow as tf

    # -1: zlib's own default, for the smallest files
    compression = 1 if min(images.shape[1:3]) >= FAST_PNG_SIDE else -1

    def encode(image):
        return tf.io.encode_png(image, compression=compression)

    return tf.map_fn(encode, images, fn_output_signature=tf.TensorSpec((), tf.string))
