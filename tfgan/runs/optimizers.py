"""Optimizers of G and D by name: `--g_optimizer=adam:lr=2e-4,beta_1=0`. Keras is imported only to build one.

Each class declares the options of the class of its name in `keras.optimizers`; a test compares both.
`use_ema` (see `--ema_half_life`), `gradient_accumulation_steps` (see `--micro_batch`), `loss_scale_factor`
(float16 is not supported) and `name` are left out. Options of Keras that are no number and no switch are left
out too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tfgan.core.options import Fraction, NonNegative, NonNegativeInt, Positive, PositiveInt
from tfgan.core.registry import Entry, Registry

PLAYERS = ("g", "d")
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
ALIASES = {"learning_rate": "lr"}


@dataclasses.dataclass(frozen=True)
class Optimizer:
    """Options of every optimizer. `lr` is Keras's `learning_rate`."""

    lr: Positive = 0.001
    weight_decay: NonNegative | None = None
    clipnorm: Positive | None = None
    clipvalue: Positive | None = None
    global_clipnorm: Positive | None = None


@dataclasses.dataclass(frozen=True)
class Moments(Optimizer):
    """Adam and its kin: decays of the first and second moment, which the rows of data sets and networks set."""

    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7


@dataclasses.dataclass(frozen=True)
class Adam(Moments):
    """Kingma & Ba 2015. Epsilon is the paper's 1e-8, where Keras has 1e-7."""

    epsilon: Positive = 1e-8
    amsgrad: bool = False


@dataclasses.dataclass(frozen=True)
class AdamW(Adam):
    """Loshchilov & Hutter 2019. Epsilon as in `Adam`."""

    weight_decay: NonNegative | None = 0.004


@dataclasses.dataclass(frozen=True)
class Adamax(Moments):
    """Kingma & Ba 2015, section 7.1."""


@dataclasses.dataclass(frozen=True)
class Nadam(Moments):
    """Dozat 2016."""


@dataclasses.dataclass(frozen=True)
class Lamb(Moments):
    """You et al. 2020."""


@dataclasses.dataclass(frozen=True)
class RMSprop(Optimizer):
    """Tieleman & Hinton 2012."""

    rho: Fraction = 0.9
    momentum: Fraction = 0.0
    epsilon: Positive = 1e-7
    centered: bool = False


@dataclasses.dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent, with momentum if asked."""

    lr: Positive = 0.01
    momentum: Fraction = 0.0
    nesterov: bool = False


@dataclasses.dataclass(frozen=True)
class Lion(Optimizer):
    """Chen et al. 2023. Its betas weigh signs, not moments: Adam's values in the rows do not apply."""

    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.99


@dataclasses.dataclass(frozen=True)
class Adagrad(Optimizer):
    """Duchi et al. 2011."""

    initial_accumulator_value: NonNegative = 0.1
    epsilon: Positive = 1e-7


@dataclasses.dataclass(frozen=True)
class Adadelta(Optimizer):
    """Zeiler 2012."""

    rho: Fraction = 0.95
    epsilon: Positive = 1e-7


@dataclasses.dataclass(frozen=True)
class Adafactor(Optimizer):
    """Shazeer & Stern 2018."""

    beta_2_decay: float = -0.8
    epsilon_1: Positive = 1e-30
    epsilon_2: Positive = 1e-3
    clip_threshold: Positive = 1.0
    relative_step: bool = True


@dataclasses.dataclass(frozen=True)
class Ftrl(Optimizer):
    """McMahan et al. 2013."""

    learning_rate_power: float = -0.5
    initial_accumulator_value: NonNegative = 0.1
    l1_regularization_strength: NonNegative = 0.0
    l2_regularization_strength: NonNegative = 0.0
    l2_shrinkage_regularization_strength: NonNegative = 0.0
    beta: NonNegative = 0.0


@dataclasses.dataclass(frozen=True)
class Muon(Optimizer):
    """Jordan et al. 2024: orthogonalized momentum for matrices, Adam for other weights."""

    weight_decay: NonNegative | None = 0.004
    adam_beta_1: Fraction = 0.9
    adam_beta_2: Fraction = 0.999
    adam_weight_decay: NonNegative = 0.004
    adam_lr_ratio: Positive = 1.0
    epsilon: Positive = 1e-7
    exclude_embeddings: bool = True
    muon_a: float = 3.4445
    muon_b: float = -4.775
    muon_c: float = 2.0315
    momentum: Fraction = 0.95
    ns_steps: PositiveInt = 5
    nesterov: bool = True
    rms_rate: Positive = 0.2


@dataclasses.dataclass(frozen=True)
class ScheduleFreeAdamW(Optimizer):
    """Defazio et al. 2024. Its beta_1 interpolates weights: Adam's values in the rows do not apply."""

    lr: Positive = 0.0025
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-8
    warmup_steps: NonNegativeInt = 0


