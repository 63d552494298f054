"""A SavedModel that serves: averaged weights, inference mode, no `tfgan` needed to load it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import tfgan
from tfgan import _files, _noise, config
from tfgan.data.units import Units
from tfgan.models.given import Labels


def save(gan, path: str | Path, *, units: Units | None = None, scale: float = 1.0, record: Mapping[str, Any] | None = None) -> Path:
    """Write `<path>/<step>/`, in TensorFlow Serving's layout; it appears whole or not at all.

    Signatures: `serving_default` (latents float32 [n, latent_dim] to images float32 [n, H, W, C] in [-1, 1]), `sample`
    (seeds int64 [n] to images uint8), `sample_png` (seeds to `image_bytes`, PNG) and `score` (images to logits
    float32 [n, 1]; left out where D has no logit of a single example, as under `cramer` and `mmd`). For data that are
    no pictures the output is `samples`, in the data's own units, and there is no `sample_png`. Picture i is a function
    of `seeds[i]` alone.

    A model by class takes `labels` int32 [n] besides in each of these; InfoGAN takes `codes` float32 [n, width] in all but
    `score`, and has `recover` (images to `codes`); a classifier has `classify` (images to `probabilities` float32 [n, K] and
    `labels`). `score` is left out under packing too.

    Args:
        gan: a `tfgan.GAN`.
        path: folder of the model; the step is its version. Where another run's model has that version and `record` says which
            "run" this is, the version after the highest is taken.
        units: of points, as an open data set has them (`source.units`); `score` takes and `sample` gives the data's own.
        scale: data units in one training unit, for points with one scale, in the place of `units`.
        record: what `assets.extra/tfgan.json` says besides step, shapes and versions.

    Returns:
        The folder written.

    Raises:
        ValueError: the version is there, and `record` names no run; or both units and a scale were given.
    """
    if units is not None and scale != 1.0:
        raise ValueError(f"scale: expected it or units, got both ({scale} and {units})")
    units = units or Units(scale=scale)
    step = int(gan.state.step.numpy())
    target = _free_version(_files.expanded(path), step, is_run="run" in (record or {}))
    module = _Served(gan, units)
    about = {
        "step": step,
        "latent_dim": gan.latent_dim,
        "given": gan.given and gan.given.to_json(),
        "shape": list(gan.generator.output_shape[1:]),
        "units": units.to_json(),
        **(record or {}),
        "versions": {"tfgan": tfgan.__version__, "tensorflow": tf.__version__, "keras": keras.__version__},
    }
    with _files.atomic(target) as aside:
        tf.saved_model.save(module, str(aside), signatures=module.signatures())
        _files.write_json(aside / "assets.extra" / "tfgan.json", about)
    return target


def find(path: str | Path, run: Mapping[str, Any], step: int) -> Path | None:
    """Return the version below `path` that holds a step of a run, None where there is none.

    Args:
        path: as for `save`.
        run: as `run_dir.identity` returns it, and `save` has recorded it.
        step: of the model.
    """
    for version in _versions(_files.expanded(path)):
        about = version / "assets.extra" / "tfgan.json"
        if not about.exists():
            continue
        said = json.loads(about.read_text(encoding="utf-8"))
        if said.get("step") == step and _is_of(said, run):
            return version
    return None


def _is_of(said: Mapping[str, Any], run: Mapping[str, Any]) -> bool:
    """Return whether a `tfgan.json` is of a run; runs and models of before they had an id are told apart by their configs."""
    if "run" in said:
        return said["run"] == run
    return run["id"] is None and config.digest(said.get("config", {})) == run["config"]


def _versions(path: Path) -> list[Path]:
    """Return the versions of a model, lowest first."""
    return sorted((child for child in path.glob("*") if child.name.isdigit()), key=lambda child: int(child.name))


def _free_version(path: Path, step: int, *, is_run: bool) -> Path:
    """Return where to write a version: its step; where that is taken by another run, the number after the highest."""
    target = path / str(step)
    if not target.exists():
        return target
    if not is_run:
        raise ValueError(f"path: expected a version that is not there yet, got {target}; remove it or choose another folder")
    return path / str(int(_versions(path)[-1].name) + 1)


class _Served(tf.Module):
    """The functions behind the signatures."""

    def __init__(self, gan, units: Units):
        super().__init__()
        self.generator = gan.ema_generator
        self.discriminator = gan.discriminator
        self.discriminator_given = gan.d_given
        self.given = gan.given
        self._has_score, self._score = gan.has_score, gan.score
        self._recover, self._classify = (getattr(gan, name, None) for name in ("recover", "classify"))
        self.latent_dim = gan.latent_dim
        self.shape = tuple(gan.generator.output_shape[1:])
        self.units = units

    @property
    def is_picture(self) -> bool:
        return len(self.shape) == 3

    def signatures(self) -> dict[str, tf.types.experimental.ConcreteFunction]:
        """Return the concrete functions by signature."""
        latents = tf.TensorSpec((None, self.latent_dim), tf.float32, name="latents")
        seeds = tf.TensorSpec((None,), tf.int64, name="seeds")
        examples = tf.TensorSpec((None, *self.shape), tf.float32, name="images" if self.is_picture else "samples")
        given = [] if self.given is None else [self.given.spec]
        labels = given if isinstance(self.given, Labels) else []
        functions = {"serving_default": (self.generate, [latents, *given]), "sample": (self.sample, [seeds, *given])}
        if self._has_score:
            functions["score"] = (self.score, [examples, *labels])
        if self.is_picture:
            functions["sample_png"] = (self.sample_png, [seeds, *given])
        if self._recover:
            functions["recover"] = (self.recover, [examples])
        if self._classify:
            functions["classify"] = (self.classify, [examples])
        return {name: tf.function(function).get_concrete_function(*specs) for name, (function, specs) in functions.items()}

    def generate(self, latents, given=None):
        inputs = latents if given is None else [latents, self.given.asserted(given, tf.shape(latents)[0])]
        samples = tf.cast(self.generator(inputs, training=False), tf.float32)
        return {"images": samples} if self.is_picture else {"samples": self.units.decode(samples)}

    def sample(self, seeds, given=None):
        samples = self.generate(_noise.normal_by_seed(seeds, self.latent_dim), given)
        if not self.is_picture:
            return samples
        return {"images": tf.cast(tf.clip_by_value(tf.round((samples["images"] + 1.0) * 127.5), 0.0, 255.0), tf.uint8)}

    def sample_png(self, seeds, given=None):
        images = self.sample(seeds, given)["images"]
        return {"image_bytes": tf.map_fn(tf.io.encode_png, images, fn_output_signature=tf.TensorSpec((), tf.string))}

    def score(self, examples, labels=None):
        labels = None if labels is None else self.given.asserted(labels, tf.shape(examples)[0])
        encoded = self.units.encode(examples)
        scores = self._score(encoded, labels) if self.discriminator_given else self._score(encoded)
        return {"logits": tf.reshape(scores, (tf.shape(examples)[0], -1))}

    def recover(self, examples):
        return {"codes": self._recover(self.units.encode(examples))}

    def classify(self, examples):
        probabilities = self._classify(self.units.encode(examples))
        return {"probabilities": probabilities, "labels": tf.argmax(probabilities, axis=1, output_type=tf.int32)}
