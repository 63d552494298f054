"""Export a model as a SavedModel that any TensorFlow runtime serves: averaged weights, inference mode, no `tfgan` needed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import tfgan
from tfgan import kinds
from tfgan.core import files, noise
from tfgan.kinds import Kind, Units
from tfgan.models.arguments import Argument, Examples, Latents, Seeds, describe
from tfgan.models.conditions import Codes

FORMAT = 2  # of tfgan.json; files without "format" are of format 1
FOLDERS = re.compile(
    r"(?<=\bnpz:)[^,]*[/\\](?=.)|(?<=\bfolder:)[^,]*[/\\](?=.)|(?<=\bmodel:)[^,]*[/\\](?=.)|(?<=\bweights=)[^,]*[/\\](?=.)"
    r"|(?:(?<=/)|^)[/~][^,]*/(?=.)|(?<=/)[^,:]*/(?=[^/]+\.keras)"  # absolute paths; features by path: fid_2k/nets/a.keras
)
OUTPUTS = {  # of signatures that read examples: (range, unit)
    "logits": (None, "logit, higher for more real"),
    "probabilities": ((0, 1), "probability of each class"),
    "labels": (None, "likeliest class"),
    "codes": (None, "probabilities of the categories, then means of the continuous codes"),
}
LOCAL = ("run_dir", "data_dir", "export_dir", "init_from")  # settings that say where things are on one machine


def save(
    gan,
    path: str | Path,
    *,
    kind: Kind | None = None,
    units: Units | None = None,
    scale: float = 1.0,
    record: Mapping[str, Any] | None = None,
) -> Path:
    """Write `<path>/<step>/`, in TensorFlow Serving's layout; it appears whole or not at all.

    Signatures: `serving_default` (latents float32 [n, latent_dim] to images float32 [n, H, W, C] in [-1, 1]), `sample`
    (seeds int64 [n] to images uint8), `sample_png` (seeds to `image_bytes`, PNG) and `score` (images to logits
    float32 [n, 1]; left out where D has no logit of a single example, as under `cramer` and `mmd`). For data that are
    no pictures the output is `samples`, in the data's own units, and there is no `sample_png`. Picture i is a function
    of `seeds[i]` alone.

    A model by class takes `labels` int32 [n] besides in each of these; InfoGAN takes `codes` float32 [n, width] in all but
    `score`, and has `recover` (images to `codes`); a classifier has `classify` (images to `probabilities` float32 [n, K] and
    `labels`). `score` is left out under packing too.

    Each signature asserts shapes and values of its inputs: an `InvalidArgumentError` names the argument, what was expected and the
    first wrong row. Only weights that a signature reads are written, as TensorFlow's variables, so that a SavedModel runs in
    TensorFlow Serving, in the C, C++, Go, Java and Rust APIs, in `saved_model_cli` and through the LiteRT converter.

    Args:
        gan: a `tfgan.GAN`.
        path: folder of the model; the step is its version. Where another run's model has that version and `record` says which
            "run" this is, the version after the highest is taken.
        kind: of the examples, as an open data set has it (`source.kind`): its units, the names and types of outputs. None for
            the kind that the shape of G's output tells.
        units: of points, in the place of `kind`; `score` takes and `sample` gives the data's own units.
        scale: data units in one training unit, for points with one scale, in the place of `units`.
        record: what `assets.extra/tfgan.json` says besides step, signatures and versions, such as "num_classes" and "class_names";
            folders of this machine are left out of its texts.

    Returns:
        The folder written.

    Raises:
        ValueError: the version is there, and `record` names no run; a kind of another shape, or more than one of kind, units
            and scale; units for images, which have none.

    Example:
        >>> tfgan.export.save(gan, "saved_models/digits_nonsat", record={"class_names": ["zero", "one"]})
    """
    kind = _kind(gan.example_shape, kind, units, scale)
    step = int(gan.state.step.numpy())
    target = _free_version(files.expanded(path), step, is_run="run" in (record or {}))
    served = _Served(gan, kind)
    functions = {name: tf.function(method).get_concrete_function(*_specs(inputs)) for name, (method, inputs) in served.calls().items()}
    about = {
        "format": FORMAT,
        "step": step,
        "latent_dim": gan.latent_dim,
        "given": gan.condition and gan.condition.to_json(),
        **kinds.to_json(kind),
        "signatures": {name: _described(kind, name, inputs, functions[name]) for name, (_, inputs) in served.calls().items()},
        "num_classes": getattr(gan, "num_classes", 0),
        "class_names": None,
        "codes": gan.condition.columns() if isinstance(gan.condition, Codes) else None,
        **_without_folders(record or {}),
        "versions": {"tfgan": tfgan.__version__, "tensorflow": tf.__version__, "keras": keras.__version__},
    }
    with files.atomic(target) as aside:
        tf.saved_model.save(_Weights(functions.values()), str(aside), signatures=functions)
        files.write_json(aside / "assets.extra" / "tfgan.json", about)
    return target


def versions(path: str | Path) -> list[Path]:
    """Return the versions of a model, lowest first."""
    return sorted((child for child in files.expanded(path).glob("*") if child.name.isdigit()), key=lambda child: int(child.name))


def _kind(shape: tuple[int, ...], kind: Kind | None, units: Units | None, scale: float) -> Kind:
    """Return the kind of examples of `shape`, from one of the arguments of `save`."""
    if units is not None and scale != 1.0:
        raise ValueError(f"scale: expected it or units, got both ({scale} and {units})")
    units = units or (Units(scale=scale) if scale != 1.0 else None)
    if kind is None:
        return kinds.of(shape, units)
    if units is not None:
        raise ValueError(f"kind: expected it or units and scale, got both ({kind} and {units})")
    if kind.shape != shape:
        raise ValueError(f"kind: expected one of examples of shape {shape}, as the generator makes, got {kind}")
    return kind


def _free_version(path: Path, step: int, *, is_run: bool) -> Path:
    """Return where to write a version: its step; where that is taken by another run, the number after the highest."""
    target = path / str(step)
    if not target.exists():
        return target
    if not is_run:
        raise ValueError(f"path: expected a version that is not there yet, got {target}; remove it or choose another folder")
    return path / str(int(versions(path)[-1].name) + 1)


class _Weights(tf.Module):
    """The variables that functions read, and nothing else.

    A module that tracks Keras models writes each weight twice: as Keras's variable, which is restored, and as the TensorFlow variable
    behind it, which the functions read and a Session never restores (tensorflow/tensorflow#72963).
    """

    def __init__(self, functions):
        super().__init__()
        self.weights = list({id(variable): variable for function in functions for variable in function.variables}.values())


class _Served:
    """The functions behind the signatures: a plain class, so that no Keras model is tracked."""

    def __init__(self, gan, kind: Kind):
        self.gan = gan
        self.kind = kind
        self.latents, self.seeds = Latents(gan.latent_dim), Seeds()
        self.examples = Examples(kind)

    def calls(self) -> dict[str, tuple[Any, list[Argument]]]:
        """Return function and arguments by signature."""
        given = [] if self.gan.condition is None else [self.gan.condition]
        labels = given if self.gan.discriminator_inputs else []
        calls = {name: (self.generation(name), [self.seeds, *given]) for name in self.kind.signatures()}
        calls["serving_default"] = (self.generation("serving_default"), [self.latents, *given])
        if self.gan.has_score:
            calls["score"] = (self.score, [self.examples, *labels])
        if hasattr(self.gan, "recover"):
            calls["recover"] = (self.recover, [self.examples])
        if hasattr(self.gan, "classify"):
            calls["classify"] = (self.classify, [self.examples])
        return calls

    def generation(self, name: str):
        """Return the function behind a signature that generates: "serving_default" takes latents, each other one takes seeds."""
        signature = self.kind.signatures()[name]

        def from_latents(latents, given=None):
            return {signature.output: signature.convert(self._generate(self.latents.assert_valid(latents), given))}

        def from_seeds(seeds, given=None):
            latents = noise.normal_by_seed(self.seeds.assert_valid(seeds), self.gan.latent_dim)
            return {signature.output: signature.convert(self._generate(latents, given))}

        return from_latents if name == "serving_default" else from_seeds

    def score(self, examples, labels=None):
        examples = self.examples.assert_valid(examples)
        labels = None if labels is None else self.gan.condition.assert_valid(labels, tf.shape(examples)[0])
        logits = self.gan.score(self.kind.encode(examples), labels)  # (n, ...)
        return {"logits": tf.reshape(logits, (-1, math.prod(logits.shape[1:])))}

    def recover(self, examples):
        return {"codes": self.gan.recover(self.kind.encode(self.examples.assert_valid(examples)))}

    def classify(self, examples):
        probabilities = self.gan.classify(self.kind.encode(self.examples.assert_valid(examples)))
        return {"probabilities": probabilities, "labels": tf.argmax(probabilities, axis=1, output_type=tf.int32)}

    def _generate(self, latents, given):
        """Return examples of the averaged generator in the user's units."""
        inputs = latents if given is None else [latents, self.gan.condition.assert_valid(given, tf.shape(latents)[0])]
        return self.kind.decode(tf.cast(self.gan(inputs), tf.float32))


def _specs(inputs: list[Argument]) -> list[tf.TensorSpec]:
    return [argument.spec for argument in inputs]


def _described(kind: Kind, signature: str, inputs: list[Argument], function) -> dict[str, Any]:
    """Return dtype, shape, range and unit of a signature's inputs and outputs, for JSON."""
    generated = kind.signatures().get(signature)
    known = OUTPUTS if generated is None else {generated.output: (generated.limits, generated.unit)}
    specs = {name: tf.TensorSpec.from_tensor(tensor) for name, tensor in function.structured_outputs.items()}
    outputs = {name: describe(spec, *known[name]) for name, spec in specs.items()}
    return {"inputs": {argument.name: argument.describe() for argument in inputs}, "outputs": outputs}


def _without_folders(value: Any) -> Any:
    """Return a record without the folders of this machine: `npz:/home/me/cats.npz` becomes `npz:cats.npz`."""
    if isinstance(value, Mapping):
        return {_without_folders(key): _without_folders(entry) for key, entry in value.items() if key not in LOCAL}
    if isinstance(value, (list, tuple)):
        return [_without_folders(entry) for entry in value]
    return FOLDERS.sub("", value.rstrip("/\\")) if isinstance(value, str) else value