optimizers = Registry(
    "optimizer",
    {
        "adam": Entry(Adam, "the default (Kingma & Ba 2015)"),
        "adamw": Entry(AdamW, "Adam with decoupled weight decay (Loshchilov & Hutter 2019)"),
        "adamax": Entry(Adamax, "Adam with the infinity norm (Kingma & Ba 2015)"),
        "nadam": Entry(Nadam, "Adam with Nesterov momentum (Dozat 2016)"),
        "lamb": Entry(Lamb, "Adam with a trust ratio a layer (You et al. 2020)"),
        "schedule_free_adamw": Entry(ScheduleFreeAdamW, "AdamW on averaged weights (Defazio et al. 2024)"),
        "rmsprop": Entry(RMSprop, "gradients divided by their running RMS (Tieleman & Hinton 2012)"),
        "sgd": Entry(SGD, "gradient descent, with momentum if asked"),
        "lion": Entry(Lion, "signs of a momentum (Chen et al. 2023)"),
        "adagrad": Entry(Adagrad, "rates that fall with the sum of squared gradients (Duchi et al. 2011)"),
        "adadelta": Entry(Adadelta, "RMSprop with running RMS of the updates (Zeiler 2012)"),
        "adafactor": Entry(Adafactor, "factored second moments (Shazeer & Stern 2018)"),
        "ftrl": Entry(Ftrl, "follow the regularized leader (McMahan et al. 2013)"),
        "muon": Entry(Muon, "orthogonalized momentum for matrices (Jordan et al. 2024)"),
    },
)

# The flags of before these two, and of any record written then: old flag -> (option, players it sets).
OLD_FLAGS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **{
        f"{player}_{option}": (option, (player,))
        for option in ("lr", "beta_1", "beta_2")
        for player in PLAYERS
    },
    **{option: (option, PLAYERS) for option in ("beta_1", "beta_2")},
}


def parse(spec: str) -> tuple[str, dict[str, Any]]:
    """Split `"rmsprop:lr=5e-5"` into the catalogue's name and checked options.

    The name is the Keras class in any case, with or without underscores.

    Raises:
        ValueError: an unknown name or option with the nearest one, an option twice, or two ways to clip.

    Example:
        >>> parse("AdamW:beta_1=0,learning_rate=1e-4")
        ('adamw', {'lr': 0.0001, 'beta_1': 0.0})
    """
    name, _, text = spec.partition(":")
    plain = {known.replace("_", ""): known for known in optimizers.names()}
    name = plain.get(name.replace("_", "").lower(), name)
    optimizers.entry(name)
    declared = optimizers.options(name)
    aliases = {alias: declared[option] for alias, option in ALIASES.items()}
    given = optimizers.parse_options(name, text, {**declared, **aliases})
    for alias, option in ALIASES.items():
        if alias in given and given.setdefault(option, given[alias]) != given[alias]:
            raise ValueError(f"expected {option} or {alias}, which mean the same, got both in {spec!r}")
        given.pop(alias, None)
    if len(clips := [option for option in CLIPS if option in given]) > 1:
        raise ValueError(f"expected at most one of {', '.join(CLIPS)}, got {' and '.join(clips)} in {spec!r}")
    return name, {option: given[option] for option in declared if option in given}


def format_spec(name: str, options: Mapping[str, Any]) -> str:
    """Write an optimizer in one way: options in the order of their class, without those at their default.

    Options that a row may set (`lr`, Adam's betas) stay even at their default.
    """
    cls = optimizers.load(name)
    from_rows = _row_options(cls)
    fields = dataclasses.fields(cls)
    kept = {
        f.name: options[f.name]
        for f in fields
        if f.name in options and (f.name in from_rows or options[f.name] != f.default)
    }
    return name + ":" * bool(kept) + ",".join(f"{option}={value}" for option, value in kept.items())


def _row_options(cls: type) -> tuple[str, ...]:
    return ("lr", "beta_1", "beta_2") if issubclass(cls, Moments) else ("lr",)


def translate_old_flags(values: Mapping[str, Any]) -> dict[str, Any]:
    """Move the old flags among the fields of a config into its `g_optimizer` and `d_optimizer`.

    Args:
        values: fields of a `Config` by name; absent ones count as None.

    Returns:
        The fields that change: both optimizers in canonical form, None for a plain `adam`; None for each old
            flag.

    Raises:
        ValueError: a wrong name or option, an old flag that contradicts an option, or one for an optimizer
            without it.

    Example:
        >>> translate_old_flags({"g_lr": 1e-4, "d_optimizer": "rmsprop"})
        {'g_optimizer': 'adam:lr=0.0001', 'd_optimizer': 'rmsprop', 'g_lr': None}
    """
    old = {flag: values[flag] for flag in OLD_FLAGS if values.get(flag) is not None}
    changed, unused = {}, {flag: value for flag, value in old.items() if flag in ("beta_1", "beta_2")}
    for player in PLAYERS:
        field = f"{player}_optimizer"
        spec = values.get(field) or "adam"
        name, options = _parse_field(values, player)
        declared = optimizers.options(name)
        for option in ("lr", "beta_1", "beta_2"):
            flag = f"{player}_{option}" if f"{player}_{option}" in old else option
            if flag not in old:
                continue
            if option not in declared:
                if flag == option:  # of both networks: it sets those that have it
                    continue
                raise ValueError(
                    f"--{flag}: expected a --{field} with an option {option}, got {spec!r}; leave --{flag} out"
                )
            if options.setdefault(option, old[flag]) != old[flag]:
                instead = format_spec(name, {**options, option: old[flag]})
                raise ValueError(
                    f"--{flag}: expected {options[option]} as in --{field}={spec}, got {old[flag]}; use --{field}={instead}"
                )
            unused.pop(option, None)
        text = format_spec(name, options)
        changed[field] = None if text == "adam" else text
    for flag in unused:
        if not all(f"{player}_{flag}" in old for player in PLAYERS):
            both = " and ".join(
                f"--{player}_optimizer={values.get(f'{player}_optimizer')}" for player in PLAYERS
            )
            raise ValueError(
                f"--{flag}: expected an optimizer with an option {flag}, got {both}; leave --{flag} out"
            )
    return {**changed, **dict.fromkeys(old)}


