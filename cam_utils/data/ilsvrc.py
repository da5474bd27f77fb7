"""ILSVRC2012 classification and localization, as Kaggle or image-net.org deliver it."""

from pathlib import Path

import numpy as np

from ..errors import CamError, MissingData, unknown
from .base import PhotoFiles, half_open
from .files import data_root
from .ilsvrc_files import (
    list_photos,
    parse_solution,
    read_blacklist,
    read_ground_truth,
    read_meta,
    read_solution,
    read_synsets,
    read_xml,
)

SPLITS = ("val", "train")

BASES = (".", "ILSVRC", "imagenet-object-localization-challenge", "ILSVRC2012", "imagenet")

DEVKIT = ("", "ILSVRC2012_devkit_t12/data/", "devkit/data/", "data/", "ILSVRC2012_devkit_t12/")

PHOTOS = ("Data/CLS-LOC/{}", "ILSVRC/Data/CLS-LOC/{}", "ILSVRC2012_img_{}", "{}")

BOXES = {
    "val": ("ILSVRC2012_bbox_val_v3/val", "ILSVRC2012_bbox_val_v3", "bbox_val/val", "bbox_val"),
    "train": ("ILSVRC2012_bbox_train_v2", "bbox_train_v2", "bbox_train"),
}

DOWNLOAD = (
    "Get it from kaggle.com/c/imagenet-object-localization-challenge (unpack to <root>/ILSVRC), "
    "or from image-net.org: ILSVRC2012_img_val.tar, ILSVRC2012_bbox_val_v3.tgz and "
    "ILSVRC2012_devkit_t12.tar.gz, each unpacked to the folder of its name in <root>/ILSVRC"
)


