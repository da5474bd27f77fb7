"""What the README shows runs as it stands."""

import re
import shlex

import numpy as np
import pytest
from command import run
from PIL import Image
from torchvision.models import resnet18

from cam_utils.commands.command_line import parser

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def blocks(request):
    text = (request.config.rootpath / "README.md").read_text(encoding="utf-8")
    return BLOCK.findall(text)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a photo.jpg, and no data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CAM_DATA", raising=False)
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    Image.fromarray(noise).save("photo.jpg")
    (tmp_path / "holiday").mkdir()
    (tmp_path / "scans").mkdir()
    for place in ("holiday/a.jpg", "scans/b.png"):
        Image.fromarray(noise).save(place)
    return tmp_path


def commands(blocks):
    """The arguments of every `python -m cam_utils ...`, as written."""
    lines = "\n".join(text for kind, text in blocks if kind == "").replace("\\\n", " ")
    found = [line.split("#")[0].strip() for line in lines.splitlines()]
    return [shlex.split(line)[3:] for line in found if line.startswith("python -m cam_utils ")]


@pytest.mark.filterwarnings("ignore:ResNet does not say")
def test_every_code_block_runs(blocks, here):
    code = [text for kind, text in blocks if kind == "python"]
    assert len(code) >= 3
    for text in code:
        exec(compile(text, "README.md", "exec"), {"my_model": resnet18()})


def test_the_first_block_is_short_and_shows_the_picture(blocks, here):
    first = next(text for kind, text in blocks if kind == "python")
    assert len(first.strip().splitlines()) <= 6
    exec(compile(first, "README.md", "exec"), {})
    assert Image.open("cat_cam.png").width > 800


def test_every_command_is_one(blocks):
    found = commands(blocks)
    assert len(found) >= 10
    for arguments in found:
        parser().parse_args(arguments)


def test_commands_that_need_nothing_run(blocks, here, capsys):
    def at_hand(arguments):
        text = " ".join(arguments)
        needs = ("$CAM_DATA", "torchvision/", "timm/", "my_package", "train ", "tables ", "figures")
        return not any(word in text for word in needs)

    found = [arguments for arguments in commands(blocks) if at_hand(arguments)]
    assert {"explain", "evaluate"} <= {arguments[0] for arguments in found}
    for arguments in found:
        short = ["--limit", "16"] if arguments[0] == "evaluate" else []
        status, _, err = run(capsys, *arguments, *short)
        assert status == 0, err


def test_every_target_of_make_is_there(blocks, repo):
    makefile = (repo / "Makefile").read_text(encoding="utf-8")
    text = (repo / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z]+)\b", text, re.M))
    assert named <= set(re.findall(r"^([a-z]+):", makefile, re.M))


def test_links_lead_somewhere(repo):
    text = (repo / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert [link for link in links if "://" not in link and not (repo / link).exists()] == []
