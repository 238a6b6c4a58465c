# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules MX: the mappings, the ION API file and the deployment of one export together. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.findings import WARNING
from ansible_collections.docbits.ion.plugins.module_utils._core.rules import Rule, excerpt, findings_of
from ansible_collections.docbits.ion.plugins.module_utils._mapping import bod, idm
from ansible_collections.docbits.ion.plugins.module_utils._model.export import CLOUD, KINDS, ON_PREMISES

TITLES = {CLOUD: "cloud", ON_PREMISES: "on-premises"}

MX01 = Rule(
    "MX01",
    "is {current}, but the connection point has {expected}",
    "write SFV_LogicalID={expected} in the BOD mapping (ION Desk > Connection Points shows the logical id)",
    key=bod.LOGICAL_ID,
)
MX20 = Rule(
    "MX20",
    "is {deployment}, but the ION API file is from {flavour} Infor",
    "set the deployment of the export to that of the ION API file, or use the ION API file of this deployment",
    WARNING,
    key="deployment",
)
MX21 = Rule(
    "MX21",
    "is from an on-premises installation, but the kind {kind} is for cloud tenants",
    "use the ION API file of the cloud tenant; DocBits offers this kind to CloudSuite customers only",
    WARNING,
    key="ionapi",
)
RULES = (MX01, MX20, MX21)


def cross_checks(kind, where="export", document_type=None, deployment=None, flavour=None, idm_mapping=None, bod_mapping=None, logical_id=None) -> list:
    """Findings about the parts of one export together. Values that are None are unknown and not checked.

    kind:          the kind of the export, such as "infor_idm_ion_bod"
    where:         the name of the export in findings
    document_type: the DocBits code of its document type
    deployment:    "cloud" or "on_premises", from the export
    flavour:       "cloud" or "on_premises", from its ION API file
    idm_mapping:   its IDM mapping as a `ValidatedMapping`; findings that it already has are not repeated
    bod_mapping:   its BOD mapping, likewise
    logical_id:    the logical id of the connection point
    """
    findings = findings_of(_check_deployment(KINDS.get(kind), deployment, flavour), where)
    for mapping, rules in ((idm_mapping, idm), (bod_mapping, bod)):
        if mapping is not None and mapping.document_types:
            found = findings_of(rules.check_document_type(mapping.content, document_type), mapping.where)
            findings += [finding for finding in found if finding not in mapping.findings]
    current = bod_mapping.logical_id if bod_mapping is not None else ""
    if logical_id and current and current != logical_id:
        violation = MX01.violation(line=bod_mapping.content.line(bod.LOGICAL_ID), current=excerpt(current), expected=excerpt(logical_id))
        findings.append(violation.finding(bod_mapping.where))
    return findings


def _check_deployment(kind, deployment, flavour):
    # An export whose kind does not carry a deployment or an ION API file never gets here with one (finding E02).
    if kind is None or flavour is None:
        return
    if "deployment" not in kind.parts:
        if flavour == ON_PREMISES:
            yield MX21.violation(kind=kind.name)
    elif deployment and flavour != deployment:
        yield MX20.violation(deployment=TITLES[deployment], flavour=TITLES[flavour])
