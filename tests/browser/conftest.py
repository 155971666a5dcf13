"""Fixtures: `lab` is a fresh page on a server that all tests share. See lab.py for what it can do."""
import os, re, shutil
from pathlib import Path

import pytest

from .lab import PROBE, Lab
from .server import Server

HERE = Path(__file__).parent
SCREENSHOTS = Path(os.environ.get("BARLOW_SCREENSHOTS", HERE/"screenshots"))
CHROMIUMS = "chromium", "chromium-browser", "google-chrome"
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]

# What a page logs that is no fault of ours, with the reason.
NOISE = {
    r"Could not restore the debugger state: Canceled future":
        "JupyterLab's debugger was asked while a tab closed",
    r"^uncaught: Cannot read properties of undefined \(reading 'schema'\)":
        "Notebook 7.6 on every start, with bare settings too",
    r"^uncaught: Command 'filebrowser:open-path' not registered":
        "Notebook 7.6 on some starts: its notebook page has no file browser",
}


@pytest.hookimpl(tryfirst=True)     # before pytest selects by mark
def pytest_collection_modifyitems(items):
    "Mark every test of this folder."
    for item in items:
        if HERE in item.path.parents: item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    "Keep the outcome where the fixture finds it."
    report = yield
    if report.failed: item.failed = True
    return report


@pytest.fixture(scope="session")
def browser():
    "Chromium, or a reason to skip."
    playwright = pytest.importorskip("playwright.sync_api",
                                     reason="no Playwright: pip install -e '.[browser]'")
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not chromium: pytest.skip("no Chromium: apt-get install chromium, or set CHROMIUM to its path")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(browser, tmp_path_factory):      # no browser, no server
    "A Jupyter server over a copy of the notebooks."
    server = Server(tmp_path_factory.mktemp("jupyter"), HERE.parents[1]/"nbs").start()
    yield server
    server.stop()


@pytest.fixture
def lab(browser, server, request):
    "A fresh page; an error that it logs fails the test."
    server.reset()
    page = browser.new_page(viewport=dict(width=1300, height=1100))
    page.add_init_script(PROBE)
    lab = Lab(page, server, SCREENSHOTS)

    def log(text: str):
        if not any(re.search(noise, text) for noise in NOISE): lab.console.append(text)

    page.on("console", lambda m: m.type == "error" and log(f"{m.text} ({m.location.get('url', '')})"))
    page.on("pageerror", lambda e: log(f"uncaught: {e}"))
    yield lab
    if getattr(request.node, "failed", False) or lab.console:
        print("screenshot:", lab.screenshot(request.node.name))
    page.close()
    server.reset()
    assert not lab.console, "the page logged errors:\n" + "\n".join(lab.console)
