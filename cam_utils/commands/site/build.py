"""The pages of the site, and the writing of it."""

import html
import json
import posixpath
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import jinja2
import nbformat
from PIL import Image
from pygments.formatters import HtmlFormatter

from ...book.notebooks import notebooks
from ...errors import CamError
from ...keep import project_root
from ...provenance import __version__
from .prose import Prose, cell, finished, keep_pictures
from .reference import messages, reference

# what may be passed on: pictures that `make paper` draws of data sets stay where they were drawn
PICTURES = {"mini": "*.png", "paper": "photos_*.png"}
OURS = '<meta name="generator" content="cam-companion'
HERE = Path(__file__).parent / "pages"

# sections of the README on the front page; "All figures" is a page of its own, the rest the guide
FRONT = ("Notebooks", "What it found", "Scoreboard", "How to cite")


@dataclass
class Page:
    """A page; its title is its first heading."""

    file: str
    group: str
    body: str

    @property
    def title(self) -> str:
        return plain_text(re.search(r"<h1.*?</h1>", self.body, re.S)[0])

    @property
    def sections(self) -> list[tuple[str, str, str]]:
        """(anchor, heading, text) of everything that has a heading of its own."""
        parts = re.split(r'<h[1-3] id="([^"]*)">(.*?)</h[1-3]>', self.body, flags=re.S)[1:]
        return [
            (name, plain_text(head), plain_text(text))
            for name, head, text in zip(*(parts[k::3] for k in range(3)), strict=True)
        ]

    @property
    def outline(self) -> list[tuple[str, str]]:
        """(anchor, heading) of the larger sections."""
        found = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', self.body, re.S)
        return [(name, plain_text(head)) for name, head in found]


def plain_text(text: str) -> str:
    """HTML as one line of text, without the links to its own headings."""
    text = re.sub(r'<a class="anchor".*?</a>', "", text, flags=re.S)
    text = re.sub(r"</?(?:a|b|em|strong|code|span|m[a-z]+)\b[^>]*>", "", text)  # inside of words
    text = re.sub(r"<[^>]*>", " ", text)
    return " ".join(html.unescape(text).split())


def build(out: Path, repository: str = "") -> list[Path]:
    """Write the site; returns its pages.

    Args:
        out: a folder that is new, empty, or holds a site that was written before.
        repository: owner/name, for links to files that the site does not hold; "": no such links.

    Raises:
        CamError: the folder holds something else, or what is to be shown is not here.
    """
    stored = notebooks()  # says what to do where there is no checkout
    root = project_root()
    pages = Writer(root, stored, repository).pages()
    index = out / "index.html"
    if out.exists() and any(out.iterdir()):
        if not index.is_file() or OURS not in index.read_text(encoding="utf-8"):
            raise CamError(f"{out} holds files that are no site of ours; choose another folder.")
        shutil.rmtree(out)
    (out / "pictures").mkdir(parents=True)
    for profile, which in PICTURES.items():
        (out / "figures" / profile).mkdir(parents=True)
        for path in (root / "figures" / profile).glob(which):
            shutil.copyfile(path, out / "figures" / profile / path.name)
    for page in pages:
        page.body = finished(keep_pictures(page.body, out / "pictures"))
    template = jinja2.Template((HERE / "page.html").read_text(encoding="utf-8"), autoescape=True)
    for number, page in enumerate(pages):
        text = template.render(
            page=page,
            pages=pages,
            before=pages[number - 1] if number else None,
            after=pages[number + 1] if page is not pages[-1] else None,
            version=__version__,
            repository=repository,
        )
        (out / page.file).write_text(text, encoding="utf-8")
    (out / "style.css").write_text(_style(), encoding="utf-8")
    shutil.copyfile(HERE / "site.js", out / "site.js")
    found = [
        [f"{p.file}#{name}", p.title, head, text] for p in pages for name, head, text in p.sections
    ]
    words = f"const SECTIONS = {json.dumps(found, ensure_ascii=False)};\n"
    (out / "words.js").write_text(words, encoding="utf-8")
    return [out / page.file for page in pages]


