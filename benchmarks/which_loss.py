"""The study behind docs/which-loss.md: `python benchmarks/which_loss.py [NAME...]`.

Each part is one command of `tfgan.compare`, which continues where it was stopped; what its runs came to is a
line each of which_loss.jsonl. `--list` prints the commands, `--table NAME` a part as Markdown, `--page
docs/which-loss.md` writes the tables into the page, `--folder` keeps run folders and reports.
"""

import csv
import dataclasses
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import cells

RESULTS = Path(__file__).with_suffix(".jsonl")
LOSSES = "nonsat,minimax,lsgan,wgan,hinge,softplus_wasserstein,rpgan,ragan,fgan_kl,fgan_reverse_kl,fgan_pearson,dual_contrastive"
MODES = {"modes": "modes", "high quality %": "high_quality", "reverse KL": "reverse_kl"}
SLOPE = "doctor/slope"


@dataclasses.dataclass(frozen=True)
class Part:
    """A comparison.

    Attributes:
        flags: of `tfgan.compare`.
        columns: scores to tabulate, by heading.
    """

    flags: str
    columns: Mapping[str, str]

    @property
    def command(self):
        """What is run after the interpreter, less the folder."""
        return ["-m", "tfgan.compare", *self.flags.split(), "--seeds=3"]


PARTS = {
    "digits": Part(
        f"--datasets=digits --losses={LOSSES} --penalties=none,r1 --network=dcgan --width=128 --g_lr=5e-4 --d_lr=5e-4"
        " --steps=1500 --eval_every=500"
        " --metrics=class_histogram,kid_1k/digits_cnn,precision_recall_1k/digits_cnn",
        {
            "classes": "classes",
            "largest share %": "largest_share",
            "KID": "kid_1k/digits_cnn",
            "precision": "precision_1k/digits_cnn",
            "recall": "recall_1k/digits_cnn",
        },
    ),
    "ring8": Part(
        f"--datasets=ring8 --losses={LOSSES} --penalties=none,r1 --steps=5000 --eval_every=1000 --metrics=modes",
        MODES,
    ),
    "grid25": Part(
        f"--datasets=grid25 --losses={LOSSES} --penalties=none --steps=5000 --eval_every=1000 --metrics=modes",
        MODES,
    ),
    "penalties": Part(
        "--datasets=grid25 --losses=nonsat,wgan --penalties=none,r1,r2,r1+r2,wgan_gp,lecam --steps=5000 --eval_every=1000 --metrics=modes",
        MODES,
    ),
    "critic": Part(
        "--datasets=grid25 --losses=wgan --penalties=wgan_gp --d_steps=5 --steps=5000 --eval_every=1000 --metrics=modes",
        MODES,
    ),
    "overtrained": Part(
        f"--datasets=ring8 --losses={LOSSES} --penalties=none --d_steps=5 --d_lr=5e-3 --steps=1000 --eval_every=500 --metrics=modes",
        {"slope": "slope"} | MODES,
    ),
    "fashion": Part(
        "--datasets=fashion_mnist --losses=nonsat,hinge,wgan,rpgan --penalties=r1 --network=dcgan --width=32 --steps=2000 --eval_every=1000"
        " --metrics=kid_2k/fashion_cnn,fid_10k/fashion_cnn,precision_recall_2k/fashion_cnn",
        {
            "FID": "fid_10k/fashion_cnn",
            "KID": "kid_2k/fashion_cnn",
            "precision": "precision_2k/fashion_cnn",
            "recall": "recall_2k/fashion_cnn",
        },
    ),
}


def key(line):
    """Return (part, objective, penalty, seed) of a line of results."""
    return line["part"], line["loss"], line["penalty"], line["seed"]


def lines(name, folder):
    """Read the results of a part's runs from the folder of its comparison."""
    with (folder / "results.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    scores = sorted(PARTS[name].columns.values())
    return [
        {
            "part": name,
            "loss": row["loss"],
            "penalty": row["penalty"],
            "seed": int(row["seed"]),
            "state": row["state"],
        }
        | {"minutes": round(float(row["processor_seconds"]) / 60, 2), "diagnoses": row["diagnoses"]}
        | {"scores": {score: float(row[score]) for score in scores if row.get(score)} | slope(folder, row)}
        for row in rows
    ]


def slope(folder, row):
    """Return how hard G's loss pulled at the last look, in units of its pull where D is undecided; nothing where it is unknown."""
    from tfgan.comparison.study import Cell, Contender

    run = (
        folder / "runs" / Cell(row["dataset"], Contender(row["loss"], row["penalty"]), int(row["seed"])).name
    )
    records = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    found = [record[SLOPE] for record in records if record.get(SLOPE) is not None]
    return {"slope": found[-1]} if found else {}


def table(name):
    """Return a part as a Markdown table: values by seed, what the doctor said, and the processor minutes of a run."""
    columns = PARTS[name].columns
    rows = [
        f"| {name} | penalty | {' | '.join(columns)} | the doctor said | minutes |",
        "|---" * (len(columns) + 4) + "|",
    ]
    runs = {}
    for line in cells.read(RESULTS, key).values():
        if line["part"] == name:
            runs.setdefault((line["loss"], line["penalty"]), []).append(line)
    for (loss, penalty), found in runs.items():
        found = sorted(found, key=lambda line: line["seed"])
        scores = [
            cells.shown([line["scores"].get(score) for line in found], heading)
            for heading, score in columns.items()
        ]
        minutes = cells.shown([line["minutes"] for line in found], "minutes")
        rows.append(
            f"| `{loss}` | {penalty.replace('+', ', ')} | {' | '.join(scores)} | {said(found)} | {minutes} |"
        )
    return "\n".join(rows)


def said(found):
    """Return each diagnosis with the number of runs that heard it, and of those that did not finish."""
    heard = Counter()
    for line in found:
        heard.update({one.split(" at ")[0].replace("_", " ") for one in line["diagnoses"].split("; ") if one})
        if line["state"] != "finished":
            heard[line["state"]] += 1
    return ", ".join(
        f"{name} {count}" for name, count in sorted(heard.items(), key=lambda item: (-item[1], item[0]))
    )


def page(text):
    """Return a Markdown page with today's table behind each `<!-- table: NAME -->`."""
    return cells.page(text, table)


def main():
    """Run, list or print parts."""
    flags = [
        ("--list", {"action": "store_true", "help": "print the command of each part"}),
        ("--folder", {"type": Path, "help": "keep the comparisons here"}),
    ]
    options = cells.asked(__doc__, PARTS, table, flags)
    for name in options.names if options else ():
        if options.list:
            print("python", *PARTS[name].command)
            continue
        with tempfile.TemporaryDirectory() as aside:
            folder = (options.folder or Path(aside)) / name
            subprocess.run([sys.executable, *PARTS[name].command, f"--out={folder}"], check=True)
            for line in lines(name, folder):
                cells.add(RESULTS, line)


if __name__ == "__main__":
    main()
