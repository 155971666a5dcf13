"""Two views of photographs in JPEG files, one core: ours against the official pipeline, image by image through PIL.

The official pipeline is written here from its published parameters. Both start from files and end with batches of normalized
224 px views; "crops only" is the loader's share, what stays on the CPU when a GPU does color and blur. 500x375 is ImageNet's
usual size. All files are parts of scikit-learn's two photographs, the large ones enlarged, so they compress better than real ones.

python benchmarks/jpeg.py"""
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image, ImageFilter, ImageOps
from sklearn.datasets import load_sample_images
from torchvision import transforms as T

from barlow_kit.augment import TwoViews, View, ViewsDataset, draw, reduce_decoding, sample_keys
from barlow_kit.data import FolderImages
from timing import machine, median_times, table

BATCH, SIZES, REPEAT = 32, ((500, 375), (2000, 1500)), 9
# In the order in which they are added up; a stage takes what it adds to the time of those before it.
STAGES = "decode", "crop", "tensor, normalize", "jitter, grayscale", "blur"


class GaussianBlur:
    def __init__(self, p): self.p = p
    def __call__(self, image):
        return image.filter(ImageFilter.GaussianBlur(random.uniform(.1, 2.))) if random.random() < self.p else image


class Solarization:
    def __init__(self, p): self.p = p
    def __call__(self, image): return ImageOps.solarize(image) if random.random() < self.p else image


def official_view(blur, solarize, stages):
    "The first `stages` of STAGES for one view."
    crop = [T.RandomResizedCrop(224, interpolation=T.InterpolationMode.BICUBIC), T.RandomHorizontalFlip(.5)]
    jitter = [T.RandomApply([T.ColorJitter(.4, .4, .2, .1)], p=.8), T.RandomGrayscale(.2)]
    tensor = [Solarization(solarize), T.ToTensor(), T.Normalize((.485, .456, .406), (.229, .224, .225))]
    return T.Compose((crop if stages > 1 else []) + (jitter if stages > 3 else []) + ([GaussianBlur(blur)] if stages > 4 else [])
                     + (tensor if stages > 2 else []))


def official(paths, stages=len(STAGES)):
    "A function that reads the files and makes both views of each, as a batch."
    view1, view2 = official_view(1., 0., stages), official_view(.1, .2, stages)
    def run():
        pairs = [(view1(image), view2(image)) for image in (Image.open(p).convert("RGB") for p in paths)]
        return [torch.stack(v) for v in zip(*pairs)] if stages > 2 else pairs
    return run


def crop_boxes(files):
    "Both crops of each image: how much they need decides how small the file may be decoded."
    index, size = torch.arange(len(files)), files.open(0).size[::-1]
    p = [draw(View(), sample_keys(index, seed=0, epoch=0, view=k), *size) for k in (0, 1)]
    return list(zip(*(torch.stack([q[k] for k in ("top", "left", "height", "width")], 1).int().tolist() for q in p)))


def ours(paths, stages=len(STAGES), pipeline="batched"):
    files, asked = FolderImages(paths), [(0, i) for i in range(len(paths))]
    if stages == 1:
        boxes = crop_boxes(files)
        def decode():
            for i, pair in enumerate(boxes): reduce_decoding(image := files.open(i), pair, 224); image.load()
        return decode
    off = ({} if stages > 3 else dict(jitter=0., grayscale=0.)) | ({} if stages > 4 else dict(blur=0.))
    views = TwoViews(*(replace(v, **off) for v in (TwoViews.imagenet().view1, TwoViews.imagenet().view2)))
    loader = ViewsDataset(files, views, pipeline=pipeline, finish=stages > 2)
    return lambda: loader.__getitems__(asked)


def photographs(folder, width, height):
    "Eight files of quality 95, as often as a batch needs them."
    paths = []
    for k, photo in enumerate(map(Image.fromarray, load_sample_images().images)):
        for left, top in [(0, 0), (140, 52), (70, 20), (30, 40)]:
            paths.append(Path(folder)/f"{width}-{k}-{left}.jpg")
            part = photo.crop((left, top, left + 500, top + 375)).resize((width, height), Image.BICUBIC)
            part.save(paths[-1], quality=95)
    return (paths*BATCH)[:BATCH]


if __name__ == "__main__":
    torch.set_num_threads(1)
    # A training process has long freed blocks larger than a batch, and the C library keeps the memory from then on. So here.
    torch.empty(31 << 20, dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        files = {f"{w}x{h}": photographs(folder, w, h) for w, h in SIZES}
        whole, parts = {}, {}
        for size, paths in files.items():
            makers = {"official, PIL": official(paths), 'ours, pipeline="pil"': ours(paths, pipeline="pil"),
                      "ours, crops only": ours(paths, 2), "ours, the whole on the CPU": ours(paths)}
            whole[size] = median_times(makers, REPEAT)
            parts[size] = median_times({(f.__name__, n): f(paths, n) for n in range(1, len(STAGES) + 1)
                                        for f in (official, ours)}, REPEAT)
    print(f"{machine()}. Pairs of 224 px views, batches of {BATCH}.\n")
    table(["files", "pipeline", "ms an image", "images/s (both views)", "ratio"],
          [[size, name, f"{1e3*t/BATCH:.2f}", f"{BATCH/t:,.0f}", f"{times['official, PIL']/t:.1f} x"]
           for size, times in whole.items() for name, t in times.items()])
    print("\nWhere the time goes, ms an image, both views:\n")
    def added(size, who, n): return 1e3/BATCH*(parts[size][who, n] - (parts[size][who, n - 1] if n > 1 else 0))
    table(["files", "pipeline", *STAGES, "sum"],
          [[size, who, *(f"{added(size, who, n):.2f}" for n in range(1, len(STAGES) + 1)),
            f"{1e3/BATCH*parts[size][who, len(STAGES)]:.2f}"] for size in files for who in ("official", "ours")])
