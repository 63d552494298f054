"""Run a command: parse flags into a config class, print `--help` and one-line errors, set the exit status."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from absl import app, flags, logging

import tfgan
from tfgan.cli import flags as flags_lib
from tfgan.cli import recipes
from tfgan.core import backend, compile_cache, options
from tfgan.core.registry import nearest
from tfgan.runs import data_form

DONE, FAILED, BAD_INPUT, DIVERGED = 0, 1, 2, 3
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def run(
    main: Callable[[Any], int | None],
    config_class: type,
    description: str,
    listings: Callable[[], str] | None = None,
    positional: str | None = None,
) -> None:
    """Parse the command line into a `config_class`, call `main` with it, and exit with its status.

    Args:
        main: takes the config; returns an exit status, or None for 0.
        config_class: a frozen dataclass of `tfgan.config.option` fields.
        description: the first lines of `--help`.
        listings: returns the last lines of `--help`.
        positional: the flag that an argument without a flag sets.
    """

    def parse(arguments: Sequence[str]) -> Any:
        flags.FLAGS.mark_as_parsed()  # absl's own, unused: they belong to whoever imports absl
        with checking_input():
            return _parse(arguments, config_class, description, listings, positional)

    warnings.formatwarning = lambda message, *_: f"warning: {' '.join(str(message).split())}\n"
    logging.set_verbosity(logging.WARNING)
    app.run(lambda parsed: sys.exit(main(parsed) or DONE), flags_parser=parse)


@contextlib.contextmanager
def checking_input() -> Iterator[None]:
    """Turn `ValueError` and `OSError`, which users can cause, into one line on stderr and exit status 2.

    The status is 1 after a `TimeoutError` and when the disk is full, whichever library reports it.
    """
    try:
        yield
    except Exception as error:
        full = is_full_disk(error)
        if not full and not isinstance(error, (ValueError, OSError)):
            raise
        print(
            f"error: {to_one_line(error)}{'; make room there, or write elsewhere' if full else ''}",
            file=sys.stderr,
        )
        sys.exit(FAILED if full or isinstance(error, TimeoutError) else BAD_INPUT)


def is_full_disk(error: Exception) -> bool:
    """Return whether a file could not be written because its disk is full or fails.

    Python sets an errno. TensorFlow and HDF5 only write it in the message: TensorFlow raises
    `ResourceExhaustedError`, and a GPU without memory raises the same.
    """
    if isinstance(error, ValueError):
        return False
    return getattr(error, "errno", None) in FULL or any(os.strerror(number) in str(error) for number in FULL)


def to_one_line(error: Exception) -> str:
    """Return the message of an error on one line."""
    return " ".join(str(error).split())


def load_tensorflow() -> None:
    """Import TensorFlow and list the devices; hide the lines that its native code writes at any log level.

    The lines are shown if the import fails, or if TF_CPP_MIN_LOG_LEVEL is 0 or 1. A command computes in
    float32 and puts channels last, whatever keras.json says, and keeps the programs that XLA compiles.

    Raises:
        ValueError: Keras uses another backend.
    """
    backend.check()
    if kept := compile_cache.prepare(os.environ):
        os.environ.update(kept)
        # TensorFlow calls each program that it loads an error, since the host lacks "features" that are tuning hints.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with (
        contextlib.nullcontext()
        if os.environ.get("TF_CPP_MIN_LOG_LEVEL") in ("0", "1")
        else _holding_stderr_back()
    ):
        import tensorflow as tf

        tf.config.list_physical_devices()
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")


@contextlib.contextmanager
def _holding_stderr_back() -> Iterator[None]:
    """Drop the text that the block writes to file descriptor 2; show it if an exception ends the block."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _parse(
    arguments: Sequence[str],
    config_class: type,
    description: str,
    listings: Callable[[], str] | None,
    positional: str | None,
) -> Any:
    program, *rest = arguments
    if positional and rest and not rest[0].startswith("-"):
        rest[0] = f"--{positional}={rest[0]}"
    if {"--help", "-h", "-help", "--helpfull"} & set(rest):
        names = (
            f"\n\nIn brackets: options, as in NAME:option=value,option=value.\n\n{listings()}"
            if listings
            else ""
        )
        print(_format_help(config_class, description, with_hidden="--helpfull" in rest) + names)
        sys.exit(DONE)
    if "--version" in rest:
        print(f"tfgan {tfgan.__version__}")
        sys.exit(DONE)
    values = flags.FlagValues()
    flags.DEFINE_string("flagfile", None, "read flags from this file, one a line", flag_values=values)
    flags_lib.define_flags(config_class, values)
    try:
        leftover = values([program, *recipes.expand_recipes(rest)])[1:]
    except flags.UnrecognizedFlagError as error:
        near = nearest(error.flagname, list(values))
        raise ValueError(f"--{error.flagname}: unknown flag{near}; --help lists them") from None
    except flags.Error as error:
        raise ValueError(str(error).removeprefix("ERROR:: ")) from None
    if positional and len(leftover) == 1 and values[positional].value is None:
        values[positional].value = leftover.pop()
    if leftover:
        raise ValueError(f"expected flags only, got {leftover[0]!r}; write --name=value")
    return flags_lib.from_flags(config_class, values)


def _format_help(config_class: type, description: str, *, with_hidden: bool = False) -> str:
    """Return the help text: flags by group, the command's own first, with defaults and legal values."""
    groups: dict[str, list[str]] = {}
    fields = [
        field for field in dataclasses.fields(config_class) if with_hidden or not field.metadata["hidden"]
    ]
    shared = {field.metadata["group"] for field in fields if field.name not in config_class.__annotations__}
    order = {
        group: (group in shared, group == data_form.GROUP) for group in (f.metadata["group"] for f in fields)
    }
    for field in sorted(fields, key=lambda field: order[field.metadata["group"]]):
        name = f"--[no]{field.name}" if field.type in ("bool", "Switch") else f"--{field.name}"
        kind = options.kind_of(str(field.type))
        notes = []
        if kind and kind.expected not in ("a text", "a path") and field.type != "bool":
            notes.append(kind.expected)
        if field.default not in (None, ()):
            notes.append(f"default {field.default}")
        line = f"  {name:<26} {field.metadata['help']}" + (f" [{'; '.join(notes)}]" if notes else "")
        groups.setdefault(field.metadata["group"], []).append(line)
    lines = [description]
    for group, members in groups.items():
        lines += ["", f"{group}:", *members]
    lines += [
        "",
        "Also: --flagfile=FILE, --recipe=NAME (a shipped flagfile), --version, --help, --helpfull (replaced flags too).",
        "Later flags win; none clears a flag.",
    ]
    return "\n".join(lines)
