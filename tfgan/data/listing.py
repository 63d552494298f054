"""List the pictures below a folder, their classes, and the files that are skipped."""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff")
SPLITS = ("train", "training", "val", "valid", "validation", "dev", "test", "testing")
SHARD = re.compile(r"\d{5,}")  # StyleGAN's dataset_tool writes 00000/, 00001/, ...
MOST_NAMES = 5


class Listing(NamedTuple):
    """The pictures of a data set.

    Attributes:
        paths: sorted.
        labels: int32 (n,), zeros without classes.
        class_names: the first folder below the root of each path, or None.
        passed_over: number of skipped names, by kind.
    """

    paths: list[Path]
    labels: np.ndarray
    class_names: list[str] | None
    passed_over: Counter[str]

    def describe(self) -> str:
        """Describe the listing in one line: number of pictures, classes, and skipped names by kind."""
        names = self.class_names
        text = f"{len(self.paths)} pictures"
        if names:
            text += f" of {len(names)} class{'es' * (len(names) > 1)} ({_quote(names)})"
        return text + self.describe_passed_over("; ")

    def describe_passed_over(self, before: str = "") -> str:
        """Return the counts of skipped names by kind as text; "" if there are none."""
        kinds = [f"{count} {kind}" for kind, count in sorted(self.passed_over.items())]
        return f"{before}passed over: {', '.join(kinds)}" if kinds else ""


def list_pictures(root: Path) -> Listing:
    """List the pictures below a folder; its sub-folders, if any, are the classes.

    Linked folders are followed. Names that begin with a dot are skipped. Pictures beside
    two or more class folders are skipped too if they are fewer than the others; else no picture has a class.
    """
    passed_over: Counter[str] = Counter()
    paths = []
    for path in _list_files(root, passed_over):
        if path.suffix.lower() not in SUFFIXES:
            passed_over[path.suffix.lower() or "without a suffix"] += 1
        elif path.is_file():
            paths.append(path)
        else:
            passed_over["broken link" if path.is_symlink() else "no file"] += 1
    return _assign_classes(root, sorted(paths), passed_over)


def _list_files(root: Path, passed_over: Counter[str]) -> Iterator[Path]:
    """Yield the files below a folder, without hidden ones.

    A linked folder is read once for each link to it, but not if it is already read without the link, as in a
    loop.
    """
    read: set[str] = {os.path.realpath(root)}
    links: list[Path] = []
    yield from _walk(root, read, links, passed_over)
    for link in links:
        below, pending = set(read), [link]
        while pending:
            if (target := os.path.realpath(path := pending.pop())) in below:
                passed_over["linked folder that is read already"] += 1
                continue
            below.add(target)
            yield from _walk(path, below, pending, passed_over)


def _walk(folder: Path, read: set[str], links: list[Path], passed_over: Counter[str]) -> Iterator[Path]:
    """Yield the files below a folder.

    Add entered folders to `read`, and linked folders, not entered, to `links`.
    """
    with os.scandir(folder) as entries:
        names = sorted(entries, key=lambda entry: entry.name)
    for entry in names:
        path = folder / entry.name
        if entry.name.startswith("."):
            passed_over["hidden"] += 1
        elif not entry.is_dir():
            yield path
        elif entry.is_symlink():
            links.append(path)
        elif (target := os.path.realpath(path)) in read:
            passed_over["linked folder that is read already"] += 1
        else:
            read.add(target)
            yield from _walk(path, read, links, passed_over)


def _assign_classes(root: Path, paths: list[Path], passed_over: Counter[str]) -> Listing:
    """Find the class of each picture; warn if the folders are probably not classes."""
    parents = [path.relative_to(root).parts[:-1] for path in paths]
    beside = sum(not folders for folders in parents)
    names = sorted({folders[0] for folders in parents if folders})
    if beside and len(names) > 1 and beside < len(paths) - beside:
        passed_over["beside the class folders"] += beside
        paths = [path for path, folders in zip(paths, parents, strict=True) if folders]
        parents = [folders for folders in parents if folders]
    elif beside:
        if len(names) > 1:
            warnings.warn(
                f"{root}: most pictures stand beside the folders {_quote(names)}, so no picture has a class; move those into folders "
                "of their own for classes",
                stacklevel=2,
            )
        return Listing(paths, np.zeros(len(paths), np.int32), None, passed_over)
    number = {name: label for label, name in enumerate(names)}
    labels = np.array([number[folders[0]] for folders in parents], np.int32)
    if names and (doubt := _doubt_classes(root, names, parents)):
        warnings.warn(f"{root}: {doubt}", stacklevel=2)
    return Listing(paths, labels, names or None, passed_over)


def _doubt_classes(root: Path, names: list[str], parents: list[tuple[str, ...]]) -> str | None:
    """Return why the folders are probably not classes, and the remedy; None if they may be."""
    if splits := sorted(
        (name for name in names if name.lower() in SPLITS), key=lambda name: SPLITS.index(name.lower())
    ):
        return f"{_quote(splits)} taken for classes; if they are the splits of a data set, use folder:{root / splits[0]}"
    if shards := [name for name in names if SHARD.fullmatch(name)]:
        return f"{_quote(shards)} taken for classes; if they are parts of one set, move their pictures into one folder"
    if len(names) == 1 and all(len(folders) > 1 for folders in parents):
        return f"{names[0]} taken for the only class; if its own folders are the classes, use folder:{root / names[0]}"
    return None


def _quote(names: list[str]) -> str:
    """Return the first few names as text."""
    return ", ".join(names[:MOST_NAMES]) + ", ..." * (len(names) > MOST_NAMES)