@dataclass
class Writer:
    """Makes the pages of a checkout."""

    root: Path
    stored: list[Path]
    repository: str

    def pages(self) -> list[Page]:
        """All of them, in the order of reading."""
        readme = self._read("README.md")
        head, *rest = re.split(r"^## ", readme, flags=re.M)
        first, second = head.split("## Two commands")[0], []
        for section in rest:
            title = section.splitlines()[0]
            if title in FRONT:
                first += f"## {section}"
            elif title != "All figures":
                second.append(f"## {section}")
        after = next(path for path in self.stored if path.stem.endswith("after_cam"))
        return [
            Page("index.html", "", self._prose().page(first)),
            *(Page(f"{p.stem}.html", "Notebooks", self._notebook(p)) for p in self.stored),
            *(
                Page(
                    f"scoreboard_{p}.html", "Results", self._markdown(f"figures/{p}/SCOREBOARD.md")
                )
                for p in PICTURES
            ),
            Page("figures.html", "Results", self._figures()),
            Page("guide.html", "Use it", self._prose().page("# Guide\n\n" + "".join(second))),
            Page("methods.html", "Use it", self._section(after, "Which method when")),
            Page("troubleshooting.html", "Use it", self._troubleshooting()),
            Page("glossary.html", "Look it up", self._own("glossary.md")),
            Page("reference.html", "Look it up", self._reference()),
            Page("changes.html", "Look it up", self._markdown("CHANGELOG.md")),
        ]

    def target(self, folder: str, url: str) -> str | None:
        """Where a link in a file of `folder` leads to; None: to nothing that is here."""
        if re.match(r"[a-z]+:|#|$", url):
            return url
        path, _, anchor = url.partition("#")
        path = posixpath.normpath(posixpath.join(folder, path))
        name = posixpath.basename(path)
        if path == "README.md":
            there = "index.html"
        elif path in {f"notebooks/{p.name}" for p in self.stored}:
            there = name.replace(".ipynb", ".html")
        elif name == "SCOREBOARD.md":
            there = f"scoreboard_{posixpath.dirname(path).split('/')[-1]}.html"
        elif path.endswith((".png", ".html")):
            there = path
        elif self.repository and (self.root / path).exists():
            there = f"https://github.com/{self.repository}/blob/HEAD/{path}"
        else:
            return None
        return f"{there}#{anchor}" if anchor else there

    def _prose(self, folder: str = "") -> Prose:
        return Prose(lambda url: self.target(folder, url))

    def _read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def _markdown(self, path: str) -> str:
        return self._prose(posixpath.dirname(path)).page(self._read(path))

    def _own(self, name: str) -> str:
        return self._prose().page((HERE / name).read_text(encoding="utf-8"))

    def _notebook(self, path: Path) -> str:
        prose = self._prose("notebooks")
        return "\n".join(cell(c, prose) for c in nbformat.read(path, as_version=4).cells)

    def _section(self, path: Path, heading: str) -> str:
        """One section of a notebook as a page."""
        body = self._notebook(path)
        found = re.search(rf"<h2 [^>]*>{heading}.*?(?=<h2 |\Z)", body, re.S)
        if found is None:
            raise CamError(
                f"{path.name} has no section {heading!r}; found {Page('', '', body).outline}"
            )
        page = found[0].replace("<h2", "<h1", 1).replace("</h2>", "</h1>", 1)
        page = re.sub(r'<div class="highlight">.*?</div>', "", page, flags=re.S)
        return f'{page}<p>From <a href="{path.stem}.html">notebook {path.stem[:2]}</a>.</p>'

    def _figures(self) -> str:
        """All pictures of both profiles, with what the manifest says of them."""
        prose, parts = self._prose(), []
        parts.append(prose.page("# Figures\n\nA click opens the picture in full size."))
        for profile, which in PICTURES.items():
            parts.append(prose.page(f"## Profile {profile}"))
            manifest = self.root / "figures" / profile / "manifest.json"
            told = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
            found = sorted((self.root / "figures" / profile).glob(which))
            found.sort(key=lambda path: told.get(path.stem, {}).get("notebook", ""))
            parts += [_figure(path, profile, told.get(path.stem, {})) for path in found]
        return "\n".join(parts)

    def _troubleshooting(self) -> str:
        package = self.root / "cam_utils"
        parts = [self._own("troubleshooting.md"), '<div class="messages">']
        for module, texts in messages(package).items():
            items = "".join(f"<li>{html.escape(text)}</li>" for text in texts)
            parts.append(f'<h3 id="{module}">{module}</h3><ul>{items}</ul>')
        return "\n".join([*parts, "</div>"])

    def _reference(self) -> str:
        return self._own("reference.md") + reference(self._prose())


def _figure(path: Path, profile: str, told: dict) -> str:
    name = f"figures/{profile}/{path.name}"
    width, height = Image.open(path).size
    words = [told.get("paper", "Free photos"), told.get("chosen", "")]
    alt = html.escape(": ".join(w for w in words if w))
    source = (
        f'<a href="{told["notebook"]}.html">notebook {told["notebook"][:2]}</a>, ' if told else ""
    )
    return (
        f'<figure><a href="{name}"><img src="{name}" alt="{alt}" width="{width}" '
        f'height="{height}" loading="lazy"></a><figcaption>{alt} ({source}<code>{path.stem}</code>)'
        "</figcaption></figure>"
    )


def _style() -> str:
    """Our style sheet with the colours of code, light and dark."""
    light, dark = (
        HtmlFormatter(style=s, nobackground=True).get_style_defs(".highlight")
        for s in ("friendly", "github-dark")
    )
    ours = (HERE / "style.css").read_text(encoding="utf-8")
    return f"{ours}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
