"""Optimizers by name: the catalogue is Keras's, flags of before mean the same, and each network trains by its own."""

import dataclasses
import inspect

import keras
import numpy as np
import pytest
from absl import flags as absl_flags

from tfgan import train
from tfgan.cli import command, recipes
from tfgan.cli import flags as flags_lib
from tfgan.comparison import study
from tfgan.runs import build, fit, optimizers
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config, resolve

LEFT_OUT = {
    "self",
    "kwargs",
    "name",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
}
LEFT_OUT |= {"gradient_accumulation_steps", "exclude_layers"}
WRAPPERS = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"}
BATCH = 16
# learning rates of G and D, and their common beta_1, beta_2, as each recipe had them when they were flags of their own
RECIPES = {
    "chloroplast": (1e-3, 1e-3, 0.0, 0.99),
    "classes": (5e-4, 5e-4, 0.5, 0.999),
    "classify": (5e-4, 5e-4, 0.5, 0.999),
    "classify_fashion": (2e-4, 2e-4, 0.5, 0.999),
    "fashion_mnist": (1e-3, 1e-3, 0.0, 0.99),
    "grid100": (1e-3, 1e-3, 0.0, 0.99),
    "grid25": (1.5e-3, 1.5e-3, 0.0, 0.99),
    "health": (5e-4, 5e-4, 0.0, 0.99),
    "infogan": (5e-4, 5e-4, 0.5, 0.999),
    "infogan_fashion": (5e-4, 2e-4, 0.5, 0.999),
    "peptides": (1e-3, 1e-3, 0.0, 0.99),
    "projected": (1e-3, 1e-3, 0.5, 0.999),
    "r3gan": (5e-4, 5e-4, 0.0, 0.99),
    "r3gan_fashion": (5e-4, 5e-4, 0.0, 0.99),
    "ring8": (1.5e-3, 1.5e-3, 0.0, 0.99),
    "rpgan": (2e-4, 2e-4, 0.5, 0.999),
    "series": (1e-3, 1e-3, 0.0, 0.99),
    "small_data": (2e-4, 2e-4, 0.5, 0.999),
    "sngan": (2e-4, 2e-4, 0.5, 0.999),
    "stacked": (2e-4, 2e-4, 0.5, 0.999),
    "table": (5e-4, 5e-4, 0.0, 0.99),
    "wgan_gp": (2e-4, 2e-4, 0.5, 0.999),
    "words": (1e-3, 1e-3, 0.0, 0.99),
}


def keras_optimizers():
    """Return the classes in `keras.optimizers` that update weights by themselves."""
    classes = [
        value
        for value in vars(keras.optimizers).values()
        if inspect.isclass(value) and value.__name__ not in WRAPPERS
    ]
    return {cls.__name__: cls for cls in classes if issubclass(cls, keras.optimizers.Optimizer)}


def from_command_line(*arguments):
    """Return the config that `python -m tfgan.train` makes of these arguments."""
    values = absl_flags.FlagValues()
    absl_flags.DEFINE_string("flagfile", None, "", flag_values=values)
    flags_lib.define_flags(Config, values)
    values(["train", *recipes.expand_recipes(arguments)])
    return resolve(flags_lib.from_flags(Config, values))


@pytest.fixture(scope="module")
def ring8():
    return build.open_source(resolve(Config(dataset="ring8", batch_size=BATCH)))


def built(source, **settings):
    """Build a tiny GAN on points, uncompiled."""
    small = {
        "network": "mlp:depth=1,d_depth=1",
        "width": 4,
        "batch_size": BATCH,
        "xla": False,
        "lr_schedule": "constant",
    }
    return build.build_gan(resolve(Config(dataset="ring8", **{**small, **settings})), source)


def one_step(gan, source):
    """Train one step; return how far it moved each weight of D."""
    before = [weight.numpy() for weight in gan.discriminator.trainable_variables]
    gan.train_step(next(iter(source.dataset(BATCH, seed=0))))
    return [
        weight.numpy() - old
        for weight, old in zip(gan.discriminator.trainable_variables, before, strict=True)
    ]


# The catalogue


def test_the_catalogue_agrees_with_keras_with_its_options_and_defaults():
    """But for epsilon of Adam and AdamW, which is the paper's 1e-8."""
    found = {
        entry.target.__name__: entry.target
        for entry in map(optimizers.optimizers.entry, optimizers.optimizers.names())
    }
    assert found.keys() == keras_optimizers().keys()
    for name, cls in keras_optimizers().items():
        theirs = {
            key: parameter.default
            for key, parameter in inspect.signature(cls.__init__).parameters.items()
            if key not in LEFT_OUT
        }
        ours = {
            "learning_rate" if field.name == "lr" else field.name: field.default
            for field in dataclasses.fields(found[name])
        }
        if name in ("Adam", "AdamW"):
            assert (theirs.pop("epsilon"), ours.pop("epsilon")) == (1e-7, 1e-8)
        assert ours == theirs, name


