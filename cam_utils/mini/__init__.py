"""The drawn world: pictures with true labels, boxes and masks, made on the fly (profile mini).

`pencil` draws; `objects`, `people`, `birds`, `scenes` and `text` are what is drawn, each with its
data set; `weights` holds the networks that were trained on them.
"""

from ..data import register

SPLITS = ("train", "val", "test")

for _name, _home, _kind, _line in (
    ("objects", "objects", "MiniObjects", "24 classes of drawn objects, made on the fly"),
    (
        *("actions", "people", "MiniActions"),
        "people at ten actions, drawn: the person's box, masks of limbs and tools",
    ),
    (
        *("textures", "pencil.texture_pictures", "MiniTextures"),
        "twelve drawn materials that fill the picture",
    ),
    (
        *("sketches", "objects.line_art", "MiniSketches"),
        "the 24 classes of mini/objects as line drawings",
    ),
    (
        *("birds", "birds", "MiniBirds"),
        "20 species of drawn birds with boxes and parts, made on the fly",
    ),
    (
        *("scenes", "scenes", "MiniScenes"),
        "ten types of drawn scenes with every object's mask, captions and questions",
    ),
    (
        *("text", "text", "MiniText"),
        "drawn streets with and without words on their signs, with word boxes",
    ),
):
    register(f"mini/{_name}", f"{__name__}.{_home}", _kind, SPLITS, _line)
