"""The interface of a kind of data. A new kind is added here: one file with a subclass of `Kind`, one row in `_catalogue.py`.

A kind of its own is needed where examples differ in how they are encoded, shown, written or measured (rows of
a table, series, text, sequences), not merely in their shape. The subclass sets the attributes and defines the
methods below that raise `TypeError`; the others have a default. `tests/kinds/` holds each row of the
catalogue to the same contract. Where the shape of an example does not tell the kind, `takes` stays as it is:
a data set then says its kind, and a run's record keeps the name.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from tfgan.kinds.span import Span, count_choices, harden
from tfgan.kinds.units import Units


class Output(NamedTuple):
    """Range and unit of one output of an exported model.

    Attributes:
        limits: least and largest value; None for any.
        unit: of a value.
    """

    limits: tuple[float, float] | None
    unit: str


class Input(NamedTuple):
    """One argument of a signature that reads examples.

    Attributes:
        dtype: name of a TensorFlow dtype.
        shape: of one example's part; () for one value.
        expected: the legal values, for messages.
        limits: least and largest value; None for any.
        unit: of a value.
    """

    dtype: str
    shape: tuple[int, ...]
    expected: str
    limits: tuple[float, float] | None
    unit: str


class Signature(NamedTuple):
    """One signature of an exported model that returns examples.

    Attributes:
        outputs: the outputs by name.
        convert: from a tensor of examples in the user's units to a tensor for each output, by name.
        from_training: whether `convert` takes examples in training units, float32 (n, *shape), instead.
    """

    outputs: Mapping[str, Output]
    convert: Callable[[Any], Mapping[str, Any]]
    from_training: bool = False


ENCODED = "encoded"  # name of the features that every kind has: `Kind.hardened`


@dataclasses.dataclass(frozen=True)
class Kind:
    """The form of one example and its units; the attributes and methods follow from them.

    *Training units* are the numbers that G returns and D takes, float32 (n, *shape). *The user's units* are
    the numbers of the data set, of scores, files and exported models: one array with a row an example, float32
    (n, *shape) unless the kind says otherwise. *Records* are examples as the user knows them, such as texts.
    A subclass keeps facts of the training examples, such as an alphabet, in further fields of plain values.

    Args:
        shape: of one example in training units.
        units: between the user's units and training units.

    Attributes:
        name: in the catalogue.
        default_network: name of the network of a run that names none.
        activation: of G's last layer, so that its output is legal; None for a linear layer.
        limits: least and largest value in the user's units; None for any finite one.
        expected: the legal values, for messages.
        unit: of a value, for the record of an exported model.
        output: name of examples in an exported model: of G's output and of the argument of `score`.
        array: name of examples in an .npz file.
        writers: names of the methods that write examples to a file, by the ending of its name.
        preview_count: examples in a preview; None for as many as the caller likes.
        preview_tiles: whether a preview has a tile an example, so that its columns may follow labels or
            codes.
        preview_shows_reals: whether a preview draws real examples behind the generated ones.
        has_pixels: whether values are levels of pixels, which files hold on a scale to 255.
        augmentable: whether the augmentations of `tfgan.augment` apply.
        shifts_and_flips: whether a consistency penalty changes an example by a shift and a flip; else by
            noise.
        own_features: whether metrics compare examples as they are, and not by an extractor's features.
        tau: temperature of the softmax spans in G, unless a network's option says otherwise.
        readers: names of the methods that read records from a file, by the ending of its name.
        text_suffix: ending of the text files that stand beside previews; None for no texts.
        unsuitable_diagnoses: names of the doctor's diagnoses that it does not announce for such data.
    """

    shape: tuple[int, ...]
    units: Units = Units()

    name: ClassVar[str]
    default_network: ClassVar[str]
    activation: ClassVar[str | None] = None
    limits: ClassVar[tuple[float, float] | None] = None
    expected: ClassVar[str] = "finite numbers"
    unit: ClassVar[str] = "unit of the data"
    output: ClassVar[str] = "samples"
    array: ClassVar[str]
    writers: ClassVar[Mapping[str, str]] = {".png": "write_png", ".npz": "write_npz"}
    preview_count: ClassVar[int | None] = None
    preview_tiles: ClassVar[bool] = False
    preview_shows_reals: ClassVar[bool] = False
    has_pixels: ClassVar[bool] = False
    augmentable: ClassVar[bool] = False
    shifts_and_flips: ClassVar[bool] = False
    own_features: ClassVar[bool] = False
    tau: ClassVar[float] = 1.0
    readers: ClassVar[Mapping[str, str]] = {}
    text_suffix: ClassVar[str | None] = None
    unsuitable_diagnoses: ClassVar[frozenset[str]] = frozenset()

    # Which data are of this kind

    @classmethod
    def takes(cls, shape: Sequence[int]) -> bool:
        """Return whether every example of this shape is of this kind, unless the data say another one."""
        return False

    @classmethod
    def fit(cls, examples: np.ndarray, rows: np.ndarray) -> Kind:
        """Return the kind of `examples` (n, *shape), with units that suit the examples `rows`."""
        return cls(tuple(examples.shape[1:]))

    # Units

    def encode(self, x):
        """Return data in the user's units, an array or a tensor (..., *shape), in training units."""
        return self.units.encode(x)

    def decode(self, x):
        """Return float32 training units, an array or a tensor (..., *shape), in the user's units."""
        return self.units.decode(x)

    def legal(self, values):
        """Return which entries of values in the user's units are legal: an array or a tensor of bools."""
        raise TypeError(f"{type(self).__name__} must define legal(values)")

    def hardened(self, x):
        """Return examples in training units with every choice made, float32 (n, d): distances are taken of them."""
        x = harden(x, self.spans) if self.spans else x
        size = math.prod(self.shape)
        if isinstance(x, np.ndarray):
            return x.reshape(-1, size)
        import tensorflow as tf

        return tf.reshape(x, (-1, size))

    # Records

    def records(self, values: np.ndarray) -> Any:
        """Return examples in the user's units as the user knows them, such as a list of texts."""
        return values

    def are_records(self, x: Any) -> bool:
        """Return whether data of `GAN.fit` are records: a frame with columns, or a list of texts."""
        texts = isinstance(x, (list, tuple)) and len(x) > 0 and isinstance(x[0], str)
        return texts or (hasattr(x, "columns") and hasattr(x, "to_numpy"))

    def values(self, records: Any) -> np.ndarray:
        """Return records in the user's units; raise `ValueError` for a record that is not of this kind."""
        return np.asarray(records)

    def matches(self, values: np.ndarray, where: Mapping[str, str]) -> np.ndarray:
        """Return which examples, in the user's units, have these values in these columns, bool (n,).

        Raises:
            ValueError: a kind without columns, an unknown column, or a value that the column cannot have.
        """
        raise ValueError(f"expected a model of tables, whose columns have names, got one of {self.name}")

    def read(self, path: Path) -> np.ndarray:
        """Return the examples in a file, which another generator may have written, in the user's units.

        Raises:
            ValueError: another ending than `readers` has, or content that does not fit.
        """
        if path.suffix not in self.readers:
            known = " or ".join(self.readers) or "none"
            raise ValueError(f"expected a file of {self.name} ending in {known}, got {path}")
        return self.values(getattr(self, self.readers[path.suffix])(path))

    def text(self, values: np.ndarray) -> str:
        """Return examples as the content of a file with the ending `text_suffix`."""
        raise TypeError(f"{type(self).__name__} must define text(values)")

    # Networks

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans of the last axis of an example; () for one `activation` for all entries."""
        return ()

    @property
    def noise(self) -> int:
        """Entries of a latent vector that decide the choices of the softmax spans."""
        return math.prod(self.shape[:-1]) * count_choices(self.spans)

    def shape_fix(self, found: Sequence[int | None]) -> str:
        """Write the code that turns a batch `{x}` of shape `found` into a batch of this shape.

        Return "" if none is known.
        """
        return ""

    def thumbnails(self, x):
        """Return examples (n, *shape) as the doctor compares them: a tensor of n rows of moderate size."""
        return self.hardened(x) if self.spans else x

    # Metrics

    def default_metrics(self, num_classes: int) -> list[str]:
        """Return the default metrics of a run by name; `num_classes` is 0 without labels."""
        return []

    def metric_refusal(self, protocol, metric, data: str) -> str | None:
        """Return why a metric cannot be computed from such examples; None if it can.

        By default a metric suits if it names this kind, or if it compares the features `/encoded`.

        Args:
            protocol: of the metric (`tfgan.metrics.Protocol`), which may name an extractor of features.
            metric: the metric; its `reads` names the fields that it uses.
            data: whose examples, for the message.
        """
        if protocol.features == ENCODED:
            return (
                None
                if "features" in metric.reads
                else f"expected no features, as {protocol.metric!r} reads {data} itself"
            )
        if self.name in metric.kinds:
            return f"expected no features of {data}; write {protocol.metric!r}" if protocol.features else None
        if "features" not in metric.reads:
            return f"expected a metric of {self.name}, got one of {' and '.join(metric.kinds)}"
        return f"expected the features {ENCODED!r}, as in {dataclasses.replace(protocol, features=ENCODED).name()!r}"

    def stand_ins(self, count: int) -> np.ndarray:
        """Return legal examples (count, *shape) that cost next to no memory, to try a metric on."""
        raise TypeError(f"{type(self).__name__} must define stand_ins(count)")

    # Previews and files

    def preview(
        self, samples: np.ndarray, reference: np.ndarray | None = None, columns: int | None = None
    ) -> np.ndarray:
        """Draw examples.

        Args:
            samples: n examples in the user's units.
            reference: m real examples in the same units, where previews show some; None for the samples
                themselves.
            columns: of a grid of tiles; None for about a square.

        Returns:
            uint8 pixels (height, width, 1 or 3).
        """
        return self.preview_batches([samples], len(samples), reference=reference, columns=columns)

    def preview_batches(
        self,
        batches: Iterable[np.ndarray],
        count: int,
        *,
        reference: np.ndarray | None = None,
        columns: int | None = None,
    ) -> np.ndarray:
        """Draw `count` examples that come in batches; arguments and pixels as in `preview`.

        Raises:
            ValueError: more examples than one picture holds.
        """
        raise TypeError(f"{type(self).__name__} must define preview_batches")

    def write(self, path: Path, suffix: str, batches: Iterable[np.ndarray], seeds: np.ndarray) -> None:
        """Write generated examples to a file.

        Args:
            path: of the file.
            suffix: the ending of its final name, one of `writers`.
            batches: examples in the user's units.
            seeds: int64 (n,), of each example.

        Raises:
            ValueError: another ending, or more examples than the file can show.
        """
        if suffix not in self.writers:
            raise ValueError(
                f"expected a name ending in {' or '.join(self.writers)} for {self.name}, got {suffix!r}"
            )
        getattr(self, self.writers[suffix])(path, batches, seeds)

    def write_png(self, path: Path, batches: Iterable[np.ndarray], seeds: np.ndarray) -> None:
        """Write a preview of all examples."""
        from tfgan.core import images

        try:
            pixels = self.preview_batches(batches, len(seeds))
        except ValueError as error:
            raise ValueError(f"{error}; use a name ending in .npz, or fewer --seeds") from None
        path.write_bytes(images.encode_png(pixels))

    def write_npz(self, path: Path, batches: Iterable[np.ndarray], seeds: np.ndarray) -> None:
        """Write examples and seeds as `np.savez_compressed` would, one batch in memory at a time."""
        batches = iter(batches)
        first = next(batches)
        header = {
            "descr": np.lib.format.dtype_to_descr(first.dtype),
            "fortran_order": False,
            "shape": (len(seeds), *first.shape[1:]),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(f"{self.array}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array_header_1_0(file, header)
                for batch in itertools.chain([first], batches):
                    file.write(np.ascontiguousarray(batch).data)
            with archive.open("seeds.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, seeds, allow_pickle=False)

    # Exported models

    def signatures(self) -> dict[str, Signature]:
        """Return the signatures that generate: "serving_default" takes latents, each other one takes seeds."""
        examples = Signature({self.output: Output(self.limits, self.unit)}, lambda x: {self.output: x})
        return {"serving_default": examples, "sample": examples}

    def inputs(self) -> dict[str, Input]:
        """Return the arguments of a signature that reads examples, by name."""
        return {self.output: Input("float32", self.shape, self.expected, self.limits, self.unit)}

    def from_inputs(self, tensors: Mapping[str, Any]):
        """Return the tensor of examples, in the user's units, that the arguments `inputs` describe.

        It adds assertions to the graph where an argument may be illegal in a way that `legal` does not see.
        """
        return tensors[self.output]

    def from_outputs(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return examples in the user's units from the outputs of "serving_default", by name."""
        return outputs[self.output]

    def to_inputs(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Return the arguments `inputs` for examples in the user's units, by name."""
        return {self.output: values}

    # Records of runs

    def to_json(self) -> dict[str, Any]:
        """Return the fields beside shape and units as plain JSON values."""
        return {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name not in ("shape", "units")
        }

    @classmethod
    def from_json(cls, shape: tuple[int, ...], units: Units, learned: Mapping[str, Any]) -> Kind:
        """Return the kind whose fields `to_json` gave; lists become tuples."""
        return cls(shape, units, **{name: _frozen(value) for name, value in learned.items()})


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value
