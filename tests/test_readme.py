"""What the README shows works as it stands."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


def test_python_example_runs(tmp_path, monkeypatch):
    """The examples, one after the other, word for word but for the length of their training."""
    first, second = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    shorter = first.replace("epochs=10, steps_per_epoch=1000", "epochs=1, steps_per_epoch=2")
    shorter += second.replace("epochs=10, steps_per_epoch=100", "epochs=1, steps_per_epoch=2")
    assert shorter.count("epochs=1, steps_per_epoch=2") == 2
    exec(compile(shorter, "README.md", "exec"), {})
    assert (tmp_path / "runs" / "a" / "samples" / "step_00000002.png").exists()
    assert (tmp_path / "saved_models" / "digits_nonsat" / "2" / "saved_model.pb").exists()
    assert (tmp_path / "gan.keras").exists()
    assert (tmp_path / "exported" / "generator" / "saved_model.pb").exists()


@pytest.mark.parametrize("path", re.findall(r"\]\((docs/[^)]+|[A-Z]+\.md)\)", README.read_text(encoding="utf-8")))
def test_linked_files_exist(path):
    assert (README.parent / path).exists()
