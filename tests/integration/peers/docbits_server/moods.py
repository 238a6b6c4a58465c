# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches for every behaviour of DocBits that its published contract leaves open."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

ANSWERS = (
    "id",  # {"success": true, "data": {"id": ...}}, what the vendor's client read in 2022
    "record",  # {"success": true, "data": {the whole row}}
    "bare_record",  # the row without an envelope
    "bare_id",  # the id alone, as JSON
    "id_null",  # {"id": null}
    "whole_list",  # {"success": true, "data": [every row]}
    "task_id",  # the id of a background task, not of the export
    "message",  # {"success": true, "message": "EXPORT_INTEGRATIONS_SAVED"}
    "empty",  # status 200 without a body
    "204",  # status 204
    "text",  # status 200, text/plain, "OK"
    "html",  # status 200, an HTML page
    "refused_200",  # saved, then status 200 with success false
    "refused_400",  # saved, then status 400 with success false
    "error_500",  # saved, then status 500
)

CHOICES: dict[str, tuple] = {
    "profile": ("2026", "2.2.10"),
    "prefix": ("", "/sandbox-api"),
    "openapi": ("open", "key", "hidden"),
    "wire_names": ("guessed", "renamed", "renamed_id"),
    "download": (
        "bytes",
        "envelope",  # {"success": true, "data": "<text>"}
        "envelope_object",  # {"success": true, "data": {"file_name": ..., "content": "<text>"}}
        "parsed",  # a JSON file inside the envelope as an object instead of text
        "json_string",
        "base64",
        "base64_envelope",
        "url",  # {"success": true, "data": "https://.../files/<token>"}
        "masked",  # every secret or mapped value is ********
        "partly_masked",  # the same values as abcd****
        "whole_mask",  # the file is the text ********
        "keys_left_out",  # the secret keys of the ION API file are left out
        "403",
        "404",
        "500",
        "empty",
        "success_false",
        "html",  # status 200, a sign-in page
        "bom",
        "crlf",
        "trimmed",  # trailing blanks of each line removed
        "java_properties",  # comments gone, keys sorted, ":" and "=" of values escaped
        "previous",  # the version before the last update
    ),
    "download_scope": ("all", "ionapi", "mappings"),
    "sub_org_rows": ("listed", "left_out"),
    "other_lists": ("published", "swapped"),
    "list_shape": (
        "data",
        "bare",
        "configurations",
        "items",
        "data_items",  # {"data": {"items": [...]}}
        "pages_total",  # first page only, with total, page and page_size; honours ?page=
        "pages_next",  # first page only, with a next link; honours ?page=
        "pages_silent",  # first page only, without a hint
    ),
    "empty_list": ("list", "data_null", "no_data", "empty_body", "204", "404", "success_false"),
    "nulls": ("present", "left_out"),
    "alias": ("none", "active", "sub_org", "doc_type", "title"),
    "deleted_rows": ("gone", "flagged"),
    "inactive_rows": ("listed", "left_out"),
    "order": ("oldest", "newest", "random"),
    "lag_mode": ("steady", "alternating"),
    "id_type": ("int", "string", "uuid"),
    "bool_words": ("bool", "lower", "title", "int", "yn"),
    "method_words": ("guessed", "upper", "display", "opaque", "missing"),
    "doc_type_words": ("key", "title", "lower", "id", "object", "missing"),
    "sub_org_words": ("id", "name", "list", "missing"),
    "row_detail": ("full", "thin"),
    "row_password": ("left_out", "masked", "clear"),
    "titles": ("kept", "trimmed", "collapsed", "lower"),
    "create_answer": ANSWERS,
    "update_answer": ANSWERS,
    "remove_answer": ("message", "empty", "204", "refused_200", "ignored"),
    "visibility": (
        "sets",
        "toggles",  # whatever is_active says
        "ignored",
        "truthy",  # every word that is not empty activates
        "python_words",  # only "True" activates, every other word deactivates
    ),
    "visibility_answer": ("message", "record", "empty", "204", "refused_200"),
    "unknown_config_id": ("refused", "creates"),
    "update_active": ("keeps", "activates", "deactivates"),
    "active_rule": ("many", "one"),
    "conflict": ("refuse", "save_inactive", "replace_active"),
    "business_status": ("200", "400", "409", "500"),
    "validate": ("right", "refuses", "accepts", "500", "hidden"),
    "test_infor": ("right", "refuses", "accepts", "500", "hidden"),
    "concurrent": ("store_both", "last_wins", "refuse"),
    "line_ends": ("kept", "lf", "crlf"),
}


@dataclass(frozen=True)
class Moods:
    """One combination of answers to the open questions; the defaults are the most convenient server.

    Words come from CHOICES. The remaining switches are booleans, numbers, or tuples of row keys.
    """

    profile: str = "2026"
    prefix: str = ""
    openapi: str = "open"
    wire_names: str = "guessed"
    download: str = "bytes"
    download_scope: str = "all"
    sub_org_rows: str = "listed"
    other_lists: str = "published"
    list_shape: str = "data"
    page_size: int = 2
    empty_list: str = "list"
    nulls: str = "present"
    alias: str = "none"
    deleted_rows: str = "gone"
    inactive_rows: str = "listed"
    masked_keys: tuple = ()
    repeat_rows: bool = False
    order: str = "oldest"
    lag: float = 0.0
    lag_mode: str = "steady"
    lag_downloads: bool = False
    id_type: str = "uuid"
    bool_words: str = "bool"
    method_words: str = "guessed"
    doc_type_words: str = "key"
    sub_org_words: str = "id"
    row_detail: str = "full"
    row_password: str = "left_out"
    titles: str = "kept"
    create_answer: str = "id"
    update_answer: str = "id"
    remove_answer: str = "message"
    visibility: str = "sets"
    visibility_answer: str = "message"
    update_keeps_fields: bool = True
    update_keeps_files: bool = True
    unknown_config_id: str = "refused"
    update_active: str = "keeps"
    empty_clears: bool = True
    active_on_create: bool = True
    active_rule: str = "many"
    conflict: str = "refuse"
    inactive_is_blocked: bool = False
    business_status: str = "200"
    unique_titles: bool = False
    files_required: bool = False
    validate: str = "right"
    test_infor: str = "right"
    concurrent: str = "store_both"
    write_seconds: float = 0.0
    rendezvous: int = 0
    line_ends: str = "kept"

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}")

    def but(self, **changes: object) -> Moods:
        """Return a copy with the given switches changed."""
        return replace(self, **changes)

    def unusual(self) -> dict[str, object]:
        """Return the switches that differ from the defaults."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}


PUBLISHED_2_2_10 = {"profile": "2.2.10", "id_type": "int"}
