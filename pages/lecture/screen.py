"""The lecture, for talks: `seqdisent lecture`. Steps by keys, notes on a second screen, nothing fetched."""

import os
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

import segno
import streamlit as st

from pages.lecture.live import forget, show_made, take_film, take_recording
from pages.lecture.look import style
from pages.lecture.pictures import listed
from pages.lecture.steps import Control, Shown, Step, Talk
from pages.lecture.words import PAPER, PAPER_LINK
from pages.web import FAVICON, web

_DEMO = os.environ.get("SEQDISENT_DEMO", "http://127.0.0.1:7860").rstrip("/")
_SPEAKER = os.environ.get("SEQDISENT_SPEAKER", "")
_CHART = {"displayModeBar": False, "responsive": True}
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_MOST_TALKS = 100

_keys = st.components.v2.component("seqdisent.lecture_keys", js=web("lecture_keys.js"))


@dataclass
class _Given:
    """A talk that is being given: the step that all its screens show, and since when (None: its title is still up).

    follow: names it to screens that may not turn it.
    """

    step: int = 0
    since: float | None = None
    follow: str = field(default_factory=lambda: secrets.token_urlsafe(6))

    def go(self, to: int) -> None:
        """The talk begins when its title is left for the first time."""
        if to and self.since is None:
            self.since = time.time()
        self.step = to


@st.cache_resource
def _talk() -> Talk:
    return Talk()


@st.cache_resource
def _talks() -> "OrderedDict[str, _Given]":
    """All talks by name, the latest _MOST_TALKS; what the screens of one talk share."""
    return OrderedDict()


def _given(name: str) -> _Given:
    talks = _talks()
    given = talks.setdefault(name, _Given())
    while len(talks) > _MOST_TALKS:
        talks.popitem(last=False)
    return given


def main() -> None:
    """One screen of a talk: the steps themselves, or what the speaker reads (?screen=notes, or ?follow=...)."""
    st.set_page_config(
        "seqdisent: the lecture", page_icon=str(FAVICON), layout="wide", initial_sidebar_state="collapsed"
    )
    st.html(style())
    st.html(f"<script>{web('lecture_early.js')}</script>", unsafe_allow_javascript=True)
    asked = st.query_params
    if "follow" in asked:
        _follow(asked["follow"])
        return
    if "talk" not in asked:
        first = _talk().find(asked.pop("step", "")) if "step" in asked else 0
        asked["talk"] = secrets.token_urlsafe(6)
        _given(asked["talk"]).go(first)
    given = _given(asked["talk"])
    number = given.step  # looked up once: another screen may turn the talk while this one is drawn
    if asked.get("screen") == "notes":
        _notes(given, number)
        _share(given)
    else:
        _screen(number)
    _bar(given, number)


def _follow(token: str) -> None:
    """The notes on another device, which follow the talk and cannot turn it."""
    given = next((one for one in list(_talks().values()) if secrets.compare_digest(one.follow, token)), None)
    if given is None:
        st.error("This link is of a talk that has ended. Open the new link that the speaker's notes show.")
        return
    _notes(given, given.step)
    _keys(key="keys", on_turned_change=lambda: None, data={"follows": True, "drawn": time.time()})


def _screen(number: int) -> None:
    """The step as the audience sees it."""
    step = _talk().steps[number]
    if not step.live:
        forget()
    with st.container(key=f"lx_{step.name.replace('-', '_')}"):
        words, pictures = (st.container(), st.container()) if step.wide else st.columns([4, 6], gap="medium")
        with words:
            st.html(f'<h1 data-number="{number}">{step.title}</h1><p class="lx-words">{step.words}</p>')
            turned = _controls(step)
            if told := step.told(**turned):
                st.html(told)
            if step.name == "title":
                st.html(_sources())
            if step.live:
                take_recording()
            if step.name == "questions":
                st.html(_links())
        with pictures:
            if step.live:
                show_made()
                take_film()
            _show(step.name, [_code()] if step.name == "questions" else step.shown(**turned))
    with st.container(key="lx_hidden"):  # on every step, so that what follows keeps its place
        if not number:  # Plotly's script is loaded while the title is talked over
            st.plotly_chart({"data": [{"y": [0]}], "layout": {"height": 10}}, key="first chart")


def _controls(step: Step) -> dict[str, Any]:
    """A step's controls, many of them two by two, and what each stands at."""
    beside = 2 if len(step.controls) > 2 else 1
    turned = {}
    for at, control in enumerate(step.controls):
        if at % beside == 0:
            row = st.columns(beside)
        with row[at % beside]:
            turned[control.name] = _turn(step, control)
    return turned


def _turn(step: Step, control: Control) -> Any:
    """One control, and what it stands at."""
    key = f"{step.name}_{control.name}"
    if control.choices is not None:
        names = list(control.choices)
        return st.selectbox(
            control.label, names, names.index(control.value), format_func=control.choices.__getitem__, key=key
        )
    assert control.numbers is not None
    low, high, by = control.numbers
    return st.slider(control.label, low, high, control.value, by, key=key)


def _show(name: str, shown: Shown) -> None:
    for at, piece in enumerate(shown):
        if isinstance(piece, str):
            st.html(piece)
            continue
        for number, (place, chart) in enumerate(zip(st.columns(len(piece)), piece, strict=True)):
            with place:
                st.plotly_chart(chart, key=f"{name}_{at}_{number}", config=_CHART)


