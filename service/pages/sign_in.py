"""``/sign-in`` and ``/sign-out``: people in a browser open a session with their key, and end it."""

from __future__ import annotations

from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from service.access.route_access import Access
from service.access.sessions import COOKIE
from service.api.dependencies import ServicesDep
from service.api.problems import responses
from service.errors import NotAuthenticated, TooManyRequests
from service.pages.frame import page

_WELCOME = "Sign in with the key your operator gave you."
_WRONG = "This key is wrong, has expired or was withdrawn. Check that you copied all of it."

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

_PROBLEMS = responses(NotAuthenticated, TooManyRequests)
_REFUSALS = {**_PROBLEMS, 401: {**_PROBLEMS[401], "content": {**_PROBLEMS[401]["content"], "text/html": {}}}}
"""A wrong key is answered to a browser with the form again."""


class SignIn(BaseModel):
    """The form of the page to sign in."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    key: str = Field(min_length=1, max_length=200, examples=["mrsq_0123456789ab_secret"])
    """A device's or a person's key."""
    next_page: str = Field(default="/", alias="next", max_length=500)
    """Page of this service to go to afterwards."""


NextPage = Annotated[str, Query(alias="next", max_length=500, description="Page to go to afterwards.")]


@router.get(
    "/sign-in", dependencies=[Depends(Access("public", note="refusals"))], summary="Sign in", responses=responses()
)
async def sign_in_page(request: Request, services: ServicesDep, next_page: NextPage = "/") -> HTMLResponse:
    """A form for the key; who is signed in already may sign out."""
    session = await run_sync(services.authenticator.session, request)
    key_id = None if session is None else session.key_id
    return page("sign_in.html", key_id=key_id, message=_WELCOME, is_refused=False, next_page=_own_page(next_page))


@router.post(
    "/sign-in",
    dependencies=[Depends(Access("public", note="change"))],
    status_code=303,
    summary="Open a session",
    response_description="Signed in; on to the page.",
    response_class=RedirectResponse,
    responses=_REFUSALS,
)
async def sign_in(request: Request, services: ServicesDep, form: Annotated[SignIn, Form()]) -> Response:
    """Exchange a key for a session cookie."""
    found = services.authenticator.key(form.key.strip())
    if found is None:
        request.state.wrong_key = True
        services.authenticator.refuse_often(request)
        if "text/html" not in request.headers.get("accept", ""):
            raise NotAuthenticated(_WRONG)
        return page(
            "sign_in.html", 401, key_id=None, message=_WRONG, is_refused=True, next_page=_own_page(form.next_page)
        )
    request.state.principal = found.principal
    response = RedirectResponse(_own_page(form.next_page), status_code=303)
    response.set_cookie(
        COOKIE,
        services.authenticator.sessions.open(found.id),
        max_age=services.authenticator.sessions.seconds,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post(
    "/sign-out",
    dependencies=[Depends(Access("public", note="change"))],
    status_code=303,
    summary="End the session",
    response_class=RedirectResponse,
    responses=responses(),
)
async def sign_out(request: Request, services: ServicesDep) -> RedirectResponse:
    """End the session everywhere; a copy of its cookie opens nothing any more."""
    session = await run_sync(services.authenticator.session, request)
    if session is not None:
        await run_sync(services.authenticator.sessions.end, session)
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


def _own_page(address: str) -> str:
    """A page of this service; anything that leads elsewhere becomes the first page."""
    is_own = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_own and address.isascii() else "/"
