"""How flags, catalogue rows and recipes become one config."""

import dataclasses

import pytest
from absl import flags

from tfgan.cli import flags as flags_lib
from tfgan.cli import recipes as recipes_lib
from tfgan.runs import build, optimizers
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config, resolve


def test_defaults_come_from_the_data_sets_row():
    config = resolve(Config(dataset="ring8"))
    assert (config.network, config.latent_dim, config.lr_schedule) == ("mlp", 2, "cosine")


def test_rates_come_from_the_networks_row():
    assert (
        resolve(Config(dataset="stacked_fashion_mnist")).g_optimizer
        == "adam:lr=0.0002,beta_1=0.5,beta_2=0.999"
    )


@pytest.mark.parametrize(
    ("network", "adam"),
    [
        (
            "sn_resnet",
            "adam:lr=0.0002,beta_1=0.0,beta_2=0.9",
        ),  # Miyato et al. 2018, section 4.2 and appendix B
        ("dcgan", "adam:lr=0.0002,beta_1=0.5,beta_2=0.999"),  # Radford et al. 2016, section 4
    ],
)
def test_a_named_network_has_the_sizes_and_rates_of_its_own_row(network, adam):
    named, own = (resolve(Config(dataset="fashion_mnist", network=name)) for name in (network, None))
    assert (named.width, named.g_optimizer, named.d_optimizer, named.penalty) == (64, adam, adam, ())
    assert own.penalty == ("r1:gamma=0.5",)
    assert own.width != 64
    assert own.g_optimizer != adam
    assert (named.latent_dim, named.steps) == (own.latent_dim, own.steps)


@pytest.mark.parametrize("given", [{"penalty": ("none",)}, {"loss": "ebgan"}, {"network": "dcgan"}], ids=str)
def test_a_data_sets_penalty_gives_way(given):
    """To a penalty of the user's, `none` among them; where D has no logits of a link; to another network."""
    assert resolve(Config(dataset="fashion_mnist", **given)).penalty == ()


def test_given_values_beat_defaults():
    assert resolve(Config(dataset="ring8", batch_size=7)).batch_size == 7


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (("r1", "r1:gamma=2"), ("r1:gamma=2.0",)),
        (("r1", "none", "r2"), ("r2",)),
        (("r1", "none"), ()),
        (("r1", "wgan_gp:every=4"), ("r1", "wgan_gp:every=4")),
    ],
)
def test_later_penalties_win(given, kept):
    assert resolve(Config(penalty=given)).penalty == kept


def flags_of(*arguments):
    values = flags.FlagValues()
    flags.DEFINE_string("flagfile", None, "", flag_values=values)
    flags_lib.define_flags(Config, values)
    values(["train", *recipes_lib.expand_recipes(arguments)])
    return resolve(flags_lib.from_flags(Config, values))


def test_none_undoes_what_a_recipe_says():
    assert flags_of("--recipe=small_data").augment is not None
    assert flags_of("--recipe=small_data", "--augment=none").augment is None
    undone = flags_of("--recipe=classify", "--task=generate", "--labels_per_class=none")
    assert (undone.task, undone.labels_per_class) == ("generate", None)


def test_a_recipe_may_follow_a_space():
    assert flags_of("--recipe", "ring8", "--seed=3") == flags_of("--recipe=ring8", "--seed=3")


def test_mixtures_bring_their_gamma():
    assert resolve(Config(dataset="ring8", penalty=("r1", "r2:gamma=5"))).penalty == (
        "r1:gamma=0.1",
        "r2:gamma=5.0",
    )


def test_intervals_are_rounded_up_to_multiples():
    config = resolve(Config(dataset="digits", log_every=300))
    assert config.save_every % 300 == 0
    assert config.sample_every % 300 == 0


def test_short_runs_log_at_their_end():
    assert resolve(Config(steps=10)).log_every == 10


def test_run_dir_names_data_loss_and_seed():
    assert (
        resolve(Config(dataset="folder:/a/b c", loss="hinge:margin=2", seed=3)).run_dir
        == "runs/folder-a-b-c-hinge-margin-2-s3"
    )


