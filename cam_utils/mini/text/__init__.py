"""The data set mini/text: streets with sign boards, with and without words on them.

The counterpart of the text detector of section 4.2 and figure 11. Both classes come from one
generator of streets; the boards of both carry stripes, shapes, pictograms or nothing, and in class
"text" one to four of them a word instead. `twin` takes the words of a picture away, or adds some:
what then changes in a map is due to the words, not to the kind of street.
"""

from typing import ClassVar

import numpy as np
from PIL import Image

from ...data.record import Record
from ..objects.composition import tight_box
from ..pencil.base import MiniSet, generator
from ..scenes.stage import SIZE, Stage, Thing, solid
from .high_street import add_post, set_street
from .words import choose_word, word_layer

_WORDS = np.cumsum((0.22, 0.32, 0.28, 0.18))  # shares of pictures with one to four words

_INK = 0.35  # least share of ink in a pixel of a word

_SEEN = 0.9  # share of a board that must be seen to be written on


class MiniText(MiniSet):
    """Map-style data set of `Record`s; 112 x 112 RGB; classes "no text" and "text".

    Boxes and masks are those of the words; pictures without text have none. The letters are at
    least 6 pixels high (in small letters, those with an upper or a lower length are). They come
    from the font files of Pillow and Matplotlib, so pictures with text can differ in single pixels
    between releases of these; pictures without do not.
    """

    name = "mini/text"
    CLASSES = ("no text", "text")
    SPLITS: ClassVar[dict] = {"train": 600, "val": 200, "test": 600}

    def record(self, i: int) -> Record:
        return self._draw(i, self.label(i) == 1)

    def twin(self, i: int) -> Record:
        """Picture i with the other label, drawn with the same random numbers.

        Of a picture with text it is the very same picture without its words, the boards left
        empty. Of a picture without text it is the same picture in which one to four boards carry
        a word instead of what was on them. Its id ends in "-twin".
        """
        record = self._draw(i, self.label(i) == 0)
        record.id += "-twin"
        return record

    def words(self, i: int) -> tuple[str, ...]:
        """What is written in picture i (of class "text") or in its twin, in the order of boxes."""
        return self._stage(i, True)[1]

    def _draw(self, i: int, with_words: bool) -> Record:
        i = self.number(i)
        stage, _texts = self._stage(i, with_words)
        image, things = stage.finish(drop=False)
        words = [_ink(t) for t in things if t.name == "word"]
        masks = np.array(words, dtype=bool).reshape(-1, SIZE, SIZE)
        boxes = np.array([tight_box(m) for m in masks], dtype=np.float32).reshape(-1, 4)
        return Record(
            id=self.ids[i],
            image=Image.fromarray(image),
            label=int(with_words),
            boxes=boxes,
            masks=masks,
        )

    def _stage(self, i: int, with_words: bool) -> tuple[Stage, tuple[str, ...]]:
        """The street of picture i with its boards, and the words on them."""
        i = self.number(i)
        stage = Stage(generator(self.name, self.split, i))
        boards = set_street(stage)
        rng = generator(self.name, self.split, i, "words")
        chosen = _choose(stage, boards, rng)
        while not chosen:  # every street has room for a word, in both classes
            boards.append(add_post(stage))
            chosen = _choose(stage, boards, rng)
        texts = []
        for k, board in enumerate(boards):
            plate = _put(stage, "board", board.plate, board.depth)
            if k not in chosen:
                if board.content is not None:
                    _put(stage, "content", board.content, board.depth + 0.02)
            elif with_words:
                image, size, text = chosen[k]
                layer = word_layer(image, board.quad, size, board.ink, SIZE)
                _put(stage, "word", layer, board.depth + 0.01).on = plate
                texts.append(text)
            elif self.label(i) == 0 and board.content is not None:
                _put(stage, "content", board.content, board.depth + 0.02)
        return stage, tuple(texts)


def _choose(stage: Stage, boards: list, rng) -> dict:
    """{board number: what `choose_word` returned} for one to four of the boards, if they serve."""
    chosen = {}
    wanted = 1 + int(np.searchsorted(_WORDS[:-1], rng.random()))
    for k in rng.permutation(len(boards)):
        word = choose_word(rng, *boards[k].size) if _is_free(stage, boards, k) else None
        if word is not None and len(chosen) < wanted:
            chosen[int(k)] = word
    return chosen


def _put(stage: Stage, name: str, layer, depth: float) -> Thing:
    stage.things.append(Thing(name, layer, (0, 0, 0, 0), depth, shadow=False))
    return stage.things[-1]


def _ink(word: Thing) -> np.ndarray:
    """(SIZE, SIZE) bool visible pixels of a word: strokes are thinner than a pixel, so that a
    share of ink counts, where nothing hides the board."""
    return solid(word.layer, _INK) & (word.mask | word.on.mask)


def _is_free(stage: Stage, boards: list, k: int) -> bool:
    """Whether board k lies in the picture and nothing hides it."""
    board = boards[k]
    low, high = board.quad.min(0), board.quad.max(0)
    if low.min() < 0.5 or high.max() > SIZE - 0.5:
        return False
    plate = solid(board.plate)
    nearer = [t.layer for t in stage.things if t.depth > board.depth]
    nearer += [b.plate for b in boards if b.depth > board.depth and b.plate is not None]
    hidden = np.zeros_like(plate)
    for layer in nearer:
        hidden |= solid(layer)
    return (plate & ~hidden).sum() >= _SEEN * plate.sum()
