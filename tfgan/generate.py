"""Make pictures or points from a trained model: `python -m tfgan.generate --saved_model=... --seeds=0-63`."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

from tfgan import command
from tfgan._options import FilePath
from tfgan.config import option


@dataclasses.dataclass(frozen=True)
class GenerateFlags:
    """What to generate from, and where to."""

    saved_model: FilePath | None = option(None, "exported model, <name>/<version> or <name>", "Model")
    run_dir: FilePath | None = option(None, "run folder or a checkpoint in one, as an alternative", "Model")
    seeds: str = option("0-63", "one picture a seed: numbers and ranges, such as 0-63 or 1,5,8-9", "Output")
    labels: str | None = option(None, "classes, one a seed and over again, such as 3 or 0-9; by default seed modulo classes", "Output")
    codes: str | None = option(None, "an InfoGAN's codes for all seeds: numbers with commas; by default each seed's own", "Output")
    out: FilePath = option("samples.png", ".png for a grid (a scatter plot for points), .npz for the arrays", "Output")


def main(flags: GenerateFlags) -> int:
    """Write the samples of the given seeds."""
    with command.checking_input():
        if (flags.saved_model is None) == (flags.run_dir is None):
            raise ValueError("--saved_model: expected it or --run_dir, and not both")
        out = Path(flags.out)
        if out.suffix not in (".png", ".npz"):
            raise ValueError(f"--out: expected a name ending in .png or .npz, got {flags.out!r}")
        command.load_tensorflow()
        from tfgan import _files, sampling

        seeds = sampling.parse_seeds(flags.seeds)
        sampler = sampling.from_run(flags.run_dir) if flags.run_dir else sampling.from_saved_model(flags.saved_model)[0]
        samples = sampler.by_seed(seeds, _rows(flags, sampler.given, len(seeds)))
        _files.write_bytes(out, _png(samples) if out.suffix == ".png" else _npz(samples, seeds))
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
        return given.checked(rows, count)
    except ValueError as error:
        raise ValueError(f"--{error}; say --{name}={given.example} or the like") from None


def _read(name: str, text: str, count: int):
    """Return what --labels or --codes says, a row for each of `count` seeds; raise `ValueError` where it cannot be read."""
    import numpy as np

    from tfgan import sampling

    if name == "labels":
        return np.resize(sampling.parse_seeds(text, name), count)
    try:
        return np.tile(np.array([float(value) for value in text.split(",")], np.float32), (count, 1))
    except ValueError:
        raise ValueError(f"--codes: expected numbers with commas between, got {text!r}") from None


def _png(samples) -> bytes:
    from tfgan import _pictures

    return _pictures.png(_pictures.scatter(samples, samples) if samples.ndim == 2 else _pictures.grid(samples))


def _npz(samples, seeds) -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.savez_compressed(stream, **{"points" if samples.ndim == 2 else "images": samples}, seeds=seeds)
    return stream.getvalue()


if __name__ == "__main__":
    command.run(main, GenerateFlags, "Generate samples from an exported model or a run.")
