# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup docbits.ion.ionapi: the text of an ION API file that passed every rule."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ionapi
version_added: 1.0.0
short_description: Read and validate an ION API file
description:
  - Reads an ION API file (C(.ionapi)) on the controller, decrypts it in memory where Ansible Vault encrypted it, and judges it as
    M(docbits.ion.ionapi_info) does.
  - Gives its text, for options such as C(content) and C(ionapi_content) and for modules of other collections. Modules of this
    collection read the file themselves, with C(src) and C(ionapi_src).
  - Fails with every error found, never with a value of the file. Warnings are shown.
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.ionapi
options:
  _terms:
    description: Paths of the files, found as those of the lookup P(ansible.builtin.file#lookup) are.
    type: list
    elements: str
    required: true
notes:
  - The text is secret as a whole. A task that gives it to an option that is not made for secrets, or registers it, needs C(no_log).
  - Up to ansible-core 2.18 a variable or option whose only content is this lookup holds a dictionary, as with any lookup that gives JSON.
    Modules of this collection take it as well.
seealso:
  - module: docbits.ion.ionapi_info
"""

EXAMPLES = r"""
- name: Prove the file of production
  docbits.ion.connection_info:
    content: "{{ lookup('docbits.ion.ionapi', 'ionapi/production.ionapi', tenant='ACME_PRD') }}"

- name: Hand the file to another tool
  ansible.builtin.command:
    cmd: other-tool --ionapi -
    stdin: "{{ lookup('docbits.ion.ionapi', 'ionapi/production.ionapi', profile='infor', strict=true) }}"
  no_log: true
  changed_when: false
"""

RETURN = r"""
_raw:
  description: The text of each file, as JSON with sorted keys and without blanks, in ASCII.
  type: list
  elements: str
"""

from ansible.errors import AnsibleFileNotFound, AnsibleLookupError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING, errors_in, warnings_as_errors
from ansible_collections.docbits.ion.plugins.module_utils._ionapi.parser import parse
from ansible_collections.docbits.ion.plugins.module_utils._module._options import expectations_from, ionapi_options
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import contents, plain, read_source

NAME = "docbits.ion.ionapi"

display = Display()


class LookupModule(LookupBase):
    """Reads, judges and gives the text."""

    def run(self, terms, variables=None, **kwargs):
        # The options of the modules, checked as theirs are: a misspelt expectation is refused and not passed over.
        validation = ArgumentSpecValidator(**ionapi_options().to_kwargs()).validate(plain(kwargs))
        if validation.error_messages:
            what = "unsupported option " if isinstance(validation.errors[0], UnsupportedError) else ""
            raise AnsibleLookupError(f"{NAME}: {what}{validation.error_messages[0]}")
        expectations = expectations_from(validation.validated_parameters)
        return [self._text(str(term), variables or {}, expectations) for term in terms]

    def _text(self, path, variables, expectations):
        def read(path):
            found = self.find_file_in_search_path(variables, "files", path, ignore_missing=True)
            if found is None:
                raise AnsibleFileNotFound(file_name=path)
            return contents(self._loader, found)

        try:
            content, findings = read_source(NAME, path, read, secret=True)
        except InvalidInput as error:
            raise AnsibleLookupError(error.message) from None
        parsed = parse(content, path, expectations)
        findings = [*findings, *parsed.findings]
        if expectations.strict:
            findings = warnings_as_errors(findings)
        errors = errors_in(findings)
        if errors:
            raise AnsibleLookupError("\n".join(finding.sentence() for finding in errors))
        for finding in findings:
            if finding.level == WARNING:
                display.warning(finding.sentence())
        return parsed.ionapi.canonical()
