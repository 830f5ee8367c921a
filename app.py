"""The Gradio app: lays the pages out and starts the server. `python app.py` is all that a Space runs, too.

Importing this file does nothing, so there is no `demo` here: Spaces and people run it, and tests call `build`.
Nothing heavy is imported or loaded before the first page: the model comes in the background once a page shows itself.
"""

import gc
import sys

from pages.quick_import import without_stubs

if "gradio" not in sys.modules:
    without_stubs()
if __name__ == "__main__":
    gc.disable()  # until the app is served: collections while all is imported and built take a fifth of that time

import argparse
import asyncio
import json
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio import route_utils
from gradio.routes import App
from starlette.middleware import Middleware

from pages import links, model
from pages.answers import Unfetched, forget_answers
from pages.belongings import BELONGINGS, files_in
from pages.compare import page as compare
from pages.door import COUNT_EVERY, Door, count_computing, note_reason
from pages.files import OnlyFiles, kept_folder, sweep, work_folder
from pages.latent import page as latent
from pages.privacy import closed
from pages.results import page as results
from pages.sample import page as sample
from pages.series import page as series
from pages.session import forget_visitors
from pages.shares import MINUTE, Recent
from pages.speech import page as speech
from pages.status import log_fault
from pages.store import STORE
from pages.swap import page as swap
from pages.theme import PageTheme
from pages.web import FAVICON
from seqdisent_core.assets import asset
from seqdisent_core.cluster import connect, workers
from seqdisent_core.commands.arguments import add_demo
from seqdisent_core.errors import ConfigError
from seqdisent_core.limits import limits
from seqdisent_core.threads import share_cores, share_heap

_TITLE = "seqdisent: who a face is, and what it does"
_THREADS = 40  # of events, as Gradio has them
_ANSWERS_EVERY = 1.0  # seconds from one look at what nobody fetches to the next
_FIRST_PAGE = "Swap"  # its name in the bar of pages


class _Demo(gr.Blocks):
    """Blocks that remember whose the files are that an event was given or has made, and log no visitor's words."""

    async def process_api(self, block_fn: Any, inputs: list[Any], **how: Any) -> dict[str, Any]:  # type: ignore[override]
        if len(inputs) < len(block_fn.inputs):
            wanted = f"This takes {len(block_fn.inputs)} inputs, and {len(inputs)} were given."
            raise gr.Error(wanted, print_exception=False)
        with BELONGINGS.work(str(how.get("session_hash"))) as work:
            try:
                done = await super().process_api(block_fn, inputs, **how)
            except gr.Error as error:
                error.print_exception = False
                raise
            except Exception as error:
                said = log_fault(error)
                note_reason(work.session, said)
                raise gr.Error(said, print_exception=False) from None
            work.note(files_in(Path(self.app.uploaded_file_dir), [inputs, done["data"]]))
        return done


def build(lecture: str | None = None) -> gr.Blocks:
    """All pages in one app, not yet served. A page more: `with demo.route(name, path): _lay_out(demo, ...)`.

    lecture: the address at which `seqdisent lecture` runs, for a link in the bar of pages; None for no link. Raises
    ConfigError as `cluster.connect` and `kept_folder` do.
    """
    connect()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # this very word: Gradio takes no other for a no
    os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"  # after each job it would make a table of the last 10 000
    os.environ["GRADIO_TEMP_DIR"] = str(kept_folder())
    deleting = (int(limits().sweep_seconds), int(limits().delete_seconds))
    gr.set_static_paths([asset("examples")])  # what else visitors may read of the project, its page says
    with _no_server_yet():
        with _Demo(title=_TITLE, delete_cache=deleting) as demo:
            _lay_out(demo, swap.layout, lecture)
        with demo.route("Sample", "/sample"):
            _lay_out(demo, sample.layout, lecture)
        with demo.route("Latent map", "/map"):
            _lay_out(demo, latent.layout, lecture)
        with demo.route("Compare", "/compare"):
            _lay_out(demo, compare.layout, lecture)
        with demo.route("Series", "/series"):
            _lay_out(demo, series.layout, lecture, needs_model=False)
        with demo.route("Speech", "/speech"):
            _lay_out(demo, speech.layout, lecture, needs_model=False)
        with demo.route("Results", "/results"):
            _lay_out(demo, results.layout, lecture, needs_model=False)
    demo.unload(closed)
    STORE.behind(demo)
    for event in demo.fns.values() if workers() else ():  # of a cluster, which does as many jobs at once
        if event.concurrency_id in (model.TUNING, model.QUEUE):
            event.concurrency_limit = workers()
    with _no_server_yet():
        return demo.queue(max_size=limits().waiting, api_open=False)  # nobody gets past the queue


@contextmanager
def _no_server_yet() -> Iterator[None]:
    """Gradio would make a whole server at the end of each page, and a description of all pages laid out so far.

    Both take more time than laying out, and are made anew when the app is served.
    """
    create, describe = App.create_app, gr.Blocks.get_config_file
    App.create_app = staticmethod(lambda *_, **__: None)  # type: ignore[assignment,method-assign]
    gr.Blocks.get_config_file = lambda self: {}  # type: ignore[method-assign,typeddict-item]
    try:
        yield
    finally:
        App.create_app = staticmethod(create)  # type: ignore[method-assign]
        gr.Blocks.get_config_file = describe  # type: ignore[method-assign]


