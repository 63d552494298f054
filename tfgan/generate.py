"""Make pictures or points from a trained model: `python -m tfgan.generate --saved_model=... --seeds=0-63`."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

from tfgan import command
from tfgan.config import option


@dataclasses.dataclass(frozen=True)
class GenerateFlags:
    """What to generate from, and where to."""

    saved_model: str | None = option(None, "exported model, <name>/<version> or <name>", "Model")
    run_dir: str | None = option(None, "run folder, as an alternative", "Model")
    seeds: str = option("0-63", "one picture a seed: numbers and ranges, such as 0-63 or 1,5,8-9", "Output")
    out: str = option("samples.png", ".png for a grid (a scatter plot for points), .npz for the arrays", "Output")


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
        sample = sampling.by_seed_from_run(flags.run_dir) if flags.run_dir else sampling.by_seed_from_saved_model(flags.saved_model)
        samples = sample(seeds)
        _files.write_bytes(out, _png(samples) if out.suffix == ".png" else _npz(samples, seeds))
    print(f"{len(seeds)} samples: {out}")
    return command.DONE


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
