# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs an action plugin with Ansible's own objects: inventory, variables, play, task, templar and local connection."""

from __future__ import annotations

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook import Playbook
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager


@pytest.fixture
def make_action(tmp_path):
    """Makes an action for a task, as the worker of one host has it; returns the action and the variables for its run().

    args:     options of the module
    hosts:    variables by host name
    host:     host that the task runs for
    task:     keywords of the task
    keywords: keywords of the play
    """

    def make(action_class, name, args, hosts, host, task=None, **keywords):
        loader = DataLoader()
        inventory = tmp_path / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        manager = InventoryManager(loader=loader, sources=[str(inventory)])
        variable_manager = VariableManager(loader=loader, inventory=manager)
        # Ansible does not find the collection in this process, so the task is loaded with another module.
        data = [{"hosts": "all", "gather_facts": False, "tasks": [{"debug": {}, **(task or {})}], **keywords}]
        # From a file, because ansible-core evaluates only templates that come from one.
        playbook = tmp_path / "playbook.yml"
        playbook.write_text(yaml.safe_dump(data))
        [play] = Playbook.load(str(playbook), variable_manager=variable_manager, loader=loader).get_plays()
        loaded = next(entry for block in play.compile() for entry in block.block if entry.action == "debug")
        loaded.action, loaded.args = f"docbits.ion.{name}", args
        context = PlayContext()
        variables = variable_manager.get_vars(play=play, host=manager.get_host(host), task=loaded)
        variables["hostvars"] = HostVars(inventory=manager, variable_manager=variable_manager, loader=loader)
        variables["ansible_play_batch"] = list(hosts)
        templar = Templar(loader=loader, variables=variables)
        connection = connection_loader.get("local", context)
        action = action_class(task=loaded, connection=connection, play_context=context, loader=loader, templar=templar, shared_loader_obj=None)
        return action, variables

    return make
