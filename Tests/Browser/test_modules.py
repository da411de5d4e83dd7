"""The pages' pure modules, tested under the node that Playwright brings along."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from axolotl_kit.footage import REPOSITORY
from playwright._impl._driver import compute_driver_executable

HERE = Path(__file__).resolve().parent
WEB = REPOSITORY / "Services" / "api-front" / "Web"


@pytest.mark.parametrize("module", sorted(HERE.glob("modules/*.test.mjs")), ids=lambda path: path.name)
def test_module(module: Path) -> None:
    node = compute_driver_executable()[0]
    result = subprocess.run(
        [node, "--test-reporter=spec", "--test", str(module)], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-1000:]
    assert int(re.search(r"tests (\d+)", result.stdout).group(1)) > 3, result.stdout


@pytest.mark.parametrize("page", ["index.html", "pair.html"])
def test_pages_hold_no_inline_code_and_ask_nobody_else(page: str) -> None:
    text = (WEB / page).read_text()
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_modules_load_where_regular_expressions_cannot_look_behind() -> None:
    """Safari before 16.4 refuses the whole module; phones that end at iOS 15 are still in use."""
    for module in (WEB / "assets").rglob("*.js"):
        assert not re.search(r"\(\?<[=!]", module.read_text()), module.name


def test_modules_name_no_other_origin() -> None:
    for module in (WEB / "assets").rglob("*.js"):
        found = re.findall(r"https?://[a-z][^\s\"'`$]*", module.read_text())
        assert found == [], module.name


def test_the_edges_of_fields_can_be_seen() -> None:
    """WCAG 2.2, success criterion 1.4.11: 3:1 against what is beside them, in daylight and in the dark."""
    light, dark = (WEB / "assets" / "style" / "base.css").read_text().split("prefers-color-scheme: dark", 1)
    for scheme in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", scheme))
        for beside in ("raised", "ground"):
            assert contrast(colours["edge"], colours[beside]) >= 3


def contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2.2 between two colours `#rrggbb`."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_phone_page_fetches_its_modules_at_once() -> None:
    """Module by module, each waiting for the one that imports it, would cost a slow network several round trips."""
    named = set(re.findall(r'<link rel="modulepreload" href="/([^"]+)">', (WEB / "pair.html").read_text()))
    assert named == {str(each.relative_to(WEB)) for each in imported_by(WEB / "assets" / "phone" / "main.js")}


def imported_by(module: Path) -> set[Path]:
    """All modules that a module imports, and those that they import."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        for name in re.findall(r'^(?:import|export) [^;]*from "([^"]+)"', current.read_text(), re.MULTILINE):
            path = (current.parent / name).resolve()
            if path not in found:
                found.add(path)
                waiting.append(path)
    return found
