"""What networks, conditions and remedies do, over seeds: `python benchmarks/studies.py [NAME...]`.

A study is a list of variants of one command; a cell is a variant and a seed, one run of `tfgan.train` of at
most ten minutes. Each finished cell is a line of studies.jsonl, and is not run again: stop and start as you
like. `--list` says what there is and what is missing, `--table NAME` prints a study as Markdown, `--page
docs/networks.md` writes the tables into the page, `--again` runs cells that are there anew, `--folder` keeps
the runs.
"""

import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import cells

RESULTS = Path(__file__).with_suffix(".jsonl")


@dataclasses.dataclass(frozen=True)
class Study:
    """Variants of a command.

    Attributes:
        flags: the flags that all variants share.
        variants: further flags by the name of the variant.
        columns: scores to tabulate, by heading; a number in [0, 1] under a heading with "%" is shown in
            percent.
        seeds: the seeds that each variant is trained with.
        metrics: further metrics of each run, as for `tfgan.evaluate`.
        programs: by variant, a file beside this one that runs in place of `-m tfgan.train` and takes the same
            flags.
    """

    flags: str
    variants: Mapping[str, str]
    columns: Mapping[str, str]
    seeds: tuple[int, ...] = (0, 1, 2)
    metrics: str = ""
    programs: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def cells(self, name):
        """Return (study, variant, seed) of each cell."""
        return [(name, variant, seed) for seed in self.seeds for variant in self.variants]

    def command(self, variant, seed):
        """Return the flags of one cell."""
        return f"{self.flags} {self.variants[variant]} --seed={seed}".split()


MODES = {"modes": "modes", "high quality %": "high_quality", "reverse KL": "reverse_kl", "width": "width"}
CLUSTERS = {
    "cluster accuracy %": "cluster_accuracy",
    "NMI": "nmi",
    "k-means accuracy %": "k_means_cluster_accuracy",
    "k-means NMI": "k_means_nmi",
    "correlation 1": "code_correlation_1",
    "correlation 2": "code_correlation_2",
}
CLASSIFIERS = {
    "K+1 GAN": "",
    "alone": "--penalty=none --penalty=feature_matching:alone=true",
    "supervised": "",
}
ACCURACY = {"test accuracy %": "accuracy", "best on the way %": "best_accuracy"}
CLASSES = {"classes": "classes", "largest share %": "largest_share", "confidence": "mean_confidence"}
SCORES = {"FID": "fid_10k/fashion_cnn", "KID": "kid_2k/fashion_cnn", "recall": "recall_2k/fashion_cnn"}
SCORED = "fid_10k/fashion_cnn,kid_2k/fashion_cnn,precision_recall_2k/fashion_cnn"
STACKED = {
    "modes": "modes",
    "reverse KL": "reverse_kl",
    "of reals": "real_reverse_kl",
    "of even draws": "uniform_reverse_kl",
    "classifier %": "classifier_accuracy",
}
SHALLOW = "--dataset=digits --network=dcgan --width=128 --g_lr=5e-4 --d_lr=5e-4"  # without extra layers
CURED = {"rpgan, r1, r2": "", "plain": "--loss=nonsat --penalty=none"}
CAPPED = "--penalty=none --penalty=slope_cap:weight=1 --lr_hold=0.6 --lr_end=0.05 --ema_half_life=500"

# Steps of equal processor seconds on one core, 165 to 170, by benchmarks/projected.py
SNGAN = "--network=dcgan:spectral_norm=true --steps=3000"
FAST = "--g_lr=1e-3 --d_lr=1e-3"
PROJECTED = f"--discriminator=projected:side=32 --augment=diffaugment {FAST} --steps=1200"
TABLES = {
    "SDMetrics report": "quality_10k",
    "shapes": "column_shapes_10k",
    "pairs, all": "pairs_10k",
    "detection AUC": "detection_10k/detection_auc",
    "AUC trained on synthetic": "tstr_auc_30k",
    "copies": "copies_10k",
}
WORDS = {
    **{f"JS{n}": f"js{n}_10k" for n in (1, 2, 3, 4)},
    "known %": "known_strings_10k",
    "held out": "held_out_strings_10k",
    "distinct %": "distinct_10k",
}
BASES = {
    **{f"JS{n}": f"js{n}_10k" for n in (3, 4, 5, 6)},
    "GC": "gc_mean_10k",
    "deviation of GC": "gc_deviation_10k",
}
RETURNS = {
    "W1 of 1 day": "w1_1_5k",
    "5 days": "w1_5_5k",
    "20 days": "w1_20_5k",
    "sizes' ACF": "acf_sizes_5k",
    "leverage": "leverage_5k",
    "kurtosis": "kurtosis_5k",
}
FOREIGN = {"FID": "fid_10k/fashion_cnn", "KID": "kid_2k/fashion_cnn"}
FEW = "--dataset=fashion_mnist --num_examples=500 --loss=hinge --width=32"

