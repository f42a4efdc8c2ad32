"""Submit, poll and fetch with the client of openapi-python-client: URL, spectrum and water reference as arguments."""

import io
import sys
import time
from pathlib import Path

from mrsquant_client import Client
from mrsquant_client.api.analyses import get_analysis, get_report, submit_analysis
from mrsquant_client.models import AnalysisRequest, GetReportFormatType0, SubmitAnalysisFilesBody
from mrsquant_client.types import File

url, spectrum, water = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])


def file(path: Path) -> File:
    return File(io.BytesIO(path.read_bytes()), path.name, "application/octet-stream")


with Client(url, raise_on_unexpected_status=True) as client:
    body = SubmitAnalysisFilesBody([file(spectrum)], [file(water)], request=AnalysisRequest(region="ACC", age_years=44))
    analysis = submit_analysis.sync(client=client, body=body)
    deadline = time.monotonic() + 120
    while analysis.state in ("queued", "running"):
        assert time.monotonic() < deadline, analysis.state
        time.sleep(0.5)
        analysis = get_analysis.sync(analysis.id, client=client)
    report = get_report.sync_detailed(analysis.id, client=client, format_=GetReportFormatType0.CSV)
    print(analysis.state, analysis.acquisition.region, analysis.metabolites[0].name, report.content.count(b"\n") > 20)
