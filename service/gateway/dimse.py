"""What both directions of DICOM's network protocol share: classes, transfer syntaxes, limits and TLS."""

from __future__ import annotations

import ssl

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, register_uid
from pynetdicom.service_class import StorageServiceClass

from fitting.io.dicom_mrs import MR_SPECTROSCOPY_STORAGE
from fitting.io.siemens_dicom import CSA_NON_IMAGE_STORAGE
from service.gateway.configuration import Tls

SPECTRA = (MR_SPECTROSCOPY_STORAGE, CSA_NON_IMAGE_STORAGE)
"""What is received; results are of other classes, so that results which an archive forwards come to nothing."""
SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
MOST_ASSOCIATIONS = 8
SILENCE_SECONDS = 30.0
"""A peer without a PDU for so long is dropped."""

# pynetdicom would accept the private class and then abort at the C-STORE: it knows no service for it
register_uid(CSA_NON_IMAGE_STORAGE, "SiemensCSANonImageStorage", StorageServiceClass)


def application_entity(title: str) -> AE:
    """An application entity with the limits of this program."""
    entity = AE(ae_title=title)
    entity.maximum_associations = MOST_ASSOCIATIONS
    entity.network_timeout = entity.acse_timeout = entity.dimse_timeout = SILENCE_SECONDS
    entity.connection_timeout = SILENCE_SECONDS
    return entity


def tls_context(tls: Tls, purpose: ssl.Purpose) -> ssl.SSLContext:
    """A context in which both sides show a certificate of the operator's authority.

    Raises
    ------
    OSError
        When a file cannot be used.
    """
    context = ssl.create_default_context(purpose, cafile=str(tls.ca))
    context.load_cert_chain(str(tls.certificate), str(tls.key))
    context.check_hostname = False  # nodes are known by the authority, as DICOM PS3.15 B.1 has it, not by names
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
