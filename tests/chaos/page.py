"""The report of a storm, as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tests.chaos.storm import Outcome

_HEAD = """# Chaos run

`make chaos` writes this page. Clients submit over HTTP on loopback, each submission with an `Idempotency-Key`, and send
again until they are answered; meanwhile the service is killed with `SIGKILL`, a worker process is killed before each of
those deaths, and the small disk that holds the data folder is filled to the last byte. The fits are stand-ins of 0.1 s;
everything else is the service as it is, with two worker processes and a queue limit of 40, so that it also refuses.
On PostgreSQL the database is on another disk: there the files of submissions and results meet the full disk.

"""


def page(outcomes: Mapping[str, Outcome]) -> str:
    """One column for each kind of database."""
    rows = {name: _facts(outcome) for name, outcome in outcomes.items()}
    names = list(next(iter(rows.values())))
    lines = [("", *rows), ("---", *("---" for _ in rows))]
    lines += [(name, *(facts[name] for facts in rows.values())) for name in names]
    return _HEAD + "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _facts(outcome: Outcome) -> dict[str, str]:
    told = outcome.told
    return {
        "submissions accepted": str(outcome.accepted),
        "states in the end": _counted(outcome.states),
        "analyses by number of results": _counted(outcome.results_each),
        "answers of another submission": str(outcome.foreign),
        "analyses nobody was told of": str(outcome.unasked),
        "deaths of the service, of workers": f"{outcome.service_deaths}, {outcome.worker_deaths}",
        "seconds with a full disk": f"{outcome.full_seconds:g}",
        "analyses by number of attempts": _counted(outcome.attempts),
        "told to come again (503, `Retry-After`)": _counted(told.refusals) or "0",
        "requests without an answer, sent again": str(told.silences),
        "other refusals": str(len(told.wrong)) + "".join(f"; {text}" for text in sorted(set(told.wrong))[:3]),
        "seconds in all": f"{outcome.seconds:.0f}",
        "verdict": "nothing was lost or done twice" if outcome.is_sound else "**NOT SOUND**",
    }


def _counted(counts: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{key}: {count}" for key, count in sorted(counts.items(), key=lambda item: str(item[0])))
