"""Two views of 32-pixel images, one core: the batched form against the usual torchvision/PIL pipeline, image by image.

Both start from what CIFAR-10 is in memory (bytes) and end with a batch of 256 pairs of normalized tensors.

python benchmarks/views.py"""
import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision import transforms as T

from barlow_kit.augment import TwoViews
from timing import machine, median_times, table

BATCH = 256


class Solarize:
    def __init__(self, p): self.p = p
    def __call__(self, image): return ImageOps.solarize(image) if torch.rand(1) < self.p else image


def pipeline(solarize):
    "The paper's distortions at 32 pixels, from torchvision's classes on PIL images; no blur, as in TwoViews.cifar10()."
    return T.Compose([T.RandomResizedCrop(32, interpolation=T.InterpolationMode.BICUBIC), T.RandomHorizontalFlip(),
                      T.RandomApply([T.ColorJitter(.4, .4, .2, .1)], p=.8), T.RandomGrayscale(.2), Solarize(solarize), T.ToTensor(),
                      T.Normalize((.4914, .4822, .4465), (.2470, .2435, .2616))])


if __name__ == "__main__":
    torch.set_num_threads(1)
    pictures = np.random.RandomState(0).randint(0, 256, (BATCH, 32, 32, 3), dtype=np.uint8)
    tensor, index = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous(), torch.arange(BATCH)
    view1, view2, two_views = pipeline(0.), pipeline(.2), TwoViews.cifar10()

    def one_by_one():
        pairs = [(view1(image), view2(image)) for image in map(Image.fromarray, pictures)]
        return [torch.stack(v) for v in zip(*pairs)]

    def through_pil(): return [two_views(Image.fromarray(p), seed=0, index=i) for i, p in enumerate(pictures)]
    def batched(): return two_views.batch(tensor, index)

    # A training process has long freed blocks larger than a batch, and the C library keeps the memory from then on. So here.
    torch.empty(31 << 20, dtype=torch.uint8)
    times = median_times({"torchvision and PIL, image by image": one_by_one, "TwoViews.cifar10()(image)": through_pil,
                          "TwoViews.cifar10().batch(images)": batched}, repeat=9, warmup=2)
    base = times["torchvision and PIL, image by image"]
    print(f"{machine()}. Pairs of 32 px views, batches of {BATCH}.\n")
    table(["pipeline", "images/s (both views)", "ratio"], [[n, f"{BATCH/t:,.0f}", f"{base/t:.1f} x"] for n, t in times.items()])
