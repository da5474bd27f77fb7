"""Rows of the evaluation: classes, boxes and overlaps against plain loops, and the protocols."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from cam_utils import CamError, NoClassActivationMap, boxes, cams, load_network, open_images, views
from cam_utils.boxes.wsol import minmax_levels, truth_boxes, warp, wsol_v1
from cam_utils.data import Subset
from cam_utils.evaluate import CLASSIFY, PAPER, RELEASED, WSOL, Protocol, evaluate, read_table
from cam_utils.evaluate.curves import sweeps_of
from cam_utils.evaluate.protocols import chosen
from cam_utils.image_maps import image_maps
from cam_utils.metrics.classification import classification_errors
from cam_utils.networks import GapNetwork, InputSpec
from cam_utils.sweep import sweep

BOX = ["x0", "y0", "x1", "y1"]


@pytest.fixture(scope="module")
def network():
    return load_network("mini/googlenet-gap")


@pytest.fixture(scope="module")
def images():
    """Thirteen pictures of as many classes, several of them with two truth boxes of one class."""
    return Subset(open_images("mini/objects", "val"), range(0, 25 * 13, 25))


@pytest.fixture(scope="module")
def table(network, images):
    return evaluate(network, images, PAPER, progress=False, batch=1)


def overlap(box, truth):
    """IoU of one box with each truth box, pixel by pixel."""
    grid = np.zeros((2, 200, 200), bool)
    found = []
    for other in truth:
        for mask, b in zip(grid, (box, other), strict=True):
            mask[:] = False
            x0, y0, x1, y1 = (int(v) for v in b)
            mask[y0:y1, x0:x1] = True
        found.append((grid[0] & grid[1]).sum() / (grid[0] | grid[1]).sum())
    return found


def test_paper_equals_a_plain_loop(network, images, table):
    """Batches of one image, so that both see the same arithmetic: the boxes are equal exactly."""
    rows = []
    for i in range(len(images)):
        record = images[i]
        view = views.center_crop(record.image, network.input_spec)
        result = cams(network, view.tensor[None], 5)
        own = cams(network, view.tensor[None], torch.tensor([record.label]))
        for rank, one, k in [(0, own, 0), *((r + 1, result, r) for r in range(5))]:
            map = views.paste(one.maps[0, k : k + 1], view.frame, record.image.size[::-1])[0]
            box = boxes.paper(map, 0.2)[0]
            truth = record.boxes[record.box_labels == record.label]
            score, label = one.probabilities[0, k].item(), one.classes[0, k].item()
            rows.append(
                (record.id, record.label, rank, label, score, *box, max(overlap(box, truth)))
            )
    found = table[["id", "label", "rank", "class", "score", *BOX, "iou"]]
    expected = pd.DataFrame(rows, columns=found.columns).astype(dict.fromkeys(BOX, float))
    exact = ["id", "label", "rank", "class", *BOX]
    pd.testing.assert_frame_equal(found[exact], expected[exact], check_exact=True)
    # nine decimals are kept
    np.testing.assert_allclose(
        found[["score", "iou"]], expected[["score", "iou"]], rtol=0, atol=1e-9
    )


def test_the_iou_is_the_best_over_the_boxes_of_the_label_alone(images, table):
    several = [i for i in range(len(images)) if len(images.boxes(i)) > 1]
    others = [i for i in range(len(images)) if len(images[i].boxes) > len(images.boxes(i))]
    assert several
    assert others
    for i in {*several[:2], *others[:2]}:
        row = table[(table["id"] == images.ids[i]) & (table["rank"] == 1)].iloc[0]
        assert row["iou"] == pytest.approx(max(overlap(row[BOX], images.boxes(i))), abs=1e-9)


def test_class_given_rows(images, table):
    """One row of rank 0 for each image, first, equal to that class's other row, if any."""
    assert (table.groupby("id").size() == 6).all()
    given = table[table["rank"] == 0]
    assert given["id"].tolist() == images.ids
    assert (given["class"] == given["label"]).all()
    guessed = table[(table["rank"] > 0) & (table["class"] == table["label"])]
    merged = guessed.merge(given, on="id", suffixes=("", "_given"))
    assert len(merged) > 8
    for column in ["score", *BOX, "iou"]:
        assert (merged[column] == merged[f"{column}_given"]).all()
    errors = classification_errors(table)  # rank 0 is no guess
    ours = {k: 100 * (1 - guessed[guessed["rank"] <= k]["id"].nunique() / 13) for k in (1, 5)}
    assert errors["top1"].value == pytest.approx(ours[1])
    assert errors["top5"].value == pytest.approx(ours[5])


