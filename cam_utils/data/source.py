"""What there is to know of a data set of photos without opening it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """What there is to know of a data set without opening it.

    Attributes:
        title: its name in words.
        opener: (module in this package, class).
        splits: what `open_images` takes. checked: the splits that `doctor` opens.
        line: one line for `available_images`.
        folders: where it may lie under the folder of data sets.
        layout: what lies there, in words. get: what to download, and where to put it.
        archives: patterns of its archives' names.
        complete: {split: number of photos}, of the checked splits. n_classes: class folders.
        used_by: sections, tables and figures of the paper.
    """

    title: str
    opener: tuple[str, str]
    splits: tuple[str, ...]
    line: str
    folders: tuple[str, ...]
    layout: str
    get: str
    archives: tuple[str, ...]
    used_by: str
    checked: tuple[str, ...] = ("all",)
    complete: dict[str, int] = field(default_factory=dict)
    n_classes: int = 0


TRAIN_TEST = ("train", "test", "all")
