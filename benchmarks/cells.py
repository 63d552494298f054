"""What benchmarks of many runs share: results of a line a cell, in a file that is added to, and tables of them in pages."""

import argparse
import json
import re
import statistics
from pathlib import Path


def read(results, key):
    """Return the lines of results by `key` of a line; of two for one cell, the later."""
    lines = [json.loads(text) for text in results.read_text().splitlines()] if results.exists() else []
    return {key(line): line for line in lines}


def add(results, line):
    """Append a line to the results, and print it."""
    with results.open("a") as stream:
        stream.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def page(text, table):
    """Return a Markdown page with `table(NAME)`, as it is today, behind each `<!-- table: NAME -->`."""
    return re.sub(
        r"(<!-- table: (\w+) -->)\n(?:\|.*\n)*", lambda found: f"{found[1]}\n{table(found[2])}\n", text
    )


def asked(description, names, table, flags):
    """Parse a command line; return its options, or None after a table or a page was written.

    Args:
        description: of the program.
        names: of the studies there are.
        table: makes the table of one, of its name.
        flags: what else the program takes, each `(flag, keywords of add_argument)`.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; by default all")
    parser.add_argument("--table", metavar="NAME", choices=names, help="print a table as Markdown")
    parser.add_argument(
        "--page",
        metavar="FILE",
        type=Path,
        help="write the tables behind each <!-- table: NAME --> of a page",
    )
    for flag, keywords in flags:
        parser.add_argument(flag, **keywords)
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"NAME: expected some of {', '.join(names)}, got {', '.join(sorted(unknown))}")
    if options.table:
        print(table(options.table))
    elif options.page:
        options.page.write_text(page(options.page.read_text(), table))
    else:
        options.names = options.names or list(names)
        return options
    return None


def shown(values, heading):
    """Return numbers as text: up to five each, "-" where there is none, of more median and range."""
    known = [100 * value if "%" in heading else value for value in values if value is not None]
    if not known:
        return ""
    if heading == "minutes":
        digits = 1
    elif all(value == int(value) for value in known):
        digits = 0
    else:
        digits = 1 if max(known) >= 2 else 4 if max(map(abs, known)) < 0.1 else 3
    texts = [f"{value:.{digits}f}" for value in (*known, statistics.median(known), min(known), max(known))]
    each = iter(texts)
    return (
        ", ".join("-" if value is None else next(each) for value in values)
        if len(values) <= 5
        else "{} ({} to {})".format(*texts[-3:])
    )
