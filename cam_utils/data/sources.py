"""What there is to know of a data set of photos without opening it: the table `SOURCES`.

Its values stand in sources.toml: one table for `open_images`, the readers and their messages,
`doctor` and the README.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """Where one part of a data set lies, under the folder of the data set.

    Attributes:
        photos: folder of the photos.
        lists: files that name them, a path under that folder a line; with {}, one for each class.
            None: all photos that lie in folders of classes.
        annotation: the file with a photo's boxes or objects; {} is the photo without extension.
    """

    photos: str = ""
    lists: tuple[str, ...] = ()
    annotation: str = ""


@dataclass(frozen=True)
class Source:
    """One data set.

    Attributes:
        name: what `open_images` takes. title: its name in words. line: what it is, in one line.
        folders: where it may lie under the folder of data sets. layout: what lies there, in words.
        download: what to get, and from where. unpack: where to put it.
        archives: patterns of its archives' names ({split}: that of a row of `doctor`).
        used_by: sections, tables and figures of the paper.
        counts: {split that `doctor` checks: photos of the complete split}; several numbers for
            several editions, none where it is not known. cited: whose numbers these are.
        n_classes: how many classes these photos have; 0: not counted.
        rows_by_split: `doctor` has a row for each split.
        reader: module in this package and class.

        parts: {split: its parts, one after the other}; the splits are what `open_images` takes.
        undivided: where all photos lie if they are not divided; that is "all".
        lists_in: folders in which lists are looked for, "" or with a slash at the end.
        markers: patterns of which one must be in the folder of the data set ({split} is the
            split); default: the list of classes, or else the lists and the folders of photos.
        classes: the list of the classes' folders, in the order of their numbers; or a pattern of
            lists, * being the class; "": the folders that are found, sorted.
        class_of: regular expression for the path of a photo; its group is the class's folder.
        named: regular expression for a class's folder; its group is the name in words.
        spaces: what stands for a space in names, beside "_".
        background: folders of photos that show no class.
        needs_annotation: a photo without its annotation is left out, and counted as missing.
        ids_with_part: ids begin with the folder of the part (they do where a split has several).
    """

    name: str
    title: str
    line: str
    folders: list[str]
    layout: str
    download: str
    archives: list[str]
    used_by: str
    counts: dict[str, int | list[int]]
    cited: str
    parts: dict[str, tuple[Part, ...]]
    unpack: str = "unpack it in the folder of data sets"
    n_classes: int = 0
    rows_by_split: bool = False
    reader: str = "reader.SourcePhotos"
    undivided: Part | None = None
    lists_in: tuple[str, ...] = ("",)
    markers: tuple[str, ...] = ()
    classes: str = ""
    class_of: str = "(.*)/[^/]*"
    named: str = "(.*)"
    spaces: str = ""
    background: tuple[str, ...] = ()
    needs_annotation: bool = True
    ids_with_part: bool = False

    @property
    def splits(self) -> tuple[str, ...]:
        """What `open_images` takes."""
        return tuple(self.parts)

    @property
    def get(self) -> str:
        """What to do to have it: a sentence without a full stop."""
        return f"Get {self.download} and {self.unpack}"

    def complete(self, split: str, there: int) -> int:
        """How many photos the split has when complete, in the edition that fits; 0: not known."""
        if split not in self.counts:
            return sum(self.complete(s, 0) for s in self.counts) if split == "all" else 0
        counts = self.counts[split]
        editions = [counts] if isinstance(counts, int) else counts
        return next((n for n in editions if n >= there), max(editions, default=0))

    def marks(self, split: str) -> list[str]:
        """Patterns of which one must be in the folder of the data set, those of a split first."""
        if self.markers:
            return [marker.format(split=split) for marker in self.markers]
        parts = [part for some in (self.parts[split], *self.parts.values()) for part in some]
        named = [name for part in parts for name in part.lists or (part.photos,)]
        named = [self.classes] if self.classes else named
        return list(dict.fromkeys(folder + name for name in named for folder in self.lists_in))


def described(name: str, given: dict) -> Source:
    """One table of sources.toml as a value.

    Raises:
        TypeError: a line that is not known, or one that is missing.
    """
    parts = given["parts"]
    for split, file in given.pop("partitions", {}).items():  # ten, numbered
        parts |= {f"{split}-{k:02}": {"lists": [file.format(k)]} for k in range(1, 11)}
    given["parts"] = {
        split: tuple(_part(parts[s]) for s in some) if isinstance(some, list) else (_part(some),)
        for split, some in parts.items()
    }
    if "undivided" in given:
        given["undivided"] = _part(given["undivided"])
    return Source(name, **given)


def _part(given: dict) -> Part:
    return Part(**given | {"lists": tuple(given.get("lists", ()))})


_TABLE = tomllib.loads(Path(__file__).with_name("sources.toml").read_text(encoding="utf-8"))

SOURCES = {name: described(name, given) for name, given in _TABLE.items()}
