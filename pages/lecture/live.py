"""The lecture's step that is not prepared: three seconds of a face from the audience, taken apart and swapped."""

import base64
import tempfile
import threading
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.lecture import pictures as draw
from pages.lecture.pictures import Film
from pages.model import film_studio
from pages.names import person_and_expression
from pages.web import web
from seqdisent_core.assets import asset
from seqdisent_core.errors import SeqdisentError
from seqdisent_core.lecture import Live, sheet_bytes, take_apart
from seqdisent_core.media import labelled

_DRIVER = "person_044_surprise"
_BROUGHT, _SHOWN = "live clip", "live"  # where a visit keeps a clip and what was made of it, until the step is left
_OWN = "own"  # the sheet of the clip's own pixels
_PASSED = 2.0  # seconds within which this step may be turned past: loading the model would hold the next one up
_recorder = st.components.v2.component(
    "seqdisent.lecture_recorder", html=web("lecture_recorder.html"), css=web("lecture_recorder.css"),
    js=web("recorder.js") + web("lecture_recorder.js"),
)  # fmt: skip


def take_recording() -> None:
    """A camera with a countdown. The model is loaded while it is used, not while somebody turns past this step."""

    def recorded() -> None:
        clip = st.session_state["recorder"].get("clip")
        if clip:
            st.session_state["clips"] += 1
            _bring(base64.b64decode(clip["data"]), ".mp4" if clip["suffix"] == ".mp4" else ".webm")

    clips = st.session_state.setdefault("clips", 0)  # one that was sent keeps its button busy until this is another
    _recorder(key="recorder", on_clip_change=recorded, data={"clips": clips})
    loading = threading.Timer(_PASSED, film_studio)
    loading.daemon = True
    loading.start()


def take_film() -> None:
    """A place for a file."""

    def chosen() -> None:
        file, context = st.session_state["live_file"], get_script_run_ctx()
        if isinstance(file, UploadedFile) and context is not None:
            film = file.getvalue()
            context.uploaded_file_mgr.remove_session_files(context.session_id)  # or it stays to the talk's end
            _bring(film, Path(file.name).suffix)

    st.file_uploader(
        "Or a video of a face", type=["mp4", "mov", "webm", "avi", "mkv", "gif"], key="live_file", on_change=chosen
    )


def show_made() -> None:
    """What the model made of the last clip, or why it could not; until then, what is waited for."""
    brought = st.session_state.get(_BROUGHT)
    if brought is not None:
        st.session_state[_SHOWN] = _made(*brought)
        st.session_state.pop(_BROUGHT, None)
    made = st.session_state.get(_SHOWN)
    if made is None:
        st.html('<p class="lx-waiting">Waiting for a clip: record three seconds, or choose a video.</p>')
    elif isinstance(made, str):
        st.error(made)
    else:
        _show(made)


def forget() -> None:
    """The audience's clip and what was made of it go when the step is left."""
    for held in (_BROUGHT, _SHOWN):
        st.session_state.pop(held, None)


def _bring(film: bytes, suffix: str) -> None:
    """A clip to work on, in place of the one before."""
    forget()
    st.session_state[_BROUGHT] = (film, suffix or ".mp4")


def _made(film: bytes, suffix: str) -> Live | str:
    """What the model makes of a video's face, saying what it does meanwhile; a problem is one sentence."""
    place = st.empty()

    def report(words: str) -> None:
        place.html(f'<p class="lx-waiting" role="status">{words} …</p>')

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{suffix}"
        path.write_bytes(film)
        report("Loading the model")
        try:
            return take_apart(film_studio(), path, asset("examples") / f"{_DRIVER}.mp4", report)
        except SeqdisentError as error:
            return str(error)
        finally:
            place.empty()


def _show(made: Live) -> None:
    rows = [made.given, labelled(made.rebuilt), labelled(made.driven)]
    driver, does = person_and_expression(_DRIVER)
    words = ("as filmed", "rebuilt from s and d", f"with the {does} of {driver}")
    shown = [(Film(_SHOWN, row, said), said) for row, said in enumerate(words)]
    shown.append((Film(_OWN, 0, said := "own pixels, moved"), f"<b>{said}</b>"))
    held = {
        _SHOWN: (draw.picture_address(sheet_bytes(rows)), len(rows), len(made.given)),
        _OWN: (draw.picture_address(sheet_bytes([labelled(made.moved)])), 1, len(made.moved)),
    }
    st.html(draw.films(shown, columns=4, sheets=held, seconds=made.seconds))
    order = np.argsort(made.features.mean(axis=0))
    for place, said, features in zip(
        st.columns(2),
        ("features g<sub>t</sub> as read", "minus the anchor frame's"),
        (made.features, made.subtracted),
        strict=True,
    ):
        with place:
            st.html(f'<p class="lx-caption">{said}</p>')
            st.plotly_chart(draw.feature_chart(features, order), key=f"live {said}", config={"displayModeBar": False})
