"""Drive a notebook in JupyterLab or Notebook 7 as a reader would.

    def test_slider(lab):                                   # a fresh page; the fixture is in conftest.py
        nb = lab.open(lab.write("demo", "import ipywidgets as w", "w.IntSlider(description='n')"))
        nb.run_all()
        nb.slider("n").press("ArrowRight")
        assert nb.errors() == []

A test fails by itself when the page logs an error; one that expects errors takes them out of `lab.console`.

Lab (the fixture `lab`)
    write(name, *cells, **metadata)     write a notebook of code cells, return its path
    open(path, app="lab")               open a notebook; app="notebook" is Notebook 7
    run(*cells)                         write, open and run cells
    console                             errors that the page logged so far
    server                              the server: root, processes(), api(path)
    screenshot(name)                    picture of the page

Notebook
    run_all(), run_cell(source)         run and wait; run_cell adds a cell at the end and returns its text
    begin(source)                       add a cell and start it
    ask(expression)                     a Python literal from the kernel once it is idle: ask("s.value")
    errors()                            all errors since opening: in cells, callbacks, threads and displays
    unrun()                             code cells that have not run
    wait(javascript)                    wait for a condition on (panel, app)
    wait_idle()                         wait until cells have run and the kernel has heard of every change
    call(javascript, arg)               value of a function of (panel, app, arg) in the page
    command(name, args)                 a command of JupyterLab
    find(css)                           locator inside the notebook
    slider(label), button(label), field(label)  a Slider, a button, a dropdown or checkbox or text box
    set_theme(name)                     "JupyterLab Dark", "JupyterLab Light"
    save(), close(), reopen()           close JupyterLab's tab and open it again; the kernel lives
    reload()                            save and load the page again; the kernel lives
    restart_kernel()                    a new process; displayed widgets lose theirs

Slider
    press(key, times=1), drag(fraction), readout, handle

For any Playwright locator of something that shows
    pixels(target)                      [height, width, 4] bytes of a canvas or an image
    with changes(target) as change:     the block makes the target look different; change.ms says how soon
    still(target, ms=500)               whether the target stays as it is
    latency(slider, target)             median ms from a key on the slider to a changed target

A target may be a canvas, an image, a text or a box with all of these. Give a box that stays when what it
holds is replaced (an Output widget), and leave the slider's own readout out of it.
"""
import ast, base64, json, re, statistics
from contextlib import contextmanager
from itertools import cycle, islice
from types import SimpleNamespace
from urllib.parse import quote

import numpy as np

# In every page. `look` is what the eye sees: text, fields, addresses of images, pixels; null for nothing.
PROBE = """window.probe = {
  hash(canvas) {
    if (!canvas.width || !canvas.height) return 0;
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return new Uint32Array(data.buffer).reduce((h, x) => (Math.imul(h, 31) + x) | 0, 7);
  },
  look(box) {
    const seen = [box.textContent.trim()];
    for (const e of [box, ...box.querySelectorAll("canvas, img, input, select")]) {
      if (e.tagName === "IMG" && !(e.complete && e.naturalWidth)) return null;
      seen.push(e.tagName === "CANVAS" ? this.hash(e) : e.tagName === "IMG" ? e.src : e.value ?? "");
    }
    return seen.join("|") || null;
  },
  watch(box, limit) {
    const before = this.look(box), begin = performance.now();
    let start = begin;
    for (const kind of ["keydown", "pointerdown"])
      addEventListener(kind, e => start = e.timeStamp, {capture: true, once: true});
    return new Promise(done => {
      const poll = () => {
        const seen = this.look(box), now = performance.now();
        if (seen !== null && seen !== before) done(now - start);
        else if (now - begin > limit) done(null);
        else requestAnimationFrame(poll);
      };
      requestAnimationFrame(poll);
    });
  },
  pixels(source) {
    const canvas = document.createElement("canvas");
    canvas.width = source.naturalWidth ?? source.width;
    canvas.height = source.naturalHeight ?? source.height;
    const pen = canvas.getContext("2d");
    pen.drawImage(source, 0, 0);
    const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    let text = "";
    for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
    return [canvas.height, canvas.width, btoa(text)];
  },
};"""

