"""Stanford 40 Actions: what people do, with the box of who does it."""

import numpy as np

from .lists import absent, damaged, find_list, read_lines, read_voc
from .reader import SourcePhotos
from .regions import half_open, inside


class Action40(SourcePhotos):
    """40 actions, 100 training photos of each, 5,532 test photos (Table 5, figures 1 and 8).

    Boxes show the person who does it, from `XMLAnnotations/<photo>.xml`, written as in PASCAL VOC:
    pixels counted from 1, the maxima inside. A photo whose file is absent has no boxes.

    Raises:
        MissingData: also where a list that `actions.txt` names is not there.
    """

    upright = False  # boxes are in the pixels as stored

    def _class_folders(self) -> list[str]:
        actions = super()._class_folders()
        path = find_list(self.home, self.source, "actions.txt")
        # a line of headings, then "applauding 284"
        for line, text in read_lines(path, self.source) if path.is_file() else []:
            action = text.split()[0]
            if action not in (*actions, "action_name"):
                what = f"list {path.parent / action}_train.txt, named in {path}:{line}"
                raise absent(self.source, what)
        return actions

    def boxes(self, i: int) -> np.ndarray:
        path = self.home / self._known[i]
        if not path.is_file():
            return super().boxes(i)
        _, listed = read_voc(path, self.source)
        for box in listed[(listed[:, 2:] < listed[:, :2]).any(1)]:
            found = f"the box {[f'{v:g}' for v in box]}"
            raise damaged(path, None, found, "numbers with xmax >= xmin")
        return inside(half_open(listed, first=1), self.size(i))