@pytest.mark.parametrize(
    "option",
    [
        "outputs=2",
        "width=8",
        "num_classes=3",
        "condition=acgan",
        "task=classify",
        "info_categorical=3",
        "info_continuous=1",
        "pack=2",
    ],
)
def test_options_of_networks_that_follow_from_the_run_are_left_to_it(option):
    name = option.partition("=")[0]
    with pytest.raises(ValueError, match=rf"--network: expected '{name}' to be left to the run \(--{name}"):
        resolve(Config(network=f"dcgan:{option}"))


def test_config_survives_json():
    config = resolve(Config(penalty=("r1",)))
    assert config_lib.from_dict(config_lib.to_dict(config)) == config


def test_free_fields_may_differ_on_resume():
    config = resolve(Config())
    changed = dataclasses.replace(config, steps=1, log_every=1, export=False, data_dir="x")
    assert config_lib.differences(config_lib.to_dict(config), changed) == []


def test_steps_are_fixed_under_a_schedule():
    config = resolve(Config(lr_schedule="cosine"))
    changed = dataclasses.replace(config, steps=1)
    assert config_lib.differences(config_lib.to_dict(config), changed) == [
        f"--steps: {config.steps} there, 1 here"
    ]


@pytest.mark.parametrize("name", sorted(recipes_lib.list_recipes()))
def test_recipe_resolves(name):
    from absl import flags

    values = flags.FlagValues()
    flags.DEFINE_string("flagfile", None, "", flag_values=values)
    flags_lib.define_flags(Config, values)
    values(["train", *recipes_lib.expand_recipes([f"--recipe={name}"])])
    assert (
        f"--dataset={resolve(flags_lib.from_flags(Config, values)).dataset}\n"
        in recipes_lib.list_recipes()[name].read_text()
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"loss": "lsgan", "pairing": "average"}, "0/1 targets contradict"),
        ({"loss": "fgan_kl", "pairing": "paired"}, "bounds no f-divergence"),
        (
            {"loss": "nonsat:label_smoothing=0.1", "pairing": "paired"},
            "label_smoothing softens the label of reals alone",
        ),
        ({"profile": "5,5"}, "--profile: expected START,STOP with START below STOP, got '5,5'"),
        ({"profile": "5"}, "--profile: expected START,STOP"),
        ({"loss": "rpgan:label_smoothing=0.1"}, "label_smoothing softens the label of reals alone"),
    ],
)
def test_pairing_that_the_link_lacks_is_refused(asked, words):
    with pytest.raises(ValueError, match=words):
        resolve(Config(**asked))


def test_pairing_that_makes_options_legal_is_accepted():
    assert resolve(Config(loss="hinge:margin=2", pairing="paired")).pairing == "paired"


@pytest.mark.parametrize("name", ["sample_every", "save_every", "eval_every"])
def test_asked_intervals_must_be_multiples(name):
    with pytest.raises(ValueError, match=f"--{name}: expected a multiple of --log_every=50, got 77"):
        resolve(Config(log_every=50, **{name: 77}))


def test_asked_intervals_beyond_the_last_step_need_be_no_multiple():
    assert resolve(Config(steps=60, log_every=50, save_every=77)).save_every >= 60


def test_differences_name_both_values():
    config = resolve(Config())
    changed = dataclasses.replace(config, loss="hinge", penalty=("r1",))
    assert config_lib.differences(config_lib.to_dict(config), changed) == [
        "--loss: 'nonsat' there, 'hinge' here",
        "--penalty: [] there, ['r1'] here",
    ]


def test_steps_are_free_at_a_constant_rate():
    config = resolve(Config(dataset="digits"))
    assert config.lr_schedule == "constant"
    assert config_lib.differences(config_lib.to_dict(config), dataclasses.replace(config, steps=1)) == []


def test_unknown_fields_of_an_old_config_are_left_out():
    assert config_lib.from_dict({"seed": 4, "data": {}, "forgotten": 1}) == Config(seed=4)


def test_resolving_twice_changes_nothing():
    config = resolve(Config(dataset="ring8", penalty=("r1",)))
    assert resolve(config) == config


