"""Generate samples from a trained model: `python -m tfgan.generate --saved_model=... --seeds=0-63`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tfgan import kinds
from tfgan.cli import command
from tfgan.core.options import FilePath, PositiveInt
from tfgan.runs.config import option

RAREST = 1000  # one row in so many must meet --where
FEWEST_DRAWN = 20_000  # rows before a condition counts as too rare; 1 in 500 is refused with probability 2e-4


@dataclasses.dataclass(frozen=True)
class GenerateFlags:
    """Flags of tfgan.generate: the model, the seeds and conditions, and the output file."""

    saved_model: FilePath | None = option(
        None, "exported model, <name>/<version>, or <name> for its newest version", "Model"
    )
    run_dir: FilePath | None = option(
        None, "run folder, or a checkpoint in one, in place of --saved_model", "Model"
    )
    seeds: str = option(
        "0-63", "seeds, one sample each: int64 numbers and ranges, such as 0-63, 1,5,8-9 or -5--1", "Output"
    )
    labels: str | None = option(
        None,
        "classes of the samples, repeated over the seeds, such as 3 or 0-9 (default: seed modulo number of classes)",
        "Output",
    )
    codes: str | None = option(
        None, "InfoGAN codes of all samples, comma-separated (default: drawn from each seed)", "Output"
    )
    where: tuple[str, ...] = option(
        (),
        "COLUMN=VALUE, repeatable: rows of a table with this value, of the first seeds that give such rows",
        "Output",
    )
    out: FilePath = option(
        "samples.png",
        "output file: .png (a picture), .npz (arrays), or .csv, .txt, .fa for tables and series, texts, sequences",
        "Output",
    )
    batch: PositiveInt = option(
        256, "samples per pass; the memory depends on it, and not on the number of seeds", "Output"
    )


def main(flags: GenerateFlags) -> int:
    """Generate the samples of the seeds and write them to a file; return the exit status."""
    with command.checking_input():
        if (flags.saved_model is None) == (flags.run_dir is None):
            raise ValueError("--saved_model: expected it or --run_dir, and not both")
        out = Path(flags.out)
        if out.suffix not in kinds.suffixes():
            raise ValueError(
                f"--out: expected a name ending in {' or '.join(kinds.suffixes())}, got {flags.out!r}"
            )
        command.load_tensorflow()
        from tfgan.core import files
        from tfgan.evaluation import sampler as sampler_lib

        seeds = sampler_lib.parse_seeds(flags.seeds)
        if flags.run_dir:
            from tfgan.runs import build

            _, source, gan = build.open_run(flags.run_dir, opening=False)
            sampler = sampler_lib.from_gan(gan, source.kind)
        else:
            sampler, _ = sampler_lib.from_saved_model(flags.saved_model)
        rows = _parse_rows(flags, sampler.condition, len(seeds))
        if flags.where and rows is not None:
            raise ValueError("--where: expected no --labels or --codes beside it, got both")
        if flags.where:
            seeds, batches = _draw_where(sampler, parse_where(flags.where), seeds, flags.batch)
        else:
            batches = sampler.batches_by_seed(seeds, rows, flags.batch)
        with files.atomic(out) as aside:
            _write_samples(sampler.kind, aside, out.suffix, batches, seeds)
    print(f"{len(seeds)} samples: {out}")
    return command.DONE


def _parse_rows(flags: GenerateFlags, given, count: int):
    """Return the labels or codes for G, one row for each of `count` seeds, or None without these flags.

    Args:
        flags: the flags.
        given: the condition that G takes in addition to latents, or None.
        count: number of seeds.

    Raises:
        ValueError: both flags are set, a flag cannot be parsed, or G does not take it or its values.
    """
    if flags.labels is not None and flags.codes is not None:
        raise ValueError("--labels: expected it or --codes, and not both")
    name = "labels" if flags.labels is not None else "codes"
    if (text := getattr(flags, name)) is None:
        return None
    rows = _parse_values(name, text, count)
    if given is None:
        raise ValueError(
            f"--{name}: expected a model that takes {name}, got one without a condition; leave it out"
        )
    if given.name != name:
        way_out = f"use --{given.name}={given.example}"
        raise ValueError(
            f"--{name}: expected a model that takes {name}, got one that takes {given.name}; {way_out}"
        )
    try:
        return given.validate(rows, count)
    except ValueError as error:
        raise ValueError(f"--{error}; for example --{name}={given.example}") from None


def parse_where(texts) -> dict[str, str]:
    """Return the value of each column; raise `ValueError` for a text that is no COLUMN=VALUE."""
    pairs = [text.partition("=") for text in texts]
    for name, equals, value in pairs:
        if not (name and equals):
            raise ValueError(f"--where: expected COLUMN=VALUE, got {name + equals + value!r}")
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def _draw_where(sampler, where, seeds, batch: int):
    """Return the first seeds, from the first one on, whose examples match, and these examples in batches.

    Args:
        sampler: of the model.
        where: value by column.
        seeds: their number is the number of examples.
        batch: examples made at a time.

    Raises:
        ValueError: as `Kind.matches` does, or fewer than one match in 1,000 examples.
    """
    import numpy as np

    chosen, made, drawn = [], [], 0
    while sum(map(len, chosen)) < len(seeds):
        candidates = seeds[0] + drawn + np.arange(batch)
        values = sampler.by_seed(candidates)
        try:
            fits = sampler.kind.matches(values, where)
        except ValueError as error:
            raise ValueError(f"--where: {error}") from None
        drawn += batch
        chosen.append(candidates[fits])
        made.append(values[fits])
        found = sum(map(len, chosen))
        if drawn >= FEWEST_DRAWN and found * RAREST < drawn:
            raise ValueError(
                f"--where: expected a condition that at least 1 in {RAREST} rows meets, got {found} of {drawn}; "
                "train on a table of such rows"
            )
    print(f"{found} of {drawn} rows meet the condition ({found / drawn:.1%})")
    return np.concatenate(chosen)[: len(seeds)], [np.concatenate(made)[: len(seeds)]]


def _parse_values(name: str, text: str, count: int):
    """Parse --labels or --codes to one row for each of `count` seeds; raise `ValueError` if that fails."""
    import numpy as np

    from tfgan.evaluation import sampler as sampler_lib

    if name == "labels":
        return np.resize(sampler_lib.parse_seeds(text, name), count)
    try:
        return np.tile(np.array([float(value) for value in text.split(",")], np.float32), (count, 1))
    except ValueError:
        raise ValueError(f"--codes: expected comma-separated numbers, got {text!r}") from None


def _write_samples(kind, path: Path, suffix: str, batches, seeds) -> None:
    """Write samples in the format of their kind; raise `ValueError` that names --out if the kind refuses."""
    try:
        kind.write(path, suffix, batches, seeds)
    except ValueError as error:
        raise ValueError(f"--out: {error}") from None


if __name__ == "__main__":
    command.run(main, GenerateFlags, "Generate samples from an exported model or a run.")
