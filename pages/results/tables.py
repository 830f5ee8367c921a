"""Markdown of the report as a page shows it: tables in boxes of their own, and behind each row how it was made."""

import re
from collections.abc import Collection, Iterator, Mapping
from html import escape
from itertools import groupby

from seqdisent_core.reporting import Result, training_seed

_MODEL = re.compile(r"(.+) \(`(.+)`\)")  # the first cell of a row that a result file stands behind
_GROUPS = {"s": "static codes", "d": "dynamics codes"}
_TITLES = {"what": "Checkpoints and settings", "published": "Generation", "leakage, %": "Leakage, %"}


def as_html(markdown: str, behind: Mapping[str, str], kept: Collection[str] = ()) -> str:
    """HTML of paragraphs, lists and tables. behind: what a press on a row's name shows, HTML by result file.

    kept: the result files whose rows are seen at once; rows of others are folded, and so are tables with none of these.
    """
    made = []
    for kind, lines in groupby(markdown.splitlines(), _kind):
        if kind == "table":
            made.append(_table(list(lines), behind, kept))
        elif kind == "list":
            made.append(f"<ul>{''.join(f'<li>{_inline(line[2:])}</li>' for line in lines)}</ul>")
        elif kind == "words":
            made.append("".join(f"<p>{_inline(line)}</p>" for line in lines))
    return "".join(made)


def _kind(line: str) -> str:
    return "table" if line.startswith("|") else "list" if line.startswith("* ") else "words" if line else ""


def _inline(text: str) -> str:
    text = re.sub(r"`(.+?)`", r"<code>\1</code>", escape(text))
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)


def _split(lines: list[str]) -> Iterator[list[list[str]]]:
    """Tables that follow one another without an empty line: each begins above a line of dashes."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    starts = [at - 1 for at, row in enumerate(cells) if set(row) == {"---"}]
    for start, end in zip(starts, [*starts[1:], len(cells)], strict=True):
        yield cells[start : start + 1] + cells[start + 2 : end]


def _table(lines: list[str], behind: Mapping[str, str], kept: Collection[str]) -> str:
    return "".join(_one_table(head, rows, behind, kept) for head, *rows in _split(lines))


def _one_table(head: list[str], rows: list[list[str]], behind: Mapping[str, str], kept: Collection[str]) -> str:
    title = _inline(_TITLES.get(head[0], head[0]))
    words = [cell[:1].isalpha() for cell in rows[0][1:]]  # columns that hold no figures
    stems = [found[2] if (found := _MODEL.fullmatch(row[0])) and found[2] in behind else None for row in rows]
    some = any(stem in kept for stem in stems)
    less = [row for row, stem in zip(rows, stems, strict=True) if some and stem is not None and stem not in kept]
    first = "".join(_row(row, head[1:], words, behind) for row in rows if row not in less)
    body, more = f"<tbody>{first}</tbody>", ""
    if less:
        body += f"<tbody hidden>{''.join(_row(row, head[1:], words, behind) for row in less)}</tbody>"
        more = (
            '<button type="button" class="sd-button sd-small sd-more" aria-expanded="false">'
            f"{len(less)} more: seeds, ablations, settings</button>"
        )
    wide = "sd-wide" if len(head) > 7 else "sd-middling" if len(head) > 4 else "sd-narrow"
    made = (
        f'<figure class="sd-table {wide}"><figcaption>{title}</figcaption>'
        f'<div class="sd-table-box"><table><thead>{_head(head[1:], words)}</thead>{body}</table></div>{more}</figure>'
    )
    if not kept or some or not any(stems):
        return made
    return f'<details class="sd-fold"><summary>{title}</summary>{made}</details>'


def _head(names: list[str], words: list[bool]) -> str:
    """One line of heads; two where neighbours share what stands before a colon ("s: gap", "d: gap")."""
    parts = [name.split(": ", 1) if ": " in name else ["", name] for name in names]
    heads = (
        f'<th scope="col" class="{_hue(name)}{" sd-words" if left else ""}">{_inline(name)}</th>'
        for (_, name), left in zip(parts, words, strict=True)
    )
    lines = f"<tr><td></td>{''.join(heads)}</tr>"
    if all(not group for group, _ in parts):
        return lines
    groups = [(group, len(list(members))) for group, members in groupby(group for group, _ in parts)]
    above = "".join(
        f'<th scope="colgroup" colspan="{wide}" class="sd-group">{_inline(_GROUPS.get(group, group))}</th>'
        if group
        else f'<td colspan="{wide}"></td>'
        for group, wide in groups
    )
    return f"<tr><td></td>{above}</tr>{lines}"


def _hue(name: str) -> str:
    """Of the two hues, the one in which a column's head speaks of who it is or of what it does."""
    if any(who in name for who in ("person", "attributes", "static acc")):
        return "sd-who"
    return "sd-does" if any(does in name for does in ("expression", "action", "dynamic acc")) else ""


