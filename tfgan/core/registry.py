"""Names to objects, without importing what is not asked for.

A catalogue is a plain table `name -> Entry`. Listing it, checking a name or an option against it and building
`--help` import nothing: the options of a class are read from its source text. `get` imports the one module needed.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import functools
import importlib
import importlib.util
import inspect
from collections.abc import Callable, Container, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tfgan.core import backend
from tfgan.core import options as options_lib


class Entry(NamedTuple):
    """One row of a catalogue.

    Attributes:
        target: `"module:Class"`, or the class itself when it was registered at run time.
        help: one line for the listing.
        options: constructor arguments that the name stands for.
        defaults: run settings (fields of `tfgan.config.Config`) that suit this entry.
    """

    target: Any
    help: str
    options: Mapping[str, Any] = {}
    defaults: Mapping[str, Any] = {}


def nearest(name: str, names: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the name most like `name`, or an empty string."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


class Registry:
    """The objects of one kind, by name.

    Args:
        kind: what one entry is called in messages, such as "penalty".
        catalogue: the rows, keyed by name.
        takes_path: names that are followed by `:PATH` instead of options, such as a folder of images.
        base: `"module:Class"` of all instances, where `get` takes instances.
    """

    def __init__(self, kind: str, catalogue: Mapping[str, Entry], *, takes_path: Iterable[str] = (), base: str | None = None):
        self.kind = kind
        self.base = base
        self.takes_path = frozenset(takes_path)
        self._entries = dict(catalogue)

    def names(self) -> list[str]:
        """Return all names, in the order of the catalogue."""
        return list(self._entries)

    def entry(self, name: str) -> Entry:
        """Return the row called `name`; raise `ValueError` with the nearest name when there is none."""
        if name not in self._entries:
            known = ", ".join(self._entries)
            raise ValueError(f"unknown {self.kind} {name!r}{nearest(name, self._entries)}; expected one of: {known}")
        return self._entries[name]

    def register(self, name: str, help: str = "", **defaults: Any) -> Callable[[type], type]:
        """Return a decorator that adds a class under `name`."""

        def add(cls: type) -> type:
            if name in self._entries:
                raise ValueError(f"{self.kind} {name!r} is registered already")
            self._entries[name] = Entry(cls, help or (inspect.getdoc(cls) or "").partition("\n")[0], {}, defaults)
            return cls

        return add

    def load(self, name: str) -> type:
        """Import and return the class behind `name`."""
        target = self.entry(name).target
        if not isinstance(target, str):
            return target
        if target.split(".")[1] in backend.LOAD_KERAS:
            backend.check()
        return _imported(target)

    def listing(self, heading: str | None = None, *, without: Container[str] = ()) -> str:
        """Return the names, their help and in brackets their options, a line each.

        Args:
            heading: what stands above; by default the flag of the kind.
            without: options that are said elsewhere.
        """
        rows = {}
        for name, entry in self._entries.items():
            options = [key for key, annotation in self.options(name).items() if options_lib.kind_of(annotation) and key not in without]
            rows[name] = entry.help + f" [{', '.join(options)}]" * bool(options)
        return table(heading or f"Names for --{self.kind}:", rows)

    def load_all(self) -> None:
        """Import every class, so that Keras can deserialize it."""
        for name in self.names():
            self.load(name)

    def name_of(self, instance: Any) -> str:
        """Return the first name whose class is that of `instance`."""
        cls = type(instance)
        for name, entry in self._entries.items():
            if entry.target in (cls, f"{cls.__module__}:{cls.__name__}"):
                return name
        return cls.__name__

    def options(self, name: str) -> dict[str, str]:
        """Return `{option: annotation}` of the class behind `name`, without importing its module."""
        target = self.entry(name).target
        if not isinstance(target, str):
            return {f.name: str(f.type) for f in dataclasses.fields(target)} if dataclasses.is_dataclass(target) else {}
        return dict(_declared_options(*target.split(":")))

    def parse(self, spec: str) -> tuple[str, dict[str, Any]]:
        """Split `"r1:gamma=0.5,every=4"` into a known name and checked options."""
        name, _, text = spec.partition(":")
        self.entry(name)
        if name in self.takes_path:
            return name, {"path": text}
        return name, self.parse_options(name, text, self.options(name))

    def parse_options(self, name: str, text: str, declared: Mapping[str, str]) -> dict[str, Any]:
        """Read `"a=1,b=2"` against the declared options of `name`."""
        kinds = {key: kind for key, annotation in declared.items() if (kind := options_lib.kind_of(annotation))}
        options = {}
        for item in filter(None, text.split(",")):
            key, equals, value = item.partition("=")
            key = key.strip()
            if not equals or key not in kinds:
                known = ", ".join(kinds) or "none"
                raise ValueError(
                    f"{self.kind} {name!r} has no option {key!r}{nearest(key, kinds)}; expected name=value with one of: {known}"
                )
            options[key] = kinds[key].parse(f"{self.kind} {name}:{key}", value)
        return options

    def get(self, identifier: Any, **options: Any) -> Any:
        """Return an instance for a name, a `"name:option=value"` text, a Keras config or an instance.

        Args:
            identifier: what to look up; an instance is returned as it is.
            **options: constructor arguments that override those of the name.

        Raises:
            ValueError: an unknown name or option, or options beside what has its own.
            TypeError: something else.
        """
        if not isinstance(identifier, str):
            if options:
                raise ValueError(f"{self.kind}: expected a name beside {', '.join(options)}, got {identifier!r}, which has its own options")
            return self._instance(identifier)
        name, parsed = self.parse(identifier)
        return self.load(name)(**{**self.entry(name).options, **parsed, **options})

    def _instance(self, identifier: Any) -> Any:
        """Return the instance that a Keras config describes, or that is one already."""
        instance = identifier
        if isinstance(identifier, Mapping):
            import keras

            self.load_all()  # the config may be that of any of them
            instance = keras.saving.deserialize_keras_object(identifier)
        if self.base and not isinstance(instance, _imported(self.base)):
            expected = self.base.partition(":")[2]
            raise TypeError(f"{self.kind}: expected a name, a Keras config or an instance of {expected}, got {identifier!r}")
        return instance


def table(heading: str, rows: Mapping[str, str]) -> str:
    """Return names and what is said of them, a line each, under a heading."""
    width = max(map(len, rows)) + 2
    return "\n".join([heading, *(f"  {name:<{width}}{text}" for name, text in rows.items())])


def _imported(target: str) -> Any:
    """Return what `"module:attribute"` names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


@functools.cache
def _declared_options(module: str, class_name: str) -> tuple[tuple[str, str], ...]:
    """Return the annotated fields of a dataclass and of its bases, in order, from the source text alone; of a function, none."""
    tree = ast.parse(_source(module))
    imported = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if class_name not in classes:  # a function, which takes no options
        return ()
    fields: dict[str, str] = {}
    for base in classes[class_name].bases:
        name = ast.unparse(base)
        if name in classes:
            fields |= dict(_declared_options(module, name))
        elif name in imported and imported[name][0].startswith("tfgan."):
            fields |= dict(_declared_options(*imported[name]))
    for node in classes[class_name].body:
        if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation):
            fields[ast.unparse(node.target)] = ast.unparse(node.annotation)
    return tuple(fields.items())


def _source(module: str) -> str:
    """Return the source of `module`, found beside this file so that no parent package is imported."""
    path = Path(__file__).parents[1].joinpath(*module.split(".")[1:])
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
