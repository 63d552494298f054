"""Define a study: its cells are methods or objectives x penalties, on data sets x seeds, one training run each."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfgan import metrics
from tfgan.core import files
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config

RECORD = "study.json"
VARIED = ("method", "loss", "penalty", "dataset", "seed", "run_dir", "metrics")
GAN = "gan"  # the method whose contenders differ in losses and penalties
KEPT = ("steps", "eval_every", "keep_best", "patience")  # a continued run may change these; a study may not


@dataclasses.dataclass(frozen=True)
class Contender:
    """A contender of a comparison: an objective and its penalties, or a method without a discriminator.

    Attributes:
        loss: value of `--loss`; empty for a method without D.
        penalty: "none", or penalties joined by "+"; empty for a method without D.
        method: value of `--method`.
    """

    loss: str
    penalty: str = "none"
    method: str = GAN

    @property
    def label(self) -> str:
        """The name in tables."""
        if self.method != GAN:
            return self.method
        return self.loss if self.penalty == "none" else f"{self.loss} + {self.penalty.replace('+', ' + ')}"

    def flags(self) -> tuple[str, ...]:
        """Return the values of `--penalty`."""
        if self.method != GAN:
            return ()
        return ("none", *split_penalties(self.penalty)) if self.penalty != "none" else ("none",)


@dataclasses.dataclass(frozen=True)
class Cell:
    """One run of a study."""

    dataset: str
    contender: Contender
    seed: int

    @property
    def name(self) -> str:
        """The name of the run folder."""
        own = self.contender
        names = (own.loss, own.penalty) if own.method == GAN else (own.method,)
        parts = (self.dataset, *names, f"s{self.seed}")
        return "-".join(map(slugify, parts))


@dataclasses.dataclass(frozen=True)
class Study:
    """A comparison: its cells are all combinations of losses, penalties, data sets and seeds.

    Attributes:
        folder: folder of all outputs.
        losses, penalties, datasets: the varied settings; each penalty is "none", or one or several joined by
            "+".
        seeds: seeds of each contender on each data set.
        base: config that all runs share.
        metrics: names of metrics by data set; a data set without names takes the metrics that suit it.
        methods: ways to train G; "gan" stands for all losses and penalties.
        method_steps: number of steps of each method; empty for the steps of `base`.
    """

    folder: Path
    losses: tuple[str, ...]
    penalties: tuple[str, ...]
    datasets: tuple[str, ...]
    seeds: tuple[int, ...]
    base: Config
    metrics: Mapping[str, tuple[str, ...]]
    methods: tuple[str, ...] = (GAN,)
    method_steps: tuple[int, ...] = ()

    @property
    def contenders(self) -> list[Contender]:
        """All methods, "gan" as all pairs of objective and penalties."""
        pairs = [Contender(loss, penalty) for loss in self.losses for penalty in self.penalties]
        own = {method: pairs if method == GAN else [Contender("", "", method)] for method in self.methods}
        return [contender for members in own.values() for contender in members]

    @property
    def cells(self) -> list[Cell]:
        """All runs in training order: all contenders with the first seed, then with the next one."""
        of_seed = [(dataset, contender) for dataset in self.datasets for contender in self.contenders]
        return [Cell(dataset, contender, seed) for seed in self.seeds for dataset, contender in of_seed]

    def config(self, cell: Cell) -> Config:
        """Return the config of a cell's run."""
        steps = dict(zip(self.methods, self.method_steps, strict=bool(self.method_steps)))
        base = self.base
        if (
            cell.contender.method != GAN and GAN in self.methods
        ):  # D's flags are for the GANs among the contenders
            defaults = {flag: getattr(Config, flag) for flag in config_lib.OF_DISCRIMINATORS}
            base = dataclasses.replace(base, **defaults)
        return dataclasses.replace(
            base,
            steps=steps.get(cell.contender.method, self.base.steps),
            method=cell.contender.method,
            loss=cell.contender.loss or Config.loss,
            penalty=cell.contender.flags(),
            dataset=cell.dataset,
            seed=cell.seed,
            metrics=self.metrics.get(cell.dataset, ()),
            run_dir=str(self.run_dir(cell)),
        )

    def run_dir(self, cell: Cell) -> Path:
        """Return the folder of a cell's run."""
        return self.folder / "runs" / cell.name

    def log(self, cell: Cell) -> Path:
        """Return the file for the output of a cell's run."""
        return self.folder / "logs" / f"{cell.name}.txt"

    def outcome(self, cell: Cell) -> Path:
        """Return the file with the outcome of a cell's run."""
        return self.folder / "outcomes" / f"{cell.name}.json"

    def record(self) -> dict[str, Any]:
        """Return the settings that identify this study, as plain JSON values."""
        shared = {}
        for field in dataclasses.fields(self.base):
            value = getattr(self.base, field.name)
            if (
                field.name not in VARIED
                and (not field.metadata["free"] or field.name in KEPT)
                and value != field.default
            ):
                shared[field.name] = value
        lists = {name: list(getattr(self, name)) for name in ("losses", "penalties", "datasets", "seeds")}
        if self.methods != (GAN,):
            lists["methods"] = list(self.methods)
        if self.method_steps:
            shared["method_steps"] = dict(zip(self.methods, self.method_steps, strict=True))
        named = {dataset: list(names) for dataset, names in self.metrics.items()}
        return {**lists, "metrics": named, "flags": shared}


