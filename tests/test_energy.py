"""Where a map looks: energy inside a mask and the pointing game."""

import numpy as np
import pandas as pd
import pytest
import torch

from cam_utils import CamError
from cam_utils.metrics.energy import (
    energy_gain,
    energy_share,
    in_boxes,
    peak_inside,
    peak_points,
    placement,
    placement_rates,
)

MASK = np.zeros((4, 6), bool)
MASK[1:3, 2:4] = True


def test_share_of_a_flat_map_is_the_share_of_the_area():
    assert energy_share(np.ones((4, 6)), MASK) == pytest.approx(4 / 24)


def test_negative_values_are_no_energy():
    map = np.full((4, 6), -5.0)
    map[1, 2], map[0, 0] = 3, 1
    assert energy_share(torch.tensor(map), MASK) == pytest.approx(0.75)
    assert np.isnan(energy_share(np.full((4, 6), -1.0), MASK))


def test_pointing_game():
    map = np.zeros((4, 6))
    map[2, 3] = 1
    assert peak_inside(map, MASK)
    map[0, 5] = 1  # the first of equal ones counts
    assert not peak_inside(map, MASK)


def test_peaks_are_cell_centres_in_the_image():
    maps = torch.zeros(1, 4, 8)
    maps[0, 1, 6] = 1
    found = peak_points(maps, np.array([[100, 400]]))
    np.testing.assert_allclose(found, [[6.5 / 8 * 400, 1.5 / 4 * 100]])
    points = np.array([[5.0, 5.0], [10.0, 5.0], [5.0, 5.0]])
    box = np.array([[0, 0, 10, 10.0]])
    assert in_boxes(points, [box, box, box[:0]]).tolist() == [True, False, False]  # half-open


def test_placement_beside_maps_that_never_look():
    mask = np.zeros((32, 32), bool)
    mask[:8] = True
    found = placement(mask.astype(float), mask)
    assert found["energy"] == 1
    assert found["pointing"] == 1
    assert found["energy_uniform"] == 0.25
    assert found["pointing_centre"] == 0
    assert found["energy_centre"] < 0.25
    nothing = placement(-np.ones((32, 32)), mask)
    assert nothing["energy"] == 0.25
    table = pd.DataFrame([found] * 5)
    rates = placement_rates(table)
    assert rates["energy inside, %, map - uniform"].value == pytest.approx(75)
    assert rates["pointing game, %, map"].value == 100
    assert energy_gain(table, table).value == 0
    assert energy_gain(table, pd.DataFrame([nothing] * 5)).value == pytest.approx(75)


def test_maps_and_masks_that_do_not_fit_are_refused():
    with pytest.raises(CamError, match="boolean mask"):
        energy_share(np.ones((4, 6)), MASK.astype(float))
    with pytest.raises(CamError, match="boolean mask"):
        energy_share(np.ones((6, 4)), MASK)
    with pytest.raises(CamError, match="not finite"):
        energy_share(np.full((4, 6), np.nan), MASK)
