"""Submit, poll and fetch with the models of datamodel-codegen: URL, spectrum and water reference as arguments."""

import sys
import time
from pathlib import Path

import httpx
from models import AnalysisOut, AnalysisRequest

url, spectrum, water = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])

with httpx.Client(base_url=url) as client:
    files = {"metabolite": (spectrum.name, spectrum.read_bytes()), "water_reference": (water.name, water.read_bytes())}
    request = AnalysisRequest(region="ACC", age_years=44).model_dump_json(exclude_unset=True)
    answer = client.post("/v1/analyses", files=files, data={"request": request})
    address = answer.headers["Location"]
    analysis = AnalysisOut.model_validate_json(answer.content)
    deadline = time.monotonic() + 120
    while analysis.state in ("queued", "running"):
        assert time.monotonic() < deadline, analysis.state
        time.sleep(0.5)
        analysis = AnalysisOut.model_validate_json(client.get(address).content)
    report = client.get(f"{address}/report", params={"format": "csv"}).content
    print(analysis.state, analysis.acquisition.region, analysis.metabolites[0].name, report.count(b"\n") > 20)
