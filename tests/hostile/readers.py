"""Every door of the kit through which weights come in, and a process that sends files through one.

    python -m hostile.readers FOLDER [READER ...]      (in tests/) writes the corpus, then reads it

With HOSTILE_WHOLE=1 each reader gets every file. Each reader runs in a process of its own,
which prints a line for a file before it opens it and one after.
So a crash or a hang names its file. Memory is what the system says: the largest resident size so far.
"""
import io
import json
import os
import resource
import shutil
import signal
import sys
import time
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import torch
from PIL import Image

from barlow_kit.checkpoint import load_checkpoint, load_latest
from barlow_kit.cli import kit_from_shell
from barlow_kit.evaluate import finetune, linear_evaluation, pretrained
from barlow_kit.train import Run, pretrain
from barlow_kit.transfer import digit_detector
from barlow_kit.weights import (CheckpointError, convert_checkpoint, detect_format, read_backbone,
                                read_weights)
from barlow_kit.zoo import get_model, inference_model, load_backbone

from .weights import READ, Expected, files, reference

SECONDS = 60                     # For one file; the alarm ends the process
HEAVY = ("millions of", "pickle deep", "pickle call deep", "three gigabytes")
LIMIT = 1024                     # MiB
SHORT = dict(epochs=1, warmup_epochs=0)


# Each takes a file and an empty folder. It gives the backbone's tensors, or None where it reads other things.

def _converted(file, folder):
    convert_checkpoint(file, folder/"converted.pt", "barlow_kit")
    return read_weights(folder/"converted.pt")[1].backbone

def _safetensors(file, folder):
    convert_checkpoint(file, folder/"converted.safetensors", "barlow_kit")
    return read_weights(folder/"converted.safetensors")[1].backbone

def _predicted(file, folder):
    inference_model("digits", torch.zeros(1, 8, 8), checkpoint=file)

def _as_run(file, folder):
    "A folder whose checkpoint is the file, and whose recipe is a run's."
    folder.mkdir(exist_ok=True)
    shutil.copy(Path(folder.parent, "run", "recipe.json"), folder)
    Path(folder, "checkpoint.pt").symlink_to(file)
    return folder

def _loaded(file, folder): return Run.load(_as_run(file, folder)).model.backbone.state_dict()

def _folder(file, folder): return read_weights(_as_run(file, folder))[1].backbone

def _resumed(file, folder):
    pretrain("digits", out=_as_run(file, folder), progress=False, **SHORT)

def _evaluated(evaluate, file): evaluate(file, "digits", epochs=1, progress=False)

def _shell(*words):
    "A command of the shell: a line on stderr is an error."
    def command(file, folder):
        places = dict(FILE=file, NEW=folder/"new.pt", PICTURE=folder.parent/"run"/"picture.png")
        said = [str(places.get(word, word)) for word in words]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as errors:
            code = kit_from_shell(said)
        if code: raise SystemExit(errors.getvalue().removeprefix("barlow-kit: ").strip())
    return command

READERS = {
    "read_weights": lambda file, folder: read_weights(file)[1].backbone,
    "read_backbone": lambda file, folder: read_backbone(file).state_dict(),
    "detect_format": lambda file, folder: detect_format(file) and None,
    "load_checkpoint": lambda file, folder: load_checkpoint(file) and None,
    "load_latest": lambda file, folder: load_latest(file) and None,
    "load_backbone": lambda file, folder: load_backbone(file) and None,
    "get_model": lambda file, folder: get_model("digits", checkpoint=file).backbone.state_dict(),
    "inference_model": _predicted, "convert_checkpoint": _converted, "to safetensors": _safetensors,
    "pretrained": lambda file, folder: pretrained(file)[0].state_dict(),
    "digit_detector": lambda file, folder: digit_detector(file) and None,
    "folder of a run": _folder, "Run.load": _loaded, "pretrain": _resumed,
    "linear_evaluation": lambda file, folder: _evaluated(linear_evaluation, file),
    "finetune": lambda file, folder: _evaluated(finetune, file),
    "barlow-kit knn": _shell("knn", "FILE", "digits"),
    "barlow-kit linear": _shell("linear", "FILE", "digits", "--epochs", "1", "--no-progress"),
    "barlow-kit finetune": _shell("finetune", "FILE", "digits", "--epochs", "1", "--no-progress"),
    "barlow-kit report": _shell("report", "FILE", "digits", "--probes", "kNN"),
    "barlow-kit convert": _shell("convert", "FILE", "NEW", "--to", "barlow_kit"),
    "barlow-kit predict": _shell("predict", "digits", "PICTURE", "--checkpoint", "FILE"),
    "barlow-kit test": _shell("test", "digits", "FILE", "digits")}
