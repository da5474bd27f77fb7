"""A data set whose pictures stay in memory once they were drawn or decoded."""

from dataclasses import replace

from .record import Record


class InMemory:
    """All is the data set's own; a picture is made once. For sets that several networks look at.

    Records lose their masks and parts, which would take more room than the pictures.
    """

    def __init__(self, dataset):
        self.dataset, self._kept = dataset, {}

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: int) -> Record:
        if i not in self._kept:
            self._kept[i] = replace(self.dataset[i], masks=None, parts=None)
        return self._kept[i]

    def __getattr__(self, name: str):
        if name.startswith("_") or name == "dataset":  # pickle asks before there is a dataset
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __repr__(self) -> str:
        return f"{self.dataset!r}, in memory"
