"""Typed notebook parameters: what papermill does not check."""

import difflib
import os
from pathlib import Path

from ..errors import CamError, MissingData
from ..keep import project_root
from ..provenance import pick_device

PROFILES = ("mini", "paper")

COMMON = {
    "profile": str,
    "data_root": str,
    "device": str,
    "seed": int,
    "limit": int,
    "figure_dir": str,
}


class Params:
    """The parameters of one notebook, checked before any work starts.

    `p = Params(globals(), "01_class_activation_mapping", network=str)` reads what the notebook's
    parameters cell and papermill set. The keywords name the notebook's own parameters and their
    types (str, int, float or bool); the shared ones are in `COMMON`.

    Attributes:
        profile: "mini" or "paper".
        data_root: folder of the data sets, or None (profile mini needs none).
        device: torch.device.
        seed: int. limit: number of images, 0 for all.
        figure_dir: folder for figures.
        extra: the notebook's own parameters; also attributes (`p.network`).

    Raises:
        CamError: a value of the wrong type, an unknown profile or device, a parameter that the
            notebook does not have.
        MissingData: profile "paper" without a data folder.
    """

    def __init__(self, namespace: dict, notebook: str, **own: type):
        check_checkout()
        types = COMMON | own
        _refuse_unknown(namespace, list(types))
        values = {name: _typed(name, namespace, kind) for name, kind in types.items()}
        check_profile(values["profile"])
        for name in ("seed", "limit"):
            if values[name] < 0:
                raise CamError(f"Parameter {name} is {values[name]}, expected 0 or more.")
        self.notebook, self.types = notebook, types
        self.profile, self.seed, self.limit = (values[n] for n in ("profile", "seed", "limit"))
        self.data_root = data_folder(self.profile, values["data_root"])
        self.device = pick_device(values["device"])
        self.figure_dir = figure_folder(self.profile, values["figure_dir"])
        self.extra = {name: values[name] for name in own}

    def __getattr__(self, name: str):
        extra = self.__dict__.get("extra", {})
        if name in extra:
            return extra[name]
        raise AttributeError(f"the notebook has no parameter {name!r}")

    def values(self) -> dict:
        """What decides the results, as plain values, for the record."""
        shared = {"profile": self.profile, "seed": self.seed, "limit": self.limit}
        return shared | self.extra


def check_checkout() -> None:
    """CamError where a notebook of one checkout has imported the package of another."""
    near = [
        p for p in (Path.cwd(), Path.cwd().parent) if (p / "cam_utils" / "__init__.py").exists()
    ]
    mine = Path(__file__).resolve().parents[2]
    if near and near[0].resolve() != mine:
        raise CamError(
            f"This notebook lies in {near[0]}, and its kernel imported cam_utils from {mine}. "
            f"Start it with make lab or make figures in {near[0]}, or install that checkout: "
            "pip install -e ."
        )


def _typed(name: str, namespace: dict, kind: type):
    """The value, whose type must be `kind`; int passes for float, nothing else is converted."""
    if name not in namespace:
        raise CamError(
            f"The notebook's parameters cell does not set {name}; add "
            f"`{name}: {kind.__name__} = …`."
        )
    return typed(name, namespace[name], kind)


def typed(name: str, value, kind: type):
    """The value of parameter `name` if its type is `kind`, else a CamError with an example."""
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        example = {bool: "True", int: "3", float: "0.5", str: "text"}[kind]
        raise CamError(
            f"Parameter {name} is {value!r} ({type(value).__name__}), expected {kind.__name__}; "
            f"for example -p {name} {example}."
        )
    return value


def injected_parameters(namespace: dict) -> set[str]:
    """Names that papermill set in its injected cell, read from the cell sources in `In`."""
    names = set()
    for source in namespace.get("In", []):
        lines = source.strip().splitlines()
        if lines and lines[0].strip() == "# Parameters":  # papermill's first line
            names |= {line.split("=")[0].strip() for line in lines[1:] if "=" in line}
    return {n for n in names if n.isidentifier()}


def _refuse_unknown(namespace: dict, known: list[str]) -> None:
    injected = {n for n in injected_parameters(namespace) if not n.startswith("PAPERMILL_")}
    refuse_unknown(sorted(injected), known)


def refuse_unknown(given: list[str], known: list[str]) -> None:
    """CamError with a close match for the first name that the notebook does not have."""
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise CamError(
                f"The notebook has no parameter {name!r}: {hint}It has {', '.join(known)}."
            )


def check_profile(profile: str) -> None:
    """CamError unless the profile exists."""
    if profile not in PROFILES:
        raise CamError(f"Unknown profile {profile!r}; expected one of {', '.join(PROFILES)}.")


def data_folder(profile: str, given: str) -> Path | None:
    """The folder of the data sets: the parameter, else CAM_DATA; None where mini needs none."""
    text = given or os.environ.get("CAM_DATA", "")
    if not text:
        if profile == "paper":
            raise MissingData(
                "Profile paper needs the folder with the data sets, and none was given: set the "
                "environment variable CAM_DATA or the parameter data_root to it (`python -m "
                "cam_utils doctor` tells what belongs there), or use profile mini."
            )
        return None
    path = Path(text).expanduser()
    if not path.is_dir():
        source = "The parameter data_root" if given else "The environment variable CAM_DATA"
        raise MissingData(
            f"{source} names {text}, which is not a folder. Expected the folder that holds the "
            "data sets and weights/."
        )
    return path


def figure_folder(profile: str, given: str = "") -> Path:
    """Where figures go: the parameter, else CAM_FIGURES, else figures/<profile> of the checkout."""
    if given:
        return Path(given).expanduser()
    base = os.environ.get("CAM_FIGURES")
    if base:
        return Path(base) / profile
    return (project_root() or Path.cwd()) / "figures" / profile
