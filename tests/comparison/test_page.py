"""The HTML page: whole in itself, and as a browser shows it."""

import html.parser
import re
import shutil
import subprocess

import numpy as np
import pytest
from hand_made import end, of_table
from PIL import Image

from tfgan.comparison import page, report, results
from tfgan.core import images

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
VOID = {"meta", "img", "br", "wbr"}
WIDTH, HEIGHT = 1200, 3200
THEMES = {"light": (255, 255, 255), "dark": (21, 24, 28)}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    made = of_table(folder, steps=200)
    end(made, made.cells[-1], "diverged", error="NaN or infinite: <loss/generator>.")
    real = folder / "real.png"
    real.write_bytes(images.encode_png(np.zeros((8, 8, 1), np.uint8)))
    file = folder / "report.html"
    file.write_text(
        page.render_page(
            report.build_report(made, results.read_runs(made)),
            "python -m tfgan.compare --losses=a,b",
            {"ring8": real},
        ),
        encoding="utf-8",
    )
    return file


class Balance(html.parser.HTMLParser):
    """Collect the elements that are open, and what refers to something."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.links = [], [], []

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        """Take an element of SVG that closes itself."""

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def parsed(written):
    parser = Balance()
    parser.feed(written.read_text(encoding="utf-8"))
    return parser


def test_elements_are_closed_in_order(parsed):
    assert (parsed.open, parsed.wrong) == ([], [])


def test_nothing_is_fetched(written, parsed):
    assert parsed.links
    assert all(link.startswith("data:image/png;base64,") for link in parsed.links)
    assert not re.search(r"https?://|@import|url\(|<script", written.read_text(encoding="utf-8"))


def test_what_users_write_is_escaped(written):
    assert "&lt;loss/generator&gt;" in written.read_text(encoding="utf-8")


def test_numbers_stand_to_the_right(written):
    cells = re.findall(r"<td([^>]*)>([^<]*)", written.read_text(encoding="utf-8"))
    numbers = [place for place, text in cells if re.fullmatch(r"[\d.,]+ ?", text)]
    assert len(numbers) > 10
    assert all("n" in place for place in numbers)


def browse(written, folder, *arguments):
    """Let Chromium open the page without a network; return what it prints."""
    if BROWSER is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed (apt-get install chromium)")
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder}/profile",
    ]
    command += [
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--window-size={WIDTH},{HEIGHT}",
        *arguments,
        written.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("theme", "paper"), THEMES.items())
def test_a_browser_shows_it(written, tmp_path, theme, paper):
    """The margin has the color of the theme's paper; in the page there are text, charts in the contenders' colors and pictures."""
    file = tmp_path / f"{theme}.png"
    browse(
        written,
        tmp_path,
        f"--screenshot={file}",
        f"--blink-settings=preferredColorScheme={int(theme == 'light')}",
    )
    pixels = np.asarray(Image.open(file).convert("RGB")).astype(int)
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert tuple(pixels[5, 5]) == paper
    assert tuple(pixels[HEIGHT // 2, WIDTH - 3]) == paper  # nothing sticks out
    colors = (
        re.findall(r"--c[01]:#(\w+)", page.STYLE)[:2]
        if theme == "light"
        else re.findall(r"--c[01]:#(\w+)", page.STYLE)[2:]
    )
    for color in colors:
        wanted = [int(color[at : at + 2], 16) for at in (0, 2, 4)]
        assert (np.abs(pixels - wanted).max(axis=-1) < 8).sum() > 200


def test_a_browser_reads_it(written, tmp_path):
    found = browse(written, tmp_path, "--dump-dom")
    assert all(
        f"<h2>{heading}</h2>" in found
        for heading in ("ring8", "Diagnoses", "Time and memory", "How to read this")
    )
