"""Group studies of the region, as context."""

from __future__ import annotations

from dataclasses import dataclass

from fitting.norms.assessment import Finding
from service.reports.texts import text


@dataclass(frozen=True, slots=True)
class StudyLine:
    """Finding of one study about this region."""

    study: str
    findings: str
    doi: str
    note: str


@dataclass(frozen=True, slots=True)
class EvidenceGroup:
    """Studies of one state of verification."""

    heading: str
    studies: tuple[StudyLine, ...]


def evidence_groups(findings: tuple[Finding, ...]) -> tuple[EvidenceGroup, ...]:
    """Accepted findings first and apart from the others, one line per study."""
    found: dict[str, dict[tuple[str, str, str], list[str]]] = {"accepted": {}, "unverified": {}, "rejected": {}}
    for finding in findings:
        study = (finding.study, finding.doi, finding.note)
        found.get(finding.status, found["unverified"]).setdefault(study, []).append(
            f"{finding.metabolite}: {finding.direction}"
        )
    return tuple(
        EvidenceGroup(
            text(f"evidence.{status}"),
            tuple(StudyLine(study, "; ".join(said), doi, note) for (study, doi, note), said in studies.items()),
        )
        for status, studies in found.items()
        if studies
    )


def summary(groups: tuple[EvidenceGroup, ...]) -> str:
    """How many studies there are of each state."""
    said = [text("evidence.count", n=len(group.studies), state=group.heading.partition(":")[0]) for group in groups]
    return ", ".join(said) if said else text("evidence.none")
