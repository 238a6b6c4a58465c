# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judged cases. `cases()` returns all of them; each says what a correct client may do.

An export is declared in neutral terms: title, kind, doc_type, sub_org (a name or absent), active (absent: not
declared), state ("present" or "absent"), fields, files. Field names: on_premises, zugferd, url, username, password,
server_url, port, folder, execution_order.
"""

from __future__ import annotations

import time

from . import samples
from .faults import Fault
from .judge import Case, Story, Violation, both, check, clean, do, killed, moods, normal_form, run
from .moods import ANSWERS, CHOICES, PUBLISHED_2_2_10
from .server import Peer

ION_OLD, ION_NEW, ION_OTHER = samples.ionapi(), samples.ionapi(), samples.ionapi("ACME_PRD")
IDM_OLD, IDM_NEW = samples.idm_mapping("100"), samples.idm_mapping("200")

REFUSE_OR_RIGHT = "Either the declaration holds and the client says so, or it fails with a next step; nothing else changes."
NO_DUPLICATE = "Exactly one export with this title exists at the end, whether the client reports success or failure."
NO_WRITE = "The client must refuse before it writes anything."


# exports ------------------------------------------------------------------------------------------------------------------


def idm(title: str = "IDM invoices", **changes: object) -> dict:
    """Return an infor_idm export; `files` and `fields` replace the defaults as a whole."""
    base = {
        "title": title,
        "kind": "infor_idm",
        "doc_type": "INVOICE",
        "active": True,
        "fields": {"on_premises": False, "zugferd": False},
        "files": {"ionapi": ION_OLD, "idm_mapping": IDM_OLD},
    }
    return {**base, **changes}


def webhook(title: str = "Hook", url: str = "https://hook.example.test/a", **changes: object) -> dict:
    """Return a webhook export."""
    base = {"title": title, "kind": "webhook", "doc_type": "CREDIT_NOTE", "active": True, "fields": {"url": url}}
    return {**base, **changes}


def sftp(title: str = "Archive", **changes: object) -> dict:
    """Return an SFTP export."""
    fields = {
        "username": "docbits",
        "password": "Inv3nted-pass-91",
        "server_url": "sftp.example.test",
        "port": 22,
        "folder": "/in",
    }
    base = {"title": title, "kind": "sftp", "doc_type": "DELIVERY_NOTE", "active": True, "fields": fields}
    return {**base, "files": {"xslt": samples.xslt()}, **changes}


def without(export: dict, *names: str) -> dict:
    """Return an export without these keys, fields or files."""
    result = {k: v for k, v in export.items() if k not in names}
    for part in ("fields", "files"):
        if part in result:
            result[part] = {k: v for k, v in result[part].items() if k not in names}
    return result


ALL_KINDS = [
    idm("K idm"),
    idm("K bod", kind="infor_ion_bod", files={"ionapi": ION_OLD, "bod_mapping": samples.bod_mapping()}),
    idm(
        "K idm bod",
        kind="infor_idm_ion_bod",
        files={"ionapi": ION_OLD, "idm_mapping": IDM_OLD, "bod_mapping": samples.bod_mapping()},
    ),
    idm(
        "K m3",
        kind="infor_idm_m3",
        files={"ionapi": ION_OLD, "idm_mapping": IDM_OLD, "m3_mapping": samples.m3_mapping()},
    ),
    idm(
        "K toml",
        kind="infor_idm_m3_toml",
        files={"ionapi": ION_OLD, "idm_mapping": IDM_OLD, "m3_toml_mapping": samples.m3_toml()},
    ),
    idm(
        "K ln",
        kind="infor_idm_ln",
        files={"ionapi": ION_OLD, "idm_mapping": IDM_OLD, "ln_mapping": samples.ln_mapping()},
    ),
    idm(
        "K infor sftp",
        kind="infor_sftp",
        fields={"folder": "/out"},
        files={"idm_mapping": IDM_OLD, "bod_mapping": samples.bod_mapping()},
    ),
    sftp("K sftp"),
    sftp("K smb", kind="smb", files={"jpl_mapping": samples.jpl_mapping()}),
    webhook("K hook"),
]
OTHERS = [
    webhook("Bystander", "https://other.example.test/x", doc_type="PURCHASE_ORDER"),
    idm("Alternate export", doc_type="PURCHASE_ORDER", active=False, files={"ionapi": ION_OTHER, "idm_mapping": IDM_OLD}),
]
NEW = [idm()]
CHANGED = [idm(files={"ionapi": ION_OLD, "idm_mapping": IDM_NEW})]
MAPPING_ONLY = [without(idm(files={"idm_mapping": IDM_NEW}), "on_premises", "zugferd", "active")]
ROTATED = [idm(files={"ionapi": ION_NEW, "idm_mapping": IDM_OLD})]
HERE = [*OTHERS, idm()]


def _case(name: str, allows: str, declared: list, start: list | None = None, **rest: object) -> Case:
    return Case(name, allows, declared, OTHERS if start is None else start, **rest)


# plain work on the most convenient server ---------------------------------------------------------------------------------


def _plain() -> list[Case]:
    good = {"ends": "declared", "quiet": True}
    must = "The declaration must hold after the first run; the second run sends no write."
    wanted_gone = [{**idm(), "state": "absent"}]
    two_places = [idm(sub_org="Berlin"), idm(sub_org="Wien", files={"ionapi": ION_NEW, "idm_mapping": IDM_NEW})]
    return [
        _case(
            "plain_create_every_kind",
            REFUSE_OR_RIGHT,
            ALL_KINDS,
            moods={"row_password": "clear"},
            options={"deadline": 60.0},
            quiet=True,
        ),
        _case("plain_create_2_2_10", must, [*ALL_KINDS[:3], ALL_KINDS[9]], moods=PUBLISHED_2_2_10, **good),
        *(_case(f"plain_create_{e['kind']}", REFUSE_OR_RIGHT, [e], moods={"row_password": "clear"}, quiet=True) for e in ALL_KINDS),
        _case("create_with_unreadable_password", REFUSE_OR_RIGHT, [sftp()]),
        _case("plain_update_mapping", must, CHANGED, HERE, **good),
        _case("plain_update_mapping_2_2_10", must, CHANGED, HERE, moods=PUBLISHED_2_2_10, **good),
        _case("plain_update_only_mapping", must, MAPPING_ONLY, HERE, **good),
        _case("plain_rotate_ionapi", must, ROTATED, HERE, **good),
        _case("plain_no_change", must, NEW, HERE, steps=(run(),), extra=_untouched, ends="declared"),
        _case("plain_deactivate", must, [idm(active=False)], HERE, **good),
        _case("plain_activate", must, [idm(active=True)], [*OTHERS, idm(active=False)], **good),
        _case("plain_active_not_declared", must, [without(idm(), "active")], [*OTHERS, idm(active=False)], **good),
        _case("plain_absent", must, wanted_gone, HERE, **good),
        _case("plain_absent_already", must, wanted_gone, steps=(run(),), ends="declared", extra=_untouched),
        _case("plain_sub_orgs", must, two_places, [*OTHERS, two_places[0]], **good),
        _case(
            "plain_same_title_in_another_sub_org",
            "A new export for Wien appears; the one for Berlin stays as it is.",
            [two_places[1]],
            [*OTHERS, two_places[0], idm()],
            **good,
        ),
        _case(
            "plain_same_title_of_another_kind",
            REFUSE_OR_RIGHT,
            [webhook("IDM invoices", doc_type="INVOICE")],
            HERE,
            quiet=True,
        ),
        _case(
            "plain_execution_order",
            REFUSE_OR_RIGHT,
            [idm(fields={"on_premises": False, "execution_order": 3})],
            HERE,
            quiet=True,
        ),
        _case(
            "plain_on_premises",
            must,
            [idm(fields={"on_premises": True})],
            **good,
        ),
        _case(
            "plain_sftp_folder",
            REFUSE_OR_RIGHT,
            [sftp(fields={"folder": "/new"})],
            [*OTHERS, sftp()],
            moods={"row_password": "clear"},
            quiet=True,
        ),
        _case("plain_check_then_create", must, NEW, steps=(check(), run(), check(), run()), **good),
        _case("plain_check_then_update", must, CHANGED, HERE, steps=(check(), run(), check(), run()), **good),
        _case("plain_check_then_absent", must, wanted_gone, HERE, steps=(check(), run(), check(), run()), **good),
        _case(
            "plain_hand_edit_is_taken_back",
            "The third run restores the declared mapping and keeps everything else.",
            NEW,
            steps=(run(), do(lambda p: p.edit("IDM invoices", files={"idm_mapping": IDM_NEW})), run(), run()),
            **good,
        ),
        _case(
            "plain_hand_edit_of_the_undeclared_is_kept",
            "The folder that a person has set stays.",
            [without(sftp(fields={"username": "docbits2"}), "active")],
            [*OTHERS, sftp()],
            steps=(run(), do(lambda p: p.edit("Archive", fields={"folder": "/mine"}, active=False)), run(), run()),
            moods={"row_password": "clear"},
            quiet=True,
        ),
        _case(
            "plain_hand_deletion",
            "The export is created again.",
            NEW,
            steps=(run(), do(lambda p: p.edit("IDM invoices", deleted=True, active=False)), run(), run()),
            ignore=frozenset({"id"}),
            **good,
        ),
        _case("plain_prefix", REFUSE_OR_RIGHT, CHANGED, HERE, moods={"prefix": "/sandbox-api"}, quiet=True),
        _case(
            "plain_two_of_it_exist",
            "The client must refuse: it cannot know which of the two exports is meant.",
            CHANGED,
            [*HERE, idm(files={"ionapi": ION_NEW, "idm_mapping": IDM_OLD})],
            ends="refused",
        ),
        _case("plain_unknown_doc_type", NO_WRITE, [idm(doc_type="NO_SUCH_TYPE")], ends="refused"),
        _case("plain_unknown_sub_org", NO_WRITE, [idm(sub_org="Atlantis")], ends="refused"),
        _case(
            "plain_one_of_two_declared_is_impossible",
            "The client fails; the possible export exists once or not at all.",
            [idm(), webhook(doc_type="NO_SUCH_TYPE")],
        ),
    ]


def _untouched(story: Story) -> list[Violation]:
    writes = [c for c in story.journal if c["write"]]
    return [Violation("converging", f"nothing was to be done, but {len(writes)} writes were sent")] if writes else []


# reading ---------------------------------------------------------------------------------------------------------------------


def _reading() -> list[Case]:
    cases = []
    for word in CHOICES["empty_list"]:
        cases.append(_case(f"empty_organisation_{word}", REFUSE_OR_RIGHT, NEW, [], moods={"empty_list": word}, quiet=True))
    many = [webhook(f"Hook {n}", f"https://hook.example.test/{n}") for n in range(4)]
    for word in CHOICES["list_shape"]:
        hard = word == "pages_silent"
        cases.append(
            _case(
                f"list_{word}_update_on_last_page",
                "The export is updated in place, or the client fails; it is never created a second time.",
                CHANGED,
                [*many, idm()],
                moods={"list_shape": word},
                hard=hard,
                tolerate=frozenset({"duplicate"} if hard else ()),
                quiet=not hard,
            )
        )
    cases.append(
        _case(
            "list_pages_silent_newest_first",
            "A page of two rows hides the existing export. A new one pushes a known row off the page, which shows it.",
            NEW,
            [idm(), *many],
            moods={"list_shape": "pages_silent", "order": "newest"},
            hard=True,
            tolerate=frozenset({"duplicate"}),
        )
    )
    singles: dict[str, tuple] = {
        "nulls": ("left_out",),
        "alias": ("active", "sub_org", "doc_type", "title"),
        "order": ("newest", "random"),
        "id_type": ("int", "string", "uuid"),
        "bool_words": CHOICES["bool_words"][1:],
        "method_words": CHOICES["method_words"][1:],
        "doc_type_words": CHOICES["doc_type_words"][1:],
        "sub_org_words": ("name", "missing"),
        "row_detail": ("thin",),
        "other_lists": ("swapped",),
        "row_password": ("masked", "clear"),
    }
    places = [idm(files={"ionapi": ION_OLD, "idm_mapping": IDM_NEW}, sub_org="Berlin", active=False), sftp()]
    existing = [*OTHERS, idm(sub_org="Berlin"), idm(sub_org="Wien"), sftp(fields={**sftp()["fields"], "folder": "/x"})]
    for name, words in singles.items():
        for word in words:
            cases.append(_case(f"rows_{name}_{word}", REFUSE_OR_RIGHT, places, existing, moods={name: word}))
    ragged = idm(" IDM  invoices ")
    for word in CHOICES["titles"][1:]:
        cases.append(_case(f"rows_titles_{word}", NO_DUPLICATE, [{**CHANGED[0], "title": ragged["title"]}], moods={"titles": word}))
    cases += [
        _case(
            "rows_deleted_twin",
            "The deleted export is not used; a new one exists once.",
            NEW,
            [*OTHERS, webhook("Old")],
            moods={"deleted_rows": "flagged"},
            steps=(
                run([*NEW, {**webhook("Old"), "state": "absent"}]),
                run([{**NEW[0], "state": "absent"}]),
                run(),
                run(),
            ),
            ignore=frozenset({"id"}),
        ),
        _case(
            "rows_of_sub_orgs_left_out",
            "The export exists and is not listed. A create answers with an id, so it can be taken back.",
            [idm(sub_org="Berlin")],
            [*OTHERS, idm(sub_org="Berlin")],
            moods={"sub_org_rows": "left_out"},
            hard=True,
        ),
        _case(
            "rows_of_sub_orgs_left_out_without_id",
            "Nothing shows the created export: the client must not report success, and says what to look at.",
            [idm(sub_org="Berlin")],
            moods={"sub_org_rows": "left_out", "create_answer": "message"},
            tolerate=frozenset({"duplicate"}),
        ),
        _case(
            "rows_new_inactive_one_is_not_listed",
            "The created export is not listed until it is active: the client uses its id, takes it back, or fails.",
            NEW,
            moods={"inactive_rows": "left_out", "active_on_create": False},
            tolerate=frozenset({"duplicate"}),
        ),
        _case("rows_repeated", REFUSE_OR_RIGHT, CHANGED, HERE, moods={"repeat_rows": True}, quiet=True),
        _case(
            "rows_of_foreign_kinds",
            "Exports of kinds that the client does not know, or without title and type, stay as they are.",
            CHANGED,
            [
                {"kind": "watcher", "title": "IDM invoices", "doc_type": "INVOICE", "active": False},
                {"kind": "vertex", "title": None, "doc_type": None},
                *HERE,
            ],
            quiet=True,
        ),
        _case(
            "rows_foreign_kind_of_the_same_title",
            REFUSE_OR_RIGHT,
            NEW,
            [{"kind": "watcher", "title": "IDM invoices", "doc_type": "INVOICE", "active": False}],
            quiet=True,
        ),
        _case(
            "rows_inactive_left_out",
            "The inactive export exists but is not listed: it is not created a second time, or the client fails.",
            [idm(active=False)],
            [*OTHERS, idm(active=False)],
            moods={"inactive_rows": "left_out", "active_on_create": False},
            tolerate=frozenset({"duplicate"}),
            hard=True,
        ),
        _case(
            "rows_inactive_left_out_deactivate",
            REFUSE_OR_RIGHT,
            [idm(active=False)],
            HERE,
            moods={"inactive_rows": "left_out"},
            tolerate=frozenset({"duplicate"}),
        ),
        _case(
            "rows_masked_url_not_declared",
            "A change of the document's other parts must not store the masked URL.",
            [without(webhook(), "url", "active") | {"active": False, "fields": {"execution_order": 2}}],
            [*OTHERS, webhook()],
            moods={"masked_keys": ("export_url",), "update_keeps_fields": False},
            tolerate=frozenset({"loss"}),
        ),
        _case(
            "rows_masked_user_dropped_fields",
            "What is masked cannot be sent along: the client refuses, or notices the loss and fails.",
            [sftp(fields={"folder": "/new"}, files={})],
            [*OTHERS, sftp()],
            moods={"masked_keys": ("username", "server_url"), "update_keeps_fields": False},
            tolerate=frozenset({"loss"}),
        ),
        _case(
            "rows_masked_url_declared",
            "The URL cannot be compared: it may be written again or called unknown; the export stays one.",
            [webhook(url="https://hook.example.test/b")],
            [*OTHERS, webhook()],
            moods={"masked_keys": ("export_url",)},
        ),
    ]
    return cases


def _downloads() -> list[Case]:
    cases = []
    readable = ("envelope", "json_string", "bom", "crlf")
    for word in CHOICES["download"][1:]:
        cases += [
            _case(
                f"download_{word}_update_mapping",
                "The mapping becomes the declared one or the client fails; the ION API file stays what it is.",
                MAPPING_ONLY,
                HERE,
                moods={"download": word},
                steps=(run(),),
            ),
            _case(
                f"download_{word}_update_drops_files",
                "The server drops files that are not sent: the client sends what it can read, or fails. It never stores a masked or wrapped file.",
                MAPPING_ONLY,
                HERE,
                moods={"download": word, "update_keeps_files": False},
                steps=(run(),),
                tolerate=frozenset({"loss"}),
                hard=word in ("trimmed", "java_properties"),
            ),
            _case(
                f"download_{word}_rotate",
                "The new ION API file is stored, or the client fails or names the file as unknown.",
                ROTATED,
                HERE,
                moods={"download": word},
                quiet=word in readable,
            ),
        ]
    cases += [
        _case(
            "download_partly_masked_ionapi_only",
            "The ION API file has no readable secret; it is not replaced by its mask when it is not declared.",
            MAPPING_ONLY,
            HERE,
            moods={"download": "partly_masked", "download_scope": "ionapi", "update_keeps_files": False},
            tolerate=frozenset({"loss"}),
            steps=(run(),),
        ),
        _case(
            "download_masked_and_same",
            "The declared file may be sent again or called unknown. The organisation stays right.",
            NEW,
            HERE,
            moods={"download": "masked"},
        ),
        _case(
            "download_lags_behind",
            "The old mapping is read for two seconds after the update: the client waits, fails or is right.",
            CHANGED,
            HERE,
            moods={"lag": 2.0, "lag_downloads": True},
        ),
    ]
    return cases


def _late() -> list[Case]:
    cases = []
    for name, switches in {
        "lag": {"lag": 1.5},
        "lag_alternating": {"lag": 3.0, "lag_mode": "alternating"},
        "lag_long": {"lag": 12.0},
    }.items():
        for what, declared, start in (
            ("create", NEW, OTHERS),
            ("update", [idm(active=False)], HERE),
            ("absent", [{**idm(), "state": "absent"}], HERE),
        ):
            cases.append(
                _case(
                    f"{name}_{what}",
                    "The client waits within its deadline, or fails; two runs in a row never make a duplicate.",
                    declared,
                    start,
                    moods=switches,
                    steps=(run(), run(), clean(lag=0.0), run()),
                    ends="declared",
                    limit=45.0,
                )
            )
    cases.append(
        _case(
            "lag_after_a_kill",
            "The killed run has created the export, which is not visible yet: success is reported for exactly one only.",
            NEW,
            moods={"lag": 2.0},
            steps=(killed(1), run(), clean(lag=0.0), run()),
            tolerate=frozenset({"duplicate"}),
        )
    )
    cases.append(
        _case(
            "lag_hides_what_a_person_has_just_created",
            "The export of the person is not visible yet. If the client creates its own, it must not report success.",
            NEW,
            moods={"lag": 3.0},
            steps=(do(lambda p: p.store.add(idm())), run()),
            tolerate=frozenset({"duplicate"}),
        )
    )
    return cases


# writing ----------------------------------------------------------------------------------------------------------------------


def _answers() -> list[Case]:
    cases = []
    for word in ANSWERS[1:]:
        cases.append(
            _case(
                f"create_answers_{word}",
                NO_DUPLICATE + " A rollback may also leave none.",
                NEW,
                moods={"create_answer": word},
                steps=(run(), run(), clean(create_answer="id"), run(), run()),
                ends="declared",
                quiet=True,
            )
        )
        cases.append(
            _case(
                f"update_answers_{word}",
                REFUSE_OR_RIGHT,
                CHANGED,
                HERE,
                moods={"update_answer": word},
                steps=(run(), clean(update_answer="id"), run(), run()),
                ends="declared",
                quiet=True,
            )
        )
    for name, words in {
        "remove_answer": CHOICES["remove_answer"][1:],
        "visibility_answer": CHOICES["visibility_answer"][1:],
        "visibility": CHOICES["visibility"][1:],
    }.items():
        for word in words:
            declared = [{**idm(), "state": "absent"}] if name == "remove_answer" else [idm(active=False)]
            cases.append(_case(f"{name}_{word}", REFUSE_OR_RIGHT, declared, HERE, moods={name: word}))
            if name == "visibility":
                off = [*OTHERS, idm(active=False)]
                cases.append(_case(f"{name}_{word}_activate", REFUSE_OR_RIGHT, NEW, off, moods={name: word}))
                switches = {name: word, "active_on_create": False}
                cases.append(_case(f"{name}_{word}_create", REFUSE_OR_RIGHT, NEW, moods=switches))
    return cases


def _semantics() -> list[Case]:
    rival = idm("Rival")
    one = {"active_rule": "one"}
    swap = [idm("Rival", active=False), idm(active=True)]
    loss = {"tolerate": frozenset({"loss"})}
    cases = [
        _case("update_drops_files", REFUSE_OR_RIGHT, MAPPING_ONLY, HERE, moods={"update_keeps_files": False}),
        _case(
            "update_drops_fields",
            REFUSE_OR_RIGHT,
            [sftp(fields={"folder": "/new"}, files={})],
            [*OTHERS, sftp()],
            moods={"update_keeps_fields": False, "row_password": "clear"},
        ),
        _case(
            "update_drops_hidden_password",
            "The password cannot be read: the client refuses, or notices what it can and fails; or it says unknown.",
            [sftp(fields={"folder": "/new"}, files={})],
            [*OTHERS, sftp()],
            moods={"update_keeps_fields": False},
            hard=True,
            **loss,
        ),
        _case(
            "update_drops_sub_org",
            REFUSE_OR_RIGHT,
            [idm(sub_org="Berlin", files={"ionapi": ION_OLD, "idm_mapping": IDM_NEW})],
            [*OTHERS, idm(sub_org="Berlin")],
            moods={"update_keeps_fields": False},
        ),
        _case(
            "rotate_password",
            "The password is not shown: it is written, or the client calls it unknown. One export, other fields kept.",
            [sftp(fields={"password": "N3w-invented-pass"}, files={})],
            [*OTHERS, sftp()],
        ),
        _case("create_is_inactive", REFUSE_OR_RIGHT, NEW, moods={"active_on_create": False}, quiet=True),
        _case("create_is_active_but_declared_inactive", REFUSE_OR_RIGHT, [idm(active=False)], quiet=True),
        _case(
            "update_activates",
            REFUSE_OR_RIGHT,
            [idm(active=False, files={"ionapi": ION_OLD, "idm_mapping": IDM_NEW})],
            [*OTHERS, idm(active=False)],
            moods={"update_active": "activates"},
        ),
        _case(
            "update_activates_undeclared",
            REFUSE_OR_RIGHT,
            MAPPING_ONLY,
            [*OTHERS, idm(active=False)],
            moods={"update_active": "activates"},
            **loss,
        ),
        _case("update_deactivates", REFUSE_OR_RIGHT, CHANGED, HERE, moods={"update_active": "deactivates"}),
        _case(
            "update_deactivates_undeclared",
            REFUSE_OR_RIGHT,
            MAPPING_ONLY,
            HERE,
            moods={"update_active": "deactivates"},
            **loss,
        ),
        _case("rule_one_refuses", REFUSE_OR_RIGHT, NEW, [*OTHERS, rival], moods=one),
        _case(
            "rule_one_refuses_activation",
            "The new export is stored inactive and cannot become active: the client fails and says what is left.",
            NEW,
            [*OTHERS, rival],
            moods={**one, "active_on_create": False},
        ),
        _case(
            "rule_one_saves_inactive",
            REFUSE_OR_RIGHT,
            NEW,
            [*OTHERS, rival],
            moods={**one, "conflict": "save_inactive"},
        ),
        _case(
            "rule_one_replaces_the_active_one",
            "The server deactivates an export that nobody declared: the client must not report success on that; it restores it or fails.",
            NEW,
            [*OTHERS, rival],
            moods={**one, "conflict": "replace_active"},
            ignore=frozenset({"others"}),
            extra=_rival_lost,
        ),
        _case(
            "rule_one_blocks_an_inactive_one",
            REFUSE_OR_RIGHT,
            [idm(active=False)],
            [*OTHERS, rival],
            moods={**one, "inactive_is_blocked": True, "active_on_create": False},
        ),
        _case(
            "rule_one_inactive_beside_active",
            REFUSE_OR_RIGHT,
            [idm(active=False)],
            [*OTHERS, rival],
            moods={**one, "active_on_create": False},
            quiet=True,
        ),
        _case("rule_one_swap", REFUSE_OR_RIGHT, swap, [*OTHERS, rival, idm(active=False)], moods=one, quiet=True),
        *(
            _case(
                f"rollback_download_{word}",
                "The update is stored, the activation is refused. Unreadable files cannot be restored: no mask is stored, "
                "and the report does not claim a complete rollback.",
                [idm(files={"ionapi": ION_NEW, "idm_mapping": IDM_NEW})],
                [*OTHERS, rival, idm(active=False)],
                moods={**one, "download": word},
                extra=_no_blend,
            )
            for word in ("bytes", "envelope", "masked", "partly_masked", "keys_left_out", "403", "java_properties")
        ),
        _case(
            "rollback_is_lost",
            "The write of a rollback is lost too: the report does not claim a complete rollback.",
            [idm(files={"ionapi": ION_NEW, "idm_mapping": IDM_NEW})],
            [*OTHERS, rival, idm(active=False)],
            moods=one,
            faults=(Fault("lost_before", on="update", nth=2, times=0),),
            steps=(run(), clean(active_rule="many"), run(), run()),
            ends="declared",
            quiet=True,
        ),
        _case(
            "rollback_of_a_create_is_lost",
            "The removal of a created export is lost: the report says what is left, and a later run converges.",
            NEW,
            [*OTHERS, rival],
            moods={**one, "active_on_create": False},
            faults=(Fault("lost_before", on="remove", times=0),),
            steps=(run(), clean(active_rule="many"), run(), run()),
            ends="declared",
            quiet=True,
        ),
        _case(
            "removal_beside_an_impossible_create",
            "The removal may have been done or not; an export that was removed does not come back under another id.",
            [{**idm(), "state": "absent"}, webhook(doc_type="INVOICE", url="https://h.example.test")],
            [*HERE, webhook("Rival hook", doc_type="INVOICE")],
            moods=one,
        ),
        _case("unique_titles", REFUSE_OR_RIGHT, CHANGED, HERE, moods={"unique_titles": True}, quiet=True),
        _case("line_ends_lf", REFUSE_OR_RIGHT, CHANGED, HERE, moods={"line_ends": "lf"}, quiet=True),
        _case("line_ends_crlf", REFUSE_OR_RIGHT, CHANGED, HERE, moods={"line_ends": "crlf"}, quiet=True),
        _case(
            "refusal_echoes_the_request",
            "The client fails; its report does not contain the secrets that the server has repeated.",
            [idm(), sftp()],
            faults=(Fault("echo", on="create", times=0),),
        ),
    ]
    for name in ("validate", "test_infor"):
        for word in CHOICES[name][1:]:
            cases.append(_case(f"{name}_{word}", REFUSE_OR_RIGHT, CHANGED, HERE, moods={name: word}))
            cases.append(_case(f"{name}_{word}_create", REFUSE_OR_RIGHT, NEW, moods={name: word}))
    for word in CHOICES["business_status"][1:]:
        cases.append(_case(f"refusal_status_{word}", REFUSE_OR_RIGHT, NEW, [*OTHERS, rival], moods={**one, "business_status": word}))
    return cases


def _rival_lost(story: Story) -> list[Violation]:
    rival = next((e for e in story.end if e["title"] == "Rival"), None)
    if story.records[0].ok and not (rival and rival["active"]):
        return [Violation("kept", "ok, although an undeclared export has become inactive in this run")]
    return []


def _no_blend(story: Story) -> list[Violation]:
    """The stored files are the old ones, the new ones, or one of each; never something else."""
    export = next((e for e in story.end if e["title"] == "IDM invoices"), None)
    allowed = {"ionapi": (ION_OLD, ION_NEW), "idm_mapping": (IDM_OLD, IDM_NEW)}
    wrong = [name for name, texts in allowed.items() if export and normal_form(name, export["files"].get(name)) not in [normal_form(name, t) for t in texts]]
    return [Violation("kept", f"a stored file is neither the old nor the new one: {', '.join(wrong)}")] if wrong else []


def _schema() -> list[Case]:
    old = PUBLISHED_2_2_10
    place = [idm(sub_org="Berlin")]
    guess = "The server ignores form fields that it does not know: the client refuses, or notices and takes it back."
    return [
        _case("openapi_behind_the_key", REFUSE_OR_RIGHT, NEW, moods={"openapi": "key"}, quiet=True),
        _case("openapi_hidden", REFUSE_OR_RIGHT, NEW, moods={"openapi": "hidden"}, quiet=True),
        _case("openapi_renamed_sub_org", guess, place, moods={"wire_names": "renamed"}),
        _case("openapi_renamed_m3", guess, [ALL_KINDS[3]], moods={"wire_names": "renamed"}),
        _case("openapi_renamed_folder", guess, [sftp()], moods={"wire_names": "renamed"}),
        _case(
            "openapi_renamed_folder_update",
            guess,
            [sftp(fields={"folder": "/new"}, files={})],
            [*OTHERS, sftp()],
            moods={"wire_names": "renamed"},
        ),
        _case("openapi_hidden_and_renamed_sub_org", guess, place, moods={"wire_names": "renamed", "openapi": "hidden"}),
        _case("openapi_hidden_and_renamed_m3", guess, [ALL_KINDS[3]], moods={"wire_names": "renamed", "openapi": "hidden"}),
        _case(
            "openapi_renamed_config_id",
            "An update without the right name of the id would create a second export: the client must refuse.",
            CHANGED,
            HERE,
            moods={"wire_names": "renamed_id"},
        ),
        _case(
            "openapi_hidden_and_renamed_config_id",
            "An update creates a second export: the client refuses, takes it back, or says so and fails.",
            CHANGED,
            HERE,
            moods={"wire_names": "renamed_id", "openapi": "hidden"},
            tolerate=frozenset({"duplicate"}),
        ),
        _case("openapi_2_2_10_sub_org", guess, place, moods=old),
        _case("openapi_2_2_10_hidden_sub_org", guess, place, moods={**old, "openapi": "hidden"}),
        _case("openapi_2_2_10_order", guess, [idm(fields={"on_premises": False, "execution_order": 2})], HERE, moods=old),
        _case("openapi_2_2_10_m3", guess, [ALL_KINDS[3]], moods=old),
        _case("openapi_2_2_10_hidden_m3", guess, [ALL_KINDS[3]], moods={**old, "openapi": "hidden"}),
        _case("openapi_2_2_10_sftp", NO_WRITE, [sftp()], moods=old, ends="refused"),
        _case("openapi_2_2_10_hidden_sftp", REFUSE_OR_RIGHT, [sftp()], moods={**old, "openapi": "hidden"}),
    ]


# faults ----------------------------------------------------------------------------------------------------------------------


def _faults() -> list[Case]:
    cases = []
    gone = [{**idm(), "state": "absent"}]
    situations = {
        "create": ("create", NEW, OTHERS),
        "update": ("update", CHANGED, HERE),
        "visibility": ("visibility", [idm(active=False)], HERE),
        "remove": ("remove", gone, HERE),
    }
    kinds = {
        "lost_before": {},
        "lost_after": {},
        "hang_before": {"seconds": 4.0},
        "hang_after": {"seconds": 4.0},
        "late_effect": {"seconds": 3.0},
        "doubled": {},
        "truncated": {},
        "429_before": {"effect": "status_before", "status": 429, "headers": {"Retry-After": "1"}},
        "429_after": {"effect": "status_after", "status": 429, "headers": {"Retry-After": "1"}},
        "502_before": {"effect": "status_before", "status": 502},
        "502_after": {"effect": "status_after", "status": 502},
    }
    for what, (call, declared, start) in situations.items():
        for name, rest in kinds.items():
            fault = Fault(**{"effect": name, "on": call, **rest})
            late = name == "late_effect"
            doubled = name == "doubled" and what == "create"
            cases.append(
                _case(
                    f"fault_{what}_{name}",
                    "The report is true; a later clean run reaches the declaration; there is never a second export"
                    + (", or the client says so and fails." if late or doubled else "."),
                    declared,
                    start,
                    faults=(fault,),
                    steps=(run(), do(_wait_for_late), clean(), run(), run()),
                    ends="declared_or_refused" if late or doubled else "declared",
                    quiet=True,
                    tolerate=frozenset({"duplicate"} if late or doubled else ()),
                    ignore=frozenset({"changed"} if late else ()),
                    extra=_late_duplicates if late else None,
                )
            )
    always = "Every read fails: the client fails within its deadline and has written nothing."
    for name, fault in {
        "list_502": Fault("status_before", on="list", times=0),
        "list_429": Fault("status_before", on="list", times=0, status=429, headers={"Retry-After": "3600"}),
        "list_hangs": Fault("hang_before", on="list", times=0, seconds=30),
        "list_truncated": Fault("truncated", on="list", times=0),
    }.items():
        cases.append(_case(f"fault_{name}_always", always, NEW, HERE, faults=(fault,), steps=(run(),), ends="refused"))
    for name, fault in {
        "all_401_after_the_first_write": Fault("status_before", on="after_write", times=0, status=401),
        "all_lost_after_the_first_write": Fault("lost_before", on="after_write", times=0),
        "second_list_502": Fault("status_before", on="list", nth=2, times=0),
        "second_list_lost": Fault("lost_before", on="list", nth=2, times=0),
        "all_502_after_the_first_write": Fault("status_before", on="after_write", times=0),
        "download_502": Fault("status_before", on="download", times=0),
        "doc_types_502": Fault("status_before", on="doc_types", times=0),
        "first_list_502_once": Fault("status_before", on="list"),
    }.items():
        for what in ("create", "update"):
            _before, declared, start = situations[what]
            cases.append(
                _case(
                    f"fault_{name}_{what}",
                    "The result cannot be verified, or only later: the report says so; a clean run converges.",
                    declared,
                    start,
                    faults=(fault,),
                    steps=(run(), clean(), run(), run()),
                    ends="declared",
                    quiet=True,
                )
            )
    return cases


def _wait_for_late(peer: Peer) -> None:
    limit = time.monotonic() + 8
    while any(c["fault"] == "late_effect" and not c["effects"] for c in peer.journal()) and time.monotonic() < limit:
        time.sleep(0.1)
    time.sleep(0.1)


def _late_duplicates(story: Story) -> list[Violation]:
    titles = [e["title"] for e in story.end]
    if story.last.ok and len(titles) != len(set(titles)):
        return [Violation("single", "ok, although the late effect has made a second export")]
    return []


def _kills() -> list[Case]:
    cases = []
    three = [
        idm(files={"ionapi": ION_NEW, "idm_mapping": IDM_NEW}, active=False),
        webhook(),
        sftp(fields={**sftp()["fields"], "folder": "/new"}),
    ]
    start = [*OTHERS, idm(), sftp()]
    for number in (1, 2, 3, 4):
        for before in (False, True):
            cases.append(
                _case(
                    f"killed_{'before' if before else 'after'}_write_{number}",
                    "The next run finishes the work; no export exists twice; nothing undeclared changes.",
                    three,
                    start,
                    moods={"row_password": "clear"},
                    steps=(killed(number, before), run(), run()),
                    ends="declared",
                    quiet=True,
                )
            )
    for word in ("id_null", "204"):
        cases.append(
            _case(
                f"killed_after_create_{word}_inactive",
                "The created export is found again and completed.",
                NEW,
                moods={"create_answer": word, "active_on_create": False},
                steps=(killed(1), run(), run()),
                ends="declared",
                quiet=True,
            )
        )
    return cases


def _concurrent() -> list[Case]:
    cases = []
    for word in CHOICES["concurrent"]:
        cases.append(
            _case(
                f"two_runs_create_{word}",
                "Not both runs report success while two exports exist; a later run converges or refuses.",
                NEW,
                moods={"concurrent": word, "rendezvous": 2, "write_seconds": 0.2},
                steps=(both(), moods(rendezvous=0, write_seconds=0.0), run()),
                tolerate=frozenset({"duplicate"}),
                ignore=frozenset({"id"}),
            )
        )
        cases.append(
            _case(
                f"two_runs_update_{word}",
                "The export has the declared mapping, or the runs report failure.",
                CHANGED,
                HERE,
                moods={"concurrent": word, "rendezvous": 2, "write_seconds": 0.2},
                steps=(both(), moods(rendezvous=0, write_seconds=0.0), run()),
                ends="declared",
            )
        )
    other = [idm(files={"ionapi": ION_NEW, "idm_mapping": IDM_OLD})]
    cases.append(
        _case(
            "two_runs_with_different_files",
            "One of the two declarations holds completely, or no run that lost reports success for the later state.",
            CHANGED,
            HERE,
            moods={"rendezvous": 2, "write_seconds": 0.2},
            steps=(both(other=other), moods(rendezvous=0, write_seconds=0.0), run(), run()),
            ends="declared",
            quiet=True,
        )
    )
    person = frozenset({"changed", "others"})
    cases += [
        _case(
            "person_creates_the_same_meanwhile",
            "The person's export and ours may both exist, but then the run fails.",
            NEW,
            faults=(Fault("act", on="create", act=lambda store: store.add(idm())),),
            tolerate=frozenset({"duplicate"}),
            ignore=person,
        ),
        _case(
            "person_deletes_meanwhile",
            "The run fails, or creates the export again once.",
            CHANGED,
            HERE,
            faults=(Fault("act", on="update", act=lambda store: store.edit("IDM invoices", deleted=True, active=False)),),
            ignore=person | {"id"},
        ),
        _case(
            "person_deletes_meanwhile_and_an_update_creates",
            "The update of the deleted export creates a new one: it exists once, and the report is true.",
            CHANGED,
            HERE,
            moods={"unknown_config_id": "creates"},
            faults=(Fault("act", on="update", act=lambda store: store.edit("IDM invoices", deleted=True, active=False)),),
            ignore=person | {"id"},
        ),
        _case(
            "person_edits_after_the_write",
            "The verification sees another mapping: the run fails, or writes once more and is right.",
            CHANGED,
            HERE,
            faults=(Fault("act_after", on="update", act=lambda s: s.edit("IDM invoices", files={"idm_mapping": IDM_OLD})),),
            ignore=person,
        ),
        _case(
            "person_edits_another_meanwhile",
            "The other export keeps what the person has set; no rollback takes it back.",
            CHANGED,
            HERE,
            faults=(Fault("act", on="update", act=lambda s: s.edit("Bystander", fields={"url": "https://new.test"})),),
            ignore=person,
            extra=_bystander_edit_kept,
        ),
        _case(
            "person_edits_another_and_the_run_fails",
            "The other export keeps what the person has set; no rollback takes it back.",
            [*CHANGED, webhook()],
            HERE,
            faults=(
                Fault("act", on="write", act=lambda s: s.edit("Bystander", fields={"url": "https://new.test"})),
                Fault("status_before", on="create", times=0, status=400),
            ),
            ignore=person,
            extra=_bystander_edit_kept,
        ),
    ]
    return cases


def _bystander_edit_kept(story: Story) -> list[Violation]:
    if not any(c["fault"] for c in story.journal):
        return []
    if any(e["title"] == "Bystander" and e["fields"].get("url") == "https://new.test" for e in story.end):
        return []
    return [Violation("kept", "the edit that a person made during the run is lost")]


def cases(pattern: str = "") -> list[Case]:
    """Return the cases whose name contains `pattern`."""
    groups = (_plain, _reading, _downloads, _late, _answers, _semantics, _schema, _faults, _kills, _concurrent)
    found = [case for group in groups for case in group()]
    names = [case.name for case in found]
    assert len(names) == len(set(names)), "case names must be unique"
    return [case for case in found if pattern in case.name]
