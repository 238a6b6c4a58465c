# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must fit between the parts of one export: its mappings, its ION API file and its deployment. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, WARNING
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, idm
from ansible_collections.docbits.ion.plugins.module_utils._mapping.rules import ASSUMED, DOCUMENTED, Rule, as_findings, by_id, shown
from ansible_collections.docbits.ion.plugins.module_utils._model.export import CLOUD, KINDS, ON_PREMISES

TITLES = {CLOUD: "cloud", ON_PREMISES: "on-premises"}

RULES = by_id(
    Rule(
        "MX01",
        ERROR,
        "`SFV_LogicalID` of the BOD mapping is the logical id of the connection point, where that is known",
        "write the logical id of the connection point in the BOD mapping (ION Desk, Connection Points)",
        DOCUMENTED,
    ),
    Rule(
        "MX20",
        WARNING,
        "The deployment of the export is that of the ION API file",
        "choose the deployment in the export that the ION API file is for, or give the ION API file of this deployment",
        ASSUMED,
    ),
    Rule(
        "MX21",
        WARNING,
        "A kind of export without a choice of deployment (M3, LN) has the ION API file of a cloud tenant",
        "give the ION API file of the cloud tenant; DocBits offers this kind to CloudSuite customers only",
        DOCUMENTED,
    ),
)


def cross_checks(kind, where="export", document_type=None, deployment=None, flavour=None, idm_mapping=None, bod_mapping=None, logical_id=None) -> list:
    """What does not fit together in one export: a list of L(Finding). Pure; what is C(None) is not known and not checked.

    kind:          the export's kind, such as C(infor_idm_ion_bod)
    where:         what messages call the export
    document_type: the DocBits code of its document type
    deployment:    C(cloud) or C(on_premises), as the export says
    flavour:       C(cloud) or C(on_premises), as its ION API file says
    idm_mapping:   its IDM mapping as C(judge) gave it; a finding that is in there already is not given again
    bod_mapping:   its BOD mapping, likewise
    logical_id:    the logical id of the connection point, where it is known from elsewhere
    """
    findings = as_findings(list(_check_deployment(KINDS.get(kind), deployment, flavour)), where)
    for mapping, rules in ((idm_mapping, idm), (bod_mapping, bod)):
        if mapping is not None and mapping.document_types:
            found = rules.check_document_type(mapping.mapping, document_type)
            findings += [finding for finding in as_findings(list(found), mapping.where) if finding not in mapping.findings]
    if logical_id and bod_mapping is not None and bod_mapping.logical_id and bod_mapping.logical_id != logical_id:
        message = f"is {shown(bod_mapping.logical_id)}, but the connection point is {shown(logical_id)}"
        action = f"write {bod.LOGICAL_ID}={shown(logical_id)} in the BOD mapping (ION Desk, Connection Points, shows the logical id)"
        found = RULES["MX01"].found(message, bod.LOGICAL_ID, bod_mapping.mapping.line(bod.LOGICAL_ID), action)
        findings += as_findings([found], bod_mapping.where)
    return findings


def _check_deployment(kind, deployment, flavour):
    # A kind that has no place for a deployment or an ION API file never gets here with one (finding E02).
    if kind is None or flavour is None:
        return
    if "deployment" not in kind.parts:
        if flavour == ON_PREMISES:
            yield RULES["MX21"].found(f"is that of an on-premises installation, but the kind {kind.name} is for cloud tenants", "ionapi")
    elif deployment and flavour != deployment:
        yield RULES["MX20"].found(f"is {TITLES[deployment]}, but the ION API file is that of {TITLES[flavour]} Infor", "deployment")
