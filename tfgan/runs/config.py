"""The config of a run: one frozen dataclass, declared once; the command line's flags are made from it.

A field left at None takes its value from the catalogue row of the data set or of the network, which is the only place
where such a default stands.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from tfgan import augment, data, losses, networks, penalties
from tfgan.core import options as options_lib
from tfgan.core.options import FilePath, Fraction, NonNegative, NonNegativeInt, Positive, PositiveInt, Seed

OF_CLASSIFIERS = "feature_matching"  # what G minimizes besides under --task=classify; in the paper, alone (Salimans et al. 2016)


def option(default: Any, help: str, group: str, *, free: bool = False) -> Any:
    """Declare a field that is also a flag.

    Args:
        default: its value when the flag is not given.
        help: one line for `--help`.
        group: the heading it stands under in `--help`.
        free: whether it may differ when a run is resumed.
    """
    return dataclasses.field(default=default, metadata={"help": help, "group": group, "free": free})


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that determines a training run."""

    loss: str = option("nonsat", "adversarial objective, with options if any (hinge:margin=2)", "Objective")
    pairing: Literal["independent", "paired", "average"] | None = option(None, "overrides the objective's pairing", "Objective")
    generator_form: Literal["nonsat", "zero_sum"] | None = option(None, "overrides the form of G's loss", "Objective")
    penalty: tuple[str, ...] = option((), "penalty, repeatable (r1, r1:gamma=0.5,every=4); none clears those before it", "Objective")

    dataset: str = option("digits", "data set, tfds:NAME, folder:PATH or npz:PATH", "Data")
    data_dir: FilePath | None = option(None, "where the data set's files are", "Data", free=True)
    num_examples: PositiveInt | None = option(None, "train on this many examples, the same whatever the seed", "Data")
    image_size: PositiveInt | None = option(None, "crop to a square and resize images to this side", "Data")
    memory_budget_mib: PositiveInt = option(2048, "data above this many MiB is streamed from disk", "Data", free=True)
    background: Literal["white", "black", "gray"] = option("white", "what transparent pixels of pictures are laid on", "Data")
    skip_unreadable: bool = option(
        False, "let others of its class take the place of a folder's picture that cannot be decoded, and warn", "Data", free=True
    )

    network: str | None = option(None, "pair of networks; by default chosen by the data", "Networks")
    latent_dim: PositiveInt | None = option(None, "entries of a latent vector", "Networks")
    width: PositiveInt | None = option(None, "channels at the finest resolution, or units a layer", "Networks")

    condition: Literal["none", "concat", "projection", "acgan"] = option(
        "none", "how classes enter: given to both networks, D's by concatenation or projection; or D names them itself", "Conditions"
    )
    class_weight: NonNegative = option(1.0, "of the class terms of acgan, and of --task=classify", "Conditions")
    class_on_fakes: bool = option(True, "acgan's D learns the classes of fakes too, as in its paper", "Conditions")
    info_categorical: NonNegativeInt = option(0, "InfoGAN: categories of a code that D is to recover", "Conditions")
    info_continuous: NonNegativeInt = option(0, "InfoGAN: continuous codes, uniform on [-1, 1]", "Conditions")
    info_weight: NonNegative = option(1.0, "of the information in the categorical code, in both losses", "Conditions")
    info_continuous_weight: NonNegative = option(0.1, "of that in the continuous codes", "Conditions")
    task: Literal["generate", "classify"] = option(
        "generate", "classify: D names the classes of reals, by few labels; G matches features besides, unless --penalty=none", "Conditions"
    )
    labels_per_class: PositiveInt | None = option(None, "labelled examples of each class, for --task=classify", "Conditions")

    pack: PositiveInt = option(1, "examples that D judges together, against collapse", "Small data and collapse")
    augment: str | None = option(None, "what D's images go through (diffaugment, ada:rise_images=500000)", "Small data and collapse")

    steps: PositiveInt | None = option(None, "updates of G", "Training", free=True)
    batch_size: PositiveInt | None = option(None, "real examples in each update of D", "Training")
    d_steps: PositiveInt = option(1, "updates of D, each on a fresh batch, for one of G", "Training")
    g_lr: Positive | None = option(None, "Adam's rate for G", "Training")
    d_lr: Positive | None = option(None, "Adam's rate for D", "Training")
    beta_1: Fraction | None = option(None, "Adam's decay of the first moment, of both networks", "Training")
    beta_2: Fraction | None = option(None, "Adam's decay of the second moment, of both networks", "Training")
    g_beta_1: Fraction | None = option(None, "that of G alone", "Training")
    g_beta_2: Fraction | None = option(None, "that of G alone", "Training")
    d_beta_1: Fraction | None = option(None, "that of D alone", "Training")
    d_beta_2: Fraction | None = option(None, "that of D alone", "Training")
    schedule: Literal["alternating", "simultaneous"] = option(
        "alternating", "G's update after D's, or both from one pass of D, which then has no batch normalization", "Training"
    )
    micro_batch: PositiveInt | None = option(
        None, "examples in memory at a time, a divisor of a replica's batch; gradients accumulate", "Training"
    )
    clip_norm: Positive | None = option(None, "global norm that each network's gradient is clipped to", "Training")
    lr_schedule: Literal["constant", "cosine", "linear"] | None = option(None, "how the rates fall over --steps", "Training")
    lr_end: Fraction = option(0.0, "share of the rates that is left at the end of a falling schedule", "Training")
    ema_half_life: Positive | None = option(None, "half-life of G's moving average, in real images shown to D", "Training")
    beta_2_start: Fraction | None = option(None, "beta_2 goes from this to its value along half a cosine", "Training")
    ema_half_life_start: Positive | None = option(None, "the half-life goes from this to its value along half a cosine", "Training")
    burn_in: PositiveInt | None = option(None, "steps in which all that changes along a schedule does; by default --steps", "Training")
    seed: Seed = option(0, "of the weights, the noise and the order of the data", "Training")
    init_from: FilePath | None = option(None, "run folder or .keras file whose networks to start from", "Training")

    run_dir: FilePath | None = option(None, "folder of the run; by default runs/<dataset>-<loss>-s<seed>", "Run", free=True)
    log_every: PositiveInt | None = option(None, "steps between records", "Run", free=True)
    sample_every: PositiveInt | None = option(None, "steps between sample grids, a multiple of --log_every", "Run", free=True)
    save_every: PositiveInt | None = option(None, "steps between checkpoints, a multiple of --log_every", "Run", free=True)
    eval_every: PositiveInt | None = option(
        None, "steps between scores, a multiple of --log_every; by default at the end", "Run", free=True
    )
    metrics: tuple[str, ...] = option(
        (), "scores while training and at its end, such as kid_2k/fashion_cnn; by default those that suit the data", "Run", free=True
    )
    keep_best: str | None = option(
        None, "metric or figure by which the best checkpoint is kept beside the newest, at each --eval_every", "Run", free=True
    )
    patience: PositiveInt | None = option(None, "end training after so many scores without a better --keep_best", "Run", free=True)
    keep_checkpoints: PositiveInt = option(2, "how many checkpoints to keep", "Run", free=True)
    profile: str | None = option(None, "START,STOP: steps to profile for TensorBoard", "Run", free=True)
    max_minutes: Positive | None = option(None, "save and stop after this time", "Run", free=True)

    doctor: bool = option(True, "watch for collapse and other failures, and say what helps", "Run", free=True)
    on_collapse: Literal["warn", "stop", "rollback"] = option(
        "warn",
        "at a failure that does not mend itself, stop ends with status 3, the last good checkpoint kept; rollback first goes back to "
        "it up to 3 times, with other noise and half the rates",
        "Run",
        free=True,
    )

    steps_per_call: PositiveInt | None = option(None, "steps between looks at the outside world; more cost less time", "Machine", free=True)
    xla: bool = option(True, "compile the step with XLA", "Machine")
    precision: Literal["float32", "bfloat16"] = option("float32", "arithmetic inside the networks", "Machine")
    sync_batch_norm: bool = option(
        True, "with several replicas: batch statistics are the global batch's, in a step without XLA; or each replica's own", "Machine"
    )
    strategy: Literal["auto", "one", "mirrored", "multi_worker", "tpu"] = option("auto", "devices to train on", "Machine")
    replicas: PositiveInt | None = option(
        None, "devices that mirrored uses; without a GPU, logical devices the processor is split into", "Machine"
    )

    export: bool = option(True, "write a SavedModel at the end", "Export", free=True)
    export_dir: FilePath = option("saved_models", "folder that gets <run>/<step>/", "Export", free=True)