def _parse_field(values: Mapping[str, Any], player: str) -> tuple[str, dict[str, Any]]:
    """Parse the optimizer of one network, `adam` where there is none; errors name its flag."""
    try:
        return parse(values.get(f"{player}_optimizer") or "adam")
    except ValueError as error:
        raise ValueError(f"--{player}_optimizer: {error}") from None


def fill_defaults(values: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, str]:
    """Return both optimizers with the rates and betas of a row of the catalogues where they have none of their own.

    Args:
        values: with `g_optimizer` and `d_optimizer`, None for `adam`.
        row: with `g_lr`, `d_lr`, `beta_1` and `beta_2`, or some of them. The betas are Adam's: only its kin
            take them.
    """
    if not OLD_FLAGS.keys() & row.keys():
        return {}
    filled = {}
    for player in PLAYERS:
        name, options = _parse_field(values, player)
        for option in _row_options(optimizers.load(name)):
            for key in (f"{player}_{option}", option):
                if key in row:
                    options.setdefault(option, row[key])
        filled[f"{player}_optimizer"] = format_spec(name, options)
    return filled


def check(config: Any) -> None:
    """Raise `ValueError` where an optimizer does not go together with another flag of a config."""
    for player in PLAYERS:
        spec = getattr(config, f"{player}_optimizer") or "adam"
        name, options = parse(spec)
        if config.beta_2_start is not None and name != "adam":
            raise ValueError(
                f"--beta_2_start: expected --{player}_optimizer=adam, whose beta_2 it changes, got {spec!r}; leave it out"
            )
        if config.clip_norm is not None and (clips := [option for option in CLIPS if option in options]):
            raise ValueError(
                f"--clip_norm: expected no {clips[0]} in --{player}_optimizer beside it, got {spec!r}; leave one out"
            )


def keras_arguments(spec: str) -> tuple[str, dict[str, Any]]:
    """Return the name of the Keras class and all its arguments but the rate, which a schedule may replace.

    Args:
        spec: a complete optimizer, with its rate.
    """
    name, options = parse(spec)
    cls = optimizers.load(name)
    values = {**{field.name: field.default for field in dataclasses.fields(cls)}, **options}
    values.pop("lr")
    return cls.__name__, values


def learning_rate(spec: str) -> float:
    """Return the rate of a complete optimizer."""
    return parse(spec)[1]["lr"]


def flatten(spec: str, player: str) -> dict[str, Any]:
    """Return an optimizer as separate values, for tables: `{"g_optimizer": "adam", "g_lr": 0.0002, …}`."""
    name, options = parse(spec)
    return {f"{player}_optimizer": name} | {f"{player}_{option}": value for option, value in options.items()}


def as_old_flags(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a config with plain Adam written as the old flags, as records of before have it.

    Where both networks share a beta it is `beta_1` or `beta_2`. Digests are taken of this, so that those in
    SavedModels of before still match.
    """
    values = {**values, **translate_old_flags(values)}
    parsed = {player: _parse_field(values, player) for player in PLAYERS}
    if any(
        name != "adam" or options.keys() - {"lr", "beta_1", "beta_2"} for name, options in parsed.values()
    ):
        return values
    values |= dict.fromkeys(f"{player}_optimizer" for player in PLAYERS)
    options = {player: parsed[player][1] for player in PLAYERS}
    values |= {f"{player}_lr": options[player].get("lr") for player in PLAYERS}
    for beta in ("beta_1", "beta_2"):
        g, d = (options[player].get(beta) for player in PLAYERS)
        values |= {beta: g} if g == d else {f"g_{beta}": g, f"d_{beta}": d}
    return values


def listing() -> str:
    """Return the names, their help and in brackets their own options, a line each."""
    common = [field.name for field in dataclasses.fields(Optimizer)]
    heading = f"Names for --g_optimizer and --d_optimizer, each with {', '.join(common)}:"
    return optimizers.listing(heading, without=common)
