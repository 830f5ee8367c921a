"""How pages bind their events: nothing of Gradio's own shows that one is under way, and programs are offered none."""

from typing import Any

from pages import model

# "multiple": what happens while the same event is served is served, too.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple"}
AT_ONCE: dict[str, Any] = {**QUIET, "queue": False}
PRESSED = AT_ONCE | {"trigger_mode": "once"}  # a button that begins something: pressed twice in haste is pressed once
BUSY: dict[str, Any] = {**QUIET, "concurrency_id": model.QUEUE, "concurrency_limit": 1}  # needs a model
LAST = {"trigger_mode": "always_last"}  # of many changes in a row, the last
TUNES: dict[str, Any] = {**BUSY, "concurrency_id": model.TUNING}  # may tune one, which takes long
# Shows the place in line of the job that waits, beside it.
BESIDE: dict[str, Any] = {**QUIET, "concurrency_limit": None}
