"""Files appear whole or not at all."""

import json
import os

import pytest

from tfgan.core import files


class Interrupted(Exception):
    """What ends a write half-way."""


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def test_file_appears_with_its_content(tmp_path):
    with files.atomic(tmp_path / "a.txt") as aside:
        aside.write_text("whole")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "whole"
    assert entries(tmp_path) == ["a.txt"]


def test_the_path_to_write_keeps_its_suffix(tmp_path):
    """Keras chooses its format by it."""
    with files.atomic(tmp_path / "model.keras") as aside:
        aside.write_bytes(b"x")
        assert aside.name == "model.keras"


def interrupt(path):
    with files.atomic(path) as aside:
        aside.write_text("half")
        raise Interrupted


def test_interrupted_file_leaves_nothing(tmp_path):
    with pytest.raises(Interrupted):
        interrupt(tmp_path / "a.txt")
    assert entries(tmp_path) == []


def test_interrupted_replacement_leaves_the_old_file(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(Interrupted):
        interrupt(tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert entries(tmp_path) == ["a.txt"]


def test_nothing_written_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError), files.atomic(tmp_path / "a.txt"):
        pass
    assert entries(tmp_path) == []


def test_old_file_is_replaced(tmp_path):
    files.write_bytes(tmp_path / "a", b"old")
    files.write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_reader_keeps_the_file_it_opened(tmp_path):
    """Replacing renames; it never writes into the old file."""
    files.write_bytes(tmp_path / "a", b"old")
    with open(tmp_path / "a", "rb") as reader:
        files.write_bytes(tmp_path / "a", b"new")
        assert reader.read() == b"old"


def test_folder_appears_whole(tmp_path):
    with files.atomic(tmp_path / "model") as aside:
        (aside / "variables").mkdir(parents=True)
        (aside / "variables" / "data").write_bytes(b"1")
        assert entries(tmp_path) != ["model"]
    assert (tmp_path / "model" / "variables" / "data").read_bytes() == b"1"
    assert entries(tmp_path) == ["model"]


def interrupt_folder(path):
    with files.atomic(path) as aside:
        aside.mkdir()
        (aside / "half").write_bytes(b"1")
        raise Interrupted


def test_interrupted_folder_leaves_nothing(tmp_path):
    with pytest.raises(Interrupted):
        interrupt_folder(tmp_path / "model")
    assert entries(tmp_path) == []


def replace_folder(path):
    with files.atomic(path) as aside:
        aside.mkdir()


def test_existing_folder_is_not_overwritten(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").write_text("old")
    with pytest.raises(OSError, match="model"):
        replace_folder(tmp_path / "model")
    assert entries(tmp_path / "model") == ["old"]
    assert entries(tmp_path) == ["model"]


def test_missing_parents_are_made(tmp_path):
    files.write_bytes(tmp_path / "x" / "y" / "a", b"1")
    assert (tmp_path / "x" / "y" / "a").read_bytes() == b"1"


def test_content_is_synced_before_it_is_renamed(tmp_path, monkeypatch):
    """After a power cut the name must not stand for an empty file: file, rename, then the folder's entry."""
    order = []
    replace, sync = os.replace, files._sync
    monkeypatch.setattr(files.os, "replace", lambda *paths: (order.append("rename"), replace(*paths)))
    monkeypatch.setattr(files, "_sync", lambda path: (order.append(path.name), sync(path)))
    files.write_bytes(tmp_path / "a", b"1")
    assert order == ["a", "rename", tmp_path.name]


def test_json_is_indented_and_ends_its_line(tmp_path):
    files.write_json(tmp_path / "a.json", {"b": [1], "a": None})
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == {"b": [1], "a": None}
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["b", "a"]


def test_values_that_are_no_json_leave_nothing(tmp_path):
    with pytest.raises(TypeError, match="JSON"):
        files.write_json(tmp_path / "a.json", {"a": object()})
    assert entries(tmp_path) == []


def test_scratch_of_a_killed_write_is_removed_and_nothing_else(tmp_path):
    writing = files.atomic(tmp_path / "a.txt")
    writing.__enter__().write_text("half")  # as a kill would leave it: never left
    (tmp_path / ".lock").write_text("")
    (tmp_path / "kept.txt").write_text("")
    assert len(entries(tmp_path)) == 3
    files.remove_scratch(tmp_path)
    assert entries(tmp_path) == [".lock", "kept.txt"]
