"""Read the records and pictures of a run folder, step by step."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Moment:
    """Everything that a run recorded at one step.

    Attributes:
        step: number of finished steps.
        seconds: since the run began, over all of its processes.
        scalars: logged values and scores by tag; NaN for a value that was NaN or infinite.
        texts: notes of the doctor.
        pictures: `samples/*step_00001000.png` of this step, by TensorBoard's tags.
        digest: hash of the step, the scalars and the texts. It leaves out durations, so that it is the same
            after a run is resumed and repeats the step.
    """

    step: int
    seconds: float
    scalars: Mapping[str, float]
    texts: Sequence[str]
    pictures: Mapping[str, Path]
    digest: str


def read(folder: Path, offset: int = 0) -> tuple[list[Moment], int]:
    """Read the moments of a run, oldest first.

    Args:
        folder: of the run; one without `metrics.jsonl` has no moments.
        offset: byte of `metrics.jsonl` to begin at.

    Returns:
        The moments, and the byte after the last whole line.
    """
    file = folder / "metrics.jsonl"
    if not file.exists():
        return [], 0
    with open(file, "rb") as stream:
        stream.seek(offset)
        content = stream.read()
    whole = content[: content.rfind(b"\n") + 1]
    records = [json.loads(line) for line in whole.splitlines()]
    groups = itertools.groupby(records, key=lambda record: record["step"])
    return [_to_moment(folder, step, list(group)) for step, group in groups], offset + len(whole)


def _to_moment(folder: Path, step: int, records: list[dict]) -> Moment:
    """Merge the records of one step and find its pictures."""
    scalars, texts = {}, []
    for record in records:
        values = {tag: value for tag, value in record.items() if tag not in ("step", "seconds")}
        said = [value for value in values.values() if isinstance(value, str)]
        texts += ["; ".join(said)] * bool(said)
        scalars |= {tag: value for tag, value in values.items() if not isinstance(value, str)}
    repeated = {tag: value for tag, value in scalars.items() if not tag.startswith("speed/")}
    said = json.dumps([step, repeated, texts], sort_keys=True)
    ending = f"step_{step:08d}.png"
    return Moment(
        step,
        records[-1]["seconds"],
        {tag: math.nan if value is None else value for tag, value in scalars.items()},
        tuple(texts),
        {
            "_".join(filter(None, ("samples", file.name.removesuffix(ending).rstrip("_")))): file
            for file in sorted((folder / "samples").glob(f"*{ending}"))
        },
        hashlib.sha256(said.encode()).hexdigest()[:16],
    )
