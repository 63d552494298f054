"""Any model of the user's as an extractor, by its path."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.core import files
from tfgan.features.extractor import Extractor

EXPECTED = "a .keras file or the folder of a SavedModel"


class Model(Extractor):
    """The output of a model, flattened to one row an image.

    Args:
        path: for messages.
        sha256: of the model's content.
        function: takes float32 images (n, height, width, channels) in [-1, 1].
        image_shape: (height, width, channels), None where any number will do.
    """

    batch = 100

    def __init__(
        self,
        path: Path,
        sha256: str,
        function: Callable[[tf.Tensor], tf.Tensor],
        image_shape: tuple[int | None, ...],
    ):
        self.name = f"model:{path}"
        self.identity = f"model.{sha256}"
        self.image_shape = image_shape
        self._function = function

    def check(self, shape: Sequence[int]) -> None:
        """Raise `ValueError` unless the model takes images of this shape."""
        if len(shape) != len(self.image_shape) or any(
            own not in (None, n) for own, n in zip(self.image_shape, shape, strict=True)
        ):
            raise self._unfit(
                f"({', '.join('n' if n is None else str(n) for n in (None, *self.image_shape))})", shape
            )

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return float32 (n, d) of float32 images (n, height, width, channels) in [-1, 1], n at least 1."""
        self._check(images)
        starts = range(0, len(images), self.batch)
        return np.concatenate(
            [self._flatten(tf.cast(images[start : start + self.batch], tf.float32)) for start in starts]
        )

    def _flatten(self, images: tf.Tensor) -> np.ndarray:
        output = self._function(images)
        if isinstance(output, (dict, list, tuple)):
            raise ValueError(f"features {self.name!r}: expected a model with one output, got {len(output)}")
        if tuple(output.shape)[:1] != (len(images),):
            raise ValueError(
                f"features {self.name!r}: expected one row an image, got shape {tuple(output.shape)} of {len(images)} images"
            )
        return np.asarray(output, np.float32).reshape(len(images), -1)


def model(path: str) -> Model:
    """Open a `.keras` file, or the folder of a SavedModel, whose signature `serving_default` is used.

    Args:
        path: of the file or folder.

    Raises:
        FileNotFoundError: nothing there.
        ValueError: something else than a model of images.
    """
    place = files.expand_home(path)
    if not path or not place.exists():
        raise FileNotFoundError(
            f"features 'model:{path}': expected {EXPECTED}, there is nothing at that path"
        )
    if place.is_dir() != (place.suffix != ".keras") or (
        place.is_dir() and not (place / "saved_model.pb").is_file()
    ):
        raise ValueError(f"features 'model:{path}': expected {EXPECTED}, got another kind of file")
    return _open(place, _hash_files(place))


def _hash_files(place: Path) -> str:
    """Return a hash of a file, or of all files in a folder with their names."""
    total = hashlib.sha256()
    for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if file.is_file():
            content = file.read_bytes()
            total.update(f"{file.relative_to(place)} {len(content)}\n".encode())
            total.update(content)
    return total.hexdigest()


@functools.lru_cache(maxsize=4)
def _open(place: Path, sha256: str) -> Model:
    try:
        function, shape = _open_saved_model(place) if place.is_dir() else _open_keras_model(place)
    except Exception as error:  # Keras and TensorFlow raise many kinds for unreadable files
        raise ValueError(f"features 'model:{place}': {' '.join(str(error).split())}") from None
    return Model(place, sha256, function, shape)


def _open_keras_model(place: Path) -> tuple[Callable, tuple[int | None, ...]]:
    import keras

    loaded = keras.saving.load_model(place, compile=False)
    if len(loaded.inputs) != 1:
        raise ValueError(f"expected a model of images alone, got one with {len(loaded.inputs)} inputs")
    return functools.partial(loaded, training=False), tuple(loaded.inputs[0].shape[1:])


def _open_saved_model(place: Path) -> tuple[Callable, tuple[int | None, ...]]:
    loaded = tf.saved_model.load(str(place))
    if "serving_default" not in loaded.signatures:
        raise ValueError(
            f"expected a signature serving_default, got {', '.join(loaded.signatures) or 'none'}"
        )
    signature = loaded.signatures["serving_default"]
    inputs = signature.structured_input_signature[1]
    if len(inputs) != 1:
        raise ValueError(f"expected a signature that takes images alone, got {', '.join(inputs)}")
    ((key, spec),) = inputs.items()
    if spec.dtype != tf.float32 or spec.shape.rank is None:
        raise ValueError(
            f"expected a signature of float32 images, got {spec.dtype.name} of shape {spec.shape}"
        )

    def function(images: tf.Tensor) -> tf.Tensor | dict[str, tf.Tensor]:
        outputs = loaded.signatures["serving_default"](**{key: images})
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    return function, tuple(spec.shape[1:])
