#!/usr/bin/python
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of docbits.ion.adopt. The action plugin of the same name does the work on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: adopt
version_added: 1.0.0
short_description: Write the exports of existing DocBits environments as declarations
description:
  - Reads the exports of DocBits organisations with their files, and writes them as variables and files. Sends no write to DocBits.
  - Writes C(host_vars/HOST/exports.yml) in the inventory, mappings in C(mappings), and the ION API file of each host, vaulted, in C(ionapi),
    where DocBits gives it back whole. The last two are beside the inventory if that is a directory, because Ansible reads each file of it as
    a list of hosts. Equal mappings become one file, also those of several environments.
  - If all hosts of the inventory are adopted together, the exports that they have in common are written to C(group_vars/all/exports.yml).
  - An export has its id only if it cannot be found or declared without it, that is, if another one has the same sub-organisation, document
    type, kind and title, or if DocBits does not give back a value that its kind requires. Such a value is a warning (E61 or E68), because a
    person must add it.
  - An export of a kind that this collection cannot manage is declared with C(ignore=true), so that O(docbits.ion.exports#module:purge) keeps
    it. It is a warning, too (E60).
  - A URL that may contain a secret is written as a vaulted value.
  - Before anything is written, the declaration of each environment is tried in check mode. The module fails if anything would change in
    DocBits. Values that DocBits does not give back are not part of this proof.
  - The options for DocBits are variables of each host, as for M(docbits.ion.environments).
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.attributes
  - docbits.ion.attributes.group_all
attributes:
  action:
    description: Runs on the controller.
    support: full
  check_mode:
    description: Shows which files would be written.
    support: full
  diff_mode:
    description: Shows the changes of variables and mappings. Of an ION API file, only its path.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
options:
  hosts:
    description: Hosts whose environments are read.
    type: list
    elements: str
    required: true
  promote_to:
    description:
      - Host that gets the exports of the one host in O(hosts) as its declaration, to be deployed later. Its own environment is not read.
      - The tenant, the logical id and the accounting entity of O(hosts) are replaced by those of this host, if both hosts have the variables
        C(docbits_tenant), C(docbits_logical_id) or C(docbits_accounting_entity). The accounting entity is replaced in the lines of a mapping
        whose key contains C(AccountingEntity).
      - Ids, ION API files and exports of kinds that this collection cannot manage are left out.
    type: str
  replace:
    description: Further texts to replace for O(promote_to), in fields and mappings, where no letter, digit or underscore precedes or follows.
    type: dict
    default: {}
  overwrite:
    description: Whether files that exist and differ are overwritten. Otherwise the module fails and writes nothing.
    type: bool
    default: false
  vault_id:
    description: Id of the vault that secrets are encrypted with. The default is that of C(ansible-vault), usually the first vault id of the run.
    type: str
seealso:
  - module: docbits.ion.export_info
  - module: docbits.ion.environments
"""

EXAMPLES = r"""
- name: Write the exports of all environments as code
  docbits.ion.adopt:
    hosts: "{{ ansible_play_batch }}"
  run_once: true

- name: Declare for production what was tried in sandbox
  docbits.ion.adopt:
    hosts: [sandbox]
    promote_to: production
    overwrite: true
  run_once: true
"""

RETURN = r"""
files:
  description: Paths of the files that were written, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [/srv/docbits/inventory/host_vars/production/exports.yml, /srv/docbits/mappings/idm_mapping.properties]
differences:
  description: Where the environments differ. Secrets are masked, and a file is its name.
  returned: success
  type: list
  elements: dict
  contains:
    export:
      description: Sub-organisation, document type, kind and title.
      type: str
    value:
      description: Name of the field or file; empty if the export itself is absent in an environment.
      type: str
    environments:
      description: The value in each environment. For an export, V(present) or V(absent).
      type: dict
      contains:
        HOST:
          description: The value, V(null) if the environment has none.
          type: raw
  sample:
    - export: DELIVERY_NOTE, infor_idm, Delivery notes to IDM
      value: ""
      environments: {sandbox: present, production: absent}
findings:
  description: What a person must add, and which exports the collection cannot manage. Also shown as warnings.
  returned: if there are any
  type: list
  elements: dict
  contains:
    id:
      description: Stable id of the finding. C(docs/findings.md) lists all ids.
      type: str
    level:
      description: V(error), V(warning) or V(info).
      type: str
    where:
      description: The object and the key.
      type: str
    message:
      description: What is wrong. Never a secret value.
      type: str
    action:
      description: The next step.
      type: str
  sample:
    - id: E61
      level: warning
      where: 'production: export 3ca7aa8e-8da6-4fe5-a956-1656f2c13735 "Invoices to Flow2": password'
      message: DocBits does not give it back (not listed), so it is not declared
      action: add password to the item to manage it, a secret as a vaulted value
"""
