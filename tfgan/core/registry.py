"""Look up objects by name, and import only the module of the requested one.

A catalogue is a plain table `name -> Entry`. Listing it, checking a name or an option against it and building
`--help` import nothing: the options of a class are read from its source text. `get` imports the one module
needed.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import difflib
import functools
import importlib
import importlib.util
import inspect
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
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
        when: when to use it.
        source: the papers that proposed it.
        measured: of a network: "time" of a step by side of the examples, and the "precision" that gave equal
            samples (`tfgan.runs.fast_path`).
        reads: of a data set, its options among `tfgan.data.FORM`; it refuses the others.
    """

    target: Any
    help: str
    options: Mapping[str, Any] = {}
    defaults: Mapping[str, Any] = {}
    when: str = ""
    source: str = ""
    measured: Mapping[str, Any] = {}
    reads: tuple[str, ...] = ()


def nearest(name: str, names: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the name most like `name`, or an empty string."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


class Registry:
    """The objects of one kind, by name.

    Args:
        kind: the word for one entry in messages, such as "penalty".
        catalogue: the rows, keyed by name.
        takes_path: names that are followed by `:PATH` instead of options, such as a folder of images.
        base: `"module:Class"` of all instances, where `get` takes instances.
        aliases: other names of entries, with the reason: `{alias: (name, reason)}`; accepted everywhere, and
            listed apart.
        former: names of earlier versions, `{former: (spec, reason)}`; accepted everywhere, and listed
            nowhere.
    """

    def __init__(
        self,
        kind: str,
        catalogue: Mapping[str, Entry],
        *,
        takes_path: Iterable[str] = (),
        base: str | None = None,
        aliases: Mapping[str, tuple[str, str]] | None = None,
        former: Mapping[str, tuple[str, str]] | None = None,
    ):
        self.kind = kind
        self.base = base
        self.takes_path = frozenset(takes_path)
        self.aliases = dict(aliases or {})
        self.former = dict(former or {})
        self._entries = dict(catalogue)

    def names(self) -> list[str]:
        """Return all names, in the order of the catalogue; aliases are not among them."""
        return list(self._entries)

    def __contains__(self, name: str) -> bool:
        return name in self.names() or name in self.aliases or name in self.former

    def entry(self, name: str) -> Entry:
        """Return the row of a name or an alias; raise `ValueError` with the nearest name if there is none."""
        if name in self.aliases or name in self.former:
            spec, reason = {**self.former, **self.aliases}[name]
            original, options = self.parse(spec)
            row = self.entry(original)
            return row._replace(help=f"alias of {spec}: {reason}", options={**row.options, **options})
        if name not in self._entries:
            names = self.names()
            unknown = f"unknown {self.kind} {name!r}{nearest(name, [*names, *self.aliases])}"
            raise ValueError(f"{unknown}; expected one of: {', '.join(names)}")
        return self._entries[name]

    def register(
        self, name: str, help: str = "", *, when: str = "", source: str = "", **defaults: Any
    ) -> Callable[[type], type]:
        """Return a decorator that adds a class under `name`.

        The default help is the first line of its docstring.
        """

        def add(cls: type) -> type:
            if name in self:
                raise ValueError(f"{self.kind} {name!r} is registered already")
            self._entries[name] = Entry(
                cls, help or (inspect.getdoc(cls) or "").partition("\n")[0], {}, defaults, when, source
            )
            return cls

        return add

    def load(self, name: str) -> type:
        """Import and return the class behind `name`."""
        target = self.entry(name).target
        if not isinstance(target, str):
            return target
        package, _, rest = target.partition(".")
        if package != "tfgan" or rest.partition(".")[0] in backend.LOAD_KERAS:
            backend.check()
        return _import_target(target)

    def listing(self, heading: str | None = None, *, without: Container[str] = ()) -> str:
        """Return one line for each name: its help, and its options in brackets.

        Args:
            heading: the line above; by default it names the flag of the kind.
            without: options to leave out, because they are listed elsewhere.
        """
        rows = {}
        for name in self.names():
            options = [
                key
                for key, annotation in self.options(name).items()
                if options_lib.kind_of(annotation) and key not in without
            ]
            rows[name] = self.entry(name).help + f" [{', '.join(options)}]" * bool(options)
        text = table(heading or f"Names for --{self.kind}:", rows)
        if self.aliases:
            text += "\n" + table(
                f"Other names for --{self.kind}:", {alias: self.entry(alias).help for alias in self.aliases}
            )
        return text

    def load_all(self) -> None:
        """Import every class, so that Keras can deserialize it."""
        for name in self.names():
            self.load(name)

    def name_of(self, instance: Any) -> str:
        """Return the first name with the class of `instance`; the name of the class if there is none."""
        cls = type(instance)
        for name, entry in self._entries.items():
            if entry.target in (cls, f"{cls.__module__}:{cls.__name__}"):
                return name
        return cls.__name__

    def options(self, name: str) -> dict[str, str]:
        """Return `{option: annotation}` of the class behind `name`, without importing its module."""
        target = self.entry(name).target
        if not isinstance(target, str):
            return (
                {f.name: options_lib.annotation_of(f) for f in dataclasses.fields(target)}
                if dataclasses.is_dataclass(target)
                else {}
            )
        return {
            field: annotation for field, (annotation, _) in _read_declared_fields(*target.split(":")).items()
        }

    def option_defaults(self, name: str) -> dict[str, Any]:
        """Return `{option: default}` of the class behind `name`, plain values only, without an import."""
        target = self.entry(name).target
        if not isinstance(target, str):
            fields = dataclasses.fields(target) if dataclasses.is_dataclass(target) else ()
            return {f.name: f.default for f in fields if f.default is not dataclasses.MISSING}
        found = {}
        for field, (_, default) in _read_declared_fields(*target.split(":")).items():
            with contextlib.suppress(ValueError):
                if default is not None:
                    found[field] = ast.literal_eval(default)
        return found

    def facts(self, name: str) -> Any:
        """Return the class attribute `facts` of the class behind `name`, or None where it has none.

        It is read from the source text, so that a listing imports no Keras: the expression may use plain
        values, constants of its module and names that the module imports.
        """
        target = self.entry(name).target
        if not isinstance(target, str):
            return getattr(target, "facts", None)
        return _read_declared_attribute(*target.split(":"), "facts")

    def parse(self, spec: str) -> tuple[str, dict[str, Any]]:
        """Split `"r1:gamma=0.5,every=4"` into a known name and checked options."""
        name, _, text = spec.partition(":")
        self.entry(name)
        if name in self.takes_path:
            return name, {"path": text}
        return name, self.parse_options(name, text, self.options(name))

    def parse_options(self, name: str, text: str, declared: Mapping[str, str]) -> dict[str, Any]:
        """Read `"a=1,b=2"` against the declared options of `name`."""
        kinds = {
            key: kind for key, annotation in declared.items() if (kind := options_lib.kind_of(annotation))
        }
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
            identifier: the name, text, config or instance; an instance is returned as it is.
            **options: constructor arguments; they override the arguments that the name stands for.

        Raises:
            ValueError: an unknown name or option, or options beside an instance or a config.
            TypeError: an identifier of another type.
        """
        if not isinstance(identifier, str):
            if options:
                raise ValueError(
                    f"{self.kind}: expected a name beside {', '.join(options)}, got {identifier!r}, which has its own options"
                )
            return self._to_instance(identifier)
        name, parsed = self.parse(identifier)
        return self.load(name)(**{**self.entry(name).options, **parsed, **options})

    def _to_instance(self, identifier: Any) -> Any:
        """Return an instance as it is, or build the instance that a Keras config describes."""
        instance = identifier
        if isinstance(identifier, Mapping):
            import keras

            self.load_all()  # the config may describe any of the classes
            instance = keras.saving.deserialize_keras_object(identifier)
        if self.base and not isinstance(instance, _import_target(self.base)):
            expected = self.base.partition(":")[2]
            raise TypeError(
                f"{self.kind}: expected a name, a Keras config or an instance of {expected}, got {identifier!r}"
            )
        return instance


def table(heading: str, rows: Mapping[str, str]) -> str:
    """Return a heading, then one line for each name with its text."""
    width = max(map(len, rows), default=0) + 2
    return "\n".join([heading, *(f"  {name:<{width}}{text}" for name, text in rows.items())])


def _import_target(target: str) -> Any:
    """Import and return the object that `"module:attribute"` names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


@functools.cache
def _parse_module(module: str) -> ast.Module:
    """Parse the source text of a module."""
    return ast.parse(_read_source(module))


def _collect_imports(module: str) -> dict[str, tuple[str, str]]:
    """Return `{name: (module, attribute)}` of the names that a module imports from others."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in _parse_module(module).body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _iterate_class_statements(module: str, class_name: str) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the statements of a class's bases and of the class, each with its module; none for a function."""
    classes = {node.name: node for node in _parse_module(module).body if isinstance(node, ast.ClassDef)}
    if class_name not in classes:  # a function, which takes no options
        return
    imported = _collect_imports(module)
    for base in classes[class_name].bases:
        name = ast.unparse(base)
        if name in classes:
            yield from _iterate_class_statements(module, name)
        elif name in imported and imported[name][0].partition(".")[0] in ("tfgan", module.partition(".")[0]):
            yield from _iterate_class_statements(*imported[name])
    yield from ((module, node) for node in classes[class_name].body)


@functools.cache
def _read_declared_fields(module: str, class_name: str) -> dict[str, tuple[str, ast.expr | None]]:
    """Return `{field: (annotation, default)}` of a dataclass and of its bases, in order, from the source text alone."""
    fields = {}
    for _, node in _iterate_class_statements(module, class_name):
        if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation):
            fields[ast.unparse(node.target)] = ast.unparse(node.annotation), node.value
    return fields


