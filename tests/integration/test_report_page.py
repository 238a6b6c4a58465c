# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the report in a browser: filters, search, keyboard, dark mode, narrow screens, print, and how fast it opens."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import sync_playwright

from ansible_collections.docbits.ion.plugins.plugin_utils import _report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome is installed")

START = 1_700_000_000.0
STAGES = dict.fromkeys(("token", "gateway", "roles", "idm"), "passed")
CREATE = {"action": "create", "export": "Invoices", "id": "7", "reason": "it does not exist", "reversible": True}
FINDING = {"id": "DV01", "level": "error", "where": "exports[0]: title", "message": "DocBits shows another title", "action": "look at the export"}


def environment(number: int) -> dict:
    """One of three: changed with a diff, failed with findings, not begun."""
    ring = ("Canary", "Early", "Broad")[min(number, 2)]
    if number % 3 == 2:
        return _report.environment(f"host-{number}", ring, _report.NOT_BEGUN)
    fields = {f"index field {letter}": {"target": letter} for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    result = {
        "started": START + number / 100,
        "seconds": 1.5,
        "changed": True,
        "connections": {f"{number}.ionapi": {"outcome": "proved", "stages": STAGES}},
        "diff": {"before_header": f"host-{number}", "before": {"exports": []}, "after": {"exports": [{"title": f"Export {number}", **fields}]}},
    }
    if number % 3 == 0:
        return _report.environment(f"host-{number}", ring, _report.CHANGED, {**result, "steps": [{**CREATE, "outcome": "applied"}]})
    failed = {**result, "steps": [{**CREATE, "outcome": "rolled_back"}, {**CREATE, "outcome": "unknown"}], "findings": [FINDING]}
    return _report.environment(f"host-{number}", ring, _report.FAILED, failed, "exports[0]: no [DV01]")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Opens the page of this many environments; requests of anything else fail the test."""
    contexts, requests = [], []

    def open_page(environments=3, width=1280, color_scheme="light"):
        file = tmp_path / "report.html"
        file.write_text(_report.as_html(_report.as_dict([environment(number) for number in range(environments)], False, START, START + 10)))
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, color_scheme=color_scheme))
        page = contexts[-1].new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: requests.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert all(url.startswith("file:") and url.endswith("/report.html") for url in requests), requests


def shown(page) -> list:
    """The names of the environments that are not filtered out."""
    return page.locator("details:not([hidden]) .name").all_text_contents()


def color(page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_page_shows_every_environment_and_opens_the_failed_one(open_page):
    page = open_page()
    assert shown(page) == ["host-0", "host-1", "host-2"]
    assert page.locator("h2").all_inner_texts() == ["Canary 1", "Early 1", "Broad 1"]
    assert page.locator("details[open] .name").all_inner_texts() == ["host-1"]
    failed = page.locator("details[open]").inner_text()
    assert all(text in failed for text in ("Rolled back", "Not rolled back", "Next step: look at the export", "exports[0]: no [DV01]"))
    assert page.locator("summary .stages").nth(1).get_attribute("aria-label").startswith("parse passed, prove passed, plan passed, apply passed, verify failed")


def test_filter_and_search_leave_what_fits(open_page):
    page = open_page(9)
    page.get_by_role("button", name="failed 3").click()
    assert shown(page) == ["host-1", "host-4", "host-7"] and page.locator("#found").inner_text() == "3 of 9"
    page.get_by_role("searchbox").fill("EXPORT 4")
    assert shown(page) == ["host-4"] and page.locator("section:visible").count() == 1
    page.get_by_role("button", name="all 9").click()
    page.get_by_role("searchbox").fill("no such text")
    assert shown(page) == [] and page.locator("#found").inner_text() == "0 of 9"


def test_keyboard_reaches_everything(open_page):
    page = open_page()
    page.keyboard.press("/")
    page.keyboard.type("host-0")
    assert shown(page) == ["host-0"]
    page.keyboard.press("Escape")
    assert shown(page) == ["host-0", "host-1", "host-2"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent").lstrip().startswith("host-2")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent").lstrip().startswith("host-1")


def test_theme_follows_the_system_and_the_button(open_page):
    dark, light = color(open_page(color_scheme="dark")), color(page := open_page())
    assert dark != light
    button = page.locator("#theme")
    for theme, expected in (("light", light), ("dark", dark), ("auto", light)):
        button.click()
        assert (button.inner_text(), color(page)) == (f"theme: {theme}", expected)


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_page_fits_the_width_of_the_screen(open_page, width):
    page = open_page(width=width)
    page.locator("summary").first.click()
    # The rest of a wide diff or table is reached by scrolling it, not the page.
    assert page.evaluate("[document.documentElement, ...document.querySelectorAll('details')].every(part => part.scrollWidth <= part.clientWidth)")


def test_printed_page_is_light_and_has_all_details(open_page, tmp_path):
    page = open_page(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details[open]").count() == 3 and not page.locator(".controls").is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 1


def test_page_of_500_environments_opens_in_two_seconds_and_is_searched_at_once(open_page):
    page = open_page(500)
    # In CPU time, because other tests may run beside this one.
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})

    def seconds():
        values = {metric["name"]: metric["value"] for metric in metrics.send("Performance.getMetrics")["metrics"]}
        return values["TaskDuration"]

    before = seconds()
    page.reload()
    opened = seconds()
    page.get_by_role("searchbox").fill("host-499")
    assert shown(page) == ["host-499"]
    assert 0.05 < opened - before < 2 and seconds() - opened < 1
