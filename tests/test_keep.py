"""The keeper and what names its work: nothing damaged, foreign or half is ever given back."""

import os
import stat
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from cam_utils import CamError, MissingData, load_network, open_images
from cam_utils.data import Subset
from cam_utils.identity import code_of, differences, of_images, of_network
from cam_utils.keep import BrokenPiece, Keeper, read_piece
from cam_utils.writing import replacing, write_json

WORK = {"network": "a/b", "weights": "0123", "protocol": {"threshold": 0.2}}
ARRAYS = {
    "values": np.arange(12, dtype=np.float32).reshape(3, 4),
    "none": np.zeros((0, 4)),
    "flags": np.array([True, False]),
}


@pytest.fixture
def keeper(tmp_path):
    return Keeper.of("rows", WORK, tmp_path)


def test_a_piece_comes_back_as_it_was_put(keeper, tmp_path):
    assert keeper.get() is None
    keeper.put(ARRAYS, {"unreadable": ["é"]})
    arrays, note = Keeper.of("rows", WORK, tmp_path).get()
    assert note == {"unreadable": ["é"]}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("rows-a_b-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644  # colleagues may read it


def test_work_of_another_identity_is_not_given_back(keeper, tmp_path):
    keeper.put(ARRAYS)
    for change in ({"weights": "0124"}, {"protocol": {"threshold": 0.25}}, {"device": "cuda"}):
        assert Keeper.of("rows", WORK | change, tmp_path).get() is None
    # not even where the name is the same
    assert Keeper(keeper.place, WORK | {"weights": "0124"}).get() is None
    assert keeper.get() is not None


def test_every_flipped_byte_is_noticed(keeper):
    keeper.put(ARRAYS, {"n": 3})
    path = keeper._path("")
    good = path.read_bytes()
    for at in range(0, len(good), 7):
        spoiled = bytearray(good)
        spoiled[at] ^= 4
        path.write_bytes(spoiled)
        found = keeper.get()
        if found:  # padding alone may change
            np.testing.assert_array_equal(found[0]["values"], ARRAYS["values"])
            assert found[1] == {"n": 3}
        path.write_bytes(good)
    for length in (0, 7, 100, len(good) - 1):
        path.write_bytes(good[:length])
        assert keeper.get() is None
        assert not path.exists()  # removed, so that it is made again
    with pytest.raises(MissingData):
        read_piece(path)
    path.write_bytes(good[:-1])
    with pytest.raises(BrokenPiece, match="is damaged"):
        read_piece(path)


def test_parts_are_put_one_by_one_and_dropped_together(keeper, tmp_path):
    for k in (0, 2):
        keeper.put({"k": np.array([k])}, part=f"{k:05d}")
    assert keeper.parts() == ["00000", "00002"]
    assert keeper.get("00002")[0]["k"] == [2]
    assert keeper.get("00001") is None
    with pytest.raises(CamError, match=r"another run: weights is 9 here and 0123 there"):
        replace(keeper, identity=WORK | {"weights": "9"}).refuse_others()
    keeper.refuse_others()
    keeper.drop_parts()
    assert keeper.parts() == []
    assert list(tmp_path.iterdir()) == []


def test_without_a_place_nothing_is_kept(monkeypatch):
    for keeper in (Keeper.of("rows", WORK, False), Keeper(None, WORK)):
        keeper.put(ARRAYS)
        assert keeper.get() is None
        assert keeper.parts() == []
        keeper.drop_parts()
    monkeypatch.setattr("cam_utils.keep.project_root", lambda: None)
    assert Keeper.of("rows", WORK).place is None
    with pytest.raises(CamError, match="in no checkout"):
        Keeper.of("rows", WORK, True)


def test_what_cannot_be_written_is_an_error_that_loses_nothing(keeper, tmp_path, monkeypatch):
    with pytest.raises(CamError, match="Cannot keep rows in"):
        Keeper.of("rows", WORK, "/dev/null/x")
    keeper.put(ARRAYS, {"n": 1})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CamError, match="No space left on device"):
        keeper.put(ARRAYS, {"n": 2})
    assert keeper.get()[1] == {"n": 1}
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "numbers.json"
    write_json(path, {"a": 1})
    with pytest.raises(UnicodeEncodeError), replacing(path) as part:
        part.write_text("half \ud800", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == '{\n "a": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


# ---------------------------------------------------------------- identities


def test_a_network_is_known_by_weights_modules_and_code():
    network = load_network("mini/googlenet-gap")
    before = of_network(network)
    assert of_network(load_network("mini/googlenet-gap")) == before
    with torch.no_grad():
        network.class_bias[0] += 1e-6
    assert differences(before, of_network(network)) != []
    plain, strided = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3, stride=2)
    strided.load_state_dict(plain.state_dict())
    assert of_network(plain)["weights"] == of_network(strided)["weights"]
    assert of_network(plain) != of_network(strided)

    first, second = adds_one(), adds_two()
    second.load_state_dict(first.state_dict())
    assert of_network(first)["weights"] == of_network(second)["weights"]
    assert of_network(first)["network code"] != of_network(second)["network code"]


def adds_one():
    class Own(nn.Conv2d):
        def forward(self, x):
            return super().forward(x) + 1

    return Own(3, 4, 3)


def adds_two():
    class Own(nn.Conv2d):
        def forward(self, x):
            return super().forward(x) + 2

    return Own(3, 4, 3)


def test_pictures_are_known_by_labels_files_and_drawing_code(tmp_path):
    images = open_images("mini/objects", "val")
    assert of_images(images) == of_images(open_images("mini/objects", "val"))
    assert of_images(images)["content"] != of_images(open_images("mini/birds", "val"))["content"]
    assert of_images(Subset(images, [0, 1])) != of_images(Subset(images, [1, 0]))
    from PIL import Image

    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    before = of_images(open_images("photos", root=tmp_path))
    os.utime(tmp_path / "a.png", (1, 1))
    assert differences(before, of_images(open_images("photos", root=tmp_path))) != []


def test_code_counts_with_all_that_it_imports_but_not_its_words(tmp_path, monkeypatch):
    import cam_utils.identity as identity

    home = tmp_path / "pack"
    home.mkdir()
    (home / "__init__.py").write_text("", encoding="utf-8")
    (home / "top.py").write_text(
        '"""Words."""\nfrom .low import f\n\n\ndef g():\n    return f()\n', encoding="utf-8"
    )
    (home / "low.py").write_text("def f():\n    return 1\n", encoding="utf-8")
    monkeypatch.setattr(identity, "_PACKAGE", "pack")
    monkeypatch.setattr(identity, "__file__", str(home / "identity.py"))

    def now():
        identity._parsed.cache_clear()
        return code_of("pack.top")

    before = now()
    (home / "top.py").write_text(
        '"""Other."""\n# why\nfrom .low import f\ndef g(): return f()\n', encoding="utf-8"
    )
    assert now() == before
    (home / "low.py").write_text("def f():\n    return 2\n", encoding="utf-8")
    assert now() != before
    monkeypatch.undo()
    identity._parsed.cache_clear()


def test_a_long_run_does_not_depend_on_other_sections():
    """What evaluation's code is hashed over: the kernel and the engine, no section, no notebook."""
    import cam_utils.identity as identity

    found, left = set(), ["cam_utils.evaluate"]
    while left:
        module = left.pop()
        if module not in found and module != "cam_utils":
            found.add(module)
            left += identity._parsed(module)[1]
    assert "cam_utils.boxes" in found
    assert not [m for m in found if m.split(".")[1] in ("sections", "book", "commands", "mini")]
