"""What an examination has found, as lines: verdict, name and text, and below it what to do where it is not well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jobd.dashboard.looks import Cell, Eye, Look, Tone
from jobd.model.finding import Finding, Verdict

VERDICTS = {
    Verdict.OK: Look("✓", "+", Tone.GOOD),
    Verdict.WARNING: Look("!", "!", Tone.WARN),
    Verdict.ERROR: Look("✗", "x", Tone.BAD),
    Verdict.SKIPPED: Look("·", ".", Tone.DIM),
}


def bad(finding: Finding) -> bool:
    return finding.verdict in (Verdict.WARNING, Verdict.ERROR)


def lines(findings: Iterable[Finding], eye: Eye) -> Iterator[Cell]:
    """One line for each, and one more with what to do where it is not well."""
    findings = tuple(findings)
    width = max((len(finding.name) for finding in findings), default=0)
    for finding in findings:
        look = VERDICTS[finding.verdict]
        tone = look.tone if bad(finding) else Tone.PLAIN if finding.verdict is Verdict.OK else Tone.DIM
        yield ((f"{eye.glyph(look)} ", look.tone), (f"{finding.name:<{width}}  ", Tone.DIM), (finding.text, tone))
        if finding.mend:
            yield ((f"{eye.pick('→', '>'):>{width + 2}}  ", Tone.DIM), (finding.mend, Tone.PLAIN))
