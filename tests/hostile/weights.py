"""Crafted files of weights: what a careless reader crashes on, hangs on or believes.

`files(folder)` writes them, the same bytes each time,
and says of each what a reader must do: read it
(`READ`: the tensors of `reference()`), or refuse it with one line that has certain words.
Pickles are put together by hand, operation by operation,
because Python writes none that are so wrong.
"""
import io
import json
import math
import os
import pickle
import random
import socket
import struct
import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from barlow_kit.twins import BarlowTwins

READ = ""                # The file is good: it must be read, and be equal to `reference()`
REFUSED = "no"           # It is refused, in whatever words
MARK = "barlow_kit/1"

class Expected(NamedTuple):
    "What a reader must do with a file."
    kind: str            # Of file, for the table
    words: str           # READ, or what the one line of the refusal has in it


# A good file

def reference() -> dict:
    "A file of the kit for the digits: backbone and classifier, in numbers that even float8 holds."
    state = _reference()
    return {k: dict(v) if isinstance(v, dict) else v for k, v in state.items()}

@cache
def _reference() -> dict:
    dice = random.Random(0)
    model = BarlowTwins("digits", (8,), channels=1).backbone.state_dict()
    def numbers(name, v):
        if not v.is_floating_point(): return torch.tensor(7)
        choice = (.5, 1.) if name.endswith("running_var") else (-1., -.5, .25, .5)
        return torch.tensor(dice.choices(choice, k=v.numel())).view(v.shape)
    features = next(v.shape[0] for v in reversed(model.values()) if v.ndim)
    head = {"weight": torch.zeros(10, features), "bias": torch.zeros(10)}
    return {"format": MARK, "model": {f"backbone.{k}": numbers(k, v) for k, v in model.items()},
            "classifier": {k: numbers(k, v) for k, v in head.items()}}

def changed(change) -> dict:
    "The same with `change(part, name, tensor)` in place of each tensor."
    state = reference()
    for part in ("model", "classifier"):
        state[part] = {k: change(part, k, v) for k, v in state[part].items()}
    return state

def with_one(name:str, value) -> dict:
    "The same with another value for one tensor."
    state = reference()
    state["model"][f"backbone.{name}"] = value
    return state

def torch_bytes(state, **options) -> bytes:
    "The bytes of `torch.save`."
    torch.save(state, file := io.BytesIO(), **options)
    return file.getvalue()

def as_arrays(state, change=np.asarray):
    "The same with numpy arrays."
    if isinstance(state, dict): return {k: as_arrays(v, change) for k, v in state.items()}
    return change(state.numpy()) if isinstance(state, torch.Tensor) else state


# Pickles by hand

def plain(value) -> bytes:
    "The operations that build plain data."
    return pickle.dumps(value, 3)[2:-1]

def name(dotted:str) -> bytes:
    "The operation that asks for a function."
    module, last = dotted.rsplit(".", 1)
    return f"c{module}\n{last}\n".encode()

def call(dotted:str, *arguments:bytes, state:bytes|None=None) -> bytes:
    "A call, and the state to set in what comes of it."
    called = name(dotted) + b"(" + b"".join(arguments) + b"tR"
    return called if state is None else called + state + b"b"

def table(**items:bytes) -> bytes:
    "A dict."
    return b"}(" + b"".join(plain(k) + v for k, v in items.items()) + b"u"

def whole(operations:bytes) -> bytes:
    "A pickle of protocol 3."
    return b"\x80\x03" + operations + b"."

def ours(value:bytes) -> bytes:
    "A pickle of a file of the kit, with one tensor that is `value`."
    return whole(table(format=plain(MARK), model=table(**{"backbone.0.weight": value})))

def storage(key="0", count=1, kind="torch.FloatStorage") -> bytes:
    "A reference to a part of the archive."
    return b"(" + plain("storage") + name(kind) + plain(key) + plain("cpu") + plain(count) + b"tQ"

def tensor(size, stride, offset=0, of:bytes|None=None, to="_rebuild_tensor_v2") -> bytes:
    "A view of a storage."
    hooks = call("collections.OrderedDict")
    return call(f"torch._utils.{to}", storage() if of is None else of, plain(offset), plain(size),
                plain(stride), plain(False), hooks)

