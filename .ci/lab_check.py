"""What a reader installs is enough for what a reader opens: run in an environment with the extra [lab] alone.

Every import of every lesson is made (the workshop's notebooks are for developers), and five notebooks are run from top to bottom (a minute in all)."""
import ast
import configparser
import json
import os
import re
import sys
import time
from importlib.util import find_spec
from pathlib import Path

WHOLE = ("10_loss", "13_recipe", "26_variants", "tutorials/heatmap", "tutorials/exercises")
root = Path(__file__).resolve().parent.parent
nbs = root / "nbs"


def optional():
    "The modules of the extra [data]: lessons go on without them."
    settings = configparser.ConfigParser(delimiters=["="])
    settings.read(root / "settings.ini")
    words = settings["DEFAULT"]["data_requirements"].split()
    return {re.split("[<>=]", word)[0].replace("-", "_") for word in words}


def imports(path):
    "The import statements of a notebook, as text, those within functions included."
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code": continue
        lines = "".join(cell["source"]).splitlines()
        source = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.Import, ast.ImportFrom)): yield ast.unparse(node)


def failed_imports():
    "Notebook, statement and error, once for each statement."
    done = set()
    may_lack = optional()
    for path in sorted(nbs.rglob("*.ipynb")):
        if path.parent.name == "workshop": continue
        for statement in imports(path):
            if statement in done: continue
            done.add(statement)
            try: exec(statement, {"__name__": "lesson"})
            except ModuleNotFoundError as e:
                if str(e.name).split(".")[0] not in may_lack:
                    yield f"{path.relative_to(nbs)}: {statement}: {type(e).__name__}: {e}"
            except Exception as e: yield f"{path.relative_to(nbs)}: {statement}: {type(e).__name__}: {e}"
    print(f"{len(done)} different imports made", flush=True)


def run(name):
    "A notebook from top to bottom, as a reader runs it. Nothing is saved."
    import nbformat
    from nbclient import NotebookClient
    start = time.perf_counter()
    path = nbs / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": path.parent}}).execute()
    print(f"{name} runs: {time.perf_counter() - start:.0f} s", flush=True)


if find_spec("nbdev"): print("note: nbdev is installed here, so this environment has more than a reader's")
os.environ |= {"MPLBACKEND": "Agg", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
failures = list(failed_imports())
if failures: sys.exit("\n".join(["[lab] lacks what notebooks import:", *failures]))
for name in WHOLE: run(name)
