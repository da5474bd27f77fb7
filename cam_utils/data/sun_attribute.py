"""SUN Attribute: scenes with how many of three people saw each of 102 attributes."""

from pathlib import Path

import numpy as np

from .lists import damaged, find_home, read_mat
from .reader import Listing, SourcePhotos

VOTES = 3  # people asked for each photo and attribute


class SUNAttribute(SourcePhotos):
    """14,340 photos with 102 attributes, one split "all" (Table 5: mean average precision).

    `classes` are the attributes; a photo has several, so `label` is -1: use `present(i)`, or
    `votes`, the share of the three votes for each. An attribute counts as present from two votes
    on, as in its authors' toolbox.
    Photos lie under `images/` (or beside it, or in SUN397/) as `a/abbey/….jpg`.

    Attributes:
        votes: (N, 102) float32 in {0, 1/3, 2/3, 1}.

    Raises:
        MissingData: a .mat file or all photos are not there. CamError: a damaged .mat file.
    """

    def __init__(self, name: str, split: str, root=None):
        super().__init__(name, split, root)
        self.votes = np.array(self._known)

    def _listing(self, root: Path) -> Listing:
        home = find_home(root, self.source, self.split)
        files = self._strings(home / "images.mat", "images")
        names = self._strings(home / "attributes.mat", "attributes")
        votes = self._votes(home / "attributeLabels_continuous.mat", len(files), len(names))
        places = [home / "images", home / "SUN", home, root / "SUN397", root]
        folder = next((p for p in places if any((p / f).is_file() for f in files[:50])), places[0])
        return Listing(folder, files, names, known=list(votes))

    def _strings(self, path: Path, name: str) -> list[str]:
        """A cell array (n, 1) of strings."""
        cells = read_mat(path, self.source, name).ravel()
        try:
            return [str(np.asarray(cell).ravel()[0]) for cell in cells]
        except IndexError:
            raise damaged(path, None, "an empty cell", "a string in each") from None

    def _votes(self, path: Path, rows: int, columns: int) -> np.ndarray:
        votes = np.asarray(read_mat(path, self.source, "labels_cv"))
        if votes.shape != (rows, columns):
            raise damaged(path, None, f"a table of shape {votes.shape}", f"{(rows, columns)}")
        whole = np.rint(votes * VOTES)
        # stored with few digits in some editions: 0.33 for a third
        third = (np.abs(votes * VOTES - whole) < 0.1).all()
        if not third or whole.min() < 0 or whole.max() > VOTES:
            raise damaged(path, None, "values that are no thirds", "0, 1/3, 2/3 or 1")
        return (whole / VOTES).astype(np.float32)

    def present(self, i: int) -> np.ndarray:
        """(102,) bool: the attributes of photo i with two votes or more."""
        return self.votes[i] * VOTES > 1.5
