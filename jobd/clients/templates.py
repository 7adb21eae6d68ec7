"""Mails from templates: values are escaped in HTML, left alone in text, and never become a second header line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The three parts of a mail."""

    subject: str
    text: str
    html: str


class Templates:
    """The templates in the directory `templates` of a package.

    A mail `name` is three files: `name.subject.j2`, `name.txt.j2` and `name.html.j2`. A value that a template
    names and nobody gives is an error, not an empty place.
    """

    def __init__(self, package: str) -> None:
        self._environment = Environment(
            loader=PackageLoader(package),
            autoescape=select_autoescape(enabled_extensions=("html", "html.j2")),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, name: str, **values: Any) -> Rendered:
        """The mail `name` with these values.

        Raises:
            jinja2.TemplateError: the template does not exist, is wrong, or misses a value.
        """
        subject, text, html = (self._render(f"{name}.{part}.j2", values) for part in ("subject", "txt", "html"))
        return Rendered(subject=" ".join(subject.split()), text=text, html=html)

    def _render(self, file: str, values: dict[str, Any]) -> str:
        return self._environment.get_template(file).render(values)


@cache
def templates(package: str) -> Templates:
    """The templates of `package`, read once: `templates(__package__).render("expired", name=…)`."""
    return Templates(package)
