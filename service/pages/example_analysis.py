"""``/example``: analyses the simulated spectrum that comes with the program, as an upload would."""

from __future__ import annotations

from importlib.resources import files

from fastapi import Depends
from fastapi.responses import RedirectResponse, Response

from service.access.route_access import Access
from service.api.dependencies import CurrentSettings, Dispatch, Repository, RequestId
from service.pages.frame import page_router
from service.storage.files import StoredFile
from service.storage.repositories import Submission

REQUEST = {
    "region": "ACC",
    "hemisphere": "midline",
    "subject": "example",
    "tags": ["example"],
    "tissue": {"gm": 0.6, "wm": 0.3, "csf": 0.1},
}
"""What is known of the simulated volume; the files are those of ``examples/``, which says how they were made."""

router = page_router()


@router.post("/example", dependencies=[Depends(Access("submit", note="change"))])
def analyse_example(
    repository: Repository, dispatcher: Dispatch, settings: CurrentSettings, request_id: RequestId
) -> Response:
    """Submit the example and show it; a second time the analysis that is there already."""
    folder = files("service.pages") / "example"
    parts = (
        StoredFile("metabolite", "metabolite.nii.gz", (folder / "acc_press30.nii.gz").read_bytes()),
        StoredFile("water_reference", "water_reference.nii.gz", (folder / "acc_press30_water.nii.gz").read_bytes()),
    )
    row, is_new = repository.submit(Submission(parts, dict(REQUEST), request_id), settings.queue_limit)
    if is_new:
        dispatcher.wake()
    return RedirectResponse(f"/analyses/{row.id}", status_code=303)
