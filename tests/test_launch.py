"""What stands in launch/: recipes resolve, scripts and manifests are checked, and what they tell the workers is read back."""

import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from absl import flags

from tfgan import compare, train
from tfgan.cli import command
from tfgan.cli import flags as flags_lib
from tfgan.distributed import workers
from tfgan.runs import folder as folder_lib

ROOT = Path(__file__).parents[1]
LAUNCH = ROOT / "launch"
SCRIPTS = [
    LAUNCH / "multi_worker.sh",
    LAUNCH / "slurm.sbatch",
    LAUNCH / "compare.sbatch",
    ROOT / ".ci" / "run",
]
RECIPES = sorted(LAUNCH.glob("*.flags"))
MANIFESTS = sorted((LAUNCH / "kubernetes").glob("*.yaml"))
KUBERNETES = "1.33"  # Indexed Jobs with podFailurePolicy are stable from 1.31 on
FLAGS = ["--dataset=ring8", "--seed=3"]
LIMIT = 300


def run(*arguments, **variables):
    """Run a program without what a cluster has set."""
    clean = {
        key: value for key, value in os.environ.items() if key != "TF_CONFIG" and not key.startswith("SLURM")
    }
    return subprocess.run(
        [str(argument) for argument in arguments],
        env={**clean, **variables},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def tool(name, *arguments):
    """Run a checker that came with a package of the dev extra."""
    return run(Path(sysconfig.get_path("scripts")) / name, *arguments)


def objects():
    """Return every object of the manifests, by kind and name."""
    loaded = [each for path in MANIFESTS for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))]
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in loaded}


def stand_in(folder, name, lines):
    """Put a shell script in place of a program; return the PATH that finds it first."""
    file = folder / name
    file.write_text("#!/usr/bin/env bash\n" + lines)
    file.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


# Every file


