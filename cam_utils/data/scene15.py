"""Scene15: fifteen classes of indoor and outdoor scenes, mostly grey photos (Table 5)."""

from .reader import SourcePhotos

CLASSES = (
    *("bedroom", "coast", "forest", "highway", "industrial", "insidecity", "kitchen"),
    *("livingroom", "mountain", "office", "opencountry", "store", "street", "suburb"),
    "tallbuilding",
)

_WHOSE = ("mit", "cal", "par")  # before some class names in the first distribution


class Scene15(SourcePhotos):
    """Photos in `15-Scene/<class>/`, or in `train/<class>/` and `test/<class>/` below it.

    The first is the original layout and has no given split: open "all" and divide it, with
    `cam_utils.features.split_indices(labels, 100, seed=…)`, as is usual. Its class folders may
    have their first names ("MITcoast", "CALsuburb"). "all" works in both layouts.
    """

    def _class_folders(self) -> list[str]:
        return list(CLASSES)

    def _class_of(self, photo: str) -> str | None:
        return class_of(photo.split("/")[0])


def class_of(folder: str) -> str | None:
    """The class of a folder, or None: "MITcoast" and "coast" are one."""
    name = folder.lower().replace("_", "").replace(" ", "")
    if name not in CLASSES and name[:3] in _WHOSE:
        name = name[3:]
    return name if name in CLASSES else None
