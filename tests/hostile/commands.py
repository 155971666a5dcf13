"""Every command of the kit with lines that make no sense, and a process that runs them.

    python -m hostile.commands FOLDER [FAMILY ...]      (in tests/) writes files, then runs lines

A child is forked when all is imported, and calls `kit_from_shell` for a line after the other.
It tells of each before and after: so a crash or a hang names its line, and the next child goes on
behind it.
Every line finds the same files: what one changed is put back.
"""
import io
import json
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
import traceback
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image

from barlow_kit import cli
from barlow_kit.cli import COMMANDS, kit_from_shell
from barlow_kit.inputs import NASTY_NAMES

from .weights import KINDS, torch_bytes

SECONDS = 20                     # By the clock, for a line; the alarm ends the process
MEMORY = 3*2**30                 # Bytes; a line that asks for more gets an error
QUICK = ("--epochs", "1", "--no-progress")
TINY = (*QUICK, "--warmup-epochs", "0", "--projector", "8")

def typed(text:str) -> list[tuple]:
    "Command lines as they are typed, one a line; TINY and QUICK stand for their options."
    short = dict(TINY=TINY, QUICK=QUICK)
    return [tuple(w for word in shlex.split(line) for w in short.get(word, [word]))
            for line in text.strip().split("\n")]

class Line(NamedTuple):
    "A command line, and what must become of it."
    kind: str                    # For the table
    words: tuple                 # What follows `barlow-kit`
    want: str = "refused"        # "refused", "usage" (exit code 2), "done", or "either"
    may: tuple = ()              # Files that it may change
    say: str = ""                # What its one line must have in it
    env: dict = {}               # More of the environment


# The files that lines find

