"""Names, options and messages of the registries."""

import dataclasses
import subprocess
import sys
from collections import OrderedDict

import pytest

from tfgan import augment, data, features, losses, metrics, networks, penalties
from tfgan.core import options
from tfgan.core.registry import Entry, Registry

REGISTRIES = [
    losses.objectives,
    losses.links,
    penalties.penalties,
    augment.augmentations,
    data.datasets,
    networks.networks,
    networks.discriminators,
    features.extractors,
    metrics.metrics,
]
NAMES = [(registry, name) for registry in REGISTRIES for name in registry.names()]


@pytest.mark.parametrize(("registry", "name"), NAMES, ids=lambda value: getattr(value, "kind", value))
def test_catalogue_and_modules_agree(registry, name):
    target = registry.load(name)
    assert callable(target)
    assert registry.entry(name).help


@pytest.mark.parametrize(("registry", "name"), NAMES, ids=lambda value: getattr(value, "kind", value))
def test_options_read_from_source_are_the_classes_fields(registry, name):
    target = registry.load(name)
    declared = (
        {field.name for field in dataclasses.fields(target)} if dataclasses.is_dataclass(target) else set()
    )
    assert declared <= set(registry.options(name))


@pytest.mark.parametrize(("registry", "name"), NAMES, ids=lambda value: getattr(value, "kind", value))
def test_constructors_check_what_the_command_line_checks(registry, name):
    """The annotation of a field is the same text at run time as in the source: `Positive` and not float."""
    target = registry.load(name)
    if dataclasses.is_dataclass(target):
        declared = {field.name: options.annotation_of(field) for field in dataclasses.fields(target)}
        assert declared.items() <= registry.options(name).items()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Return the registry of a catalogue whose entries lie in another package, which is not imported."""
    package = tmp_path / "elsewhere"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "base.py").write_text("class Base:\n    facts = None\n    every: int = 1\n")
    (package / "things.py").write_text(
        "from collections import OrderedDict\n"
        "from elsewhere.base import Base\n"
        "UNIT = 'a unit'\n"
        "class Known(Base):\n    size: Positive = -2.5\n    facts = OrderedDict(a=f'{UNIT} of 1', b=OrderedDict)\n"
        "class Unknown(Base):\n    made: list = list()\n"
        "class Wrong(Base):\n    facts = surprise(1)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield Registry(
        "thing",
        {name: Entry(f"elsewhere.things:{name.title()}", "") for name in ("known", "unknown", "wrong")},
    )
    assert "elsewhere" not in sys.modules


def test_options_defaults_and_facts_of_another_package_are_read_from_its_text(elsewhere):
    assert elsewhere.options("known") == {"every": "int", "size": "Positive"}
    assert elsewhere.option_defaults("known") == {"every": 1, "size": -2.5}
    assert elsewhere.option_defaults("unknown") == {"every": 1}  # a call is no plain value
    assert elsewhere.facts("known") == {"a": "a unit of 1", "b": OrderedDict}
    assert elsewhere.facts("unknown") is None


def test_facts_that_the_text_does_not_tell_are_refused(elsewhere):
    with pytest.raises(
        ValueError,
        match=r"elsewhere.things: expected plain values, constants and imported names .* got 'surprise'",
    ):
        elsewhere.facts("wrong")


def test_aliases_and_former_names_are_entries_that_no_list_has():
    things = Registry(
        "thing",
        {"r1": penalties.penalties.entry("r1")},
        aliases={"flat": ("r1", "the usual word")},
        former={"strong": ("r1:gamma=10", "it was too strong")},
    )
    assert things.names() == ["r1"]
    assert things.get("flat:gamma=2") == penalties.get("r1:gamma=2")
    assert things.get("strong") == penalties.get("r1:gamma=10")
    assert things.get("strong:gamma=3") == penalties.get("r1:gamma=3")
    assert [name in things for name in ("r1", "flat", "strong", "weak")] == [True, True, True, False]
    assert things.entry("strong").help == "alias of r1:gamma=10: it was too strong"
    names, others = things.listing().split("Other names for --thing:")
    assert ("flat" in names, "flat" in others, "strong" in names + others) == (False, True, False)
    with pytest.raises(
        ValueError, match=r"unknown thing 'flaat' \(did you mean 'flat'\?\); expected one of: r1$"
    ):
        things.get("flaat")
    with pytest.raises(ValueError, match="thing 'flat' is registered already"):
        things.register("flat")(type("Flat", (), {}))


def test_listing_names_and_options_imports_no_tensorflow():
    code = (
        "import sys; from tfgan import augment, losses, penalties, data, features, metrics, networks\n"
        "registries = (losses.objectives, penalties.penalties, augment.augmentations, data.datasets, networks.networks)\n"
        "for r in (*registries, features.extractors, metrics.metrics):\n"
        "    [r.options(name) for name in r.names()]; r.listing()\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"unknown penalty 'r3' \(did you mean 'r2'\?\)"):
        penalties.get("r3")


def test_unknown_option_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"no option 'gama' \(did you mean 'gamma'\?\)"):
        penalties.get("r1:gama=1")


@pytest.mark.parametrize(
    "spec", ["r1:gamma=-1", "r1:gamma=x", "r1:every=0", "r1:every=1.5", "r1:gamma=nan", "r1:gamma"]
)
def test_illegal_option_values_are_refused(spec):
    with pytest.raises(ValueError, match="r1"):
        penalties.get(spec)


def test_get_takes_text_config_and_instance():
    import keras

    penalty = penalties.get("r1:gamma=0.5,every=4")
    assert penalty == penalties.R1(gamma=0.5, every=4)
    assert penalties.get(penalty) is penalty
    assert penalties.get(keras.saving.serialize_keras_object(penalty)) == penalty


def test_register_adds_a_name():
    registry = Registry("thing", {"old": Entry("tfgan.penalties.zero_centered:R1", "old")})

    @registry.register("new")
    @dataclasses.dataclass(frozen=True)
    class New(options.Configurable):
        """Be new."""

        size: options.PositiveInt = 1

    assert registry.names() == ["old", "new"]
    assert registry.entry("new").help == "Be new."
    assert registry.get("new", size=3).size == 3
    with pytest.raises(ValueError, match="registered already"):
        registry.register("new")(New)


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        ("Positive", "0.5", "0"),
        ("NonNegative", "0", "-1"),
        ("Fraction", "0.999", "1"),
        ("Probability", "1", "1.01"),
        ("PositiveInt", "3", "0"),
        ("bool", "true", "maybe"),
        ("Literal['a', 'b']", "b", "c"),
        ("Positive | None", "1", "-1"),
    ],
)
def test_kinds_accept_and_refuse(annotation, good, bad):
    kind = options.kind_of(annotation)
    kind.parse("x", good)
    with pytest.raises(ValueError, match="x: expected"):
        kind.parse("x", bad)


@pytest.mark.parametrize(("registry", "name"), NAMES, ids=lambda value: getattr(value, "kind", value))
def test_help_is_one_line(registry, name):
    assert "\n" not in registry.entry(name).help
    assert f"  {name} " in registry.listing()


@pytest.mark.parametrize("registry", REGISTRIES[:4], ids=lambda registry: registry.kind)
def test_classes_are_registered_with_keras(registry):
    import keras

    for name in registry.names():
        cls = registry.load(name)
        assert keras.saving.get_registered_object(f"tfgan>{cls.__name__}") is cls


@pytest.mark.parametrize(
    ("registry", "spec", "known"),
    [
        (networks.networks, "mlp:image_shape=3", "latent_dim, width"),
        (losses.objectives, "nonsat:link=hinge", "pairing, generator_form"),
    ],
    ids=["network", "loss"],
)
def test_options_that_no_text_can_give_are_not_offered(registry, spec, known):
    with pytest.raises(
        ValueError, match=f"has no option '[a-z_]+'; expected name=value with one of: {known}"
    ):
        registry.parse(spec)


def test_text_after_a_name_that_takes_a_path_is_the_path():
    assert data.datasets.parse("folder:/a/b=c,d:e") == ("folder", {"path": "/a/b=c,d:e"})


def test_later_options_win():
    assert penalties.penalties.parse("r1:gamma=1,gamma=2") == ("r1", {"gamma": 2.0})


def test_arguments_beat_the_text():
    assert penalties.get("r1:gamma=1", gamma=3.0) == penalties.R1(gamma=3.0)


def test_constructors_check_their_options():
    with pytest.raises(ValueError, match=r"R1.gamma: expected a number of at least 0, got -1"):
        penalties.R1(gamma=-1)
