"""The empirical receptive field of a unit, by occlusion: the procedure of [34] that section 5 uses.

Zhou, Khosla, Lapedriza, Oliva, Torralba: Object detectors emerge in deep scene CNNs (ICLR 2015).
A picture is copied some 5,000 times, each with a small random occluder at another place of a dense
grid; how much each occluder changes the unit's activation is the discrepancy map; those of the
unit's top pictures are re-centred on the place of their peak and averaged.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...errors import CamError
from ...image_maps import spec_of
from ...networks.gap import GapNetwork, InputSpec
from ...views import normalise, whole
from .field import ReceptiveField, receptive_field
from .top import TopImages

PATCH, STRIDE, SIDE = 11, 3, 224  # [34]'s occluders, their grid, and the pictures these are for


@dataclass(frozen=True)
class EmpiricalField:
    """The averaged discrepancy map of a unit.

    Attributes:
        map: (2 S + 1, 2 S + 1) float64, change of activation, S the side of the network's input;
            its middle is the middle of the peak's theoretical field.
        n: pictures averaged. copies: occluded copies of each. patch, stride: pixels.
    """

    map: np.ndarray
    n: int
    copies: int
    patch: int
    stride: int

    def side(self, fraction: float = 0.1) -> float:
        """The side of a square with the area on which the map exceeds a fraction of its maximum.

        [34] gives sizes without the fraction; 0 counts every pixel with any change at all.
        """
        if not 0 <= fraction < 1:
            raise CamError(f"Found fraction={fraction}; expected 0 to below 1.")
        peak = float(self.map.max())
        return float(np.sqrt((self.map > fraction * peak).sum())) if peak > 0 else 0.0


def scaled_occluder(side: int) -> tuple[int, int]:
    """(patch, stride) in pixels for inputs of another side than 224: 11 and 3 there, 5 and 2 at
    112 (the patch stays odd, neither falls below 1)."""
    patch = max(1, 2 * round((PATCH * side / SIDE - 1) / 2) + 1)
    return patch, max(1, round(STRIDE * side / SIDE))


def occluders(spec: InputSpec, patch: int, count: int, seed: int) -> Tensor:
    """(count, 3, patch, patch) random patches, uniform noise, as the network sees them."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(count, 3, patch, patch, generator=generator) * 255
    return normalise(noise, spec)


@torch.inference_mode()
def discrepancy(
    network: GapNetwork,
    view: Tensor,
    unit: int,
    patch: int,
    stride: int,
    batch: int = 64,
    seed: int = 0,
    field: ReceptiveField | None = None,
) -> tuple[np.ndarray, tuple[int, int]]:
    """How much an occluder at each place of a grid changes a unit's peak.

    Args:
        view: (3, S, S) network input, on the network's device.
        patch, stride: of the occluders and of their grid, pixels.
        batch: occluded copies in one forward pass; the result does not depend on it.
        field: the theoretical field: occluders that do not touch the peak's are known to change
            nothing and are not tried. None: all are tried.

    Returns:
        (g, g) float32 |activation with - without the occluder| at the place of the peak, entry
        (r, c) for the occluder with corner (r * stride, c * stride); and the peak (row, column).
    """
    side = view.shape[-1]
    grid = np.arange(0, side - patch + 1, stride)
    corners = [(int(y), int(x)) for y in grid for x in grid]
    noise = occluders(spec_of(network), patch, len(corners), seed).to(view.device)
    before = network.features(view[None])[0, unit]
    row, column = divmod(int(before.argmax()), before.shape[1])
    change = np.zeros(len(corners), np.float32)
    rows, columns = (
        {int(c) for c in grid if _touches(field, place, int(c), patch)} for place in (row, column)
    )
    near = [n for n, (y, x) in enumerate(corners) if y in rows and x in columns]
    for start in range(0, len(near), batch):
        some = near[start : start + batch]
        copies = view.repeat(len(some), 1, 1, 1)
        for copy, n in zip(copies, some, strict=True):
            y, x = corners[n]
            copy[:, y : y + patch, x : x + patch] = noise[n]
        copies = copies.contiguous(memory_format=torch.channels_last)  # quicker on a CPU
        after = network.features(copies)[:, unit, row, column]
        change[some] = (after - before[row, column]).abs().float().cpu().numpy()
    return change.reshape(len(grid), len(grid)), (row, column)


def _touches(field: ReceptiveField | None, place: int, corner: int, patch: int) -> bool:
    seen = field and field.of(place)
    return not seen or (corner + patch > seen[0] and corner < seen[1])


def empirical_field(
    network: GapNetwork,
    images,
    top: TopImages,
    unit: int,
    count: int = 5,
    patch: int | None = None,
    stride: int | None = None,
    batch: int = 64,
    seed: int = 0,
    field: ReceptiveField | None = None,
) -> EmpiricalField:
    """The averaged, re-centred discrepancy map of a unit over its `count` top pictures.

    Args:
        images: the pool that `top` was collected over.
        patch, stride: of the occluders; default as in [34] (11 and 3 pixels at 224, some 5,000
            copies), scaled with the network's input (`scaled_occluder`). A coarser stride is
            quicker.
        field: the theoretical field, if it is known already.

    Raises:
        CamError: its top pictures do not drive it at all.
    """
    spec = spec_of(network)
    field = field or receptive_field(network)
    usual = scaled_occluder(spec.size)
    patch, stride = patch or usual[0], stride or usual[1]
    device = next(network.parameters()).device
    total = np.zeros((2 * spec.size + 1,) * 2)
    covered = np.zeros_like(total)
    used, copies = 0, 0
    for index in top.indices[unit, :count]:
        view = whole(images[int(index)].image, spec).tensor.to(device)
        change, peak = discrepancy(network, view, unit, patch, stride, batch, seed + used, field)
        if change.any():
            _recentre(total, covered, change, peak, patch, stride, field, spec.size, top)
            used, copies = used + 1, change.size
    if not used:
        raise CamError(f"Unit {unit} of {network.name} does not react to its top pictures.")
    return EmpiricalField(total / np.maximum(covered, 1), used, copies, patch, stride)


def _recentre(total, covered, change, peak, patch, stride, field, side, top) -> None:
    """Add a discrepancy map to the canvas, the middle of the peak's field on its middle."""
    corner = []
    for place, count in zip(peak, top.maps.shape[2:], strict=True):
        seen = field.of(place)
        centre = sum(seen) / 2 if seen else (place + 0.5) * side / count
        # a grid point stands for stride x stride pixels around the middle of its occluder
        corner.append(int(np.floor(side + 0.5 + (patch - stride) / 2 - centre + 0.5)))
    cells = np.kron(change, np.ones((stride, stride)))
    y, x = corner
    ys, xs = slice(max(y, 0), y + len(cells)), slice(max(x, 0), x + cells.shape[1])
    cut = cells[ys.start - y :, xs.start - x :]
    part = total[ys, xs]
    part += cut[: part.shape[0], : part.shape[1]]
    covered[ys, xs] += 1