@functools.cache
def _read_declared_attribute(module: str, class_name: str, attribute: str) -> Any:
    """Return the value of a class attribute from the source text, or None where neither the class nor a base sets it."""
    found = None
    for home, node in _iterate_class_statements(module, class_name):
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        if attribute in map(ast.unparse, targets) and node.value is not None:
            found = home, node.value
    return None if found is None else _evaluate(*found)


def _evaluate(module: str, expression: ast.expr) -> Any:
    """Evaluate an expression with the constants and imports of its module, without running the module."""
    constants = {}
    for node in _parse_module(module).body:
        if isinstance(node, ast.Assign):
            constants |= {ast.unparse(target): node.value for target in node.targets}
    imported, names = _collect_imports(module), {}
    for name in {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}:
        if name in imported:
            names[name] = _import_target(":".join(imported[name]))
        elif name in constants:
            names[name] = _evaluate(module, constants[name])
        else:
            raise ValueError(
                f"{module}: expected plain values, constants and imported names in {ast.unparse(expression)!r}, got {name!r}"
            )
    return eval(compile(ast.Expression(expression), module, "eval"), {"__builtins__": {}}, names)


def _read_source(module: str) -> str:
    """Return the source text of `module`, found without importing a parent package."""
    package, *parts = module.split(".")
    root = Path(__file__).parents[1]
    if package != "tfgan":
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        root = (
            Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin).with_suffix("")
        )
    path = root.joinpath(*parts)
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