class ILSVRC(PhotoFiles):
    """The validation or training photos with labels and boxes.

    Class index = rank of the wnid among the sorted 1,000 (the order of Caffe and torchvision).
    Boxes: the CSV and XML files count pixels from 0 and name the last pixel inside (the largest
    xmax is width - 1); 1 is added to the maxima and nothing else. Photos are opened as stored,
    without EXIF rotation, because that is the frame of the boxes and of the published networks.

    Attributes:
        synsets: 1,000 wnids. class_words: all synonyms of each. classes: the first of each.
        blacklist: ids that the devkit leaves out of localization; empty without its file.
        missing: how many photos are listed but not on the disk (they are left out).
        unlabelled: how many photos are on the disk but not listed (left out too).
        boxes_from: where the boxes come from, or "".

    Opening reads lists, not photos. Only when the labels of `val` are known from nowhere but the
    XML files are these all read at once (some seconds for 50,000).

    Raises:
        MissingData: no photos, no labels or no class list under the root.
        CamError: unknown split; a damaged list.
    """

    name = "ilsvrc"
    upright = False

    def __init__(self, split: str = "val", root=None):
        if split not in SPLITS:
            raise unknown("split of ilsvrc", split, SPLITS)
        root = data_root(root)
        base, folder, photos = find_photos(root, split)
        # The lists may lie beside the photos' folder or one above it.
        self._places = list(dict.fromkeys([base, base / "ILSVRC", base.parent, root]))
        self._xml, self._rows = None, None

        solution, csv = self._find_solution(split)
        if solution is None:
            self._xml = self._find_xml(split)
        meta = self._find("meta.mat")
        meta = read_meta(meta) if meta else None
        present = [id for id, _ in photos]
        if split == "train":
            wnids = {id: file.split("/")[0] for id, file in photos}
            listed = solution or {}
        elif solution is not None:
            wnids = {id: parse_solution(row, csv)[0] for id, row in solution.items()}
            listed = solution
        else:
            wnids = self._wnids_without_csv(dict(photos), meta)
            listed = wnids
        self.synsets, self.class_words = self._class_list(meta, set(wnids.values()) - {None})
        rank = {wnid: k for k, wnid in enumerate(self.synsets)}
        kept = [(id, file) for id, file in photos if wnids.get(id) in rank]
        if not kept:
            raise MissingData(
                f"None of the {len(photos):,} photos in {folder} has a label in the lists found "
                f"under {root}. The lists belong to other photos, or are cut off. {DOWNLOAD}."
            )
        ids, files = zip(*kept, strict=True)
        labels = np.array([rank[wnids[id]] for id in ids])
        names = [words.split(",")[0].strip() for words in self.class_words]
        super().__init__(folder, split, names, ids, files, labels)

        if solution is not None:
            self._rows = [solution.get(id, "") for id in ids]
        self.boxes_from = csv.name if csv else (self._xml.name + "/*.xml" if self._xml else "")
        self.missing = len(listed.keys() - set(present))
        self.unlabelled = len(photos) - len(kept)
        blacklist = self._find("*validation_blacklist*.txt") if split == "val" else None
        self.blacklist = read_blacklist(blacklist) if blacklist else set()

    def boxes(self, i: int) -> np.ndarray:
        if self._rows is not None:
            return half_open(parse_solution(self._rows[i])[1])
        if self._xml is not None:
            name = f"{self.ids[i]}.xml"
            if self.split == "train":
                name = f"{self.synsets[self.label(i)]}/{name}"
            return half_open(read_xml(self._xml / name)[1])
        return super().boxes(i)

    def __repr__(self) -> str:
        notes = [f"boxes from {self.boxes_from}" if self.boxes_from else "no boxes"]
        if self.missing:
            notes.append(f"{self.missing:,} listed photos are not on the disk")
        if self.unlabelled:
            notes.append(f"{self.unlabelled:,} photos without a label are left out")
        return f"{super().__repr__()}; {'; '.join(notes)}"

    def _all(self, *names: str, folders=DEVKIT):
        """Every file or folder of these names (patterns) in the places where lists may lie."""
        for place in self._places:
            for name in names:
                for folder in folders:
                    yield from sorted(place.glob(folder + name))

    def _find(self, *names: str, folders=DEVKIT) -> Path | None:
        return next(self._all(*names, folders=folders), None)

    def _find_solution(self, split) -> tuple[dict | None, Path | None]:
        path = self._find(f"LOC_{split}_solution.csv", folders=("", "LOC_*/"))
        return (read_solution(path), path) if path else (None, None)

    def _find_xml(self, split) -> Path | None:
        pattern = "ILSVRC2012_val_*.xml" if split == "val" else "n*/*.xml"
        names = (*BOXES[split], f"Annotations/CLS-LOC/{split}", split)
        folders = self._all(*names, folders=("", "ILSVRC/"))
        return next((f for f in folders if next(f.glob(pattern), None)), None)

    def _wnids_without_csv(self, photos: dict, meta) -> dict[str, str | None]:
        """{id: wnid} of the validation photos: devkit numbers, class folders, or XML."""
        truth = self._find("*validation_ground_truth.txt")
        if truth and meta:
            numbers = read_ground_truth(truth)
            if odd := set(numbers.values()) - meta.keys():
                raise CamError(f"{truth} has the class number {min(odd)}; expected 1 to 1000.")
            return {id: meta[n][0] for id, n in numbers.items()}
        if all("/" in file for file in photos.values()):
            return {id: file.split("/")[0] for id, file in photos.items()}
        if self._xml:
            ids = [p.stem for p in self._xml.glob("ILSVRC2012_val_*.xml")]
            return {id: read_xml(self._xml / f"{id}.xml")[0] for id in ids}
        found = (
            f"{truth.name}, whose class numbers mean nothing without meta.mat" if truth else "none"
        )
        raise MissingData(
            f"The labels of the validation photos under {self._places[0]} are not known. Found: "
            f"{found}. Expected LOC_val_solution.csv (Kaggle), or both "
            "ILSVRC2012_validation_ground_truth.txt and meta.mat (ILSVRC2012_devkit_t12/data), or "
            f"the XML boxes, which name the class. {DOWNLOAD}."
        )

    def _class_list(self, meta, used: set[str]) -> tuple[list[str], list[str]]:
        """The sorted wnids and their words, from the best source there is."""
        path = self._find("LOC_synset_mapping.txt", "synset_words.txt")
        if path:
            return read_synsets(path)
        if meta:
            wnids, words = zip(*sorted(meta.values()), strict=True)
            return list(wnids), list(words)
        if len(used) == 1000:  # the order is known; torchvision knows the names in this order
            from torchvision.models import ResNet18_Weights

            return sorted(used), list(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
        raise MissingData(
            f"The list of the 1,000 classes is not under {self._places[0]}, and the photos show "
            f"only {len(used):,} of them, so their numbers are unknown. Expected "
            "LOC_synset_mapping.txt (Kaggle), synset_words.txt (Caffe) or meta.mat "
            "(ILSVRC2012_devkit_t12/data); put one of them there."
        )


def find_photos(root: Path, split: str) -> tuple[Path, Path, list[tuple[str, str]]]:
    """(base folder of the layout, folder of the photos, its photos as (id, file)).

    Raises:
        MissingData: no folder under the root has photos of this split.
    """
    tried = []
    for base in (root / b for b in BASES):
        for pattern in PHOTOS:
            folder = base / pattern.format(split)
            if folder.is_dir():
                if photos := list_photos(folder, split):
                    return base, folder, photos
                tried.append(str(folder))
    there = f" (there but without photos: {', '.join(tried)})" if tried else ""
    raise MissingData(
        f"There are no ILSVRC {split} photos under {root}{there}. Expected for example "
        f"ILSVRC/ILSVRC/Data/CLS-LOC/{split}/ or ILSVRC/ILSVRC2012_img_{split}/. {DOWNLOAD}."
    )
