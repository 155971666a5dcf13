"""Crafted files of weights through every reader: read or refused with a line, no crash, no hang, little memory."""
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .weights import READ, REFUSED, Expected

pytestmark = pytest.mark.hostile
TESTS = Path(__file__).parent.parent
LIMIT = 1024             # MiB that a reader's process may have taken, torch and all else included
SECONDS = 60             # For one file, on a machine that others share


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    "What became of each file in each reader, and what should have."
    folder = tmp_path_factory.mktemp("hostile")
    env = os.environ | dict(OMP_NUM_THREADS="1", PYTHONPATH=os.pathsep.join(sys.path))
    words = [sys.executable, "-m", "hostile.readers", str(folder)]
    done = subprocess.run(words, cwd=TESTS, env=env, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr[-3000:]
    expected = json.loads((folder/"expected.json").read_text())
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert not list(folder.rglob("it-ran"))
    return lines, {name: Expected(*said) for name, said in expected.items()}

def is_right(reader:str, said:str, want:Expected) -> bool:
    "Whether a reader did with a file what it must."
    from .readers import NO_RESNET, RUNS
    a_line = said.startswith("refused: ") and "\n" not in said
    if want.words == READ and reader not in (*RUNS, *NO_RESNET): return said == "read"
    if reader in RUNS: return a_line or said == "read"
    if want.words == READ: return a_line
    if reader == "detect_format" and (want.kind == "unsound" or want.words == REFUSED):
        return a_line or said == "read"
    return a_line and (want.words in said or want.words == REFUSED)

def test_no_reader_crashes_or_hangs(told):
    "Each file that went in came out, and each process ended well."
    lines, _ = told
    begun = [(x["reader"], x["file"]) for x in lines if "file" in x and "said" not in x]
    ended = {(x["reader"], x["file"]) for x in lines if "said" in x}
    assert [pair for pair in begun if pair not in ended] == []
    assert {x["reader"]: x["ended"] for x in lines if "ended" in x and x["ended"]} == {}
    assert len(begun) > 3000

def wrong_in(told, *readers) -> str:
    "What some readers made of a file, and should not have; a line for each."
    lines, expected = told
    wrong = [(x["reader"], x["file"], expected[x["file"]].words, x["said"][:300]) for x in lines
             if "said" in x and x["reader"] in readers
             and not is_right(x["reader"], x["said"], expected[x["file"]])]
    return "\n".join(map(str, wrong))

STATES = ("Run.load", "pretrain")            # These want the state of a run, not only weights

def test_every_file_is_read_or_refused_with_a_line(told):
    "The table reader x kind; and no case that is not as it should be."
    lines, expected = told
    cases = [x for x in lines if "said" in x]
    table = Counter((x["reader"], expected[x["file"]].kind) for x in cases)
    kinds = sorted({kind for _, kind in table})
    readers = list(dict.fromkeys(x["reader"] for x in cases))
    print(*(f"{number} {kind}" for number, kind in enumerate(kinds)), sep="\n")
    for reader in readers:
        print(f"{reader:20}", *(f"{table[reader, kind]:4}" for kind in kinds))
    wrong = wrong_in(told, *(r for r in readers if r not in STATES))
    assert not wrong, wrong

def test_a_foreign_state_is_refused_with_a_line(told):
    "A folder of a run whose checkpoint is another file."
    wrong = wrong_in(told, *STATES)
    assert not wrong, wrong

def test_memory_and_time(told):
    "No reader's process ever takes a gigabyte."
    lines, _ = told
    cases = [x for x in lines if "said" in x]
    assert [x for x in cases if x["peak"] >= LIMIT] == []
    assert [x for x in cases if x["seconds"] > SECONDS] == []
