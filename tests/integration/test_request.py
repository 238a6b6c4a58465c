# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook request_ion: the pages of two environments, again, in check mode, and beside files of others."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
from html.parser import HTMLParser

import pytest
import yaml

from ansible_collections.docbits.ion.plugins.module_utils._core.runbook import STEPS
from integration.phases import ANSIBLE_BIN

PASSWORD = secrets.token_urlsafe(24)
FULL = {
    "docbits_environment": "production",
    "docbits_region": "us",
    "docbits_tenant": "ACME_PRD",
    "docbits_logical_id": "lid://infor.ims.docbits",
    "docbits_ionapi_src": "{{ inventory_dir }}/the files/full.ionapi",
    "docbits_api_key": PASSWORD,
    "request_vault_ids": ["production@prompt"],
    "docbits_exports": [
        {"title": "<b>Invoices | all</b>", "kind": "infor_idm", "document_type": "INVOICE", "idm_mapping_src": "{{ inventory_dir }}/idm.properties"},
        {"title": "Old", "kind": "infor_idm", "document_type": "INVOICE", "state": "absent"},
        {"title": "To a server", "kind": "sftp", "document_type": "INVOICE", "password": PASSWORD},
    ],
}


class Page(HTMLParser):
    """The elements of a page that are open at its end, the ids, and the text without tags."""

    def __init__(self, source) -> None:
        super().__init__()
        self.open, self.ids, self.text = [], [], ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def request_ion(tmp_path_factory):
    """Runs the playbook on the hosts full and bare, in one directory. Returns (exit code, output, directory of the pages)."""
    place = tmp_path_factory.mktemp("request")
    hosts = {"full": FULL, "bare": {}}
    (place / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": {"request_languages": ["en", "de"]}}}))
    (place / "ansible.cfg").touch()
    environment = {**os.environ, "ANSIBLE_CONFIG": str(place / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}

    def run(*options):
        command = [str(ANSIBLE_BIN / "ansible-playbook"), "-i", "inventory.yml", "docbits.ion.request_ion", "-e", "request_directory=pages", *options]
        done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL, check=False)
        return done.returncode, done.stdout + done.stderr, place / "pages"

    return run


@pytest.fixture(scope="module")
def pages(request_ion):
    """The directory of the pages after a run in check mode, which writes nothing, and a real one."""
    code, output, directory = request_ion("--check", "--diff", "--limit", "full")
    assert code == 0 and not directory.exists(), output
    code, output, directory = request_ion()
    assert code == 0, output
    return directory


def test_pages_have_the_values_of_their_environment(pages):
    names = [f"{host}.{form}" for host in ("bare", "full") for form in ("de.md", "en.md", "html")]
    assert sorted(page.name for page in pages.iterdir()) == names
    full, bare = (pages / "full.en.md").read_text(), (pages / "bare.en.md").read_text()
    for text in ("production, us", "ACME_PRD", "`DocBits_Full`", "lid://infor.ims.docbits", "| &lt;b>Invoices \\| all&lt;/b> | INVOICE |", "idm.properties"):
        assert text in full
    assert "To a server" not in full and "| Old |" not in full and "Not for this environment" in full
    assert "the tenant of this environment" in bare and "`DocBits_Bare`" in bare and "Not for this environment" not in bare
    for page in pages.iterdir():
        assert PASSWORD not in page.read_text() and "{{" not in page.read_text()


def test_commands_of_a_page_are_those_of_its_environment(pages):
    commands = [shlex.split(line) for line in re.findall(r"^    ((?:ansible|mkdir|rm)\S* .*)$", (pages / "full.en.md").read_text(), re.MULTILINE)]
    vault = ["--vault-id", "production@prompt"]
    encrypt = ["ansible-vault", "encrypt", *vault, "--encrypt-vault-id", "production", "--output", "the files/full.ionapi", "~/Downloads/DocBits_Full.ionapi"]
    assert commands == [
        ["mkdir", "-p", "the files"],
        encrypt,
        ["rm", "~/Downloads/DocBits_Full.ionapi"],
        ["ansible-vault", "create", *vault, "--encrypt-vault-id", "production", "host_vars/full/vault.yml"],
        ["ansible-playbook", "-i", "inventory.yml", "docbits.ion.check_files", "--limit", "full", *vault],
        ["ansible-playbook", "-i", "inventory.yml", "docbits.ion.deploy_ion", "--limit", "full", *vault, "--tags", "prove"],
    ]


@pytest.mark.parametrize("name", ["full.html", "bare.html"])
def test_html_is_well_formed_and_numbers_the_steps_as_findings_do(pages, name):
    page = Page((pages / name).read_text())
    assert page.open == [] and len(page.ids) == len(set(page.ids))
    steps = [f"{language}-{number}" for language in ("en", "de") for number in range(1, len(STEPS) + 1)]
    assert [id_ for id_ in page.ids if re.fullmatch("[a-z]+-[0-9]+", id_)] == steps
    assert "`" not in page.text and "**" not in page.text
    assert ("<b>Invoices | all</b>" in page.text) == name.startswith("full")


def test_files_of_others_are_kept_and_own_pages_are_unchanged(pages, request_ion):
    foreign = {"full.de.md": b"a page of somebody else", "full.html": b"\xff\xfe\x00binary"}
    for name, content in foreign.items():
        (pages / name).write_bytes(content)
    code, output, _pages = request_ion()
    assert code == 2 and re.search(r"bare +: .*changed=0", output)
    for name, content in foreign.items():
        assert f"{name}: this role did not write the file" in output
        assert (pages / name).read_bytes() == content
