"""What benchmarks of many runs share: results of a line a cell, in a file that is added to, and tables of them in pages."""

import json
import re
import statistics


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
    return re.sub(r"(<!-- table: (\w+) -->)\n(?:\|.*\n)*", lambda found: f"{found[1]}\n{table(found[2])}\n", text)


def shown(values, heading):
    """Return numbers as text."""
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
    return ", ".join(texts[:-3]) if len(known) <= 5 else "{} ({} to {})".format(*texts[-3:])