@pytest.mark.parametrize(
    "spec",
    [
        "AdamW:beta_1=0,lr=1e-4",
        "adam_w:learning_rate=1e-4,beta_1=0.",
        "adamw:beta_1=0,weight_decay=4e-3,lr=1e-4",
    ],
)
def test_one_meaning_has_one_canonical_text(spec):
    assert optimizers.format_spec(*optimizers.parse(spec)) == "adamw:lr=0.0001,beta_1=0.0"


@pytest.mark.parametrize(
    "name", ["schedule_free_adamw", "ScheduleFreeAdamW", "schedulefreeadamw", "RMSprop", "rms_prop"]
)
def test_names_are_those_of_keras_in_any_case(name):
    assert optimizers.parse(name)[0] in ("schedule_free_adamw", "rmsprop")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"g_optimizer": "adm"},
            "--g_optimizer: unknown optimizer 'adm' .did you mean 'adam'..; expected one of: adam, .*rmsprop",
        ),
        (
            {"d_optimizer": "adam:beta1=0"},
            "--d_optimizer: optimizer 'adam' has no option 'beta1' .did you mean 'beta_1'..; .*lr, ",
        ),
        (
            {"d_optimizer": "rmsprop:lr=0"},
            "--d_optimizer: optimizer rmsprop:lr: expected a number above 0, got 0.0",
        ),
        ({"g_optimizer": "adam:use_ema=true"}, "--g_optimizer: optimizer 'adam' has no option 'use_ema'"),
        (
            {"g_optimizer": "sgd:lr=1,learning_rate=2"},
            "--g_optimizer: expected lr or learning_rate, .* got both",
        ),
        (
            {"g_optimizer": "sgd:clipnorm=1,clipvalue=2"},
            "--g_optimizer: expected at most one of clipnorm, clipvalue",
        ),
        (
            {"g_optimizer": "sgd:clipnorm=1", "clip_norm": 1.0},
            "--clip_norm: expected no clipnorm in --g_optimizer beside it",
        ),
        ({"d_optimizer": "lion", "beta_2_start": 0.9}, "--beta_2_start: expected --d_optimizer=adam"),
        (
            {"g_optimizer": "adam:beta_1=0,lr=1e-3", "g_lr": 2e-3},
            "--g_lr: expected 0.001 as in --g_optimizer=adam:beta_1=0,lr=1e-3, got 0.002; use --g_optimizer=adam:lr=0.002,beta_1=0.0$",
        ),
        (
            {"d_optimizer": "adam:beta_1=0", "beta_1": 0.5},
            "--beta_1: expected 0.0 as in --d_optimizer=adam:beta_1=0, got 0.5; use",
        ),
        (
            {"d_optimizer": "rmsprop", "d_beta_2": 0.5},
            "--d_beta_2: expected a --d_optimizer with an option beta_2, got 'rmsprop'",
        ),
        (
            {"g_optimizer": "sgd", "d_optimizer": "sgd", "beta_1": 0.5},
            "--beta_1: expected an optimizer with an option beta_1",
        ),
    ],
    ids=str,
)
def test_what_an_optimizer_does_not_take_is_refused(settings, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        resolve(Config(**settings))


# Flags of before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"g_lr": 1e-3}, {"g_optimizer": "adam:lr=1e-3"}),
        ({"d_lr": 1e-3, "d_optimizer": "adam:lr=1e-3"}, {"d_optimizer": "adam:learning_rate=.001"}),
        ({"d_lr": 5e-5, "d_optimizer": "rmsprop"}, {"d_optimizer": "rmsprop:lr=5e-5"}),
        ({"beta_1": 0.3}, {"g_optimizer": "adam:beta_1=0.3", "d_optimizer": "adam:beta_1=0.3"}),
        (
            {"beta_2": 0.3, "g_beta_2": 0.4},
            {"g_optimizer": "adam:beta_2=0.4", "d_optimizer": "adam:beta_2=0.3"},
        ),
        (
            {"beta_1": 0.3, "g_optimizer": "sgd:lr=1"},
            {"g_optimizer": "sgd:lr=1", "d_optimizer": "adam:beta_1=0.3"},
        ),
        (
            {"g_beta_1": 0.3, "d_beta_1": 0.4},
            {"g_optimizer": "adam:beta_1=0.3", "d_optimizer": "adam:beta_1=0.4"},
        ),
        ({"d_beta_2": 0.4, "d_optimizer": "lion"}, {"d_optimizer": "lion:beta_2=0.4"}),
        ({"g_optimizer": "adam"}, {}),
    ],
    ids=str,
)
def test_old_flags_mean_the_options_they_stand_for(old, new):
    """In Python, on the command line, and in a study's record."""
    assert resolve(Config(dataset="digits", **old)) == resolve(Config(dataset="digits", **new))
    typed = [
        from_command_line("--dataset=digits", *(f"--{name}={value}" for name, value in each.items()))
        for each in (old, new)
    ]
    assert typed[0] == typed[1] == resolve(Config(dataset="digits", **new))
    lists = {"losses": ["nonsat"], "penalties": ["none"], "datasets": ["digits"], "seeds": [0], "metrics": {}}
    assert study.list_differences({**lists, "flags": old}, {**lists, "flags": new}) == []
    if len(new) > 0:
        assert study.list_differences({**lists, "flags": old}, {**lists, "flags": {}}) != []