@pytest.mark.parametrize("dataset", ["digits", "fashion_mnist", "ring8", "grid25", "grid100"])
def test_named_data_sets_determine_every_setting(dataset):
    """What stays open is off by default, or means a place or a choice of the user's."""
    config = resolve(Config(dataset=dataset))
    left = {field.name for field in dataclasses.fields(config) if getattr(config, field.name) is None}
    assert left == {
        *("schema", "target", "group", "length", "transform", "alphabet"),  # the file tells them
        "keep_best",
        "patience",
        "pairing",
        "generator_form",
        "data_dir",
        "image_size",
        "clip_norm",
        "micro_batch",
        *optimizers.OLD_FLAGS,
        "beta_2_start",
        "discriminator",
        "ema_half_life_start",
        "burn_in",
        "labels_per_class",
        "augment",
        "num_examples",
        "init_from",
        "eval_every",
        "max_minutes",
        "profile",
        "replicas",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"condition": "acgan", "info_categorical": 10},
            "--condition: expected no --info_categorical or --info_continuous beside it",
        ),
        ({"condition": "concat", "pack": 2}, "--condition: expected no --pack beside it"),
        (
            {"task": "classify", "labels_per_class": 10, "info_continuous": 1},
            "expected no --task=classify beside it",
        ),
        ({"task": "classify"}, "--labels_per_class: expected it beside --task=classify"),
        ({"labels_per_class": 10}, "--labels_per_class: expected it beside --task=classify"),
        ({"class_weight": 2.0}, "--class_weight: expected the flag whose loss it changes"),
        (
            {"condition": "concat", "class_on_fakes": False},
            "--class_on_fakes: expected the flag whose loss it changes",
        ),
        (
            {"info_categorical": 3, "info_continuous_weight": 2.0},
            "--info_continuous_weight: expected the flag whose loss it changes",
        ),
        ({"pack": 3}, "--batch_size: expected a multiple of --pack=3, got 64; use --batch_size=63 or 66$"),
        (
            {"pack": 3, "batch_size": 2},
            "--batch_size: expected a multiple of --pack=3, got 2; use --batch_size=3$",
        ),
        (
            {"micro_batch": 10},
            "--micro_batch: expected a divisor of a replica's 64 examples, got 10; use --micro_batch=8 or 16$",
        ),
        (
            {"pack": 4, "micro_batch": 2},
            "--micro_batch: expected a divisor of a replica's 64 examples, a multiple of --pack=4, got 2; use --micro_batch=4$",
        ),
        ({"augment": "adda"}, "--augment: unknown augment 'adda'.*did you mean 'ada'"),
        ({"augment": "ada:speed=3"}, "--augment: .*has no option 'speed'"),
        ({"condition": "film"}, "--condition: expected one of none, concat, projection, acgan"),
        ({"info_categorical": 1}, "--info_categorical: expected at least 2 categories, or 0 for none, got 1"),
        ({"info_categorical": -1}, "--info_categorical: expected a whole number of at least 0"),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        resolve(Config(**given))


def test_generators_of_classifiers_match_features_unless_told_otherwise():
    few = {"task": "classify", "labels_per_class": 10}
    assert resolve(Config(**few)).penalty == ("feature_matching",)
    assert resolve(Config(**few, penalty=("none", "r1"))).penalty == ("r1",)
    config = resolve(Config(**few))
    assert resolve(config) == config


def test_the_length_of_a_schedule_is_not_changed_unless_it_was_said():
    """More steps would stretch what changes along them."""
    for given, lines in (
        ({}, 0),
        ({"beta_2_start": 0.9}, 1),
        ({"beta_2_start": 0.9, "burn_in": 10}, 0),
        ({"lr_schedule": "cosine"}, 1),
    ):
        config = resolve(Config(**given))
        assert (
            len(config_lib.differences(config_lib.to_dict(config), dataclasses.replace(config, steps=1)))
            == lines
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("steps", 0),
        ("batch_size", -1),
        ("g_lr", 0.0),
        ("seed", 1.5),
        ("precision", "float16"),
        ("xla", "yes"),
    ],
)
def test_values_of_another_kind_are_refused(field, value):
    with pytest.raises(ValueError, match=f"--{field}: expected"):
        resolve(Config(**{field: value}))


