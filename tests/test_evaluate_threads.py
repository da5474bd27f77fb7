"""Boxes behind the network: the same rows, bounded memory, errors that surface."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from PIL import Image

from cam_utils import CamError, load_network, open_images
from cam_utils.data import Subset
from cam_utils.data.base import PhotoFiles
from cam_utils.evaluate import PAPER, RELEASED, WSOL, behind, evaluate, items, localize
from cam_utils.evaluate.items import opened
from cam_utils.evaluate.protocols import chosen


@pytest.fixture(scope="module")
def network():
    return load_network("mini/googlenet-gap")


@pytest.fixture(scope="module")
def images():
    return Subset(open_images("mini/objects", "val"), range(0, 20 * 12, 20))


@pytest.mark.parametrize("protocol", [PAPER, RELEASED, WSOL], ids=lambda p: p.name)
def test_any_number_of_threads_gives_the_same_rows(network, images, protocol):
    texts = [
        evaluate(network, images, protocol, progress=False, batch=4, shard=5, workers=n).to_csv()
        for n in (1, 2, 5)
    ]
    assert texts[0] == texts[1] == texts[2]
    assert texts[0].count("\n") > len(images)


def test_torch_has_as_many_threads_as_before(network, images):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        evaluate(network, images, PAPER, progress=False, workers=2)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_boxes_are_made_behind_the_network_by_one_batch_at_most(network, images, monkeypatch):
    """The second forward pass does not wait for the first boxes; the second boxes do."""
    second, localized, maps_under = threading.Event(), behind.localized, behind.maps_under
    passes, done = [], []

    def slow(item, *args):
        assert second.wait(30), "the next forward pass waits for the boxes"
        assert len(passes) <= len(done) // 4 + 2
        rows = localized(item, *args)
        done.append(item.id)
        return rows

    def watched(*args):
        passes.append(len(done))
        if len(passes) == 2:
            second.set()
        return maps_under(*args)

    monkeypatch.setattr(behind, "localized", slow)
    monkeypatch.setattr(behind, "maps_under", watched)
    table = evaluate(network, images, PAPER, progress=False, batch=4, workers=2)
    assert passes[:2] == [0, 0]
    assert passes[2] >= 4
    assert table["id"].drop_duplicates().tolist() == images.ids


def test_an_error_among_the_boxes_stops_the_evaluation(network, images, monkeypatch):
    def broken(item, *args):
        raise CamError(f"no boxes for {item.id}")

    monkeypatch.setattr(behind, "localized", broken)
    with pytest.raises(CamError, match=f"no boxes for {images.ids[0]}"):
        evaluate(network, images, PAPER, progress=False, batch=4)
    assert not [t for t in threading.enumerate() if t.name.startswith("boxes")]


@pytest.mark.parametrize("workers", [0, -1, 1.5])
def test_a_number_of_threads_that_is_none_is_refused(network, images, workers):
    with pytest.raises(CamError, match="workers="):
        evaluate(network, images, PAPER, progress=False, workers=workers)


def test_what_waits_holds_no_picture_unless_a_rule_looks_at_it(network, images, monkeypatch):
    item = opened(images, 0, network.input_spec, "center")
    record = images[0]
    assert item.image is None
    assert item.size == record.image.size[::-1]
    assert opened(images, 0, network.input_spec, keep=True).image.tobytes() == (
        record.image.tobytes()
    )
    kept, localized = set(), behind.localized

    def watched(item, *args):
        kept.add(item.image is not None)
        return localized(item, *args)

    monkeypatch.setattr(behind, "localized", watched)
    evaluate(network, images, PAPER, progress=False)
    assert kept == {False}
    cut = chosen("paper", {"method": "backprop_max", "rule": "graph_cut"})
    found = evaluate(network, Subset(images, range(2)), cut, progress=False)
    assert kept == {False, True}
    assert found["x1"].notna().all()


def test_pictures_above_the_limit_take_turns_and_keep_their_boxes(network, images, monkeypatch):
    some = Subset(images, range(4))
    expected = evaluate(network, some, PAPER, progress=False, workers=4).to_csv()
    at_once, most, boxes_of = [0], [0], localize.boxes_of

    def counted(*args):
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        try:
            return boxes_of(*args)
        finally:
            at_once[0] -= 1

    monkeypatch.setattr(localize, "_LARGE", 1)
    monkeypatch.setattr(localize, "boxes_of", counted)
    assert evaluate(network, some, PAPER, progress=False, workers=4).to_csv() == expected
    assert most == [1]


class Watched(PhotoFiles):
    """Eight files; `meet` is called while one is read."""

    name, meet = "watched", None

    def __getitem__(self, i):
        self.meet()
        return super().__getitem__(i)


def test_large_files_are_decoded_two_at_a_time_small_ones_all_at_once(
    tmp_path, monkeypatch, network
):
    names = [f"{k}.png" for k in range(8)]
    for name in names:
        Image.new("RGB", (40, 30), (200, 10, 10)).save(tmp_path / name)
    images, busy, most = Watched(tmp_path, "all", [], names, names), [], []
    images.meet = threading.Barrier(8).wait

    def read_all():
        with ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(opened, images, i, network.input_spec) for i in range(8)]
            return [future.result(timeout=60).size for future in futures]

    assert read_all() == [(30, 40)] * 8  # none would come back if they were fewer

    def counted():
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.02)
        busy.pop()

    images.meet = counted
    monkeypatch.setattr(items, "_LARGE_FILE", 0)
    assert read_all() == [(30, 40)] * 8
    assert max(most) <= 2