def resolve(config: Config) -> Config:
    """Check a config and fill what its names determine, without opening data or importing TensorFlow.

    Raises:
        ValueError: the flag, what was expected, what came.
    """
    _check_kinds(config)
    profiled(config)
    if config.on_collapse != "warn" and not config.doctor:
        raise ValueError(f"--on_collapse: {config.on_collapse} expected --doctor, which sees a collapse, got --nodoctor")
    config = _with_metrics(config)
    with naming("loss"):
        name, options = losses.objectives.parse(config.loss)
        point = {**losses.objectives.entry(name).options, **options}
    own = losses.objectives.options(name)
    for flag in ("pairing", "generator_form"):
        if getattr(config, flag) and flag not in own:
            raise ValueError(f"--{flag}: {config.loss!r} has none to override; leave it out")
    if "link" in point:
        with naming("pairing" if config.pairing else "loss"):
            losses.check_pairing(point["link"], config.pairing or point["pairing"], options)
    config = dataclasses.replace(config, loss=config.loss.rstrip(":"))
    with naming("dataset"):
        name, options = data.datasets.parse(config.dataset)
        if options.get("path") == "":
            raise ValueError(f"expected {name}:{'NAME' if name == 'tfds' else 'PATH'}, got {config.dataset!r}")
    defaults = _suiting(data.datasets.entry(name).defaults, config.network)
    gamma = defaults.pop("gamma", None)
    asked, config = config, _filled(config, defaults)
    _check_conditions(config)
    specs = (OF_CLASSIFIERS, *config.penalty) if config.task == "classify" else config.penalty
    config = dataclasses.replace(config, penalty=_penalties(specs, {"gamma": gamma, "anneal_steps": config.steps}))
    if config.network is not None:
        config = with_network(config, config.network)
    config = _with_intervals(config, asked)
    if config.run_dir is None:
        slug = re.sub(r"[^A-Za-z0-9_.]+", "-", f"{config.dataset}-{config.loss}").strip("-")
        config = dataclasses.replace(config, run_dir=f"runs/{slug}-s{config.seed}")
    return config


