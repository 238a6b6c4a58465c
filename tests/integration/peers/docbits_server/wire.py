# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire format: operations, form fields, download types and export methods.

Source: the published OpenAPI 2.2.10, and for the "2026" profile the vendor's later documentation with the
guesses that its naming pattern suggests.
"""

from __future__ import annotations

from dataclasses import dataclass

FILE = "file"


@dataclass(frozen=True)
class Field:
    """A form field: its wire name, its neutral name, its type and whether the schema requires it."""

    wire: str
    name: str
    type: object
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """A configure_* operation. `function` gives the operationId, as FastAPI derives it."""

    name: str
    function: str
    fields: tuple[Field, ...]
    kinds: tuple[str, ...]
    since: str = "2.2.10"

    @property
    def path(self) -> str:
        """Return the path of the operation."""
        return f"/configurations/configure_{self.name}_export"


_ION = Field("ion_api", "ionapi", FILE)
_IDM = Field("idm_mapping", "idm_mapping", FILE)
_BOD = Field("bod_mapping", "bod_mapping", FILE)
_PREM = Field("on_permise", "on_premises", bool, True)
_ZUGFERD = Field("zugferd", "zugferd", bool, True)
_SERVER = (
    Field("username", "username", str),
    Field("password", "password", str),
    Field("server_url", "server_url", str),
    Field("port", "port", int),
    Field("folder", "folder", str),
)
COMMON = (Field("title", "title", str), Field("doc_type", "doc_type", str))
COMMON_2026 = (Field("sub_org_id", "sub_org", str), Field("execution_order", "execution_order", int))
MAPPINGS_2026 = (
    Field("m3_mapping", "m3_mapping", FILE),
    Field("m3_toml_mapping", "m3_toml_mapping", FILE),
    Field("ln_mapping", "ln_mapping", FILE),
)

OPERATIONS = (
    Operation("webhook", "webhook_configurations", (Field("export_url", "url", str, True),), ("webhook",)),
    Operation("idm", "idm_export_configurations", (_PREM, _ION, _IDM, _ZUGFERD), ("infor_idm",)),
    Operation("bod", "bod_export_configurations", (_PREM, _ION, _BOD, _ZUGFERD), ("infor_ion_bod",)),
    Operation("ion", "ion_export_configurations", (_PREM, _ION, _IDM, _BOD, _ZUGFERD), ("infor_idm_ion_bod",)),
    Operation(
        "infor",
        "infor_export_configurations",
        (_PREM, _ION, _IDM, _BOD, _ZUGFERD),
        ("infor_idm_m3", "infor_idm_m3_toml", "infor_idm_ln"),
    ),
    Operation(
        "infor_sftp",
        "infor_sftp_export_configurations",
        (_IDM, _BOD, Field("folder", "folder", str)),
        ("infor_sftp",),
        "2026",
    ),
    Operation("sftp", "sftp_export_configurations", (*_SERVER, Field("xslt", "xslt", FILE)), ("sftp",), since="2026"),
    Operation(
        "smb",
        "smb_export_configurations",
        (*_SERVER, Field("jpl_mapping", "jpl_mapping", FILE)),
        ("smb",),
        since="2026",
    ),
)

RENAMED = {
    "sub_org_id": "suborganisation",
    "m3_mapping": "m3_api_file",
    "ln_mapping": "ln_file",
    "folder": "target_path",
}

DOWNLOADS = {
    "ION_API": "ionapi",
    "IDM_MAPPING": "idm_mapping",
    "BOD_MAPPING": "bod_mapping",
    "FLOW_MAPPING": "flow_mapping",
}
DOWNLOADS_2026 = {
    **DOWNLOADS,
    "M3_MAPPING": "m3_mapping",
    "M3_TOML_MAPPING": "m3_toml_mapping",
    "LN_MAPPING": "ln_mapping",
    "XSLT": "xslt",
    "JPL_MAPPING": "jpl_mapping",
}

_GUESSED = {
    "infor_idm": "infor-idm",
    "infor_ion_bod": "infor-bod",
    "infor_idm_ion_bod": "infor-ion",
    "infor_idm_m3": "infor-m3",
    "infor_idm_m3_toml": "infor-m3-toml",
    "infor_idm_ln": "infor-ln",
}
_DISPLAY = {
    "infor_idm": "Infor IDM",
    "infor_ion_bod": "Infor ION BOD",
    "infor_idm_ion_bod": "Infor IDM + ION BOD",
    "infor_idm_m3": "Infor IDM + M3",
    "infor_idm_m3_toml": "Infor IDM + M3 (TOML)",
    "infor_idm_ln": "Infor IDM + LN",
    "infor_sftp": "Infor Export to SFTP",
    "sftp": "SFTP",
    "smb": "SMB",
    "webhook": "Webhook",
}
KINDS = tuple(_DISPLAY)


def fields_of(operation: Operation, profile: str, wire_names: str) -> tuple[Field, ...]:
    """Return the form fields of an operation in a profile, without config_id."""
    result = COMMON + operation.fields
    if profile == "2026":
        result += COMMON_2026 + (MAPPINGS_2026 if operation.name == "infor" else ())
    if wire_names == "renamed":
        result = tuple(Field(RENAMED.get(f.wire, f.wire), f.name, f.type, f.required) for f in result)
    return result


def method_word(kind: str, on_premises: bool, words: str) -> str | None:
    """Return the export_method of a row, or None where the row has none."""
    if words == "missing":
        return None
    if words == "display":
        return _DISPLAY.get(kind, kind)
    if words == "opaque":
        return f"type-{KINDS.index(kind) + 11 if kind in KINDS else 99}"
    word = _GUESSED.get(kind, kind)
    if kind in _GUESSED:
        word += "-onpremise" if on_premises else "-cloud"
    return word.replace("-", "_").upper() if words == "upper" else word


def kind_of(operation: Operation, files: dict[str, bytes]) -> str:
    """Return the kind that a create makes: the infor operation decides by the mapping that is sent."""
    if operation.name != "infor":
        return operation.kinds[0]
    for name, kind in (
        ("m3_toml_mapping", "infor_idm_m3_toml"),
        ("m3_mapping", "infor_idm_m3"),
        ("ln_mapping", "infor_idm_ln"),
    ):
        if name in files:
            return kind
    return "infor_idm_ion_bod"
