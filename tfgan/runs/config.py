"""The config of a run: one frozen dataclass, declared once; the command line's flags are made from it.

A field left at None takes its value from the catalogue row of the data set or of the network, which is the
only place where such a default stands.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from tfgan import augment, data, losses, methods, networks, penalties, tracking
from tfgan.core import options as options_lib
from tfgan.core.options import (
    FilePath,
    Fraction,
    NonNegative,
    NonNegativeInt,
    Positive,
    PositiveInt,
    Seed,
    Switch,
    option,
)
from tfgan.runs import optimizers
from tfgan.runs.data_form import DataForm

AUTOMATIC = ("xla", "precision")  # "auto" is resolved when a run begins, and its config.json has the value
OF_CLASSIFIERS = "feature_matching"  # --task=classify adds it to G's loss; Salimans et al. 2016 use it alone


@dataclasses.dataclass(frozen=True)
class Config(DataForm):
    """Everything that determines a training run."""

    loss: str = option("nonsat", "adversarial loss, with options if any (hinge:margin=2)", "Objective")
    pairing: Literal["independent", "paired", "average"] | None = option(
        None, "how D compares real and fake logits (default: set by --loss)", "Objective"
    )
    generator_form: Literal["nonsat", "zero_sum"] | None = option(
        None, "form of G's loss (default: set by --loss)", "Objective"
    )
    penalty: tuple[str, ...] = option(
        (), "penalty, repeatable (r1, r1:gamma=0.5,every=4); none clears the penalties before it", "Objective"
    )

    method: str = option(
        "gan",
        "how to train G: gan, or without D by mmd, flow:steps=4 or drifting:temperature=0.05",
        "Objective",
    )

    dataset: str = option(
        "digits",
        "data set, tfds:NAME, or folder, npz, csv, series, text or fasta with a path, as in csv:PATH",
        "Data",
    )
    data_dir: FilePath | None = option(None, "folder of the data set's files", "Data", free=True)
    num_examples: PositiveInt | None = option(
        None, "train on this many examples; every seed takes the same ones", "Data"
    )
    image_size: PositiveInt | None = option(
        None, "crop images to a square and resize them to this side, in pixels", "Data"
    )
    memory_budget_mib: PositiveInt = option(
        2048, "stream data above this size from disk, in MiB", "Data", free=True
    )
    background: Literal["white", "black", "gray"] = option("white", "color behind transparent pixels", "Data")
    skip_unreadable: bool = option(
        False,
        "replace images of a folder that cannot be decoded by others of their class, with a warning",
        "Data",
        free=True,
    )

    network: str | None = option(None, "generator and discriminator (default: set by --dataset)", "Networks")
    discriminator: str | None = option(
        None,
        "discriminator in place of the network's own, with options if any (projected:side=96)",
        "Networks",
    )
    latent_dim: PositiveInt | None = option(None, "dimension of the latent vector", "Networks")
    width: PositiveInt | None = option(
        None, "channels at the finest resolution (images) or units a layer (points)", "Networks"
    )
    prior: Literal["none", "particles", "gaussians"] = option(
        "none", "learned prior: latents follow a mixture whose components training moves", "Networks"
    )
    prior_size: PositiveInt = option(1024, "components of --prior", "Networks")

    condition: Literal["none", "concat", "projection", "acgan"] = option(
        "none",
        "class-conditional GAN: D gets the class (concat, projection) or predicts it (acgan)",
        "Conditions",
    )
    class_weight: NonNegative = option(
        1.0, "weight of the class loss, with --condition=acgan or --task=classify", "Conditions"
    )
    class_on_fakes: bool = option(
        True, "with --condition=acgan, train D's classifier on fakes too, as in the paper", "Conditions"
    )
    info_categorical: NonNegativeInt = option(
        0, "InfoGAN: number of categories of the categorical code; 0 for none", "Conditions"
    )
    info_continuous: NonNegativeInt = option(
        0, "InfoGAN: number of continuous codes, uniform on [-1, 1]", "Conditions"
    )
    info_weight: NonNegative = option(
        1.0, "InfoGAN: weight of the categorical code in the losses of D and G", "Conditions"
    )
    info_continuous_weight: NonNegative = option(
        0.1, "InfoGAN: weight of the continuous codes in the losses of D and G", "Conditions"
    )
    task: Literal["generate", "classify"] = option(
        "generate",
        "classify: train D as a classifier with few labels; G then matches D's features too, unless --penalty=none",
        "Conditions",
    )
    labels_per_class: PositiveInt | None = option(
        None, "labeled examples of each class, for --task=classify", "Conditions"
    )

    pack: PositiveInt = option(
        1, "examples in each input of D (PacGAN), against mode collapse", "Small data and collapse"
    )
    augment: str | None = option(
        None,
        "augmentation of D's real and fake images (diffaugment, ada:rise_images=500000)",
        "Small data and collapse",
    )

    steps: PositiveInt | None = option(None, "training steps, each one update of G", "Training", free=True)
    batch_size: PositiveInt | None = option(
        None, "real examples in each update of D, over all replicas", "Training"
    )
    d_steps: PositiveInt = option(1, "updates of D a step, each on a new batch", "Training")
    g_optimizer: str | None = option(
        None,
        "optimizer of G, with options if any (adam:lr=2e-4,beta_1=0; default: adam, set by --network and --dataset)",
        "Training",
    )
    d_optimizer: str | None = option(
        None,
        "optimizer of D, with options if any (rmsprop:lr=5e-5; default: adam, set by --network and --dataset)",
        "Training",
    )
    schedule: Literal["alternating", "simultaneous"] = option(
        "alternating",
        "update D, then G; or both from one pass of D, which then has no batch normalization",
        "Training",
    )
    micro_batch: PositiveInt | None = option(
        None, "examples in memory at a time, a divisor of a replica's batch; gradients accumulate", "Training"
    )
    clip_norm: Positive | None = option(
        None, "clip the gradient of each network to this global norm", "Training"
    )
    lr_schedule: Literal["constant", "cosine", "linear"] | None = option(
        None, "shape of both learning rates over --steps", "Training"
    )
    lr_end: Fraction = option(0.0, "final learning rates, as a fraction of the initial ones", "Training")
    lr_hold: Fraction = option(
        0.0, "share of the schedule in which the rates keep their first value before they fall", "Training"
    )
    ema_half_life: Positive | None = option(
        None, "half-life of the moving average of G's weights, in real images shown to D", "Training"
    )
    post_hoc_ema: bool = option(
        False,
        "snapshot two averages of G at each --save_every, for evaluate --ema and export_model --ema",
        "Training",
    )
    beta_2_start: Fraction | None = option(
        None, "initial Adam beta_2, which a half cosine takes to its final value", "Training"
    )
    ema_half_life_start: Positive | None = option(
        None, "initial --ema_half_life, which a half cosine takes to its final value", "Training"
    )
    burn_in: PositiveInt | None = option(
        None, "length of all schedules in steps (default: --steps)", "Training"
    )
    seed: Seed = option(0, "seed of the weights, the noise and the order of the data", "Training")
    init_from: FilePath | None = option(
        None, "run folder or .keras file that gives the initial weights", "Training"
    )
    g_lr: Positive | None = option(
        None, "learning rate of G; use --g_optimizer=adam:lr=...", "Training", hidden=True
    )
    d_lr: Positive | None = option(
        None, "learning rate of D; use --d_optimizer=adam:lr=...", "Training", hidden=True
    )
    beta_1: Fraction | None = option(
        None, "Adam beta_1 of G and D; use beta_1 in --g_optimizer and --d_optimizer", "Training", hidden=True
    )
    beta_2: Fraction | None = option(
        None, "Adam beta_2 of G and D; use beta_2 in --g_optimizer and --d_optimizer", "Training", hidden=True
    )
    g_beta_1: Fraction | None = option(None, "Adam beta_1 of G (default: --beta_1)", "Training", hidden=True)
    g_beta_2: Fraction | None = option(None, "Adam beta_2 of G (default: --beta_2)", "Training", hidden=True)
    d_beta_1: Fraction | None = option(None, "Adam beta_1 of D (default: --beta_1)", "Training", hidden=True)
    d_beta_2: Fraction | None = option(None, "Adam beta_2 of D (default: --beta_2)", "Training", hidden=True)

    run_dir: FilePath | None = option(
        None, "run folder (default: runs/<dataset>-<loss>-s<seed>)", "Run", free=True
    )
    log_every: PositiveInt | None = option(None, "steps between log records", "Run", free=True)
    sample_every: PositiveInt | None = option(
        None, "steps between sample grids, a multiple of --log_every", "Run", free=True
    )
    save_every: PositiveInt | None = option(
        None, "steps between checkpoints, a multiple of --log_every", "Run", free=True
    )
    eval_every: PositiveInt | None = option(
        None,
        "steps between evaluations, a multiple of --log_every (default: evaluate at the end only)",
        "Run",
        free=True,
    )
    metrics: tuple[str, ...] = option(
        (),
        "metrics, repeatable or comma-separated, such as kid_2k/fashion_cnn (default: set by the data)",
        "Run",
        free=True,
    )
    keep_best: str | None = option(
        None,
        "metric, or one of its figures, that selects the best checkpoint at each --eval_every",
        "Run",
        free=True,
    )
    patience: PositiveInt | None = option(
        None, "stop after this many evaluations without a better --keep_best", "Run", free=True
    )
    keep_checkpoints: PositiveInt = option(2, "number of newest checkpoints to keep", "Run", free=True)
    profile: str | None = option(None, "START,STOP: steps to profile for TensorBoard", "Run", free=True)
    track: tuple[str, ...] = option(
        (), "tracker that gets a copy of the records, repeatable (mlflow, wandb)", "Run", free=True
    )
    max_minutes: Positive | None = option(None, "save and stop after this many minutes", "Run", free=True)

    doctor: bool = option(
        True, "watch for mode collapse and other failures, and suggest remedies", "Run", free=True
    )
    on_collapse: Literal["warn", "stop", "rollback"] = option(
        "warn",
        "at a lasting failure: warn; stop with status 3 and keep the last good checkpoint; or roll back to that checkpoint, "
        "up to 3 times, each with new noise and half the learning rates",
        "Run",
        free=True,
    )

    steps_per_call: PositiveInt | None = option(
        None,
        "training steps per compiled call; more is faster but reacts later to Ctrl-C",
        "Machine",
        free=True,
    )
    xla: Switch = option(
        "auto",
        "compile the training step with XLA; auto: unless that was measured to cost over a tenth on processors",
        "Machine",
    )
    precision: Literal["float32", "bfloat16", "auto"] = option(
        "float32",
        "type of computation inside the networks; auto: bfloat16 where it is faster and was measured to be as good",
        "Machine",
    )
    sync_batch_norm: bool = option(
        True,
        "with several replicas, normalize by the global batch, without XLA; else by each replica's batch",
        "Machine",
    )
    strategy: Literal["auto", "one", "mirrored", "multi_worker", "tpu"] = option(
        "auto", "devices to train on", "Machine"
    )
    replicas: PositiveInt | None = option(
        None,
        "number of devices for --strategy=mirrored; without a GPU the CPU is split into as many",
        "Machine",
    )

    export: bool = option(True, "write a SavedModel at the end", "Export", free=True)
    export_dir: FilePath = option(
        "saved_models", "folder for SavedModels, written to <run>/<step>/", "Export", free=True
    )


def resolve(config: Config) -> Config:
    """Check a config and fill its defaults from the catalogues, without opening data or importing TensorFlow.

    Raises:
        ValueError: an illegal flag; the message has the flag, the expected value and the given one.
    """
    _check_kinds(config)
    config = dataclasses.replace(config, **optimizers.translate_old_flags(to_dict(config)))
    optimizers.check(config)
    config = _with_method(config)
    profile_steps(config)
    if config.on_collapse != "warn" and not config.doctor:
        raise ValueError(
            f"--on_collapse: {config.on_collapse} expected --doctor, which sees a collapse, got --nodoctor"
        )
    config = _with_metrics(config)
    with naming("track"):
        for name in config.track:
            tracking.trackers.entry(name)
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
            raise ValueError(
                f"expected {name}:{'NAME' if name == 'tfds' else 'PATH'}, got {config.dataset!r}"
            )
    defaults = _defaults_for_network(
        data.datasets.entry(name).defaults, config.network or config.discriminator
    )
    gamma, penalty = defaults.pop("gamma", None), defaults.pop("penalty", ())
    if not config.penalty and "link" in point and config.method == "gan":
        config = dataclasses.replace(config, penalty=penalty)
    asked, config = config, _fill_defaults(config, methods.methods.entry(method_name(config)).defaults)
    config = _fill_defaults(config, defaults)
    _check_conditions(config)
    specs = (OF_CLASSIFIERS, *config.penalty) if config.task == "classify" else config.penalty
    config = dataclasses.replace(
        config, penalty=_resolve_penalties(specs, {"gamma": gamma, "anneal_steps": config.steps})
    )
    check_shares(config)
    if config.network is not None:
        config = with_network(config, config.network)
    if config.discriminator is not None:
        with naming("discriminator"):
            _check_options(networks.discriminators, config.discriminator)
    config = _with_intervals(config, asked)
    if config.run_dir is None:
        trained_by = config.loss if config.method == "gan" else config.method
        slug = re.sub(r"[^A-Za-z0-9_.]+", "-", f"{config.dataset}-{trained_by}").strip("-")
        config = dataclasses.replace(config, run_dir=f"runs/{slug}-s{config.seed}")
    return config


def method_name(config: Config) -> str:
    """Return the name of the method, without its options."""
    return config.method.partition(":")[0]


def _with_method(config: Config) -> Config:
    """Return the config without the doctor, which reads D's logits, if its method has no D.

    Raises:
        ValueError: an unknown method, or a flag of D beside a method without D.
    """
    with naming("method"):
        name, _ = methods.methods.parse(config.method)
    if name == "gan":
        return config
    for flag in ("latent_dim", "prior") * (name == "flow"):
        if getattr(config, flag) != getattr(Config, flag):
            raise ValueError(
                f"--{flag}: expected none beside --method={config.method}, whose latents are noise of the size of an example"
            )
    for flag in OF_GANS:
        value = getattr(config, flag)
        if value != getattr(Config, flag) and value != ("none",):
            raise ValueError(
                f"--{flag}: expected --method=gan beside it, got {config.method}, which trains G without D; leave it out"
            )
    return dataclasses.replace(config, doctor=False)


def _with_metrics(config: Config) -> Config:
    """Return the config with a tuple of metrics.

    Raise `ValueError` for an unknown one and for an incomplete `--keep_best`.
    """
    from tfgan import metrics

    with naming("metrics"):
        names = tuple(metrics.naming.split(config.metrics))
        for name in names:
            metrics.parse(name)
    if config.lr_hold and config.lr_schedule == "constant":
        raise ValueError(
            "--lr_hold: expected --lr_schedule=cosine or linear beside it, got constant rates, which never fall"
        )
    if config.patience is not None and config.keep_best is None:
        raise ValueError(
            "--patience: expected --keep_best beside it, the figure that is to improve, as in --keep_best=reverse_kl"
        )
    if config.keep_best is not None and config.eval_every is None:
        raise ValueError("--keep_best: expected --eval_every beside it, the steps from a score to the next")
    return dataclasses.replace(config, metrics=names)


def _check_conditions(config: Config) -> None:
    """Raise `ValueError` if the flags of labels, codes and packs do not fit each other or the batch size."""
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
            raise ValueError(
                f"--{flag}: expected the flag whose loss it changes (--condition=acgan, --task=classify, --info_...), got none"
            )
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
    """Raise `ValueError` unless replicas, micro-batches and packs divide the batch evenly."""
    batch, pack, part = config.batch_size, config.pack, config.micro_batch
    if remainder := batch % (whole := replicas * pack):
        factors = [f"the {replicas} replicas"] * (replicas > 1) + [f"--pack={pack}"] * (pack > 1)
        near = " or ".join(str(size) for size in (batch - remainder, batch - remainder + whole) if size)
        raise ValueError(
            f"--batch_size: expected a multiple of {' times '.join(factors)}, got {batch}; use --batch_size={near}"
        )
    share = batch // replicas
    if part is not None and (share % part or part % pack):
        legal = [size for size in range(pack, share + 1, pack) if share % size == 0]
        near = [size for size in legal if size < part][-1:] + [size for size in legal if size > part][:1]
        raise ValueError(
            f"--micro_batch: expected a divisor of a replica's {share} examples{f', a multiple of --pack={pack}' if pack > 1 else ''}, "
            f"got {part}; use --micro_batch={' or '.join(map(str, near))}"
        )


def check_shares(config: Config, replicas: int = 1) -> None:
    """Raise `ValueError` unless the share of examples that a penalty takes divides each pass of D evenly."""
    inputs = (config.micro_batch or config.batch_size // replicas) // config.pack
    for spec in config.penalty:
        one_in = penalties.penalties.parse(spec)[1].get("one_in", 1)
        if inputs % one_in:
            raise ValueError(
                f"--penalty: {spec}: expected one_in to divide the {inputs} inputs of a pass of D, got {one_in}"
            )


def profile_steps(config: Config) -> tuple[int, int] | None:
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
    """Return the config with this network and the default sizes and rates of its row."""
    with naming("network"):
        _check_options(networks.networks, name)
    return _fill_defaults(
        dataclasses.replace(config, network=name), networks.networks.entry(name.partition(":")[0]).defaults
    )


def _check_options(registry, spec: str) -> None:
    """Raise `ValueError` for an unknown name or option, and for an option that the run sets."""
    _, options = registry.parse(spec)
    if clash := [key for key in options if key in LEFT_TO_THE_RUN]:
        raise ValueError(
            f"expected {clash[0]!r} to be left to the run (--{clash[0]} if there is such a flag), got {spec!r}"
        )


def differences(old: Mapping[str, Any], new: Config) -> list[str]:
    """Return a line for each field that differs although a resumed run must share it."""
    lines = []
    old, new = translate_old_flags(old), from_dict(to_dict(new))
    for field in dataclasses.fields(new):
        is_free = field.metadata["free"] and not (field.name == "steps" and _is_scheduled(new))
        # Older records lack new fields
        before, now = old.get(field.name, _shared_default(field)), _to_json(getattr(new, field.name))
        if field.name == "dataset" and before and data.strip_path(before) == data.strip_path(now):
            continue  # the fingerprint tells whether files elsewhere are the same data
        if field.name in AUTOMATIC and "auto" in (before, now):
            continue  # a resumed run takes the recorded value
        if not is_free and before != now:
            lines.append(f"--{field.name}: {before!r} there, {now!r} here")
    return lines


def digest(values: Mapping[str, Any]) -> str:
    """Return a digest of the fields of a config, as `to_dict` gives it, that a resumed run must share.

    It contains no path.

    Fields at their default are left out, so that a field of a later version changes no digest.
    """
    said = {}
    values = optimizers.as_old_flags(values)
    for field in dataclasses.fields(Config):
        default = _shared_default(field)
        value = values.get(field.name, default)
        if value == "auto" and field.name in AUTOMATIC:
            value = default
        if not field.metadata["free"] and field.name != "init_from" and value != default:
            said[field.name] = data.strip_path(value) if field.name == "dataset" else value
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _shared_default(field: dataclasses.Field) -> Any:
    """Return the value that a record without this field means."""
    return True if field.name == "xla" else _to_json(field.default)


def _is_scheduled(config: Config) -> bool:
    """Return whether a schedule depends on the number of steps."""
    changes = (
        config.lr_schedule != "constant"
        or config.beta_2_start is not None
        or config.ema_half_life_start is not None
    )
    return changes and config.burn_in is None


def to_dict(config: Any) -> dict[str, Any]:
    """Return a config as plain JSON values. Replaced flags that are not given are left out."""
    values = {field.name: _to_json(getattr(config, field.name)) for field in dataclasses.fields(config)}
    replaced = {field.name for field in dataclasses.fields(config) if field.metadata["hidden"]}
    return {name: value for name, value in values.items() if value is not None or name not in replaced}


def from_dict(values: Mapping[str, Any]) -> Config:
    """Build the config that `to_dict` described; an older record may hold flags that others replace."""
    known = {field.name for field in dataclasses.fields(Config)}
    values = translate_old_flags(values)
    return Config(
        **{key: tuple(v) if isinstance(v, list) else v for key, v in values.items() if key in known}
    )


def translate_old_flags(values: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the old flags among the fields of a config into the new ones, in a normal form."""
    return {**values, **optimizers.translate_old_flags(values)}


