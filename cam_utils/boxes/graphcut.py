"""Boxes from a gradient's saliency as Simonyan et al. make them (arXiv 1312.6034, section 3.2)."""

import cv2
import numpy as np
from PIL import Image
from torch import Tensor

from ..errors import CamError
from .components import checked_map, largest_component

SEEDS = 5  # colours of each model, and so the least number of pixels it is made from


def graph_cut(
    image: Image.Image,
    saliency: Tensor | np.ndarray,
    foreground: float = 0.05,
    background: float = 0.30,
    side: int = 256,
    keep_seeds: bool = True,
) -> np.ndarray:
    """The box of the largest component of a colour segmentation that the saliency starts.

    The most salient 5 % of the pixels make the colour model of the object, the least salient 30 %
    that of the background (mixtures of five Gaussians each); these seeds keep their side, and one
    graph cut decides on the rest. The models are not refitted. That the seeds keep their side is
    the graph cut of Boykov and Jolly, which Simonyan et al. cite; they do not say it.

    The saliency is Simonyan's: the gradient's magnitude, its maximum over the colours
    (`cam_utils.saliency.backprop_saliency(..., reduce="max")`), in the image's frame. The result
    is deterministic; OpenCV's random generator of the calling thread is seeded for it.

    Args:
        image: the PIL image, W x H.
        saliency: (H, W), not negative.
        foreground: share of the pixels whose saliency is above.
        background: share of the pixels whose saliency is below or equal.
        side: picture and saliency are shrunk to this longer side, pixels, before the cut, whose
            time grows faster than the number of pixels.
        keep_seeds: False: the cut decides on the seeds too, by their colour.

    Returns:
        (1, 4) float32 xyxy of the original image, half-open. The whole image where the saliency
        tells nothing apart: it is constant, or leaves fewer than five pixels for a model.

    Raises:
        CamError: the saliency is no finite map, its shape is not the image's, or the shares are
            not between 0 and 1 or overlap.
    """
    array = checked_map(saliency)
    if array.shape != image.size[::-1]:
        raise CamError(
            f"Found a saliency map of shape {array.shape} and an image of {image.size[0]} x "
            f"{image.size[1]} pixels; expected (height, width) of the image "
            "(cam_utils.views.paste makes it)."
        )
    if not (0 < foreground < 1 and 0 < background < 1 and foreground + background <= 1):
        raise CamError(
            f"Found foreground={foreground} and background={background}, expected two shares of "
            "the pixels, together at most 1."
        )
    width, height = image.size
    shrink = min(side / max(width, height), 1)
    size = max(round(width * shrink), 1), max(round(height * shrink), 1)
    array = cv2.resize(array, size, interpolation=cv2.INTER_AREA)
    low, high = np.quantile(array, [background, 1 - foreground])
    back = array <= low
    fore = (array >= high) & ~back
    if min(fore.sum(), back.sum()) < SEEDS:
        return np.array([[0, 0, width, height]], np.float32)
    colours = np.array(image.convert("RGB").resize(size, Image.Resampling.BOX))
    box = largest_component(_cut(colours, fore, back, keep_seeds))
    return box * np.array([width / size[0], height / size[1]] * 2, np.float32)


def _cut(colours: np.ndarray, fore: np.ndarray, back: np.ndarray, keep_seeds: bool) -> np.ndarray:
    """(H, W) bool: the object's side of the cut."""
    cv2.setRNGSeed(0)  # the mixtures start from random centres
    models = np.zeros((1, 65)), np.zeros((1, 65))  # background, object
    # a picture of the seeds alone, so that no other pixel enters the models
    seeds = np.concatenate([colours[back], colours[fore]])[None]
    sides = np.full((1, seeds.shape[1]), cv2.GC_BGD, np.uint8)
    sides[:, back.sum() :] = cv2.GC_FGD
    cv2.grabCut(seeds, sides, None, *models, 0, cv2.GC_INIT_WITH_MASK)
    mask = np.full(fore.shape, cv2.GC_PR_BGD, np.uint8)
    if keep_seeds:
        mask[back], mask[fore] = cv2.GC_BGD, cv2.GC_FGD
    cv2.grabCut(colours, mask, None, *models, 1, cv2.GC_EVAL_FREEZE_MODEL)
    return (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)
