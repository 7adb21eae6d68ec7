"""Arguments of a run as somebody types them: each value as one line of text, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jobd.model.display import display_safe
from jobd.model.privacy import MASKED
from jobd.model.reports import JobReport, ParameterReport

NO_OBJECT = "arguments are no JSON object"


@dataclass(frozen=True, slots=True)
class Line:
    """One argument: what stands in its line before anybody types."""

    name: str
    type: str
    hint: str
    """What holds while nothing is typed."""
    text: str = ""
    given: Any = None
    """The value that `text` stands for; meaningless while that is empty."""
    quoted: bool = False
    """A text that one line cannot hold as it is, so it is written as JSON."""


@dataclass(slots=True)
class Typed:
    """What is to be sent: values known exactly, and texts that the daemon reads by the type of the argument."""

    args: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def words(self) -> list[str]:
        """As jobctl takes them."""
        plain = {name: as_text(value) for name, value in self.args.items()}
        exact = any(quoted for _, quoted in plain.values())
        texts = self.texts if exact else {name: text for name, (text, _) in plain.items()} | self.texts
        words = [word for name, text in texts.items() for word in ("--arg", f"{name}={text}")]
        return ["--args-json", json.dumps(self.args, ensure_ascii=True), *words] if exact else words


def line(parameter: ParameterReport, args: Mapping[str, Any]) -> Line:
    """The line of a listed argument, filled in where `args` has it."""
    default = "required" if parameter.required else f"default {as_text(parameter.default)[0]}"
    name, kind = parameter.name, parameter.type
    if name not in args:
        return Line(name, kind, default)
    if hidden(args[name]):
        return Line(name, kind, f"was hidden: type it again, or else {default}")
    text, quoted = as_text(args[name], kind)
    return Line(name, kind, default, text, args[name], quoted)


def lines(job: JobReport, args: Mapping[str, Any] | str) -> Iterator[Line]:
    """A line for each argument that a job lists, and one for all others where it takes any."""
    listed = job.parameters or ()
    if isinstance(args, str):  # all of them are hidden, also which they were: it may be any, listed or not
        args = dict.fromkeys(("", *(parameter.name for parameter in listed)), args)
    for parameter in listed:
        yield line(parameter, args)
    if job.open:
        names = {parameter.name for parameter in listed}
        yield rest({name: value for name, value in args.items() if name not in names})


def rest(args: Mapping[str, Any]) -> Line:
    """One line for all arguments that are not listed, as a JSON object."""
    seen = {name: value for name, value in args.items() if not hidden(value)}
    text = json.dumps(seen, ensure_ascii=True) if seen else ""
    hint = "type hidden ones again" if len(seen) < len(args) else '{"name": value}'
    return Line("", "JSON", hint, text, seen, quoted=True)


def typed(lines: Iterable[tuple[Line, str]]) -> Typed:
    """What was typed into the lines; those that are empty leave the job's own defaults.

    Raises:
        ValueError: a line that has to be JSON is none; the message says which.
    """
    found = Typed()
    for one, text in lines:
        if not text:
            continue
        if not one.name:
            found.args |= _object(text)
        elif text == one.text:
            found.args[one.name] = one.given
        elif one.quoted:
            found.args[one.name] = _json(one.name, text)
        else:
            found.texts[one.name] = text
    return found


def as_text(value: Any, kind: str = "any") -> tuple[str, bool]:
    """A value as a line, and whether a text had to be quoted for that: it reads as JSON, or one line cannot hold it."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=True), False
    if display_safe(value) != value or not value or (kind != "str" and _is_json(value)):
        return json.dumps(value, ensure_ascii=True), True
    return value, False


def read(text: str, kind: str) -> Any:
    """What the daemon makes of a text that was typed for an argument of that type: JSON where it fits, else the text.

    Raises:
        ValueError: neither fits; the message says what is wanted.
    """
    if kind == "str":
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    for fitting in (value, text):
        if _fits(fitting, kind):
            return fitting
    raise ValueError(f"must be {kind}, not {json.dumps(value, ensure_ascii=True)[:60]}")


def hidden(value: Any) -> bool:
    """True when some of it was masked by `[privacy] redact`: sending that back would make the stars the value."""
    if isinstance(value, Mapping):
        return any(hidden(inner) for inner in value.values())
    return any(hidden(inner) for inner in value) if isinstance(value, list) else value == MASKED


_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "list": (list,), "tuple": (list,),
    "dict": (dict,), "null": (type(None),), "datetime": (str,), "date": (str,),
}  # fmt: skip


def _fits(value: Any, kind: str) -> bool:
    """As far as the words for a type tell: `int or null`, `list of str`, `"a" or "b"`."""
    if isinstance(value, list) and " of " in kind and " or " not in kind:  # else: of which of them is not told
        return all(_fits(item, kind.partition(" of ")[2]) for item in value)
    return any(_is(value, one) for one in kind.split(" or "))


def _is(value: Any, kind: str) -> bool:
    if kind.startswith('"'):
        return json.dumps(value, ensure_ascii=True) == kind
    wanted = _KINDS.get(kind.partition(" of ")[0])
    return wanted is None or (isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool)))


def _object(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{NO_OBJECT}: {error}") from None
    if not isinstance(given, dict):
        raise ValueError(f'{NO_OBJECT}: write one, like {{"a": 1}}')
    return given


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: is no JSON: {error}") from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