def _with_metrics(config: Config) -> Config:
    """Return the config with one metric a name; raise `ValueError` where one says nothing, or nothing is to be compared."""
    from tfgan import metrics

    with naming("metrics"):
        names = tuple(metrics.naming.split(config.metrics))
        for name in names:
            metrics.parse(name)
    if config.patience is not None and config.keep_best is None:
        raise ValueError("--patience: expected --keep_best beside it, the figure that is to improve, as in --keep_best=reverse_kl")
    if config.keep_best is not None and config.eval_every is None:
        raise ValueError("--keep_best: expected --eval_every beside it, the steps from a score to the next")
    return dataclasses.replace(config, metrics=names)


def _check_conditions(config: Config) -> None:
    """Raise `ValueError` where what enters besides latents and examples does not go together, or with the batch."""
    info = bool(config.info_categorical or config.info_continuous)
    chosen = {"--condition": config.condition != "none", "--info_categorical or --info_continuous": info}
    chosen |= {"--task=classify": config.task == "classify", "--pack": config.pack > 1}
    if len(both := [flag for flag, on in chosen.items() if on]) > 1:
        raise ValueError(f"{both[0]}: expected no {both[1]} beside it, got both")
    for flag, on in (
        ("class_weight", config.condition == "acgan" or config.task == "classify"),
        ("class_on_fakes", config.condition == "acgan"),
        ("info_weight", config.info_categorical > 0),
        ("info_continuous_weight", config.info_continuous > 0),
    ):
        if not on and getattr(config, flag) != getattr(Config, flag):
            raise ValueError(f"--{flag}: expected it beside what it weighs (--condition=acgan, --task=classify, --info_...), got it alone")
    if config.info_categorical == 1:
        raise ValueError("--info_categorical: expected at least 2 categories, or 0 for none, got 1")
    if (config.labels_per_class is None) == (config.task == "classify"):
        raise ValueError(
            "--labels_per_class: expected it beside --task=classify, as in --task=classify --labels_per_class=10, "
            f"got {'none' if config.task == 'classify' else '--task=' + config.task}"
        )
    check_sizes(config)
    if config.augment is not None:
        with naming("augment"):
            augment.augmentations.parse(config.augment)


