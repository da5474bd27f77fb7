"""Features of a frozen trunk, computed once and kept on the disk, to train the layers after it.

One view of each image is kept, so there is no augmentation but mirrored copies of the data set
(`data.mirrored`): a quick way to a good start for the new layers of section 3.1, not the paper's
own training.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..errors import CamError
from ..hashes import weights_digest
from ..keep import write_json
from ..networks.topped import CutNetwork
from .batches import Arrays, Photos
from .cached_features import CachedFeatures, Head, check_cut
from .recipe import Recipe

_EVERY = 16  # batches between two notes of how far the work is


@torch.inference_mode()
def cache_features(
    network: CutNetwork,
    images,
    folder: str | Path,
    view: str = "center",
    device: torch.device | str = "cpu",
    batch: int = 32,
    workers: int | None = None,
    progress: bool = True,
) -> CachedFeatures:
    """Trunk outputs of all images; a call that was interrupted goes on where it stopped.

    One process computes them, before `torchrun`; all processes may then train on the file.

    Args:
        images: (images, labels) or a data set, as in `cam_utils.train.fit`.
        folder: where the file lies; its name has the trunk's hash, the data set and the view.
        view: "center" or "whole", as in `Recipe.crop`; arrays are taken as they are.

    Raises:
        CamError: the network has no trunk, the disk is too small, the folder cannot be written,
            all images are broken, or a feature exceeds the range of float16.
    """
    check_cut(network)
    if view not in ("center", "whole"):
        raise CamError(f"Unknown view {view!r} for cached features; expected center or whole.")
    source = Arrays(*images) if isinstance(images, tuple) else Photos(images)
    if not len(source.labels):
        raise CamError("There is no image to compute features of: the data set is empty.")
    network.to(device).eval()
    who = {"trunk": weights_digest(network.trunk), "data": source.identity, "view": view}
    file = Path(folder) / _name(who)
    if file.exists():
        return CachedFeatures(file)
    maps, note = _begin(file, who, len(source.labels), _shape(network, source, device))
    starts = range(note["done"], len(maps), batch)
    plan = ([(0, i) for i in range(a, min(a + batch, len(maps)))] for a in starts)
    plain = Recipe(crop=view, mirror=False, shift=0)
    bar = tqdm(total=len(maps), initial=note["done"], unit="img", disable=not progress)
    loaded = source.batches(plan, plain, network.input_spec, workers)
    for count, (start, part) in enumerate(zip(starts, loaded, strict=True), 1):
        stop = min(start + batch, len(maps))
        good = part.indices[part.weights > 0].numpy()
        if len(good):
            inputs = source.prepare(part.inputs.to(device), network.input_spec)
            maps[good] = _half(network.trunk(inputs))
        note["unreadable"] += np.setdiff1d(np.arange(start, stop), good).tolist()
        note["done"] = stop
        if count % _EVERY == 0 or stop == len(maps):
            maps.flush()
            write_json(file.with_suffix(".part.json"), note)
        bar.update(stop - start)
    bar.close()
    if len(note["unreadable"]) == len(maps):
        raise CamError(f"None of the {len(maps)} images could be decoded.")
    return _finish(file, note, source.labels)


def _shape(network: CutNetwork, source, device) -> tuple[int, ...]:
    """(K, h, w) of the trunk's output; tries the new layers on it as well."""
    size = network.input_spec.size
    height, width = source.images.shape[2:] if isinstance(source, Arrays) else (size, size)
    noise = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0)).to(device)
    maps = network.trunk(noise)
    if not torch.allclose(Head(network)(maps), network(noise), rtol=1e-3, atol=1e-5):
        raise CamError(
            "The network is not its trunk, a convolution, a pooling and a linear layer, one after "
            "the other, so its new layers cannot be trained on features of the trunk."
        )
    return tuple(maps.shape[1:])


def _name(who: dict) -> str:
    data = who["data"]
    words = [who["trunk"], data["name"], data.get("split", ""), data["content"][:8], who["view"]]
    return "-".join(w.replace("/", "_") for w in words if w) + ".npy"


def _begin(file: Path, who: dict, n: int, shape: tuple[int, ...]) -> tuple[np.memmap, dict]:
    """The file under its temporary name, and the note of how far it is."""
    part, noted = file.with_suffix(".part.npy"), file.with_suffix(".part.json")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if part.exists() and noted.exists():
            note = json.loads(noted.read_text())
            maps = np.load(part, mmap_mode="r+")
            if note["identity"] == who and maps.shape == (n, *shape):
                return maps, note
        needed, free = 2 * n * int(np.prod(shape)), shutil.disk_usage(file.parent).free
        if needed > free:
            raise CamError(
                f"The features of {n} images need {needed / 1e9:.1f} GB, and {file.parent} has "
                f"{free / 1e9:.1f} GB free; choose another folder or fewer images."
            )
        note = {"identity": who, "done": 0, "unreadable": []}
        maps = np.lib.format.open_memmap(part, "w+", np.float16, (n, *shape))
        write_json(noted, note)
    except OSError as error:
        raise CamError(
            f"Cannot write features to {file.parent}: {error.strerror}. Choose another folder."
        ) from error
    return maps, note


def _half(maps: Tensor) -> np.ndarray:
    half = maps.half()
    if not torch.isfinite(half).all():
        raise CamError(
            f"The trunk's features reach {maps.abs().max().item():g}, beyond float16 (65504); "
            "scale the trunk's output, or train through the trunk."
        )
    return half.cpu().numpy()


def _finish(file: Path, note: dict, labels: np.ndarray) -> CachedFeatures:
    """Give the files their names; the features last, since their name says that all is there."""
    write_json(file.with_suffix(".json"), note | {"labels": labels.tolist()})
    file.with_suffix(".part.npy").replace(file)
    file.with_suffix(".part.json").unlink()
    return CachedFeatures(file)
