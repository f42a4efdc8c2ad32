"""Refusals for what is asked for: it does not exist, or is not in the state this needs."""

from __future__ import annotations

from service.errors.problem import ServiceProblem


class NotFound(ServiceProblem):
    """There is nothing at this address; the addresses are in ``/openapi.json``."""

    status = 404
    code = "not-found"
    title = "There is nothing at this address"


class UnknownAnalysis(NotFound):
    """No analysis has this id; it may have been deleted."""

    code = "analysis-not-found"
    title = "The analysis does not exist"


class UnknownNorm(NotFound):
    """No norm has this id; ``GET /v1/norms`` lists them."""

    code = "norm-not-found"
    title = "The norm does not exist"


class UnknownSite(NotFound):
    """No calibration of a scanner has this id, or it was withdrawn; ``GET /v1/sites`` lists them."""

    code = "site-not-found"
    title = "The calibration does not exist"


class UnknownCalibration(NotFound):
    """No calibration in the making has this id, or it was removed; ``GET /v1/calibrations`` lists them."""

    code = "calibration-not-found"
    title = "There is no calibration in the making with this id"


class UnknownCohort(NotFound):
    """No cohort has this id, or it was removed; ``GET /v1/cohorts`` lists them."""

    code = "cohort-not-found"
    title = "The cohort does not exist"


class UnknownPreset(NotFound):
    """No shipped plan has this name; ``GET /v1/cohort-presets`` lists them."""

    code = "preset-not-found"
    title = "The preset does not exist"


class UnknownSubject(NotFound):
    """No analysis names this subject; the pseudonym may be misspelt, or its analyses removed."""

    code = "subject-not-found"
    title = "The subject does not exist"


class UnknownReportVersion(NotFound):
    """That version of the report was not signed, or not kept in this format; the sign-off lists the versions."""

    code = "report-version-not-found"
    title = "The report has no such signed version"


class UnknownProblem(NotFound):
    """No problem has this code; ``GET /problems`` lists them."""

    code = "problem-not-found"
    title = "The problem type does not exist"


class NotFinished(ServiceProblem):
    """The analysis or cohort is still queued or running; ask again after ``Retry-After`` seconds."""

    status = 409
    code = "not-finished"
    title = "The analysis is not finished"


class NoResult(ServiceProblem):
    """The analysis or cohort failed or was cancelled, so there is no result to show; it says why itself."""

    status = 409
    code = "no-result"
    title = "The analysis has no result"


class IdempotencyConflict(ServiceProblem):
    """The ``Idempotency-Key`` was used before for a different request; a new request needs a new key."""

    status = 409
    code = "idempotency-conflict"
    title = "The idempotency key belongs to another request"


class SignOffConflict(ServiceProblem):
    """The step is not possible in the present state of the sign-off, or another was taken meanwhile; read it again."""

    status = 409
    code = "sign-off-conflict"
    title = "The sign-off has another state"


class SignedAnalysis(ServiceProblem):
    """A report of the analysis was signed, so only the scope ``admin`` may remove it; amend it instead."""

    status = 409
    code = "signed-analysis"
    title = "The analysis has a signed report"