def check_sizes(config: Config, replicas: int = 1) -> None:
    """Raise `ValueError` where replicas' shares of a batch, micro batches of a share, or the packs in them are not whole."""
    batch, pack, part = config.batch_size, config.pack, config.micro_batch
    if remainder := batch % (whole := replicas * pack):
        factors = [f"the {replicas} replicas"] * (replicas > 1) + [f"--pack={pack}"] * (pack > 1)
        near = " or ".join(str(size) for size in (batch - remainder, batch - remainder + whole) if size)
        raise ValueError(f"--batch_size: expected a multiple of {' times '.join(factors)}, got {batch}; use --batch_size={near}")
    share = batch // replicas
    if part is not None and (share % part or part % pack):
        legal = [size for size in range(pack, share + 1, pack) if share % size == 0]
        near = [size for size in legal if size < part][-1:] + [size for size in legal if size > part][:1]
        raise ValueError(
            f"--micro_batch: expected a divisor of a replica's {share} examples{f', a multiple of --pack={pack}' if pack > 1 else ''}, "
            f"got {part}; use --micro_batch={' or '.join(map(str, near))}"
        )


def profiled(config: Config) -> tuple[int, int] | None:
    """Return the steps to profile, first and last, or None.

    Raises:
        ValueError: `profile` is not two rising numbers.
    """
    if config.profile is None:
        return None
    match = re.fullmatch(r"(\d+),(\d+)", config.profile)
    if not match or int(match[1]) >= int(match[2]):
        raise ValueError(f"--profile: expected START,STOP with START below STOP, got {config.profile!r}")
    return int(match[1]), int(match[2])


def with_network(config: Config, name: str) -> Config:
    """Return the config with this network and what its row says about sizes and rates."""
    with naming("network"):
        _, options = networks.networks.parse(name)
        if clash := [key for key in options if key in LEFT_TO_THE_RUN]:
            raise ValueError(f"expected {clash[0]!r} to be left to the run (--{clash[0]} if there is such a flag), got {name!r}")
    return _filled(dataclasses.replace(config, network=name), networks.networks.entry(name.partition(":")[0]).defaults)


def differences(old: Mapping[str, Any], new: Config) -> list[str]:
    """Return a line for each field that a resumed run must share and does not."""
    lines = []
    for field in dataclasses.fields(new):
        is_free = field.metadata["free"] and not (field.name == "steps" and _is_scheduled(new))
        before, now = old.get(field.name, _plain(field.default)), _plain(getattr(new, field.name))  # older records lack new fields
        if field.name == "dataset" and before and data.without_path(before) == data.without_path(now):
            continue  # the fingerprint tells whether files elsewhere are the same data
        if not is_free and before != now:
            lines.append(f"--{field.name}: {before!r} there, {now!r} here")
    return lines


