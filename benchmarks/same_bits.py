"""Train short runs on an older commit and on this tree, and compare everything they leave, bit for bit.

    python benchmarks/same_bits.py --against=COMMIT            # every case; about 12 minutes on two cores
    python benchmarks/same_bits.py --against=COMMIT points     # the cases whose name contains "points"
    python benchmarks/same_bits.py --list

A case is a line of flags for `python -m tfgan.train`, so that it says the same to every version of the
package. Compared are the last checkpoint (weights of G, D and the averaged G, the slots of both optimizers,
the saved scalars) and the logged scalars, without times. Two runs of one version on one machine agree bit for
bit; where a change reorders a sum, they do not, and the largest difference is printed beside the root mean
square of the array.

Each case runs in a process that is forked after TensorFlow's import, which saves some 5 seconds a run.
"""

import argparse
import io
import json
import os
import runpy
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
ALL = "--noexport --nodoctor --steps=4 --log_every=2 --save_every=4 --sample_every=4 --steps_per_call=1"
POINTS = "--dataset=ring8 --batch_size=32 --width=8 --noxla"
IMAGES = "--dataset=digits --metrics=kid_64/pixels --batch_size=16 --width=4 --latent_dim=4 --noxla"
TIMES = ("seconds", "speed/")  # logged, and different each time

OBJECTIVES = [
    "nonsat",
    "minimax",
    "lsgan",
    "lsgan_pm1",
    "wgan",
    "hinge:margin=2",
    "softplus_wasserstein",
    "rpgan",
    "rplsgan",
    "rphinge",
    "ragan",
    "ralsgan",
    "rahinge",
    "fgan_kl",
    "fgan_js",
    "ebgan",
    "began",
    "cramer",
    "mmd",
    "dual_contrastive",
]
PENALTIES = [
    "r1",
    "r2",
    "gp0",
    "wgan_gp",
    "wgan_lp",
    "dragan",
    "max_gp",
    "lecam",
    "drift",
    "zcr",
    "instance_noise",
    "clip",
    "mode_seeking",
    "feature_matching",
    "r1:every=2",
    "wgan_gp:every=2",
]

CASES = {
    **{f"points/loss/{loss}": f"{POINTS} --loss={loss}" for loss in OBJECTIVES},
    **{f"points/penalty/{penalty}": f"{POINTS} --loss=wgan --penalty={penalty}" for penalty in PENALTIES},
    "points/r1_r2": f"{POINTS} --loss=rpgan --penalty=r1 --penalty=r2",
    "points/d_steps": f"{POINTS} --loss=wgan --penalty=wgan_gp --d_steps=3",
    "points/simultaneous": f"{POINTS} --schedule=simultaneous --loss=rpgan --penalty=r1",
    "points/simultaneous_average": f"{POINTS} --schedule=simultaneous --loss=ragan --penalty=lecam",
    "points/simultaneous_micro_batch": f"{POINTS} --schedule=simultaneous --loss=ragan --micro_batch=8",
    "points/micro_batch": f"{POINTS} --loss=rpgan --penalty=r1 --micro_batch=8",
    "points/micro_batch_coupled": f"{POINTS} --loss=cramer --micro_batch=8",
    "points/pack": f"{POINTS} --pack=2 --penalty=r1",
    "points/pack_autoencoder": f"{POINTS} --pack=2 --loss=began",
    "points/replicas": f"{POINTS} --strategy=mirrored --replicas=2 --loss=rpgan --penalty=r1",
    "points/replicas_coupled": f"{POINTS} --strategy=mirrored --replicas=2 --loss=ragan --penalty=lecam --micro_batch=8",
    "points/replicas_simultaneous": f"{POINTS} --strategy=mirrored --replicas=2 --schedule=simultaneous --loss=nonsat",
    "points/recipe": "--recipe=ring8 --batch_size=32 --width=8 --noxla",
    "points/recipe_grid100": "--recipe=grid100 --batch_size=32 --width=8 --noxla",
    "points/schedules": f"{POINTS} --lr_schedule=cosine --beta_2_start=0.9 --ema_half_life=500 --ema_half_life_start=100 --clip_norm=1",
    "points/xla": f"{POINTS} --xla --loss=rpgan --penalty=r1 --penalty=r2",
    "images/dcgan": IMAGES,
    "images/dcgan_r1": f"{IMAGES} --penalty=r1:every=2",
    "images/replicas": f"{IMAGES} --strategy=mirrored --replicas=2",
    "images/replicas_local_norm": f"{IMAGES} --strategy=mirrored --replicas=2 --nosync_batch_norm",
    "images/sn_resnet": f"{IMAGES} --network=sn_resnet --loss=hinge",
    "images/r3gan": f"{IMAGES} --network=r3gan --width=16 --loss=rpgan --penalty=r1 --penalty=r2",
    "images/concat": f"{IMAGES} --condition=concat --penalty=r1",
    "images/projection": f"{IMAGES} --condition=projection --network=sn_resnet --loss=hinge",
    "images/acgan": f"{IMAGES} --condition=acgan",
    "images/infogan": f"{IMAGES} --info_categorical=10 --info_continuous=2",
    "images/classify": f"{IMAGES} --task=classify --labels_per_class=10",
    "images/diffaugment": f"{IMAGES} --augment=diffaugment --penalty=r1",
    "images/ada": f"{IMAGES} --augment=ada --penalty=r1",
    "images/bcr": f"{IMAGES} --penalty=bcr",
    "images/cr": f"{IMAGES} --penalty=cr --loss=hinge",
    "images/pack": f"{IMAGES} --pack=2 --network=dcgan:minibatch_deviation=true",
    "images/autoencoder": f"{IMAGES} --loss=ebgan --penalty=feature_matching",
    "images/bfloat16": f"{IMAGES} --precision=bfloat16",
    "images/few": f"{IMAGES} --num_examples=100 --augment=ada",
    "images/xla": f"{IMAGES} --xla --penalty=r1",
    "images/simultaneous": f"{IMAGES} --schedule=simultaneous --loss=hinge --penalty=r1 --d_steps=2",
}


