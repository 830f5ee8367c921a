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
_SHOWN = "live"  # where a visit keeps what was made, until the step is left
_PASSED = 2.0  # seconds within which this step may be turned past: loading the model would hold the next one up
_recorder = st.components.v2.component(
    "seqdisent.lecture_recorder", html=web("lecture_recorder.html"), css=web("lecture_recorder.css"),
    js=web("lecture_recorder.js"),
)  # fmt: skip


def take_recording() -> None:
    """A camera with a countdown. The model is loaded while it is used, not while somebody turns past this step."""

    def recorded() -> None:
        clip = st.session_state["recorder"].get("clip")
        if clip:
            st.session_state["clips"] += 1
            _take(base64.b64decode(clip["data"]), ".mp4" if clip["suffix"] == ".mp4" else ".webm")

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
            _take(film, Path(file.name).suffix)

    st.file_uploader(
        "Or a film of a face", type=["mp4", "mov", "webm", "avi", "mkv", "gif"], key="live_file", on_change=chosen
    )


def show_made() -> None:
    """What the model made of the last clip, or why it could not."""
    made = st.session_state.get(_SHOWN)
    if isinstance(made, str):
        st.error(made)
    elif made is not None:
        _show(made)


def forget() -> None:
    """What was made of the audience's clip goes when the step is left."""
    st.session_state.pop(_SHOWN, None)


def _take(film: bytes, suffix: str) -> None:
    """Reads a film's face and what the model makes of it; a problem is one sentence in its place."""
    with (
        st.spinner("Finding the face and taking the clip apart: a few seconds …"),
        tempfile.TemporaryDirectory() as folder,
    ):
        path = Path(folder) / f"clip{suffix or '.mp4'}"
        path.write_bytes(film)
        try:
            made: Live | str = take_apart(film_studio(), path, asset("examples") / f"{_DRIVER}.mp4")
        except SeqdisentError as error:
            made = str(error)
    st.session_state[_SHOWN] = made


def _show(made: Live) -> None:
    rows = [made.given, labelled(made.rebuilt), labelled(made.driven)]
    driver, does = person_and_expression(_DRIVER)
    words = ("as filmed", "rebuilt from s and d", f"with the {does} of {driver}")
    shown = [(Film(_SHOWN, row, said), said) for row, said in enumerate(words)]
    held = {_SHOWN: (draw.picture_address(sheet_bytes(rows)), len(rows), len(made.given))}
    st.html(draw.films(shown, columns=3, sheets=held, seconds=made.seconds))
    order = np.argsort(made.features.mean(axis=0))
    for place, said, features in zip(
        st.columns(2),
        ("g<sub>t</sub>, as read", "u<sub>t</sub>, less the anchor's"),
        (made.features, made.subtracted),
        strict=True,
    ):
        with place:
            st.html(f'<p class="lx-caption">{said}</p>')
            st.plotly_chart(draw.feature_chart(features, order), key=f"live {said}", config={"displayModeBar": False})
