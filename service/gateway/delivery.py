"""Results out: by C-STORE to a DICOM node, or by STOW-RS to a DICOMweb service (DICOM PS3.18, 10.5)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Protocol
from uuid import uuid4

import httpx2
import pydicom
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless
from pynetdicom.association import Association

from service.gateway.configuration import GatewayConfiguration
from service.gateway.dimse import SILENCE_SECONDS, application_entity, tls_context

SENT = ""
"""Outcome of an object that the peer has; any other outcome is the status of a refusal for good."""
NOT_TAKEN = "no presentation context"
"""The peer takes no objects of this class."""
_WARNINGS = range(0xB000, 0xC000)
_LATER = range(0xA700, 0xA800)
"""Out of resources: it may work later."""
_PICTURES = "1.2.840.10008.5.1.4.1.1.7"


class PeerUnavailable(Exception):
    """The peer does not answer, or asks to be tried later."""


class Delivery(Protocol):
    """A way to the peer."""

    def send(self, contents: Sequence[bytes]) -> Iterator[str]:
        """Outcome of each object in turn, ``SENT`` or a refusal; raises ``PeerUnavailable`` to be tried again."""


def delivery_of(configuration: GatewayConfiguration) -> Delivery:
    """The way of the configuration."""
    return StowDelivery(configuration) if configuration.to.stow is not None else StoreDelivery(configuration)


class StoreDelivery:
    """C-STORE over an association of its own for each result."""

    def __init__(self, configuration: GatewayConfiguration) -> None:
        self._configuration = configuration

    def send(self, contents: Sequence[bytes]) -> Iterator[str]:
        """Send every object; a class that the peer does not take is refused, and the others go on."""
        peer, tls = self._configuration.to, self._configuration.tls
        objects = [pydicom.dcmread(BytesIO(content)) for content in contents]
        entity = application_entity(self._configuration.ae_title)
        for name in dict.fromkeys(str(item.SOPClassUID) for item in objects):
            # a context for each: of several in one the peer would choose, mostly the one that needs another encoding
            for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, *([RLELossless] * (name == _PICTURES))):
                entity.add_requested_context(name, syntax)
        arguments = None if tls is None else (tls_context(tls, ssl.Purpose.SERVER_AUTH), peer.host)
        association = entity.associate(
            peer.host, peer.port or 0, ae_title=peer.ae_title or "", tls_args=arguments, max_pdu=0
        )
        if not association.is_established:
            if association.rejected_contexts and not association.accepted_contexts:  # it answered, and takes none
                yield from (NOT_TAKEN for _ in objects)
                return
            raise PeerUnavailable("no association")
        try:
            yield from (_stored(association, item) for item in objects)
        finally:
            association.release()


def _stored(association: Association, item: FileDataset) -> str:
    accepted = [context for context in association.accepted_contexts if context.abstract_syntax == item.SOPClassUID]
    if not accepted:
        return NOT_TAKEN
    syntaxes = {str(context.transfer_syntax[0]) for context in accepted}
    if RLELossless in syntaxes:
        item.compress(RLELossless, generate_instance_uid=False)
    elif ExplicitVRLittleEndian not in syntaxes:
        item = _implicit(item)
    try:
        status = association.send_c_store(item)
    except (RuntimeError, ValueError) as error:  # the association ended meanwhile, or the object cannot be encoded
        raise PeerUnavailable(type(error).__name__) from error
    code = status.get("Status")
    if code is None or code in _LATER:
        raise PeerUnavailable("no answer" if code is None else f"0x{code:04X}")
    return SENT if code == 0 or code in _WARNINGS else f"0x{code:04X}"


def _implicit(item: FileDataset) -> FileDataset:
    """The object in Implicit VR Little Endian, for peers that know nothing else."""
    buffer = BytesIO()
    item.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    pydicom.dcmwrite(buffer, item, enforce_file_format=True, implicit_vr=True, little_endian=True)
    return pydicom.dcmread(BytesIO(buffer.getvalue()))


class StowDelivery:
    """STOW-RS, all objects of a result in one request."""

    def __init__(self, configuration: GatewayConfiguration, transport: httpx2.BaseTransport | None = None) -> None:
        address = configuration.to.stow or ""
        self._address = f"{address.rstrip('/')}/studies"
        context = None if configuration.tls is None else tls_context(configuration.tls, ssl.Purpose.SERVER_AUTH)
        self._http = httpx2.Client(
            timeout=SILENCE_SECONDS, transport=transport, verify=True if context is None else context
        )

    def send(self, contents: Sequence[bytes]) -> Iterator[str]:
        """Post the objects; those that the answer names as failed are refused."""
        boundary = uuid4().hex
        parts = b"".join(
            b"--%s\r\nContent-Type: application/dicom\r\n\r\n%s\r\n" % (boundary.encode(), content)
            for content in contents
        )
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        headers = {"Content-Type": kind, "Accept": "application/dicom+json"}
        try:
            answer = self._http.post(self._address, content=parts + f"--{boundary}--".encode(), headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise PeerUnavailable(type(error).__name__) from error
        failed = _failures(answer)
        if failed is None or (not answer.is_success and not failed):
            raise PeerUnavailable(f"HTTP {answer.status_code}")
        yield from (failed.get(_uid(content), SENT) for content in contents)


def _failures(answer: httpx2.Response) -> dict[str, str] | None:
    """Failure reasons by SOP Instance UID; None when the answer is none of STOW-RS. A list without items is success."""
    try:
        document = answer.json()
        items = document.get("00081198", {}).get("Value") or []
        return {
            item["00081155"]["Value"][0]: f"0x{int(item['00081197']['Value'][0]):04X}"
            if "00081197" in item
            else "refused"
            for item in items
        }
    except (ValueError, AttributeError, KeyError, IndexError, TypeError):
        return None


def _uid(content: bytes) -> str:
    return str(pydicom.dcmread(BytesIO(content), specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
