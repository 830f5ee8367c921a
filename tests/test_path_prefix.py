"""The app under a path of another site, as a proxy serves it."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conftest import Served, is_shown
from test_door import ask, guest, small  # noqa: F401  # an app and a page of this module's own

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_all_of_it_works_under_a_path_of_another_site(
    small: Served,  # noqa: F811
    guest: "Page",  # noqa: F811
) -> None:
    app = small.demo.app
    alone = app.middleware_stack

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        below = scope["type"] == "http" and scope["path"].startswith("/faces/")
        await alone({**scope, "root_path": "/faces"} if below else scope, receive, send)

    guest.goto("about:blank")  # what was asked before is not meant
    answers: list[tuple[int, str]] = []
    guest.on("response", lambda answer: answers.append((answer.status, urlsplit(answer.url).path)))
    app.middleware_stack = mounted
    try:
        guest.goto(f"{small.address}faces/")
        guest.locator("#first-clip .sd-thumb").first.click()
        is_shown(guest, "#first-face .sd-face")
        guest.goto(f"{small.address}faces/map")
        is_shown(guest, ".sd-map-drawn", 1)
        guest.goto(f"{small.address}faces/results")
        is_shown(guest, ".sd-chart-bars")
        is_shown(guest, "#showcase video", 7)  # the last to come
        films = guest.eval_on_selector_all("#showcase video", "videos => videos.map((video) => video.src)")
        assert len(films) == 8 and all("/faces/gradio_api/file=" in film for film in films)
        assert ask(small, "GET", "faces/health").status_code == 200
        assert ask(small, "GET", "faces/gradio_api/openapi.json").status_code == 404
        assert "There is no film at this link" in ask(small, "GET", "faces/shared/unknown").text
    finally:
        app.middleware_stack = alone
    assert len(answers) > 50
    wrong = [found for found in answers if found[0] >= 400 or not found[1].startswith(("/faces/", "image/"))]
    assert wrong == []
