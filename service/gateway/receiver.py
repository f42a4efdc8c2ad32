"""Spectra in by C-STORE: on disk before they are acknowledged, since the sender may delete them afterwards."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from pynetdicom import evt
from pynetdicom.events import Event
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from fitting.errors import FittingError, UnsupportedData
from fitting.io import read
from fitting.io._dicom import open_dataset
from fitting.io.source import SourceFile
from service.gateway.configuration import GatewayConfiguration
from service.gateway.dimse import SPECTRA, SYNTAXES, application_entity, tls_context
from service.gateway.spool import Spool, SpoolFull

MOST_INSTANCE_BYTES = 64 * 1024**2
STORED, OUT_OF_RESOURCES, NO_IDENTIFIER, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xA900, 0xC000
"""Statuses of C-STORE (DICOM PS3.4, table B.2-1)."""

_log = structlog.get_logger()


class Receiver:
    """The listening half of the gateway."""

    def __init__(self, configuration: GatewayConfiguration, spool: Spool, wake: Callable[[], None]) -> None:
        self._configuration = configuration
        self._spool = spool
        self._wake = wake
        self._bytes: dict[int, int] = {}
        self._server: Any = None

    def start(self) -> None:
        """Listen in threads of their own.

        Raises
        ------
        OSError
            When the port is taken or a certificate cannot be used.
        """
        settings = self._configuration
        entity = application_entity(settings.ae_title)
        entity.require_called_aet = True
        entity.require_calling_aet = list(settings.accept_from)
        entity.add_supported_context(Verification)
        for name in SPECTRA:
            entity.add_supported_context(name, SYNTAXES)
        tls = None if settings.tls is None else tls_context(settings.tls, ssl.Purpose.CLIENT_AUTH)
        self._server = entity.start_server(
            (settings.host, settings.port),
            block=False,
            ssl_context=tls,
            evt_handlers=[
                (evt.EVT_C_ECHO, lambda _: STORED),
                (evt.EVT_C_STORE, self._store),
                (evt.EVT_PDU_RECV, self._count),
                (evt.EVT_CONN_CLOSE, self._forget),
            ],
        )

    def stop(self) -> None:
        """End every association."""
        if self._server is not None:
            self._server.shutdown()

    def _count(self, event: Event) -> None:
        """End an association that sends more in one message than an instance may have."""
        if not isinstance(event.pdu, P_DATA_TF):
            return
        total = self._bytes.get(id(event.assoc), 0) + len(event.pdu)
        self._bytes[id(event.assoc)] = total
        if total > 2 * MOST_INSTANCE_BYTES:
            _log.warning("association aborted", reason="too many bytes in one message")
            event.assoc.abort()

    def _forget(self, event: Event) -> None:
        self._bytes.pop(id(event.assoc), None)

    def _store(self, event: Event) -> int:
        self._bytes.pop(id(event.assoc), None)
        uid = str(getattr(event.request, "AffectedSOPInstanceUID", "") or "")
        content = event.encoded_dataset()
        if len(content) > MOST_INSTANCE_BYTES:
            _log.warning("instance refused", sop_instance_uid=uid, reason="too large", bytes=len(content))
            return OUT_OF_RESOURCES
        try:
            stated, study = _identifiers(content)
        except (FittingError, MemoryError):
            _log.warning("instance refused", sop_instance_uid=uid, reason="damaged")
            return CANNOT_UNDERSTAND
        if not stated or not study:
            _log.warning("instance refused", sop_instance_uid=uid, reason="no SOP or Study Instance UID")
            return NO_IDENTIFIER
        return self._keep(stated, study, content)

    def _keep(self, stated: str, study: str, content: bytes) -> int:
        try:
            _, is_news = self._spool.receive(stated, study, content, time.time())
        except SpoolFull:
            _log.error("instance refused", sop_instance_uid=stated, reason="the spool is full")
            return OUT_OF_RESOURCES
        except OSError as error:
            _log.error("instance refused", sop_instance_uid=stated, reason=error.strerror)
            return OUT_OF_RESOURCES
        _log.info("instance received", sop_instance_uid=stated, news=is_news)
        self._wake()
        return STORED


def _identifiers(content: bytes) -> tuple[str, str]:
    """SOP and Study Instance UID of an undamaged spectrum; what cannot be analysed is refused later.

    Raises
    ------
    DamagedFile, OversizedFile
        When it contradicts itself.
    """
    file = SourceFile("instance.dcm", content)
    _, dataset = open_dataset(file, "DICOM")
    stated, study = (str(dataset.get(name) or "") for name in ("SOPInstanceUID", "StudyInstanceUID"))
    if stated and study:
        with suppress(UnsupportedData):
            read((file,))
    return stated, study
