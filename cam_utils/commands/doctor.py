"""What is here: data sets, weights, devices, and what each notebook can do with them."""

import os
from importlib.util import find_spec
from pathlib import Path

import torch

from ..data.readiness import doctor_rows
from ..errors import BrokenWeights
from ..networks import available_networks
from ..networks.zoo.caffe import CAFFE_NETWORKS
from ..networks.zoo.mini_weights import shipped_mini
from ..networks.zoo.places import PLACES
from ..networks.zoo.timm_nets import PACKAGED
from ..provenance import device_name, versions
from ..sections.s31_surgery.tables import NETWORKS as TABLE1

NOTEBOOKS = {  # in profile paper: one of these data sets, one of these networks
    "00_start_here": (("photos",), ("imagenet/efficientnet-lite0",)),
    "01_class_activation_mapping": (("ilsvrc val", "photos"), ("caffe/googlenet",)),
    "02_surgery_and_training": (
        ("ilsvrc val",),
        tuple(names["paper"] for names in TABLE1.values() if names["paper"]),
    ),
    "03_localization": (("ilsvrc val",), ("caffe/googlenet",)),
    "04_generic_localization": (
        ("action40", "scene15", "caltech256", "sun397", "event8"),
        ("caffe/googlenet",),
    ),
    "05_fine_grained_birds": (("cub",), ("caffe/googlenet", "caffe/googlenet-cam")),
    "06_pattern_discovery": (  # a part whose data are not there takes drawn pictures
        ("ade20k", "coco_captions", "vqa", "mini/scenes"),
        ("caffe/googlenet",),
    ),
    "07_class_specific_units": (("ilsvrc val",), ("caffe/googlenet",)),
    "08_after_cam": (("ilsvrc val",), ("imagenet/efficientnet-lite0", "timm/vit_tiny_patch16_224")),
}


def report(root: str | None = None, list_networks: bool = False) -> str:
    """The report as text; never raises for missing things, it names them."""
    if list_networks:
        return "\n".join(available_networks())
    given = root or os.environ.get("CAM_DATA")
    folder = Path(given).expanduser() if given else None
    lines = ["versions: " + ", ".join(f"{k} {v}" for k, v in versions().items())]
    devices = [device_name("cpu")]
    if torch.cuda.is_available():
        devices += [device_name(f"cuda:{i}") for i in range(torch.cuda.device_count())]
    lines.append(f"devices: {', '.join(devices)}; {torch.get_num_threads()} CPU threads")
    lines.append(f"shipped networks: {', '.join('mini/' + n for n in shipped_mini())}")
    if folder is None:
        lines.append(
            "data: CAM_DATA is not set; profile mini works without it. For profile paper: "
            "export CAM_DATA=<folder>, with each data set in its own folder in it"
        )
    elif not folder.is_dir():
        lines.append(f"data: CAM_DATA is {folder}, which is not a folder")
        folder = None
    else:
        lines.append(f"data: {folder}")
    packaged, data, weights = packaged_rows(), doctor_rows(folder), weight_rows(folder)
    if folder is None:  # else every row would tell at length how to name one
        data = [(name, yes, text if yes else "needs a folder") for name, yes, text in data]
    lines += ["", "networks trained on ImageNet", *(_row(*row) for row in packaged)]
    lines += ["", "data sets", *(_row(*row) for row in data)]
    lines += ["", "weights (in weights/ of the data folder)", *(_row(*row) for row in weights)]
    lines += ["", "notebooks", *(_row(*row) for row in notebook_rows(data, [*packaged, *weights]))]
    return "\n".join(lines)


def weight_rows(root: Path | None) -> list[tuple[str, bool, str]]:
    """(network, present and, where its hash is known, intact, detail) of Caffe and Places."""
    files = {name: entry.file for name, entry in CAFFE_NETWORKS.items()} | PLACES
    rows = []
    for name, file in files.items():
        path = file.here(root)
        detail = f"{file.names[0]}: {file.published}"
        if path:
            detail = f"{path.name}, {path.stat().st_size / 1e6:.0f} MB"
            try:
                if file.hashes:  # else reading it would tell nothing
                    file.checked(path, name)
            except BrokenWeights as error:
                path, detail = None, str(error)
        rows.append((name, path is not None, detail))
    return rows


def packaged_rows() -> list[tuple[str, bool, str]]:
    """(network, present, detail) for the networks whose weights install with pip."""
    return [
        (name, find_spec(entry.package.replace("-", "_")) is not None, f"pip: {entry.package}")
        for name, entry in PACKAGED.items()
    ]


def notebook_rows(data: list[tuple], weights: list[tuple]) -> list[tuple[str, bool, str]]:
    """(notebook, runs in profile paper, what it would use), from the rows of data and weights."""
    here = {name: there for name, there, _ in [*data, *weights]}
    rows = []
    for notebook, (images, networks) in NOTEBOOKS.items():
        data_here = [d for d in images if here.get(d)]
        nets_here = [n for n in networks if here.get(n)]
        ready = bool(data_here and nets_here)
        use = (
            f"{nets_here[0]}{' and others' if len(nets_here) > 1 else ''}, {data_here[0]}"
            if ready
            else ""
        )
        needs = [
            " or ".join(w) for w, got in ((networks, nets_here), (images, data_here)) if not got
        ]
        detail = "mini: yes; paper: " + (
            f"yes ({use})" if ready else f"needs {', and '.join(needs)}"
        )
        rows.append((notebook, ready, detail))
    return rows


def _row(name: str, present: bool, detail: str) -> str:
    return f"  {'yes' if present else ' no'}  {name:28s} {detail}"