def _png(width:int, height:int, bits:int, color:int, rows:bytes, *more:bytes) -> bytes:
    "A PNG of parts; rows are compressed here."
    def part(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(
            ">I", zlib.crc32(kind + content))
    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    texts = b"".join(part(b"zTXt", content) for content in more)
    data = part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + texts + data

def _saved(image:Image.Image, kind:str, **more) -> bytes:
    image.save(file := io.BytesIO(), kind, **more)
    return file.getvalue()

READABLE = ("one bit.png", "sixteen bits.png", "palette.png", "alpha.png", "cmyk.jpg",
            "moving.gif", "float.tiff", "one pixel.png", "thin.png", "jpeg.png",
            "two alpha.png")

def _images() -> dict[str, bytes]:
    "By name; those of READABLE are odd and all right, the others cannot be read."
    gray = Image.linear_gradient("L").resize((16, 16))
    jpeg = _saved(gray.convert("RGB"), "JPEG")
    zeros = bytes(1 + 30_000//8)*30_000
    return {
        "one bit.png": _saved(gray.convert("1"), "PNG"),
        "sixteen bits.png": _saved(Image.new("I;16", (16, 16), 700), "PNG"),
        "palette.png": _saved(gray.convert("P"), "PNG"),
        "alpha.png": _saved(gray.convert("RGBA"), "PNG"),
        "two alpha.png": _saved(gray.convert("LA"), "PNG"),
        "cmyk.jpg": _saved(gray.convert("CMYK"), "JPEG"),
        "moving.gif": _saved(gray, "GIF", save_all=True, append_images=[gray.rotate(90)]),
        "float.tiff": _saved(gray.convert("F").point(lambda x: x*(1/255)), "TIFF"),
        "no range.tiff": _saved(gray.convert("F"), "TIFF"),
        "one pixel.png": _saved(Image.new("L", (1, 1)), "PNG"),
        "thin.png": _saved(Image.new("L", (1, 3000)), "PNG"), "jpeg.png": jpeg,
        "bomb.png": _png(30_000, 30_000, 1, 0, zeros),
        "large bomb.png": _png(2**31 - 1, 2**31 - 1, 16, 6, b""),
        "text bomb.png": _png(1, 1, 8, 0, bytes(2), b"x\0\0" + zlib.compress(bytes(2**27))),
        "no rows.png": _png(4000, 4000, 8, 2, b""), "zero.png": _png(0, 0, 8, 0, b""),
        "cut.jpg": jpeg[:200], "cut.png": _saved(gray, "PNG")[:60], "head.jpg": jpeg[:2],
        "empty.png": b"", "text.png": b"no image\n", "page.jpg": b"<html>404</html>",
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "zeros.png": bytes(3000),
        "script.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
        "archive.png": b"PK\3\4" + bytes(40)}

def _special(folder:Path, ending:str) -> tuple:
    "What is there and is no file, in a folder; their names."
    os.mkfifo(folder/f"pipe{ending}")
    (folder/f"folder{ending}").mkdir()
    (folder/f"device{ending}").symlink_to("/dev/zero")
    (folder/f"nothing{ending}").symlink_to("nowhere")
    (folder/f"circle{ending}").symlink_to(f"circle{ending}")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(folder/f"socket{ending}"))
    return tuple(f"{k}{ending}" for k in SPECIAL)

SPECIAL = ("pipe", "folder", "device", "nothing", "circle", "socket", "missing")

RECIPES = {
    "null": b"null", "list": b"[1]", "text": b'"x"', "number": b"7", "empty": b"",
    "nothing": b"{}",
    "binary": bytes(range(256)), "cut": b'{"version": ', "deep": b"["*100_000, "no number": b"NaN",
    "many digits": b"9"*100_000, "foreign": b'{"name": "other", "dependencies": ["torch"]}',
    "marked": b"\xef\xbb\xbf{}", "wide": '{"größe": 1}'.encode("utf-16"),
    "odd": b'{"recipe": null, "seed": "x"}', "lists": b'{"recipe": [[]], "seed": {}, "data": 3}'}
HISTORIES = {
    "empty": b"", "binary": bytes(range(256)), "text": b"no line of JSON\n",
    "null": b"null\n[1]\n",
    "cut": b'{"step": 0, "epoch": 0, "lo', "foreign": b'{"a": 1}\n',
    "no number": b'{"step": 0, "loss": NaN}\n',
    "words": b'{"step": "x", "epoch": null, "loss": [1]}\n', "deep": b"["*100_000 + b"\n"}
BAD = ("nan", "inf", "minus inf", "nan mean", "nan head", "variance", "too large", "complex",
       "bool", "int8", "empty", "flat", "text", "list", "none", "missing", "wide", "colors")

def _spoiled(state:dict, name:str, number:float) -> bytes:
    "The state of a run with another number in the first tensor whose name ends so."
    key = next(k for k in state["model"] if k.startswith("backbone") and k.endswith(name))
    state = {**state, "model": {**state["model"], key: state["model"][key].clone()}}
    state["model"][key].view(-1)[0] = number
    return torch_bytes(state)

def _run_folders(runs:Path, run:Path, other:Path) -> None:
    "Folders that look like the run, each with something wrong."
    def like(name, *left_out, **contents):
        (runs/name).mkdir(parents=True)
        for file in run.iterdir():
            if file.name not in (*left_out, *contents): os.link(file, runs/name/file.name)
        for file, content in contents.items():
            if content is not None: (runs/name/file).write_bytes(content)
        return runs/name
    for name, content in RECIPES.items(): like(f"recipe {name}", **{"recipe.json": content})
    for name, content in HISTORIES.items(): like(f"history {name}", **{"history.jsonl": content})
    state = torch.load(run/"checkpoint.pt", weights_only=True)
    for name, number in (("nan", float("nan")), ("inf", float("inf"))):
        like(f"weights {name}", **{"checkpoint.pt": _spoiled(state, "weight", number)})
    like("weights variance", **{"checkpoint.pt": _spoiled(state, "running_var", -1.)})
    like("another's", **{"checkpoint.pt": (other/"checkpoint.pt").read_bytes()})
    like("another's recipe", **{"recipe.json": (other/"recipe.json").read_bytes()})
    like("cut", **{"checkpoint.pt": (run/"checkpoint.pt").read_bytes()[:9999]})
    for left_out in ("step", "optimizer", "model", "config"):
        some = {k: v for k, v in state.items() if k != left_out}
        like(f"no {left_out}", **{"checkpoint.pt": torch_bytes(some)})
    steps = dict(minus=-5, text="x", far=10**9, huge=2**70, none=float("nan"))
    for name, step in steps.items():
        like(f"step {name}", **{"checkpoint.pt": torch_bytes({**state, "step": step})})
    like("optimizer empty", **{"checkpoint.pt": torch_bytes({**state, "optimizer": {}})})
    like("optimizer text", **{"checkpoint.pt": torch_bytes({**state, "optimizer": "x"})})
    like("no recipe", "recipe.json")
    like("no checkpoint", "checkpoint.pt")
    like("nothing", "checkpoint.pt", "recipe.json", "history.jsonl")
    for file in ("recipe.json", "history.jsonl", "checkpoint.pt"):
        (like(f"folder {file}", file)/file).mkdir()
        os.mkfifo(like(f"pipe {file}", file)/file)
        (like(f"device {file}", file)/file).symlink_to("/dev/zero")
        (like(f"circle {file}", file)/file).symlink_to(file)

def _data_folders(data:Path) -> None:
    "Folders of images: one good one, and what people have."
    gray = Image.linear_gradient("L").resize((40, 40))
    def put(name, *places, content=_saved(gray.convert("RGB"), "PNG")):
        for place in places:
            file = data/name/place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    parts = ("train", "val", "test")
    good = [f"{part}/{c}/{k}.png" for part in parts for c in "ab" for k in range(3)]
    put("good", *good)
    put("one class", *(p for p in good if "/a/" in p))
    put("other classes", *good)
    (data/"other classes"/"val"/"a").rename(data/"other classes"/"val"/"c")
    put("class more", *good, "val/c/1.png")
    put("only train", *good[:6])
    put("only val", *good[6:12])
    put("flat", "1.png", "2.png", "3.png")
    put("bad image", *good)
    for k, (file, content) in enumerate(_images().items()):
        place = f"train/a/{k}{Path(file).suffix}"
        if file not in READABLE: put("bad image", place, content=content)
    put("cut image", *good)
    put("cut image", "train/a/0.png", "val/a/0.png", "test/a/0.png", content=b"no image")
    put("texts", "train/a/notes.txt", "val/a/notes.txt")
    for k, name in enumerate(NASTY_NAMES):
        place = f"{k:02}{name[:90].replace('/', '')}/{k}.png"
        put("nasty", f"train/{place}", f"val/{place}")
    put("pipes", *good)
    for part in ("train", "val"): _special(data/"pipes"/part/"a", ".png")
    (data/"nobody").mkdir()
    (data/"empty classes"/"train"/"a").mkdir(parents=True)
    (data/"empty classes"/"val"/"a").mkdir(parents=True)
    (data/"circle").symlink_to("circle")
    put("own parent", *good)
    (data/"own parent"/"train"/"a"/"up").symlink_to("../..")

DATA = ("one class", "other classes", "class more", "only train", "only val", "flat", "bad image",
        "cut image", "texts", "nasty", "pipes", "nobody", "empty classes", "circle", "own parent")

def write_files(work:Path) -> None:
    "All that lines find, in the folder where they run."
    for part in ("weights", "images", "data", "runs", "out"): (work/part).mkdir()
    unsound = KINDS["unsound"]()
    for name in BAD:
        content, _ = unsound[f"unsound {name}.pt"]
        (work/"weights"/f"bad {name}.pt").write_bytes(content)
    for name, (content, _) in KINDS["something else"]().items():
        (work/"weights"/name).write_bytes(content)
    _special(work/"weights", ".pt")
    for name, content in _images().items(): (work/"images"/name).write_bytes(content)
    _special(work/"images", ".png")
    _data_folders(work/"data")
    for line in (("pretrain", "digits", "--out", "run", *TINY),
                 ("pretrain", "digits", "--out", "other", "--seed", "1", *TINY),
                 ("pretrain", "data/good", "--recipe", "shapes", "--out", "colored",
                  "--batch-size", "4", "--workers", "0", *TINY),
                 ("linear", "run", "digits", "--settings", "digits", "--cached", "--out", "head",
                  *QUICK)):
        assert kit_from_shell([*line]) == 0, line
    _run_folders(work/"runs", work/"run", work/"other")
    (work/"text.txt").write_text("what somebody wrote\n")
    (work/"names.txt").write_bytes(b"\xef\xbb\xbf\0\xff\n../../x\n")
    (work/"out"/"old.md").write_text("# Old\n\n## Measured here\n")
    (work/"out"/"locked.md").write_text("keep\n")
    (work/"out"/"locked.md").chmod(0o400)
    (work/"out"/"secret.pt").write_bytes((work/"run"/"checkpoint.pt").read_bytes())
    (work/"out"/"secret.pt").chmod(0)
    (work/"out"/"link.pt").symlink_to("../run/checkpoint.pt")
    (work/"out"/"null").symlink_to("/dev/null")
    (work/"out"/"full").symlink_to("/dev/full")
    with socket.socket(socket.AF_UNIX) as made: made.bind(os.path.relpath(work/"out"/"socket"))
    (work/"out"/"strange").mkdir()
    for name, source in (("model.pt", "head/model.pt"), ("views.png", "images/one bit.png")):
        (work/"out"/"strange"/name).write_bytes((work/source).read_bytes())
    (work.parent/"lessons").mkdir()
    with zipfile.ZipFile(work.parent/"lessons"/"lessons.zip", "w") as archive:
        archive.writestr("tutorials/quickstart.ipynb", "{}")


# The lines

NUMBERS = ("-1", "nan", "inf", "x", "", "0", "1e38", str(2**63 - 1), "-inf", "-0.0", "1e-320",
           "1"*5000, " ", "0x10", "1,5", "\uff11", "\u00b2", "true", "None", "-1e400", "1;2",
           "\x1b[31m")
NEVER = ("nan", "inf", "x", "", "-inf", " ", "0x10", "1,5", "\u00b2", "true", "None", "-1e400",
         "1;2", "\x1b[31m")               # No number that an option takes
TEXTS = (*NASTY_NAMES, "x"*100_000, "gr\u00f6\u00dfe \u65e5\u672c", "/dev/null", "/", ".", "~",
         "1e38", "nan", "%s", "0")
# With these a line is refused in the end, whatever its options are
DEAD = dict(quickstart=("--out", "text.txt"), pretrain=("nowhere",),
            linear=("nowhere.pt", "digits"), finetune=("nowhere.pt", "digits"),
            knn=("nowhere.pt", "digits"), report=("nowhere.pt", "digits"),
            train=("digits", "nowhere"), test=("digits", "nowhere.pt", "digits"),
            check=("nowhere",), models=("no such",), convert=("nowhere.pt", "out/new.pt"),
            predict=("digits", "nowhere.png"),
            compare=("nowhere", "--vary", "lambd=1"), lessons=("text.txt",))

def _options(command:str) -> list:
    "The options of a command, as argparse has them."
    parser = cli._parser(command)._subparsers._group_actions[0].choices[command]
    found = [a for a in parser._actions if a.option_strings and a.dest not in ("help", "vary")]
    return [a for a in found if not (command == "quickstart" and a.dest == "out")]

def cli_type(action):
    "The plain type that an option reads; None for a flag, a choice or a text."
    from barlow_kit.train import _plain_type
    kind = action.type.args[0] if hasattr(action.type, "args") else action.type
    return _plain_type(kind)

def senseless_values():
    "Every option with values that make no sense: all of them where it is met first, then some."
    seen = {}
    for command, dead in DEAD.items():
        for action in _options(command):
            flag = action.option_strings[0]
            number = cli_type(action) in (int, float)
            fixed = action.nargs == 0 or action.choices and command != "report"
            values = NUMBERS if number else ("", "x", "0") if action.nargs == 0 else TEXTS
            times = seen[flag] = seen.get(flag, -1) + 1
            if times: values = [values[5*times % len(values)]]
            for value in values:
                never = number and value in NEVER or fixed
                yield Line("senseless value", (command, *dead, f"{flag}={value}"),
                           "usage" if never else "refused")

def unknown_names():
    "Names of nothing, in every place where a name is due."
    places = typed("""
        quickstart --backbone ? TINY
        quickstart --views ? TINY
        pretrain ? TINY
        pretrain digits --recipe ? TINY
        pretrain digits --backbone ? TINY
        pretrain digits --views ? TINY
        pretrain digits --device ? TINY
        pretrain digits --set ? TINY
        pretrain digits --set loss=? TINY
        pretrain digits --set views=? TINY
        pretrain digits --set ?=1 TINY
        pretrain ? --dry-run
        check ?
        check digits --recipe ?
        check digits --heldout ?
        linear ? digits
        linear run ?
        linear run digits --settings ?
        linear run digits --device ? --settings digits QUICK
        linear 'weights/bad nan.pt' digits --recipe ?
        finetune run digits --settings ?
        finetune run digits --labels ? QUICK
        finetune run ? --settings digits-few
        knn ? digits
        knn run ?
        knn run digits --device ?
        report ?
        report run ?
        report run digits --probes ?
        report run digits --probes 'linear evaluation' --linear ?
        report run digits --probes kNN --device ?
        train ? digits
        train digits ?
        train digits digits --device ? TINY
        test ? run digits
        test digits ? digits
        test digits run ?
        test digits head digits --device ?
        models 'no ?'
        convert ? out/new.pt
        convert run out/new.pt --to ?
        predict ? 'images/one bit.png'
        predict digits ?
        predict digits 'images/one bit.png' --checkpoint ?
        compare ? --vary lambd=1
        compare digits --vary ?
        compare digits --vary ?=1
        compare digits --vary loss=?
        compare digits --vary backbone=?
        compare digits --vary views=?
        compare digits --vary lambd=?
        compare digits --recipe ? --vary lambd=1
        compare digits --splits ? ? --vary lambd=1
        ?
        ? digits""")
    names = (*NASTY_NAMES, "digit", "x"*100_000, "gr\u00f6\u00dfe", "nan", "-1", "no/way", "*",
             "~root", "digits\n", "\0")
    for number, words in enumerate(places):
        if words[0] == "compare": words = (*words, "--workers", "1", *TINY)
        for k in range(5):
            name = names[(5*number + k) % len(names)]
            yield Line("unknown name", tuple(w.replace("?", name) for w in words))

READING = typed("""
    linear ? digits --settings digits --cached QUICK
    linear ? digits --settings digits QUICK
    finetune ? digits --settings digits-few --labels 1 QUICK
    knn ? digits
    report ? digits --probes kNN 'few labels'
    report ? digits --probes 'linear evaluation' --linear digits
    report ? --probes cached linear --out out/new.html
    test digits ? digits
    convert ? out/new.pt
    convert ? out/new.safetensors --to barlow_kit
    convert ? out/new.pkl --to detectron2
    predict digits 'images/one bit.png' --checkpoint ?
    train resnet50_barlowtwins-pre_8xb32-linear-coslr-100e_in1k data/good --checkpoint ?""")

def _each(words:tuple, name:str) -> tuple: return tuple(w.replace("?", name) for w in words)

def no_file():
    "Folders, pipes, devices and sockets where a file or a folder is due."
    for name in SPECIAL:
        for words in READING:
            yield Line("no file", _each(words, f"weights/{name}.pt"), say="no checkpoint at")
    for path in ("/dev/zero", "/dev/null", "/dev/full", "/proc/self/mem", "/", "text.txt/x"):
        for words in READING: yield Line("no file", _each(words, path))

def bad_weights():
    "Weights that are no numbers to calculate with, through every command that reads some."
    for name in BAD:
        for words in READING: yield Line("bad weights", _each(words, f"weights/bad {name}.pt"))
    for name in ("nan", "inf", "variance"):
        for words in READING: yield Line("bad weights", _each(words, f"runs/weights {name}"))
        yield Line("bad weights", ("pretrain", "digits", "--out", f"runs/weights {name}", *TINY))

def something_else():
    "Files of another kind, as weights."
    for number, name in enumerate(KINDS["something else"]()):
        for k in range(5):
            words = READING[(5*number + k) % len(READING)]
            yield Line("something else", _each(words, f"weights/{name}"))

RESUMED = ("pretrain", "digits", "--out", "?", *TINY)
INSIST = (*RESUMED, "--resume", "must")
NO_FILES = ("folder", "pipe", "device", "circle")

def odd_runs():
    "Folders of runs where something is missing, damaged or another's."
    knn, test = READING[3], READING[7]
    recipes = [f"recipe {name}" for name in RECIPES] + ["another's", "another's recipe"]
    states = ["no model", "no step", "no optimizer", "optimizer empty", "optimizer text",
              "step text", "step none", "cut"]
    for name in (*recipes, *states):
        for words in (RESUMED, INSIST): yield Line("odd run", _each(words, f"runs/{name}"))
        want = "refused" if name in ("cut", "no model") else "either"
        for words in (knn, test): yield Line("odd run", _each(words, f"runs/{name}"), want)
    for name in ("no checkpoint", "nothing"):
        fresh = _each(RESUMED, f"runs/{name}")
        yield Line("odd run", fresh, "done", may=("runs/",))
        for words in (INSIST, knn, test): yield Line("odd run", _each(words, f"runs/{name}"))
    for name in [f"history {k}" for k in HISTORIES if k != "no number"]:
        yield Line("odd run", _each(RESUMED, f"runs/{name}"), "done", may=("runs/",))
        yield Line("odd run", _each(knn, f"runs/{name}"), "done")
    for name in ("runs/no recipe", "run", "other"):
        for more in (("--seed", "5"), ("--lambd", ".5"), ("--resume", "never")):
            yield Line("odd run", _each((*RESUMED, *more), name))
    for words in typed("""
        quickstart --out 'runs/no recipe' --seed 3 TINY
        quickstart --out 'runs/another'"'"'s' TINY
        quickstart --out head TINY
        linear run digits --out run QUICK
        finetune run digits --out head QUICK
        pretrain shapes --out run TINY
        linear other digits --settings digits --cached --out head QUICK"""):
        yield Line("odd run", words)

def odd_places():
    "A run's own names, taken by something that is no file; steps that no run can have done."
    for kind in NO_FILES:
        for words in (RESUMED, READING[3]):
            yield Line("odd place", _each(words, f"runs/{kind} checkpoint.pt"))
        for file in ("recipe.json", "history.jsonl"):
            yield Line("odd place", _each(RESUMED, f"runs/{kind} {file}"))
            yield Line("odd place", _each(READING[3], f"runs/{kind} {file}"), "either")
    for name in ("minus", "far", "huge"):
        for words in (RESUMED, INSIST): yield Line("odd place", _each(words, f"runs/step {name}"))
    yield Line("odd place", _each(RESUMED, "runs/history no number"), "done", may=("runs/",))
    yield Line("odd place", *typed("pretrain digits --tensorboard text.txt --out out/new TINY"))
    for widths in (("2147483647",), ("99999999", "99999999")):
        words = ("pretrain", "digits", "--out", "out/new", *TINY, "--projector", *widths)
        yield Line("odd place", words)
    right = dict(RANK="0", WORLD_SIZE="1", MASTER_ADDR="localhost", MASTER_PORT="1")
    wrong = [("RANK", "-1"), ("RANK", "x"), ("RANK", "1"), ("WORLD_SIZE", "0"),
             ("WORLD_SIZE", "9"*5000), ("MASTER_PORT", "99999"), ("LOCAL_RANK", "\u00b2")]
    for name, value in wrong:
        env = {**right, name: value}
        yield Line("odd place", _each(READING[3], "run"), say=f"{name} must be", env=env)
        yield Line("odd place", ("pretrain", "digits", "--dry-run"), "either", env=env)
    for value in ("0", "x", ""):
        for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE", "SLURM_NTASKS"):
            for words in (("pretrain", "digits", "--dry-run"), READING[3]):
                yield Line("odd place", _each(words, "run"), "either", env={name: value})
    for words in typed("""
        pretrain digits --out out/new TINY --channels 1000000
        pretrain digits --out out/new TINY --channels 1000
        pretrain data/good --recipe shapes --out out/new TINY --channels 1000000
        pretrain digits --tensorboard weights/pipe.pt --out out/new TINY
        pretrain digits --tensorboard text.txt/x --out out/new TINY
        report run digits --probes kNN --out weights/pipe.pt
        convert run weights/pipe.pt
        compare digits --vary lambd=1 --seeds 1 --workers 1 TINY --cache weights/pipe.pt
        linear run digits --settings digits --cached QUICK --out out/strange
        finetune run digits --settings digits-few --labels 1 QUICK --out out/strange
        quickstart --out out/strange --epochs 1 --warmup-epochs 0 --projector 8"""):
        yield Line("odd place", words)

def odd_outputs():
    "Outputs that are something else, that are an input, or that cannot be."
    report = typed("report run digits --probes kNN --out ?")[0]
    convert = typed("convert run/checkpoint.pt ? --to barlow_kit")[0]
    folders = typed("""
        pretrain digits TINY --out ?
        quickstart TINY --out ?
        linear run digits --settings digits --cached QUICK --out ?
        finetune run digits --settings digits-few --labels 1 QUICK --out ?
        train digits digits TINY --out ?
        lessons ?""")
    cache = typed("compare digits --vary lambd=1 --seeds 1 --workers 1 TINY --cache ?")[0]
    check = typed("check data/good --out ?")[0]
    files = ("run/checkpoint.pt", "out/link.pt", "./run/../run/checkpoint.pt",
             "run/recipe.json", "run/history.jsonl", "head/model.pt", "images/one bit.png",
             "data", "run", "out/socket", "out/full", "text.txt/x", "", "/", "/dev/full",
             "/proc/nobody", "x"*300 + ".md", "\0", "weights/circle.pt", "out/locked.md")
    for path in files:
        for words in (report, convert, cache, check):
            replaced = words == convert and path == "head/model.pt"
            yield Line("odd output", _each(words, path), "done" if replaced else "refused",
                       may=("head/model.pt",)*replaced)
    for path in ("text.txt", "run/checkpoint.pt", "out/locked.md", "out/null", "out/full",
                 "out/socket", "", "text.txt/x", "weights/circle.pt", "weights/pipe.pt",
                 "/dev/null", "/proc/nobody", "\0", "x"*300):
        for words in folders: yield Line("odd output", _each(words, path))
    yield Line("odd output", _each(report, "/dev/null"), "done")
    yield Line("odd output", _each(report, "out/null"), "done")
    yield Line("odd output", _each(report, "out/old.md"), "done", may=("out/old.md",))
    for name in NASTY_NAMES[1:]:
        path = "out/" + name
        yield Line("odd output", _each(report, path), "either")
        yield Line("odd output", _each(check, path), "either")
        yield Line("odd output", _each(("lessons", "?"), path), "either")
    for words in typed("""
        convert head/model.pt head/../head/model.pt
        linear head/model.pt digits --out head QUICK
        report head/model.pt digits --out head/model.pt --probes kNN
        report head digits --out head/model.pt --probes kNN
        report run data/good --out data/good/train/a/0.png --probes kNN
        compare digits --vary lambd=1 --cache text.txt
        lessons data"""):
        yield Line("odd output", words)

def odd_images():
    "Images that are none, too large, cut short, or of rare kinds."
    predict = ("predict", "digits")
    broken = [f"images/{name}" for name in _images() if name not in READABLE]
    odd = [f"images/{name}" for name in READABLE]
    special = [f"images/{name}.png" for name in SPECIAL]
    for path in odd: yield Line("odd image", (*predict, path), "done")
    for path in (*broken, *special): yield Line("odd image", (*predict, path))
    yield Line("odd image", (*predict, *odd), "done")
    yield Line("odd image", (*predict, *broken, *special, *odd))
    for path in ("http://localhost:1/x.png", "https://[", "ftp://x/y", "file:///etc/passwd",
                 "data:,x", "", "-"):
        yield Line("odd image", (*predict, path))
        yield Line("odd image", (*predict, path, "--allow-url"))

def odd_data():
    "Folders of images as people have them."
    loads = typed("""
        pretrain ? --recipe shapes --batch-size 2 --workers 0 --out out/new TINY
        knn colored ? --workers 0
        linear colored ? --settings digits --cached --workers 0 QUICK
        finetune colored ? --settings digits-few --workers 0 QUICK
        report colored ? --probes kNN 'few labels' --workers 0""")
    for name in (*DATA, "good"): yield Line("odd data", ("check", f"data/{name}"), "either")
    for name in ("bad image", "cut image", "texts", "nobody", "circle", "empty classes"):
        yield Line("odd data", ("check", f"data/{name}", "--recipe", "shapes"))
    for name in ("nasty", "pipes"):
        yield Line("odd data", ("check", f"data/{name}", "--out", "out/check.html"), "either")
    for name in DATA:
        refused = name in ("texts", "nobody", "empty classes", "circle")
        for words in loads:
            want = "refused" if refused else "either"
            yield Line("odd data", _each(words, f"data/{name}"), want)
        if name in ("bad image", "pipes"):
            want = "done" if name == "pipes" else "refused"     # which are left out, and said
            yield Line("odd data", _each((*loads[0], "--workers", "1"), f"data/{name}"), want)
    for path in ("text.txt", "run", "", "/dev/null", "/dev/zero", "run/checkpoint.pt"):
        for words in (*loads, ("check", "?")): yield Line("odd data", _each(words, path))
    for words in loads: yield Line("odd data", _each(words, "data/good/"), "done")
    for words in typed("""
        test digits head data/good
        test digits published data/good
        pretrain digits --recipe shapes TINY
        pretrain shapes --recipe digits TINY
        pretrain digits --batch-size 1401 TINY
        pretrain data/good TINY
        finetune run digits --settings digits-few --labels names.txt QUICK
        finetune run digits --settings digits-few --labels 5000 QUICK
        finetune run digits --settings digits-few --labels 0 QUICK
        finetune colored data/good --settings digits-few --labels names.txt QUICK
        finetune colored data/good --settings digits-few --labels weights/pipe.pt QUICK"""):
        yield Line("odd data", words)
    for words in typed("""
        knn run data/good
        knn colored digits
        linear run data/good --settings digits QUICK"""):       # gray to color, and color to gray
        yield Line("odd data", words, "done")

def odd_order():
    "Words that are missing, too many, in another order, twice."
    yield Line("odd order", ())
    for words in typed("""
        pretrain
        linear
        linear run
        finetune
        knn
        knn run
        report
        train
        train digits
        test
        test digits
        test digits run
        convert
        convert run
        predict
        predict digits
        compare
        compare digits
        pretrain digits digits
        linear run digits more
        knn run digits more
        models digits digits
        lessons a b
        convert a b c
        report run digits more
        test a b c d
        digits pretrain
        --epochs 1 pretrain digits
        --out x
        -x
        --
        -- pretrain
        pretrain -- --epochs
        pretrain digits -e 1
        pretrain digits --epoch
        pretrain digits --epochs
        pretrain digits --no-epochs
        pretrain digits --projector
        pretrain digits --lr 1
        pretrain --epochs 1 --dry-run
        pretrain digits --nonsense
        linear digits run
        convert --to torchvision
        predict images/palette.png digits
        compare --vary lambd=1
        compare digits --vary
        compare digits --vary lambd=1 --vary lambd=2
        compare digits --vary lambd=
        compare digits --vary =
        compare digits --vary lambd=1,,2
        compare digits --vary epochs=0
        compare digits --vary seed=1
        compare digits --vary name=x
        compare digits --vary batch_size=1
        compare digits --vary projector=x
        compare digits --vary projector=1x-1
        compare digits --vary lambd=1 --splits fit
        compare digits --vary lambd=1 --seeds 0
        compare digits --vary lambd=nan,inf
        compare digits --vary lr_weights=-1
        compare digits --vary lambd=1e39
        train digits digits --nonsense
        train digits digits --epochs -1
        train digits --epochs 1 digits
        train digits digits --recipe
        train digits digits digits
        pretrain digits --set
        pretrain digits --set =
        pretrain digits --set epochs
        pretrain digits --set epochs=
        pretrain digits --set lambd=nan
        pretrain digits --set lambd=-1
        pretrain digits --set projector=
        pretrain digits --set projector=0
        pretrain digits --set predictor=maybe
        pretrain digits --set name=x
        pretrain digits --set batch_size=1
        pretrain digits --set mix=nan
        pretrain digits --set epochs=1e3
        pretrain digits --epochs 0 --epochs 0
        pretrain digits --epochs 1 --epochs -1
        pretrain digits --dry-run --ranks 3 --batch-size 64
        pretrain digits --dry-run --images 1
        pretrain digits --dry-run --warmup-epochs 1000
        pretrain digits --resume must --out out/none
        pretrain digits --accumulate 999
        quickstart --accumulate 63
        pretrain digits --official-ranks 999999999
        report run digits --probes
        report run digits --probes kNN nothing
        models --name x
        lessons --folder x
        knn run digits --probes kNN
        test digits published shapes --device meta
        predict digits"""):
        yield Line("odd order", words)
    for words in typed("""
        --help
        pretrain --help
        compare -h
        models
        models *
        models digits
        train digits digits --dry-run
        pretrain digits --dry-run --epochs 3 --epochs 12
        pretrain digits --dry-run --ranks 2 --images 5000
        lessons out/lessons --
        convert run out/new.pt --to barlow_kit --to barlow_kit"""):
        yield Line("odd order", words, "either")
    yield Line("odd order", tuple(["predict", "digits"] + ["images/palette.png"]*2000), "done")
    yield Line("odd order", ("pretrain", "digits", "--dry-run", *("--seed", "1")*5000), "done")
    yield Line("odd order", ("compare", "digits", "--vary",
                             "lambd=" + ",".join("1"*9999), "--cache", "text.txt"))

def far_values():
    "Values within their ranges with which nothing good can come out: an error, or finite figures."
    pretrain = ("pretrain", "digits", "--out", "out/new", *TINY)
    linear = ("linear", "run", "digits", "--settings", "digits", *QUICK)
    tuned = ("finetune", "run", "digits", "--settings", "digits-few", "--labels", "2", *QUICK)
    for more in typed("""
        --lr-weights 1e9
        --lr-biases 1e9
        --lambd 1e9
        --weight-decay 1e9
        --lr-weights 1e9 --optimizer adamw
        --lr-biases 1e6 --weight-decay 1e6
        --precision float16 --batch-size 2
        --projector 1
        --lambd 0
        --lr-weights 0
        --channels 3
        --batch-size 2147483647
        --epochs 2147483647 --dry-run
        --device meta
        --device cuda
        --device cuda:99
        --device cpu:7
        --device mps
        --device xla
        --backbone shapes
        --accumulate 64
        --warmup-epochs .999999
        --seed 4294967295
        --final-lr 1
        --official-ranks 3
        --watch 2147483647
        --save-steps 1 --batch-size 700
        --pipeline pil
        --set loss=w_mse
        --set mix=1e30
        --set loss=cross_entropy temperature=1e-30"""):
        yield Line("far value", (*pretrain, *more), "either")
    for more in typed("""
        --lr 1e9
        --weight-decay 1e9
        --lr 1e-12
        --momentum .9999 --lr 1e8
        --batch-size 1 --cached
        --batch-size 2147483647
        --cached --lr 1e9
        --lr 1e6 --weight-decay 1e6
        --cached --lr 1e9 --weight-decay 1e9
        --workers 1024 --cached
        --seed 4294967295"""):
        yield Line("far value", (*linear, *more), "either")
    for more in typed("""
        --lr-backbone 1e9
        --lr 1e9
        --share 0
        --share 1e-9
        --lr-backbone 1e4
        --momentum .9999 --lr-backbone 1e3
        --weight-decay 1e9
        --lr-backbone 1e9 --batch-size 1"""):
        yield Line("far value", (*tuned, *more), "either")
    for more in typed("""
        --draws 1
        --seed 4294967295"""):
        words = ("report", "run", "digits", "--probes", "few labels", *more)
        yield Line("far value", words, "either")
    compare = typed("compare digits --seeds 1 --workers 1 --cache out/new.jsonl "
                    "--batch-size 700 TINY")[0]
    for vary in ("lr_weights=1e9", "lambd=1e9,0", "loss=w_mse",
                 "backbone=shapes", "channels=3", "projector=2147483647"):
        yield Line("far value", (*compare, "--vary", vary), "either")

def odd_surroundings():
    "An environment that makes no sense."
    for env in (dict(WORLD_SIZE="x"), dict(WORLD_SIZE=""), dict(WORLD_SIZE="-1"),
                dict(WORLD_SIZE="2"),
                dict(SLURM_NTASKS="x"), dict(SLURM_NTASKS="2"),
                dict(RANK="x", WORLD_SIZE="2", MASTER_ADDR="", MASTER_PORT="x", LOCAL_RANK="0"),
                dict(RANK="1", WORLD_SIZE="1", MASTER_ADDR="localhost", MASTER_PORT="x")):
        for words in (("pretrain", "digits", "--dry-run"), ("pretrain", "nowhere"),
                      ("knn", "run", "digits"), ("knn", "colored", "data/good")):
            yield Line("odd surroundings", words, "either", env=env)

def good():
    "What must work: so that a refusal says something."
    for words in (*READING[:4], READING[7], READING[9]):
        yield Line("good", _each(words, "run"), "done")
    for words in (READING[4], READING[7], READING[9], READING[11]):
        yield Line("good", _each(words, "head/model.pt"), "done")
    yield Line("good", ("pretrain", "digits", "--out", "run", *TINY), "done", may=("run/",))
    yield Line("good", ("knn", "colored", "data/good", "--workers", "1"), "done")
    yield Line("good", ("test", "digits", "published", "digits"), "done")
    yield Line("good", ("check", "digits"), "done")
    yield Line("good", ("lessons", "out/lessons"), "done")
    compare = typed("compare digits --vary lambd=1 --seeds 1 --workers 1 --cache out/c.jsonl TINY")
    yield Line("good", *compare, "done")

FAMILIES = (good, senseless_values, unknown_names, no_file, bad_weights, something_else, odd_runs,
            odd_outputs, odd_images, odd_data, odd_order, far_values, odd_surroundings, odd_places)

def lines(*only) -> list[Line]:
    "All lines, always the same."
    chosen = [family for family in FAMILIES if not only or family.__name__ in only]
    return [line for family in chosen for line in family()]


# Running them

def _state(root:Path) -> dict:
    "What is there, and the marks that change when somebody writes."
    found = {}
    folders = [root]
    while folders:
        for entry in os.scandir(folders.pop()):
            s = entry.stat(follow_symlinks=False)
            folder = stat.S_ISDIR(s.st_mode)
            if folder: folders.append(entry.path)
            marks = (s.st_mode,) if folder else (s.st_mode, s.st_ino, s.st_size, s.st_mtime_ns)
            found[os.path.relpath(entry.path, root)] = marks
    return found

def _remove(path:Path) -> None:
    if path.is_dir() and not path.is_symlink(): shutil.rmtree(path, ignore_errors=True)
    elif path.exists() or path.is_symlink(): path.unlink()

def _put_back(root:Path, kept:Path, before:dict, after:dict) -> None:
    "The files as they were."
    for name in sorted(after.keys() - before.keys(), reverse=True): _remove(root/name)
    for name in sorted(n for n in before if before[n] != after.get(n)):
        source = kept/name
        if not stat.S_ISDIR(before[name][0]): _remove(root/name)
        if stat.S_ISDIR(before[name][0]): (root/name).mkdir(exist_ok=True)
        elif stat.S_ISREG(before[name][0]) or stat.S_ISLNK(before[name][0]):
            shutil.copy2(source, root/name, follow_symlinks=False)
        else: os.mknod(root/name, before[name][0])          # a pipe or a socket

def _copy(source:Path, target:Path) -> None:
    "Links, pipes and sockets stay what they are."
    subprocess.run(["cp", "-a", source, target], check=True)

def _called(words) -> tuple:
    "Exit code, and where an error came from that nobody caught."
    try: return kit_from_shell([*words]), ""
    except SystemExit as e: return e.code, ""
    except BaseException as e:
        place = traceback.extract_tb(e.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return None, f"{type(e).__name__}: {str(e)[:200]} ({where})"

def _said(line:Line, files:list) -> tuple:
    "Run a line with its output in two files."
    kept = [os.dup(1), os.dup(2)]
    env = dict(os.environ)
    os.environ.update(line.env)
    for number, file in enumerate(files, 1):
        file.seek(0)
        file.truncate()
        os.dup2(file.fileno(), number)
    try:
        with warnings.catch_warnings(): code, error = _called(line.words)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        for number, old in enumerate(kept, 1):
            os.dup2(old, number)
            os.close(old)
        os.environ.clear()
        os.environ.update(env)
    texts = []
    for file in files:
        file.seek(0)
        texts.append(file.read(100_000).decode("utf-8", "backslashreplace"))
    return code, error, *texts

def _seconds() -> float:
    "Of the processor, of this process and its children."
    return sum(sum(usage[:2]) for usage in _usage())

def _usage() -> list:
    "What this process and its children took."
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]

def run_lines(todo:list, first:int, root:Path, kept:Path, say) -> None:
    "Run lines one after another, and tell of each what became of it."
    os.chdir(root/"work")
    cli.files = lambda package: root/"lessons"        # what a wheel has packed
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with open(root.parent/"stdout", "w+b") as out, open(root.parent/"stderr", "w+b") as err:
        sys.stdin = open(os.devnull)
        before = _state(root)
        for number, line in enumerate(todo[first:], first):
            say(dict(line=number))
            signal.alarm(SECONDS)
            started = _seconds()
            code, error, stdout, stderr = _said(line, [out, err])
            seconds = _seconds() - started
            signal.alarm(0)
            after = _state(root)
            changed = [n for n in before if before[n] != after.get(n)]
            new = sorted(after.keys() - before.keys())
            if changed or new:
                _put_back(root, kept, before, after)
                before = _state(root)
            peak = max(usage.ru_maxrss for usage in _usage())
            say(dict(line=number, code=code, error=error, stdout=stdout, stderr=stderr,
                     changed=changed, new=new, seconds=round(seconds, 2), peak=peak//1024))

def main(folder, *only) -> None:
    "Write the files, then run the lines, a new child after each crash."
    torch.set_num_threads(1)
    folder = Path(folder).resolve()
    root = folder/"there"
    (root/"work").mkdir(parents=True)
    os.chdir(root/"work")
    if os.fork() == 0:
        with open(folder/"making", "w") as log:
            os.dup2(log.fileno(), 1)
            write_files(root/"work")
            sys.stdout.flush()
        os._exit(0)
    _, status = os.wait()
    if status: raise SystemExit("the files could not be made")
    _copy(root, folder/"kept")
    todo = lines(*only)
    print(json.dumps(dict(lines=len(todo))), flush=True)
    def tell(what): print(json.dumps(what | todo[what["line"]]._asdict()), flush=True)
    first = 0
    while first < len(todo):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with open(writing, "w") as pipe:
                def say(what): print(json.dumps(what), file=pipe, flush=True)
                run_lines(todo, first, root, folder/"kept", say)
            os._exit(0)
        os.close(writing)
        begun = None
        with open(reading) as pipe:
            for text in pipe:
                what = json.loads(text)
                begun = what["line"] if "code" not in what else None
                if "code" in what: tell(what)
        _, status = os.waitpid(child, 0)
        if begun is None: break
        tell(dict(line=begun, ended=os.waitstatus_to_exitcode(status)))
        shutil.rmtree(root)
        _copy(folder/"kept", root)
        first = begun + 1

if __name__ == "__main__": main(*sys.argv[1:])
