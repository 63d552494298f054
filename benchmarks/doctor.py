"""What the doctor says of runs that fail and of runs that go well: `python benchmarks/doctor.py [NAME...]`.

A cell is a case and a seed, one short run of `tfgan.train` on `ring8` or `digits`. Each finished cell is a
line of doctor.jsonl, and is not run again: stop and start as you like. `--list` says what there is and what
is missing, `--table` prints the confusion table as Markdown, `--page docs/doctor.md` writes it into the page,
`--again` runs cells that are there anew, `--record` trains the cases that tests replay and writes the
doctor's signals (about 12 minutes on two cores), `--cost` measures the doctor's share of the time of a
default run instead.
"""

import argparse
import ast
import contextlib
import dataclasses
import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import cells
import numpy as np

RESULTS = Path(__file__).with_suffix(".jsonl")
RECORDED = Path(__file__).parents[1] / "tests" / "callbacks" / "doctor" / "recorded"
COMMON = "--log_every=50 --noexport"
RING8 = "--dataset=ring8 --width=32 --steps=2000"
DIGITS = "--dataset=digits --network=dcgan --width=32 --g_lr=5e-4 --d_lr=5e-4 --steps=1500"
TURNING = "--loss=wgan --penalty=wgan_gp --beta_1=0.9 --lr_schedule=constant"
FEW = "--network=dcgan --latent_dim=32 --width=32 --g_lr=5e-4 --d_lr=5e-4 --batch_size=32 --steps=2000"


@dataclasses.dataclass(frozen=True)
class Case:
    """A way to train.

    Attributes:
        group: row of the table.
        flags: of the command; {one} and {fifty} are files of one digit repeated and of fifty digits.
        expected: the diagnosis that is due, or None.
        within: steps in which it is.
        seeds: of its runs.
    """

    group: str
    flags: str
    expected: str | None = None
    within: int = 0
    seeds: tuple[int, ...] = (0, 1)

    @property
    def steps(self):
        """The last step: of two flags, the later."""
        return int(re.findall(r"--steps=(\d+)", self.flags)[-1])


def _good(group, flags, ring8="", digits=""):
    """Return a healthy case on both data sets."""
    return {
        f"{group} ring8": Case(group, f"{RING8} {flags} {ring8}", seeds=(0,)),
        f"{group} digits": Case(group, f"{DIGITS} {flags} {digits}", seeds=(0,)),
    }