QUICK = ("read_weights", "read_backbone", "detect_format", "load_checkpoint", "get_model",
         "convert_checkpoint", "to safetensors", "pretrained", "folder of a run")
RUNS = ("load_checkpoint", "load_latest", "Run.load",
        "pretrain")     # They want the kit's own state
NO_RESNET = ("load_backbone",)                                        # The good file holds none


def _same(found, want:dict) -> bool:
    "Whether the backbone has the very numbers of the good file."
    return all(torch.equal(found[k.removeprefix("backbone.")].float(), v.float()) for k,
               v in want.items())

def outcome(reader, file:Path, folder:Path, want:dict) -> str:
    "What a reader makes of a file: read, read as something else, a line, or no line."
    try: found = READERS[reader](file, folder)
    except (CheckpointError, ValueError, OSError, SystemExit) as e: return f"refused: {e}"
    except BaseException as e: return f"{type(e).__name__}: {e}"
    return "read" if found is None or _same(found, want) else "read as something else"

def read_all(reader:str, corpus:Path, names:list, want:dict, say) -> None:
    "Send the files through a reader, and tell of each what became of it."
    scratch = corpus.parent/f"scratch {reader}"
    if not scratch.is_dir(): shutil.copytree(corpus.parent/"run", scratch/"run")
    for number, name in enumerate(names):
        say(dict(reader=reader, file=name))
        signal.alarm(SECONDS)
        started = time.perf_counter()
        folder = scratch/str(number)
        folder.mkdir()
        said = outcome(reader, corpus/name, folder, want)
        seconds = time.perf_counter() - started
        signal.alarm(0)
        shutil.rmtree(folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024
        say(dict(reader=reader, file=name, said=said, seconds=round(seconds, 2), peak=peak))

def for_reader(reader:str, expected:dict, whole:bool) -> list:
    """The files for a reader. What takes long goes to the first only. Readers that train or start
    a command get one good file and every sixth of the others, each reader its own,
    unless `whole`."""
    names = [n for n in expected if reader == "read_weights" or not n.startswith(HEAVY)]
    if reader == "pretrain": names = [n for n in names if expected[n].kind != "no file"]
    if reader in QUICK: return names
    hostile = [n for n in names if expected[n].words != READ]
    if not whole: hostile = hostile[list(READERS).index(reader) % 6::6]
    return ["zip.pt", *hostile]

def main(folder, *only) -> None:
    "Write the corpus, then read it: each reader in a process that is forked when all is imported."
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    folder = Path(folder)
    os.chdir(folder)
    writer = os.fork()
    if writer == 0:
        expected = files(folder/"corpus")
        Path("expected.json").write_text(json.dumps(expected))
        pretrain("digits", out=folder/"run", progress=False, **SHORT)
        Image.new("L", (8, 8)).save(folder/"run"/"picture.png")
        os._exit(0)
    os.waitpid(writer, 0)
    said = json.loads(Path("expected.json").read_text())
    expected = {name: Expected(*words) for name, words in said.items()}
    whole = bool(os.environ.get("HOSTILE_WHOLE"))
    want = reference()["model"]
    for reader in only or READERS:
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            def say(what): print(json.dumps(what), flush=True)
            read_all(reader, folder/"corpus", for_reader(reader, expected, whole), want, say)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps(dict(reader=reader, ended=os.waitstatus_to_exitcode(status))), flush=True)

if __name__ == "__main__": main(*sys.argv[1:])