STUDIES = {
    "ring8": Study("--recipe=ring8", {**CURED, "rpgan, slope_cap": CAPPED}, MODES, seeds=(0, 1, 2, 3, 4)),
    "grid25": Study("--recipe=grid25", CURED, MODES, seeds=(0, 1, 2, 3, 4)),
    "infogan": Study("--recipe=infogan", {"digits": ""}, CLUSTERS, seeds=(0, 1, 2, 3, 4)),
    "r3gan": Study("--recipe=r3gan", {"digits": ""}, CLASSES),
    "sn_resnet": Study(
        "--dataset=digits --network=sn_resnet --loss=hinge --width=16 --steps=1500", {"digits": ""}, CLASSES
    ),
    "r3gan_fashion": Study(
        "--recipe=r3gan_fashion", {"fashion_mnist": ""}, SCORES, seeds=(0,), metrics=SCORED
    ),
    "grid100": Study(
        "--recipe=grid100 --eval_every=5000",
        {**CURED, "plain, without waves": f"{CURED['plain']} --network=mlp:depth=4,d_depth=3,d_width=128"},
        MODES,
    ),
    "infogan_fashion": Study(
        "--recipe=infogan_fashion",
        {"fashion_mnist": ""},
        CLUSTERS | {"recall": "recall_2k/fashion_cnn"},
        seeds=(0, 1, 2, 3, 4),
        metrics="precision_recall_2k/fashion_cnn",
    ),
    "classify": Study("--recipe=classify", CLASSIFIERS, ACCURACY, programs={"supervised": "supervised.py"}),
    "classify_fashion": Study(
        "--recipe=classify_fashion", CLASSIFIERS, ACCURACY, programs={"supervised": "supervised.py"}
    ),
    "augment": Study(
        "--dataset=fashion_mnist --network=dcgan --loss=nonsat --num_examples=500 --width=32 --steps=3000",
        {"none": "", "diffaugment": "--augment=diffaugment", "ada": "--augment=ada:rise_images=100000"},
        SCORES | {"overfitting": "overfitting"},
        metrics=SCORED,
    ),
    "classes": Study(
        "--recipe=classes",
        {"concat": "--condition=concat", "projection": "", "acgan": "--condition=acgan"},
        {"agreement %": "label_agreement", "confidence": "mean_confidence"},
    ),
    "energies": Study(
        f"{SHALLOW} --steps=3000",
        {
            "ebgan": "--loss=ebgan",
            "began": "--loss=began",
            "began, faster balance": "--loss=began:gamma=0.7,k_rate=0.01 --g_lr=1e-4 --d_lr=1e-4",
        },
        CLASSES,
    ),
    "packing": Study(
        "--dataset=grid25 --loss=nonsat --steps=10000",
        {
            "nonsat": "",
            "--pack=2": "--pack=2",
            "--pack=4": "--pack=4",
            "--pack=2, as many packs": "--pack=2 --batch_size=512",
            "minibatch deviation": "--network=mlp:minibatch_deviation=true",
            "spectral norm": "--network=mlp:spectral_norm=true",
        },
        MODES,
    ),
    "stacked": Study(
        "--recipe=stacked",
        {
            "nonsat": "",
            "nonsat --pack=2": "--pack=2",
            "rpgan, r1, r2": "--loss=rpgan --penalty=r1 --penalty=r2 --steps=3200",
        },
        STACKED,
    ),
    "garments": Study(
        "",
        {
            "WGAN-GP": "--recipe=wgan_gp",
            "SNGAN": "--recipe=sngan",
            "rpgan, r1, r2": "--recipe=rpgan",
            "R3GAN": "--recipe=rpgan --network=r3gan:blocks=1 --width=8 --g_lr=5e-4 --d_lr=5e-4 --steps=700",
        },
        SCORES,
        metrics=SCORED,
    ),
    "adult": Study(
        "--recipe=table",
        {"rpgan, r1, r2": ""},
        TABLES,
        metrics="quality,detection,tstr,missing,validity,copies,membership",
    ),
    "health": Study(
        "--recipe=health",
        {"rpgan, r1, r2": ""},
        TABLES,
        metrics="quality,detection,tstr:target=health,missing,validity,copies,membership",
    ),
    "words": Study("--recipe=words", {"conv1d": ""}, WORDS, metrics="ngram_js,strings"),
    "chloroplast": Study("--recipe=chloroplast", {"conv1d": ""}, BASES, metrics="kmer_js,gc"),
    "wti": Study("--recipe=series", {"rpgan, r1, r2": ""}, RETURNS, metrics="stylized_facts"),
    "projected_tries": Study(
        FEW,
        {
            "side 32, rates 2e-4": "--discriminator=projected:side=32 --augment=diffaugment --steps=1200",
            "side 64, rates 2e-4": "--discriminator=projected:side=64 --augment=diffaugment --steps=460",
            "side 32, rates 1e-3": PROJECTED,
        },
        FOREIGN,
        seeds=(0,),
        metrics="fid_10k/fashion_cnn,kid_2k/fashion_cnn",
    ),
    "projected_few": Study(
        FEW,
        {
            "SNGAN": SNGAN,
            "SNGAN, with diffaugment and rates 1e-3": f"--network=dcgan:spectral_norm=true --augment=diffaugment {FAST} --steps=2800",
            "projected": PROJECTED,
        },
        FOREIGN,
        metrics="fid_10k/fashion_cnn,kid_2k/fashion_cnn",
    ),
    "projected_full": Study(
        "--dataset=fashion_mnist --loss=hinge --width=32",
        {"SNGAN": SNGAN, "projected": PROJECTED},
        FOREIGN,
        metrics="fid_10k/fashion_cnn,kid_2k/fashion_cnn",
    ),
    # 150 processor seconds at 64x64; the folder is written by `python benchmarks/photo_crops.py /tmp/photo_crops`
    "projected_photos": Study(
        "--dataset=folder:/tmp/photo_crops --image_size=64 --loss=hinge --width=16",
        {
            "SNGAN": "--network=dcgan:spectral_norm=true --steps=500",
            "projected": f"--discriminator=projected:side=32 --augment=diffaugment {FAST} --steps=440",
        },
        {"KID": "kid_1k/random_cnn"},
        metrics="kid_1k/random_cnn",
    ),
}


