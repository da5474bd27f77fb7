"""Questions about COCO photos with ten people's answers: VQA v1 and v2."""

from collections import Counter
from pathlib import Path
from sys import intern

from ..errors import unknown
from .base import PhotoFiles
from .coco import photo_folder, read_json
from .files import data_root
from .lists import absent, damaged, find_home, on_disk, stem
from .record import Question
from .sources import SOURCES, Source

TASKS = ("OpenEnded", "MultipleChoice")

YEAR = {"val": "val2014", "train": "train2014", "test": "test2015"}


class VQA(PhotoFiles):
    """COCO photos that somebody asked about (figure 12); questions of photos on the disk only.

    The answer to a question is the one that most of its ten people gave, of equally frequent ones
    the first given; "" in "test", whose answers are not public. `kind` is the answer's:
    "yes/no", "number" or "other". The JSON files lie in VQA/, VQA/Questions/, VQA/Annotations/.

    Attributes:
        question_list: every question, as `Question(id, image, text, answer, kind, evidence=None)`;
            `image` numbers this data set's photos (also where a subset of it is used).

    Raises:
        MissingData: no questions, no answers (but in "test") or no photos. CamError: unknown
            split; a damaged file; questions and answers that do not belong together.
    """

    prefix = ""  # of the files' names
    upright = False

    def __init__(self, split: str = "val", root=None):
        source = SOURCES[self.name]
        if split not in source.splits:
            raise unknown(f"split of {self.name}", split, source.splits)
        root, part = data_root(root), YEAR[split]
        names = [f"{self.prefix}{task}_mscoco_{part}_questions.json" for task in TASKS]
        markers = [f"{folder}{name}" for name in names for folder in ("", "Questions/")]
        self._home = find_home(root, source, *markers)
        self._choices_path = self._path(names[1], "Questions")
        path = self._path(names[0], "Questions")
        path = path if path.is_file() else self._choices_path
        answers_path = self._path(f"{self.prefix}mscoco_{part}_annotations.json", "Annotations")
        asked = _asked(path, source)
        self._answers, kinds = _given(answers_path, source) if split != "test" else ({}, {})
        photos = list(dict.fromkeys(image for _, image, _ in asked))
        files = [f"COCO_{part}_{id:012d}.jpg" for id in photos]
        lacking = [id for id, *_ in asked if not self._answers.get(id)]
        if lacking and split != "test":
            found = f"no answer to question {lacking[0]} of {path.name}"
            raise damaged(answers_path, None, found, "ten for each")
        folder = photo_folder(root, self._home, part)
        found = on_disk(folder, files)
        number = {id: k for k, id in enumerate(i for i, f in zip(photos, found, strict=True) if f)}
        if not number:
            raise absent(source, f"photo of the {len(files):,} in the questions in {folder}")
        self.missing = len(files) - len(number)
        present = [file for file in found if file]
        super().__init__(folder, split, [], [stem(f) for f in present], present)
        self.question_list = [
            Question(id, number[image], text, self._most(id), kinds.get(id, ""))
            for id, image, text in asked
            if image in number
        ]
        self._by_photo = [[] for _ in present]
        for k, question in enumerate(self.question_list):
            self._by_photo[question.image].append(k)
        self._choices = None

    def questions(self, i: int) -> tuple[Question, ...]:
        """The questions about photo i."""
        return tuple(self.question_list[k] for k in self._by_photo[i])

    def human_answers(self, id: str) -> tuple[str, ...]:
        """What the people answered to a question, about ten; none in "test"."""
        return self._answers.get(str(id), ())

    def choices(self, id: str) -> tuple[str, ...]:
        """The answers to choose from, of the multiple-choice task (read when first asked).

        Raises:
            MissingData: that task's file is not there.
        """
        if self._choices is None:
            rows = read_json(self._choices_path, SOURCES[self.name], "questions")["questions"]
            try:
                pairs = [(str(r["question_id"]), tuple(r["multiple_choices"])) for r in rows]
            except (KeyError, TypeError) as error:
                found = f"a row without {error}"
                raise damaged(self._choices_path, None, found, "choices for each") from error
            self._choices = dict(pairs)
        try:
            return self._choices[str(id)]
        except KeyError:
            raise unknown("question", id, list(self._choices)[:20]) from None

    def _most(self, id: str) -> str:
        answers = self._answers.get(id)
        return Counter(answers).most_common(1)[0][0] if answers else ""

    def _path(self, name: str, folder: str) -> Path:
        path = self._home / name
        return path if path.is_file() else self._home / folder / name


def _asked(path: Path, source: Source) -> list[tuple[str, int, str]]:
    """(id, COCO's number of the photo, text) of the questions of a file."""
    rows = read_json(path, source, "questions")["questions"]
    try:
        return [(str(r["question_id"]), int(r["image_id"]), str(r["question"])) for r in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, None, f"a row without {error}", "VQA's keys") from error


def _given(path: Path, source: Source) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """({question: what its people answered}, {question: kind of the answer}) of a file."""
    answers, kinds = {}, {}
    rows = read_json(path, source, "annotations")["annotations"]
    try:
        for row in rows:
            id = str(row["question_id"])
            kinds[id] = intern(str(row["answer_type"]))
            answers[id] = tuple(intern(str(a["answer"])) for a in row["answers"])
    except (KeyError, TypeError) as error:
        raise damaged(path, None, f"a row without {error}", "VQA's keys") from error
    return answers, kinds


class VQA1(VQA):
    """Version 1 (the paper's)."""

    name = "vqa"


class VQA2(VQA):
    """Version 2: each question has two photos with different answers; no multiple choice."""

    name = "vqa2"
    prefix = "v2_"
