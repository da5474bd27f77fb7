"""Which classes a user means: how many of the best ones, names, WordNet synonyms, numbers."""

import difflib

import torch
from torch import Tensor

from .cam import Classes
from .errors import CamError, unknown
from .networks.gap import GapNetwork


def wanted_classes(network: GapNetwork, classes) -> Classes:
    """What `cams` takes of what a user asks for: a number, or names.

    Raises:
        CamError: a class that is unknown or ambiguous, a number out of range.
    """
    count = network.class_bias.numel()
    if isinstance(classes, Tensor) or classes is None:
        return classes
    text = str(classes).strip()
    if text.isascii() and text.isdigit():
        if not 1 <= int(text) <= count:
            raise CamError(f"Found classes={text}, expected 1 to {count}, the network's classes.")
        return int(text)
    return torch.tensor([_class_index(network, part.strip()) for part in text.split(",")])


def _class_index(network: GapNetwork, text: str) -> int:
    count = network.class_bias.numel()
    number = text.removeprefix("#")
    if text.startswith("#") and number.isascii() and number.isdigit() and int(number) < count:
        return int(number)
    if not network.classes:
        raise CamError(
            f"{network.name} has no class names; give numbers from #0 to #{count - 1}, or how "
            "many of the best classes."
        )
    lower = text.lower()
    found = [i for i, name in enumerate(network.classes) if name.lower() == lower]
    if not found and count == 1000:
        found = [i for i, known in enumerate(_synonyms()) if lower in known]
    if len(found) == 1:
        return found[0]
    if found:
        choice = ", ".join(f"#{i} ({network.classes[i]})" for i in found)
        raise CamError(f"Several classes are called {text!r}; choose one by number: {choice}.")
    near = [n for n in network.classes if lower and lower in n.lower()][:5]
    near = near or difflib.get_close_matches(text, network.classes, n=3, cutoff=0.5)
    if not near:
        raise unknown("class", text, network.classes)
    raise CamError(
        f"Unknown class {text!r}: did you mean {', '.join(near)}? The network has {count} classes; "
        "a number is written #3."
    )


def _synonyms() -> list[set[str]]:
    """The WordNet words of each of ImageNet's 1,000 classes, in lower case."""
    from timm.data import ImageNetInfo

    words = ImageNetInfo("imagenet-1k").label_descriptions()
    return [{word.strip().lower() for word in text.split(",")} for text in words]
