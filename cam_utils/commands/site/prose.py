"""Markdown, notebooks' cells and their outputs as HTML."""

import ast
import base64
import html
import re
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from ...book.claims import WORDS
from ...hashes import digest

PICTURES = {"image/png": "png", "image/jpeg": "jpg"}
WIDGET = "application/vnd.jupyter.widget-view+json"

_NUMBER = r"[-−+]?\d*\.?\d+"
# "60.8 [55.9, 65.4] %" and "55.9 to 65.4", wherever the text was broken
_INTERVAL = re.compile(
    rf"(?:{_NUMBER}\s?%?\s)?\[{_NUMBER},\s{_NUMBER}\](?:\s%)?|{_NUMBER}\sto\s{_NUMBER}"
)
_CODE = re.compile(r'(<div class="highlight">.*?</div>|<code>.*?</code>|<[^>]*>)', re.S)
_VERDICT = re.compile(rf"({'|'.join(sorted(WORDS.values(), key=len, reverse=True))}): (.*)")


class Prose(IPythonRenderer):
    """The text of one page; every heading gets an anchor of its own.

    Args:
        target: where a link or a picture leads to in the site; None: nowhere, only its text stays.
    """

    def __init__(self, target: Callable[[str], str | None]):
        super().__init__(escape=False)
        self.target, self.names = target, Counter()

    def page(self, text: str) -> str:
        """Markdown to HTML."""
        return MarkdownWithMath(self).render(text)

    def heading(self, text: str, level: int, **_) -> str:
        words = re.sub(r"<[^>]*>", "", text).lower()
        name = re.sub(r"\W+", "-", html.unescape(words)).strip("-")
        self.names[name] += 1
        name += f"-{self.names[name]}" if self.names[name] > 1 else ""
        link = f'<a class="anchor" href="#{name}" aria-label="link to this section">#</a>'
        return f'<h{level} id="{name}">{text} {link}</h{level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        there = self.target(url)
        return text if there is None else super().link(text, there, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        there = self.target(url)
        return text if there is None else super().image(text, there, title)

    def inline_math(self, body: str) -> str:
        return convert(body)

    def block_math(self, body: str) -> str:
        return f'<span class="formula">{convert(body, display="block")}</span>'


def python(source: str) -> str:
    """Code with colours."""
    return highlight(source, PythonLexer(), HtmlFormatter())


def cell(one, prose: Prose) -> str:
    """A notebook's cell with its stored outputs; code that only draws or sets up is folded."""
    if one.cell_type != "code":
        return prose.page(one.source)
    shown = "\n".join(_output(o) for o in one.outputs)
    code, title = python(one.source), _folded(one)
    if title == "Solution":
        return _details(title, code + shown)
    return (_details(title, code) if title else code) + shown


def keep_pictures(body: str, folder: Path) -> str:
    """Pictures that are written into a page become files of `folder`, named by what they hold."""

    def keep(found: re.Match) -> str:
        content = base64.b64decode(found[2])
        path = folder / f"{digest(content)}.{PICTURES[found[1]]}"
        path.write_bytes(content)
        return f'"{folder.name}/{path.name}"'

    return re.sub(r'"data:(image/\w+);base64,([^"]*)"', keep, body)


def finished(body: str) -> str:
    """What every page needs: tables that scroll by themselves, intervals on one line."""
    body = re.sub(r"<style.*?</style>|<!--.*?-->", "", body, flags=re.S)
    body = re.sub(r"<(table|thead|tbody|tr|t[dh])\b([^>]*)>", _bare, body)
    body = re.sub(r"<td>(?=[^<]{60})", '<td class="long">', body)
    body = body.replace("<table>", '<div class="wide"><table>')
    body = body.replace("</table>", "</table></div>")
    parts = _CODE.split(body)
    parts[::2] = [_INTERVAL.sub(lambda m: re.sub(r"\s", "\xa0", m[0]), p) for p in parts[::2]]
    return "".join(parts)


def _bare(tag: re.Match) -> str:
    """A table's tag without pandas' ids, classes and styles."""
    spans = re.findall(r" (?:col|row)span=.\d+.", tag[2])
    return f"<{tag[1]}{''.join(spans)}>"


def _details(title: str, content: str) -> str:
    return f'<details class="code"><summary>{title}</summary>{content}</details>'


def _folded(one) -> str:
    """The title under which a cell's code is folded; empty for code that carries the idea."""
    if one.metadata.get("jupyter", {}).get("source_hidden"):
        return "Solution" if one.source.startswith("# Solution") else "Code"
    if "parameters" in one.metadata.get("tags", []):
        return "Parameters"
    if one.source.startswith(("import ", "from ")):
        return "Set-up"
    pictures = any(PICTURES.keys() & o.get("data", {}).keys() for o in one.outputs)
    if pictures and _mostly_draws(one.source):
        return "Code of the figure"
    return "Code" if one.source.startswith("claims.") else ""


def _mostly_draws(source: str) -> bool:
    """Whether at least half of a cell's lines draw, or fetch what is drawn."""
    draws = re.compile(r"fig\b|(.|\n)*\b(show|save_figure|picture|stored_table|origin|folded)\(")
    body = ast.parse(source).body
    lines = [one.end_lineno - one.lineno + 1 for one in body]
    drawing = [bool(draws.match(ast.get_source_segment(source, one))) for one in body]
    return 2 * sum(n for n, d in zip(lines, drawing, strict=True) if d) >= sum(lines)


def _output(output) -> str:
    if output.output_type == "stream":
        return _text(output.text)
    data = output.data
    if WIDGET in data:
        return (
            '<p class="note">In JupyterLab a class can be chosen here; the choices below are '
            "drawn already.</p>"
        )
    for kind in PICTURES.keys() & data.keys():
        about = output.metadata[kind]
        size = " ".join(f'{k}="{about[k]}"' for k in ("width", "height") if k in about)
        source = f'"data:{kind};base64,{data[kind].strip()}"'
        picture = f'<img src={source} alt="{html.escape(about["alt"])}" {size} loading="lazy">'
        return f'<p class="figure"><a href={source}>{picture}</a></p>'
    return data["text/html"] if "text/html" in data else _text(data["text/plain"])


def _text(text: str) -> str:
    """Printed text; verdicts among it as lists."""
    parts = []
    for told, lines in groupby(text.rstrip().splitlines(), lambda line: bool(_VERDICT.match(line))):
        if told:
            items = [_VERDICT.match(line).groups() for line in lines]
            listed = "".join(
                f'<li><b class="{word.replace(" ", "-")}">{word}</b> {html.escape(what)}</li>'
                for word, what in items
            )
            parts.append(f'<ul class="verdicts">{listed}</ul>')
        else:
            parts.append(f'<pre class="out">{html.escape(chr(10).join(lines))}</pre>')
    return "".join(parts)
