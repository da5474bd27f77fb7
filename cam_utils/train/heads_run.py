"""GoogLeNet-GAP and -GMP for ten classes of real photos, trained on features computed once.

python -m cam_utils heads --root /folder

The features of the frozen trunk are cached for every training photo, as it is and mirrored. Each
pooling gets its learning rate and number of passes from one small grid, judged on a fifth of the
training photos; then, for each seed, a head is trained on all of them. The validation photos are
looked at once, at the end. What is finished is kept: a run that was interrupted goes on.
"""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from ..data import open_images
from ..data.mirrored import WithMirrored
from ..errors import CamError
from ..evaluate import check_writable
from ..metrics import topk_misses
from ..networks import load_network
from ..networks.surgery import CutNetwork
from ..tables.heads import write_table
from . import Recipe
from .cached_features import CachedFeatures, scores
from .data import check_labels
from .feature_cache import cache_features
from .head_runs import summary, train_head, try_recipe
from .heads import FOLDER, NAMES, PARENT, head_file, load_uncut, new_head

OUT = "figures/paper/heads_imagenette.csv"
EVERY = 5  # one training photo of so many is held out while recipes are compared
# A pass shows each photo twice, as it is and mirrored: crops and shifts cannot be drawn from cached
# features. The released solver (SGD, rate 0.001) has 160,000 steps; tried for 25 on training
# photos it was far behind AdamW with GAP, and with GMP its loss leapt from 16 to 478.
RECIPE = Recipe(
    batch=40, weight_decay=0.02, warmup=0.1, smoothing=0.0, crop="whole", shift=0, mirror=False
)
GRID = tuple(replace(RECIPE, lr=lr, epochs=passes) for lr in (1e-4, 4e-4) for passes in (1, 3))


def train_heads(
    root: str | Path | None = None,
    out: str | Path = OUT,
    folder: str | Path = FOLDER,
    seeds: tuple[int, ...] = (0, 1, 2),
    grid: tuple[Recipe, ...] = GRID,
    units: int = 1024,
    groups: int = 1,
    workers: int | None = None,
    progress: bool = True,
) -> str:
    """Choose recipes, train what is missing, measure on the validation photos, write the table.

    Args:
        root: folder with imagenette/ and weights/bvlc_googlenet.caffemodel; default: $CAM_DATA.
        out: CSV of errors and differences; beside it <out>.json with recipes, grid and provenance.
        folder: for features (about 1.5 GB), grid.json and the trained heads.
        units, groups: of the added convolution; 1024 and 1 as the paper describes it.
        workers: processes that decode photos.

    Returns:
        What was measured, in words.

    Raises:
        MissingData, BrokenWeights, CamError: before any long work, where photos, a whole class or
            the weights are missing, or `out` cannot be written.
    """
    out, folder = check_writable(out), Path(folder)
    train, val = (open_images("imagenette", split, root) for split in ("train", "val"))
    uncut, parent = load_uncut(root), load_network(PARENT, root)
    start = new_head(parent, "avg", 0, units, groups)
    _check_classes(train, val, start)
    options = {"view": RECIPE.crop, "workers": workers, "progress": progress}
    wanted = (start, WithMirrored(train)), (start, val), (uncut, val)
    cached = [cache_features(*pair, folder / "features", **options) for pair in wanted]
    features, val_features, uncut_features = cached
    _check_paired(val_features, uncut_features)

    def head(pool: str, seed: int) -> CutNetwork:
        return new_head(parent, pool, seed, units, groups)

    held = np.arange(len(train)) % EVERY == 0
    learnt = features.take(np.flatnonzero(~np.tile(held, 2)))  # held-out photos not mirrored either
    judged = features.take(np.flatnonzero(held))
    chosen, trials = {}, []
    for pool in NAMES:
        tried = [
            try_recipe(head(pool, 0), learnt, judged, recipe, folder / "grid.json", progress)
            for recipe in grid
        ]
        best = min(range(len(grid)), key=lambda k: (tried[k]["error"], tried[k]["loss"]))
        chosen[pool], trials = grid[best], trials + tried
    labels = torch.from_numpy(val_features.labels)
    misses = {("uncut", None): topk_misses(scores(uncut, uncut_features), labels, 1)}
    heads = []
    for seed in seeds:
        for pool in NAMES:
            recipe = replace(chosen[pool], seed=seed)
            path = head_file(pool, seed, folder)
            network = train_head(head(pool, seed), features, recipe, path, progress)
            misses[pool, seed] = topk_misses(scores(network, val_features), labels, 1)
            heads.append(summary(network, path))
    study = {
        "recipe": {NAMES[pool]: asdict(recipe) for pool, recipe in chosen.items()},
        "grid, held-out training photos": trials,
        "heads": heads,
        "training photos": len(train),
        "passes show": "every training photo twice, as it is and mirrored",
        "minutes of training": round(sum(run["minutes"] for run in trials + heads), 1),
        "unreadable": {f.identity["data"]["name"]: len(f.unreadable) for f in cached},
        "added convolution": {"units": units, "groups": groups},
        "command": f"python -m cam_utils heads --root <folder> --groups {groups}",
    }
    return write_table(misses, study, uncut, val, out)


def _check_classes(train, val, network: CutNetwork) -> None:
    labels = np.array([train.label(i) for i in range(len(train))])
    check_labels(labels[np.arange(len(train)) % EVERY != 0], network, list(train.classes))
    present = {val.label(i) for i in range(len(val))}
    missing = [name for k, name in enumerate(val.classes) if k not in present]
    if missing:
        raise CamError(
            f"Imagenette's val photos lack {', '.join(missing)}; expected all ten classes, else "
            "errors of other classes would be measured. Unpack the data set again."
        )


def _check_paired(one: CachedFeatures, other: CachedFeatures) -> None:
    if not np.array_equal(one.places, other.places):
        raise CamError(
            f"{one.file} and {other.file} hold features of different photos: some could be decoded "
            "when the one was made and not when the other was. Remove both and run again."
        )
