"""Every command with lines that make no sense: one line, no traceback, no lost file."""
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.hostile
TESTS = Path(__file__).parent.parent
LIMIT = 1024             # MiB that the process may have taken, torch and all else included
SECONDS = 10             # Of the processor, for one line
FIGURE = re.compile(r"(?<![\w./-])[-+]?(nan|inf)(?![\w./-])", re.I)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    "What became of each line."
    folder = tmp_path_factory.mktemp("commands")
    env = os.environ | dict(OMP_NUM_THREADS="1", MPLBACKEND="Agg",
                            PYTHONPATH=os.pathsep.join(sys.path))
    words = [sys.executable, "-m", "hostile.commands", str(folder)]
    done = subprocess.run(words, cwd=TESTS, env=env, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr[-3000:]
    total, *lines = map(json.loads, done.stdout.splitlines())
    assert len(lines) == total["lines"] > 2000
    return lines

def shown(lines:list) -> str:
    "Lines for a person."
    known = ("code", "ended", "error", "changed", "seconds", "peak", "want")
    def one(x):
        words = " ".join(repr(w)[:80] for w in x["words"])
        said = {k: x.get(k) for k in known}
        texts = f"{x.get('stderr', '')[-400:]!r} {x.get('stdout', '')[-300:]!r}"
        return f"{x['kind']}: {words}\n  {said}\n  {texts}"
    return f"{len(lines)} lines\n" + "\n".join(map(one, lines[:40]))

def printed(x:dict) -> str: return x.get("stderr", "") + x.get("stdout", "")

def is_a_line(x:dict) -> bool:
    "Whether a refusal is one line of ours, after the usage or warnings if need be."
    said = [text for text in x["stderr"].split("\n") if text]
    errors = [text for text in said if re.match(r"barlow-kit[^:]*: ", text)]
    if x["code"] == 2:
        return len(errors) == 1 and errors[0] == said[-1] and ": error: " in errors[0]
    after = said[said.index(errors[-1]) + 1:] if errors else [""]
    return all(text.startswith("    ") for text in after)   # before it are warnings of ours

def test_no_line_crashes_or_hangs(told):
    "No signal, no alarm."
    wrong = [x for x in told if "ended" in x]
    assert not wrong, shown(wrong)

def test_every_line_is_done_or_refused(told):
    "The table command x kind (refused / done); no traceback."
    known = {x["words"][0] for x in told if x["kind"] == "senseless value"} | {"models", "lessons"}
    table = Counter()
    for x in told:
        command = x["words"][0] if x["words"] and x["words"][0] in known else "other"
        table[command, x["kind"], x.get("code") == 0] += 1
    kinds = list(dict.fromkeys(x["kind"] for x in told))
    print("", *(f"{number} {kind}" for number, kind in enumerate(kinds)), sep="\n")
    for command in sorted({command for command, _, _ in table}):
        cells = (f"{table[command, k, False]:3}/{table[command, k, True]:<3}" for k in kinds)
        print(f"{command:12}", *cells)
    wrong = [x for x in told if x.get("error") or "Traceback" in printed(x)]
    assert not wrong, shown(wrong)

def test_what_makes_no_sense_is_refused(told):
    "The exit code is the one that is due."
    codes = dict(refused=(1, 2), usage=(2,), done=(0,), either=(0, 1, 2))
    wrong = [x for x in told if "code" in x and x["code"] not in codes[x["want"]]]
    assert not wrong, shown(wrong)

def test_a_refusal_is_one_line(told):
    "What was refused says so once, in characters that can be printed; what it must say is there."
    refused = [x for x in told if x.get("code") in (1, 2)]
    wrong = [x for x in refused if not is_a_line(x) or x["say"] not in x["stderr"]]
    assert not wrong, shown(wrong)
    wrong = [x for x in told if not all(map(str.isprintable, printed(x).split("\n")))]
    assert not wrong, shown(wrong)

def test_no_figure_that_is_none(told):
    "A result is a number or an error; from bad weights comes no figure at all."
    wrong = [x for x in told if FIGURE.search(x.get("stdout", ""))]
    bad = [x for x in told if x["kind"] == "bad weights"]
    wrong += [x for x in bad if re.search(r"\d", x.get("stdout", ""))]
    assert not wrong, shown(wrong)

def test_no_file_is_lost(told):
    "A refused line changes nothing that was there, a good one only what it may; no half files."
    def lost(x):
        may = tuple(f"work/{name}" for name in x["may"])
        return [n for n in x.get("changed", ()) if x["code"] or not n.startswith(may)]
    wrong = [x for x in told if lost(x) or any(n.endswith(".tmp") for n in x.get("new", ()))
             or x.get("code") == 2 and x["new"]]
    assert not wrong, shown(wrong)

def test_memory_and_time(told):
    "The process never takes a gigabyte, and no line ten seconds of it."
    large = [x for x in told if x.get("peak", 0) >= LIMIT]
    assert not large, shown(large[:1])          # those behind it only remember the peak
    wrong = [x for x in told if x.get("seconds", 0) > SECONDS]
    assert not wrong, shown(wrong)
    print(f"\n{len(told)} lines, {sum(x.get('seconds', 0) for x in told):.0f} s of the processor")
