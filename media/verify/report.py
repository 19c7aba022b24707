"""The nouns of a verification: what was looked at, and whether it is as ``delivery-rules`` wants it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was measured. ``rule`` is its number, ``detail`` says what was found, in figures."""

    rule: str
    subject: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found in one bundle, in the order of the rules."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.ok)


MOST = 50
"""Failures of one aspect that are told one by one: of a long video thousands of segments could be missing."""

Fault = tuple[str, str]
"""The subject that fails, and what was found there."""


def judged(rule: str, aspect: str, good: str, faults: Iterable[Fault]) -> list[Finding]:
    """Return one finding for an aspect that is right everywhere, else one for each subject that fails."""
    found = [Finding(rule, subject, False, f"{aspect}: {detail}") for subject, detail in faults]
    more = found[MOST:] and [Finding(rule, aspect, False, f"{len(found) - MOST} more are wrong")]
    return [*found[:MOST], *more] or [Finding(rule, aspect, True, good)]


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by rule and leave the findings of one rule as they came."""
    return tuple(sorted(findings, key=lambda finding: int(finding.rule)))
