"""The server: one scan a connection, analysed and answered on the same connection."""

from __future__ import annotations

import socket
import threading
from io import BytesIO

import numpy as np
import structlog
from ismrmrd import Meta
from PIL import Image

from fitting.request import Document
from service.client import ClientError
from service.gateway.analyst import Analyst, Parts, Rejected
from service.logs import frames_of
from service.mrd.protocol import (
    Grey,
    Header,
    ProtocolError,
    Readout,
    close_message,
    exactly,
    image_message,
    messages,
    text_message,
)
from service.mrd.scan import IncomingScan
from service.reports import FormatUnavailable, pdf
from service.reports.fetched import Fetched
from service.schemas.region_rules import RegionRule, said_of

MOST_CONNECTIONS = 4
SILENCE_SECONDS = 900.0
"""A scan is as long as its acquisition; a connection without a byte for so long is dropped."""
PIXELS_PER_INCH = 100
POLL_SECONDS = 1.0

_log = structlog.get_logger()


class MrdServer:
    """Listens until it is stopped."""

    def __init__(
        self, address: tuple[str, int], analyst: Analyst, rules: tuple[RegionRule, ...], water_flag: int | None
    ) -> None:
        self._listener = socket.create_server(address)
        self._analyst = analyst
        self._rules = rules
        self._water_flag = water_flag
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._stopped = threading.Event()
        self.port = int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Take connections, each in a thread of its own."""
        self._listener.settimeout(0.5)
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if self._places.acquire(blocking=False):
                threading.Thread(target=self._hold, args=(connection,), daemon=True).start()
            else:
                connection.close()

    def stop(self) -> None:
        """Listen no longer."""
        self._stopped.set()
        self._listener.close()
        self._analyst.close()

    def _hold(self, connection: socket.socket) -> None:
        try:
            with connection:
                connection.settimeout(SILENCE_SECONDS)
                for answer in self._answers(connection):
                    connection.sendall(answer)
        except OSError as error:
            _log.warning("connection lost", reason=type(error).__name__)
        finally:
            self._places.release()

    def _answers(self, connection: socket.socket) -> list[bytes]:
        """Messages that answer a scan; whatever is wrong is a line for the log of the scanner's host."""
        try:
            scan = self._received(connection)
            said, pages = self._analysed(scan)
        except ProtocolError as error:
            return _failure("protocol-error", str(error))
        except Rejected as error:
            return _failure(error.code, error.detail)
        except ClientError as error:
            return _failure(error.code, "the service that analyses does not answer.")
        except FormatUnavailable as error:
            return _failure(error.code, error.detail)
        except OSError:
            raise
        except Exception as error:  # its message may quote the input
            _log.error("defect", kind=type(error).__name__, places=frames_of(error)[-3:])
            return _failure("internal-error", "a defect of mrsquant; its log names the place.")
        _log.info("scan analysed", transients=len(scan.readouts), water=len(scan.waters))
        head = scan.readouts[0].head
        images = [image_message(page, number, head, _attributes()) for number, page in enumerate(pages, start=1)]
        return [text_message("DBG", said), *images, close_message()]

    def _received(self, connection: socket.socket) -> IncomingScan:
        scan = IncomingScan()
        for message in messages(exactly(connection)):
            if isinstance(message, Header):
                scan.xml = message.xml
            elif isinstance(message, Readout):
                scan.add(message, self._water_flag)
        if not scan.xml or not scan.readouts:
            raise ProtocolError("a scan has an XML header and at least one acquisition with signal")
        return scan

    def _analysed(self, scan: IncomingScan) -> tuple[str, list[Grey]]:
        water = (scan.file(scan.waters),) if scan.waters else ()
        document: Document = said_of(self._rules, (scan.protocol_name,))
        parts = Parts((scan.file(scan.readouts),), water, document)
        found = self._result(parts)
        verdict = found.document.analysis.verdict.usable
        pages = pdf.pictures(found.document, found.traces, PIXELS_PER_INCH)
        return f"mrsquant: spectrum may be interpreted: {verdict}", [_grey(page) for page in pages]

    def _result(self, parts: Parts) -> Fetched:
        analysis = self._analyst.submit(parts)
        while (found := self._analyst.result(parts, analysis)) is None:
            if self._stopped.wait(POLL_SECONDS):
                raise Rejected("stopping", "the server is stopping; send the scan again.")
        return found


def _grey(picture: bytes) -> Grey:
    """A page as numbers of 12 bits, which hosts show without a window of their own."""
    shades = np.asarray(Image.open(BytesIO(picture)).convert("L"), dtype=np.uint16)
    return np.ascontiguousarray(shades * np.uint16(16))


def _attributes() -> str:
    meta = Meta(
        {
            "DataRole": ["Image"],
            "ImageProcessingHistory": ["MRSQUANT"],
            "ImageComments": ["Research use only"],
            "SeriesDescription": ["mrsquant (research use only)"],
            "WindowCenter": ["2048"],
            "WindowWidth": ["4096"],
            "Keep_image_geometry": ["1"],
        }
    )
    return str(meta.serialize())


def _failure(code: str, sentence: str) -> list[bytes]:
    _log.warning("scan not analysed", code=code)
    return [text_message("ERR", f"mrsquant: {code}: {sentence}"), close_message()]
