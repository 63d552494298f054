"""docs/networks.md shows each network, condition, layer and remedy: what it is for, by which command, in a picture and in figures."""

import dataclasses
import re
from pathlib import Path

import pytest

from tfgan import augment, layers, networks
from tfgan.runs.config import Config

PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = {heading: body for heading, body in re.findall(r"^#+ (.+)\n((?:(?!#).*\n?)*)", TEXT, re.MULTILINE)}
STUDIED = (
    "Garments at equal minutes",
    "By class",
    "Energies",
    "InfoGAN",
    "Few labels",
    "Mixtures",
    "Packs",
    "A thousand modes",
    "Small data",
)
GROUPS = ("Conditions", "Small data and collapse")


@pytest.mark.parametrize("heading", [*networks.names(), *STUDIED])
def test_what_is_built_has_its_command_and_its_picture(heading):
    assert re.search(r"python -m tfgan\.train|--recipe=", SECTIONS[heading])
    assert re.search(r"!\[[^]]+\]\(images/", SECTIONS[heading])


@pytest.mark.parametrize("heading", STUDIED)
def test_what_is_studied_has_a_table(heading):
    assert "<!-- table: " in SECTIONS[heading]


@pytest.mark.parametrize("name", networks.names())
def test_a_network_has_a_purpose_and_a_cost(name):
    assert len(re.findall(rf"^\| `{name}` \|", TEXT, re.MULTILINE)) == 2


@pytest.mark.parametrize("name", layers.__all__)
def test_a_layer_has_a_purpose(name):
    assert re.search(rf"^\|.*`{name}\(", SECTIONS["Layers"], re.MULTILINE)


@pytest.mark.parametrize(
    "field",
    [field for field in dataclasses.fields(Config) if field.metadata["group"] in GROUPS],
    ids=lambda f: f.name,
)
def test_a_flag_of_conditions_and_remedies_is_shown(field):
    assert re.search(rf"--(no)?{field.name}\b", TEXT)


@pytest.mark.parametrize("name", augment.names())
def test_an_augmentation_is_shown(name):
    assert f"--augment={name}" in SECTIONS["Small data"]


@pytest.mark.parametrize("picture", sorted(set(re.findall(r"\((images/[^)]+)\)", TEXT))))
def test_pictures_exist(picture):
    assert (PAGE.parent / picture).exists()
