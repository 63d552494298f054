"""Draw samples from a run or from an exported model through one interface."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan import kinds
from tfgan.core import files, noise
from tfgan.kinds import Kind
from tfgan.models.arguments import Seeds
from tfgan.models.conditions import Codes, Condition, Labels, condition_from

BATCH = 256
EVALUATION_SEED = 1
MOST_SEEDS = 2**24  # in a range; more is taken for a slip
READS = {"classify": "probabilities", "recover": "codes", "score": "logits"}  # signature -> output


class Sampler:
    """Draw examples from a model, in the data's own units.

    Args:
        generate: maps latents, float32 (n, latent_dim), and the labels or codes of G, if any, to examples in
            the data's own units.
        latent_dim: entries of a latent vector.
        given: the condition of G, labels or codes; None for a G of latents only.
        kind: of the examples, needed to show or write them; else None.
        reads: functions of D on examples in the data's own units, by name: "score" (logits), "classify"
            (class probabilities (n, K)) or "recover" (codes (n, width)).
    """

    def __init__(
        self,
        generate: Callable[..., tf.Tensor],
        latent_dim: int,
        given: Condition | None,
        kind: Kind | None = None,
        reads=None,
    ):
        self._generate = generate
        self._latent_dim = latent_dim
        self.condition = given
        self.kind = kind
        self._reads = dict(reads or {})

    def __call__(self, count: int) -> np.ndarray:
        """Return `count` examples from the fixed noise of evaluations, (count, *shape)."""
        latents = noise.normal(noise.key(EVALUATION_SEED, "evaluation"), (count, self._latent_dim))
        return self._generate_rows(latents, None if self.condition is None else self._sample_condition(count))

    def labels(self, count: int) -> np.ndarray | None:
        """Return the labels of the `count` evaluation examples, int32 (count,); None if G takes no labels."""
        return self._sample_condition(count).numpy() if isinstance(self.condition, Labels) else None

    def by_seed(self, seeds: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
        """Return an example for each seed (n,), as `batches_by_seed` makes them."""
        return np.concatenate([*self.batches_by_seed(seeds, rows)])

    def batches_by_seed(
        self, seeds: np.ndarray, rows: np.ndarray | None = None, batch: int = BATCH
    ) -> Iterator[np.ndarray]:
        """Yield an example for each seed (n,), in batches of at most `batch`, so that memory does not grow with n.

        Args:
            seeds: int64 whole numbers; an example depends only on its seed and its row.
            rows: labels or codes, one for each seed; None to draw them from the seeds.
            batch: examples made at a time.

        Raises:
            ValueError: seeds that are not whole numbers, or rows that G does not take.
        """
        seeds = Seeds().validate(seeds)
        if rows is not None and self.condition is None:
            raise ValueError(
                "expected a model that is given labels or codes, got one that makes examples of latents alone"
            )
        if rows is not None:
            rows = self.condition.validate(rows, len(seeds))
        return self._batches(seeds, rows, batch)

    def _batches(self, seeds: tf.Tensor, rows: tf.Tensor | None, batch: int) -> Iterator[np.ndarray]:
        for start in range(0, max(len(seeds), 1), batch):
            part = slice(start, start + batch)
            own = None if rows is None else rows[part]
            if rows is None and self.condition is not None:
                own = self.condition.by_seed(seeds[part])
            yield self._generate_rows(noise.normal_by_seed(seeds[part], self._latent_dim), own, batch)

    def read(self, name: str, examples: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray | None:
        """Return D's output `name`, one of `READS`, for examples in the data's own units.

        Return None if D has no such output.

        A D that takes labels needs `labels` (n,); any other D ignores them.
        """
        if name not in self._reads:
            return None
        rows = (examples,) if labels is None else (examples, labels)
        parts = [[array[start : start + BATCH] for array in rows] for start in range(0, len(examples), BATCH)]
        return np.concatenate([self._reads[name](*part) for part in parts])

    def codes(self, count: int) -> np.ndarray | None:
        """Return the codes of the `count` evaluation examples, (count, width); None if G takes no codes."""
        return self._sample_condition(count).numpy() if isinstance(self.condition, Codes) else None

    def _sample_condition(self, count: int) -> tf.Tensor:
        return self.condition.sample(noise.Draws(EVALUATION_SEED, 0, 0), count)

    def _generate_rows(self, latents: tf.Tensor, rows: tf.Tensor | None, batch: int = BATCH) -> np.ndarray:
        parts = []
        for start in range(0, max(len(latents), 1), batch):
            part = slice(start, start + batch)
            parts.append(np.asarray(self._generate(latents[part], *(() if rows is None else (rows[part],)))))
        return np.concatenate(parts)


def from_gan(gan, kind: Kind | None = None) -> Sampler:
    """Return a sampler of a model's averaged generator (`gan.generate`), in the data's own units.

    Args:
        gan: the model.
        kind: of its data (`source.kind`); None for the kind that the shape of its examples tells.
    """
    kind = kind or kinds.of(gan.example_shape)

    def reading(read, takes_labels):
        return lambda x, labels=None: read(
            tf.constant(kind.encode(x)), *((labels,) if takes_labels else ())
        ).numpy()

    able = [name for name in READS if hasattr(gan, name) and (name != "score" or gan.has_score)]
    reads = {name: reading(getattr(gan, name), name == "score" and gan.discriminator_inputs) for name in able}
    return Sampler(
        lambda *inputs: kind.decode(gan.generate(*inputs).numpy()), gan.latent_dim, gan.condition, kind, reads
    )


def from_saved_model(path: str | Path) -> tuple[Sampler, dict[str, Any]]:
    """Return a sampler of an exported model, and its `tfgan.json`.

    Args:
        path: `<name>/<version>`, or `<name>` for the highest version.

    Raises:
        ValueError: `path` holds no exported model.
    """
    model, record = load_saved_model(path)
    serve, given = model.signatures["serving_default"], condition_from(record.get("given"))
    kind = kinds.from_json(record)

    def generate(latents, *rows):
        named = dict(zip([given.name] if given else [], rows, strict=True))
        outputs = serve(latents=latents, **named)
        return kind.from_outputs({name: output.numpy() for name, output in outputs.items()})

    def reading(signature, output):
        takes = signature.structured_input_signature[1]

        def read(x, labels=None):
            given = {"labels": tf.constant(labels, tf.int32)} if "labels" in takes else {}
            inputs = {name: tf.constant(part) for name, part in kind.to_inputs(x).items()}
            return signature(**inputs, **given)[output].numpy()

        return read

    reads = {
        name: reading(model.signatures[name], output)
        for name, output in READS.items()
        if name in model.signatures
    }
    return Sampler(generate, record["latent_dim"], given, kind, reads), record


def from_file(path: str | Path, kind: Kind) -> Sampler:
    """Return a sampler of the examples in a file, in its order, which another generator may have written.

    Raises:
        ValueError: a file that is not of this kind; or, when it is called, fewer examples than it should return.
    """
    path = files.expand_home(path)
    if not path.is_file():
        raise ValueError(
            f"--samples: expected a file, got {path}, which is {'a folder' if path.is_dir() else 'not there'}"
        )
    try:
        values = kind.read(path)
    except ValueError as error:
        raise ValueError(f"--samples: {error}") from None
    return FileSampler(values, kind)


class FileSampler(Sampler):
    """Draw the examples of a file: the first ones, without a model behind them.

    Args:
        values: the examples, in the user's units.
        kind: their kind.
    """

    def __init__(self, values: np.ndarray, kind: Kind):
        super().__init__(None, 0, None, kind)
        self._values = values

    def __call__(self, count: int) -> np.ndarray:
        if count > len(self._values):
            raise ValueError(
                f"--samples: expected at least {count} examples, which the metrics compare, got {len(self._values)}; set --num_samples"
            )
        return self._values[:count]


def load_saved_model(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """Load an exported model and its `tfgan.json`; raise `ValueError` when `path` holds none."""
    path = files.expand_home(path)
    versions = sorted(
        (child for child in path.glob("*") if child.name.isdigit()), key=lambda child: int(child.name)
    )
    if not (path / "saved_model.pb").exists() and versions:
        path = versions[-1]
    record = path / "assets.extra" / "tfgan.json"
    if not (path / "saved_model.pb").exists() or not record.exists():
        raise ValueError(
            f"--saved_model: expected a model that tfgan exported (<name>/<version>), got {path}"
        )
    return tf.saved_model.load(str(path)), json.loads(record.read_text(encoding="utf-8"))


def parse_seeds(text: str, flag: str = "seeds") -> np.ndarray:
    """Return the numbers that `"0-63"`, `"7"`, `"1,5,8-9"` or `"-5--1"` names, int64.

    Raises:
        ValueError: anything else.
    """
    seeds: list[np.ndarray] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(-?\d+)(?:-(-?\d+))?\s*", part)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            raise ValueError(
                f"--{flag}: expected numbers and ranges like 0-63, 1,5,8-9 or -5--1, got {text!r}"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if not -(2**63) <= first <= last < 2**63:
            raise ValueError(f"--{flag}: expected numbers from -2^63 to 2^63 - 1 (int64), got {part.strip()}")
        if last - first >= MOST_SEEDS:
            raise ValueError(f"--{flag}: expected ranges of at most {MOST_SEEDS} numbers, got {part.strip()}")
        seeds.append(first + np.arange(last - first + 1))
    return np.concatenate(seeds)