def test_there_are_recipes():
    assert {"ring8", "grid25", "fashion_mnist"} <= set(recipes_lib.list_recipes())


def test_rates_and_moments_of_either_network():
    """--g_beta_1 overrides --beta_1 for G, as each such flag does; a falling rate ends at the fraction --lr_end of its start."""
    config = resolve(
        Config(
            dataset="ring8",
            beta_1=0.1,
            d_beta_1=0.3,
            g_beta_2=0.7,
            lr_end=0.25,
            lr_schedule="cosine",
            steps=100,
        )
    )
    source = build.open_source(config)
    gan = build.build_gan(build.fill_network(config, source), source)
    assert [(each.beta_1, each.beta_2) for each in (gan.g_optimizer, gan.d_optimizer)] == [
        (0.1, 0.7),
        (0.3, 0.99),
    ]
    gan.g_optimizer.iterations.assign(100)
    assert float(gan.g_optimizer.learning_rate) == pytest.approx(
        0.25 * optimizers.learning_rate(config.g_optimizer)
    )


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_rates_are_held_and_then_fall(schedule):
    """Of 100 steps the first 60 have the first rate; half of the way from there on is half of the fall, in either shape."""
    config = resolve(Config(dataset="ring8", lr_schedule=schedule, lr_hold=0.6, lr_end=0.05, steps=100))
    source = build.open_source(config)
    gan = build.build_gan(build.fill_network(config, source), source)
    first = optimizers.learning_rate(config.d_optimizer)
    for step, share in ((0, 1.0), (60, 1.0), (80, 0.525), (100, 0.05), (200, 0.05)):
        gan.d_optimizer.iterations.assign(step)
        assert float(gan.d_optimizer.learning_rate) == pytest.approx(share * first, rel=1e-5), step
    gan.compile_from_config(gan.get_compile_config())  # as a `.keras` file does
    gan.d_optimizer.iterations.assign(80)
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(0.525 * first, rel=1e-5)


@pytest.mark.parametrize(("flags", "inputs"), [({}, 256), ({"micro_batch": 64}, 64), ({"pack": 2}, 128)])
def test_a_share_of_a_penalty_divides_each_pass_of_d(flags, inputs):
    resolve(Config(dataset="ring8", batch_size=256, penalty=("approx_r1:one_in=4",), **flags))
    with pytest.raises(
        ValueError, match=f"expected one_in to divide the {inputs} inputs of a pass of D, got 3"
    ):
        resolve(Config(dataset="ring8", batch_size=256, penalty=("approx_r1:one_in=3",), **flags))


def test_constant_rates_are_not_held():
    with pytest.raises(
        ValueError, match="--lr_hold: expected --lr_schedule=cosine or linear beside it, got constant rates"
    ):
        resolve(Config(dataset="ring8", lr_schedule="constant", lr_hold=0.5))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "mmd", "pairing": "paired"}, "--pairing: 'mmd' has none to override"),
        ({"loss": "mmd", "generator_form": "zero_sum"}, "--generator_form: 'mmd' has none to override"),
        ({"loss": "fgan_kl", "pairing": "paired"}, "--pairing: "),
    ],
)
def test_what_an_objective_does_not_have_is_not_overridden(settings, message):
    with pytest.raises(ValueError, match=message):
        resolve(Config(**settings))


def test_an_objective_of_another_kind_may_have_a_form():
    config = resolve(Config(loss="dual_contrastive", generator_form="nonsat"))
    assert build.build_objective(config).generator_form == "nonsat"
    assert resolve(Config(loss="nonsat:")) == resolve(Config(loss="nonsat"))


def test_a_run_of_before_a_field_was_there_has_its_default():
    record = {
        key: value
        for key, value in config_lib.to_dict(Config()).items()
        if key not in ("background", "skip_unreadable")
    }
    assert config_lib.differences(record, Config()) == []
    assert config_lib.differences(record, Config(background="black")) == [
        "--background: 'white' there, 'black' here"
    ]


def test_skipping_unreadable_pictures_is_free_on_resume():
    assert config_lib.differences(config_lib.to_dict(Config()), Config(skip_unreadable=True)) == []
