"""Where a page shows work that is under way, and says it to those who hear the page, seldom enough to listen to."""

import gradio as gr

from pages.web import web


def progress(*, elem_id: str | None = None) -> gr.HTML:
    """A place for HTML of `status`: stages with their bar, a problem, or nothing."""
    return gr.HTML(
        "",
        html_template=web("progress.html"),
        js_on_load=web("progress.js"),
        apply_default_css=False,
        elem_id=elem_id,
    )


def spoken(*, elem_id: str | None = None) -> gr.HTML:
    """A place for HTML in words, which are read out when they change."""
    template = '<div class="sd" aria-live="polite">${value || ""}</div>'
    return gr.HTML("", html_template=template, apply_default_css=False, elem_id=elem_id)
