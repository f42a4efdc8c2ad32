"""The report of a storm and of the faults, as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tests.chaos.fault import Fault, Trial
from tests.chaos.scene import DATABASES, Kind
from tests.chaos.storm import Outcome

_HEAD = """# Chaos run

`make chaos` writes this page. Clients submit over HTTP on loopback, each submission with an `Idempotency-Key`, and send
again until they are answered; meanwhile the service is killed with `SIGKILL`, a worker process is killed before each of
those deaths, and the small disk that holds the data folder is filled to the last byte. The fits are stand-ins of 0.1 s;
everything else is the service as it is, with two worker processes and a queue limit of 40, so that it also refuses.
On PostgreSQL the database is on another disk: there the files of submissions and results meet the full disk.

"""


_FAULTS = """
## Faults, one at a time

Each is tried on a service, a disk and a database of its own (`tests/chaos/faults`); `python -m tests.chaos --only NAME`
tries single ones.

"""


def page(outcomes: Mapping[Kind, Outcome], trials: Mapping[Fault, Mapping[Kind, Trial]]) -> str:
    """One column for each kind of database, then one row for each fault."""
    columns = {name: _facts(outcome) for name, outcome in outcomes.items()}
    names = list(next(iter(columns.values())))
    rows = [(name, *(facts[name] for facts in columns.values())) for name in names]
    return _HEAD + _table(("", *columns), rows) + _FAULTS + fault_table(trials)


def fault_table(trials: Mapping[Fault, Mapping[Kind, Trial]]) -> str:
    """What was done, what must hold, and whether it did."""
    rows = [
        (fault.name, fault.done, fault.holds, *(_told(each.get(kind)) for kind in DATABASES))
        for fault, each in trials.items()
    ]
    all_trials = [trial for each in trials.values() for trial in each.values()]
    held = sum(trial.failure is None for trial in all_trials)
    table = _table(("fault", "what is done", "what must hold", *DATABASES), rows)
    return f"{len(trials)} faults in {len(all_trials)} trials; {held} held.\n\n{table}"


def _told(trial: Trial | None) -> str:
    if trial is None:
        return "–"
    return "held" if trial.failure is None else f"**NOT HELD**: {trial.failure}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _facts(outcome: Outcome) -> dict[str, str]:
    told = outcome.told
    return {
        "submissions accepted": str(outcome.accepted),
        "states in the end": _counted(outcome.states),
        "analyses by number of results": _counted(outcome.results_each),
        "answers of another submission": str(outcome.foreign),
        "analyses without an answer to their client": str(outcome.unasked),
        "deaths of the service, of workers": f"{outcome.service_deaths}, {outcome.worker_deaths}",
        "seconds with a full disk": f"{outcome.full_seconds:g}",
        "analyses by number of attempts": _counted(outcome.attempts),
        "refused for later (503, `Retry-After`)": _counted(told.refusals) or "0",
        "requests without an answer, sent again": str(told.silences),
        "other refusals": str(len(told.wrong)) + "".join(f"; {text}" for text in sorted(set(told.wrong))[:3]),
        "seconds in all": f"{outcome.seconds:.0f}",
        "verdict": "nothing was lost or done twice" if outcome.is_sound else "**NOT SOUND**",
    }


def _counted(counts: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{key}: {count}" for key, count in sorted(counts.items(), key=lambda item: str(item[0])))
