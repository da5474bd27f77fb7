"""Features of several parts of a data set, one after the other."""

from collections.abc import Sequence

import numpy as np

from ..errors import CamError
from ..train.data import digest
from .extraction import Features


def joined(parts: Sequence[Features]) -> Features:
    """The rows of all parts; `places` count on through them.

    Raises:
        CamError: the parts are of other networks, layers or views, or there is none.
    """
    if not parts:
        raise CamError("There are no features to join; expected at least one part.")
    if len(parts) == 1:
        return parts[0]
    own = ("network", "weights", "modules", "input", "layer", "view", "code")
    odd = sorted(k for p in parts for k in own if p.identity[k] != parts[0].identity[k])
    if odd:
        raise CamError(
            f"The features differ in {', '.join(dict.fromkeys(odd))}; join only features of one "
            "layer of one network, of one view."
        )
    starts = np.cumsum([0, *(p.identity["n"] for p in parts[:-1])])
    of_parts = [p.identity.get(k) for p in parts for k in ("images", "split", "ids", "part")]
    return Features(
        values=np.concatenate([p.values for p in parts]),
        labels=np.concatenate([p.labels for p in parts]),
        ids=[one for p in parts for one in p.ids],
        unreadable=[one for p in parts for one in p.unreadable],
        identity=parts[0].identity
        | {
            "n": int(starts[-1]) + parts[-1].identity["n"],
            "joined": digest(str(of_parts).encode()),
        },
        places=np.concatenate([p.places + s for p, s in zip(parts, starts, strict=True)]),
    )
