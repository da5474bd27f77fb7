"""The study "heads": GAP and GMP on real photos, as new layers on the paper's GoogLeNet."""

import os
import platform
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from ...data import Subset, open_images, subset
from ...data.joined import WithMirrored
from ...metrics.classification import topk_misses
from ...metrics.intervals import mean_interval, rate
from ...networks import load_network
from ...study import Ask, Frames, Opened, Study, Tables
from ...train import Recipe
from ...train.batches import check_labels
from ...train.cached_features import CachedFeatures, cache_features, scores
from .heads import (
    CUT,
    HEADS,
    HEADS_FOLDER,
    PARENT,
    head_file,
    load_uncut,
    new_head,
    train_head,
)

UNCUT = "googlenet"

ONE_OF = 5  # one training photo of so many is held out while recipes are compared

# A pass shows each photo twice, as it is and mirrored: crops and shifts cannot be drawn from cached
# features. The released solver (SGD, rate 0.001) has 160,000 steps; tried for 25 on training
# photos it was far behind AdamW with GAP, and with GMP its loss leapt from 16 to 478.
HEAD_RECIPE = Recipe(
    batch=40, weight_decay=0.02, warmup=0.1, smoothing=0.0, crop="whole", shift=0, mirror=False
)


@dataclass(frozen=True)
class HeadTraining:
    """Choose a recipe for each pooling, train heads over seeds, measure them on other photos.

    Attributes:
        folder: for the features (about 1.5 GB), the runs of the grid and the trained heads.
        seeds: of the new layers' start and the order of photos.
        grid: recipes, of which the best on held-out training photos is taken for each pooling.
        units, groups: of the added convolution; 1024 and 1 as the paper describes it.
    """

    folder: str | Path = HEADS_FOLDER
    seeds: tuple[int, ...] = tuple(range(10))
    grid: tuple[Recipe, ...] = tuple(
        replace(HEAD_RECIPE, lr=lr, epochs=passes) for lr in (1e-4, 4e-4) for passes in (1, 3)
    )
    units: int = 1024
    groups: int = 1

    def study(self) -> Study:
        shows = "Table 1, GAP and GMP on real photos"
        return Study("heads", shows, self.open, self.measure, self.tables, ("paper",))

    def open(self, ask: Ask) -> Opened:
        """Imagenette's photos and the paper's GoogLeNet; refused where a whole class is missing."""
        parts = {
            split: subset(open_images("imagenette", split, ask.root), ask.limit, ask.seed)
            for split in ("val", "train")
        }
        networks = {UNCUT: load_uncut(ask.root), "parent": load_network(PARENT, ask.root)}
        head = new_head(networks["parent"], "avg", 0, self.units, self.groups)
        learnt = np.flatnonzero(~_held_out(len(parts["train"])))
        for images in (Subset(parts["train"], learnt), parts["val"]):
            labels = np.array([images.label(i) for i in range(len(images))])
            check_labels(labels, head, images.classes)
        return Opened(networks, parts)

    def measure(self, opened: Opened, ask: Ask) -> Frames:
        """ "misses": whether "googlenet" and each "<pooling>|<seed>" misses a validation photo.

        Also "trials" and "heads", one row for each training, and "unreadable", how many photos.
        """
        uncut, parent = opened.networks.values()
        val, train = opened.parts.values()
        # a trial does not replace what was trained on all photos
        folder = Path(self.folder) / (f"limit-{ask.limit}" if ask.limit else "")

        def head(pool: str, seed: int):
            return new_head(parent, pool, seed, self.units, self.groups)

        cached = [
            cache_features(network, images, folder / "features", HEAD_RECIPE.crop, ask.device)
            for network, images in (
                (head("avg", 0), WithMirrored(train)), (head("avg", 0), val), (uncut, val),
            )
        ]  # fmt: skip
        features, val_features, uncut_features = cached
        both = np.intersect1d(val_features.places, uncut_features.places)  # all, if disks work
        val_features, uncut_features = val_features.take(both), uncut_features.take(both)
        held = _held_out(len(train))
        learnt = features.take(np.flatnonzero(~np.tile(held, 2)))  # nor their mirror images
        judged = features.take(np.flatnonzero(held))
        trials = []
        for pool, name in HEADS.items():
            for k, recipe in enumerate(self.grid):
                network, path = head(pool, 0), folder / "trials" / f"{name}-{k}.safetensors"
                made = train_head(network, learnt, recipe, path, ask.device)
                trials.append(_trial(name, recipe, made, network, judged))
        trials = pd.DataFrame(trials)
        labels = torch.from_numpy(val_features.labels)
        misses = {UNCUT: topk_misses(scores(uncut, uncut_features), labels, 1)}
        heads = []
        for seed in self.seeds:
            for pool, recipe in self.chosen(trials).items():
                network, path = head(pool, seed), head_file(pool, seed, folder)
                recipe = replace(recipe, seed=seed)
                heads.append(train_head(network, features, recipe, path, ask.device))
                misses[f"{pool}|{seed}"] = topk_misses(scores(network, val_features), labels, 1)
        unreadable = {f.identity["images"]: len(f.unreadable) for f in cached}
        return {
            "misses": pd.DataFrame(misses),
            "trials": trials,
            "heads": pd.DataFrame(heads),
            "unreadable": pd.DataFrame([unreadable]),
        }

    def chosen(self, trials: pd.DataFrame) -> dict[str, Recipe]:
        """For each pooling the recipe with the fewest errors, of equal ones the lowest loss."""
        best = {}
        for pool, name in HEADS.items():
            own = trials[trials["network"] == name].reset_index(drop=True)
            best[pool] = self.grid[own.sort_values(["error", "loss"], kind="stable").index[0]]
        return best

    def tables(self, opened: Opened, frames: Frames) -> tuple[Tables, dict]:
        trials, heads = frames["trials"], frames["heads"]
        note = {
            "network": f"{PARENT} cut after {CUT}, new heads; and uncut, ten classes",
            "weights": opened.networks[UNCUT].weights_hash,
            "n": len(frames["misses"]),
            "view": HEAD_RECIPE.crop,
            "recipe": {HEADS[pool]: asdict(r) for pool, r in self.chosen(trials).items()},
            "grid, held-out training photos": trials.to_dict("records"),
            "heads": heads.to_dict("records"),
            "training photos": len(opened.parts["train"]),
            "passes show": "every training photo twice, as it is and mirrored",
            "minutes of training": round(trials["minutes"].sum() + heads["minutes"].sum(), 1),
            "unreadable": frames["unreadable"].to_dict("records")[0],
            "added convolution": {"units": self.units, "groups": self.groups},
            "machine": f"{platform.system()}, {os.cpu_count()} cores",
        }
        return {"heads_imagenette": head_rows(frames["misses"])}, note