def to_flags(config: Config) -> list[str]:
    """Return the command-line flags of a config: one for each value that is not the default."""
    given = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value == field.default:
            continue
        if isinstance(value, bool):
            given.append(f"--{'' if value else 'no'}{field.name}")
        else:
            given += [f"--{field.name}={one}" for one in (value if isinstance(value, tuple) else (value,))]
    return given


def slugify(text: str) -> str:
    """Return a text with only such characters as a file name may have."""
    return re.sub(r"[^A-Za-z0-9_.+=]+", "-", text).strip("-")


def split_names(flag: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the names in comma-separated texts; raise `ValueError` for a repeated name."""
    names = tuple(metrics.naming.split(texts))
    if twice := [name for index, name in enumerate(names) if name in names[:index]]:
        raise ValueError(f"--{flag}: expected each name once, got {twice[0]!r} twice")
    return names


def split_steps(texts: Sequence[str], methods: Sequence[str]) -> tuple[int, ...]:
    """Return the steps of each method; raise `ValueError` unless there is one whole number above 0 for each."""
    parts = [part.strip() for text in texts for part in text.split(",")]
    if parts and (len(parts) != len(methods) or not all(part.isdigit() and int(part) for part in parts)):
        raise ValueError(
            f"--method_steps: expected {len(methods)} whole numbers above 0, one for each of {', '.join(methods)}, got {','.join(parts)}"
        )
    return tuple(map(int, parts))


def split_penalties(penalties: str) -> list[str]:
    """Split penalties at "+": "r1:gamma=1e+3+r2" gives ["r1:gamma=1e+3", "r2"]."""
    return re.split(r"\+(?=[A-Za-z_])", penalties)


def check(study: Study) -> None:
    """Check the flags of each cell, without data.

    Raises:
        ValueError: flags do not go together, or two cells have the same name.
    """
    names: dict[str, Cell] = {}
    for cell in study.cells:
        try:
            config_lib.resolve(study.config(cell))
        except ValueError as error:
            raise ValueError(f"{error} (in the run of {cell.dataset}, {cell.contender.label})") from None
        if (other := names.setdefault(cell.name, cell)) != cell:
            raise ValueError(
                f"expected a different name for each run, got {cell.name!r} for {other.contender.label} and {cell.contender.label}"
            )


def claim(study: Study) -> None:
    """Record this study in its folder, or check that the folder belongs to it.

    A folder of the same study with fewer objectives, penalties, data sets or seeds is extended.

    Raises:
        ValueError: the folder belongs to another study, or holds other files.
    """
    file, record = study.folder / RECORD, study.record()
    if file.exists():
        if changed := list_differences(json.loads(file.read_text(encoding="utf-8")), record):
            raise ValueError(
                f"--out: {study.folder} belongs to another study ({'; '.join(changed)}); use another --out or these values"
            )
    elif study.folder.is_dir() and any(study.folder.iterdir()):
        raise ValueError(
            f"--out: expected an empty folder or a study, got {study.folder} with other files in it"
        )
    files.write_json(file, record)


def list_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return one line per difference that prevents an extension of the study `before` to the study `now`."""
    lines = []
    for name in ("methods", "losses", "penalties", "datasets", "seeds"):
        without = [GAN] if name == "methods" else []
        there, here = before.get(name, without), now.get(name, without)
        if set(there) - set(here):
            lines.append(f"--{name}: {_join_values(there)} there, {_join_values(here)} here")
    for dataset in before.get("datasets", []):
        there, here = (record["metrics"].get(dataset, []) for record in (before, now))
        if there != here and dataset in now["datasets"]:
            lines.append(f"--metrics of {dataset}: {_join_values(there)} there, {_join_values(here)} here")
    flags = [
        config_lib.translate_old_flags(record.get("flags", {}))
        for record in (before, json.loads(json.dumps(now)))
    ]
    flags = [{name: value for name, value in each.items() if value is not None} for each in flags]
    for name in sorted(flags[0].keys() | flags[1].keys()):
        there, here = (each.get(name, "its default") for each in flags)
        if there != here:
            lines.append(f"--{name}: {there!r} there, {here!r} here")
    return lines


def _join_values(values: Sequence[Any]) -> str:
    return ",".join(map(str, values)) or "none"
