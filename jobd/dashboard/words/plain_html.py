"""The HTML body of a mail as text, for reading in a terminal: tags gone, paragraphs kept, links spelled out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LINES = frozenset(
    {"address", "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3"}
    | {"h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
"""Tags that begin a line."""
_UNSEEN = frozenset({"script", "style", "head", "template", "noscript", "svg"})
_MANY_LINES = re.compile(r"\n\s*\n\s*")
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")


def plain(html: str) -> str:
    """Its text; what no reader of a mail sees (styles, scripts) is left out, whatever the tags are worth."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (_BLANKS.sub(" ", line).strip() for line in "".join(reader.parts).split("\n"))
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _LINES:
            self.parts.append("\n- " if tag == "li" else "\n")
        elif tag in ("td", "th"):
            self.parts.append("  ")
        elif tag == "a":
            self._links.append(facts.get("href") or "")
        elif tag == "img" and (alt := facts.get("alt")):
            self.parts.append(f"[{alt}]")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNSEEN:  # <style/> opens nothing
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in ("p", "h1", "h2", "h3", "table", "ul", "ol"):
            self.parts.append("\n\n")
        elif tag in _LINES and tag not in ("li", "tr", "br", "hr"):
            self.parts.append("\n")
        elif tag == "a" and self._links and (link := self._links.pop()):
            self.parts.append(f" <{link}>")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data.replace("\n", " "))
