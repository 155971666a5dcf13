"""Committed notebooks run in a browser from top to bottom."""
import pytest


@pytest.mark.parametrize("path", ["01_plot.ipynb", "18_canvas.ipynb", "19_explore.ipynb"])
def test_runs(lab, path):
    "No cell fails, no cell is left out, the page logs no error."
    nb = lab.open(path)
    nb.run_all()
    assert nb.errors() == []
    assert nb.unrun() == []
