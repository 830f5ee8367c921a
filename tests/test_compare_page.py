"""The page Compare in a browser: one pair, a tile a method, sorted by a figure; one's own clips; the chart and maps."""

from typing import TYPE_CHECKING

from conftest import Visit, is_shown
from test_app import in_both_themes, out_of_sight

from seqdisent_core.assets import asset
from seqdisent_core.reporting import METHOD_NAMES, in_order, read_comparison

if TYPE_CHECKING:
    from playwright.sync_api import Page

_FILMS = "#compared video"
_HALFWAY = "document.querySelector('#compared .sd-clock').textContent === '0.5 / 1.0 s'"  # where films stand still
_KINDS = (".sd-who", ".sd-does", ":not(.sd-who, .sd-does)")  # of a tile's figures
# Names of the chart of leaks that lie over a dot or over another name; the box of a text is higher than its letters.
_COVERED = """(() => {
    const all = (what) => [...document.querySelectorAll(`.sd-compare-plot ${what}`)];
    const meet = (one, other) => {
        const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        return across > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
    };
    const names = all('.textpoint text');
    return names.filter((name) => [...names, ...all('.point')].some((other) => other !== name && meet(name, other)))
        .map((name) => name.textContent);
})()"""


def test_every_method_swaps_a_pair_and_leaks_are_drawn(visit: Visit) -> None:
    about = read_comparison(asset("compare"))
    able = [row for row in about["rows"] if "why" not in row]
    page = visit("compare", ready=".sd-pair")
    is_shown(page, _FILMS, len(able) + 1)  # after both clips as they were given
    assert tiles(page) == names(in_order(able, "swap_dynamic"))
    assert all(
        METHOD_NAMES[row["name"]] in page.locator(".sd-line").inner_text() for row in about["rows"] if "why" in row
    )
    page.wait_for_function(_HALFWAY)
    better = [{text[-1] for text in page.locator(f"#compared .sd-read{kind}").all_inner_texts()} for kind in _KINDS]
    assert better == [{"↑"}, {"↑"}, {"↓"}], "which way a figure is better"
    is_shown(page, ".sd-compare-map .scatterlayer", 1)
    expressions = page.locator(".sd-compare-legend span").all_inner_texts()
    assert [text[1:] for text in expressions] == sorted(set(about["mapped"]["dynamic"]["expression"]))
    colours = "[...document.querySelectorAll('.sd-compare-map')].map((map) => new Set(map.data[0].marker.color).size)"
    assert page.evaluate(colours) == [len(set(about["mapped"]["static"]["person"])), len(expressions)]
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"innerWidth === {width}")
        fits = "(one) => one.getBoundingClientRect().right <= innerWidth"
        page.wait_for_function(f"[...document.querySelectorAll('.main-svg')].every({fits})")  # once they are redrawn
        assert out_of_sight(page) == []
        assert page.evaluate(_COVERED) == []
    assert in_both_themes(page, ".sd-compare-plot .xtitle") == []
    first = page.locator("#compared .sd-tile .sd-said").first.inner_text()

    page.get_by_role("combobox", name="Sort by").click()
    page.get_by_role("option", name="Reconstruction, PSNR").click()
    wait_for_tiles(page, names(in_order(able, "psnr")))
    page.get_by_label("Second person moves like the first").check()
    page.wait_for_function(f"document.querySelector('#compared .sd-said').innerText !== {first!r}")
    given = [text.split(": ")[1] for text in page.locator("#compared .sd-said").all_inner_texts()[:2]]
    assert first.split(": ")[1] == given[1], "what moved before is what is moved by now"

    page.locator("#pairs button").nth(1).click()
    page.wait_for_function(f"!document.querySelector('#compared .sd-said').innerText.includes({given[0]!r})")
    assert page.locator("#pairs [aria-pressed=true]").get_attribute("data-name") == "1"


def test_ones_own_clips_are_swapped_and_a_missing_one_is_asked_for(visit: Visit) -> None:
    page = visit("compare", ready=".sd-pair")
    is_shown(page, _FILMS, 2)
    page.get_by_role("button", name="Your own clips").click()
    page.locator("#compare-own").click()
    page.get_by_text("Add two clips first").wait_for()
    for place in ("first", "second"):
        page.locator(f"#compare-{place} .sd-thumb").nth(0 if place == "first" else 3).click()
        is_shown(page, f"#compare-{place}-face .sd-face")
    page.locator("#compare-own").click()
    page.wait_for_function("document.querySelector('#compared .sd-said').innerText.includes('The first clip')")


def names(rows: list[dict[str, object]]) -> list[str]:
    return [METHOD_NAMES[str(row["name"])] for row in rows]


def tiles(page: "Page") -> list[str]:
    return page.locator("#compared .sd-made .sd-said").all_inner_texts()


def wait_for_tiles(page: "Page", wanted: list[str]) -> None:
    found = "[...document.querySelectorAll('#compared .sd-made .sd-said')].map((one) => one.innerText)"
    page.wait_for_function(f"wanted => JSON.stringify({found}) === JSON.stringify(wanted)", arg=wanted)