def digest(values: Mapping[str, Any]) -> str:
    """Return a digest of a config, as `to_dict` gives it, that names no path: of all that a resumed run must share.

    Fields at their default are left out, so that a field that a later version adds changes no digest.
    """
    said = {}
    for field in dataclasses.fields(Config):
        value = values.get(field.name, _plain(field.default))
        if not field.metadata["free"] and field.name != "init_from" and value != _plain(field.default):
            said[field.name] = data.without_path(value) if field.name == "dataset" else value
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _is_scheduled(config: Config) -> bool:
    """Return whether something changes along the steps there are to be."""
    changes = config.lr_schedule != "constant" or config.beta_2_start is not None or config.ema_half_life_start is not None
    return changes and config.burn_in is None


def to_dict(config: Any) -> dict[str, Any]:
    """Return a config as plain JSON values."""
    return {field.name: _plain(getattr(config, field.name)) for field in dataclasses.fields(config)}


def from_dict(values: Mapping[str, Any]) -> Config:
    """Return the config that `to_dict` described."""
    known = {field.name for field in dataclasses.fields(Config)}
    return Config(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items() if key in known})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _check_kinds(config: Config) -> None:
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value is not None and (kind := options_lib.kind_of(str(field.type))):
            kind.check(f"--{field.name}", value)


def _suiting(defaults: Mapping[str, Any], network: str | None) -> dict[str, Any]:
    """Return a data set's defaults, without the sizes and rates of its network where another was asked for."""
    name = (network or "").partition(":")[0]
    if name in ("", defaults.get("network")) or name not in networks.names():
        return dict(defaults)
    return {key: value for key, value in defaults.items() if key not in networks.networks.entry(name).defaults}


def _filled(config: Config, defaults: Mapping[str, Any]) -> Config:
    missing = {key: value for key, value in defaults.items() if getattr(config, key) is None}
    return dataclasses.replace(config, **missing)


def _penalties(specs: Sequence[str], defaults: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the penalties that count: after the last "none", the last of each name, with the run's own defaults."""
    chosen: dict[str, str] = {}
    for spec in specs:
        if spec == "none":
            chosen.clear()
            continue
        with naming("penalty"):
            name, options = penalties.penalties.parse(spec)
        own = penalties.penalties.options(name)
        options = {**{key: value for key, value in defaults.items() if value is not None and key in own}, **options}
        chosen.pop(name, None)
        chosen[name] = name + ":" * bool(options) + ",".join(f"{key}={value}" for key, value in options.items())
    return tuple(chosen.values())


def _with_intervals(config: Config, asked: Config) -> Config:
    """Return the config with intervals that are multiples of the shortest one.

    Raises:
        ValueError: an interval that was asked for is none.
    """
    log_every = min(config.log_every, config.steps)
    aligned = {"log_every": log_every}
    for name in ("sample_every", "save_every", "eval_every"):
        value = getattr(config, name)
        if getattr(asked, name) is not None and value % log_every and value < config.steps:
            raise ValueError(f"--{name}: expected a multiple of --log_every={log_every}, got {value}")
        if value is not None:
            aligned[name] = -(-value // log_every) * log_every
    return dataclasses.replace(config, **aligned)


@contextlib.contextmanager
def naming(flag: str) -> Iterator[None]:
    """Prefix a `ValueError` with the flag that caused it, in place of the same name without dashes, unless it names a flag itself."""
    try:
        yield
    except ValueError as error:
        said = str(error).removeprefix(f"{flag}: ")
        raise ValueError(said if said.startswith("--") else f"--{flag}: {said}") from None


@contextlib.contextmanager
def with_dashes() -> Iterator[None]:
    """Write a `ValueError` that begins with the name of an argument as one that begins with the flag of that name."""
    try:
        yield
    except ValueError as error:
        name = str(error).partition(":")[0]
        dashes = "--" if name in {field.name for field in dataclasses.fields(Config)} else ""
        raise ValueError(f"{dashes}{error}") from None


# Options of networks that follow from the objective, the data and the run's other flags.
LEFT_TO_THE_RUN = frozenset(
    {field.name for field in dataclasses.fields(Config)}
    | {"discriminator_norm", "outputs", "num_classes", "condition", "task", "info_categorical", "info_continuous", "pack"}
)
