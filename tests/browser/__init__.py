"""Tests in a real browser: JupyterLab and Notebook 7 in headless Chromium, driven by Playwright.

The other files of `tests/` are generated from the notebooks. This folder is written by hand, because
what it checks (a slider moved, a canvas repainted, a tab closed) happens outside of any cell.

    make test-browser                                  installs what is missing, runs the folder
    pytest tests/browser -m browser -k slider          one test, in an environment with the `browser` extra

A plain `pytest tests` leaves the folder out: opening JupyterLab takes seconds a time. Without Playwright or
Chromium every test is skipped and says why. CHROMIUM names a browser, and BARLOW_SCREENSHOTS the folder
of the pictures that failed tests leave behind (`screenshots/` in this folder otherwise).

`lab.py` says how to write a test, `server.py` starts the server, `conftest.py` has the fixtures.
"""
