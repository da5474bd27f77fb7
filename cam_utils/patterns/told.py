"""What is told of the pictures of a data set: captions and questions, without the pictures.

Drawn pictures have to be drawn again before their captions are known; so these are kept on the
disk, under a name that says which data set and which drawing code they are of.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm.auto import tqdm

from ..data.questions import Question
from ..errors import CamError
from ..features.cache import default_folder
from ..features.sources import content
from ..provenance import source_hash, write_json


@dataclass(frozen=True)
class Told:
    """What is told of N pictures.

    Attributes:
        captions: for each picture its sentences. questions: of all, in the pictures' order;
            `Question.image` is the number in the data set.
    """

    captions: list[list[str]]
    questions: list[Question]


def told(images, folder: Path | None = None, progress: bool = True) -> Told:
    """Captions and questions of all pictures of a data set that has either.

    Args:
        images: with `captions(i)` or `questions(i)`, or both.
        folder: where they are kept; None: `.build/told` of the checkout, or nowhere.

    Raises:
        CamError: the data set tells nothing.
    """
    ways = [way for way in ("captions", "questions") if hasattr(images, way)]
    if not ways:
        raise CamError(
            f"{images.name} has no captions and no questions; expected a data set such as "
            "mini/scenes, coco_captions or vqa."
        )
    if folder is None and (features := default_folder()):
        folder = features.parent / "told"
    key = source_hash("\0".join([images.name, images.split, content(images), *images.ids]))
    path = folder / f"{images.name.replace('/', '_')}-{images.split}-{key}.json" if folder else None
    if path and path.exists():
        found = json.loads(path.read_text())
        return Told(found["captions"], [Question(**q) for q in found["questions"]])
    captions, questions = [], []
    for i in tqdm(range(len(images)), desc=f"{images.name} told", disable=not progress):
        captions.append(list(images.captions(i)) if "captions" in ways else [])
        questions += images.questions(i) if "questions" in ways else []
    if path:
        write_json(path, {"captions": captions, "questions": [asdict(q) for q in questions]})
    return Told(captions, questions)
