"""What it costs to know a folder by its content: 100,000 small files, beside a plain listing with sizes.

python benchmarks/identity.py [FILES]"""
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from barlow_kit.files import folder_images, identify
from timing import machine, median_times, table

FILES, FOLDERS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, 100


def draw(root: Path) -> None:
    "Small files with the names of images, in class folders. What is in them does not matter: none is decoded."
    chance = random.Random(0)
    for k in range(FOLDERS):
        (root/f"{k:03}").mkdir()
        for i in range(k, FILES, FOLDERS): (root/f"{k:03}"/f"{i:08}.jpg").write_bytes(chance.randbytes(1000 + i % 500))


def listing(folder: str) -> list:
    "Names and sizes as Python's own means give them."
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(): found += listing(entry.path)
            else: found.append((entry.path, entry.stat().st_size))
    return found


if __name__ == "__main__":
    root = Path(tempfile.mkdtemp())
    try:
        draw(root)
        images = folder_images(root)
        assert sorted((str(root/name), size) for name, size in images.listing()) == sorted(listing(str(root)))
        times = median_times({"a plain listing with sizes": lambda: listing(str(root)),
                              "the identity": lambda: identify(images),
                              "finding the images (`folder_images`)": lambda: folder_images(root)}, repeat=7)
    finally: shutil.rmtree(root)
    plain = times["a plain listing with sizes"]
    print(f"{machine()}. {FILES:,} files of 1.0 to 1.5 kB in {FOLDERS} folders, in the cache of the file system; median of 7, in turns.\n")
    table(["", "s", "times the listing"], [[name, f"{t:.2f}", f"{t/plain:.2f}"] for name, t in times.items()])
