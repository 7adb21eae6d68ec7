"""What a run counted and how often it is tried, in the words that all of jobd uses for it."""

from __future__ import annotations


def items(*, done: int = 0, skipped: int = 0, failed: int = 0) -> str:
    """`48 items failed, 73 skipped, 5 done`: the run itself may well have succeeded; empty for none."""
    told = [(number, word) for number, word in ((failed, "failed"), (skipped, "skipped"), (done, "done")) if number]
    first = "item " if told and told[0][0] == 1 else "items "
    return ", ".join(f"{number:,} {'' if at else first}{word}" for at, (number, word) in enumerate(told))


def attempts(state: str, attempt: int, retries_left: int, *, claimed: bool = False) -> str:
    """`1 of 4, 3 to come`: how many there were, may be at the most, and are still to come; an ended run had so many.

    `claimed`: a node has it, so that its latest attempt is the one under way.
    """
    match state:
        case "succeeded" | "failed" | "cancelled" | "skipped":
            return str(attempt or "none")
        case "running":
            to_come = retries_left
        case _:
            to_come = retries_left + (not claimed)
    most = attempt + to_come
    if not attempt:
        return f"none yet, at most {most}"
    return f"{attempt} of {most}" + (f", {to_come} to come" if to_come else "")
