# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contracts that this collection ships: 2.2.10 as published, and what is known or assumed of today's. Private to the collection."""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._docbits.schema import BOOLEAN, FILE, INTEGER, MULTIPART, TEXT, URLENCODED, ApiSchema, OperationSchema

_CONFIGURE = "/configurations/configure_{0}_export"

_INFOR_2_2_10 = {"config_id": INTEGER, "title": TEXT, "doc_type": TEXT, "on_permise": BOOLEAN, "ion_api": FILE, "zugferd": BOOLEAN}
_INFOR_REQUIRED = frozenset(("on_permise", "zugferd"))
_IDM_BOD = {"idm_mapping": FILE, "bod_mapping": FILE}

_FLOW2_REQUIRED = frozenset(("flow2_url", "doc_type", "doc_type_id", "cabinet_id", "username", "password"))


def _further(common) -> dict:
    """The operations of flow2, zugferd and peppol. common: the fields that all kinds have"""
    flow2 = {"flow2_url": TEXT, "doc_type_id": TEXT, "cabinet_id": INTEGER, "username": TEXT, "password": TEXT, "flow2_mapping": FILE}
    access = {**common, "fileaccess": TEXT, "email": TEXT}
    return {
        ("POST", _CONFIGURE.format("flow2")): OperationSchema(MULTIPART, {**common, **flow2}, _FLOW2_REQUIRED),
        ("POST", _CONFIGURE.format("zugferd")): OperationSchema(URLENCODED, {**access, "format": TEXT}, frozenset(("doc_type", "fileaccess", "format"))),
        ("POST", _CONFIGURE.format("peppol")): OperationSchema(URLENCODED, access, frozenset(("doc_type", "fileaccess"))),
    }


_READS_2_2_10 = {
    ("POST", "/configurations/get_configurations"): OperationSchema(None, {}),
    ("POST", "/configurations/validate_export_configuration"): OperationSchema(URLENCODED, {"doc_type": TEXT}),
    ("GET", "/document_type/get_document_types"): OperationSchema(None, {}),
    ("GET", "/sub_organisations/get_sub_organisations"): OperationSchema(None, {}),
}


def _download(*types) -> dict:
    return {("GET", "/configurations/download/{id}"): OperationSchema(None, {"type": TEXT}, frozenset(("type",)), {"type": types}, frozenset(("type",)))}


def _switches(id_type) -> dict:
    return {
        ("POST", "/configurations/remove_configuration"): OperationSchema(URLENCODED, {"id": id_type}, frozenset(("id",))),
        ("POST", "/configurations/update_configuration_visibility"): OperationSchema(URLENCODED, {"id": id_type, "is_active": TEXT}),
    }


# Exactly the operations that this collection uses, as the vendor published them in November 2022.
PUBLISHED_2_2_10 = ApiSchema(
    "2.2.10",
    {
        **_READS_2_2_10,
        **_download("ION_API", "IDM_MAPPING", "BOD_MAPPING", "FLOW_MAPPING"),
        **_switches(INTEGER),
        **_further({"config_id": INTEGER, "title": TEXT, "doc_type": TEXT}),
        ("POST", _CONFIGURE.format("webhook")): OperationSchema(
            URLENCODED, {"config_id": INTEGER, "title": TEXT, "doc_type": TEXT, "export_url": TEXT}, frozenset(("export_url",))
        ),
        ("POST", _CONFIGURE.format("idm")): OperationSchema(MULTIPART, {**_INFOR_2_2_10, "idm_mapping": FILE}, _INFOR_REQUIRED),
        ("POST", _CONFIGURE.format("bod")): OperationSchema(MULTIPART, {**_INFOR_2_2_10, "bod_mapping": FILE}, _INFOR_REQUIRED),
        ("POST", _CONFIGURE.format("ion")): OperationSchema(MULTIPART, {**_INFOR_2_2_10, **_IDM_BOD}, _INFOR_REQUIRED),
        ("POST", _CONFIGURE.format("infor")): OperationSchema(MULTIPART, {**_INFOR_2_2_10, **_IDM_BOD}, _INFOR_REQUIRED),
    },
)

_COMMON_CURRENT = {"config_id": TEXT, "title": TEXT, "doc_type": TEXT, "sub_org_id": TEXT, "execution_order": INTEGER}
_INFOR_CURRENT = {**_COMMON_CURRENT, "on_permise": BOOLEAN, "ion_api": FILE, "zugferd": BOOLEAN}
_SERVER_CURRENT = {**_COMMON_CURRENT, "server_url": TEXT, "port": INTEGER, "username": TEXT, "password": TEXT, "folder": TEXT}

# Assumed: the paths are documented since 2024, most field names are not; the live openapi.json decides, this is only the fallback.
CURRENT = ApiSchema(
    "current",
    {
        **_READS_2_2_10,
        **_download("ION_API", "IDM_MAPPING", "BOD_MAPPING", "FLOW_MAPPING", "M3_MAPPING", "M3_TOML_MAPPING", "LN_MAPPING", "XSLT", "JPL_MAPPING"),
        **_switches(TEXT),
        **_further(_COMMON_CURRENT),
        ("POST", "/configurations/test_infor_connection"): OperationSchema(URLENCODED, {"config_id": TEXT}),
        ("POST", _CONFIGURE.format("webhook")): OperationSchema(URLENCODED, {**_COMMON_CURRENT, "export_url": TEXT}, frozenset(("export_url",))),
        ("POST", _CONFIGURE.format("idm")): OperationSchema(MULTIPART, {**_INFOR_CURRENT, "idm_mapping": FILE}, _INFOR_REQUIRED),
        ("POST", _CONFIGURE.format("bod")): OperationSchema(MULTIPART, {**_INFOR_CURRENT, "bod_mapping": FILE}, _INFOR_REQUIRED),
        ("POST", _CONFIGURE.format("ion")): OperationSchema(MULTIPART, {**_INFOR_CURRENT, **_IDM_BOD}, _INFOR_REQUIRED),
        ("POST", _CONFIGURE.format("infor")): OperationSchema(
            MULTIPART, {**_INFOR_CURRENT, **_IDM_BOD, "m3_mapping": FILE, "m3_toml_mapping": FILE, "ln_mapping": FILE}, _INFOR_REQUIRED
        ),
        ("POST", _CONFIGURE.format("infor_sftp")): OperationSchema(MULTIPART, {**_COMMON_CURRENT, **_IDM_BOD, "folder": TEXT}),
        ("POST", _CONFIGURE.format("sftp")): OperationSchema(
            MULTIPART, {**_SERVER_CURRENT, "xslt": FILE, "filename_export_mode": TEXT, "include_document_history": BOOLEAN}
        ),
        ("POST", _CONFIGURE.format("smb")): OperationSchema(MULTIPART, {**_SERVER_CURRENT, "jpl_mapping": FILE}),
    },
)

BUNDLED = {"2.2.10": PUBLISHED_2_2_10, "current": CURRENT}
