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


def test_modules_name_no_other_origin() -> None:
    for module in (WEB / "assets").rglob("*.js"):
        found = re.findall(r"https?://[a-z][^\s\"'`$]*", module.read_text())
        assert found == [], module.name


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
