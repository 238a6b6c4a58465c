# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup docbits.ion.ionapi: the content of a valid ION API file."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ionapi
version_added: 1.0.0
short_description: Read and validate an ION API file
description:
  - Reads an ION API file (C(.ionapi)) on the controller, decrypts it in memory if it is vaulted, and validates it like
    M(docbits.ion.ionapi_info).
  - Returns its content, for options such as C(content) and C(ionapi_content) and for modules of other collections. With C(src) and
    C(ionapi_src), modules of this collection read the file themselves.
  - Fails with all errors and shows warnings. Messages hold no value of the file.
author:
  - docbits.ion contributors (@docbits)
extends_documentation_fragment:
  - docbits.ion.ionapi
options:
  _terms:
    description: Paths of the files. The search path is that of the lookup P(ansible.builtin.file#lookup).
    type: list
    elements: str
    required: true
notes:
  - The content is secret as a whole. A task that registers it, or passes it to an option that is not marked as secret, needs C(no_log).
  - In ansible-core 2.18, the result of a template that consists of this lookup is a dictionary, as with any lookup that returns JSON. Modules
    of this collection accept both.
seealso:
  - module: docbits.ion.ionapi_info
"""

EXAMPLES = r"""
- name: Test the authentication for production
  docbits.ion.connection_info:
    content: "{{ lookup('docbits.ion.ionapi', 'ionapi/production.ionapi', tenant='ACME_PRD') }}"

- name: Pass the file to another tool
  ansible.builtin.command:
    cmd: other-tool --ionapi -
    stdin: "{{ lookup('docbits.ion.ionapi', 'ionapi/production.ionapi', profile='infor', strict=true) }}"
  no_log: true
  changed_when: false
"""

RETURN = r"""
_raw:
  description: Content of each file as JSON with sorted keys and without whitespace, in ASCII.
  type: list
  elements: str
  sample: ['{"ci":"ACME_PRD~...","cn":"DocBits_Production","cs":"...","dt":"12","ti":"ACME_PRD","v":"1.1"}']
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
from ansible_collections.docbits.ion.plugins.plugin_utils._schema import check_schema
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import as_plain, read_file, read_source

NAME = "docbits.ion.ionapi"

display = Display()


class LookupModule(LookupBase):
    """Reads and validates files."""

    def run(self, terms, variables=None, **kwargs):
        try:
            params = _validated(as_plain(kwargs))
            expectations = expectations_from(params)
        except InvalidInput as error:
            raise AnsibleLookupError(f"{NAME}: {error.message}") from None
        return [self._text(str(term), variables or {}, expectations, params["require_vault"]) for term in terms]

    def _text(self, path, variables, expectations, require_vault):
        def read(path):
            found = self.find_file_in_search_path(variables, "files", path, ignore_missing=True)
            if found is None:
                raise AnsibleFileNotFound(file_name=path)
            return read_file(self._loader, found)

        try:
            content, findings = read_source(NAME, path, read, secret=True, require_vault=require_vault)
        except InvalidInput as error:
            raise AnsibleLookupError(error.message) from None
        parsed = parse(content, path, expectations)
        findings = [*findings, *parsed.findings]
        if expectations.strict:
            findings = warnings_as_errors(findings)
        errors = errors_in(findings)
        if errors or parsed.ionapi is None:
            raise AnsibleLookupError("\n".join(finding.sentence() for finding in errors))
        for finding in findings:
            if finding.level == WARNING:
                display.warning(finding.sentence())
        return parsed.ionapi.document


def _validated(options):
    """The options, validated like those of the modules: a misspelt option is an error."""
    spec = ionapi_options()
    check_schema(options, spec.argument_spec)
    validation = ArgumentSpecValidator(**spec.to_kwargs()).validate(options)
    if validation.error_messages:
        what = "unsupported option " if isinstance(validation.errors[0], UnsupportedError) else ""
        raise AnsibleLookupError(f"{NAME}: {what}{validation.error_messages[0]}")
    return validation.validated_parameters