def _row(cells: list[str], heads: list[str], words: list[bool], behind: Mapping[str, str]) -> str:
    """A row; each cell says its column's head, too, for windows in which a row becomes a list."""
    name, *figures = cells
    shown = "".join(
        f'<td data-head="{_inline(_whole(head))}"{" class=sd-words" if left else ""}>'
        f"<span>{_inline(cell) if left else _figure(cell)}</span></td>"
        for cell, head, left in zip(figures, heads, words, strict=True)
    )
    found = _MODEL.fullmatch(name)
    if not found or found[2] not in behind:
        aside = ' class="sd-aside"' if name.startswith(("ceiling", "chance")) else ""
        return f'<tr{aside}><th scope="row">{_inline(name)}</th>{shown}</tr>'
    return (
        f'<tr><th scope="row"><button type="button" class="sd-behind" aria-expanded="false">{escape(found[1])}'
        f'</button><span class="sd-quiet">{escape(found[2]).replace("_", "_<wbr>")}</span></th>{shown}</tr>'
        f'<tr class="sd-made-by" hidden><td colspan="{len(cells)}">{behind[found[2]]}</td></tr>'
    )


def _whole(head: str) -> str:
    """A column's head with the group that stands above it."""
    group, colon, name = head.partition(": ")
    return f"{_GROUPS.get(group, group)}: {name}" if colon else head


def _figure(cell: str) -> str:
    """The spread smaller than the mean."""
    return re.sub(r" (± \S+)", r' <span class="sd-spread">\1</span>', _inline(cell))


def behind_row(stem: str, result: Result) -> str:
    """HTML of how a result file and its checkpoint were made: commands, seeds, hashes, hardware, budget."""
    training, data, model = result["training"], result["data"], result["model"]
    facts = {
        "Measured by": _command(result["command"]),
        "Measured on": f"{data['clips']} {data['split']} clips of {escape(data['name'])}, {result['repeats']} repeats, "
        f"seed {result['seed']}; {escape(result['hardware'])}; {result['date'][:10]}",
        "Trained by": _command(training.get("command", "unknown")),
        "Budget": f"{training['steps']:,} steps of {training['batch']} clips each, drawn from "
        f"{training['data']['clips']:,} training clips, in {training['seconds'] / 60:.0f} minutes, "
        f"seed {training_seed(result)}; {escape(training['hardware'])}; {training['date']}",
        "Checkpoint": f"{model['parameters']:,} parameters, sha256 <code>{model['checkpoint_sha256']}</code>",
        "Judge": f"sha256 <code>{result['judge']['sha256']}</code>",
        "Test clips": f"sha256 <code>{data['sha256']}</code>",
        "File": f"<code>results/{escape(stem)}.json</code>",
    }
    return _facts(facts)


def behind_filmed(stem: str, result: Result) -> str:
    """The same of a file of filmed people."""
    facts = {
        "Measured by": _command(result["command"]),
        "Measured on": f"{len(result['clips'])} clips, seed {result['seed']}; {escape(result['hardware'])}; "
        f"{result['date'][:10]}",
        "Tuning": ", ".join(f"{name} {value}" for name, value in result["tuning"].items()),
        "Checkpoint": f"sha256 <code>{result['checkpoint_sha256']}</code>",
        "File": f"<code>results/{escape(stem)}.json</code>",
    }
    return _facts(facts)


def _facts(facts: Mapping[str, str]) -> str:
    lines = "".join(f"<dt>{name}</dt><dd>{words}</dd>" for name, words in facts.items())
    return f'<dl class="sd-behind-facts">{lines}</dl>'


def _command(line: str) -> str:
    """A command that breaks between its words only, and never within `--out`."""
    return f"<code>{' '.join(f'<span>{escape(word)}</span>' for word in line.split())}</code>"