def dtype(code, state=(3, "<", None, None, None, -1, -1, 0)) -> bytes:
    "A type of numbers, as numpy pickles it."
    return call("numpy.dtype", plain(code), plain(False), plain(True), state=plain(state))

def array(shape, kind:bytes, data, by_columns=False, version=1) -> bytes:
    "An array, as numpy pickles it."
    state = b"(" + plain(version) + plain(shape) + kind + plain(by_columns) + plain(data) + b"t"
    return call("numpy.core.multiarray._reconstruct", name("numpy.ndarray"), plain((0,)),
                plain(b"b"), state=state)

def zipped(pickled:bytes, parts:dict|None=None, packing=zipfile.ZIP_STORED, **more) -> bytes:
    "An archive as torch writes it."
    parts = {"data/0": bytes(4)} if parts is None else parts
    with zipfile.ZipFile(file := io.BytesIO(), "w", packing) as archive:
        for part, content in {"data.pkl": pickled, "byteorder": b"little", **parts,
                              "version": b"3\n", **more}.items():
            archive.writestr(zipfile.ZipInfo(f"x/{part}"), content, packing)
    return file.getvalue()

def stream(value:bytes, keys, data:bytes) -> bytes:
    "A file as torch wrote it before version 1.6."
    head = [plain(0x1950a86a20f9469cfc6c), plain(1001), plain({"little_endian": True}), value,
            plain(keys) if not isinstance(keys, bytes) else keys]
    return b"".join(b"\x80\x02" + part + b"." for part in head) + data

def old_storage(count, key="0", view=None, kind="torch.FloatStorage") -> bytes:
    "A reference to a storage in a stream."
    return (b"(" + plain("storage") + name(kind) + plain(key) + plain("cpu") + plain(count)
            + plain(view) + b"tQ")


# The kinds of file

def _strangers() -> dict:
    "Files that are something else."
    lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 97781949\n"
    cases = {
        "empty.pth": (b"", "is empty"), "empty.pkl": (b"", "is empty"),
        "page.pth": (b"<!DOCTYPE html>\n<html><title>404</title>", "is a web page"),
        "error.pth": (b"\n  <html>\n<body>Access denied</body>", "is a web page"),
        "xml.safetensors": (b"<?xml version='1.0'?><Error/>", "is a web page"),
        "pointer.pth": (lfs, "git lfs pull"), "pointer.pkl": (lfs, "git lfs pull"),
        "pointer.safetensors": (lfs, "git lfs pull"),
        "notes.pth": (b"The weights are on the other disk.\n", "is a text"),
        "settings.pt": (json.dumps({"lr": .1}).encode(), "is a text"),
        "packed.pth": (b"\x1f\x8b\x08" + bytes(20), "gzip"), "packed2.pth": (b"BZh91AY", "bzip2"),
        "packed3.pth": (b"\xfd7zXZ\0" + bytes(20), "xz"),
        "keras.pth": (b"\x89HDF\r\n\x1a\n", "HDF5"),
        "noise.pth": (random.Random(0).randbytes(4000), "no kind of checkpoint"),
        "zeros.pth": (bytes(5000), "no kind of checkpoint"), "zeros.pkl": (bytes(5000), "no kind of checkpoint"),
        "picture.pth": (b"\x89PNG\r\n\x1a\n" + bytes(50), "no kind of checkpoint")}
    np.savez(file := io.BytesIO(), a=np.ones(3))
    cases["arrays.npz"] = (file.getvalue(), "not one of torch")
    np.save(file := io.BytesIO(), np.array([{"a": 1}], dtype=object), allow_pickle=True)
    cases["objects.npy"] = (file.getvalue(), "no kind of checkpoint")
    return cases

