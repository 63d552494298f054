"""The README answers within a screen, its examples and those of docs/python.md run, and its links lead somewhere."""

import pkgutil
import re
from pathlib import Path

import pytest
from absl import flags

from tfgan import compare, evaluate, export_model, generate, train
from tfgan.cli import data as data_command
from tfgan.cli import flags as flags_lib
from tfgan.cli import losses as losses_command

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def python_block(page):
    """Return the only Python example of a page."""
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return code


def run_shortened(page, monkeypatch, folder):
    """Run a page's example word for word, for two steps in the place of its epochs."""
    code, count = re.subn(
        r"epochs=10, steps_per_epoch=\d+", "epochs=1, steps_per_epoch=2", python_block(page)
    )
    assert count == 1
    monkeypatch.chdir(folder)
    exec(compile(code, page.name, "exec"), {})


def test_the_readme_trains_and_exports(tmp_path, monkeypatch):
    run_shortened(README, monkeypatch, tmp_path)
    assert (tmp_path / "runs" / "a" / "samples" / "step_00000002.png").exists()
    assert (tmp_path / "saved_models" / "digits" / "2" / "saved_model.pb").exists()


def test_the_page_on_python_validates_saves_and_exports(tmp_path, monkeypatch):
    run_shortened(ROOT / "docs" / "python.md", monkeypatch, tmp_path)
    assert (tmp_path / "gan.keras").exists()
    assert (tmp_path / "exported" / "generator" / "saved_model.pb").exists()


def test_the_readme_answers_within_a_screen():
    """Five reasons, each with a link to its proof; the first Python by line 30; three commands."""
    lines = README.read_text(encoding="utf-8").splitlines()
    reasons = [line for line in lines if line.startswith("- **")]
    assert len(reasons) == 5
    assert all(re.search(r"\]\([\w./#-]+\)", line) for line in reasons)
    assert lines.index("```python") < 30
    assert sum(line.startswith("python -m tfgan.") for line in lines) == 3


def heading_ids(page):
    """Return the anchors of a page, as GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_a_file_and_a_heading(page):
    broken = []
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = link.partition("#")
        target = page if not path else (page.parent / path).resolve()
        if "://" not in link and (not target.exists() or (anchor and anchor not in heading_ids(target))):
            broken.append(link)
    assert broken == []


def test_the_contents_list_every_page():
    linked = set(
        re.findall(r"\]\(docs/([\w-]+\.md)\)", README.read_text(encoding="utf-8").partition("## Contents")[2])
    )
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_files_and_modules_exist(page):
    """Paths such as `tfgan/training/step.py`, and dotted names such as `tfgan.losses.get`."""
    text, missing = page.read_text(encoding="utf-8"), []
    for path in re.findall(r"`((?:tfgan|tests|benchmarks|launch)/[\w./-]*)`", text):
        if not (ROOT / path).exists():
            missing.append(path)
    for name in re.findall(r"`(tfgan(?:\.(?!json)\w+)+)", text):
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError):
            missing.append(name)
    assert missing == []


def known_flags():
    """Return the flags of each command, by its module's name."""
    classes = {
        "train": train.TrainFlags,
        "generate": generate.GenerateFlags,
        "evaluate": evaluate.EvaluateFlags,
        "export_model": export_model.ExportFlags,
        "compare": compare.CompareFlags,
        "losses": losses_command.LossesFlags,
        "data": data_command.DataFlags,
    }
    known = {}
    for name, flags_class in classes.items():
        values = flags.FlagValues()
        flags_lib.define_flags(flags_class, values)
        known[name] = {*values, *(f"no{flag}" for flag in values), "recipe", "flagfile", "help", "version"}
    return known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_take_the_flags_that_a_page_gives_them(page):
    known, unknown = known_flags(), []
    for name, arguments in re.findall(
        r"python -m tfgan\.(\w+)((?:(?!python -m)[^`|#&>])*)", page.read_text(encoding="utf-8")
    ):
        unknown += [(name, flag) for flag in re.findall(r"--(\w+)", arguments) if flag not in known[name]]
    assert unknown == []
