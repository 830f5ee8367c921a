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
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import gradio as gr
from gradio.route_utils import delete_files_created_by_app
from gradio.routes import App

from pages import model
from pages.clip_input import MOST_MEGABYTES
from pages.latent import page as latent
from pages.results import page as results
from pages.sample import page as sample
from pages.session import forget_uploads, forget_visitors
from pages.swap import page as swap
from pages.theme import PageTheme
from pages.web import FAVICON
from seqdisent_core.assets import asset
from seqdisent_core.commands.arguments import add_demo
from seqdisent_core.errors import ConfigError
from seqdisent_core.threads import share_cores

WAITING_VISITORS = 20  # events that may queue; the next visitor is told that the queue is full
DELETE_AFTER = 1800  # seconds until uploads, results and what was shown are deleted from the server
DELETE_EVERY = 300
_TITLE = "seqdisent: who a face is, and what it does"
_FIRST_PAGE = "Swap"  # its name in the bar of pages


def build(lecture: str | None = None) -> gr.Blocks:
    """All pages in one app, not yet served. A page more: `with demo.route(name, path): _lay_out(demo, ...)`.

    lecture: the address at which `seqdisent lecture` runs, for a link in the bar of pages; None for no link.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # this very word: Gradio takes no other for a no
    gr.set_static_paths([asset("examples")])  # what else visitors may read of the project, its page says
    with gr.Blocks(title=_TITLE, delete_cache=(DELETE_EVERY, DELETE_AFTER)) as demo:
        _lay_out(demo, swap.layout, lecture)
    with demo.route("Sample", "/sample"):
        _lay_out(demo, sample.layout, lecture)
    with demo.route("Latent map", "/map"):
        _lay_out(demo, latent.layout, lecture)
    with demo.route("Results", "/results"):
        _lay_out(demo, results.layout, lecture, needs_model=False)
    return demo.queue(max_size=WAITING_VISITORS)


def _lay_out(
    demo: gr.Blocks, layout: Callable[[gr.Blocks], None], lecture: str | None, *, needs_model: bool = True
) -> None:
    """One page under the bar of pages; the model is loaded once a page that needs it shows itself."""
    gr.Navbar([("Lecture", lecture)] if lecture else None, main_page_name=_FIRST_PAGE)
    layout(demo)
    if needs_model:
        demo.load(model.warm_up, queue=False, show_progress="hidden", api_visibility="private")


def start(demo: gr.Blocks, *, host: str | None = None, port: int | None = None, block: bool = True) -> str:
    """Serves the app and returns its address. None: what GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say, as on Spaces.

    Faces stay out of the browser's storage (run_history), of statistics (monitoring) and of links. Raises ConfigError
    where it cannot listen.
    """
    model.prepare()
    try:
        _, address, _ = demo.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,  # or the next lines would wait for the server's end
            theme=PageTheme(),
            favicon_path=FAVICON,
            footer_links=["api"],
            max_file_size=f"{MOST_MEGABYTES}mb",
            run_history=False,
            enable_monitoring=False,
            mcp_server=True,  # the named endpoints as tools for language models, at /gradio_api/mcp
            ssr_mode=False,  # one behaviour everywhere
            pwa=False,
            app_kwargs={"lifespan": _forgetting},
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
        delete_files_created_by_app(demo, None)


@asynccontextmanager
async def _forgetting(app: App) -> AsyncIterator[None]:
    """For as long as the server runs, on its own loop: Gradio changes what visitors hold there, too."""
    task = asyncio.create_task(_forget(app))
    yield
    task.cancel()


async def _forget(app: App) -> None:
    while True:
        await asyncio.sleep(DELETE_EVERY)
        forget_visitors(app.state_holder, DELETE_AFTER)
        forget_uploads(Path(app.uploaded_file_dir), DELETE_AFTER)


def main(arguments: Sequence[str] | None = None) -> None:
    """Starts the app from a terminal."""
    share_cores()
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
