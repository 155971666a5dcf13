"""The tools of lab.py at work on small notebooks: each must see what it is there to see."""
import psutil, pytest

from .lab import changes, latency, pixels, still

SLIDER = """
import io, ipywidgets as widgets
from PIL import Image

def square(n):
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (n * 10, 0, 0)).save(file, "PNG")
    return file.getvalue()

slider = widgets.IntSlider(value=3, max=20, description="side")
text = widgets.HTML("3")
picture = widgets.Image(value=square(3))
def update(change):
    if change.new == 13: raise ValueError("unlucky")
    text.value, picture.value = str(change.new), square(change.new)
slider.observe(update, "value")
widgets.VBox([slider, text, picture])
"""
CANVAS = """
import anywidget, traitlets

class Shade(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
      const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
      canvas.width = canvas.height = 20;
      const draw = () => {
        pen.fillStyle = `rgb(${model.get("level")}, 0, 0)`;
        pen.fillRect(0, 0, 20, 20);
      };
      model.on("change:level", draw);
      draw();
      el.append(canvas);
    }}'''
    level = traitlets.Int(0).tag(sync=True)

shade = Shade()
shade
"""
BUTTONS = """
import ipywidgets as widgets, threading
stop, count = threading.Event(), widgets.HTML("0")
def work():
    while not stop.wait(.02): count.value = str(int(count.value) + 1)
start, halt = widgets.Button(description="Start", icon="play"), widgets.Button(icon="stop", tooltip="Halt")
start.on_click(lambda _: threading.Thread(target=work, name="work", daemon=True).start())
halt.on_click(lambda _: stop.set())
choice = widgets.Dropdown(options=["a", "b"], description="which")
widgets.VBox([start, halt, count, choice])
"""


def test_errors(lab):
    "A failing cell, a failing thread and a console.error are noticed, and so is a cell that did not run."
    nb = lab.run("print('fine')", "1/0", "never = 1")
    assert nb.errors() == ["ZeroDivisionError: division by zero"]
    assert nb.run_cell("6*7") == "42"
    assert nb.ask("'never' in globals()") is False and nb.unrun() == ["never = 1"]
    nb.run_cell("import threading; t = threading.Thread(target=lambda: [][1]); t.start(); t.join()")
    assert "IndexError" in nb.errors()[1]
    with lab.page.expect_console_message(): lab.page.evaluate("console.error('a mishap')")
    assert len(lab.console) == 1 and "a mishap" in lab.console.pop()


def test_slider(lab):
    "Keyboard and mouse move a slider, text and picture follow soon; a failing callback is noticed."
    nb = lab.run(SLIDER)
    slider, text, picture = nb.slider("side"), nb.find(".widget-html-content"), nb.find("img.widget-image")
    with changes(picture): slider.press("ArrowRight")
    assert (slider.readout, text.inner_text(), nb.ask("slider.value")) == ("4", "4", 4)
    assert pixels(picture)[0, 0].tolist() == [40, 0, 0, 255]
    with changes(text): slider.drag(.5)
    assert nb.ask("slider.value") == 10
    spent = latency(slider, text), latency(slider, picture)
    print("latency in ms, of a text and of a picture:", *map(round, spent))
    assert 0 < min(spent) and max(spent) < 5000 and nb.errors() == []
    while nb.ask("slider.value") < 13: slider.press("ArrowRight")
    assert nb.errors() == ["ValueError: unlucky"]


def test_canvas(lab):
    "Pixels of an anywidget canvas follow its model, also after closing the tab and reloading the page."
    pytest.importorskip("anywidget")
    nb = lab.run(CANVAS)
    for level, again in (100, nb.reopen), (200, nb.reload), (250, lambda: nb):
        canvas = nb.find("canvas")
        with changes(canvas): nb.run_cell(f"shade.level = {level}")
        assert pixels(canvas)[10, 10].tolist() == [level, 0, 0, 255]
        assert again() is nb and nb.errors() == []


def test_buttons_and_restart(lab):
    "Buttons start and stop a thread, a dropdown chooses; a restart leaves no thread and no process."
    nb = lab.run(BUTTONS)
    count = nb.find(".widget-html-content")
    assert still(count)
    with changes(count): nb.button("Start").click()
    assert not still(count)
    nb.button("Halt").click()
    nb.wait_idle()
    assert still(count, 300) or still(count, 300)     # what was under way may still arrive
    nb.field("which").select_option("b")
    assert nb.ask("choice.value") == "b"

    nb.run_cell("stop.clear()")
    with changes(count): nb.button("Start").click()
    pid = nb.ask("__import__('os').getpid()")
    nb.restart_kernel()
    assert not psutil.pid_exists(pid) and len(lab.server.processes()) == 1
    assert nb.ask("[t.name for t in __import__('threading').enumerate() if t.name == 'work']") == []
    nb.run_all()
    assert nb.errors() == []


def test_theme(lab):
    "The page turns dark."
    nb = lab.run("import ipywidgets as widgets; widgets.IntSlider(description='n')")
    color = "getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"
    light = lab.page.evaluate(color)
    nb.set_theme("JupyterLab Dark")
    assert lab.page.evaluate(color) != light
    nb.slider("n").press("ArrowRight")
    assert nb.ask("1") == 1


def test_kernel_dialog(lab):
    "A notebook that names no kernel gets the proposed one."
    nb = lab.open(lab.write("nameless", "1 + 1", kernelspec={}))
    nb.run_all()
    assert nb.run_cell("2 + 2") == "4"


def test_notebook_7(lab):
    "The same works in Notebook 7, save that arrow keys move its selection and not the slider."
    pytest.importorskip("notebook")
    nb = lab.open(lab.write("seven", SLIDER), app="notebook")
    nb.run_all()
    slider, picture = nb.slider("side"), nb.find("img.widget-image")
    with changes(picture): slider.drag(.25)
    with changes(picture): slider.press("PageUp")
    assert nb.ask("slider.value") == 10 and nb.errors() == []
