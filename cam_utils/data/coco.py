"""Photos of COCO: with the sentences that people wrote about them, and with questions (VQA)."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from sys import intern

from .lists import damaged, find_home, find_list, read_json
from .reader import Listing, SourcePhotos
from .record import Question, Record

# where the folder val2014/ may lie under the folder of data sets
PHOTOS = ("COCO", "coco", "mscoco", ".", "COCO/images", "coco/images", "VQA/Images/mscoco")


class CocoPhotos(SourcePhotos):
    """Photos of COCO, wherever they lie; no labels (-1), no boxes."""

    upright = False  # as in COCO's other annotations

    def _opened(self, root: Path) -> tuple[list[Path], Path]:
        """(the lists of this split, whether they are there or not; the folder of its photos)."""
        self.home = find_home(root, self.source, self.split)
        part = self.source.parts[self.split][0]
        lists = [find_list(self.home, self.source, name) for name in part.lists]
        places = [self.home, self.home / "images", *(root / p for p in PHOTOS)]
        folders = [place / part.photos for place in places]
        return lists, next((f for f in folders if f.is_dir()), root / "COCO" / part.photos)


class CocoCaptions(CocoPhotos):
    """Captioned photos (figure 10): about five sentences each.

    Splits "val" and "train" are those of 2014, "val2017" and "train2017" the later ones. A
    record's `caption` has all sentences, one a line. Photos without a sentence are left out.
    """

    def _listing(self, root: Path) -> Listing:
        (path,), folder = self._opened(root)
        content = read_json(path, self.source, "images", "annotations")
        captions: dict[int, list[str]] = {}
        try:
            for row in content["annotations"]:
                captions.setdefault(row["image_id"], []).append(str(row["caption"]).strip())
            images = [r for r in content["images"] if r["id"] in captions]
            files = [r["file_name"] for r in images]
            sizes = [(int(r["width"]), int(r["height"])) for r in images]
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, None, f"a row without {error}", "COCO's keys") from error
        sentences = [tuple(captions[r["id"]]) for r in images]
        return Listing(folder, files, known=list(zip(sentences, sizes, strict=True)))

    def captions(self, i: int) -> tuple[str, ...]:
        """The sentences about photo i."""
        return self._known[i][0]

    def size(self, i: int) -> tuple[int, int]:
        return self._known[i][1]

    def __getitem__(self, i: int) -> Record:
        return replace(super().__getitem__(i), caption="\n".join(self.captions(i)))


class VQA(CocoPhotos):
    """Photos that somebody asked about (figure 12); questions of photos on the disk only.

    Version 1 is the paper's; in version 2 each question has two photos with different answers.
    The answer to a question is the one that most of its ten people gave, of equally frequent ones
    the first given; "" in "test", whose answers are not public. `kind` is the answer's:
    "yes/no", "number" or "other".

    Attributes:
        question_list: every question, as `Question(id, image, text, answer, kind, evidence=None)`;
            `image` numbers this data set's photos (also where a subset of it is used).

    Raises:
        MissingData: no questions, no answers (but in "test") or no photos. CamError: a damaged
            file; questions and answers that do not belong together.
    """

    def __init__(self, name: str, split: str, root=None):
        super().__init__(name, split, root)
        number = {image: k for k, image in enumerate(self._known)}
        self.question_list = [
            Question(id, number[image], text, self._most(id), self._kinds.get(id, ""))
            for id, image, text in self._asked
            if image in number
        ]
        self._by_photo = [[] for _ in self.ids]
        for k, question in enumerate(self.question_list):
            self._by_photo[question.image].append(k)
        del self._asked, self._kinds

    def _listing(self, root: Path) -> Listing:
        lists, folder = self._opened(root)
        path = next((path for path in lists if path.is_file()), lists[0])
        self._asked, self._answers, self._kinds = self._questions(path), {}, {}
        if given := self.source.parts[self.split][0].annotation:
            given = find_list(self.home, self.source, given)
            self._answers, self._kinds = self._given(given)
            if lacking := [id for id, *_ in self._asked if not self._answers.get(id)]:
                found = f"no answer to question {lacking[0]} of {path.name}"
                raise damaged(given, None, found, "ten for each")
        photos = list(dict.fromkeys(image for _, image, _ in self._asked))
        part = self.source.parts[self.split][0].photos
        return Listing(folder, [f"COCO_{part}_{id:012d}.jpg" for id in photos], known=photos)

    def questions(self, i: int) -> tuple[Question, ...]:
        """The questions about photo i."""
        return tuple(self.question_list[k] for k in self._by_photo[i])

    def human_answers(self, id: str) -> tuple[str, ...]:
        """What the people answered to a question, about ten; none in "test"."""
        return self._answers.get(str(id), ())

    def _most(self, id: str) -> str:
        answers = self._answers.get(id)
        return Counter(answers).most_common(1)[0][0] if answers else ""

    def _questions(self, path: Path) -> list[tuple[str, int, str]]:
        """(id, COCO's number of the photo, text) of the questions of a file."""
        rows = read_json(path, self.source, "questions")["questions"]
        try:
            return [(str(r["question_id"]), int(r["image_id"]), str(r["question"])) for r in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, None, f"a row without {error}", "VQA's keys") from error

    def _given(self, path: Path) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
        """({question: what its people answered}, {question: kind of the answer}) of a file."""
        answers, kinds = {}, {}
        try:
            for row in read_json(path, self.source, "annotations")["annotations"]:
                id = str(row["question_id"])
                kinds[id] = intern(str(row["answer_type"]))
                answers[id] = tuple(intern(str(a["answer"])) for a in row["answers"])
        except (KeyError, TypeError) as error:
            raise damaged(path, None, f"a row without {error}", "VQA's keys") from error
        return answers, kinds
