"""ILSVRC2012 classification and localization, as Kaggle or image-net.org deliver it."""

from pathlib import Path

import numpy as np

from ..errors import MissingData
from .ilsvrc_files import (
    list_photos,
    parse_solution,
    read_annotation,
    read_blacklist,
    read_ground_truth,
    read_meta,
    read_solution,
    read_synsets,
    sorted_thousand,
)
from .lists import Absent, absent
from .reader import Listing, SourcePhotos
from .regions import half_open

DEVKIT = ("", "ILSVRC2012_devkit_t12/data/", "devkit/data/", "data/", "ILSVRC2012_devkit_t12/")

PHOTOS = ("Data/CLS-LOC/{}", "ILSVRC/Data/CLS-LOC/{}", "ILSVRC2012_img_{}", "{}")

BOXES = {
    "val": ("ILSVRC2012_bbox_val_v3/val", "ILSVRC2012_bbox_val_v3", "bbox_val/val", "bbox_val"),
    "train": ("ILSVRC2012_bbox_train_v2", "bbox_train_v2", "bbox_train"),
}


class ILSVRC(SourcePhotos):
    """The validation or training photos with labels and boxes.

    Class index = rank of the wnid among the sorted 1,000 (the order of Caffe and torchvision).
    Boxes: the CSV and XML files count pixels from 0 and name the last pixel inside (the largest
    xmax is width - 1); 1 is added to the maxima and nothing else. Photos are opened as stored,
    without EXIF rotation, because that is the frame of the boxes and of the published networks.

    Attributes:
        synsets: 1,000 wnids. class_words: all synonyms of each. classes: the first of each.
        blacklist: ids that the devkit leaves out of localization; empty without its file.
        unlabelled: how many photos are on the disk but not listed (they are left out too).
        boxes_from: where the boxes come from, or "".

    Opening reads lists, not photos. Only when the labels of `val` are known from nowhere but the
    XML files are these all read at once (some seconds for 50,000).

    Raises:
        MissingData: also where no list has the labels or the classes.
    """

    upright = False

    def _listing(self, root: Path) -> Listing:
        base, folder, photos = self._find_photos(root)
        # The lists may lie beside the photos' folder or one above it.
        self._places = list(dict.fromkeys([base, base / "ILSVRC", base.parent, root]))
        csv = self._find(f"LOC_{self.split}_solution.csv", folders=("", "LOC_*/"))
        solution = read_solution(csv) if csv else {}
        self._xml = None if csv else self._find_xml()
        meta = self._find("meta.mat")
        meta = read_meta(meta, self.source) if meta else None
        if self.split == "train":
            wnids, listed = {id: file.split("/")[0] for id, file in photos}, solution
        elif csv:
            wnids = {id: parse_solution(row, csv)[0] for id, row in solution.items()}
            listed = solution
        else:
            wnids = listed = self._wnids_without_csv(dict(photos), meta)
        self.synsets, self.class_words = self._class_list(meta, set(wnids.values()) - {None})
        rank = {wnid: k for k, wnid in enumerate(self.synsets)}
        kept = [(id, file) for id, file in photos if wnids.get(id) in rank]
        if not kept:
            what = f"label for any of the {len(photos):,} photos in {folder}: the lists found "
            raise absent(self.source, f"{what}under {root} belong to others, or are cut off")
        ids, files = map(list, zip(*kept, strict=True))
        self.boxes_from = csv.name if csv else (self._xml.name + "/*.xml" if self._xml else "")
        self.unlabelled = len(photos) - len(kept)
        blacklist = self._find("*validation_blacklist*.txt") if self.split == "val" else None
        self.blacklist = read_blacklist(blacklist, self.source) if blacklist else set()
        return Listing(
            folder,
            files,
            [words.split(",")[0].strip() for words in self.class_words],
            np.array([rank[wnids[id]] for id in ids]),
            known=[solution.get(id, "") for id in ids] if csv else None,
            ids=ids,
            missing=len(listed.keys() - {id for id, _ in photos}),
            walked=True,
        )

    def boxes(self, i: int) -> np.ndarray:
        if self._known[i] is not None:
            return half_open(parse_solution(self._known[i])[1])
        if self._xml is None:
            return super().boxes(i)
        folder = f"{self.synsets[self.label(i)]}/" if self.split == "train" else ""
        return half_open(read_annotation(self._xml / f"{folder}{self.ids[i]}.xml", self.source)[1])

    def notes(self) -> list[str]:
        found = f"boxes from {self.boxes_from}" if self.boxes_from else "no boxes"
        if self.boxes_from.endswith(".csv"):  # else each is a file to read
            found = f"{sum(len(row.split()) // 5 for row in self._known):,} {found}"
        blacklist = f"blacklist of {len(self.blacklist):,}" if self.blacklist else ""
        without = f"{self.unlabelled:,} photos without a label are left out"
        return [note for note in (found, blacklist, without if self.unlabelled else "") if note]

    # ------------------------------------------------------------ what lies where

    def _find_photos(self, root: Path) -> tuple[Path, Path, list[tuple[str, str]]]:
        """(base folder of the layout, folder of the photos, its photos as (id, file))."""
        bases = [root, *(root / folder for folder in self.source.folders)]
        half = [f"LOC_{self.split}_solution.csv"]
        half = [name for name in half if any((base / name).is_file() for base in bases)]
        for base in bases:
            for pattern in PHOTOS:
                folder = base / pattern.format(self.split)
                if folder.is_dir():
                    if photos := list_photos(folder, self.split):
                        return base, folder, photos
                    half.append(str(folder))
        there = f" ({half[0]} is there, the photos are not)" if half else ""
        what = f"{self.split} photo under {root}{there}"
        raise absent(self.source, what, MissingData if half else Absent)

    def _all(self, *names: str, folders=DEVKIT):
        """Every file or folder of these names (patterns) in the places where lists may lie."""
        for place in self._places:
            for name in names:
                for folder in folders:
                    yield from sorted(place.glob(folder + name))

    def _find(self, *names: str, folders=DEVKIT) -> Path | None:
        return next(self._all(*names, folders=folders), None)

    def _find_xml(self) -> Path | None:
        pattern = "ILSVRC2012_val_*.xml" if self.split == "val" else "n*/*.xml"
        names = (*BOXES[self.split], f"Annotations/CLS-LOC/{self.split}", self.split)
        folders = self._all(*names, folders=("", "ILSVRC/"))
        return next((f for f in folders if next(f.glob(pattern), None)), None)

    def _wnids_without_csv(self, photos: dict, meta) -> dict[str, str | None]:
        """{id: wnid} of the validation photos: devkit numbers, class folders, or XML."""
        truth = self._find("*validation_ground_truth.txt")
        if truth and meta:
            numbers = read_ground_truth(truth, self.source)
            return {id: meta[n][0] for id, n in numbers.items()}
        if all("/" in file for file in photos.values()):
            return {id: file.split("/")[0] for id, file in photos.items()}
        if self._xml:
            paths = self._xml.glob("ILSVRC2012_val_*.xml")
            return {p.stem: read_annotation(p, self.source)[0] for p in paths}
        found = "no list has them"
        if truth:
            found = f"found {truth.name}, whose class numbers mean nothing without meta.mat"
        raise MissingData(
            f"The labels of the validation photos under {self._places[0]} are not known: {found}. "
            "Expected LOC_val_solution.csv (Kaggle), or both the devkit's meta.mat and "
            "ILSVRC2012_validation_ground_truth.txt (ILSVRC2012_devkit_t12/data), or the XML "
            "boxes, which name the class. "
            f"{self.source.get}."
        )

    def _class_list(self, meta, used: set[str]) -> tuple[list[str], list[str]]:
        """The sorted wnids and their words, from the best source there is."""
        if path := self._find("LOC_synset_mapping.txt", "synset_words.txt"):
            return read_synsets(path, self.source)
        if meta:
            return sorted_thousand(meta.values(), path)
        if len(used) == 1000:  # the order is known; torchvision knows the names in this order
            from torchvision.models import ResNet18_Weights

            return sorted(used), list(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
        raise MissingData(
            f"The list of the 1,000 classes is not under {self._places[0]}, and the photos show "
            f"only {len(used):,} of them, so their numbers are unknown. Expected "
            "LOC_synset_mapping.txt (Kaggle), synset_words.txt (Caffe) or meta.mat "
            "(ILSVRC2012_devkit_t12/data); put one of them there."
        )