OVERTRAINED = "D overtrained under minimax"
CASES = {
    "overtrained ring8": Case(
        OVERTRAINED,
        f"{RING8} --loss=minimax --d_steps=5 --d_lr=5e-3 --steps=1000",
        "vanishing_gradients",
        1000,
    ),
    "overtrained digits": Case(
        OVERTRAINED,
        f"{DIGITS} --loss=minimax --d_steps=5 --d_lr=2e-3 --g_lr=5e-5 --steps=1000",
        "vanishing_gradients",
        1000,
    ),
    "frozen G ring8": Case("G frozen", f"{RING8} --g_lr=1e-12 --steps=600", "vanishing_gradients", 500),
    "frozen G digits": Case("G frozen", f"{DIGITS} --g_lr=1e-12 --steps=600", "vanishing_gradients", 500),
    "frozen D ring8": Case("D frozen", f"{RING8} --d_lr=1e-12 --steps=600", "dead_discriminator", 500),
    "frozen D digits": Case("D frozen", f"{DIGITS} --d_lr=1e-12 --steps=600", "dead_discriminator", 500),
    "one image": Case("data of one image", f"--dataset=npz:{{one}} {FEW} --steps=600", "mode_collapse", 200),
    "lr x 100 nonsat": Case(
        "rates x 100", f"{RING8} --penalty=r1 --g_lr=0.1 --d_lr=0.1 --steps=1000", "divergence", 1000
    ),
    "lr x 100 wgan": Case(
        "rates x 100",
        f"{RING8} --loss=wgan --penalty=wgan_gp --g_lr=0.1 --d_lr=0.1 --steps=1000",
        "divergence",
        1000,
    ),
    "lr x 100 digits": Case(
        "rates x 100", f"{DIGITS} --penalty=r1 --g_lr=5e-2 --d_lr=5e-2 --steps=1000", "divergence", 1000
    ),
    "turning ring8": Case(
        "wgan, wgan_gp, one step of D, beta_1 of .9", f"{RING8} {TURNING}", "oscillation", 1000
    ),
    "fifty images": Case(
        "data of 50 images", f"--dataset=npz:{{fifty}} {FEW}", "discriminator_overfitting", 2000
    ),
    **_good("logistic: nonsat", "--loss=nonsat", ring8="--penalty=r1"),
    **_good("logistic, zero-sum: minimax, r1", "--loss=minimax --penalty=r1"),
    **_good("least squares: lsgan", "--loss=lsgan"),
    **_good("Wasserstein: wgan, wgan_gp", "--loss=wgan --penalty=wgan_gp", ring8="--d_steps=5"),
    **_good("hinge", "--loss=hinge", ring8="--penalty=r1"),
    **_good("relativistic: rpgan, r1, r2", "--loss=rpgan --penalty=r1 --penalty=r2"),
    **_good("relativistic average: ragan, r1", "--loss=ragan --penalty=r1"),
    **_good("f-divergence: fgan_js, r1", "--loss=fgan_js --penalty=r1"),
    **_good("kernel: cramer", "--loss=cramer"),
    **_good("contrastive: dual_contrastive, r1", "--loss=dual_contrastive --penalty=r1"),
    "packs": Case("packs of two: nonsat", f"{DIGITS} --pack=2", seeds=(0,)),
    "classes": Case(
        "classes given: hinge, projection", f"{DIGITS} --loss=hinge --condition=projection", seeds=(0,)
    ),
    "codes": Case("codes: InfoGAN", f"{DIGITS} --info_categorical=10 --info_continuous=2", seeds=(0,)),
}
REPLAYED = (
    *(name for name, case in CASES.items() if case.expected),
    *("logistic: nonsat digits", "hinge ring8", "Wasserstein: wgan, wgan_gp digits", "packs"),
)
CELLS = [(name, seed) for name, case in CASES.items() for seed in case.seeds]


def write_files(folder):
    """Write the files of one digit, 512 times, and of fifty digits; return their paths by name."""
    from sklearn.datasets import load_digits

    images = np.round(load_digits().images * 255 / 16).astype(np.uint8)[..., None]
    chosen = np.random.default_rng(0).permutation(len(images))[:50]
    files = {"one": np.repeat(images[:1], 512, axis=0), "fifty": images[chosen]}
    for name, content in files.items():
        np.savez(Path(folder) / f"{name}.npz", images=content)
    return {name: Path(folder) / f"{name}.npz" for name in files}


def run(name, seed, folder):
    """Train one cell; return its line: flags, minutes, and the step and name of each diagnosis; with the exit status if not 0."""
    flags = f"{COMMON} {CASES[name].flags.format(**write_files(folder))} --seed={seed}".split()
    run_dir = Path(folder) / "run"
    began = time.monotonic()
    command = [sys.executable, "-m", "tfgan.train", *flags, f"--run_dir={run_dir}"]
    ended = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    )
    plain = CASES[name].flags.split()
    line = {
        "case": name,
        "seed": seed,
        "flags": plain,
        "minutes": round((time.monotonic() - began) / 60, 2),
        "status": ended.returncode,
    }
    if not (run_dir / "metrics.jsonl").exists():
        return line | {"error": ended.stderr.strip().splitlines()[-1:]}
    records = [json.loads(text) for text in (run_dir / "metrics.jsonl").read_text().splitlines()]
    said = [
        [record["step"], record["diagnosis"], record["evidence"]]
        for record in records
        if "diagnosis" in record
    ]
    scores = {
        tag: value
        for record in records
        for tag, value in record.items()
        if tag.startswith("metrics/") and "share" not in tag
    }
    return line | {"last_step": records[-1]["step"], "diagnoses": said, "scores": scores}


