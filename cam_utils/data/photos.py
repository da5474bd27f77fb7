"""Your own pictures, or the free photos that come with scikit-image and scikit-learn."""

from pathlib import Path

from ..errors import MissingData
from ..pictures import SHIPPED, how_to_get, shipped_photos
from .base import PhotoFiles
from .files import list_images


class Photos(PhotoFiles):
    """Pictures without labels (label -1) and without boxes.

    Args:
        folder: a folder (searched with its subfolders) or one picture file; None: the free
            photos of `pictures.SHIPPED`, as far as they are installed.

    Attributes:
        absent: the ids of free photos that are not on the disk.

    Ids are the short names above, or paths relative to the folder.

    Raises:
        MissingData: no such folder, no picture in it, or none of the shipped photos.
    """

    name = "photos"

    def __init__(self, folder=None):
        self.absent: list[str] = []
        if folder is None or str(folder) == "":
            files = shipped_photos()
            self.absent = [id for id in SHIPPED if id not in files]
            if not files:
                raise MissingData(how_to_get(self.absent))
            super().__init__(Path(), "all", [], list(files), files.values())
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

    @classmethod
    def of_files(cls, paths) -> "Photos":
        """The pictures of some files, wherever they lie; ids are their paths."""
        photos = cls.__new__(cls)
        photos.absent = []
        files = [str(path) for path in paths]
        PhotoFiles.__init__(photos, Path(), "all", [], files, files)
        return photos

    def index(self, id: str) -> int:
        if id in self.absent:
            raise MissingData(how_to_get([id]))
        return super().index(id)
