"""Data made safe for a terminal: nothing that a job or a user wrote can move the cursor or hide text.

Job output is not ours, and terminals obey what they are sent: an escape sequence in an error message can write
the clipboard. Every string of data goes through `display_safe` before it is printed.
"""

from __future__ import annotations

import re

LIMIT = 65_536
"""Characters shown of one value; what is longer says how much was cut."""

# C0, DEL and C1 are orders to the terminal; bidi controls and line separators rearrange what was printed;
# zero width and tag characters hide in plain sight; lone surrogates cannot be encoded at all.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_UNSAFE_IN_LINES = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def display_safe(text: str, *, lines: bool = False, limit: int = LIMIT) -> str:
    """`text` with every control character replaced by something visible; the same text when there is none.

    With `lines`, newline and tab stay as they are: for a traceback, not for a cell of a table.
    """
    cut = len(text) - limit
    if cut > 0:
        text = text[:limit]
    safe = (_UNSAFE_IN_LINES if lines else _UNSAFE).sub(_picture, text)
    return f"{safe}… ({cut} more characters)" if cut > 0 else safe


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # ␀ ␛ ␊: Unicode's pictures of the controls
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"<{code:04X}>"
