"""Questions about COCO photos with ten people's answers: VQA v1 and v2."""

from collections import Counter
from pathlib import Path
from sys import intern

from .base import PhotoFiles, unknown
from .coco import photo_folder, read_json
from .files import data_root
from .lists import absent, damaged, find_home, on_disk, stem
from .questions import Question
from .sources import SOURCES

YEAR = {"val": "val2014", "train": "train2014", "test": "test2015"}


class VQA(PhotoFiles):
    """COCO photos that somebody asked about (figure 12); questions of photos on the disk only.

    The answer to a question is the one that most of its ten people gave, of equally frequent ones
    the first given; "" in "test", whose answers are not public. `kind` is the answer's:
    "yes/no", "number" or "other". The JSON files lie in VQA/, VQA/Questions/, VQA/Annotations/.

    Attributes:
        question_list: every question, as `Question(id, image, text, answer, kind, evidence=None)`;
            `image` numbers this data set's photos.

    Raises:
        MissingData: no questions, no answers (but in "test") or no photos. CamError: unknown
            split; a damaged file; questions and answers that do not belong together.
    """

    prefix = ""  # of the files' names
    upright = False
    per_picture = (*PhotoFiles.per_picture, "questions")

    def __init__(self, split: str = "val", root=None):
        source = SOURCES[self.name]
        if split not in source.splits:
            raise unknown(f"split of {self.name}", split, source.splits)
        root, part = data_root(root), YEAR[split]
        names = [f"{self.prefix}{kind}_mscoco_{part}_questions.json" for kind in KINDS]
        markers = [f"{folder}{name}" for name in names for folder in ("", "Questions/")]
        self._home = find_home(root, source, *markers)
        self._choices_path = self._path(names[1], "Questions")
        path = self._path(names[0], "Questions")
        path = path if path.is_file() else self._choices_path
        answers_path = self._path(f"{self.prefix}mscoco_{part}_annotations.json", "Annotations")
        rows = read_json(path, source, "questions")["questions"]
        self._answers = {}
        given = read_json(answers_path, source, "annotations") if split != "test" else {}
        try:
            photos = list(dict.fromkeys(row["image_id"] for row in rows))
            files = [f"COCO_{part}_{id:012d}.jpg" for id in photos]
            kinds = {}
            for row in given.get("annotations", []):
                kinds[row["question_id"]] = intern(str(row["answer_type"]))
                texts = [intern(str(a["answer"])) for a in row["answers"]]
                self._answers[str(row["question_id"])] = tuple(texts)
            asked = [(row["question_id"], row["image_id"], str(row["question"])) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, None, f"a row without {error}", "VQA's keys") from error
        lacking = [id for id, *_ in asked if not self._answers.get(str(id))]
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
            Question(str(id), number[image], text, self._most(id), kinds.get(id, ""), None)
            for id, image, text in asked
            if image in number
        ]
        self._by_photo = [[] for _ in present]
        for k, question in enumerate(self.question_list):
            self._by_photo[question.image].append(k)
        self._choices = None

    def questions(self, i: int) -> list[Question]:
        """The questions about photo i."""
        return [self.question_list[k] for k in self._by_photo[i]]

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

    def _most(self, id) -> str:
        answers = self._answers.get(str(id))
        return Counter(answers).most_common(1)[0][0] if answers else ""

    def _path(self, name: str, folder: str) -> Path:
        path = self._home / name
        return path if path.is_file() else self._home / folder / name


KINDS = ("OpenEnded", "MultipleChoice")


class VQA1(VQA):
    """Version 1 (the paper's)."""

    name = "vqa"


class VQA2(VQA):
    """Version 2: each question has two photos with different answers; no multiple choice."""

    name = "vqa2"
    prefix = "v2_"
