"""Make pictures or points from a trained model: `python -m tfgan.generate --saved_model=... --seeds=0-63`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tfgan import kinds
from tfgan.cli import command
from tfgan.core.options import FilePath, PositiveInt
from tfgan.runs.config import option


@dataclasses.dataclass(frozen=True)
class GenerateFlags:
    """What to generate from, and where to."""

    saved_model: FilePath | None = option(None, "exported model, <name>/<version>, or <name> for its newest version", "Model")
    run_dir: FilePath | None = option(None, "run folder, or a checkpoint in one, in place of --saved_model", "Model")
    seeds: str = option("0-63", "seeds, one sample each: int64 numbers and ranges, such as 0-63, 1,5,8-9 or -5--1", "Output")
    labels: str | None = option(
        None, "classes of the samples, repeated over the seeds, such as 3 or 0-9 (default: seed modulo number of classes)", "Output"
    )
    codes: str | None = option(None, "InfoGAN codes of all samples, comma-separated (default: drawn from each seed)", "Output")
    out: FilePath = option("samples.png", "output file: .png for a grid of images or a scatter plot of points, .npz for arrays", "Output")
    batch: PositiveInt = option(
        256, "samples generated at a time; sets the memory needed, which does not grow with the number of seeds", "Output"
    )


def main(flags: GenerateFlags) -> int:
    """Write the samples of the given seeds."""
    with command.checking_input():
        if (flags.saved_model is None) == (flags.run_dir is None):
            raise ValueError("--saved_model: expected it or --run_dir, and not both")
        out = Path(flags.out)
        if out.suffix not in kinds.suffixes():
            raise ValueError(f"--out: expected a name ending in {' or '.join(kinds.suffixes())}, got {flags.out!r}")
        command.load_tensorflow()
        from tfgan.core import files
        from tfgan.evaluation import sampler as sampler_lib

        seeds = sampler_lib.parse_seeds(flags.seeds)
        if flags.run_dir:
            from tfgan.runs import build

            _, source, gan = build.from_run(flags.run_dir, opening=False)
            sampler = sampler_lib.from_gan(gan, source.kind)
        else:
            sampler, _ = sampler_lib.from_saved_model(flags.saved_model)
        batches = sampler.batches_by_seed(seeds, _rows(flags, sampler.condition, len(seeds)), flags.batch)
        with files.atomic(out) as aside:
            _write(sampler.kind, aside, out.suffix, batches, seeds)
    print(f"{len(seeds)} samples: {out}")
    return command.DONE


def _rows(flags: GenerateFlags, given, count: int):
    """Return what G is given besides latents, a row for each of `count` seeds; None where no flag says.

    Raises:
        ValueError: both flags, one that cannot be read, or what a G that takes `given` is not or cannot be given.
    """
    if flags.labels is not None and flags.codes is not None:
        raise ValueError("--labels: expected it or --codes, and not both")
    name = "labels" if flags.labels is not None else "codes"
    if (text := getattr(flags, name)) is None:
        return None
    rows = _read(name, text, count)
    if given is None:
        raise ValueError(f"--{name}: expected a model that is given {name}, got one that makes examples of latents alone; leave it out")
    if given.name != name:
        way_out = f"use --{given.name}={given.example}"
        raise ValueError(f"--{name}: expected a model that is given {name}, got one that is given {given.name}; {way_out}")
    try:
        return given.validate(rows, count)
    except ValueError as error:
        raise ValueError(f"--{error}; say --{name}={given.example} or the like") from None


def _read(name: str, text: str, count: int):
    """Return what --labels or --codes says, a row for each of `count` seeds; raise `ValueError` where it cannot be read."""
    import numpy as np

    from tfgan.evaluation import sampler as sampler_lib

    if name == "labels":
        return np.resize(sampler_lib.parse_seeds(text, name), count)
    try:
        return np.tile(np.array([float(value) for value in text.split(",")], np.float32), (count, 1))
    except ValueError:
        raise ValueError(f"--codes: expected numbers with commas between, got {text!r}") from None


def _write(kind, path: Path, suffix: str, batches, seeds) -> None:
    """Write samples as their kind does; raise `ValueError` that names --out where it cannot."""
    try:
        kind.write(path, suffix, batches, seeds)
    except ValueError as error:
        raise ValueError(f"--out: {error}") from None


if __name__ == "__main__":
    command.run(main, GenerateFlags, "Generate samples from an exported model or a run.")
