"""The widgets of the kit under a reader's hands, in a real JupyterLab."""
import pytest

from .lab import changes, pixels, still

HEATMAP = """
import torch
from barlow_kit.widgets import HeatmapWidget
torch.manual_seed(0)
heat = HeatmapWidget(torch.eye(64)*.9 + .05*torch.randn(64, 64), "a test")
heat
"""
MONITOR = """
from barlow_kit.data import get_dataset
from barlow_kit.train import pretrain
from barlow_kit.widgets import TrainingMonitor
monitor = TrainingMonitor((get_dataset("digits", "fit"), get_dataset("digits", "val")), refresh=.2)
monitor
"""


def test_heatmap(lab):
    "Hover and arrows read values, the wheel and keys zoom, sorting moves units, a new matrix is shown."
    nb = lab.run(HEATMAP)
    canvas, readout = nb.find("canvas"), nb.find("[role=status]")
    box = canvas.bounding_box()
    lab.page.mouse.move(box["x"] + 42 + 2.5, box["y"] + 22 + 2.5)
    assert readout.inner_text() == f"unit 0 of view 1, 0 of view 2: {nb.ask('heat.matrix[0, 0].item()'):.3f}"
    with changes(canvas): lab.page.mouse.wheel(0, -300)
    canvas.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"): canvas.press(key)
    assert readout.inner_text() == f"unit 2 of view 1, 1 of view 2: {nb.ask('heat.matrix[2, 1].item()'):.3f}"
    with changes(canvas): canvas.press("0")
    with changes(canvas): nb.field("similar units side by side").check()
    with changes(canvas): nb.run_cell("heat.update(torch.eye(1024), 'large')")
    lab.page.mouse.move(0, 0)
    assert "1024 units, shown as means over blocks" in nb.find(".jp-OutputArea [role=status]").first.inner_text()
    lab.screenshot("heatmap")
    red = pixels(canvas)
    assert nb.errors() == [] and red.shape[0] > 300


def test_monitor_in_the_background(lab):
    "Start, pause, step, stop: the buttons steer a training while the notebook stays usable."
    nb = lab.run(MONITOR)
    nb.run_cell("_ = monitor.start('digits', out='run', epochs=200)")
    canvas = nb.find("canvas").first
    with changes(canvas): pass
    assert nb.run_cell("6*7") == "42"                                   # the notebook stays usable
    nb.button("Pause").click()
    nb.find("text=paused").wait_for()
    lab.screenshot("monitor")
    assert still(canvas, 1500)
    before = nb.ask("len(monitor.run.history)")
    with changes(canvas): nb.button("Step").click()
    assert nb.ask("len(monitor.run.history)") == before + 1
    nb.button("Go on").click()
    nb.close()                                                          # closing the tab does not stop it
    nb = nb.reopen()
    assert nb.ask("monitor.thread.is_alive()") and nb.ask("len(monitor.run.history)") > before + 1
    with changes(nb.find("canvas").first): pass
    nb.button("Stop and save").click()
    assert nb.ask("len(monitor.wait(30).history)") > before and nb.ask("monitor.state") == "stopped, saved"
    assert nb.errors() == []


def test_monitor_in_a_cell(lab):
    "The buttons work while the cell that trains is running."
    nb = lab.run(MONITOR)
    nb.begin("len(pretrain('digits', epochs=2000, callbacks=[monitor], progress=False).history)")
    with changes(nb.find("canvas").first): nb.field("similar units side by side").check()
    nb.button("Pause").click()
    nb.button("Go on").wait_for()
    nb.button("Stop and save").click()
    nb.wait_idle()
    assert nb.ask("monitor.state") == "stopped" and nb.errors() == []
