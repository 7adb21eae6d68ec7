"""What the mail server took, read from its own file as it grows."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from jobd.demo.findings import Delivered


class Mailbox:
    """Counts mails by kind and recipient; `read` goes on where the last one ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self.mails: Counter[Delivered] = Counter()

    def read(self) -> Counter[Delivered]:
        """All mails so far; a line that is not complete yet is left for the next time."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                new = file.read()
        except FileNotFoundError:
            return self.mails
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            mail = json.loads(line)
            self.mails.update((mail["kind"], recipient) for recipient in mail["recipients"])
        return self.mails
