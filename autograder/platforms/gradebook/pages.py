"""What nbgrader's pages are made with: text that is escaped, and mathematics that needs no network.

nbgrader and nbconvert print Markdown, names and ids into their pages as they are, and load MathJax from the network.
These are the hooks that `nbgrader_config.py` gives them instead.
"""

from __future__ import annotations

import functools
import re
import secrets
import sys
import xml.etree.ElementTree as ElementTree
from html import escape, unescape
from typing import Any
from urllib.parse import quote

import bleach
from bleach.css_sanitizer import CSSSanitizer
from jinja2 import FileSystemLoader, pass_context
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor

from autograder.platforms.gradebook.rows import TEMPLATES
from autograder.reports.page import environment

_TAGS = bleach.ALLOWED_TAGS | {
    *("br", "dd", "del", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("img", "p", "pre", "span", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead"),
    "tr",
}
_EMBEDDED_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
_LINK = re.compile(r"(?:https?://|mailto:|#)", re.IGNORECASE)


def _link(_tag: str, name: str, value: str) -> bool:
    return name == "title" or (name == "href" and bool(_LINK.match(value)))


def _picture(_tag: str, name: str, value: str) -> bool:
    """Pictures that are part of the page; others would need a network, and would tell when feedback is read."""
    if name == "src":
        return bool(_EMBEDDED_PICTURE.fullmatch(value))
    return name in ("alt", "height", "width")


_ATTRIBUTES: Any = {
    "*": ["class", "id", "title"],
    "a": _link,
    "img": _picture,
    "td": ["align", "colspan", "rowspan", "style"],
    "th": ["align", "colspan", "rowspan", "style"],
}
_PROTOCOLS = {"http", "https", "mailto", "data"}
_STYLES = CSSSanitizer(allowed_css_properties=["text-align"])
_MATHML = "http://www.w3.org/1998/Math/MathML"
# What the converter writes of its own accord. Links and classes can be asked for in the formula, so they are left out.
_MATH_ATTRIBUTES = {
    *("accent", "columnalign", "columnlines", "columnspacing", "depth", "display", "displaystyle"),
    *("fence", "form", "height", "largeop", "linethickness", "lspace", "mathcolor", "mathsize"),
    *("mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowlines", "rowspacing"),
    *("rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width", "xmlns"),
}
_DOLLARS = re.compile(r"\$([^$<>\n]+)\$")
_TAG_COMMAND = re.compile(r"\\tag\*?\{([^{}]*)\}")


class PlainMathRenderer(IPythonRenderer):
    """Renders Markdown with a placeholder for each formula, so that the result can be sanitized around them."""

    def __init__(self, **options: Any):
        super().__init__(escape=False, **options)
        self.formulas: dict[str, str] = {}

    def _placeholder(self, markup: str) -> str:
        name = f"formula{secrets.token_hex(12)}"  # nobody can write it into a cell beforehand
        self.formulas[name] = markup
        return name

    def block_html(self, html: str) -> str:
        """Keep the formulas within HTML, such as the options of a practice question: the parser passes over them."""
        return _DOLLARS.sub(lambda found: self.inline_math(found[1]), super().block_html(html))

    def inline_math(self, body: str) -> str:
        """Keep a formula within a line."""
        return self._placeholder(formula(body, block=False))

    def block_math(self, body: str) -> str:
        """Keep a displayed formula."""
        return self._placeholder(formula(body, block=True))

    def latex_environment(self, name: str, body: str) -> str:
        """Keep an environment outside of dollar signs."""
        return self._placeholder(formula(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True))


def formula(latex: str, *, block: bool) -> str:
    """Return a formula as MathML, or as its own source where that cannot be done."""
    latex = unescape(
        latex
    ).strip()  # the cell may have been through a sanitizer that knows no mathematics
    tags = _TAG_COMMAND.findall(latex)
    bare = _TAG_COMMAND.sub("", latex)
    bare = re.sub(r"\\(?:label\{[^{}]*\}|nonumber|notag)", "", bare)
    try:
        markup = _cleaned(convert(bare, display="block" if block else "inline"))
    except Exception:  # the converter raises whatever a formula that is none makes it
        return str(_parts().source(latex))
    number = _parts().number(tags[0]) if block and tags else ""
    return f"{number}{markup}"


@functools.cache
def _parts() -> Any:
    return environment(TEMPLATES).get_template("formula.html").module


def _cleaned(markup: str) -> str:
    """Leave elements and attributes that only draw."""
    tree = ElementTree.fromstring(markup)
    for element in tree.iter():
        name = element.tag.removeprefix(f"{{{_MATHML}}}")
        if not re.fullmatch(r"m[a-z]+", name) or name in ("maction", "merror"):
            raise ValueError(f"{name} is no element of a formula")
        element.tag = name
        for attribute in set(element.attrib) - _MATH_ATTRIBUTES:
            del element.attrib[attribute]
    tree.set("xmlns", _MATHML)
    return ElementTree.tostring(tree, encoding="unicode")


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """Render the Markdown of a cell or comment; the jinja filter of that name."""
    cell = context.get("cell", {})
    return render_markdown(source, cell.get("attachments", {}))


def render_markdown(source: str, attachments: Any = None) -> str:
    """Return sanitized HTML with the mathematics drawn."""
    renderer = PlainMathRenderer(
        attachments=attachments or {}, anchor_link_text="", exclude_anchor_links=True
    )
    html = MarkdownWithMath(renderer=renderer).render(source)
    safe = bleach.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, protocols=_PROTOCOLS, css_sanitizer=_STYLES
    )
    for name, markup in renderer.formulas.items():
        # Within an attribute (the text of a picture, say) a formula is not drawn.
        safe = re.sub(rf'(=")([^"<>]*){name}', r"\1\2", safe)
        safe = safe.replace(name, markup)
    return safe


class SafePages(Preprocessor):
    """Escapes what nbgrader's templates print of resources: names of students come from folders and spreadsheets.

    It also takes the place of nbconvert's template that loads MathJax, which nbgrader's templates name without an
    address of their own; the formulas are drawn already.
    """

    enabled = True

    def __init__(self, **options: Any):
        super().__init__(**options)
        if self.parent is not None:
            loader = FileSystemLoader(TEMPLATES / "nbconvert")
            self.parent.extra_loaders = [loader, *self.parent.extra_loaders]

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Escape the texts that formgrader passes. nbgrader's own entry stays: it is what grades are found by."""
        for key, value in list(resources.items()):
            if isinstance(value, str) and key not in ("output_files_dir", "unique_key"):
                resources[key] = escape(value)
        return nb, resources


def escape_addresses() -> None:
    """Make formgrader print what it takes from an address in the form it has in an address.

    Its pages about one student print the name from the address into a script and into the text as it is. Percent
    encoding serves both, and the script builds an address of it again. Does something only within formgrader's server.
    """
    base = sys.modules.get("nbgrader.server_extensions.formgrader.base")
    if base is None or getattr(base.BaseHandler.render, "escapes", False):
        return
    render = base.BaseHandler.render

    def escaping(self: Any, name: str, **namespace: Any) -> str:
        for key in ("student_id", "assignment_id", "notebook_id"):
            if isinstance(namespace.get(key), str):
                namespace[key] = quote(namespace[key], safe=" +,;=@~()")
        for key in ("current_config", "course_dir"):
            if key in namespace:
                namespace[key] = escape(str(namespace[key]))
        return render(self, name, **namespace)

    escaping.escapes = True  # type: ignore[attr-defined]
    base.BaseHandler.render = escaping
