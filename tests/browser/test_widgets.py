"""The widgets of the kit under a reader's hands, in a real JupyterLab."""
import os

import pytest

from .lab import changes, latency, pixels, still

# Of the time that a quiet machine is allowed: others may share this one.
SLACK = float(os.environ.get("BARLOW_SLACK", 3))

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


def test_explore_loss(lab):
    "Presets, sliders by keyboard and mouse; from a key to the new picture in 0.3 s at D = 128."
    nb = lab.run("from barlow_kit.widgets import explore_loss", "e = explore_loss(); e")
    canvases, text = nb.find("canvas"), nb.find("text=/loss [0-9.]+/").last
    assert canvases.count() == 2 and nb.ask("e.controls['d'].value") == 128
    with changes(canvases.first): nb.slider("correlation").press("PageUp")
    with changes(canvases.last): nb.slider("overlap").drag(.6)
    for preset, words in (("collapse to a constant", "so C fades"), ("perfect", "C is the identity")):
        with changes(canvases.first): nb.button(preset).click()
        nb.find(f"text={words}").wait_for()
    with changes(canvases.first): nb.button("start").click()
    soon = latency(nb.slider("seed"), canvases.first)
    print(f"explore_loss: a new picture {soon:.0f} ms after a key")
    assert soon < 300 * SLACK and nb.errors() == []
    lab.screenshot("explore_loss")


def test_explore_views(lab):
    "Sliders and presets redraw the views and the line of code; 0.3 s at 224 pixels."
    nb = lab.run("from barlow_kit.widgets import explore_views", "e = explore_views(); e")
    views = nb.find("img").nth(2)
    soon = latency(nb.slider("noise"), views)                           # a photograph
    print(f"explore_views: a new picture {soon:.0f} ms after a key")
    nb.button("view 2").click()
    nb.slider("solarize").press("End")
    nb.find("code").filter(has_text="solarize=1.0").wait_for()
    nb.field("preset").select_option("digits")
    nb.find("text=TwoViews.digits()").wait_for()
    nb.field("image").select_option("digit 3")
    with changes(views): nb.field("preset").select_option("imagenet")
    assert soon < 300 * SLACK and nb.errors() == []
    lab.screenshot("explore_views")


def test_explore_embeddings(lab):
    "Pointing picks an image, the slider moves through the run, t-SNE comes on demand."
    nb = lab.run("""
from barlow_kit.data import get_dataset
from barlow_kit.train import keep_models, pretrain
from barlow_kit.widgets import explore_embeddings
pretrain("digits", out="run-map", epochs=4, callbacks=[keep_models(every=42)], progress=False)
e = explore_embeddings("run-map", get_dataset("digits", "test"), most=200)
e""")
    canvas, picture = nb.find("canvas"), nb.find("img")
    x, y = nb.ask("(lambda p: ((1 + p[0])/2, (1 - p[1])/2))(e.maps.points(e.stage.value)[50].tolist())")
    box = canvas.bounding_box()
    with changes(picture): lab.page.mouse.move(box["x"] + 12 + 376*x, box["y"] + 12 + 376*y)
    before = nb.ask("e.image.value")
    canvas.focus()
    with changes(picture): canvas.press("ArrowRight")
    assert nb.ask("e.image.value") == before + 1
    with changes(canvas): nb.slider("checkpoint").press("Home")
    with changes(canvas, timeout=60): nb.button("t-SNE").click()
    assert nb.errors() == []
    lab.screenshot("explore_embeddings")


def test_dark_theme_and_restart(lab):
    "Ink follows the theme; a kernel that restarts in the middle of a training leaves nothing behind."
    nb = lab.run(HEATMAP, MONITOR, "_ = monitor.start('digits', out='run-dark', epochs=500)")
    canvas = nb.find("canvas").first
    with changes(canvas): nb.set_theme("JupyterLab Dark")
    lab.screenshot("dark")
    nb.restart_kernel()
    assert "barlow" not in nb.run_cell("import threading; print([t.name for t in threading.enumerate()])")


@pytest.mark.parametrize("live", [True, False])
def test_notebook_7(lab, live):
    "The same in Notebook 7, and with images where canvases cannot be."
    pytest.importorskip("notebook")
    nb = lab.open(lab.write("seven", HEATMAP.replace('"a test"', f'"a test", live={live}')), app="notebook")
    nb.run_all()
    with changes(nb.find("canvas" if live else "img")): nb.field("similar units side by side").check()
    assert nb.errors() == []