def test_rates_and_betas_that_are_left_out_come_from_the_rows():
    """The data set's rate, the network's betas; betas of the rows are Adam's, and Lion's are others."""
    config = resolve(Config(dataset="digits", g_optimizer="adam:beta_1=0", d_optimizer="lion"))
    assert (config.g_optimizer, config.d_optimizer) == (
        "adam:lr=0.001,beta_1=0.0,beta_2=0.999",
        "lion:lr=0.001",
    )
    config = resolve(Config(dataset="tfds:mnist", d_optimizer="sgd"))  # no network yet
    config = config_lib.with_network(config, "dcgan")
    assert (config.g_optimizer, config.d_optimizer) == (
        "adam:lr=0.0002,beta_1=0.5,beta_2=0.999",
        "sgd:lr=0.0002",
    )


def record_of_before(**changes):
    """Return the config of a run on ring8 as version 0.1.0 recorded it."""
    values = config_lib.to_dict(resolve(Config(dataset="ring8")))
    del values["g_optimizer"], values["d_optimizer"]
    old = {"g_lr": 1e-3, "d_lr": 1e-3, "beta_1": 0.0, "beta_2": 0.99, "g_beta_1": None, "g_beta_2": None}
    return {**values, **old, "d_beta_1": None, "d_beta_2": None, **changes}


def test_a_run_of_before_resumes_by_either_kind_of_flag():
    record = record_of_before(g_lr=2e-3, d_beta_1=0.3)
    for flags in (
        {"g_lr": 2e-3, "d_beta_1": 0.3},
        {"g_optimizer": "adam:lr=2e-3", "d_optimizer": "adam:beta_1=0.3"},
        {"g_optimizer": "Adam:learning_rate=.002,epsilon=1e-8", "d_beta_1": 0.3},
    ):
        assert config_lib.differences(record, resolve(Config(dataset="ring8", **flags))) == []
    there, here = "adam:lr=0.002,beta_1=0.0,beta_2=0.99", "adam:lr=0.001,beta_1=0.0,beta_2=0.99"
    changed = config_lib.differences(record, resolve(Config(dataset="ring8", d_beta_1=0.3)))
    assert changed == [f"--g_optimizer: {there!r} there, {here!r} here"]


def test_a_record_of_before_builds_its_model(ring8):
    gan = build.build_gan(config_lib.from_dict(record_of_before(g_lr=2e-3, d_beta_1=0.3, width=4)), ring8)
    assert float(gan.g_optimizer.get_config()["learning_rate"]["config"]["initial_learning_rate"]) == 2e-3
    assert (
        gan.g_optimizer.beta_1,
        gan.d_optimizer.beta_1,
        gan.d_optimizer.beta_2,
        gan.d_optimizer.epsilon,
    ) == (0.0, 0.3, 0.99, 1e-8)


@pytest.mark.parametrize(
    ("flags", "digest"),
    [({}, "2f9e1596808d84f7"), ({"g_lr": 1e-3, "beta_1": 0.25}, "82b250e63a76f793")],
    ids=["rows", "flags"],
)
def test_digests_are_those_of_before(flags, digest):
    """Taken by the version whose flags these were; SavedModels of before tell their runs by them."""
    resolved = config_lib.to_dict(resolve(Config(dataset="ring8", **flags)))
    assert config_lib.digest(resolved) == config_lib.digest(record_of_before(**flags)) == digest
    other = config_lib.to_dict(resolve(Config(dataset="ring8", d_optimizer="rmsprop")))
    assert config_lib.digest(other) != digest