def _good() -> dict:
    "The same weights in every container and type of number."
    state = reference()
    cases = {"zip.pt": torch_bytes(state),
             "stream.pt": torch_bytes(state, _use_new_zipfile_serialization=False),
             "other name.bin": torch_bytes(state)}
    for protocol in range(6):
        cases[f"arrays{protocol}.pkl"] = pickle.dumps(as_arrays(state), protocol)
        cases[f"zip{protocol}.pt"] = torch_bytes(state, pickle_protocol=max(2, protocol))
    turned = as_arrays(state, lambda a: a.astype(a.dtype.newbyteorder(">")))
    cases["big endian.pkl"] = pickle.dumps(turned, 4)
    def by_columns(a): return np.asfortranarray(a) if a.ndim else a
    cases["columns first.pkl"] = pickle.dumps(as_arrays(state, by_columns), 4)
    cases["columns first5.pkl"] = pickle.dumps(as_arrays(state, by_columns), 5)
    cases["numpy 1.pkl"] = cases["arrays3.pkl"].replace(b"numpy._core", b"numpy.core")
    for kind in (torch.float16, torch.bfloat16, torch.float64, torch.float8_e4m3fn,
                 torch.float8_e5m2):
        small = changed(lambda part, k, v: v.to(kind) if v.is_floating_point() else v)
        cases[f"{str(kind)[6:]}.pt"] = torch_bytes(small)
    parameters = changed(lambda part, k, v: torch.nn.Parameter(v, v.is_floating_point()))
    cases["parameters.pt"] = torch_bytes(parameters)
    cases["last.pt"] = torch_bytes(changed(lambda part, k, v: v.contiguous(
        memory_format=torch.channels_last) if v.ndim == 4 else v))
    return {k: (v, READ) for k, v in cases.items()}

