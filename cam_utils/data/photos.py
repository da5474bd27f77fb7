"""Your own pictures, or five free photos that scikit-image ships."""

from pathlib import Path

from ..errors import MissingData
from .base import PhotoFiles
from .files import list_images

# id -> file in scikit-image's wheel (CC0 or public domain; motorcycle: Middlebury stereo, 2014)
SHIPPED = {
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
    "astronaut": "astronaut.png",
    "motorcycle": "motorcycle_left.png",
}


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
            home, files = _shipped()
            self.absent = [id for id in SHIPPED if id not in files]
            ids = list(files)
            if not ids:
                raise MissingData(_how_to_get(self.absent, home))
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
            raise MissingData(_how_to_get([id], self.folder))
        return super().index(id)


def _shipped() -> tuple[Path, dict[str, str]]:
    """scikit-image's folder of pictures and the files that are in it, by id."""
    import skimage.data

    home = Path(skimage.data.__file__).parent
    return home, {id: file for id, file in SHIPPED.items() if (home / file).is_file()}


def _how_to_get(ids: list[str], home: Path) -> str:
    return (
        f"scikit-image has no file for the photo {', '.join(ids)} in {home}. Expected "
        f"{', '.join(SHIPPED[id] for id in ids)}, which its wheel contains since version 0.22; "
        "reinstall with: pip install --force-reinstall scikit-image. Or use pictures of your own."
    )
