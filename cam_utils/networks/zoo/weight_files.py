"""Weight files that users bring: where each lies, who published it, whether it is intact."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ...errors import BrokenWeights, MissingData


@dataclass(frozen=True)
class WeightFile:
    """A published file of weights, in `<root>/weights/`.

    Attributes:
        names: the file names that it is accepted under.
        published: where, in words.
        hashes: its sha1 or sha256, one for each edition; none: not known, not checked.
    """

    names: tuple[str, ...]
    published: str
    hashes: tuple[str, ...] = ()

    def here(self, root: str | Path | None) -> Path | None:
        """Its path, or None."""
        paths = [Path(root) / "weights" / name for name in self.names] if root else []
        return next((path for path in paths if path.is_file()), None)

    def find(self, network: str, root: str | Path | None) -> Path:
        """Its path; `MissingData` where it is not."""
        if path := self.here(root):
            return path
        where = f"it is not in {Path(root) / 'weights'}" if root else "no data folder was given"
        raise MissingData(
            f"{network} needs its weight file {' or '.join(self.names)}, and {where}. Get it from "
            f"{self.published}, put it into a folder weights/ and give that folder's parent."
        )

    def checked(self, path: Path, network: str) -> str:
        """The file's sha256; `BrokenWeights` if its known hashes are others."""
        found = {}
        for kind in ("sha256", "sha1") if self.hashes else ("sha256",):
            with path.open("rb") as file:
                found[kind] = hashlib.file_digest(file, kind).hexdigest()
        if self.hashes and not set(self.hashes) & set(found.values()):
            raise BrokenWeights(
                f"{path} is not the published weight file of {network}: found sha1 "
                f"{found['sha1']} ({path.stat().st_size:,} bytes), expected "
                f"{' or '.join(self.hashes)}. The download was probably cut short: fetch it again "
                f"from {self.published}."
            )
        return found["sha256"]
