"""Who is here, what becomes of their clips, and the button that deletes them at once, where films are dropped."""

import asyncio
from typing import Any

import gradio as gr

from pages import links, status
from pages.belongings import BELONGINGS
from pages.events import AT_ONCE, PRESSED
from pages.session import browser_token, forget_session, token_of
from pages.web import web
from seqdisent_core.cluster import workers
from seqdisent_core.limits import limits

_LINE = """
<div class="sd sd-privacy"><p class="sd-hint-line">LINE</p>
<button type="button" class="sd-button sd-small sd-delete">Delete everything of mine now</button>
<p class="sd-deleted" role="status"></p><div>${value || ""}</div></div>
"""
_OF_CLIPS = (
    "Use clips of people who agree to it. Your clips and the results are deleted when you close the page, and within "
    "an hour of their last use; nothing is sent anywhere else."
)
_ON_CLUSTER = " Other machines of this server's read and make films; they keep nothing once they have answered."
_TELL = "() => new BroadcastChannel('seqdisent deleted').postMessage('')"  # also to this page
_LOST = "Another server answers now. Clips and results that were here are gone: choose your clips again."
_ANOTHER_SERVER = """(token) => {
    const now = String(window.gradio_config.app_id);
    const before = sessionStorage.getItem("seqdisent-server");
    sessionStorage.setItem("seqdisent-server", now);
    return [token, before !== null && before !== now];
}"""


def visitor(demo: gr.Blocks) -> gr.BrowserState:
    """The token of whoever opens this page, the same on all pages; what comes to be here is theirs.

    To be called where the page begins: there it says so if all of that is lost.
    """
    token = browser_token()
    another = gr.Checkbox(visible=False)  # server than the one that this tab had before
    lost = gr.HTML(visible=False, apply_default_css=False, elem_id="lost")
    demo.load(opened, [token, another], [token, lost], js=_ANOTHER_SERVER, **AT_ONCE)
    return token


def opened(token: str, another: bool, request: gr.Request) -> tuple[str, Any]:
    """A page has shown itself; where its server was started again, or another took its place, it says what is lost."""
    token = token_of(token)
    BELONGINGS.opened(token, str(request.session_hash))
    return token, gr.HTML(status.problem(_LOST), visible=True) if another else gr.skip()


def privacy(token: gr.BrowserState, line: str = _OF_CLIPS) -> None:
    """Lays out the line and the button, which empties all pages of this visitor; they load again and say so."""
    line += _ON_CLUSTER if workers() else ""
    shown = gr.HTML(
        "", html_template=_LINE.replace("LINE", line), js_on_load=web("privacy.js"), apply_default_css=False
    )
    deleted = shown.delete(delete_all, token, None, **PRESSED)
    deleted.success(None, js=_TELL)
    deleted.failure(lambda: status.problem(status.OUR_FAULT), None, shown, **AT_ONCE)


async def delete_all(token: str, request: gr.Request) -> None:
    """Deletes a visitor's clips, results, shared films and tuned models, on all pages that they have open."""
    for session in {*BELONGINGS.sessions(token), str(request.session_hash)}:
        forget_session(request.request.app.state_holder, session)  # type: ignore[union-attr]
        BELONGINGS.delete(session)
    if token_of(token) == token:
        BELONGINGS.delete(token)
        links.delete(token)


async def closed(request: gr.Request) -> None:
    """A page was closed, or left for another of ours, which shows itself as soon as it has come over the network."""
    session, holder = str(request.session_hash), request.request.app.state_holder  # type: ignore[union-attr]
    await asyncio.sleep(limits().closed_seconds)
    forget_session(holder, session)
    await asyncio.sleep(limits().left_seconds)
    BELONGINGS.closed(session)