def main() -> int:
    """Run the chosen cases on both trees and print one line each; return 1 if any differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="parts of names of cases; none for all")
    parser.add_argument("--against", help="commit that gives the reference")
    parser.add_argument(
        "--reference", type=Path, help="folder that keeps the reference's runs for the next call"
    )
    parser.add_argument("--list", action="store_true", help="print the cases and stop")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    chosen = {
        case: flags for case, flags in CASES.items() if any(name in case for name in arguments.names or [""])
    }
    if arguments.list:
        print("\n".join(f"{case:<36} {flags}" for case, flags in chosen.items()))
        return 0
    if arguments.worker:
        return train_all(arguments.worker, chosen)
    if not arguments.against:
        parser.error("--against: expected a commit, as in --against=HEAD~1")
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        reference = arguments.reference or work / "reference"
        older = work / "older"
        subprocess.run(
            ["git", "worktree", "add", "--detach", "--quiet", older, arguments.against], check=True, cwd=ROOT
        )
        try:
            start(older, reference, chosen)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", older], check=True, cwd=ROOT)
        for folder in ("tfgan", "launch"):  # a copy: edits made meanwhile do not count
            shutil.copytree(ROOT / folder, work / "tree" / folder)
        start(work / "tree", work / "now", chosen)
        return report(reference, work / "now", chosen)


def start(tree: Path, out: Path, cases: dict[str, str]) -> None:
    """Train all cases with the package of a tree; those that `out` holds already are left as they are."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "TF_CPP_MIN_LOG_LEVEL": "2", "TFGAN_CACHE": ""}
    subprocess.run(
        [sys.executable, __file__, "--worker", out.absolute(), *cases], check=True, cwd=tree, env=environment
    )


def train_all(out: Path, cases: dict[str, str]) -> int:
    """Train each case in a child of this process."""
    import keras  # noqa: F401
    import tensorflow as tf  # noqa: F401

    for case, flags in cases.items():
        run = out / case.replace("/", "-").replace(":", "-")
        if (run / "done").exists():
            continue
        run.mkdir(parents=True, exist_ok=True)
        child = os.fork()
        if child == 0:
            _train(run, flags)
        os.waitpid(child, 0)
    return 0


def _train(run: Path, flags: str) -> None:
    """Run the command as `python -m tfgan.train` would, with its output in a file, and end this process."""
    log = os.open(run / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = ["train", *shlex.split(flags), *shlex.split(ALL), f"--run_dir={run / 'run'}"]
    status = 1
    try:
        runpy.run_module("tfgan.train", run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        status = int(ending.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
    if status == 0:
        (run / "done").touch()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def report(reference: Path, now: Path, cases: dict[str, str]) -> int:
    """Print what differs; return 1 if anything does."""
    different = 0
    for case in cases:
        folder = case.replace("/", "-").replace(":", "-")
        sides = [side / folder for side in (reference, now)]
        if failed := [side for side in sides if not (side / "done").exists()]:
            lines = (failed[0] / "log.txt").read_text(errors="replace").strip().splitlines()
            found = f"FAILED on {'the reference' if failed[0] == sides[0] else 'this tree'}: {(lines or [''])[-1]}"
        else:
            found = difference(*(arrays(side / "run") for side in sides))
        different += found is not None
        print(f"{case:<36} {found or 'equal'}", flush=True)
    print(f"{len(cases) - different} of {len(cases)} equal, bit for bit")
    return int(bool(different))


def arrays(run: Path) -> dict[str, np.ndarray]:
    """Return every array of a run's last checkpoint and its logged scalars, by name."""
    import h5py

    found: dict[str, np.ndarray] = {}
    checkpoint = max((run / "checkpoints").glob("step_*.keras"))
    with (
        zipfile.ZipFile(checkpoint) as archive,
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights,
    ):
        weights.visititems(
            lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    found = {name: array for name, array in found.items() if np.size(array)}
    for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        scalars = {
            key: value
            for key, value in record.items()
            if isinstance(value, (int, float)) and not key.startswith(TIMES)
        }
        found |= {f"log/{record['step']}/{key}": np.float64(value) for key, value in scalars.items()}
    return found


def difference(old: dict[str, np.ndarray], new: dict[str, np.ndarray]) -> str | None:
    """Return a line that says how two runs differ, or None where they are equal."""
    if old.keys() != new.keys():
        return f"DIFFERENT names: {', '.join(sorted(old.keys() ^ new.keys())[:4])}"
    unequal = [
        name
        for name in old
        if old[name].shape != new[name].shape or not np.array_equal(old[name], new[name], equal_nan=True)
    ]
    if not unequal:
        return None

    def distance(name: str) -> float:
        scale = np.sqrt(np.mean(np.square(old[name], dtype=np.float64))) or 1.0
        return float(np.max(np.abs(np.subtract(old[name], new[name], dtype=np.float64))) / scale)

    furthest = max(unequal, key=distance)
    return f"DIFFERENT in {len(unequal)} of {len(old)} arrays; at most {distance(furthest):.1e} of the rms, in {furthest}"


if __name__ == "__main__":
    sys.exit(main())
