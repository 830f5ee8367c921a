"""The lecture's step that is not prepared: three seconds of a face from the audience, taken apart and swapped."""

import base64
import tempfile
import threading
from collections.abc import Callable
from functools import partial
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
from seqdisent_core.lecture import Live, learn, sheet_bytes, take_apart
from seqdisent_core.media import labelled

_DRIVER = "person_044_surprise"
_EXAMPLE = "person_010_disgust"  # for a speaker without a camera
# Where a visit keeps a clip, what was made of it, and that its face is to be learnt, until the step is left.
_BROUGHT, _SHOWN, _LEARN = "live clip", "live", "live learn"
_MOVED, _SAMPLED = "moved", "sampled"  # the sheets of the clip's own pixels
_MOST_SECONDS = 20.0  # of learning a face: nobody wants to wait longer
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
    example = asset("examples") / f"{_EXAMPLE}.mp4"
    st.button("Use an example clip", key="live_example", on_click=lambda: _bring(example.read_bytes(), ".mp4"))


def show_made() -> None:
    """What the model made of the last clip, or why it could not; until then, what is waited for."""
    brought = st.session_state.get(_BROUGHT)
    if brought is not None:
        st.session_state[_SHOWN] = _made(*brought)
        st.session_state.pop(_BROUGHT, None)
    made = st.session_state.get(_SHOWN)
    if st.session_state.pop(_LEARN, False) and isinstance(made, Live):
        learnt = _told("Learning the face", partial(_learnt, made))
        if isinstance(learnt, Live):
            made = st.session_state[_SHOWN] = learnt
        else:  # what is there stays
            st.error(learnt)
    if made is None:
        st.html(
            '<p class="lx-waiting">Waiting for a clip: record three seconds, choose a video, or use the example.</p>'
        )
    elif isinstance(made, str):
        st.error(made)
    else:
        _show(made)


def forget() -> None:
    """The audience's clip and what was made of it go when the step is left."""
    for held in (_BROUGHT, _SHOWN, _LEARN):
        st.session_state.pop(held, None)


def _wish_to_learn() -> None:
    st.session_state[_LEARN] = True


def _bring(film: bytes, suffix: str) -> None:
    """A clip to work on, in place of the one before."""
    forget()
    st.session_state[_BROUGHT] = (film, suffix or ".mp4")


def _made(film: bytes, suffix: str) -> Live | str:
    """What the model makes of a video's face; a problem is one sentence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{suffix}"
        path.write_bytes(film)
        driver = asset("examples") / f"{_DRIVER}.mp4"
        return _told("Loading the model", lambda report: take_apart(film_studio(), path, driver, report))


def _learnt(made: Live, report: Callable[[str], None]) -> Live:
    return learn(made, film_studio(), report, seconds=_MOST_SECONDS)


def _told(first: str, work: Callable[[Callable[[str], None]], Live]) -> Live | str:
    """What comes of some work, which says what it does meanwhile, `first` at first; a problem is one sentence."""
    place = st.empty()

    def report(words: str) -> None:
        place.html(f'<p class="lx-waiting" role="status">{words} …</p>')

    report(first)
    try:
        return work(report)
    except (SeqdisentError, OSError) as error:  # which a full disk is
        return str(error)
    finally:
        place.empty()


def _show(made: Live) -> None:
    driver, does = person_and_expression(_DRIVER)
    shown = [(Film(_SHOWN, 0, said := "as given"), said), (Film(_SHOWN, 1, said := "reconstructed from s and d"), said)]
    shown.append((Film(_MOVED, 0, said := f"with {driver}'s {does}"), f"<b>{said}</b>"))
    shown.append((Film(_SAMPLED, 0, said := "with a sampled movement"), f"<b>{said}</b>"))
    sheets = {_SHOWN: [made.given, labelled(made.rebuilt)]}
    sheets |= {_MOVED: [labelled(made.moved)], _SAMPLED: [labelled(made.sampled)]}
    held = {name: (draw.picture_address(sheet_bytes(rows)), len(rows), len(rows[0])) for name, rows in sheets.items()}
    seconds = dict.fromkeys((_SHOWN, _MOVED), made.seconds)  # a sampled movement has a length of its own
    st.html(draw.films(shown, columns=4, sheets=held, seconds=seconds))
    if not made.face.tuned.steps:
        st.button("Learn this face", key="live_learn", on_click=_wish_to_learn)
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