def _bar(given: _Given, number: int) -> None:
    """Back and on, by buttons here and by the keys of a keyboard or a remote; where the talk is."""
    steps = len(_talk())

    def go(to: int) -> None:
        given.go(max(0, min(steps - 1, to)))

    def key_was_pressed() -> None:
        wanted = st.session_state["keys"].get("step")
        if wanted is not None:
            go(wanted)

    with st.container(key="lx_bar", horizontal=True, vertical_alignment="center"):
        st.button("← Back", on_click=go, args=(number - 1,), disabled=not number)
        st.button("Next →", on_click=go, args=(number + 1,), disabled=number == steps - 1)
        name = _talk().steps[number].name
        st.html(f'<p class="lx-where" data-step="{name}">{number + 1} of {steps}</p>')
        with st.popover("Steps"), st.container(key="lx_overview"):
            for at, step in enumerate(_talk().steps):
                kind = "primary" if at == number else "secondary"
                st.button(f"{at + 1}  {step.title}", key=f"step {at}", on_click=go, args=(at,), type=kind)
        of_notes = st.query_params.get("screen") == "notes"
        words, other = ("Talk", _link()) if of_notes else ("Notes", _link("notes"))
        st.html(f'<a href="{other}" target="_blank">{words}</a>', width="content")
        # no script: the box stays as it is while the page turns, and the style asks it
        st.html('<label class="lx-pause"><input type="checkbox"><span>Pause</span></label>', width="content")
    _keys(
        key="keys",
        on_step_change=key_was_pressed,
        on_turned_change=lambda: None,  # another screen was turned: this one is only to be drawn anew
        data={
            "talk": st.query_params["talk"],
            "step": number,
            "steps": steps,
            "notes": _link("notes"),
            "drawn": time.time(),  # differs at every run: Streamlit calls a component only when its data changed
        },
    )


def _link(screen: str = "") -> str:
    """To another screen of this talk."""
    return f"?talk={quote(st.query_params['talk'])}{f'&screen={screen}' if screen else ''}"


def _notes(given: _Given, number: int) -> None:
    """The speaker's own screen: what to say, the time, and the next step small."""
    talk = _talk()
    step = talk.steps[number]
    planned = sum(one.minutes for one in talk.steps[1 : number + 1])  # the title is talked over before
    clock = f'<b data-gone="{time.time() - given.since:.1f}"></b>' if given.since else "<b>0:00</b>"
    with st.container(key="lx_notes"):
        said, ahead = st.columns([6, 4], gap="medium")
        with said:
            st.html(f'<h1 data-number="{number}">{step.title}</h1>')
            st.html(f'<p class="lx-caption">Elapsed {clock}, planned end {_clock(planned)}</p>{listed(step.notes)}')
        with ahead, st.container(key="lx_ahead"):
            following = talk.steps[number + 1] if number + 1 < len(talk) else None
            title = following.title if following else "the end"
            st.html(f'<p class="lx-caption">Next: <b>{title}</b></p>')
            if following:
                st.html(f'<p class="lx-words">{following.words}</p>')
                _show(f"next {following.name}", following.shown())
    st.html(f"<script>{web('lecture_clock.js')}</script>", unsafe_allow_javascript=True)


def _clock(minutes: float) -> str:
    return f"{int(minutes)}:{round(60 * (minutes % 1)):02d}"


def _share(given: _Given) -> None:
    """The link by which another device follows these notes."""
    link = f"?follow={quote(given.follow)}"
    address = urlsplit(st.context.url or "")
    local = (address.hostname or "") in _THIS_MACHINE
    with st.container(key="lx_share"), st.expander("These notes on another device"):
        if local:
            st.html(
                '<p class="lx-caption">Start the lecture with <code>--host 0.0.0.0</code> and open it by this '
                "machine's address in the network; then a code for other devices stands here. In this browser: "
                f'<a href="{link}" target="_blank">notes that only follow</a></p>'
            )
        else:
            whole = f"{address.scheme}://{address.netloc}{address.path}{link}"
            st.html(
                f'<p class="lx-caption">This link follows the talk and cannot turn it: <a href="{link}" '
                f'target="_blank">{escape(whole)}</a></p>{_picture_of(whole)}'
            )


def _sources() -> str:
    """Whose work is told of, and who tells it."""
    speaker = f'<p class="lx-words">{escape(_SPEAKER)}</p>' if _SPEAKER else ""
    return f'{speaker}<p class="lx-caption">{PAPER}</p>'


def _links() -> str:
    links = (("Swap your own videos", ""), ("Sample", "sample"), ("Latent map", "map"), ("All results", "results"))
    items = "".join(f'<li><a href="{_DEMO}/{path}" target="_blank">{words}</a></li>' for words, path in links)
    return f'<ul class="lx-links">{items}<li><a href="{PAPER_LINK}" target="_blank">The paper</a></li></ul>'


def _code() -> str:
    """A code for phones: to the pages, or to the paper where the pages run for this machine alone."""
    own = (urlsplit(_DEMO).hostname or "") in _THIS_MACHINE
    address, words = (PAPER_LINK, "The paper") if own else (_DEMO, "Try it yourself")
    caption = f"<figcaption><b>{words}</b><br>{escape(address)}</figcaption>"
    return f'<figure class="lx-code">{_picture_of(address)}{caption}</figure>'


def _picture_of(address: str) -> str:
    """A QR code."""
    code = segno.make(address, error="m", micro=False).svg_data_uri(scale=8, border=3, dark="#1d1a17", light="#ffffff")
    return f'<img class="lx-qr" src="{code}" alt="QR code: {escape(address)}">'


main()
