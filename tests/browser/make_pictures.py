"""The pictures of widgets in README and index, taken in JupyterLab:

    pytest -m browser tests/browser/make_pictures.py"""
import io
from pathlib import Path

from PIL import Image, ImageChops

from .lab import changes

IMAGES = Path(__file__).parents[2]/"nbs"/"images"


def save(nb, name):
    "The widget's output as a small PNG."
    nb.page.mouse.move(2, 2)
    output = nb.find(".jp-OutputArea-output").last
    picture = Image.open(io.BytesIO(output.screenshot())).convert("RGB")
    empty = Image.new("RGB", picture.size, picture.getpixel((picture.width - 2, picture.height - 2)))
    box = ImageChops.difference(picture, empty).getbbox()
    picture.crop((0, 0, min(box[2] + 12, picture.width), min(box[3] + 8, picture.height))).quantize(
        256, Image.Quantize.FASTOCTREE).save(IMAGES/f"{name}.png", optimize=True)


def open_wide(lab, *cells):
    "Run cells on a page with room, without the file browser."
    lab.page.set_viewport_size(dict(width=1120, height=1000))
    nb = lab.run("import warnings", *cells)
    nb.command("application:toggle-left-area")
    lab.page.wait_for_timeout(500)
    return nb


def test_monitor(lab):
    nb = open_wide(lab, """
from barlow_kit.data import get_dataset
from barlow_kit.widgets import TrainingMonitor
monitor = TrainingMonitor((get_dataset("digits", "fit"), get_dataset("digits", "val")))
monitor""")
    nb.call("async (panel, app, code) => panel.sessionContext.session.kernel.requestExecute({code}).done.then(() => 0)",
            "_ = monitor.start('digits', epochs=50)")
    while nb.ask("len(monitor.run.history)") < 600: lab.page.wait_for_timeout(500)
    nb.button("Pause").click()
    nb.find("text=paused").wait_for()
    save(nb, "monitor")
    nb.button("Stop and save").click()


def test_loss(lab):
    nb = open_wide(lab, "from barlow_kit.widgets import explore_loss\nexplorer = explore_loss()",
                   "explorer.set(correlation=.8, overlap=.4, n=256, d=64)\nexplorer")
    with changes(nb.find("canvas").first): nb.find("[type=checkbox]").nth(1).check()
    save(nb, "explore_loss")


def test_embeddings(lab):
    nb = open_wide(lab, """
from barlow_kit.data import get_dataset
from barlow_kit.train import keep_models, pretrain
from barlow_kit.widgets import explore_embeddings
pretrain("digits", out="run-picture", epochs=30, callbacks=[keep_models(every=105)], progress=False)
explorer = explore_embeddings("run-picture", get_dataset("digits", "test"))
explorer.kind.value = "t-SNE"
explorer.image.value = 8
explorer""")
    lab.page.wait_for_timeout(1000)
    save(nb, "explore_embeddings")