def key(line):
    """Return (study, variant, seed) of a line of results."""
    return line["study"], line["variant"], line["seed"]


def read():
    """Return the lines of results; of two for one cell, the later."""
    return cells.read(RESULTS, key)


def run(name, variant, seed, folder):
    """Train one cell and return its line: flags, minutes, last step and scores; with the exit status if that is not 0."""
    flags = STUDIES[name].command(variant, seed)
    run_dir = Path(folder) / f"{name}-{variant}-s{seed}".replace(" ", "_").replace(",", "").replace("/", "_")
    other = STUDIES[name].programs.get(variant)
    program = ["-m", "tfgan.train"] if other is None else [str(Path(__file__).with_name(other))]
    command = [sys.executable, *program, *flags, f"--run_dir={run_dir}", "--noexport"]
    began, used = time.monotonic(), processor_seconds()
    ended = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    )
    line = {
        "study": name,
        "variant": variant,
        "seed": seed,
        "flags": flags,
        "minutes": round((time.monotonic() - began) / 60, 2),
        "processor_s": round(processor_seconds() - used),
    }
    if ended.returncode:
        return line | {"status": ended.returncode, "error": ended.stderr.strip().splitlines()[-1:]}
    result = json.loads((run_dir / "evaluation.json").read_text())
    if STUDIES[name].metrics:
        evaluate = [
            sys.executable,
            "-m",
            "tfgan.evaluate",
            f"--run_dir={run_dir}",
            f"--metrics={STUDIES[name].metrics}",
        ]
        result["scores"] |= json.loads(
            subprocess.run(evaluate, capture_output=True, text=True, check=True).stdout
        )["scores"]
    return line | {"step": result["step"], "scores": result["scores"]}


def processor_seconds():
    """Return the processor seconds of all programs that this one has run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(name):
    """Return a study as a Markdown table: each score's values by seed, or median and range of more than three."""
    study, lines = STUDIES[name], read()
    written = {
        variant
        for variant in study.variants
        if any(cell in lines for cell in study.cells(name) if cell[1] == variant)
    }
    rows = [
        f"| {name} | seeds | {' | '.join(study.columns)} | minutes |",
        "|---" * (len(study.columns) + 3) + "|",
    ]
    for variant in (variant for variant in study.variants if variant in written):
        found = [lines[cell] for cell in study.cells(name) if cell[1] == variant and cell in lines]
        good = [line for line in found if "scores" in line]
        failed = f" ({len(found) - len(good)} failed)" if len(good) < len(found) else ""
        scores = [
            cells.shown([line["scores"].get(score) for line in good], heading)
            for heading, score in study.columns.items()
        ]
        minutes = cells.shown([line["minutes"] for line in found], "minutes")
        rows.append(
            f"| {variant} | {', '.join(str(line['seed']) for line in found)}{failed} | {' | '.join(scores)} | {minutes} |"
        )
    return "\n".join(rows)


def page(text):
    """Return a Markdown page with today's table behind each `<!-- table: NAME -->`."""
    return cells.page(text, table)


def main():
    """Run, list or print studies."""
    flags = [
        ("--list", {"action": "store_true", "help": "say which cells there are and which are missing"}),
        ("--again", {"action": "store_true", "help": "run cells that are there anew"}),
        ("--variant", {"help": "run only this variant"}),
        ("--folder", {"help": "keep the run folders here"}),
    ]
    options, known = cells.asked(__doc__, STUDIES, table, flags), read()
    for name in options.names if options else ():
        for cell in STUDIES[name].cells(name):
            there = cell in known
            if options.list:
                print("there  " if there else "missing", *cell, sep="  ")
            elif (options.again or not there) and options.variant in (None, cell[1]):
                with tempfile.TemporaryDirectory() as aside:
                    line = run(*cell, options.folder or aside)
                cells.add(RESULTS, line)


if __name__ == "__main__":
    main()