@pytest.mark.parametrize(
    "path", [*RECIPES, *MANIFESTS, *SCRIPTS[:3], LAUNCH / "Dockerfile"], ids=lambda path: path.name
)
def test_a_header_says_what_it_costs_and_how_it_is_run(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = lines[1:] if lines[0].startswith("#!") else lines
    header = "\n".join(
        lines[
            : next(
                number
                for number, line in enumerate(lines)
                if not line.startswith("# ") and line[:9] != "#" + " " * 8
            )
        ]
    )
    assert all(f"# {word}: " in header for word in ("Cost", "Command"))


# Recipes


def dry_run(capsys, *arguments):
    """Return the resolved config that the command prints for these arguments, without a process of its own."""
    values = flags.FlagValues()
    flags.DEFINE_string("flagfile", None, "", flag_values=values)
    flags_lib.define_flags(train.TrainFlags, values)
    values(["train", *arguments, "--print_config"])
    assert train.main(flags_lib.from_flags(train.TrainFlags, values)) == command.DONE
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_resolves_to_what_it_says(path, capsys):
    resolved = dry_run(capsys, f"--flagfile={path}")
    for name in ("dataset", "loss"):
        assert re.findall(rf"^--{name}=(.*)$", path.read_text(), re.MULTILINE) == [resolved[name]]
    assert {"latent_dim", "batch_size", "steps"} <= {name for name, value in resolved.items() if value}


# Scripts


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(path):
    # SC1091: a file that is made as the script runs
    result = tool("shellcheck", "--shell=bash", "--exclude=SC1091", path)
    assert result.returncode == 0, result.stdout


def test_shellcheck_finds_something(tmp_path):
    stand_in(tmp_path, "bad", "rm -rf $1/x\n")
    assert "SC2086" in tool("shellcheck", tmp_path / "bad").stdout


@pytest.mark.parametrize("count", ["", "0", "two"])
def test_multi_worker_wants_a_number(count):
    result = run("bash", LAUNCH / "multi_worker.sh", count)
    assert (result.returncode, result.stderr[:6]) == (2, "usage:")


@pytest.mark.parametrize(
    ("ends", "status"), [((0, 0), 0), ((2, 0), 2), ((0, 3), 3), ((2, "sleep 100"), 2), (("sleep 100", 1), 1)]
)
def test_multi_worker_ends_with_the_first_failure_and_leaves_nobody_waiting(tmp_path, ends, status):
    """A worker that does not come is waited for: the others are told when its process has ended."""
    lines = [
        f"case $TF_CONFIG in *'\"index\": {index}}}}}') {end if isinstance(end, str) else f'exit {end}'} ;; esac\n"
        for index, end in enumerate(ends)
    ]
    path = stand_in(tmp_path, "python", "".join(lines))
    began = time.monotonic()
    result = run("bash", LAUNCH / "multi_worker.sh", 2, PATH=path, LOGS=str(tmp_path / "logs"), GRACE="1")
    assert (result.returncode, result.stderr) == (status, "")
    assert time.monotonic() - began < 50


@pytest.mark.slow
def test_multi_worker_trains_one_run(tmp_path):
    variables = {"PYTHONPATH": str(ROOT), "LOGS": str(tmp_path / "logs"), "PORT": "21370"}
    variables["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    flags = [
        "--dataset=ring8",
        "--loss=rpgan",
        "--width=8",
        "--batch_size=16",
        "--steps=20",
        "--log_every=10",
        "--noexport",
    ]
    result = run("bash", LAUNCH / "multi_worker.sh", 2, *flags, f"--run_dir={tmp_path / 'run'}", **variables)
    assert result.returncode == 0, [path.read_text() for path in (tmp_path / "logs").iterdir()]
    assert "run folder" in result.stdout
    assert folder_lib.list_checkpoints(tmp_path / "run")[0].name == "step_00000020.keras"


# Slurm


def sbatch_options():
    lines = re.findall(r"^#SBATCH --([a-z-]+)=?(.*)$", (LAUNCH / "slurm.sbatch").read_text(), re.MULTILINE)
    return dict(lines)


def test_slurm_gives_each_node_one_task_in_its_own_order_and_time_to_save():
    options = sbatch_options()
    assert (options["ntasks-per-node"], options["distribution"]) == ("1", "block")
    # Without B: it goes to the tasks, not to the script's shell
    signal, seconds = options["signal"].split("@")
    assert (signal, int(seconds) >= 120) == ("TERM", True)
    assert "requeue" in options


@pytest.mark.parametrize(
    ("status", "restarts", "requeued"),
    [(0, "0", False), (143, "0", True), (1, "3", True), (143, "20", False), (2, "0", False), (3, "0", False)],
)
def test_slurm_queues_again_what_can_go_on(tmp_path, status, restarts, requeued):
    stand_in(tmp_path, "srun", f'printf "%s\\n" "$@" >{tmp_path}/srun.txt\nexit {status}\n')
    path = stand_in(tmp_path, "scontrol", f'echo "$@" >{tmp_path}/scontrol.txt\n')
    variables = {
        "PATH": path,
        "SLURM_JOB_ID": "77",
        "SLURM_RESTART_COUNT": restarts,
        "SLURM_CPUS_PER_TASK": "8",
    }
    assert run("bash", LAUNCH / "slurm.sbatch", *FLAGS, **variables).returncode == status
    asked = (tmp_path / "srun.txt").read_text().splitlines()
    assert asked[-5:] == ["python", "-m", "tfgan.train", *FLAGS]
    assert {"--cpus-per-task=8", "--kill-on-bad-exit=1"} <= set(asked)
    scontrol = tmp_path / "scontrol.txt"
    assert (scontrol.exists() and scontrol.read_text()) == ("requeue 77\n" if requeued else False)


@pytest.mark.parametrize(
    ("status", "restarts", "requeued"),
    [(0, "0", False), (143, "0", True), (143, "20", False), (1, "0", False)],
)
def test_a_slurm_array_makes_a_run_a_job(tmp_path, status, restarts, requeued):
    stand_in(tmp_path, "srun", f'printf "%s\\n" "$@" >{tmp_path}/srun.txt\nexit {status}\n')
    path = stand_in(tmp_path, "scontrol", f'echo "$@" >{tmp_path}/scontrol.txt\n')
    variables = {
        "PATH": path,
        "SLURM_ARRAY_JOB_ID": "77",
        "SLURM_ARRAY_TASK_ID": "5",
        "SLURM_RESTART_COUNT": restarts,
    }
    assert run("bash", LAUNCH / "compare.sbatch", "--losses=nonsat,hinge", **variables).returncode == status
    assert (tmp_path / "srun.txt").read_text().splitlines()[-5:] == [
        "python",
        "-m",
        "tfgan.compare",
        "--losses=nonsat,hinge",
        "--cell=5",
    ]
    scontrol = tmp_path / "scontrol.txt"
    assert (scontrol.exists() and scontrol.read_text()) == ("requeue 77_5\n" if requeued else False)


# Kubernetes


@pytest.mark.parametrize("name", objects())
def test_a_manifest_follows_the_schema(name):
    kubernetes_validate.validate(objects()[name], KUBERNETES, strict=True)


def test_the_schema_refuses_a_misspelt_field():
    job = objects()["Job/tfgan"]
    job["spec"]["completionModes"] = job["spec"].pop("completionMode")
    with pytest.raises(kubernetes_validate.ValidationError, match="completionModes"):
        kubernetes_validate.validate(job, KUBERNETES, strict=True)


def test_the_pods_of_the_job_are_found_by_name():
    """A pod is known as <hostname>.<subdomain>; an Indexed Job sets the hostname <job>-<index>, and its label job-name."""
    job, service = objects()["Job/tfgan"], objects()["Service/tfgan"]
    pod = job["spec"]["template"]["spec"]
    assert job["spec"]["completionMode"] == "Indexed"
    assert (pod["subdomain"], service["spec"]["clusterIP"]) == (service["metadata"]["name"], "None")
    assert service["spec"]["selector"] == {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
    assert service["spec"]["publishNotReadyAddresses"] is True
    port = pod["containers"][0]["ports"][0]["containerPort"]
    assert [port] == [each["port"] for each in service["spec"]["ports"]]


def test_the_job_has_as_many_pods_as_workers():
    spec = objects()["Job/tfgan"]["spec"]
    variables = {each["name"]: each["value"] for each in spec["template"]["spec"]["containers"][0]["env"]}
    assert spec["completions"] == spec["parallelism"] == int(variables["WORKERS"])


def test_the_job_ends_on_what_cannot_be_mended_and_goes_on_after_a_stop():
    rules = objects()["Job/tfgan"]["spec"]["podFailurePolicy"]["rules"]
    actions = {
        code: rule["action"] for rule in rules for code in rule.get("onExitCodes", {}).get("values", [])
    }
    assert actions == {command.BAD_INPUT: "FailJob", command.DIVERGED: "FailJob", 128 + 15: "Ignore"}


def job_command():
    """Return how a pod's container starts, without tini, which passes signals on, and the flags."""
    container = objects()["Job/tfgan"]["spec"]["template"]["spec"]["containers"][0]
    tini, dashes, *start = container["command"]
    assert (tini, dashes) == ("tini", "--")
    return start, container["args"]


@pytest.mark.parametrize("index", [0, 2])
def test_a_pod_tells_its_worker_who_the_others_are(tmp_path, monkeypatch, index):
    """The container's own command runs, with `python` replaced by a script that writes down what it is given."""
    start, arguments = job_command()
    path = stand_in(
        tmp_path,
        "python",
        f'printf "%s" "$TF_CONFIG" >{tmp_path}/said\nprintf "%s\\n" "$@" >{tmp_path}/flags\n',
    )
    result = run(*start, *arguments, PATH=path, WORKERS="3", JOB_COMPLETION_INDEX=str(index))
    assert result.returncode == 0, result.stderr
    monkeypatch.setenv("TF_CONFIG", (tmp_path / "said").read_text())
    found = workers.find_workers()
    assert found[:3] == ("TF_CONFIG", [f"tfgan-{each}.tfgan:2222" for each in range(3)], index)
    assert (tmp_path / "flags").read_text().splitlines() == [
        "-m",
        "tfgan.train",
        "--strategy=multi_worker",
        *arguments,
    ]


def test_a_pod_without_an_index_fails_at_once(tmp_path):
    start, arguments = job_command()
    assert (
        "JOB_COMPLETION_INDEX"
        in run(*start, *arguments, PATH=stand_in(tmp_path, "python", "exit 0\n"), WORKERS="2").stderr
    )


def test_shellcheck_finds_nothing_in_the_pods_script(tmp_path):
    stand_in(tmp_path, "script", job_command()[0][-2])
    result = tool("shellcheck", tmp_path / "script")
    assert result.returncode == 0, result.stdout


def test_the_job_s_flags_are_flags_of_train(capsys):
    run_folder = dry_run(capsys, *job_command()[1])["run_dir"]
    tensorboard = objects()["Deployment/tensorboard"]["spec"]["template"]["spec"]["containers"][0]
    assert f"--logdir=/data/{run_folder.partition('/')[0]}" in tensorboard["args"]


def test_all_pods_share_one_volume_and_the_image_s_user():
    claim = objects()["PersistentVolumeClaim/tfgan-runs"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for name in ("Job/tfgan", "Job/tfgan-compare", "Deployment/tensorboard"):
        pod = objects()[name]["spec"]["template"]["spec"]
        assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert pod["securityContext"]["runAsUser"] == int(instructions()["USER"][-1])
        assert pod["containers"][0]["volumeMounts"][0]["mountPath"] == instructions()["WORKDIR"][-1]


def test_the_comparing_job_has_a_pod_for_each_run(tmp_path, capsys):
    """The container's own command, with `python` replaced by a script, asks for the pod's run; there are as many as completions."""
    spec = objects()["Job/tfgan-compare"]["spec"]
    container = spec["template"]["spec"]["containers"][0]
    path = stand_in(tmp_path, "python", f'printf "%s\\n" "$@" >{tmp_path}/flags\n')
    result = run(*container["command"][2:], *container["args"], PATH=path, JOB_COMPLETION_INDEX="5")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "flags").read_text().splitlines() == [
        "-m",
        "tfgan.compare",
        *container["args"],
        "--cell=5",
    ]
    values = flags.FlagValues()
    flags_lib.define_flags(compare.CompareFlags, values)
    values(["compare", *container["args"], "--list"])
    assert compare.main(flags_lib.from_flags(compare.CompareFlags, values)) == command.DONE
    assert len(capsys.readouterr().out.splitlines()) == spec["completions"]


# Docker


def instructions():
    """Return the arguments of each kind of instruction of the Dockerfile."""
    text = re.sub(r"^#.*\n", "", (LAUNCH / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        kind, _, arguments = line.partition(" ")
        found.setdefault(kind, []).append(arguments)
    return found


def test_hadolint_finds_nothing():
    result = tool("hadolint", "--no-color", LAUNCH / "Dockerfile")
    assert result.returncode == 0, result.stdout


def test_the_image_trains_as_a_user_without_rights():
    kinds = instructions()
    assert json.loads(kinds["ENTRYPOINT"][0]) == ["tini", "--", "python", "-m", "tfgan.train"]
    assert int(kinds["USER"][-1]) > 0


def test_the_image_has_what_setup_needs():
    """What is copied exists, is not ignored, and holds what setup.py reads and packages."""
    copied = [name for line in instructions()["COPY"] for name in shlex.split(line)[:-1]]
    allowed = {
        line[1:]
        for line in (LAUNCH / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert set(copied) == allowed
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE", "tfgan", "launch"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
