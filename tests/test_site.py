"""The book: complete, closed in itself, and readable where nothing runs."""

import copy
import json
import re
from collections import Counter

import nbformat
import pytest
from bs4 import BeautifulSoup
from command import refused, run

from cam_utils.book.notebooks import notebooks
from cam_utils.commands.site import prose
from cam_utils.commands.site.build import OURS, Writer, build
from cam_utils.commands.site.reference import messages, reading_order


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """(folder, {file: page})."""
    folder = tmp_path_factory.mktemp("site") / "book"
    pages = build(folder)
    return folder, {p.name: BeautifulSoup(p.read_text("utf-8"), "html.parser") for p in pages}


def test_every_page_has_one_title_and_all_notebooks_are_there_in_order(site):
    _, pages = site
    titles = [page.title.text for page in pages.values()]
    assert len(set(titles)) == len(titles)
    assert all(len(page.find_all("h1")) == 1 for page in pages.values())
    listed = [a["href"] for a in pages["index.html"].select("#pages > ul > li > a")]
    assert listed == list(pages)
    names = [f"{path.stem}.html" for path in notebooks()]
    assert listed[1 : len(names) + 1] == names
    assert pages[names[0]].select_one(".turn [rel=next]")["href"] == names[1]


def test_no_link_is_dead_and_nothing_comes_from_elsewhere(site):
    folder, pages = site
    anchors = {f: Counter(t["id"] for t in page.find_all(id=True)) for f, page in pages.items()}
    for file, page in pages.items():
        assert max(anchors[file].values()) == 1, anchors[file].most_common(1)
        for tag in page.find_all(src=True) + page.find_all("link"):
            source = tag.get("src") or tag["href"]
            assert source == "data:," or (folder / source).is_file(), f"{file}: {source}"
        for link in page.find_all("a"):
            there, _, anchor = link["href"].partition("#")
            if re.match("https?:", there):
                continue  # plain text that leads away when it is clicked
            assert not there.startswith("/")
            assert not there or (folder / there).is_file(), f"{file}: {link['href']}"
            assert not anchor or anchor in anchors[there or file], f"{file}: {link['href']}"
    for name in ("style.css", "site.js"):
        assert not re.search(r"https?:|url\(|@import", (folder / name).read_text())


def test_pages_can_be_read_where_nothing_runs(site):
    """Formulas are MathML, no widget's name is left, pictures have texts, intervals one line."""
    _, pages = site
    formulas = pages["01_class_activation_mapping.html"].find_all("math")
    assert {"block", "inline"} == {m["display"] for m in formulas}
    for file, whole in pages.items():
        assert all(img["alt"] for img in whole.find_all("img")), file
        page = copy.copy(whole)
        for code in page.select("code, .highlight, math"):
            code.extract()
        assert not re.search(r"\$[^$\n]*\\|HBox\(|VBox\(|<figure:|Styler object", page.text), file
        assert not re.search(r"\[-?\d*\.?\d+,[ \n]-?\d*\.?\d+\]", page.text), file


def test_code_that_draws_is_folded_and_the_idea_is_not(site):
    _, pages = site
    page = pages["01_class_activation_mapping.html"]
    folded = [d.text for d in page.find_all("details") if "Code of the figure" in d.text]
    assert any("show(" in text for text in folded)
    idea = [pre for pre in page.select(".highlight") if "torch.einsum(" in pre.text]
    assert idea
    assert idea[0].find_parent("details") is None


def test_verdicts_are_those_of_the_notebook(site):
    _, pages = site
    for path in notebooks():
        lines = [
            line
            for cell in nbformat.read(path, as_version=4).cells
            for out in cell.get("outputs", [])
            for line in out.get("text", "").splitlines()
            if line.startswith("not supported: ")
        ]
        assert len(pages[f"{path.stem}.html"].select("b.not-supported")) == len(lines)


