"""Street photos with text as a network sees them: as they are, and with their words taken out.

Each photo goes through the network six times: grey and in colour; as it is, without its words, and
with as much taken elsewhere. The features before the pooling are kept, so that every detector
trained afterwards is a product with them.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm.auto import tqdm

from ..data.record import Record
from ..errors import BrokenImage, CamError
from ..networks.gap import GapNetwork
from ..provenance import project_root, replacing, source_hash
from ..views import whole
from .text import MARGIN, RADIUS, erase_words, greyscale

COLOURS = ("grey", "colour")
AS_IT_IS, ERASED, ELSEWHERE = VERSIONS = "as it is", "words erased", "as much erased elsewhere"


@dataclass(frozen=True)
class Street:
    """What a network makes of N photos with text.

    Attributes:
        places: (N,) positions in the data set; ids: N. unreadable: ids of photos that are not in.
        maps: (N, 2, 3, K, h, w) float32 features of COLOURS and VERSIONS; NaN for the last version
            of a photo whose words leave no room elsewhere.
    """

    places: np.ndarray
    ids: list[str]
    unreadable: list[str]
    maps: np.ndarray

    def features(self, colour: str, version: str) -> np.ndarray:
        """(N, K, h, w)."""
        return self.maps[:, COLOURS.index(colour), VERSIONS.index(version)]

    def pooled(self, colour: str, version: str) -> np.ndarray:
        """(N, K), what a detector is trained on and decides by."""
        return self.features(colour, version).mean((2, 3))


class Grey:
    """A data set without its colours."""

    def __init__(self, dataset):
        self.dataset = dataset
        self.name, self.split = f"{dataset.name} grey", dataset.split
        self.classes, self.ids = list(dataset.classes), list(dataset.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def path(self, i: int) -> Path:
        """The file of picture i."""
        return self.dataset.path(i)

    def label(self, i: int) -> int:
        """Class index of picture i; no picture is opened."""
        return self.dataset.label(i)

    def __getitem__(self, i: int) -> Record:
        record = self.dataset[i]
        return replace(record, image=greyscale(record.image))


def gather(
    network: GapNetwork,
    photos,
    folder: Path | None = None,
    seed: int = 0,
    device="cpu",
    progress: bool = True,
) -> Street:
    """All six features of every photo (view "whole"); photos without words are left out.

    Args:
        network: with average pooling. photos: data set whose boxes (or masks) are words.
        folder: where each photo's features are kept, so that a run that was interrupted goes on;
            None: `.build/street` of the checkout, or nowhere.
        seed: of the places elsewhere.

    Raises:
        CamError: no photo with words, or maximum pooling.
    """
    if network.pool != "avg":
        raise CamError(f"{network.name} pools maxima; expected average pooling, as GoogLeNet has.")
    root = project_root()
    folder = folder or (root / ".build" / "street" if root else None)
    network = network.to(device).eval()
    kept, places, unreadable = [], [], []
    for i in tqdm(range(len(photos)), desc=f"{photos.name}", unit="img", disable=not progress):
        if not len(photos.boxes(i)):
            continue
        try:
            kept.append(_six(network, photos, i, folder, seed, device))
            places.append(i)
        except BrokenImage:
            unreadable.append(photos.ids[i])
    if not kept:
        raise CamError(f"None of the {len(photos)} photos of {photos.name} has words to erase.")
    return Street(np.array(places), [photos.ids[i] for i in places], unreadable, np.stack(kept))


def versions(record: Record, seed: int) -> list[Image.Image | None]:
    """The picture as it is, without its words, and with as much taken elsewhere (None: no room)."""
    rng = np.random.default_rng([seed, *record.id.encode()])
    return [record.image, *erase_words(record, rng)]


def _six(network, photos, i: int, folder, seed: int, device) -> np.ndarray:
    """(2, 3, K, h, w) float32 features of one photo, kept in a file of its own."""
    if folder:
        told = f"{network.weights_hash}{photos.path(i).stat().st_mtime_ns}{MARGIN}{RADIUS}{seed}"
        path = folder / f"{photos.ids[i].replace('/', '_')}-{source_hash(told)}.npy"
        if path.exists():
            return np.load(path)
    pictures = versions(photos[i], seed)
    views = [
        whole(greyscale(p) if colour == "grey" else p, network.input_spec).tensor
        for colour in COLOURS
        for p in (q or pictures[0] for q in pictures)
    ]
    with torch.inference_mode():
        maps = network.features(torch.stack(views).to(device)).float().cpu().numpy()
    maps = maps.reshape(len(COLOURS), len(VERSIONS), *maps.shape[1:])
    maps[:, [k for k, p in enumerate(pictures) if p is None]] = np.nan
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part, part.open("wb") as file:
            np.save(file, maps)
    return maps
