"""The stored numbers of section 5: see `tables.units` and `python -m cam_utils tables`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from ...data import Subset, open_images
from ...errors import CamError
from ...features import extract
from ...networks import load_network
from ...study import write_rows
from . import ablate, ablation_table, receptive_field, top_images
from . import tables as rows
from .ranking import class_rows
from .tables import TOP

# networks of the mini world whose fields are measured by occlusion, and where their images are from
MINI = {
    "mini/alexnetplus-gap": "mini/objects",
    "mini/googlenet-gap": "mini/objects",
    "mini/scenes-alexnetplus-gap": "mini/scenes",
}

# copies cost: [34]'s grid of 3 pixels gives 5,184 of GoogLeNet's input, 10 pixels 484
MINI_GRID = None  # [34]'s, scaled with the picture

REAL_GRID, REAL_UNITS, REAL_IMAGES = 10, 5, 3

MINI_UNITS, MINI_IMAGES = 6, 3


def study(profile: str, root, device, limit: int, out: Path, record: Callable):
    """Measure and write `units_*.csv`; returns the paths.

    Args:
        record: (networks {name: network}, images) to the provenance.
    """
    if profile == "mini":
        return _mini(device, limit, out, record)
    return _real(root, device, limit, out, record)


def _mini(device, limit, out, record) -> list[Path]:
    found, nets, pools, images = [], {}, {}, None
    for name, data in MINI.items():
        try:
            network = load_network(name).to(device)
        except CamError:  # its weights do not come with the package
            continue
        images = open_images(data, "val")
        images = Subset(images, range(limit)) if 0 < limit < len(images) else images
        units = rows.seeded_units(network, range(len(images.classes)), MINI_UNITS)
        top = top_images(network, images, k=TOP, device=device)
        theory = receptive_field(network)
        found += rows.field_rows(network, images, top, units, theory, MINI_IMAGES, MINI_GRID)
        nets[name], pools[data] = network, len(images)
    made = record(nets, images) | {"images": ", ".join(pools), "n": sum(pools.values())}
    return [write_rows(out / "units_fields.csv", found, made)]


def _real(root, device, limit, out, record) -> list[Path]:
    network = load_network("caffe/googlenet", root).to(device)
    pool, ten = rows.real_pool(network, root)
    if 0 < limit < len(pool):
        pool = Subset(pool, np.linspace(0, len(pool) - 1, limit).astype(int))
    made = record({network.name: network}, pool)
    paths = []

    def keep(name: str, content: list[dict] | pd.DataFrame, **more) -> None:
        content = content.to_dict("records") if isinstance(content, pd.DataFrame) else content
        paths.append(write_rows(out / f"units_{name}.csv", content, made | more))

    top = top_images(network, pool, k=TOP, device=device, view="whole")
    features = extract(network, pool, view="whole", device=device)
    weights = class_rows(network).numpy()
    bias = network.class_bias.detach().cpu().numpy()
    labels = features.labels
    present = [c for c in ten if (labels == c).any()]
    table = rows.top_table(network, top, present)
    keep("top", table, top=TOP)
    shares = rows.class_shares(labels, len(weights))
    keep("purity", rows.purity_rows(table, top, shares), top=TOP)
    of_ten = np.where(np.isin(labels, ten), labels, -1)
    half = [
        {"classes": "ten of Imagenette"} | r
        for r in rows.half_rows(features.values, weights, of_ten)
    ]
    half += [
        {"classes": "all in the pool"} | r for r in rows.half_rows(features.values, weights, labels)
    ]
    keep("half", half)
    sharing = [{"weights": network.name} | r for r in rows.sharing_rows(weights)]
    released = rows.released_weights(root)
    if released is not None:
        sharing += [{"weights": "released GoogLeNet-CAM"} | r for r in rows.sharing_rows(released)]
    keep("sharing", sharing)
    removed, every = [], []
    for text, candidates in (("1000 classes", None), ("ten classes", np.array(ten))):
        some = ablate(features.values, weights, bias, of_ten, candidates=candidates)
        every.append(some.assign(among=text))
        removed.append(ablation_table(some).assign(among=text))
    keep("ablation", pd.concat(removed))
    keep("ablation_classes", pd.concat(every).round(3))
    units = rows.seeded_units(network, ten, REAL_UNITS)
    bar = tqdm(total=len(units), desc="fields by occlusion", unit="unit")
    fields = rows.field_rows(
        network, pool, top, units, receptive_field(network), REAL_IMAGES, REAL_GRID,
        lambda row: bar.update(),
    )  # fmt: skip
    bar.close()
    keep("fields", fields)
    return paths