def record(name, folder):
    """Train a case and write its signals, an interval a line, for tests to replay; the first line says how they were made."""
    import gzip

    line = run(name, 0, folder)
    if not ended_well(CASES[name], line):
        raise RuntimeError(f"{name}: expected a run to its end, got {line}")
    records = [json.loads(text) for text in (Path(folder) / "run" / "metrics.jsonl").read_text().splitlines()]
    by_step = {}
    for one in records:
        values = {
            tag: None if value is None else float(f"{value:.6g}")
            for tag, value in one.items()
            if is_signal(tag)
        }
        if values:
            by_step.setdefault(one["step"], {"step": one["step"]}).update(values)
    about = {
        "case": name,
        "flags": line["flags"],
        "doctor": doctor_digest(),
        "scaled": is_scaled(CASES[name].flags),
        "single": name == "one image",
    }
    RECORDED.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(each) for each in (about, *by_step.values()))
    with gzip.GzipFile(recorded(name), "wb", mtime=0) as file:
        file.write(text.encode())


def recorded(name):
    """Return the file of a case's signals."""
    return RECORDED / f"{re.sub('[^a-z0-9]+', '_', name.lower())}.jsonl.gz"


def is_signal(tag):
    """Return whether the doctor's rules read a logged scalar."""
    from tfgan.callbacks.doctor import signals

    return tag in signals.FIELD_OF


def is_scaled(flags):
    """Return whether the objective of these flags has a scale, as the doctor finds it."""
    from tfgan import losses
    from tfgan.callbacks.doctor.doctor import facts_of

    found = re.findall(r"--loss=(\S+)", flags)
    return facts_of(losses.get(found[-1] if found else "nonsat")).scaled


def doctor_digest():
    """Return a digest of the doctor's code, its rules included and its words left out: other code needs new recordings."""
    from tfgan.callbacks import doctor

    digest = hashlib.sha256()
    for file in sorted(Path(doctor.__file__).parent.rglob("*.py")):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if (
                isinstance(body, list)
                and body
                and isinstance(body[0], ast.Expr)
                and isinstance(body[0].value, ast.Constant)
            ):
                body[0].value.value = ""
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:16]


def read():
    """Return the lines of results; of two for one cell, the later."""
    return cells.read(RESULTS, lambda line: (line["case"], line["seed"]))


def table(lines):
    """Return the confusion table as Markdown: a row a group, a column a diagnosis, how many runs were told it at least once.

    A group without a run has no row, and a run that did not end well is counted beside the others.
    """
    from tfgan.callbacks.doctor.diagnosis import NAMES

    headings = [name.replace("_", " ") for name in NAMES]
    rows = [
        f"| run | runs | {' | '.join(headings)} | nothing | due, in time |",
        "|---" * (len(NAMES) + 4) + "|",
    ]
    for group in dict.fromkeys(case.group for case in CASES.values()):
        found = [
            (CASES[name], lines[name, seed])
            for name, seed in CELLS
            if CASES[name].group == group and (name, seed) in lines
        ]
        every, found = found, [(case, line) for case, line in found if ended_well(case, line)]
        if not every:
            continue
        failed = f" ({len(every) - len(found)} more failed)" if len(found) < len(every) else ""
        counts = Counter(name for _, line in found for name in {said[1] for said in line["diagnoses"]})
        silent = sum(not line["diagnoses"] for _, line in found)
        told = [str(counts[name] or "") for name in NAMES]
        rows.append(
            f"| {group} | {len(found)}{failed} | {' | '.join(told)} | {silent or ''} | {_due(found)} |"
        )
    return "\n".join(rows)


def ended_well(case, line):
    """Return whether a run came to its last step, or diverged where that is due: status 3, with what was said up to there."""
    done = line["status"] == 0 and line.get("last_step") == case.steps
    return "diagnoses" in line and (done or (line["status"] == 3 and case.expected == "divergence"))


def page(text):
    """Return a Markdown page with today's table, and the number of cells."""
    text = re.sub(r"trains \d+ short runs", f"trains {len(CELLS)} short runs", text)
    return cells.page(text, lambda name: table(read()))


