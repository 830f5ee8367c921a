"""Pages of the site whose source is elsewhere: the notebook, the tutorial, the changelog and the command's help."""

import argparse
import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from seqdisent_core.cli import _parser

_ROOT = Path(__file__).resolve().parent.parent
_NOTEBOOK, _DOCUMENT, _CHANGES = "examples/quickstart.ipynb", "examples/train_on_your_clips.md", "CHANGELOG.md"
_ELSEWHERE = {  # where a link of a file points, and where that is on the site
    f"../{_NOTEBOOK}": "quickstart.md",
    f"../{_DOCUMENT}": "train_on_your_clips.md",
    f"../{_CHANGES}": "changelog.md",
    "../docs/": "",
}
_HELP = re.compile(r"<!-- help: .*? -->")
_ROW = re.compile(r"^\|.*$", re.MULTILINE)
_FORM = "# @title"  # begins a cell that Colab folds


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are not in this folder, and their pictures."""
    page, pictures = _notebook(json.loads((_ROOT / _NOTEBOOK).read_text(encoding="utf-8")))
    made: dict[str, str | bytes] = {
        "quickstart.md": page,
        **pictures,
        "train_on_your_clips.md": (_ROOT / _DOCUMENT).read_text(encoding="utf-8"),
        "changelog.md": (_ROOT / _CHANGES).read_text(encoding="utf-8"),
        "pictures/favicon.png": (_ROOT / "pages" / "web" / "favicon.png").read_bytes(),
    }
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Adapts links from the repository to the site, and inserts the help of the command.

    In tables, a figure is kept on one line with its spread and its unit.
    """
    for here, there in _ELSEWHERE.items():
        markdown = markdown.replace(f"]({here}", f"]({there}")
    markdown = _ROW.sub(lambda row: re.sub(r"(?<=\d) (?=[±%])|(?<=±) (?=\d)", "\u00a0", row[0]), markdown)
    if _HELP.search(markdown):
        markdown = _HELP.sub(lambda _: "\n\n".join(_help(_parser())), markdown)
    return markdown


def _notebook(notebook: dict[str, Any]) -> tuple[str, dict[str, bytes]]:
    """A stored notebook as Markdown, and its pictures by name."""
    parts, pictures = [], {}
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text)
            continue
        if text.startswith(_FORM):  # how the package comes to Colab: a reader of the site has it
            continue
        parts.append(f"```python\n{text}\n```")
        printed = ""
        for output in cell["outputs"]:
            if "text" in output:
                text = "".join(output["text"])
                if printed:  # a kernel may hand over in two parts what was printed at once
                    parts.pop()
                printed += text
                parts.append(f"```text\n{printed.rstrip()}\n```")
                continue
            printed = ""
            name = f"pictures/quickstart_{len(pictures)}.png"
            pictures[name] = base64.b64decode("".join(output["data"]["image/png"]))
            parts.append(f"![{cell['metadata']['alt']}]({name})")
    first, rest = parts[0], parts[1:]
    note = f"This page is the notebook `{_NOTEBOOK}` of the repository, which runs in Jupyter and in Colab."
    return "\n\n".join([first, note, *rest]), pictures


def _help(parser: argparse.ArgumentParser, level: int = 2) -> Iterator[str]:
    """What `--help` prints of a command and of all below it, as Markdown."""
    with patch.dict(os.environ, COLUMNS="84"):
        text = re.sub(r"\x1b\[[0-9;]*m", "", parser.format_help())
    yield f"{'#' * level} {parser.prog}\n\n```text\n{text.rstrip()}\n```"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in dict.fromkeys(action.choices.values()):
                yield from _help(command, level + 1)
