"""A thread that makes due webhook calls, signed, with exponential backoff until they are answered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import MappingProxyType

import httpx2
import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.logs import frames_of
from service.metrics import Metrics
from service.settings import Settings
from service.storage.webhooks import WebhookCall, WebhookRepository
from service.webhooks.destinations import ForbiddenAddress, pinned

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600, 24 * 3600))
"""Pauses between attempts; after the last one the call is abandoned."""
LEASE = timedelta(seconds=60)
"""Lease of a call, longer than a call can take."""
TIMEOUT_SECONDS = 10.0
POLL_SECONDS = 1.0
AT_ONCE = 4
_GONE = 410

log = structlog.get_logger()


class WebhookSender:
    """Makes the calls of one database; several processes may run one each."""

    def __init__(
        self,
        repository: WebhookRepository,
        settings: Settings,
        metrics: Metrics,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        if settings.webhook_secret is None:
            raise ValueError("webhooks are signed, so they need a secret")
        self._repository = repository
        self._settings = settings
        self._secret = settings.webhook_secret.get_secret_value().encode()
        self._metrics = metrics
        # no proxy from the environment: it would resolve the name again
        self._http = httpx2.Client(timeout=TIMEOUT_SECONDS, trust_env=False, transport=transport)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the calls that are being made."""
        self._stopping.set()
        self._thread.join()
        self._http.close()

    def _run(self) -> None:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as threads:
            while not self._stopping.is_set():
                try:
                    calls = self._repository.take(AT_ONCE, LEASE)
                    list(threads.map(self.make, calls))
                except SQLAlchemyError as error:
                    log.error("database does not answer", error=type(error).__name__)
                    calls = []
                except Exception as error:
                    log.error("webhook defect", error=type(error).__name__, frames=frames_of(error))
                    calls = []
                if not calls:
                    self._stopping.wait(POLL_SECONDS)

    def make(self, call: WebhookCall) -> None:
        """Make one call and record its outcome."""
        failure = self._failure(call)
        log.info("webhook", analysis_id=call.analysis_id, attempt=call.attempt, failure=failure)
        self._metrics.webhooks.labels("answered" if failure is None else "failed").inc()
        if failure is None:
            self._repository.answered(call)
            return
        is_last = call.attempt > len(PAUSES) or failure == f"http-{_GONE}"
        self._repository.failed(call, failure, None if is_last else PAUSES[call.attempt - 1])

    def _failure(self, call: WebhookCall) -> str | None:
        try:
            target = pinned(call.url, self._settings)
            body = message(call)
            signed = signature(self._secret, call.id, body)
            headers = {"Host": target.host, "Content-Type": "application/json", **signed}
            request = self._http.build_request("POST", target.url, content=body, headers=headers)
            request.extensions["sni_hostname"] = target.name
            response = self._http.send(request, stream=True, follow_redirects=False)  # the answer's body is not read
            response.close()
        except ForbiddenAddress:
            return "address-not-allowed"
        except httpx2.TimeoutException:
            return "timeout"
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
            return "no-connection"
        return None if response.is_success else f"http-{response.status_code}"


def message(call: WebhookCall) -> bytes:
    """Body of a call: id and outcome of the analysis, without its content."""
    document = {
        "type": f"analysis.{call.state}",
        "timestamp": call.finished.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": {"id": call.analysis_id, "state": call.state, "location": f"/v1/analyses/{call.analysis_id}"},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def signature(secret: bytes, call_id: str, body: bytes, now: float | None = None) -> MappingProxyType[str, str]:
    """Headers of the Standard Webhooks specification: HMAC-SHA256 of id, time and body (standardwebhooks.com)."""
    timestamp = str(int(time.time() if now is None else now))
    signed = b".".join((call_id.encode(), timestamp.encode(), body))
    digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    return MappingProxyType(
        {"webhook-id": call_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{digest}"}
    )