def test_batches_do_not_change_the_table(network, images, table):
    """Batched convolutions may differ in the last bits: scores by 1e-6, boxes by a pixel."""
    found = evaluate(network, images, PAPER, progress=False, batch=5, shard=7)
    assert found[["id", "rank", "class"]].equals(table[["id", "rank", "class"]])
    np.testing.assert_allclose(found["score"], table["score"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(found[BOX], table[BOX], rtol=0, atol=1)


@pytest.mark.parametrize(
    "protocol",
    [
        RELEASED,
        replace(PAPER, view="ten", top=2),
        replace(PAPER, view="whole", method="grad_cam"),
        replace(RELEASED, view="center", method="backprop"),
        replace(PAPER, method="backprop_max", rule="graph_cut", threshold=None),
        replace(PAPER, rule="wsol_v1", threshold=0.4),
    ],
    ids=lambda p: f"{p.view}-{p.method}-{p.rule}",
)
def test_rows_equal_image_maps_and_the_rule(network, images, protocol):
    some = Subset(images, [3, 4])
    found = evaluate(network, some, protocol, progress=False, batch=1)
    rules = {
        "paper": lambda map, image: boxes.paper(map, 0.2),
        "released": lambda map, image: boxes.released(map),
        "graph_cut": lambda map, image: boxes.graph_cut(image, map),
        "wsol_v1": lambda map, image: wsol_v1(map, 0.4),
    }
    for i in range(2):
        record, rows = some[i], found[found["id"] == some.ids[i]]
        view, merge, method = protocol.view, protocol.merge, protocol.method
        best = image_maps(network, record.image, view, merge, protocol.top, method)
        own = image_maps(network, record.image, view, merge, torch.tensor([record.label]), method)
        assert rows["class"].tolist() == [record.label, *best.classes.tolist()]
        for (_, row), map in zip(rows.iterrows(), [*own.maps, *best.maps], strict=True):
            expected = rules[protocol.rule](map, record.image)
            np.testing.assert_allclose(row[BOX].tolist(), expected[0], atol=1e-5)
            second = row[[f"{c}b" for c in BOX]].astype(float)
            if len(expected) > 1:
                assert second.tolist() == expected[1].tolist()
                truth = record.boxes_of(record.label)
                assert row["iou_b"] == pytest.approx(boxes.iou(expected[1], truth).max(), abs=1e-9)
            else:
                assert second.isna().all()
                assert np.isnan(row["iou_b"])


def test_wsol_keeps_the_curves_bit_for_bit(network, images, tmp_path):
    out = tmp_path / "rows.csv"
    some = Subset(images, range(3))
    evaluate(network, some, WSOL, out, progress=False)
    found = dict(sweeps_of(read_table(out)))
    assert list(found) == some.ids
    for i in range(3):
        record = some[i]
        tensor = views.whole(record.image, network.input_spec).tensor[None]
        map = cams(network, tensor, torch.tensor([record.label])).maps[0, 0]
        truth = truth_boxes(record.boxes_of(record.label), record.image.size[::-1], 112)
        expected = sweep(minmax_levels(warp(map, 112)), truth)
        # the batch of three may move a grey level: nearly all thresholds agree exactly
        assert (found[record.id].iou_v1 == expected.iou_v1).mean() > 0.95
        assert (found[record.id].iou_v2 == expected.iou_v2).mean() > 0.95
    with pytest.raises(CamError, match="protocol WSOL"):
        list(sweeps_of(pd.DataFrame({"id": []})))


class Tiny(GapNetwork):
    """Random, with two classes; the input is what it says."""

    input_spec = InputSpec(size=32, resize=36)

    def __init__(self, classes=2):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 6, 3, stride=4)
        self.conv.weight.data = torch.randn(6, 3, 3, 3, generator=generator)
        self.class_weights = torch.nn.Parameter(torch.randn(classes, 6, generator=generator))
        self.class_bias = torch.nn.Parameter(torch.zeros(classes))

    def features(self, images):
        return self.conv(images).relu()


class Unlabelled:
    """Photos without labels, and one with a label but without a box."""

    name, split, classes, ids = "photos", "all", ["a", "b"], ["NA", "001", "x,y"]

    def __len__(self):
        return 3

    def label(self, i):
        return 1 if i == 1 else -1

    def __getitem__(self, i):
        from PIL import Image

        from cam_utils.data import Record

        noise = np.random.default_rng(i).integers(0, 256, (40 + i, 70, 3), np.uint8)
        boxless = np.zeros((0, 4), np.float32)
        return Record(self.ids[i], Image.fromarray(noise), self.label(i), boxless)


def test_images_without_label_or_box(tmp_path):
    found = evaluate(Tiny(), Unlabelled(), RELEASED, tmp_path / "rows.csv", progress=False)
    assert found.groupby("id", sort=False)["rank"].apply(list).to_dict() == {
        "NA": [1, 2],
        "001": [0, 1, 2],
        "x,y": [1, 2],
    }
    assert found["iou"].isna().all()
    assert found["x0"].notna().all()
    pd.testing.assert_frame_equal(found, read_table(tmp_path / "rows.csv"), check_exact=True)
    curves = evaluate(Tiny(), Unlabelled(), WSOL, tmp_path / "curves.csv", progress=False)
    assert (curves[["curve_v1", "curve_v2"]] == "").all(axis=None)
    assert list(sweeps_of(curves)) == []


def test_classification_alone_has_no_boxes(network, images):
    found = evaluate(network, images, progress=False)
    assert list(found) == ["id", "label", "rank", "class", "score"]
    assert found["rank"].min() == 1
    ten = evaluate(network, Subset(images, [2]), replace(CLASSIFY, view="ten"), progress=False)
    maps = image_maps(network, images[2].image, "ten")
    rows = ten[ten["id"] == images.ids[2]]
    np.testing.assert_allclose(rows["score"], maps.scores, rtol=0, atol=1e-6)  # other batches


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"view": "centre"}, "no view 'centre'. Did you mean 'center'"),
        ({"method": "gradcam"}, "Did you mean 'grad_cam'"),
        ({"rule": "papre"}, "Did you mean 'paper'"),
        ({"merge": "sum"}, "merge 'sum'"),
        ({"top": 0}, "top=0"),
        ({"threshold": 0.2}, "leave it out"),
        ({"rule": "released", "threshold": 0.2}, "takes none"),
        ({"rule": "paper", "threshold": 20}, "expected a fraction"),
        ({"rule": "graph_cut"}, "backprop_max"),
        ({"rule": "sweep"}, "expected 'whole'"),
    ],
)
def test_protocols_refuse_at_once(values, message):
    with pytest.raises(CamError, match=message.replace("(", r"\(")):
        Protocol(**values)


