"""How every page looks: one warm hue for who a face is, one cool hue for what it does, local fonts, nothing fetched."""

import gradio as gr
from gradio.themes.utils import colors, fonts

from pages.web import web

# In the order in which they may override one another.
_STYLES = (
    "tokens.css",
    "theme.css",
    "clip_input.css",
    "player.css",
    "swap.css",
    "latent_map.css",
    "sample.css",
    "compare.css",
    "results.css",
    "series.css",
    "speech.css",
)

_PAPER = colors.Color(
    name="paper",
    c50="#fcfaf6",
    c100="#f5f1ea",
    c200="#e8e1d6",
    c300="#d5cbbd",
    c400="#a99d8d",
    c500="#7d7264",
    c600="#625848",
    c700="#463e33",
    c800="#2a2621",
    c900="#1d1a17",
    c950="#141210",
)
_DOES = colors.Color(  # the cool hue: what a face does; also links and focus
    name="does",
    c50="#eef8f8",
    c100="#d6eeef",
    c200="#a9dcdf",
    c300="#74c7cd",
    c400="#3aa7b0",
    c500="#158692",
    c600="#0b6b76",
    c700="#0a5660",
    c800="#0b464e",
    c900="#0c3a41",
    c950="#05242a",
)


class PageTheme(gr.themes.Base):
    """The theme of every page: paper and ink, with the two hues as CSS variables (`--who`, `--does`, ...).

    The styles travel in the theme and not in `launch(css=...)`, which rewrites selectors and drops some at-rules.
    """

    def __init__(self) -> None:
        super().__init__(
            primary_hue=_DOES,
            secondary_hue=_DOES,
            neutral_hue=_PAPER,
            # Only these weights are whole: the SemiBold files that come with Gradio lack most letters.
            radius_size=gr.themes.sizes.radius_lg,
            font=(fonts.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"),
            font_mono=(fonts.LocalFont("IBM Plex Mono", weights=(400,)), "ui-monospace", "monospace"),
        )
        self.name = "seqdisent"
        self.set(
            body_background_fill="*neutral_50",
            body_background_fill_dark="*neutral_950",
            body_text_color="*neutral_900",
            body_text_color_dark="*neutral_100",
            body_text_color_subdued="*neutral_600",
            body_text_color_subdued_dark="*neutral_300",
            background_fill_primary="white",
            background_fill_primary_dark="*neutral_900",
            background_fill_secondary="*neutral_100",
            background_fill_secondary_dark="*neutral_800",
            border_color_primary="*neutral_200",
            border_color_primary_dark="*neutral_700",
            block_background_fill="transparent",
            block_background_fill_dark="transparent",
            block_border_width="0px",
            block_border_width_dark="0px",
            block_padding="0px",
            block_shadow="none",
            block_shadow_dark="none",
            link_text_color="*primary_600",
            link_text_color_dark="*primary_300",
            layout_gap="1.25rem",
        )
        self.custom_css = "\n".join(map(web, _STYLES))
