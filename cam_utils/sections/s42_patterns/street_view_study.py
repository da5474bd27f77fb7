"""The study "text": figure 11 on the paper's own photos, Street View Text, and the fair test of it.

The paper's test: photos with text against other outdoor photos. Half of the photos are scored by
detectors that saw the other half, beside one that never saw a word. The fair test: tiles around
words against wordless tiles of the same photos, so that neither camera nor street tells them apart.
"""

import numpy as np
import pandas as pd

from ...data import open_images, subset
from ...data.partial import OfClasses
from ...features import extract
from ...features.layers import GAP, MAPS
from ...metrics.energy import MEASURES, NULL_MAPS
from ...metrics.intervals import Rate, mean_interval
from ...metrics.ranking import roc_area
from ...study import Ask, Frames, Opened, Study, Tables, first, open_rows
from . import street
from .street import AS_IT_IS, ERASED, STYLE, TEXT, Versions
from .street_view import SCALES, WordTiles, evened, without_controls
from .text_detector import MARGIN, erased, word_mask

NETWORKS = {
    "GoogLeNet": {"paper": "caffe/googlenet"},
    "EfficientNet-Lite0": {"paper": "imagenet/efficientnet-lite0"},
}
WITHOUT_TEXT = ("coast", "forest", "highway", "insidecity", "mountain", "opencountry", "street",
           "suburb", "tallbuilding")  # fmt: skip
NEGATIVES = 360  # about as many as there are photos with text
TILES, BLIND = "tiles", "tiles, words erased"  # detectors trained on tiles
WORDLESS = "tile without a word scores lower than its partner, %"
ALL = "tiles"


def _open(ask: Ask) -> Opened:
    networks, missing = open_rows(NETWORKS, ask)
    photos = first(without_controls(open_images("svt", "all", ask.root)), ask.limit)
    others = open_images("scene15", "all", ask.root)
    others = OfClasses(others, [k for k, name in enumerate(others.classes) if name in WITHOUT_TEXT])
    others = evened(subset(others, ask.limit or NEGATIVES, ask.seed))
    return Opened(networks, {"photos": photos, "negatives": others}, missing)


def _measure(opened: Opened, ask: Ask) -> Frames:
    """ "<network>|<scored>|<detector>" with a row for each photo or tile; "...|against"."""
    photos, others = opened.parts["photos"], opened.parts["negatives"]
    even = evened(photos)
    tiles = [WordTiles(photos, kind, seed=ask.seed) for kind in (True, False)]
    frames: Frames = {}
    for row, network in opened.networks.items():
        used, held = _on_photos(network, even, others, ask)
        halves = held[TEXT].half
        maps, sides = _of_tiles(network, tiles, dict(zip(used.tolist(), halves, strict=True)), ask)

        def detector(features, half, name, sides=sides):
            return street.by_the_other_half(features, half, sides[name], sides[""], ask.seed)

        held |= {TILES: detector(_photo_maps(network, even, ask)[1], halves, TILES)}
        on_tiles = {name: detector(maps, sides[TILES][1], name) for name in (TILES, BLIND)}
        for scored, images, places, found in (
            ("photos", even, used, held),
            (ALL, evened(tiles[0]), range(len(tiles[0])), on_tiles),
        ):
            keyed = {(scored, detector): one for detector, one in found.items()}
            for (_, detector), frame in street.on_word_boxes(images, places, keyed).items():
                key = f"{row}|{scored}|{detector}"
                frames[key] = frame.assign(**_which(scored, places, tiles[0]))
                frames[f"{key}|against"] = found[detector].against
    frames["costs"] = pd.DataFrame({"seed": [ask.seed], "photos": [len(used)]})
    return frames


def _which(scored: str, places, tiles: WordTiles) -> dict[str, list]:
    if scored == "photos":
        return {"photo": list(places), "scale": [1.0] * len(places)}
    return {"photo": [t.photo for t in tiles.tiles], "scale": [t.scale for t in tiles.tiles]}


def _photo_maps(network, photos, ask: Ask) -> tuple[np.ndarray, np.ndarray]:
    """Places (N,) and features (N, 3, K, h, w) of VERSIONS; kept, so a second call reads them."""
    used, maps = street.gather(network, photos, ask.seed, ("grey",), device=ask.device)
    return used, maps[:, 0]


def _on_photos(network, photos, others, ask: Ask) -> tuple[np.ndarray, dict[str, street.Held]]:
    used, maps = _photo_maps(network, photos, ask)
    pooled = extract(network, others, GAP, "whole", device=ask.device).values
    return used, {d: street.held_out(maps, pooled, d, ask.seed) for d in (TEXT, STYLE)}


