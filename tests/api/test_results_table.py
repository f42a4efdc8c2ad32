"""``GET /v1/analyses?format=csv``: one table of everything that the filters select, and who took it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.api import results_table
from service.reports.results_csv import COLUMNS
from service.storage.audit import AuditLog
from tests.api.test_analyses import submit
from tests.fake_pipeline import spectrum


def _table(client: TestClient, **query: str) -> list[dict[str, str]]:
    answer = client.get("/v1/analyses", params={"format": "csv", **query})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    reader = csv.DictReader(io.StringIO(answer.text))
    assert tuple(reader.fieldnames or ()) == COLUMNS
    return list(reader)


def test_table_has_each_analysis_once_over_pages(start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two make one table, newest first, whose rows equal those of each single report."""
    monkeypatch.setattr(results_table, "PAGE", 2)
    client = start()
    ids = [submit(client, age_years=40 + number, group="control").json()["id"] for number in range(5)]
    rows = _table(client)

    assert list(dict.fromkeys(row["id"] for row in rows)) == ids[::-1]
    for one in ids:
        report = client.get(f"/v1/analyses/{one}/report", params={"format": "csv"}).text
        single = list(csv.DictReader(io.StringIO(report)))
        assert [row["metabolite"] for row in rows if row["id"] == one] == [row["metabolite"] for row in single]
    assert {row["group"] for row in rows} == {"control"}


def test_filters_select_and_an_empty_table_has_its_header(start: Callable[..., Any]) -> None:
    """The same filters as for the list; nothing found is a header alone."""
    client = start()
    kept = submit(client, subject="sub-1", region="ACC").json()["id"]
    submit(client, subject="sub-2", region="PCC")

    assert {row["id"] for row in _table(client, subject="sub-1")} == {kept}
    assert {row["region"] for row in _table(client, region="PCC")} == {"PCC"}
    assert _table(client, subject="sub-3") == []


def test_analyses_without_result_have_a_row_with_the_reason(start: Callable[..., Any]) -> None:
    """A refused, a cancelled and an unfinished analysis stand in the table with the reason."""
    client = start()
    refused = submit(client, spectrum("refuse")).json()["id"]
    running = submit(client, spectrum("sleep", seconds=2), headers={}).json()["id"]
    queued = submit(client, spectrum("sleep", seconds=1), headers={}).json()["id"]
    client.delete(f"/v1/analyses/{queued}")
    rows = {row["id"]: row for row in _table(client)}

    assert rows[refused]["outcome"] == "refused"
    assert client.get(f"/v1/analyses/{refused}").json()["problem"]["code"] in rows[refused]["message"]
    assert rows[running]["outcome"] == ""
    assert rows[running]["message"].startswith("not-finished: ")
    assert rows[queued]["message"].startswith("cancelled: ")
    assert {row["metabolite"] for row in rows.values()} == {""}


def test_export_is_in_the_audit_log_for_each_analysis(start: Callable[..., Any]) -> None:
    """Every analysis that leaves the service by the table has its entry, those that the filters leave out have none."""
    client = start()
    kept = submit(client, subject="sub-1").json()["id"]
    submit(client, subject="sub-2")
    _table(client, subject="sub-1")
    database = client.app_state["services"].database
    exported = [entry.analysis_id for entry in AuditLog(database).rows() if entry.action == "export"]

    assert exported == [kept]
