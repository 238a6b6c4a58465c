# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the pages of the documentation site that list what the code has: addresses of DocBits, and kinds of exports."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import base_url_of
from ansible_collections.docbits.ion.plugins.module_utils._model.export import COMMON_FIELDS, FILES, KINDS
from ansible_collections.docbits.ion.plugins.module_utils._module._options import host_options

GUIDES = Path(__file__).resolve().parents[2] / "docs/docsite/rst"

LICENSE = "\n".join(f"  {line[2:]}" for line in Path(__file__).read_text().splitlines()[:3])
HEAD = """..
{license}
  Written by tests/docs/generate_guides.py from the code. Do not edit.

.. _ansible_collections.docbits.ion.docsite.{name}:

{title}
{line}

{text}

"""

ADDRESSES = """All connections of the collection are HTTPS and begin at the machine that runs the tasks. A firewall must allow them to the DocBits host of each
environment, and to the two hosts of Infor that its ION API file names."""

TABLE_OF_KINDS = "The fields and files of each kind of export. All kinds also have {common}. What is in bold is required to create an export."


def table(columns, rows) -> str:
    """A list-table of reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (columns, *rows):
        for index, cell in enumerate(row):
            lines.append(f"   {'*' if index == 0 else ' '} - {cell}".rstrip())
    return "\n".join(lines) + "\n"


def addresses() -> str:
    """Every combination of environment and region with its host."""
    options = host_options().argument_spec
    combinations = [(environment, region) for environment in options["docbits_environment"]["choices"] for region in options["docbits_region"]["choices"]]
    rows = []
    for environment, region in combinations:
        url = base_url_of({"docbits_url": None, "docbits_environment": environment, "docbits_region": region})
        rows.append((f"``{environment}``", f"``{region}``", f"``{url.removeprefix('https://')}``", "443"))
    infor = [
        ("API gateway", "``iu``", "``mingle-ionapi.REGION.inforcloudsuite.com``", "443"),
        ("Token service", "``pu``", "``mingle-sso.REGION.inforcloudsuite.com``", "443"),
        ("Both, on premises", "``iu``, ``pu``", "the host of Infor OS", "that of the URL, such as 7443 and 9443"),
    ]
    return (
        "DocBits\n-------\n\n"
        + table(("``docbits_environment``", "``docbits_region``", "Host", "Port"), rows)
        + "\nWith ``docbits_url``, the host and the port are those of this URL.\n\nInfor\n-----\n\n"
        + table(("Service", "Key of the file", "Host, usually", "Port"), infor)
        + "\n:ref:`docbits.ion.ionapi_info <ansible_collections.docbits.ion.ionapi_info_module>` shows both addresses as ``gateway_url`` and ``token_url``.\n"
        + "With the option ``proxy`` or the variable ``HTTPS_PROXY``, the connections go to the proxy instead.\n"
    )


def kinds() -> str:
    """Every kind with its fields and files."""

    def cell(kind, is_file):
        names = [name for name in kind.parts if (name in FILES) == is_file]
        return ", ".join(f"**{name}**" if name in kind.required else name for name in names)

    files = [(name, file.filename, "yes" if file.secret else "no") for name, file in FILES.items()]
    return (
        table(("Kind", "Fields", "Files"), [(f"``{kind.name}``", cell(kind, False), cell(kind, True)) for kind in KINDS.values()])
        + "\nEach file has two options, ``<name>_src`` for a path and ``<name>_content`` for the text.\n\n"
        + table(("File", "Name in DocBits", "Secret"), files)
    )


def page(name: str, title: str, text: str, body: str) -> None:
    (GUIDES / f"{name}.rst").write_text(HEAD.format(license=LICENSE, name=name, title=title, line="=" * len(title), text=text) + body)


if __name__ == "__main__":
    page("addresses", "Addresses", ADDRESSES, addresses())
    page("kinds", "Kinds of exports", TABLE_OF_KINDS.format(common=", ".join(f"``{name}``" for name in COMMON_FIELDS)), kinds())
