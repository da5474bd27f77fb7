"""Street photos with text as a network sees them: as they are, and with their words taken out.

Each photo goes through the network six times: grey and in colour; as it is, without its words, and
with as much taken elsewhere. The features before the pooling are kept, so that every detector
trained afterwards is a product with them.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from ...data import Subset
from ...data.record import Record
from ...errors import CamError
from ...features import extract
from ...features.layers import MAPS
from ...networks.gap import GapNetwork
from .text_detector import MARGIN, elsewhere, erase_words, greyscale, word_mask

COLOURS = ("grey", "colour")

AS_IT_IS, ERASED, ELSEWHERE = VERSIONS = "as it is", "words erased", "as much erased elsewhere"

PER_PHOTO = len(COLOURS) * len(VERSIONS)


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


class Versions:
    """Every photo six times, in the order of COLOURS and VERSIONS, as a data set.

    A version that a photo leaves no room for is the photo itself; `gather` marks it.
    """

    def __init__(self, photos, seed: int):
        self.dataset, self.seed = photos, seed
        self.name, self.split = f"{photos.name} in six versions", photos.split
        self.classes = list(photos.classes)
        kinds = [f"{c}, {v}" for c in COLOURS for v in VERSIONS]
        self.ids = [f"{id}: {kind}, seed {seed}" for id in photos.ids for kind in kinds]
        self._photo = lru_cache(4)(self._photo)  # its versions are asked for one after the other

    def __len__(self) -> int:
        return len(self.ids)

    def path(self, i: int) -> Path:
        """The file of the photo behind version i."""
        return self.dataset.path(i // PER_PHOTO)

    def label(self, i: int) -> int:
        return self.dataset.label(i // PER_PHOTO)

    def __getitem__(self, i: int) -> Record:
        record, made = self._photo(i // PER_PHOTO)
        colour, version = divmod(i % PER_PHOTO, len(VERSIONS))
        image = made[version] or record.image
        image = greyscale(image) if COLOURS[colour] == "grey" else image
        return replace(record, id=self.ids[i], image=image)

    def _photo(self, k: int) -> tuple[Record, list[Image.Image | None]]:
        record = self.dataset[k]
        return record, versions(record, self.seed)


def gather(
    network: GapNetwork,
    photos,
    cache: bool | str | Path | None = None,
    seed: int = 0,
    device="cpu",
    progress: bool = True,
) -> Street:
    """All six features of every photo (view "whole"); photos without words are left out.

    Args:
        network: with average pooling. photos: data set whose boxes (or masks) are words.
        cache: as of `extract`. seed: of the places elsewhere.

    Raises:
        CamError: no photo with words, or maximum pooling.
    """
    if network.pool != "avg":
        raise CamError(f"{network.name} pools maxima; expected average pooling, as GoogLeNet has.")
    places = [i for i in range(len(photos)) if len(photos.boxes(i))]
    if not places:
        raise CamError(f"None of the {len(photos)} photos of {photos.name} has words to erase.")
    with_words = Subset(photos, places)
    how = {"cache": cache, "device": device, "progress": progress}
    found = extract(network, Versions(with_words, seed), MAPS, "whole", batch=PER_PHOTO, **how)
    good = np.unique(found.places // PER_PHOTO)
    maps = found.values.reshape(len(good), len(COLOURS), len(VERSIONS), *found.values.shape[1:])
    for n, k in enumerate(good):
        record = with_words[int(k)]
        if elsewhere(word_mask(record, MARGIN), _generator(record, seed)) is None:
            maps[n][:, VERSIONS.index(ELSEWHERE)] = np.nan
    unreadable = [with_words.ids[k] for k in range(len(with_words)) if k not in good]
    kept = np.array(places)[good]
    return Street(kept, [photos.ids[i] for i in kept], unreadable, maps)


def versions(record: Record, seed: int) -> list[Image.Image | None]:
    """The picture as it is, without its words, and with as much taken elsewhere (None: no room)."""
    return [record.image, *erase_words(record, _generator(record, seed))]


def _generator(record: Record, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, *record.id.encode()])