def head_rows(misses: pd.DataFrame) -> list[dict]:
    """Top-1 errors in percent and their differences in points, with 95 % intervals.

    Args:
        misses: bool, one row for each photo; columns "googlenet" and "<pooling>|<seed>".

    Returns:
        Rows network, seed (a number, "mean", or empty), metric (unique), measured, low, high, n.
        Intervals of single networks are Wilson's; of differences and "mean of seeds" bootstraps
        over the photos, with the given heads; how much heads differ is seen in their rows.
    """
    seeds = sorted({int(name.partition("|")[2]) for name in misses if name != UNCUT})
    by_name = {HEADS[p]: misses[[f"{p}|{s}" for s in seeds]].to_numpy(int) for p in HEADS}
    by_name[UNCUT] = misses[[UNCUT] * len(seeds)].to_numpy(int)  # (N, seeds)
    gap, gmp = HEADS.values()
    rows = [(UNCUT, "", f"top-1 error, {UNCUT} uncut, %", rate(misses[UNCUT]))]
    for name in (gap, gmp):
        found = [rate(wrong) for wrong in by_name[name].T]
        rows += _seeds_and_mean(name, seeds, found, by_name[name], "%")
    for one, other in ((gmp, gap), (gap, UNCUT), (gmp, UNCUT)):
        change = by_name[one] - by_name[other]
        found = [mean_interval(100 * each) for each in change.T]
        rows += _seeds_and_mean(f"{one} - {other}", seeds, found, change, "points")
    keys = ("network", "seed", "metric")
    return [dict(zip(keys, row, strict=False)) | row[3].as_row(4) for row in rows]


def _seeds_and_mean(name: str, seeds: list[int], found: list, values: np.ndarray, unit: str):
    mean = mean_interval(100 * values.mean(1))  # over seeds, by photo
    text = f"top-1 error, {name}"
    each = [(name, s, f"{text}, seed {s}, {unit}", r) for s, r in zip(seeds, found, strict=True)]
    return [*each, (name, "mean", f"{text}, mean of seeds, {unit}", mean)]


def _held_out(n: int) -> np.ndarray:
    """(n,) bool: the training photos that recipes are judged on."""
    return np.arange(n) % ONE_OF == 0


def _trial(name: str, recipe: Recipe, made: dict, network, judged: CachedFeatures) -> dict:
    """How well a head does that was trained with one recipe of the grid, on held-out photos."""
    logits, labels = scores(network, judged), torch.from_numpy(judged.labels)
    return {
        "network": name,
        "lr": recipe.lr,
        "passes": recipe.epochs,
        "error": round(100 * float(topk_misses(logits, labels, 1).mean()), 4),
        "loss": round(float(F.cross_entropy(logits, labels)), 5),
        "n": len(labels),
        "training loss": made["training loss"][-1],
        "minutes": made["minutes"],
    }


STUDIES = (HeadTraining().study(),)
