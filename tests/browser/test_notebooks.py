"""Committed notebooks in a browser: they run from top to bottom, and saving them changes nothing."""
import pytest

from barlow_kit.workshop.notebooks import load_notebook, notebook_text, standard_form


@pytest.mark.parametrize("path", ["06_plot.ipynb", "23_canvas.ipynb", "24_explore.ipynb"])
def test_runs(lab, path):
    "No cell fails, no cell is left out, the page logs no error."
    nb = lab.open(path)
    nb.run_all()
    assert nb.errors() == []
    assert nb.unrun() == []


@pytest.mark.parametrize("path", ["10_loss.ipynb", "23_canvas.ipynb", "tutorials/quickstart.ipynb"])
def test_saving_changes_nothing(lab, path):
    "Opened and saved in JupyterLab, the file is the same byte for byte; cleaned, it still is."
    file = lab.server.root/path
    before = file.read_text(encoding="utf8")
    written = file.stat().st_mtime_ns
    lab.open(path).save()
    assert file.stat().st_mtime_ns > written, "JupyterLab did not save"
    saved = file.read_text(encoding="utf8")
    different = [(old, new) for old, new in zip(before.split("\n"), saved.split("\n")) if old != new]
    assert saved == before, f"first lines that differ: {different[:1]}"
    assert notebook_text(standard_form(load_notebook(file, path))) == saved
