"""One instance from its study's settling to its delivery, one step at a time; each step ends on disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from pydicom.dataset import Dataset

from fitting.request import Document
from service.client import ClientError
from service.gateway.analyst import Analyst, Parts, Rejected
from service.gateway.configuration import GatewayConfiguration
from service.gateway.delivery import SENT, Delivery, PeerUnavailable
from service.gateway.person import person_of
from service.gateway.spool import ENDED, Spool, SpoolEntry
from service.gateway.stripping import parsed, stripped
from service.gateway.study_scans import scans_of
from service.logs import frames_of
from service.reports.analysis_document import FormatUnavailable
from service.reports.dicom import DicomFormat, Source, read_header, render_dicom
from service.reports.dicom.failure_page import failure_page
from service.reports.fetched import Fetched
from service.schemas.region_rules import said_of

PAUSES = (5.0, 30.0, 120.0, 600.0, 3600.0, 14_400.0)
"""Seconds before the next try; the last one repeats."""
POLL_SECONDS = 2.0
"""Between two looks at a running analysis."""
SIGNATURE_SECONDS = 60.0
"""Between two looks for a signature."""

_log = structlog.get_logger()


@dataclass(slots=True)
class Courier:
    """Everything a step needs."""

    configuration: GatewayConfiguration
    spool: Spool
    analyst: Analyst
    delivery: Delivery
    site_key: bytes
    clock: Callable[[], float] = time.time

    def sort(self, study: str) -> None:
        """Decide what each instance of a settled study is: spectrum, further file of a scan, or water reference."""
        entries = {entry.key: entry for entry in self.spool.of_study(study) if entry.state not in ENDED}
        instances = []
        for entry in entries.values():
            try:
                content = self.spool.content(entry.key)
                instances.append((entry.key, content, parsed(content)))
            except FileNotFoundError:  # delivered and forgotten meanwhile
                continue
            except Exception as error:  # pydicom raises arbitrary exceptions on malformed bytes
                self._end(entry, "damaged-file")
                _log.warning("unreadable", kind=type(error).__name__)
        for scan in scans_of(instances):
            first, *others = (entries[key] for key in scan.keys)
            if first.state not in ("received", "reference"):
                continue
            for other in others:
                self.spool.advance(replace(other, state="member"))
            if scan.is_water:
                self.spool.advance(replace(first, state="reference", members=scan.keys[1:]))
                continue
            water = scan.water[0] if scan.water else None
            self.spool.advance(
                replace(first, members=scan.keys[1:], water=water, note=scan.note, due=-1.0, state="received")
            )

    def step(self, entry: SpoolEntry) -> None:
        """Take a sorted spectrum one step further."""
        try:
            if entry.state == "received":
                self._submit(entry)
            elif entry.state == "submitted":
                self._build(entry)
            elif entry.state == "built":
                self._deliver(entry)
        except Rejected as error:
            self._reject(entry, error)
        except (ClientError, PeerUnavailable) as error:
            self._later(entry, type(error).__name__)
        except OSError as error:
            self._later(entry, error.strerror or type(error).__name__)
        except Exception as error:  # a defect must not stop the other scans; its message may quote the source
            _log.error("defect", kind=type(error).__name__, places=frames_of(error)[-3:])
            self._end(entry, "internal-error")

    def _submit(self, entry: SpoolEntry) -> None:
        parts = self._parts(entry)
        if "subject" not in parts.document:
            _log.warning("no PatientID: no follow-up", sop_instance_uid=entry.sop_instance_uid)
        analysis = self.analyst.submit(parts)
        self._kept(replace(entry, state="submitted", analysis=analysis, tries=0, due=0.0))

    def _build(self, entry: SpoolEntry) -> None:
        found = self.analyst.result(self._parts(entry), entry.analysis)
        if found is None:
            pause = SIGNATURE_SECONDS if self.configuration.send == "signed" else POLL_SECONDS
            self.spool.advance(replace(entry, due=self.clock() + pause))
            return
        objects = self._objects(entry, found)
        self._kept(replace(self.spool.add_parcels(entry, objects), state="built", tries=0, due=0.0))

    def _objects(self, entry: SpoolEntry, found: Fetched) -> list[tuple[str, bytes]]:
        header = read_header(self.spool.content(entry.key), "source")
        water = None if entry.water is None else read_header(self.spool.content(entry.water), "water")
        source = Source(header, water=water, organisation=self.configuration.organisation)
        made: list[tuple[str, bytes]] = []
        for kind in self.configuration.objects:
            format: DicomFormat = f"dicom-{kind}"  # type: ignore[assignment]
            try:
                contents = render_dicom(format, found.document, found.traces, source, found.signed_pdf)
            except FormatUnavailable as error:
                _log.warning("object left out", sop_instance_uid=entry.sop_instance_uid, kind=kind, reason=error.detail)
                continue
            made += [(kind, content) for content in contents]
        return made

    def _deliver(self, entry: SpoolEntry) -> None:
        waiting = [parcel for parcel in entry.parcels if not parcel.sent and parcel.refused is None]
        contents = [(self.spool.path / parcel.file).read_bytes() for parcel in waiting]
        for parcel, outcome in zip(waiting, self.delivery.send(contents) if waiting else (), strict=True):
            if outcome != SENT:
                _log.warning(
                    "object refused", sop_instance_uid=entry.sop_instance_uid, kind=parcel.kind, status=outcome
                )
            parcels = tuple(
                replace(item, sent=outcome == SENT, refused=outcome or None) if item.file == parcel.file else item
                for item in entry.parcels
            )
            entry = replace(entry, parcels=parcels)
            if not self.spool.advance(entry):
                return
        _log.info(
            "result delivered",
            sop_instance_uid=entry.sop_instance_uid,
            sent=sum(parcel.sent for parcel in entry.parcels),
            refused=sum(parcel.refused is not None for parcel in entry.parcels),
        )
        if entry.code is None:
            self.release(entry)
        else:
            self._end(entry, entry.code)

    def release(self, entry: SpoolEntry) -> None:
        """Forget a scan that has ended with its files, and its water reference once no other scan waits for it."""
        self.spool.forget(entry)
        self._release_others(entry)

    def _release_others(self, entry: SpoolEntry) -> None:
        self._forget(entry.members)
        water = None if entry.water is None else self.spool.entries.get(entry.water)
        if water is None:
            return
        others = [e for e in self.spool.of_study(entry.study) if e.state not in ("reference", "member", *ENDED)]
        is_unsorted = any(other.state == "received" and other.due == 0.0 for other in others)
        if not is_unsorted and all(other.water != water.key for other in others):
            self._forget((*water.members, water.key))

    def _forget(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            if (entry := self.spool.entries.get(key)) is not None:
                self.spool.forget(entry)

    def _parts(self, entry: SpoolEntry) -> Parts:
        source = parsed(self.spool.content(entry.key))
        metabolite = (stripped(source, self.site_key), *(self._stripped(key) for key in entry.members))
        water: tuple[bytes, ...] = ()
        if entry.water is not None and (reference := self.spool.entries.get(entry.water)) is not None:
            water = tuple(self._stripped(key) for key in (reference.key, *reference.members))
        return Parts(metabolite, water, self._document(source))

    def _stripped(self, key: str) -> bytes:
        return stripped(parsed(self.spool.content(key)), self.site_key)

    def _document(self, source: Dataset) -> Document:
        names = (str(source.get(keyword) or "") for keyword in ("SeriesDescription", "ProtocolName"))
        return {**said_of(self.configuration.region, names), **person_of(source, self.site_key)}

    def _kept(self, entry: SpoolEntry) -> None:
        if self.spool.advance(entry):
            _log.info("state", sop_instance_uid=entry.sop_instance_uid, state=entry.state)

    def _later(self, entry: SpoolEntry, reason: str) -> None:
        pause = PAUSES[min(entry.tries, len(PAUSES) - 1)]
        known = self.spool.entries.get(entry.key)
        if known is None or known.sha256 != entry.sha256:
            return
        self.spool.advance(replace(known, tries=entry.tries + 1, due=self.clock() + pause))
        _log.warning("tried in vain", sop_instance_uid=entry.sop_instance_uid, reason=reason, again_seconds=pause)

    def _reject(self, entry: SpoolEntry, problem: Rejected) -> None:
        """End a scan that cannot be analysed, after its page with the reason where one is wanted."""
        if not self.configuration.report_failures:
            self._end(entry, problem.code)
            return
        header = read_header(self.spool.content(entry.key), "source")
        page = failure_page(problem.code, problem.detail, Source(header, organisation=self.configuration.organisation))
        kept = self.spool.add_parcels(entry, [("failure", page)])
        self._kept(replace(kept, state="built", code=problem.code, tries=0, due=0.0))

    def _end(self, entry: SpoolEntry, code: str) -> None:
        state = "failed" if code in ("internal-error", "worker-crashed", "out-of-memory") else "refused"
        self.spool.end(replace(entry, state=state, code=code))  # type: ignore[arg-type]
        self._release_others(entry)
        _log.error("scan not analysed", sop_instance_uid=entry.sop_instance_uid, code=code)
