"""Describe a data set: `python -m tfgan.data --dataset=csv:PATH`.

For a table it prints its columns as the JSON that `--schema` takes, and a line that counts them on stderr; for
another data set its shape, its number of examples and its classes. It trains nothing.
"""

from __future__ import annotations

import dataclasses
import json
import sys

from tfgan.cli import command
from tfgan.core.options import FilePath, PositiveInt
from tfgan.runs.config import option
from tfgan.runs.data_form import DataForm


@dataclasses.dataclass(frozen=True)
class DataFlags(DataForm):
    """Flags of `python -m tfgan.data`."""

    dataset: str | None = option(
        None, "data set, such as csv:patients.csv; --dataset= may be left out", "Data"
    )
    data_dir: FilePath | None = option(None, "folder of the data set's files", "Data")
    memory_budget_mib: PositiveInt = option(2048, "refuse tables above this size, in MiB", "Data")


def main(flags: DataFlags) -> int:
    """Print a data set's schema, or its shape and sizes, as JSON."""
    with command.checking_input():
        if flags.dataset is None:
            raise ValueError("--dataset: expected a data set, such as csv:patients.csv, got none")
        command.load_tensorflow()
        from tfgan import data

        source = data.open_source(
            flags.dataset,
            data_dir=flags.data_dir,
            memory_budget_mib=flags.memory_budget_mib,
            **flags.form(),
        )
        print(render(describe(source)))
        held_out = len(source.held_out_indices) if source.num_examples else None
        width = " x ".join(map(str, source.shape))
        print(
            f"{source.name}: {source.note or source.kind.name}; {source.num_examples or 'endless'} examples to train on, "
            f"{'any number' if held_out is None else held_out} held out; {width} numbers an encoded example",
            file=sys.stderr,
        )
    return command.DONE


def describe(source) -> dict:
    """Return a source as plain JSON values: the schema of a table, or shape and sizes."""
    if hasattr(source.kind, "to_schema"):
        return source.kind.to_schema()
    return {
        "kind": source.kind.name,
        "shape": list(source.shape),
        "examples": source.num_examples,
        "classes": source.num_classes,
    }


def render(record: dict) -> str:
    """Return a schema as JSON with a line for each entry of a list of columns or constraints.

    >>> print(render({"columns": [{"name": "age"}], "le": []}))
    {
      "columns": [
        {"name": "age"}
      ],
      "le": []
    }
    """
    lines = []
    for key, value in record.items():
        if isinstance(value, list) and any(isinstance(each, (dict, list)) for each in value):
            rows = ",\n".join(f"    {json.dumps(each, ensure_ascii=False)}" for each in value)
            text = f"[\n{rows}\n  ]"
        else:
            text = json.dumps(value, ensure_ascii=False)
        lines.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}"


def run() -> None:
    """Parse the command line and run `main`."""
    command.run(
        main,
        DataFlags,
        "Describe a data set: the columns of a table as the JSON that --schema takes, or the shape of others.",
        positional="dataset",
    )
