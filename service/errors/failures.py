"""Failures of the service itself: defects, damage, and what passes with time."""

from __future__ import annotations

from service.errors.problem import ServiceProblem


class InternalError(ServiceProblem):
    """A defect of the program; the ``request_id`` finds it in the log."""

    status = 500
    code = "internal-error"
    title = "Something went wrong inside the service"


class DamagedStorage(InternalError):
    """A stored file is missing or does not match its digest, so it is not used. Upload the same file again to
    replace it; operators find all such files with ``mrsquant doctor --deep`` and restore them from a backup.
    """

    code = "damaged-storage"
    title = "A stored file is missing or damaged"


class DamagedSignedReport(InternalError):
    """The signed report is missing or was changed, so it is not shown; operators restore it from a backup."""

    code = "damaged-signed-report"
    title = "The signed report is damaged"


class WorkerCrashed(InternalError):
    """The process computing the analysis died in every attempt, often for lack of memory."""

    code = "worker-crashed"
    title = "The computation died"


class OverDeadline(InternalError):
    """Every attempt exceeded the deadline of the computation and ``MRSQUANT_GRACE_SECONDS``."""

    code = "over-deadline"
    title = "The computation took too long"


class Unavailable(ServiceProblem):
    """The service cannot answer now; try again after ``Retry-After`` seconds."""

    status = 503
    code = "unavailable"
    title = "The service is not available now"


class QueueFull(Unavailable):
    """More analyses wait than ``MRSQUANT_QUEUE_LIMIT`` allows; submit again after ``Retry-After`` seconds."""

    code = "queue-full"
    title = "Too many analyses are waiting"


class StorageFull(Unavailable):
    """The disk is full; nothing was accepted. Operators free space below ``MRSQUANT_DATA_DIR``."""

    code = "storage-full"
    title = "The storage is full"


class NotReady(Unavailable):
    """The database or the workers do not answer; a load balancer reads this before it routes traffic."""

    code = "not-ready"
    title = "The service is not ready"