def _lay_out(
    demo: gr.Blocks, layout: Callable[[gr.Blocks], None], lecture: str | None, *, needs_model: bool = True
) -> None:
    """One page under the bar of pages; the model is loaded once a page that needs it shows itself."""
    gr.Navbar([("Lecture", lecture)] if lecture else None, main_page_name=_FIRST_PAGE)
    layout(demo)
    (name,) = (name for path, name, _ in demo.pages if path == demo.current_page)
    if demo.current_page:  # Gradio gives all pages the title of the first
        demo.load(None, js=f"() => {{ document.title = {json.dumps(f'{name} · seqdisent')}; }}")
    if needs_model:
        demo.load(model.warm_up, queue=False, show_progress="hidden", api_visibility="private")


def start(demo: gr.Blocks, *, host: str | None = None, port: int | None = None, block: bool = True) -> str:
    """Serves the app and returns its address. None: what GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say, as on Spaces.

    Faces stay out of the browser's storage (run_history), of statistics (monitoring) and of links. Raises ConfigError
    where it cannot listen.
    """
    model.prepare()
    os.environ["FORWARDED_ALLOW_IPS"] = limits().proxies  # uvicorn's; it would believe whoever asks from this machine
    route_utils.GradioMultiPartParser = OnlyFiles  # type: ignore[misc]
    computed = Recent(MINUTE)
    tempfile.tempdir = str(work_folder(Path(os.environ["GRADIO_TEMP_DIR"])))  # for what this process makes, too
    try:
        _, address, _ = demo.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,  # or the next lines would wait for the server's end
            theme=PageTheme(),
            favicon_path=FAVICON,
            footer_links=["api"],
            max_threads=max(_THREADS, 2 * workers()),
            max_file_size=f"{limits().upload_megabytes + 1}mb",  # the door refuses first, in a sentence
            run_history=False,
            enable_monitoring=False,
            mcp_server=True,  # the named endpoints as tools for language models, at /gradio_api/mcp
            ssr_mode=False,  # one behaviour everywhere
            pwa=False,
            app_kwargs={
                "lifespan": _looking_after(computed),
                "middleware": [Middleware(Door, limits=limits(), computed=computed)],
            },
        )
    except OSError as error:
        if "empty port" not in str(error):  # Gradio's words where it cannot listen
            raise
        raise ConfigError(
            "The app cannot listen at this host and port, where another program may: choose another --port."
        ) from None
    if block:
        wait(demo)
    return address


def wait(demo: gr.Blocks) -> None:
    """Until the process is told to end; what visitors brought is deleted then, be pages open or work under way."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while demo.is_running:  # not `block_thread`, which ends by waiting for open pages
            time.sleep(0.1)
    except KeyboardInterrupt:
        demo.close()
        route_utils.delete_files_created_by_app(demo, None)


def _looking_after(computed: Recent) -> Callable[[App], AbstractAsyncContextManager[None]]:
    """What goes on for as long as the server runs, on its own loop: Gradio changes what visitors hold there, too."""

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncIterator[None]:
        # Without this each session has a copy of all pages, half a megabyte, for links to what it was shown, which the
        # door refuses.
        app.state_holder.blocks = SimpleNamespace(default_config=app.get_blocks().default_config, blocks={})
        _sweep(app)  # what a process left that was killed
        queue = app.get_blocks()._queue
        queue.pending_messages_per_session = Unfetched()
        goes_on = (
            (limits().sweep_seconds, lambda: _forget(app)),
            (_ANSWERS_EVERY, lambda: _forget_answers(app)),
            (COUNT_EVERY, lambda: count_computing(queue, computed)),
        )
        tasks = [asyncio.create_task(_every(seconds, work)) for seconds, work in goes_on]
        yield
        for task in tasks:
            task.cancel()

    return lifespan


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Does some work over and over; what goes wrong once is logged, and it is done again."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception as error:
            log_fault(error)


async def _forget(app: App) -> None:
    forget_visitors(app.state_holder, limits().delete_seconds)
    await asyncio.to_thread(_sweep, app)
    await asyncio.to_thread(BELONGINGS.forget, app.state_holder.time_last_used)


async def _forget_answers(app: App) -> None:
    forget_answers(app.get_blocks()._queue, app.state_holder.time_last_used, limits().keep_seconds)


def _sweep(app: App) -> None:
    kept = Path(app.uploaded_file_dir)
    for folder in (kept, work_folder(kept)):
        sweep(folder, limits().delete_seconds)
    sweep(links.folder(), limits().keep_seconds)
    for named in app.get_blocks().temp_file_sets:  # by Gradio, for good
        named.difference_update([path for path in list(named) if not os.path.lexists(path)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Starts the app from a terminal."""
    share_cores()
    share_heap()
    parser = argparse.ArgumentParser(description="Swap what two faces do, in a page on this machine.")
    add_demo(parser)
    chosen = parser.parse_args(arguments)
    try:
        demo = build(chosen.lecture)
        start(demo, host=chosen.host, port=chosen.port, block=False)
    except ConfigError as error:
        sys.exit(str(error))
    gc.freeze()  # what is there now stays to the end
    gc.enable()
    wait(demo)


if __name__ == "__main__":
    main()
