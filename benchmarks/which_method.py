"""The study behind docs/which-method.md: `python benchmarks/which_method.py [NAME...]`.

Each part is one command of `tfgan.compare`: a GAN and its rivals on one data set, for equal processor time. `--speed`
prints the processor time of a step of each method, by which the steps were chosen; `--list` prints the commands,
`--table NAME` a part as Markdown, `--page docs/which-method.md` writes the tables into the page, `--folder` keeps run
folders and reports, and `--picture FILE` puts samples of the kept seed-0 runs side by side.
"""

import csv
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import cells

RESULTS = Path(__file__).with_suffix(".jsonl")
METHODS = ("gan", "mmd", "drifting", "flow:steps=4")
FEWER_OR_MORE = ("flow:steps=1", "flow:steps=16")  # sampled with the weights of flow:steps=4
DRAWN = (*METHODS, "flow:steps=16")
SAMPLES = 10_000
# Fixed, so that new defaults of the data set do not change the study
OF_DIGITS = (
    "--dataset=digits --network=dcgan --width=128 --g_optimizer=adam:lr=5e-4 --d_optimizer=adam:lr=5e-4"
    " --ema_half_life=10000 --penalty=r1"
)
OF_POINTS = "modes"
OF_IMAGES = "fid_1600/digits_cnn,precision_recall_1k/digits_cnn,density_coverage_1k/digits_cnn"
MODES = {
    "modes": "modes",
    "high quality %": "high_quality",
    "width": "width",
    "reverse KL": "reverse_kl",
}
IMAGES = {
    "FID": "fid_1600/digits_cnn",
    "precision": "precision_1k/digits_cnn",
    "recall": "recall_1k/digits_cnn",
    "coverage": "coverage_1k/digits_cnn",
}


@dataclasses.dataclass(frozen=True)
class Part:
    """A comparison on one data set.

    Attributes:
        flags: of `tfgan.compare`, less methods and seeds.
        steps: of each method.
        columns: scores to tabulate, by heading.
    """

    flags: str
    steps: Mapping[str, int]
    columns: Mapping[str, str]

    @property
    def command(self):
        """What is run after the interpreter, less the folder."""
        methods, steps = ",".join(METHODS), ",".join(str(self.steps[name]) for name in METHODS)
        own = [f"--methods={methods}", f"--method_steps={steps}", "--seeds=3"]
        return ["-m", "tfgan.compare", *own, *self.flags.split()]


PARTS = {
    "ring8": Part(
        f"--recipe=ring8 --metrics={OF_POINTS}",
        {"gan": 5500, "mmd": 11_500, "drifting": 7500, "flow:steps=4": 13_500},
        MODES,
    ),
    "grid25": Part(
        f"--recipe=grid25 --metrics={OF_POINTS}",
        {"gan": 5000, "mmd": 10_500, "drifting": 7000, "flow:steps=4": 11_000},
        MODES,
    ),
    "digits": Part(
        f"{OF_DIGITS} --metrics={OF_IMAGES}",
        {"gan": 5500, "mmd": 11_500, "drifting": 7500, "flow:steps=4": 10_000},
        IMAGES,
    ),
}


def key(line):
    """Return (part, method, seed) of a line of results."""
    return line["part"], line["method"], line["seed"]