def _due(found):
    """Return the due diagnosis, the number of runs that got it in time, and the steps; "nothing" for good runs."""
    if not found or found[0][0].expected is None:
        return "nothing"
    firsts = [
        min((step for step, name, _ in line["diagnoses"] if name == case.expected), default=None)
        for case, line in found
    ]
    in_time = sum(
        first is not None and first <= case.within for first, (case, _) in zip(firsts, found, strict=True)
    )
    steps = ", ".join("never" if first is None else str(first) for first in firsts)
    return f"{found[0][0].expected.replace('_', ' ')}: {in_time} of {len(found)} (step {steps})"


def cost(dataset, steps):
    """Return the doctor's share of the time of a run, once the step is compiled: of the time between its first and its last look."""
    from tfgan import callbacks, train

    own, hooks, spent = callbacks.Doctor, ("on_train_batch_begin", "on_epoch_end"), []

    class Timed(callbacks.Doctor):
        began = None

        def _timed(self, hook, *arguments, **named):
            before = time.perf_counter()
            getattr(own, hook)(self, *arguments, **named)
            after = time.perf_counter()
            if self.began is not None:
                spent.append(after - before)
            if hook == "on_epoch_end":
                self.ended = after
                if self.began is None and int(self.model.state.step.numpy()) >= (self.every_steps or 0):
                    self.began = after
                Timed.share = (
                    sum(spent) / (self.ended - self.began) if self.began and self.ended > self.began else None
                )

    for hook in hooks:
        setattr(
            Timed, hook, lambda self, *arguments, hook=hook, **named: self._timed(hook, *arguments, **named)
        )
    callbacks.Doctor = Timed
    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(None):
            quiet = {"sample_every": steps, "save_every": steps, "export": False, "run_dir": f"{folder}/run"}
            train.main(train.TrainFlags(dataset=dataset, steps=steps, **quiet))
    finally:
        callbacks.Doctor = own
    return Timed.share


def main():
    """Run, list or print cells, or measure the cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases to run; by default all")
    parser.add_argument("--list", action="store_true", help="say which cells there are and which are missing")
    parser.add_argument("--table", action="store_true", help="print the confusion table as Markdown")
    parser.add_argument(
        "--page",
        metavar="FILE",
        type=Path,
        help="write the table behind the <!-- table: doctor --> of a page",
    )
    parser.add_argument("--again", action="store_true", help="run cells that are there anew")
    parser.add_argument(
        "--record", action="store_true", help="train the cases that tests replay, and write their signals"
    )
    parser.add_argument("--seed", type=int, help="run only this seed")
    parser.add_argument(
        "--cost", action="store_true", help="measure the doctor's share of the time on digits and ring8"
    )
    options = parser.parse_args()
    if options.table:
        return print(table(read()))
    if options.page:
        return options.page.write_text(page(options.page.read_text()))
    if options.cost:
        for dataset, steps in (("digits", 1200), ("ring8", 5000)):
            shares = [cost(dataset, steps) for _ in range(3)]
            print(
                f"{dataset}: {statistics.median(shares):.2%} of the time (of {', '.join(f'{share:.2%}' for share in shares)})"
            )
        return None
    if unknown := set(options.names) - set(CASES):
        parser.error(f"NAME: expected some of {', '.join(CASES)}, got {', '.join(sorted(unknown))}")
    if options.record:
        for name in options.names or REPLAYED:
            with tempfile.TemporaryDirectory() as folder:
                record(name, folder)
        return None
    known = read()
    for name, seed in CELLS:
        if options.list:
            print("there  " if (name, seed) in known else "missing", name, seed, sep="  ")
        elif (
            (options.again or (name, seed) not in known)
            and name in (options.names or CASES)
            and options.seed in (None, seed)
        ):
            with tempfile.TemporaryDirectory() as folder:
                line = run(name, seed, folder)
            cells.add(RESULTS, line)


if __name__ == "__main__":
    main()
