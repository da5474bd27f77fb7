"""Your own pictures, or five free photos that scikit-image ships."""

from pathlib import Path

from ..errors import MissingData
from ..pictures import SHIPPED, how_to_get, shipped_photos
from .base import PhotoFiles
from .files import list_images


class Photos(PhotoFiles):
    """Pictures without labels (label -1) and without boxes.

    Args:
        folder: a folder (searched with its subfolders) or one picture file; None: cat, coffee,
            rocket, astronaut and motorcycle from scikit-image, as far as they are installed.

    Attributes:
        absent: the ids of shipped photos that this scikit-image does not have on the disk.

    Ids are the short names above, or paths relative to the folder.

    Raises:
        MissingData: no such folder, no picture in it, or none of the shipped photos.
    """

    name = "photos"

    def __init__(self, folder=None):
        self.absent: list[str] = []
        if folder is None or str(folder) == "":
            home, files = shipped_photos()
            self.absent = [id for id in SHIPPED if id not in files]
            ids = list(files)
            if not ids:
                raise MissingData(how_to_get(self.absent, home))
            super().__init__(home, "all", [], ids, files.values())
            return
        folder = Path(folder).expanduser()
        if not folder.exists():
            raise MissingData(f"There is no folder or picture {folder}. Check the path.")
        home = folder if folder.is_dir() else folder.parent
        files = [p.relative_to(home).as_posix() for p in list_images(folder)]
        if not files:
            raise MissingData(
                f"There are no pictures in {folder}. Expected files such as .jpg or .png, in it "
                "or in its subfolders (hidden ones are skipped)."
            )
        super().__init__(home, "all", [], files, files)

    def index(self, id: str) -> int:
        if id in self.absent:
            raise MissingData(how_to_get([id], self.folder))
        return super().index(id)
