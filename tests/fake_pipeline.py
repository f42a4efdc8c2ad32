"""Stand-ins for ``fitting.run``: what they do is written in the file they are given.

The file is one that a reader recognises (JSON arrays), so that it passes the door; see ``spectrum``.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fitting.analysis import Analysis
from fitting.errors import MissingParameter
from fitting.model.result import Traces
from fitting.run import Inspection, Job
from fitting.run.progress import STAGES, begin
from service.api import example
from service.documents import load_analysis

POINTS = 64


def spectrum(do: str = "succeed", **details: Any) -> bytes:
    """A file that makes ``analyse`` do something."""
    return json.dumps({"fid_real": [1.0], "fid_imag": [0.0], "do": do, **details}).encode()


def example_analysis() -> Analysis:
    """The documentation's example as a noun."""
    document = example.example_analysis()
    return load_analysis({name: document[name] for name in Analysis.__dataclass_fields__ if name in document})


def example_traces() -> Traces:
    """Two peaks on a line."""
    ppm = np.linspace(4.2, 0.2, POINTS)
    components = np.stack([np.exp(-(((ppm - centre) / 0.1) ** 2)) for centre in (2.01, 3.03)])
    fit = components.sum(axis=0)
    return Traces(ppm, fit + 0.01, fit, np.zeros(POINTS), np.full(POINTS, 0.01), ("NAA", "Cr"), components)


def analyse(job: Job, cache_dir: Path | None = None) -> tuple[Analysis, Traces]:
    """Do what the metabolite file says, then answer the example for the job's subject."""
    order = json.loads(job.metabolite[0].content)
    _do(job, order)
    facts = replace(example_analysis().acquisition, region=job.subject.region, age_years=job.subject.age_years)
    quality = replace(example_analysis().quality, **({"snr": float("nan")} if order.get("do") == "nan" else {}))
    return replace(example_analysis(), acquisition=facts, quality=quality), example_traces()


def _do(job: Job, order: dict[str, Any]) -> None:
    match order.get("do"):
        case "refuse":
            name = job.metabolite[0].name
            raise MissingParameter(f"The header of '{name}' does not say echo_time.", parameter="echo_time", file=name)
        case "defect":
            raise KeyError(order["quote"])  # a message that quotes the input, as many do
        case "crash" | "crash once" | "hoard":
            _harm(order)
        case "sleep":
            if "flag" in order:
                with Path(order["flag"]).open("ab") as flag:
                    flag.write(b".")  # at the end, so that each who comes by leaves a mark
            time.sleep(order["seconds"])
        case "stages":
            for stage in STAGES:
                begin(stage)


def _harm(order: dict[str, Any]) -> None:
    """Take the worker down, always or the first time, or take memory."""
    if order["do"] == "hoard":
        bytearray(order["bytes"])
    elif order["do"] == "crash" or not Path(order["flag"]).exists():
        Path(order.get("flag", os.devnull)).touch()
        os._exit(13)


def inspect(job: Job) -> Inspection:
    """Do what the metabolite file says, then answer what arrived."""
    order = json.loads(job.metabolite[0].content)
    match order.get("do"):
        case "refuse":
            raise MissingParameter("The header does not say echo_time.", parameter="echo_time")
        case "defect":
            raise KeyError(order["quote"])
        case "crash":
            os._exit(13)
        case "hoard":
            bytearray(order["bytes"])
        case "sleep":
            time.sleep(order["seconds"])
    names = ",".join(file.name for file in (*job.metabolite, *job.water_reference))
    return Inspection("arrays", {"files": names, "echo_time": job.options.overrides.echo_time}, None, (), None, (), ())