def _cut() -> dict:
    "Good files cut short, and with bytes turned over."
    good = {k: v[0] for k, v in _good().items()}
    cases = {}
    for kind in ("zip.pt", "stream.pt", "arrays4.pkl", "arrays0.pkl"):
        content = good[kind]
        for part in (1, 2, 4, 30, 100, 250, 500, 750, 990):
            cut = content[:max(1, len(content)*part//1000)]
            cases[f"cut {part} {kind}"] = (cut, "no checkpoint")
    content = bytearray(good["zip.pt"])
    content[content.index(reference()["model"]["backbone.0.weight"].numpy().tobytes()) + 5] ^= 4
    cases["flipped.pt"] = (bytes(content), "checksum")
    return cases

def _programs() -> dict:
    "Pickles that want to run something."
    touch = plain("touch it-ran")
    wants = {
        "system": call("os.system", touch), "eval": call("builtins.eval", plain("1/0")),
        "getattr": call("builtins.getattr", name("torch.load"), plain("__globals__")),
        "import": call("builtins.__import__", plain("os")),
        "load": call("torch.load", plain("x.pt"), plain(False)),
        "partial": call("functools.partial", name("os.system"), touch),
        "hub": call("torch.hub.load", plain("x/y"), plain("z")),
        "inst": b"(" + touch + b"ios\nsystem\n", "object": b"(" + name("os.system") + touch + b"o",
        "new": name("os.system") + b"(" + touch + b"t\x81",
        "stack": plain("os") + plain("system") + b"\x93" + b"(" + touch + b"tR",
        "new ex": name("os.system") + b"()}\x92", "extension": b"\x82\x01", "set": b"\x8f",
        "buffer": b"\x97", "outside": b"P../../etc/passwd\n",
        "class": name("torch.nn.modules.linear.Linear") + b")\x81}b",
        "rebuild": call("torch._utils._rebuild_from_type_v2", name("os.system"), touch),
        "sparse": call("torch._utils._rebuild_sparse_tensor", plain(0)),
        "quantized": call("torch._utils._rebuild_qtensor", plain(0)),
        "set state": call("numpy.core.multiarray._reconstruct", name("os.system"), plain((0,)))}
    return {f"program {k}{ending}": (wrap(ours(v)), "was refused")
            for k, v in wants.items() for ending, wrap in ((".pkl", bytes), (".pt", zipped))}

def _objects() -> dict:
    "Arrays whose types turn bytes into addresses, or whose sizes lie."
    address = (0x4141414141414141).to_bytes(8, "little")
    flags = (3, "|", None, None, None, -1, -1, 0)
    good = dtype("f4")
    fields = (3, "|", None, ("a",), {"a": ("O", 0)}, 8, 1, 63)
    refused = {
        f"type {code.replace(':', '')}": array((1,), dtype(code, flags), address)
        for code in ("O8", "O", "V8", "c8", "c16", "M8[s]", "m8", "S8", "U2", "f16", "f4,O8",
                     "(2,)f4")}
    damaged = {
        "odd flags": array((1,), dtype("f4", (3, "<", None, None, None, -1, -1, 63)), bytes(8)),
        "odd fields": array((1,), dtype("f8", fields), bytes(8)),
        "odd order": array((1,), dtype("f4", (3, "Z", None, None, None, -1, -1, 0)), bytes(4)),
        "short state": array((1,), dtype("f4", (3,)), bytes(4)),
        "number state": array((1,), dtype("f4", 3), bytes(4)),
        "too few": array((2, 3), good, bytes(20)), "too many": array((2, 3), good, bytes(28)),
        "huge": array((10**6, 10**6), good, bytes(4)), "wrap": array((2**62, 4), good, b""),
        "wrap2": array((2**33, 2**31), good, bytes(4)),
        "negative": array((-2, -3), good, bytes(24)),
        "minus": array((-1,), good, bytes(4)), "list": array([6], good, bytes(24)),
        "float": array((6.,), good, bytes(24)), "yes": array((True,), good, bytes(4)),
        "deep shape": array((1,)*70, good, bytes(4)), "text shape": array("6", good, bytes(24)),
        "not bytes": array((1,), good, [0, 0, 0, 0]), "none": array((1,), good, None),
        "no type": array((1,), plain("f4"), bytes(4)),
        "set twice": array((1,), good, bytes(4)) + plain((1, (1,), None, False, b"")) + b"b",
        "list state": call("numpy.core.multiarray._reconstruct", state=plain([1])),
        "no state": call("numpy.core.multiarray._reconstruct", name("numpy.ndarray")),
        "scalar": call("numpy.core.multiarray.scalar", good, plain(bytes(3))),
        "buffer": call("numpy.core.numeric._frombuffer", plain(bytes(4)), good, plain((9,)),
                       plain("C")),
        "order": call("numpy.core.numeric._frombuffer", plain(bytes(4)), good, plain((1,)),
                      plain("K"))}
    one = plain(bytes(10**6)) + b"q\xfe0"
    views = b"".join(plain(f"backbone.{k}") + call("numpy.ndarray", plain((250_000,)), plain("f4"),
                                                   b"h\xfe")
                     for k in range(3000))
    shared = whole(one + table(format=plain(MARK)) + plain("model") + b"}(" + views + b"us")
    return ({f"{k}.pkl": (ours(v), "was refused") for k, v in refused.items()}
            | {f"array {k}.pkl": (ours(v), REFUSED) for k, v in damaged.items()}
            | {"three gigabytes of views.pkl": (shared, "more bytes than")})

def _pickles() -> dict:
    "Pickles that are odd in themselves."
    deep = b")" + b"\x85"*200_000
    laughs = b"]q\0" + b"".join(b"](h" + bytes([k]) + b"h" + bytes([k]) + b"eq" + bytes([k + 1])
                                for k in range(60))
    cases = {
        "deep key": b"}" + deep + b"Ns", "deep list": b"]"*100_000 + b"a"*99_999,
        "deep value": b"}" + plain("model") + deep + b"s", "laughs": laughs,
        "own list": b"]q\0h\0a", "own dict": b"}q\0" + plain("model") + b"h\0s",
        "key list": b"}]Ns", "key none": b"}NNs", "key float": b"}" + plain(.5) + b"Ns",
        "key huge": b"}" + plain(2**61 - 1) + b"Ns",
        "key tensor": b"}" + array((1,), dtype("f4"), bytes(4)) + b"Ns",
        "memo": b"]r\xff\xff\xff\xff", "no memo": b"h\x05", "no stack": b"0", "no stack2": b"a",
        "no mark": b"t",
        "bytes8": b"\x8e" + b"\xff"*7 + b"\x7f", "bytearray8": b"\x96" + b"\0"*5 + b"\1\0\0",
        "text8": b"\x8d" + b"\0"*5 + b"\1\0\0", "text4": b"X\xff\xff\xff\xff",
        "text": b"X\2\0\0\0\xff\xfe",
        "long4": b"\x8b\xff\xff\xff\x7f", "long4 minus": b"\x8b\xff\xff\xff\xff",
        "long": b"L" + b"9"*100_000 + b"L\n", "long1": b"\x8a\xff" + b"\1"*255,
        "frame": b"\x95" + b"\xff"*8,
        "proto": b"\x80\xff", "int": b"Ix\n", "float": b"Fnan\n", "string": b"Sx\n", "get": b"gx\n",
        "build list": b"]}b", "build text": plain("x") + plain({}) + b"b",
        "call text": plain("x") + b")R",
        "call tensor": array((1,), dtype("f4"), bytes(4)) + b")R", "call deep": deep + b")R",
        "call deep name": deep + deep + b"\x93", "arguments": name("torch.Size") + plain(3) + b"R",
        "size": call("torch.Size", plain((-1,))),
        "ordered": call("collections.OrderedDict", plain([1])),
        "ordered2": call("collections.OrderedDict", plain([[[], 1]])),
        "encode": call("_codecs.encode", plain("x"*9), plain("zip")), "odd pairs": b"}(NNNu",
        "append": b"}Na", "appends": b")(NNe", "set in list": b"]NNs", "persistent": b"NQ",
        "persistent2": b"(NNNNNtQ", "name": b"ctorch\n", "empty name": b"c\n\n",
        "parameter": call("torch._utils._rebuild_parameter", plain(3)),
        "metadata": call("collections.OrderedDict",
                         state=plain({"_metadata": [1], "__class__": 3})),
        "metadata2": call("collections.OrderedDict", state=plain([1]))}
    made = {f"pickle {k}{ending}": (wrap(whole(v)), REFUSED)
            for k, v in cases.items() for ending, wrap in ((".pkl", bytes), (".pt", zipped))
            if "deep" not in k or ending == ".pkl"}
    many = b"](" + b"}"*6_000_000 + b"e"
    return made | {"millions of dicts.pt": (zipped(whole(many)), "too long"),
                   "no end.pkl": (b"\x80\x03}", "damaged")}

def _tensors() -> dict:
    "Tensors that claim more than their bytes."
    cases = {
        "stride 0": tensor((10**6, 10**6), (0, 0)), "stride 0 row": tensor((2,), (0,)),
        "beyond": tensor((1,), (1,), 1), "far": tensor((1,), (1,), 2**62),
        "minus": tensor((1,), (1,), -1),
        "wide": tensor((1, 2), (1, 1)), "negative": tensor((-1, -1), (1, 1)),
        "step back": tensor((2,), (-1,)),
        "overflow": tensor((2**62, 2**62), (0, 0)),
        "zero times": tensor((0, 2**62, 2**62), (1, 1, 1)),
        "shapes": tensor((1, 1), (1,)), "list": tensor([1], [1]), "text": tensor("1", "1"),
        "yes": tensor((True,), (True,)), "ranks": tensor((1,)*70, (1,)*70),
        "no storage": tensor((1,), (1,), of=plain(None)),
        "fake storage": tensor((1,), (1,), of=plain((1, 2))), "none": tensor(None, None),
        "size": tensor((1,), (1,), of=storage(count=2)),
        "size0": tensor((1,), (1,), of=storage(count=0)),
        "size huge": tensor((1,), (1,), of=storage(count=2**60)),
        "size minus": tensor((1,), (1,), of=storage(count=-1)),
        "kind": tensor((1,), (1,), of=storage(kind="torch.DoubleStorage")),
        "byte kind": tensor((1,), (1,), of=storage(kind="torch.ByteStorage")),
        "not there": tensor((1,), (1,), of=storage("7")),
        "path": tensor((1,), (1,), of=storage("../../../etc/passwd")),
        "key": tensor((1,), (1,), of=storage(["0"])),
        "odd kind": tensor((1,), (1,), of=storage(kind="torch.Size")),
        "v3": tensor((1,), (1,), to="_rebuild_tensor_v3"),
        "old": tensor((9,), (1,), to="_rebuild_tensor")}
    made = {f"tensor {k}.pt": (zipped(ours(v)), REFUSED) for k, v in cases.items()}
    for k in ("stride 0", "stride 0 row", "beyond", "overflow", "wide"):
        made[f"tensor {k}.pt"] = (zipped(ours(cases[k])), "its tensor backbone.0.weight claims")
    streams = {
        "size": (old_storage(2), ["0"], 1), "huge": (old_storage(2**50), ["0"], 2**50),
        "minus": (old_storage(-1), ["0"], 1), "keys": (old_storage(1), [["0"]], 1),
        "keys2": (old_storage(1), "0", 1),
        "keys3": (old_storage(1), [], 1), "keys4": (old_storage(1), 7, 1),
        "keys5": (old_storage(1), ["0", "1"], 1),
        "view": (old_storage(1, view=("0", 0, 10**9)), ["0"], 10**9),
        "count": (old_storage(1), ["0"], 2**63)}
    for k, (of, keys, count) in streams.items():
        content = stream(table(format=plain(MARK),
                               model=table(**{"backbone.0.weight": tensor((1,), (1,), of=of)})),
                         keys, struct.pack("<Q", count) + bytes(4))
        made[f"stream {k}.pt"] = (content, REFUSED)
    steps = table(model=table(w=tensor((10**6, 10**6), (0, 0), of=old_storage(1))))
    content = stream(steps, ["0"], struct.pack("<Q", 1) + bytes(4))
    made["stream stride 0.pt"] = (content, "its tensor w claims")
    return made

def _archives() -> dict:
    "Archives that cost more than they weigh, or hold something else."
    one = ours(tensor((1,), (1,)))
    million = ours(tensor((2**24,), (1,), of=storage(count=2**24)))
    names = [f"backbone.layer1.{k}.conv1.weight" for k in range(20_000)]
    same = b"".join(plain(k) + tensor((250, 1, 1, 1), (1, 1, 1, 1),
                                      of=storage(count=250)) for k in names)
    shared = whole(table(state_dict=b"}(" + plain("backbone.conv1.weight")
                         + tensor((1, 1, 7, 7), (49, 49, 7, 1),
                                  of=storage(count=250)) + same + b"u"))
    cases = {
        "bomb.pt": (zipped(million, {"data/0": bytes(2**26)}, zipfile.ZIP_DEFLATED), "compressed"),
        "bomb bz2.pt": (zipped(million, {"data/0": bytes(2**26)}, zipfile.ZIP_BZIP2), "compressed"),
        "bomb lzma.pt": (zipped(whole(b"](" + b"N"*2**22 + b"e"), {}, zipfile.ZIP_LZMA),
                         "compressed"),
        "script.pt": (zipped(one, {"constants.pkl": b""}), "TorchScript"),
        "two.pt": (zipped(one, {"y/data.pkl": one}), "not one of torch"),
        "none.pt": (zipped(one).replace(b"data.pkl", b"dato.pkl"), "not one of torch"),
        "twenty thousand on the same bytes.pt": (zipped(shared, {"data/0": bytes(1000)}), REFUSED)}
    lying = bytearray(zipped(one))
    at = lying.rindex(b"PK\1\2", 0, lying.rindex(b"x/data/0"))
    for k, place in (("sizes", 24), ("both", 20)):
        content = bytearray(lying)
        content[at + place:at + place + 4] = struct.pack("<I", 2**31)
        if k == "both": content[at + 24:at + 28] = struct.pack("<I", 2**31)
        cases[f"lying {k}.pt"] = (bytes(content), REFUSED)
    locked = bytearray(lying)
    locked[at + 8] |= 1
    cases["locked.pt"] = (bytes(locked), REFUSED)
    cases["overlapping.pt"] = (_overlapping(), "more bytes than")
    return cases

def _overlapping() -> bytes:
    "An archive of a megabyte whose directory names that megabyte five thousand times."
    content = zipped(ours(tensor((1,), (1,))), {"data/0": bytes(10**6)})
    at = content.rindex(b"PK\1\2", 0, content.rindex(b"x/data/0"))
    start = content.index(b"PK\1\2")
    size = 46 + len(b"x/data/0")
    entry = content[at:at + size]
    directory = content[start:content.rindex(b"PK\5\6")]
    directory += b"".join(entry.replace(b"data/0", f"d/{k:04}".encode()) for k in range(5000))
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 5004, 5004, len(directory), start, 0)
    return content[:start] + directory + end

def _unsound() -> dict:
    "Files whose names are right and whose numbers are not."
    norm = next(k for k in reference()["model"] if k.endswith("running_var"))
    first = reference()["model"]["backbone.0.weight"]
    counter = reference()["model"][norm.replace("running_var", "num_batches_tracked")]
    def at(key, value): return changed(lambda part, k, v: value(v) if k == key else v)
    def spoiled(number):
        def value(v):
            v = v.clone()
            v.view(-1)[0] = number
            return v
        return value
    conv = "backbone.0.weight"
    cases = {
        "nan": (at(conv, spoiled(math.nan)), "not finite: 0.weight"),
        "inf": (at(conv, spoiled(math.inf)), "not finite"),
        "minus inf": (at(conv, spoiled(-math.inf)), "not finite"),
        "nan mean": (at(norm.replace("var", "mean"), spoiled(math.nan)), "not finite"),
        "nan head": (at("bias", spoiled(math.nan)), "not finite"),
        "variance": (at(norm, spoiled(-1e-3)), "negative variances"),
        "too large": (changed(lambda p, k, v: v.double()*1e300 if v.is_floating_point() else v),
                      "not finite"),
        "complex": (at(conv, lambda v: v + 0j), "no plain numbers: 0.weight"),
        "bool": (at(conv, lambda v: v > 0), "no plain numbers: 0.weight"),
        "int8": (at(conv, lambda v: v.to(torch.int8)), "no plain numbers"),
        "int32": (at(conv, lambda v: v.int()), "no plain numbers"),
        "int64": (at(conv, lambda v: v.long()), "of another type: 0.weight"),
        "uint8": (at(conv, lambda v: v.to(torch.uint8)), "no plain numbers"),
        "sparse": (at(conv, lambda v: v.to_sparse()), "was refused"),
        "mixed": (at(conv, lambda v: v.half()), "mixes types"),
        "empty": (at(conv, lambda v: v[:0]), "no plain numbers"),
        "scalar": (at(conv, lambda v: v.sum()), REFUSED),
        "flat": (at(conv, lambda v: v.flatten()), REFUSED),
        "counter": (at(norm.replace("running_var", "num_batches_tracked"), lambda v: v.float()),
                    "another type"),
        "text": (at(conv, lambda v: "weights"), "tensors by name"),
        "list": (at(conv, lambda v: v.flatten().tolist()), "tensors by name"),
        "none": (at(conv, lambda v: None), "tensors by name"),
        "more": (with_one("extra", first), "not known: extra"),
        "wide": (with_one("0.weight", first.repeat(2, 1, 1, 1)), "another shape"),
        "colors": (with_one("0.weight\x1b[31m\nx", first), "not known: 0.weight\\x1b[31m\\nx"),
        "long name": (with_one("x"*10**6, first), "...")}
    missing = reference()
    del missing["model"][conv]
    cases["missing"] = (missing, REFUSED)
    made = {f"unsound {k}.pt": (torch_bytes(state), words) for k, (state, words) in cases.items()}
    shapes = {"model none": {"model": None}, "model list": {"model": []},
              "model text": {"model": "x"}, "model number": {"model": 3},
              "model empty": {"model": {}}, "model tensor": {"model": torch.ones(3)},
              "state_dict none": {"state_dict": None, "epoch": 1},
              "nested": {"model": {"model": reference()["model"]}},
              "numbers": {"model": {0: torch.ones(1)}}}
    for k, extra in shapes.items():
        for marked in ("", "ours "):
            state = {"format": MARK, **extra} if marked else extra
            made[f"{marked}{k}.pt"] = (torch_bytes(state),
                                       REFUSED if k == "nested" else "tensors by name")
    only = {"dict": {}, "list": [], "none": None, "number": 3, "text": "x",
            "tensor": torch.ones(3), "tuple": ({},)}
    for k, state in only.items():
        made[f"only {k}.pt"] = (torch_bytes(state), REFUSED)
    odd = {"classes number": {"classes": 5}, "classes list": {"classes": [[1]]},
           "classes three": {"classes": list("abc")},
           "classes deep": {"classes": {"a": 1}}, "head list": {"classifier": []},
           "head none": {"classifier": None},
           "head half": {"classifier": {"weight": reference()["classifier"]["weight"]}},
           "head empty names": {"classifier": {"": torch.ones(1)}},
           "norm text": {"loss_norm": "x"},
           "norm": {"loss_norm": {"running_mean": torch.ones(3), "running_var": -torch.ones(3)}},
           "version": {"format": "barlow_kit/2"}, "format list": {"format": ["barlow_kit/1"]},
           "format tensor": {"format": torch.ones(2)}}
    for k, extra in odd.items():
        made[f"odd {k}.pt"] = (torch_bytes({**reference(), **extra}), REFUSED)
    return made

def _safetensors() -> dict:
    "Files of safetensors; none without the library."
    try: import safetensors.torch
    except ImportError: return {}
    def file(header, data=bytes(4), length=None):
        header = header if isinstance(header, bytes) else json.dumps(header).encode()
        return (len(header) if length is None else length).to_bytes(8, "little") + header + data
    def entry(shape=(1,), kind="F32", at=(0, 4)):
        return dict(dtype=kind, shape=list(shape), data_offsets=list(at))
    good = reference()
    flat = {**good["model"], **{f"classifier.{k}": v for k, v in good["classifier"].items()}}
    content = safetensors.torch.save(flat, {"format": "pt", "checkpoint": MARK})
    cases = {
        "huge": file({"w": entry((10**6, 10**6))}), "wrap": file({"w": entry((2**62, 4))}),
        "beyond": file({"w": entry(at=(0, 400), shape=(100,))}),
        "overlap": file({"w": entry(), "v": entry()}), "back": file({"w": entry(at=(4, 0))}),
        "minus": file({"w": entry((-1,))}),
        "kind": file({"w": entry(kind="O8")}), "hole": file({"w": entry(at=(4, 8))}, bytes(8)),
        "list": file([1]), "deep": file(b"{" + b'"a":{'*100_000),
        "length": file({"w": entry()}, length=2**39), "short": file({"w": entry()}, b""),
        "text": file(b"{not json}"), "none": file({}, b""),
        "metadata": file({"__metadata__": {"checkpoint": 3}, "w": entry()}),
        "foreign": file({"w": entry()}),
        "twice": file(b"{" + b",".join([b'"w":' + json.dumps(entry()).encode()]*2) + b"}")}
    made = {f"{k}.safetensors": (v, REFUSED) for k, v in cases.items()}
    made |= {f"cut {part}.safetensors": (content[:len(content)*part//100], REFUSED)
             for part in (1, 10, 50, 99)}
    return made | {"good.safetensors": (content, READ), "good safetensors.pth": (content, READ)}


KINDS = {"good": _good, "something else": _strangers, "cut or flipped": _cut,
         "a program": _programs, "odd array": _objects, "odd pickle": _pickles,
         "beyond its bytes": _tensors, "odd archive": _archives, "unsound": _unsound,
         "odd safetensors": _safetensors}

def files(
    folder,                  # Where to write them
) -> dict[str, Expected]:    # By name
    "All crafted files."
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    expected = {}
    for kind, make in KINDS.items():
        for name, (content, words) in make().items():
            (folder/name).write_bytes(content)
            expected[name] = Expected(kind, words)
    os.mkfifo(folder/"pipe.pth")
    (folder/"folder.pth").mkdir()
    (folder/"device.pth").symlink_to("/dev/zero")
    (folder/"nowhere.pth").symlink_to("nothing")
    (folder/"circle.pth").symlink_to("circle.pth")
    with socket.socket(socket.AF_UNIX) as made: made.bind(os.path.relpath(folder/"socket.pth"))
    special = ("pipe", "folder", "device", "nowhere", "circle", "socket", "missing")
    nothing = Expected("no file", "no checkpoint at")
    return expected | {f"{name}.pth": nothing for name in special}
