"""Class-specific units: section 5 and figure 13 of the paper.

units, weights = rank_units(network, label)  # by the softmax weight
top = top_images(network, images, units[:3])  # what drives them most, over a pool
field = receptive_field(network)  # what one place of a map can see
mask = segment(top.maps[0, 0], image.size[::-1], peak=top.peak(units[0]))
"""

from .ablation import ablate, ablation_table
from .field import ReceptiveField, receptive_field
from .occlusion import empirical_field, field_side
from .ranking import (
    class_purity,
    half_of_score,
    owners,
    purities,
    rank_units,
    shared_units,
    top_units,
)
from .top import TopImages, top_images
from .unit_parts import masked, part_overlap, segment

__all__ = [
    "ReceptiveField",
    "TopImages",
    "ablate",
    "ablation_table",
    "class_purity",
    "empirical_field",
    "field_side",
    "half_of_score",
    "masked",
    "owners",
    "part_overlap",
    "purities",
    "rank_units",
    "receptive_field",
    "segment",
    "shared_units",
    "top_images",
    "top_units",
]