def _to_json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _check_kinds(config: Config) -> None:
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value is not None and (kind := options_lib.kind_of(str(field.type))):
            kind.check(f"--{field.name}", value)


def _defaults_for_network(defaults: Mapping[str, Any], network: str | None) -> dict[str, Any]:
    """Return a data set's defaults, with the settings of its own network, unless the user names another."""
    defaults = dict(defaults)
    own = defaults.pop("own_network", {})
    return defaults if network else {**defaults, **own}


def _fill_defaults(config: Config, defaults: Mapping[str, Any]) -> Config:
    missing = {
        key: value
        for key, value in defaults.items()
        if key not in optimizers.OLD_FLAGS and getattr(config, key) is None
    }
    return dataclasses.replace(config, **missing, **optimizers.fill_defaults(to_dict(config), defaults))


def _resolve_penalties(specs: Sequence[str], defaults: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the effective penalties: the last of each name after the last "none", with defaults."""
    chosen: dict[str, str] = {}
    for spec in specs:
        if spec == "none":
            chosen.clear()
            continue
        with naming("penalty"):
            name, options = penalties.penalties.parse(spec)
        own = penalties.penalties.options(name)
        options = {
            **{key: value for key, value in defaults.items() if value is not None and key in own},
            **options,
        }
        chosen.pop(name, None)
        chosen[name] = (
            name + ":" * bool(options) + ",".join(f"{key}={value}" for key, value in options.items())
        )
    return tuple(chosen.values())


def _with_intervals(config: Config, asked: Config) -> Config:
    """Return the config with intervals that are multiples of the shortest one.

    Raises:
        ValueError: a given interval is not a multiple of `log_every`.
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
    """Prefix a `ValueError` with `--flag`, unless its message begins with a flag.

    Drop a prefix without dashes.
    """
    try:
        yield
    except ValueError as error:
        said = str(error).removeprefix(f"{flag}: ")
        raise ValueError(said if said.startswith("--") else f"--{flag}: {said}") from None


@contextlib.contextmanager
def with_dashes() -> Iterator[None]:
    """Add the dashes to a `ValueError` that begins with the name of a flag."""
    try:
        yield
    except ValueError as error:
        name = str(error).partition(":")[0]
        dashes = "--" if name in {field.name for field in dataclasses.fields(Config)} else ""
        raise ValueError(f"{dashes}{error}") from None


# Flags of D and of its losses
OF_DISCRIMINATORS = (
    *("loss", "pairing", "generator_form", "penalty", "discriminator", "pack", "augment", "d_steps"),
    *("schedule", "on_collapse", "d_optimizer", "d_lr", "d_beta_1", "d_beta_2"),
)
# All flags that expect --method=gan: models by class and code, micro batches, bfloat16, copied weights
OF_GANS = (
    *OF_DISCRIMINATORS,
    *("condition", "class_weight", "class_on_fakes", "task", "labels_per_class", "info_categorical"),
    *("info_continuous", "info_weight", "info_continuous_weight", "micro_batch", "precision", "init_from"),
)

# Options of networks that follow from the objective, the data and the run's other flags.
LEFT_TO_THE_RUN = frozenset(
    {field.name for field in dataclasses.fields(Config)}
    | {
        "discriminator_norm",
        "outputs",
        "num_classes",
        "kind",
        "condition",
        "task",
        "info_categorical",
        "info_continuous",
        "pack",
    }
)
