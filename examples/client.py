#!/usr/bin/env python3
"""Send one spectrum to a mrsquant service, wait for the result, fetch the report. Needs Python 3.6 and nothing else.

    MRSQUANT_API_KEY=mrsq_... python3 client.py spectrum.rda --water water.rda --region ACC --age 44 \
        --url https://mrs.hospital.example --pdf report.pdf

Prints the result as JSON. Exit codes: 0 analysed; 2 analysed, not interpretable; 3 refused; 4 service unreachable
or failed. Without connections from outside it polls; it repeats what the service was too busy for, and the
Idempotency-Key makes repeating safe.
"""

import argparse
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
import uuid

TRIES = 10
REFUSED, FAILED = 3, 4


class Refused(Exception):
    """The service answered with a problem document (RFC 9457)."""

    def __init__(self, problem):
        super().__init__("{code}: {detail}".format(**problem))
        self.status = problem["status"]


def multipart(files, request):
    """The body of an upload and its content type."""
    boundary = uuid.uuid4().hex
    parts = [("request", None, json.dumps(request).encode("utf-8"))]
    for role, path in files:
        with open(path, "rb") as file:
            # only the last ending of the name is sent: file names often hold a patient's
            ending = ".nii.gz" if path.lower().endswith(".nii.gz") else os.path.splitext(path)[1]
            parts.append((role, role + ending, file.read()))
    body = b""
    for name, file_name, content in parts:
        head = f'Content-Disposition: form-data; name="{name}"'
        if file_name is not None:
            head += f'; filename="{file_name}"'
        body += f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"
    body += f"--{boundary}--\r\n".encode("ascii")
    return body, "multipart/form-data; boundary=" + boundary


class Service:
    """One service at one base address."""

    def __init__(self, url, key=None, ca_file=None):
        self.url = url.rstrip("/")
        self.headers = {"Authorization": "Bearer " + key} if key else {}
        self.context = ssl.create_default_context(cafile=ca_file)

    def ask(self, method, address, body=None, **headers):
        """Body and headers of an answer; waits while the service is busy."""
        url = address if address.startswith("http") else self.url + address
        all_headers = dict(self.headers, **{name.replace("_", "-"): value for name, value in headers.items()})
        for attempt in range(TRIES):
            request = urllib.request.Request(url, data=body, headers=all_headers, method=method)  # noqa: S310 (the address is what was typed)
            try:
                with urllib.request.urlopen(request, timeout=120, context=self.context) as answer:  # noqa: S310
                    return answer.read(), answer.headers
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503) or attempt == TRIES - 1:
                    raise Refused(json.loads(error.read().decode("utf-8"))) from error
                time.sleep(min(float(error.headers.get("Retry-After", "5")), 60))
        raise AssertionError("unreachable")

    def submit(self, files, request):
        """Upload; returns the address of the analysis."""
        body, content_type = multipart(files, request)
        _, headers = self.ask(
            "POST", "/v1/analyses", body, Content_Type=content_type, Idempotency_Key=str(uuid.uuid4())
        )
        return headers["Location"]

    def wait(self, address):
        """Poll until the analysis has ended; returns its document."""
        while True:
            content, headers = self.ask("GET", address)
            document = json.loads(content.decode("utf-8"))
            if document["state"] not in ("queued", "running"):
                return document
            time.sleep(float(headers.get("Retry-After", "2")))

    def report(self, address, kind):
        """The report as ``pdf``, ``html``, ``csv`` or ``json``."""
        return self.ask("GET", f"{address}/report?format={kind}")[0]


def arguments():
    """What was typed."""
    parser = argparse.ArgumentParser(description="Analyse one spectrum with a mrsquant service.")
    parser.add_argument("spectrum")
    parser.add_argument("--water", help="scan without water suppression, if it is another file")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--ca-file", help="certificate of a service that signed its own")
    parser.add_argument("--region")
    parser.add_argument("--age", type=float)
    parser.add_argument("--sex", choices=("female", "male", "other"))
    parser.add_argument("--subject", help="pseudonym, never a name")
    parser.add_argument("--pdf", help="write the report to this file")
    return parser.parse_args()


def main():
    """Submit, wait, fetch; returns the exit code."""
    typed = arguments()
    said = {"region": typed.region, "age_years": typed.age, "sex": typed.sex, "subject": typed.subject}
    files = [("metabolite", typed.spectrum)] + ([("water_reference", typed.water)] if typed.water else [])
    service = Service(typed.url, os.environ.get("MRSQUANT_API_KEY"), typed.ca_file)
    try:
        address = service.submit(files, {name: value for name, value in said.items() if value is not None})
        document = service.wait(address)
        if document["state"] != "succeeded":
            raise Refused(document["problem"] or {"code": "cancelled", "detail": "cancelled", "status": 500})
        if typed.pdf:
            with open(typed.pdf, "wb") as file:
                file.write(service.report(address, "pdf"))
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        busy_or_ours = error.status >= 500 or error.status in (401, 403, 429)
        return FAILED if busy_or_ours else REFUSED
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return 2 if document["verdict"]["usable"] == "no" else 0


if __name__ == "__main__":
    sys.exit(main())
