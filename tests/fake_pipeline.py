"""Stand-ins for ``fitting.pipeline``: what they do is written in the file they are given."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from fitting.analysis import Analysis
from fitting.errors import MissingParameter, UnknownFormat
from fitting.model.result import Traces
from fitting.pipeline import Inspection, Job
from service.storage.documents import load_analysis

POINTS = 64


def example_analysis() -> Analysis:
    """The documentation's example as a noun."""
    document = json.loads((files("service.api") / "example_analysis.json").read_text())
    return load_analysis({name: document[name] for name in Analysis.__dataclass_fields__})


def example_traces() -> Traces:
    """Two peaks on a line."""
    ppm = np.linspace(4.2, 0.2, POINTS)
    components = np.stack([np.exp(-(((ppm - centre) / 0.1) ** 2)) for centre in (2.01, 3.03)])
    fit = components.sum(axis=0)
    return Traces(ppm, fit + 0.01, fit, np.zeros(POINTS), np.full(POINTS, 0.01), ("NAA", "Cr"), components)


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """Obey the first word of the metabolite file."""
    verb, _, rest = job.metabolite[0].content.partition(b" ")
    match verb:
        case b"refuse":
            raise UnknownFormat(f"'{job.metabolite[0].name}' is no format this program reads.", file=job.metabolite[0].name)
        case b"defect":
            raise KeyError(rest.decode())  # a message that quotes the input, as many do
        case b"crash":
            os._exit(13)
        case b"crash-once":
            flag = Path(rest.decode())
            if not flag.exists():
                flag.touch()
                os._exit(13)
        case b"sleep":
            time.sleep(float(rest.split()[0]))
        case b"nan":
            broken = replace(example_analysis().quality, snr=float("nan"))
            return replace(example_analysis(), quality=broken), example_traces()
    facts = replace(example_analysis().acquisition, region=job.subject.region, age_years=job.subject.age_years)
    return replace(example_analysis(), acquisition=facts), example_traces()


def inspect(job: Job) -> Inspection:
    """Obey the first word of the metabolite file."""
    if job.metabolite[0].content.startswith(b"refuse"):
        raise MissingParameter("The header does not say echo_time.", parameter="echo_time")
    names = ",".join(file.name for file in (*job.metabolite, *job.water_reference))
    return Inspection("fake", {"files": names, "echo_time": job.options.overrides.echo_time}, None, (), None, (), ())
