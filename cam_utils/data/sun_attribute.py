"""SUN Attribute: scenes with how many of three people saw each of 102 attributes."""

from pathlib import Path

import numpy as np

from ..errors import unknown
from .base import PhotoFiles
from .files import data_root
from .lists import absent, damaged, find_home, present, stem
from .sources import SOURCES

SOURCE = SOURCES["sun_attribute"]

VOTES = 3  # people asked for each photo and attribute


class SUNAttribute(PhotoFiles):
    """14,340 photos with 102 attributes, one split "all" (Table 5: mean average precision).

    `classes` are the attributes; a photo has several, so `label` is -1: use `attributes(i)`, the
    share of the three votes, or `votes`, the same of all photos. An attribute counts as present
    (`present(i)`) from two votes on, as in its authors' toolbox.
    Photos lie under `images/` (or beside it, or in SUN397/) as `a/abbey/….jpg`.

    Attributes:
        votes: (N, 102) float32 in {0, 1/3, 2/3, 1}.

    Raises:
        MissingData: a .mat file or all photos are not there. CamError: a damaged .mat file.
    """

    name = "sun_attribute"

    def __init__(self, split: str = "all", root=None):
        if split not in SOURCE.splits:
            raise unknown("split of sun_attribute", split, SOURCE.splits)
        root = data_root(root)
        home = find_home(root, SOURCE, "attributeLabels_continuous.mat", "images.mat")
        files = _strings(home / "images.mat", "images")
        names = _strings(home / "attributes.mat", "attributes")
        votes = _votes(home / "attributeLabels_continuous.mat", len(files), len(names))
        places = [home / "images", home / "SUN", home, root / "SUN397", root]
        folder = next((p for p in places if any((p / f).is_file() for f in files[:50])), places[0])
        kept, found = present(folder, files, SOURCE)
        self.missing = len(files) - len(kept)
        self.votes = votes[kept]
        super().__init__(folder, split, names, [stem(f) for f in found], found)

    def attributes(self, i: int) -> np.ndarray:
        """(102,) float32: the share of the three votes for each attribute of photo i."""
        return self.votes[i]

    def present(self, i: int) -> np.ndarray:
        """(102,) bool: the attributes of photo i with two votes or more."""
        return self.votes[i] * VOTES > 1.5


def _strings(path: Path, name: str) -> list[str]:
    """A cell array (n, 1) of strings."""
    cells = _mat(path, name).ravel()
    try:
        return [str(np.asarray(cell).ravel()[0]) for cell in cells]
    except IndexError:
        raise damaged(path, None, "an empty cell", "a string in each") from None


def _votes(path: Path, rows: int, columns: int) -> np.ndarray:
    votes = np.asarray(_mat(path, "labels_cv"))
    if votes.shape != (rows, columns):
        raise damaged(path, None, f"a table of shape {votes.shape}", f"{(rows, columns)}")
    whole = np.rint(votes * VOTES)
    # stored with few digits in some editions: 0.33 for a third
    if not (np.abs(votes * VOTES - whole) < 0.1).all() or whole.min() < 0 or whole.max() > VOTES:
        raise damaged(path, None, "values that are no thirds", "0, 1/3, 2/3 or 1")
    return (whole / VOTES).astype(np.float32)


def _mat(path: Path, name: str) -> np.ndarray:
    from scipy.io import loadmat

    if not path.is_file():
        raise absent(SOURCE, f"file {path}")
    try:
        return loadmat(path)[name]
    except Exception as error:  # scipy raises almost anything on a damaged file
        found = f"no readable {name!r} ({type(error).__name__}: {error})"
        raise damaged(path, None, found, f"the variable {name!r} of a .mat file") from error