def lines(name, folder):
    """Read the results of a part's runs from the folder of its comparison."""
    with (folder / "results.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    found = []
    for row in rows:
        facts = {"part": name, "method": row["method"], "seed": int(row["seed"]), "state": row["state"]}
        facts |= {"steps": int(row["step"]), "seconds": round(float(row["processor_seconds"]))}
        run, chosen = run_folder(folder, row), PARTS[name].columns.values()
        own = {score: float(row[score]) for score in chosen if row.get(score)}
        found.append({**facts, "sampling": time_to_sample(open_with(run)[1]), "scores": own})
        for method in FEWER_OR_MORE if row["method"].startswith("flow") else ():
            source, model = open_with(run, method)
            scores = score(source, model, list(chosen))
            found.append({**facts, "method": method, "sampling": time_to_sample(model), "scores": scores})
    return found


def open_with(run, method=None):
    """Return the data and the model of a run, sampled by another number of Euler steps if a method says so."""
    from tfgan.runs import build
    from tfgan.runs import folder as folder_lib

    config, source, model = build.open_run(str(run))
    if method is not None:
        model = build.build_gan(dataclasses.replace(config, method=method), source)
        model.load_weights(folder_lib.list_checkpoints(run)[0])
    return source, model


def score(source, model, names):
    """Return figures of a model by the metrics of its part, as the runs computed theirs."""
    from tfgan.evaluation import sampler, scorer

    metrics = OF_POINTS if "modes" in names else OF_IMAGES
    scores = scorer.build_scorer(source, metrics.split(","))(sampler.from_gan(model, source.kind))
    return {name: float(scores[name]) for name in names if scores.get(name) is not None}


def run_folder(folder, row):
    """Return the run folder of a line of results.csv."""
    from tfgan.comparison.study import Cell, Contender

    contender = Contender(row["loss"], row["penalty"], row["method"])
    return folder / "runs" / Cell(row["dataset"], contender, int(row["seed"])).name


def time_to_sample(model):
    """Return the processor milliseconds for 1,000 samples of a model, in batches of 1,000, after a first one."""
    import tensorflow as tf

    latents = tf.random.stateless_normal((1000, model.latent_dim), (0, 0))
    model.generate(latents)
    began = time.process_time()
    for _ in range(SAMPLES // 1000):
        model.generate(latents).numpy()
    return round(1e6 * (time.process_time() - began) / SAMPLES, 2)


def speeds(name, steps=300):
    """Return the processor milliseconds of a step of each method, over `steps` steps after as many others."""
    import tensorflow as tf
    from absl import flags

    from tfgan import compare
    from tfgan.cli import flags as flags_lib
    from tfgan.cli import recipes
    from tfgan.runs import build
    from tfgan.runs import config as config_lib

    values = flags.FlagValues()
    flags.DEFINE_string("flagfile", None, "", flag_values=values)
    flags_lib.define_flags(compare.CompareFlags, values)
    values(["command", *recipes.expand_recipes(PARTS[name].command[2:])])
    study = compare._build_study(flags_lib.from_flags(compare.CompareFlags, values))
    found = {}
    for cell in study.cells[: len(study.contenders)]:
        method = cell.contender.method
        config = config_lib.resolve(study.config(cell))
        source = build.open_source(config)
        config = build.fill_network(config, source)
        model = build.build_gan(config, source)
        model.steps_per_execution = config.steps_per_call
        batches = build.batches(config, source, tf.distribute.get_strategy(), 0, config.steps_per_call)
        for _ in range(2):
            began = time.process_time()
            model.fit(batches, epochs=1, steps_per_epoch=steps, verbose=0, check_values=False)
        found[method] = round(1000 * (time.process_time() - began) / steps, 3)
    return found


def table(name):
    """Return a part as a Markdown table: values by seed, steps, processor seconds and the time to sample."""
    columns = PARTS[name].columns
    rows = [
        f"| {name} | {' | '.join(columns)} | examples seen, thousands | processor, s | 1,000 samples, ms |",
        "|---" * (len(columns) + 4) + "|",
    ]
    runs = {}
    for line in cells.read(RESULTS, key).values():
        if line["part"] == name:
            runs.setdefault(line["method"], []).append(line)
    for method, found in runs.items():
        found = sorted(found, key=lambda line: line["seed"])
        scores = [
            cells.shown([line["scores"].get(score) for line in found], heading)
            for heading, score in columns.items()
        ]
        seen = found[0]["steps"] * (64 if name == "digits" else 256) // 1000
        seconds, sampling = (
            statistics.median(line[field] for line in found) for field in ("seconds", "sampling")
        )
        rows.append(f"| `{method}` | {' | '.join(scores)} | {seen:,} | {seconds:.0f} | {sampling:.1f} |")
    return "\n".join(rows)


def page(text):
    """Return a Markdown page with today's table behind each `<!-- table: NAME -->`."""
    return cells.page(text, table)


def draw(folder, file):
    """Write samples of the seed-0 runs of each kept part, a row a part, a column a method."""
    import numpy as np

    from tfgan.core import files, images
    from tfgan.evaluation import sampler

    rows = []
    for name in PARTS:
        row = []
        with (folder / name / "results.csv").open() as stream:
            kept = {line["method"]: line for line in csv.DictReader(stream) if line["seed"] == "0"}
        for method in DRAWN:
            own = method if method in kept else "flow:steps=4"
            source, model = open_with(run_folder(folder / name, kept[own]), method if own != method else None)
            kind, count = source.kind, 1500 if source.kind.preview_shows_reals else 36
            made = sampler.from_gan(model, kind).by_seed(np.arange(count))
            row.append(_shrink(np.asarray(kind.preview_batches([made], count, reference=made))))
        rows.append(np.concatenate(row, axis=1))
    files.write_bytes(file, images.encode_png(np.concatenate(rows)))


def _shrink(tile, side=152):
    """Return a picture uint8 (side, side, 3) of few gray levels and colors, which compress well, with a white border."""
    import numpy as np
    import tensorflow as tf

    tile = tile if tile.ndim == 3 else tile[..., None]
    tile = np.repeat(tile, 3, axis=2) if tile.shape[2] == 1 else tile
    small = tf.image.resize(tile, (side - 8, side - 8), "area").numpy()
    return np.pad(np.uint8(np.round(small / 51) * 51), ((4, 4), (4, 4), (0, 0)), constant_values=255)


def main():
    """Run, list, time or print parts."""
    flags = [
        ("--list", {"action": "store_true", "help": "print the command of each part"}),
        (
            "--speed",
            {"action": "store_true", "help": "print the processor milliseconds of a step of each method"},
        ),
        ("--folder", {"type": Path, "help": "keep the comparisons here"}),
        ("--picture", {"type": Path, "help": "write samples of the comparisons in --folder, and stop"}),
    ]
    options = cells.asked(__doc__, PARTS, table, flags)
    if options and options.picture:
        draw(options.folder, options.picture)
        return
    for name in options.names if options else ():
        if options.list:
            print("python", *PARTS[name].command)
            continue
        if options.speed:
            print(name, json.dumps(speeds(name)), flush=True)
            continue
        with tempfile.TemporaryDirectory() as aside:
            folder = (options.folder or Path(aside)) / name
            subprocess.run(
                [sys.executable, *PARTS[name].command, f"--out={folder}", "--workers=1"], check=True
            )
            for line in lines(name, folder):
                cells.add(RESULTS, line)


if __name__ == "__main__":
    main()