def test_reference_follows_the_reading_order(site):
    _, pages = site
    assert reading_order()[:2] == ["cam", "networks.gap"]
    modules = [h["id"] for h in pages["reference.html"].select("main h2")]
    expected = [name.replace(".", "-") for name in reading_order()]
    assert modules[: len(expected)] == expected
    names = [h["id"] for h in pages["reference.html"].select("main h3")]
    assert {"cams", "as_gap_network", "center_crop", "paste", "rate"} <= set(names)
    assert names.index("cams") < names.index("center_crop")


def test_troubleshooting_is_headed_by_what_the_code_says(site, repo):
    """Every heading is a part of a message; "…" there and here stands for a value."""
    _, pages = site
    source = "\n".join(t for texts in messages(repo / "cam_utils").values() for t in texts)
    whole = " ".join(
        re.sub(r'"\n\s*f?"', "", p.read_text()) for p in repo.glob("cam_utils/**/*.py")
    )
    found = [h.find(string=True).strip() for h in pages["troubleshooting.html"].select("main h2")]
    assert len(found) > 15
    for head in (head.replace("\xa0", " ") for head in found[:-1]):
        pieces = [piece.strip(" '") for piece in head.split("…")]
        assert all(piece in source or piece in whole for piece in pieces), head


def test_figures_of_both_profiles_are_shown_and_no_data_set_s(site, repo):
    folder, pages = site
    shown = {a["href"] for a in pages["figures.html"].select("figure a") if "figures/" in a["href"]}
    drawn = {f"figures/mini/{p.name}" for p in repo.glob("figures/mini/*.png")}
    assert {s for s in shown if "mini" in s} == drawn
    assert "figures/paper/photos_googlenet.png" in shown
    assert not list(folder.glob("figures/paper/fig*"))


def test_search_knows_every_section(site):
    folder, _ = site
    text = (folder / "words.js").read_text("utf-8")
    sections = json.loads(text.removeprefix("const SECTIONS = ").rstrip(";\n"))
    urls = [url for url, *_ in sections]
    assert len(urls) == len(set(urls))
    found = [
        url for url, _, head, told in sections if "pointing game" in told and "Figure 3" in head
    ]
    assert found[0].startswith("01_class_activation_mapping.html#figure-3")


@pytest.mark.parametrize(
    ("url", "plain", "linked"),
    [
        ("02_x.ipynb", None, None),
        ("08_after_cam.ipynb#verdicts", "08_after_cam.html#verdicts", None),
        ("../README.md", "index.html", None),
        ("../figures/paper/SCOREBOARD.md", "scoreboard_paper.html", None),
        ("../Makefile", None, "https://github.com/a/b/blob/HEAD/Makefile"),
        ("https://example.org/x", "https://example.org/x", None),
    ],
)
def test_links_lead_into_the_site_or_to_the_one_repository(repo, url, plain, linked):
    assert Writer(repo, notebooks(), "").target("notebooks", url) == plain
    assert Writer(repo, notebooks(), "a/b").target("notebooks", url) == (linked or plain)


def test_no_other_files_are_replaced(capsys, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert "choose another folder" in refused(capsys, "site", "--out", tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "index.html").write_text(OURS)  # now it is a site of ours
    status, text, _ = run(capsys, "site", "--out", tmp_path, "--repository", "a/b")
    assert status == 0
    assert "index.html" in text
    assert not (tmp_path / "mine.txt").exists()
    assert 'href="https://github.com/a/b"' in (tmp_path / "index.html").read_text()


def test_the_workflow_takes_its_repository_from_one_setting(repo):
    text = (repo / ".github" / "workflows" / "site.yml").read_text()
    assert re.findall(r"REPOSITORY: (.*)", text) == ["${{ github.repository }}"]
    assert not re.search(r"https?://", text)


def test_intervals_stay_together_but_code_keeps_its_spaces():
    text = "60.8 [55.9,\n65.4] % and <code>x[0, 1]</code>, 1.5 to 2.5"
    assert prose.finished(text) == (
        "60.8\xa0[55.9,\xa065.4]\xa0% and <code>x[0, 1]</code>, 1.5\xa0to\xa02.5"
    )