def test_protocols_by_name_with_changes():
    assert chosen(None, {"view": None}) == CLASSIFY
    assert chosen(None, {"view": "whole"}) == Protocol("whole", "whole")
    assert chosen("paper", {"method": "backprop"}) == replace(PAPER, method="backprop")
    assert chosen("paper", {"rule": "released"}).threshold is None
    assert chosen("paper", {"rule": "wsol_v1", "threshold": 0.3}).threshold == 0.3
    with pytest.raises(CamError, match="Did you mean 'released'"):
        chosen("release", {})


def test_networks_that_do_not_fit_are_refused(images):
    plain = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 112 * 112, 24))
    plain.classes, plain.input_spec = (
        list(images.classes),
        load_network("mini/googlenet").input_spec,
    )
    with pytest.raises(NoClassActivationMap, match="no global pooling"):
        evaluate(plain, images, PAPER, progress=False)
    some = Subset(images, range(2))
    found = evaluate(plain, some, replace(PAPER, method="backprop"), progress=False)
    assert len(found) == 12
    del plain.input_spec
    with pytest.raises(CamError, match="input_spec"):
        evaluate(plain, images, progress=False)
    with pytest.raises(CamError, match="batch=0"):
        evaluate(Tiny(24), images, progress=False, batch=0)