# A function of (panel, app) becomes one of [path, argument], with a time limit where it is awaited.
PANEL = """([path, arg]) => {
  const app = window.jupyterapp, main = app ? [...app.shell.widgets("main")] : [];
  const panel = main.find(w => w.context?.path === path);
  return panel && (%s)(panel, app, arg);
}"""
LIMITED = """async (panel, app, [arg, ms]) => {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error(`not done in ${ms} ms`)), ms));
  return Promise.race([(%s)(panel, app, arg), late]);
}"""

# What goes on between page and kernel. `errors` come from cells, callbacks and Output widgets alike; those
# of threads are text. `pending` are requests under way: callbacks of widgets may run in a thread of their
# own, a subshell, so the kernel may call itself idle while one works.
LISTEN = """async panel => {
  if (panel.heard) return;
  const heard = panel.heard = {errors: [], stderr: "", pending: new Set()};
  panel.sessionContext.session.anyMessage.connect((_, {msg, direction}) => {
    const {header, content, channel, parent_header} = msg;
    if (direction === "send" && channel === "shell") heard.pending.add(header.msg_id);
    if (direction !== "recv" || channel !== "iopub") return;
    if (header.msg_type === "error") heard.errors.push(`${content.ename}: ${content.evalue}`);
    if (content.name === "stderr") heard.stderr += content.text;
    if (content.execution_state === "idle") heard.pending.delete(parent_header.msg_id);
  });
}"""
DIALOG = ".jp-Dialog button.jp-mod-accept"
KERNEL = "panel.sessionContext.session?.kernel"
IDLE = f"""panel => panel.sessionContext.isReady && {KERNEL}?.status === "idle"
  && !panel.heard?.pending.size
  && ![...panel.node.querySelectorAll(".jp-InputPrompt")].some(e => e.textContent.includes("*"))"""


def notebook(*cells: str, **metadata) -> dict:
    "A notebook of code cells, as its JSON has it."
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    code = [dict(id=f"c{i}", cell_type="code", execution_count=None, metadata={}, outputs=[], source=source)
            for i, source in enumerate(cells)]
    return dict(cells=code, metadata={"kernelspec": kernel} | metadata, nbformat=4, nbformat_minor=5)


def pixels(target) -> np.ndarray:
    "What a canvas or an image shows, [height, width, RGBA]."
    height, width, data = target.evaluate("e => probe.pixels(e)")
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)


@contextmanager
def changes(target, timeout: float = 20):
    "The target looks different after the block; `ms` counts from the first key or click in the block."
    watch = target.evaluate_handle("(box, ms) => ({change: probe.watch(box, ms)})", timeout * 1000)
    change = SimpleNamespace(ms=None)
    yield change
    change.ms = watch.evaluate("w => w.change")
    assert change.ms is not None, f"no change in {target} within {timeout} s"


def still(target, ms: float = 500) -> bool:
    "Does the target look the same for so long?"
    return target.evaluate("(box, ms) => probe.watch(box, ms)", ms) is None


def latency(slider: "Slider", target, times: int = 7, keys=("ArrowRight", "ArrowLeft")) -> float:
    "Median ms from a key on the slider to a changed target; the keys take turns, so there is always room."
    spent = []
    for key in islice(cycle(keys), times):
        with changes(target) as change: slider.press(key)
        spent.append(change.ms)
        slider.notebook.wait_idle()
        assert still(target, 100) or still(target, 1000), "the target changes without a key"
    return statistics.median(spent)


class Lab:
    "A page in a browser, and the server behind it."

    def __init__(self, page, server, screenshots):
        self.page, self.server, self.screenshots, self.console = page, server, screenshots, []

    def write(self, name: str, *cells: str, **metadata) -> str:
        "Write a notebook of code cells, return its path."
        (self.server.root/f"{name}.ipynb").write_text(json.dumps(notebook(*cells, **metadata)))
        return f"{name}.ipynb"

    def open(self, path: str, app: str = "lab") -> "Notebook":
        "Open a notebook in JupyterLab or, with `notebook`, in Notebook 7."
        place = {"lab": "lab/tree/%s?reset&", "notebook": "notebooks/%s?"}[app] % quote(path)
        self.page.goto(f"{self.server.url}/{place}token={self.server.token}")
        return Notebook(self, path).ready()

    def run(self, *cells: str) -> "Notebook":
        "Write, open and run a notebook."
        nb = self.open(self.write("scratch", *cells))
        nb.run_all()
        return nb

    def screenshot(self, name: str) -> str:
        "Picture of the page."
        path = self.screenshots/(re.sub(r"[^\w.-]+", "_", name) + ".png")
        self.page.screenshot(path=path)
        return str(path)


