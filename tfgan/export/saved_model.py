"""Export a SavedModel for any TensorFlow runtime: averaged weights, inference mode, no need for `tfgan`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

import tfgan
from tfgan import kinds
from tfgan.core import files, noise
from tfgan.kinds import Kind, Units
from tfgan.models.arguments import Argument, Latents, Seeds, describe, examples_of
from tfgan.models.conditions import Codes

FORMAT = 2  # format of tfgan.json; a file without "format" has format 1
FOLDERS = re.compile(
    r"(?:(?<=\bnpz:)|(?<=\bfolder:)|(?<=\bcsv:)|(?<=\bseries:)|(?<=\btext:)|(?<=\bfasta:)|(?<=\bmodel:)|(?<=\bweights=)|(?<=\bfile=))"
    r"[^,]*[/\\](?=.)"
    r"|(?:(?<=/)|^)[/~][^,]*/(?=.)|(?<=/)[^,:]*/(?=[^/]+\.keras)"  # absolute paths; features by path: fid_2k/nets/a.keras
)
OUTPUTS = {  # outputs of the signatures that read examples: (range, unit)
    "logits": (None, "logit, higher for more real"),
    "probabilities": ((0, 1), "probability of each class"),
    "labels": (None, "likeliest class"),
    "codes": (None, "probabilities of the categories, then means of the continuous codes"),
}
LOCAL = ("run_dir", "data_dir", "export_dir", "init_from", "schema")  # settings with paths on one machine


def save(
    gan,
    path: str | Path,
    *,
    kind: Kind | None = None,
    units: Units | None = None,
    scale: float = 1.0,
    record: Mapping[str, Any] | None = None,
) -> Path:
    """Write the SavedModel `<path>/<step>/` in TensorFlow Serving's layout, atomically.

    Signatures: `serving_default` (latents float32 [n, latent_dim] to images float32 [n, H, W, C] in [-1, 1]),
    `sample` (seeds int64 [n] to images uint8), `sample_png` (seeds to `image_bytes`, PNG) and `score` (images
    to logits float32 [n, 1]; missing where D has no logit of a single example, as with `cramer` and `mmd` or
    with packing). For data that are no images, the output is `samples` in the data's own units, and
    `sample_png` is missing. Image i depends only on `seeds[i]`.

    A conditional model also takes `labels` int32 [n] in each of these signatures. InfoGAN takes `codes`
    float32 [n, width] in all of them except `score`, and has `recover` (images to `codes`). A classifier has
    `classify` (images to `probabilities` float32 [n, K] and `labels`).

    Each signature asserts the shapes and values of its inputs: an `InvalidArgumentError` names the argument,
    the expected values and the first wrong row. The SavedModel holds only the weights that a signature reads,
    as TensorFlow variables, so it runs in TensorFlow Serving, in the C, C++, Go, Java and Rust APIs, in
    `saved_model_cli` and in the LiteRT converter.

    Args:
        gan: a `tfgan.GAN`.
        path: folder of the model; the step is the version. If the version exists and `record` has a "run",
            the version is the highest one plus 1.
        kind: kind of the examples (`source.kind`), which sets the units and the names and dtypes of outputs;
            None infers it from the shape of G's output.
        units: units of points, in place of `kind`; `score` takes and `sample` returns the data's own units.
        scale: data units per training unit, for points with a single scale, in place of `units`.
        record: further entries of `assets.extra/tfgan.json` in addition to step, signatures and versions,
            such as "num_classes" and "class_names"; local folders are removed from its texts.

    Returns:
        The written folder.

    Raises:
        ValueError: the version exists and `record` has no "run"; the kind has another shape than G's output;
            more than one of kind, units and scale is set; or units are set for images, which have none.

    Example:
        >>> tfgan.export.save(gan, "saved_models/digits_nonsat", record={"class_names": ["zero", "one"]})
    """
    kind = _kind(gan.example_shape, kind, units, scale)
    step = int(gan.state.step.numpy())
    target = _free_version(files.expand_home(path), step, is_run="run" in (record or {}))
    served = _Served(gan, kind)
    functions = {
        name: tf.function(method).get_concrete_function(*_specs(inputs))
        for name, (method, inputs) in served.calls().items()
    }
    about = {
        "format": FORMAT,
        "step": step,
        "latent_dim": gan.latent_dim,
        "given": gan.condition and gan.condition.to_json(),
        **kinds.to_json(kind),
        "signatures": {
            name: _described(kind, name, inputs, functions[name])
            for name, (_, inputs) in served.calls().items()
        },
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
    """Return the folders of the versions of a model, lowest first."""
    return sorted(
        (child for child in files.expand_home(path).glob("*") if child.name.isdigit()),
        key=lambda child: int(child.name),
    )


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
        raise ValueError(f"kind: expected examples of shape {shape}, as the generator returns, got {kind}")
    return kind


def _free_version(path: Path, step: int, *, is_run: bool) -> Path:
    """Return the folder for a version: the step or, if a run finds that taken, the highest version plus 1."""
    target = path / str(step)
    if not target.exists():
        return target
    if not is_run:
        raise ValueError(
            f"path: expected a version that is not there yet, got {target}; remove it or choose another folder"
        )
    return path / str(int(versions(path)[-1].name) + 1)


class _Weights(tf.Module):
    """A module that tracks only the variables that the functions read.

    A module that tracks Keras models writes each weight twice: as Keras's variable, which is restored, and as
    the TensorFlow variable behind it, which the functions read and a Session never restores
    (tensorflow/tensorflow#72963).
    """

    def __init__(self, functions):
        super().__init__()
        self.weights = list(
            {id(variable): variable for function in functions for variable in function.variables}.values()
        )


class _Served:
    """The functions behind the signatures. A plain class, so that TensorFlow tracks no Keras model."""

    def __init__(self, gan, kind: Kind):
        self.gan = gan
        self.kind = kind
        self.latents, self.seeds = Latents(gan.latent_dim), Seeds()
        self.examples = examples_of(kind)

    def calls(self) -> dict[str, tuple[Any, list[Argument]]]:
        """Return the function and the arguments of each signature, by name."""
        given = [] if self.gan.condition is None else [self.gan.condition]
        labels = given if self.gan.discriminator_inputs else []
        calls = {name: (self.generation(name), [self.seeds, *given]) for name in self.kind.signatures()}
        calls["serving_default"] = (self.generation("serving_default"), [self.latents, *given])
        if self.gan.has_score:
            calls["score"] = (self.score, [*self.examples, *labels])
        if hasattr(self.gan, "recover"):
            calls["recover"] = (self.recover, self.examples)
        if hasattr(self.gan, "classify"):
            calls["classify"] = (self.classify, self.examples)
        return calls

    def generation(self, name: str):
        """Return the function of a generating signature: "serving_default" takes latents, others take seeds."""
        signature = self.kind.signatures()[name]

        def from_latents(latents, given=None):
            x = self._generate(self.latents.assert_valid(latents), given)
            return dict(signature.convert(x if signature.from_training else self.kind.decode(x)))

        def from_seeds(seeds, given=None):
            return from_latents(
                noise.normal_by_seed(self.seeds.assert_valid(seeds), self.gan.latent_dim), given
            )

        return from_latents if name == "serving_default" else from_seeds

    def score(self, *inputs):
        x, labels = self._encoded(inputs), inputs[len(self.examples) :]
        rows = [self.gan.condition.assert_valid(each, tf.shape(x)[0]) for each in labels]
        logits = _with_a_row(self.gan.score, [x, *rows])  # (n, ...)
        return {"logits": tf.reshape(logits, (-1, math.prod(logits.shape[1:])))}

    def recover(self, *examples):
        return {"codes": _with_a_row(self.gan.recover, [self._encoded(examples)])}

    def classify(self, *examples):
        probabilities = _with_a_row(self.gan.classify, [self._encoded(examples)])
        return {
            "probabilities": probabilities,
            "labels": tf.argmax(probabilities, axis=1, output_type=tf.int32),
        }

    def _encoded(self, inputs: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return examples in training units from the arguments of a signature; the examples come first."""
        parts = {
            argument.name: argument.assert_valid(inputs[place])
            for place, argument in enumerate(self.examples)
        }
        return self.kind.encode(self.kind.from_inputs(parts))

    def _generate(self, latents, given):
        """Return examples of the averaged generator in training units."""
        inputs = [latents]
        if given is not None:
            inputs.append(self.gan.condition.assert_valid(given, tf.shape(latents)[0]))
        made = _with_a_row(lambda *rows: self.gan(list(rows) if len(rows) > 1 else rows[0]), inputs)
        return tf.cast(made, tf.float32)


def _with_a_row(function, inputs: list[tf.Tensor]) -> tf.Tensor:
    """Return a function of rows, computed on a row of zeros if there is none, which the result leaves out.

    A convolution that TensorFlow 2.21 fuses with its bias loses its channels on an empty batch.
    """
    count = tf.shape(inputs[0])[0]
    missing = tf.cast(tf.equal(count, 0), tf.int32)
    rows = [tf.concat([x, tf.zeros([missing, *x.shape[1:]], x.dtype)], axis=0) for x in inputs]
    return function(*rows)[:count]


def _specs(inputs: list[Argument]) -> list[tf.TensorSpec]:
    return [argument.spec for argument in inputs]


def _described(kind: Kind, signature: str, inputs: list[Argument], function) -> dict[str, Any]:
    """Return dtype, shape, range and unit of a signature's inputs and outputs as JSON values."""
    generated = kind.signatures().get(signature)
    known = OUTPUTS if generated is None else generated.outputs
    specs = {name: tf.TensorSpec.from_tensor(tensor) for name, tensor in function.structured_outputs.items()}
    outputs = {name: describe(spec, *known[name]) for name, spec in specs.items()}
    return {"inputs": {argument.name: argument.describe() for argument in inputs}, "outputs": outputs}


def _without_folders(value: Any) -> Any:
    """Return a record without local folders: `npz:/home/me/cats.npz` becomes `npz:cats.npz`."""
    if isinstance(value, Mapping):
        return {
            _without_folders(key): _without_folders(entry) for key, entry in value.items() if key not in LOCAL
        }
    if isinstance(value, (list, tuple)):
        return [_without_folders(entry) for entry in value]
    return FOLDERS.sub("", value.rstrip("/\\")) if isinstance(value, str) else value
