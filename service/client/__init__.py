"""Client of a running service, for programs: ``Client`` and ``AsyncClient`` with equal methods; needs httpx2 only.

>>> from service.client import Client
>>> with Client("http://127.0.0.1:8000") as client:
...     analysis = client.submit({"metabolite": ["svs.dcm"]}, {"region": "ACC", "age_years": 44})
...     result = client.wait(analysis)
...     report = client.report(analysis, "pdf")

Every failure is a ``ClientError`` with the problem's ``code`` and ``detail``: ``Refused`` when the request or the
spectrum is at fault, ``ServiceFailed`` when the service is, ``Unreachable`` when it does not answer.
"""

from service.client.asynchronous import AsyncClient
from service.client.errors import ClientError, Refused, ServiceFailed, Unreachable, problem_error
from service.client.exchanges import BUSY_TRIES, LONGEST_PAUSE, UNFINISHED, Document, File
from service.client.sync import Client

__all__ = [
    "BUSY_TRIES",
    "LONGEST_PAUSE",
    "UNFINISHED",
    "AsyncClient",
    "Client",
    "ClientError",
    "Document",
    "File",
    "Refused",
    "ServiceFailed",
    "Unreachable",
    "problem_error",
]