@pytest.mark.parametrize("name", sorted(recipes.list_recipes()))
def test_a_recipe_has_its_optimizers(name):
    config = from_command_line(f"--recipe={name}")
    g_lr, d_lr, *betas = RECIPES[name]
    expected = [("adam", {"lr": lr, "beta_1": betas[0], "beta_2": betas[1]}) for lr in (g_lr, d_lr)]
    assert [optimizers.parse(config.g_optimizer), optimizers.parse(config.d_optimizer)] == expected
    assert config.beta_2_start == (0.9 if name.startswith("r3gan") else None)


def test_replaced_flags_stand_in_helpfull_alone():
    brief, full = (command._format_help(train.TrainFlags, "", with_hidden=shown) for shown in (False, True))
    lines = {name: f"  --{name} " for name in optimizers.OLD_FLAGS}
    assert len(lines) == 8
    assert not any(line in brief for line in lines.values())
    assert all(line in full for line in lines.values())
    assert all(f"  --{name} " in brief for name in ("g_optimizer", "d_optimizer"))


# Training


@pytest.mark.parametrize("name", optimizers.optimizers.names())
def test_every_optimizer_trains_under_a_schedule(name, ring8):
    spec = f"{name}:lr=1e-2"
    gan = built(ring8, g_optimizer=spec, d_optimizer=spec, lr_schedule="cosine", lr_end=0.5, steps=10)
    assert max(np.abs(moved).max() for moved in one_step(gan, ring8)) > 0
    assert all(np.isfinite(weight.numpy()).all() for weight in gan.weights)
    gan.g_optimizer.iterations.assign(10)
    assert float(gan.g_optimizer.learning_rate) == pytest.approx(5e-3)
    before = gan.d_optimizer
    gan.compile_from_config(gan.get_compile_config())  # as a `.keras` file does
    assert gan.d_optimizer is not before
    assert (type(gan.d_optimizer), gan.d_optimizer.get_config()) == (type(before), before.get_config())


def test_each_network_moves_by_its_own_optimizer(ring8):
    """RMSprop's first step is lr / sqrt(1 - rho) for any gradient far above epsilon; G keeps Adam."""
    gan = built(ring8, d_optimizer="rmsprop:lr=1e-3,rho=0.75,epsilon=1e-20")
    moved = np.concatenate([each.ravel() for each in one_step(gan, ring8)])
    np.testing.assert_allclose(np.abs(moved[moved != 0]), 1e-3 / np.sqrt(1 - 0.75), rtol=1e-3)
    assert (moved != 0).mean() > 0.5
    assert type(gan.g_optimizer) is keras.optimizers.Adam


def test_clip_norm_and_weight_decay_hold_for_any_optimizer(ring8):
    """SGD at rate 1 moves D by the clipped gradient; with decay by that and the rate times decay times the weights."""
    plain, decayed = (
        built(ring8, d_optimizer=f"sgd:lr=1{decay}", clip_norm=1e-3) for decay in ("", ",weight_decay=0.01")
    )
    before = [weight.numpy() for weight in decayed.discriminator.trainable_variables]
    step, other = one_step(plain, ring8), one_step(decayed, ring8)
    assert np.sqrt(sum((each.astype(float) ** 2).sum() for each in step)) == pytest.approx(1e-3, rel=1e-3)
    for clipped, both, weight in zip(step, other, before, strict=True):
        np.testing.assert_allclose(both, clipped - 0.01 * weight, atol=1e-4)


def test_rates_of_an_attempt_are_halved_for_any_optimizer(ring8):
    config = resolve(Config(dataset="ring8", g_optimizer="lion:lr=1e-3", d_lr=4e-3))
    assert [build.initial_rate(config, player, 2) for player in ("g", "d")] == [2.5e-4, 1e-3]


def test_hyperparameters_are_numbers_of_their_own():
    """So that TensorBoard's HParams tab can sort by a rate."""
    values = fit.hyperparameters(resolve(Config(dataset="ring8", g_lr=2e-3, d_optimizer="rmsprop:rho=0.5")))
    assert {
        key: values[key] for key in ("g_optimizer", "g_lr", "g_beta_1", "d_optimizer", "d_lr", "d_rho")
    } == {
        "g_optimizer": "adam",
        "g_lr": 2e-3,
        "g_beta_1": 0.0,
        "d_optimizer": "rmsprop",
        "d_lr": 1e-3,
        "d_rho": 0.5,
    }