class Notebook:
    "An open notebook."

    def __init__(self, lab: Lab, path: str):
        self.lab, self.page, self.path = lab, lab.page, path
        self.node = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def call(self, javascript: str, arg=None, timeout: float = 60):
        "Value of an async function of (panel, app, arg) in the page."
        return self.page.evaluate(PANEL % (LIMITED % javascript), [self.path, [arg, timeout * 1000]])

    def wait(self, javascript: str, timeout: float = 60) -> None:
        "Wait until a function of (panel, app) is true."
        self.page.wait_for_function(PANEL % javascript, arg=[self.path, None], timeout=timeout * 1000)

    def wait_idle(self, timeout: float = 60) -> None:
        "Wait until no cell waits and the kernel is idle and knows of every change."
        self.wait(IDLE, timeout)
        # A widget holds a change back while one is under way. It has sent it when this is answered.
        self.call(f"panel => {KERNEL}.requestExecute({{code: '', silent: true}}).done.then(() => null)")
        self.wait(IDLE, timeout)

    def ready(self, timeout: float = 60) -> "Notebook":
        "Wait for the kernel; take the proposed one if JupyterLab asks."
        idle_or_asked = f"(panel, app) => ({IDLE})(panel) || document.querySelector('{DIALOG}')"
        self.wait(idle_or_asked, timeout)
        if self.page.locator(DIALOG).is_visible(): self.page.click(DIALOG)
        self.wait(IDLE, timeout)
        self.call(LISTEN)
        return self

    def run_all(self, timeout: float = 120) -> None:
        "Run all cells and wait."
        self.command("notebook:run-all-cells", timeout=timeout)
        self.wait_idle(timeout)

    def command(self, name: str, args=None, timeout: float = 60) -> None:
        "Carry out a command of JupyterLab on this notebook."
        self.call("""async (panel, app, [name, args]) => {
          app.shell.activateById(panel.id);
          await app.commands.execute(name, args ?? {});
        }""", [name, args], timeout)

    def begin(self, source: str) -> None:
        "Add a cell at the end and start it."
        self.call("""async (panel, app, source) => {
          panel.content.model.sharedModel.addCell({cell_type: "code", source});
          panel.content.activeCellIndex = panel.content.widgets.length - 1;
          app.shell.activateById(panel.id);
          app.commands.execute("notebook:run-cell");
        }""", source)
        self.wait(f"panel => !({IDLE})(panel) || panel.content.widgets.at(-1).model.executionCount !== null")

    def run_cell(self, source: str, timeout: float = 60) -> str:
        "Add a cell at the end, run it, return its text."
        self.begin(source)
        self.wait_idle(timeout)
        outputs = self.call("async panel => panel.content.widgets.at(-1).model.outputs.toJSON()")
        return "".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)

    def ask(self, expression: str, timeout: float = 60):
        "Value of an expression in the kernel, once it is idle; it must be a Python literal."
        self.wait_idle(timeout)
        answer = self.call(f"""async (panel, app, value) => (await {KERNEL}.requestExecute(
          {{code: "", silent: true, user_expressions: {{value}}}}).done).content.user_expressions.value""",
                           expression, timeout)
        assert answer["status"] == "ok", f"{expression}: {answer.get('ename')}: {answer.get('evalue')}"
        return ast.literal_eval(answer["data"]["text/plain"])

    def errors(self) -> list[str]:
        "Errors since opening; a thread's last, with all that stderr said."
        self.wait_idle()
        heard = self.call("async panel => panel.heard")
        broken = self.node.get_by_text(re.compile("Error (displaying|creating) widget")).all_inner_texts()
        return heard["errors"] + broken + [heard["stderr"]] * ("Traceback" in heard["stderr"])

    def unrun(self) -> list[str]:
        "Code cells without a number, so those of a clean notebook that have not run."
        return self.call("""async panel => panel.content.widgets.map(w => w.model)
          .filter(m => m.type === "code" && m.executionCount === null)
          .map(m => m.sharedModel.source).filter(source => source.trim())""")

    def find(self, css: str):
        "Locator inside the notebook."
        return self.node.locator(css)

    def labeled(self, label: str):
        "The ipywidget with a label."
        exact = re.compile(rf"^\s*{re.escape(label)}\s*$")
        return self.find(".jupyter-widgets, .widget-inline-hbox").filter(  # selection sliders are the latter
            has=self.page.locator(":scope > .widget-label").filter(has_text=exact))

    def slider(self, label: str) -> "Slider":
        "A slider by its description or accessible name."
        return Slider(self, label)

    def button(self, label: str):
        "A button by its text or, for an icon, its tooltip or accessible name."
        exact, name = re.compile(rf"^\s*{re.escape(label)}\s*$"), json.dumps(label)
        buttons = self.find(".jp-OutputArea button")
        return buttons.filter(has_text=exact).or_(self.find(
            f".jp-OutputArea button[title={name}], .jp-OutputArea button[aria-label={name}]"))

    def field(self, label: str):
        "A dropdown, checkbox or text box by its label."
        return self.node.locator(".jp-OutputArea").get_by_label(label, exact=True)

    def set_theme(self, name: str) -> None:
        "Change the theme."
        self.command("apputils:change-theme", {"theme": name})
        self.wait(f"() => document.body.dataset.jpThemeName === {json.dumps(name)}"
                  " && !document.getElementById('jupyterlab-splash')")

    def save(self) -> None:
        "Save, with the state of the widgets if JupyterLab is set so."
        self.call("panel => panel.context.save()")

    def close(self) -> None:
        "Save and close the tab; the kernel goes on."
        self.save()
        self.call("async panel => panel.close()")
        self.page.wait_for_function(f"!({PANEL % '() => true'})([{json.dumps(self.path)}])")

    def reopen(self) -> "Notebook":
        "Close the tab and open it again."
        self.close()
        opening = "async path => { await jupyterapp.commands.execute('docmanager:open', {path}); }"
        self.page.evaluate(opening, self.path)
        return self.ready()

    def reload(self) -> "Notebook":
        "Save and load the page again."
        self.save()
        self.page.reload()
        return self.ready()

    def restart_kernel(self) -> None:
        "Start a new process for the kernel. What a thread of the old one cries in its fall is no error."
        self.call("""async ({heard, sessionContext}) => {
          const {errors, stderr} = structuredClone(heard);
          await sessionContext.session.kernel.restart();
          heard.pending.clear();
          Object.assign(heard, {errors, stderr});
        }""")
        self.wait_idle()


class Slider:
    "A slider in a notebook."

    def __init__(self, nb: Notebook, label: str):
        self.notebook, self.box = nb, nb.labeled(label)
        named = nb.node.get_by_role("slider", name=label, exact=True)
        self.handle = self.box.get_by_role("slider").or_(named)

    def press(self, key: str, times: int = 1) -> None:
        "Press a key on the handle: ArrowRight for one step. Notebook 7 keeps arrows; there, PageUp."
        for _ in range(times): self.handle.press(key)

    def drag(self, fraction: float) -> None:
        "Drag the handle with the mouse to a place between 0, the left end, and 1."
        self.handle.scroll_into_view_if_needed()
        rail = "xpath=ancestor-or-self::*[contains(@class, 'noUi-base') or self::input]"
        begin, track = self.handle.bounding_box(), self.handle.locator(rail).bounding_box()
        mouse, y = self.notebook.page.mouse, begin["y"] + begin["height"] / 2
        mouse.move(begin["x"] + begin["width"] / 2, y)
        mouse.down()
        mouse.move(track["x"] + track["width"] * fraction, y, steps=5)
        mouse.up()

    @property
    def readout(self) -> str:
        "The value that stands beside the slider."
        return self.box.locator(".widget-readout").inner_text()
