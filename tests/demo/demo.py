# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration: three environments deployed, deployed again, and checked after a hand edit, against the simulator."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys

from environments import CHECKOUT, environments

DEMO = CHECKOUT / "build" / "demo"
INVENTORY = DEMO / "inventory"
PASSWORD = DEMO / "vault-password"
BOLD, GREEN, RED, PLAIN = ("\033[1m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("", "", "", "")


def main() -> int:
    """Run the demonstration. Returns 0 if every check holds."""
    password = secrets.token_urlsafe(24)
    with environments(DEMO, password) as (simulator, _ionapis):
        PASSWORD.touch(mode=0o600)
        PASSWORD.write_text(password)
        checks = [*first_run(simulator), *second_run(simulator), *after_a_hand_edit(simulator)]
    headline("Results")
    for text, held in checks:
        print(f"  {GREEN + 'yes' if held else RED + 'NO '}{PLAIN}  {text}")
    print(f"\n  See {DEMO.relative_to(CHECKOUT)}: inventory, ionapi and mappings are all that a user writes.")
    print("  The simulator has ended. To try the commands yourself, start it again with three empty environments: make sandbox\n")
    return 0 if all(held for _text, held in checks) else 1


def first_run(simulator):
    """Deploy to empty environments."""
    headline("First run: three empty environments, ring by ring")
    before = simulator.last()
    report = deploy()
    logins = [request for request in simulator.journal(before) if request.get("login")]
    yield "the first run deployed the declaration to all three environments", outcomes(report) == {"changed"} and len(report) == 3
    yield f"it proved each ION API file against Infor, with one login each ({len(logins)})", len(logins) == 3
    yield "and reported no finding", not any(environment["findings"] for environment in report)


def second_run(simulator):
    """Deploy the same declaration again."""
    headline("Second run: nothing to do")
    before = simulator.last()
    report = deploy()
    writes = simulator.writes(before)
    yield "the second run changed no environment", outcomes(report) == {"unchanged"} and len(report) == 3
    yield f"and sent no write: {len(simulator.journal(before))} requests in the journal, {len(writes)} writes", not writes


def after_a_hand_edit(simulator):
    """Edit production as in the web console, and run in check mode."""
    headline("Third run: check mode, after an edit of a mapping of production by hand")
    [edited] = [export for export in simulator.exports("production") if export["title"] == "Invoices to IDM and ION"]
    mapping = edited["files"]["idm_mapping"].replace("IF_SUPPLIER_NAME=SupplierName", "IF_SUPPLIER_NAME=Vendor")
    simulator.edit_export("production", edited["id"], files={"idm_mapping": mapping})
    before = simulator.last()
    report = deploy("--check", "--diff")
    changed = [environment["environment"] for environment in report if environment["outcome"] == "changed"]
    steps = [step["reason"] for environment in report for step in environment["steps"]]
    yield "check mode showed the edit of production and nothing else", changed == ["production"] and steps == ["idm_mapping"]
    yield "and sent no write", not simulator.writes(before)


def deploy(*options) -> list:
    """Run the playbook as a user does. Returns the environments of the rollout report."""
    report = DEMO / "report.json"
    command = ["ansible-playbook", "-i", INVENTORY, CHECKOUT / "playbooks" / "deploy_ion.yml", "--vault-password-file", PASSWORD, *options]
    print(f"{BOLD}$ {' '.join(str(argument).replace(f'{CHECKOUT}/', '') for argument in command)}{PLAIN}", flush=True)
    environment = {
        **os.environ,
        "ANSIBLE_CALLBACKS_ENABLED": "docbits.ion.rollout",
        "DOCBITS_ION_REPORT": str(report),
        "ANSIBLE_FORCE_COLOR": str(sys.stdout.isatty()),
    }
    subprocess.run([str(argument) for argument in command], env=environment, cwd=CHECKOUT, check=False)
    return json.loads(report.read_text())["environments"]


def outcomes(report) -> set:
    """The different outcomes in a report."""
    return {environment["outcome"] for environment in report}


def headline(text) -> None:
    """Print a heading between the runs."""
    print(f"\n{BOLD}== {text} {'=' * max(0, 90 - len(text))}{PLAIN}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