def _of_tiles(network, tiles: list[WordTiles], half: dict[int, int], ask: Ask):
    """Features (T, 2, K, h, w) of tiles with a word, as they are and without it; sides to train on:
    these of both kinds, and "": of tiles without a word."""
    around, without = (evened(some) for some in tiles)
    both = Versions(around, (AS_IT_IS, ERASED),
                    lambda r: [r.image, erased(r.image, word_mask(r, MARGIN))])  # fmt: skip
    _, maps = street.version_features(network, both, MAPS, device=ask.device)
    of = np.array([half[tile.photo] for tile in tiles[0].tiles])
    none = extract(network, without, GAP, "whole", device=ask.device).values
    sides = {d: (maps[:, k].mean((2, 3)), of) for k, d in enumerate((TILES, BLIND))}
    return maps, sides | {"": (none, of)}


def tile_rates(
    rows: pd.DataFrame, blind: pd.DataFrame | None = None, seed: int = 0
) -> dict[str, Rate]:
    """Where maps lie, with the nulls, means over photos (of the tiles of a photo first).

    Args:
        rows: of `street.on_word_boxes`, with a column photo. blind: the same pictures by the maps
            of a detector that never saw a word.
    """

    def mean(values: pd.Series) -> Rate:
        return mean_interval(values.groupby(rows["photo"]).mean().to_numpy(float), seed)

    found = {}
    for column, text in (MEASURES | {"iou": "best-box IoU with a word, %"}).items():
        own = 100 * rows[column]
        found[f"{text}, map"] = mean(own)
        for null in NULL_MAPS:
            found[f"{text}, {null}"] = mean(100 * rows[f"{column}_{null}"])
            found[f"{text}, map - {null}"] = mean(own - 100 * rows[f"{column}_{null}"])
        if blind is not None:
            found[f"{text}, map - {STYLE}"] = mean(own - 100 * blind[column])
    found["box right (a word's IoU at least 0.5), %"] = mean(100.0 * (rows["iou"] >= street.IOU))
    scores = rows[[c for c in (f"score, {v}" for v in street.VERSIONS) if c in rows]]
    falls = -scores.sub(scores.iloc[:, 0], axis=0) / (scores.iloc[:, 0].std() or 1.0)
    names = dict(zip(falls.columns[1:], ("words erased", "elsewhere"), strict=False))
    falls = falls.rename(columns=names)[[*names.values()]].dropna()
    if "elsewhere" in falls:
        falls["difference"] = falls["words erased"] - falls["elsewhere"]
    for name, fall in falls.items():
        one = fall.groupby(rows["photo"][falls.index]).mean().to_numpy(float)
        found[f"fall of the score, in its standard deviations: {name}"] = mean_interval(one, seed)
    return found


def _tables(opened: Opened, frames: Frames) -> tuple[Tables, dict]:
    seed, out = int(frames["costs"]["seed"].iloc[0]), []
    for row in opened.networks:
        for scored, detector, other in (
            ("photos", TEXT, STYLE), ("photos", STYLE, None), ("photos", TILES, STYLE),
            (ALL, TILES, BLIND), (ALL, BLIND, None),
        ):  # fmt: skip
            own, against = (frames[f"{row}|{scored}|{detector}{end}"] for end in ("", "|against"))
            blind = frames[f"{row}|{scored}|{other}"] if other else None
            head = {"network": row, "detector": detector}
            kinds = {scored: own["photo"] >= 0}
            if scored == ALL:
                kinds |= {f"tiles of {s:g}": own["scale"] == s for s in SCALES}
            for name, kept in kinds.items():
                found = _told_apart(scored, detector, own[kept], against, kept, seed)
                found |= tile_rates(own[kept], None if blind is None else blind[kept], seed)
                out += [head | {"scored": name, "metric": text} | rate.as_row(3)
                        for text, rate in found.items()]  # fmt: skip
    photos, others = opened.parts["photos"], opened.parts["negatives"]
    pairs, whole = frames[f"{row}|{ALL}|{TILES}"], frames[f"{row}|photos|{TEXT}"]
    note = {
        "n": int(frames["costs"]["photos"].iloc[0]),
        "images": f"{photos.name} and {others.name} ({', '.join(WITHOUT_TEXT)})",
        "negatives": len(others),
        "pairs of tiles": len(pairs),
        "photos with tiles": int(pairs["photo"].nunique()),
        "area of the words, %": round(100 * whole["energy_uniform"].mean(), 2),
        "prepared": "the central square, without the viewer's controls; 256 x 256, grey, JPEG 38",
    }
    return {"text_svt": out}, note


def _told_apart(scored, detector, own, against, kept, seed: int) -> dict[str, Rate]:
    """How well the detector does its own task on held-out pictures; not where it has none."""
    score = own[f"score, {ERASED if detector in (STYLE, BLIND) else AS_IT_IS}"]
    if scored == ALL:
        lower = against["score"][kept] < score
        return {WORDLESS: mean_interval(100 * lower.groupby(own["photo"]).mean().to_numpy(), seed)}
    if detector == TILES:
        return {}
    every = np.concatenate([score, against["score"]])
    area = roc_area(every, np.arange(len(every)) < len(score), seed=seed)
    return {"area under the ROC curve, %, against pictures without text": area}


STUDY = Study("text", "figure 11 on Street View Text", _open, _measure, _tables, ("paper",))
