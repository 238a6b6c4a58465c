# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One history: an organisation, declarations, runs, a person, and faults, all drawn from a seed; what happens follows from them alone."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace

from . import moods as _moods
from .model import Row
from .moods import Moods

IDM = (
    "INVOICE=Doc{0}\nCREDIT_NOTE=Doc{0}\nStatic_Values=Sep,Acl\nSV_Sep=_ \nSV_Acl=Public\nStatic_Fields=Entity:STRING\nSF_Entity=10{0}\n"
    "Index_Fields=INVOICE_ID:STRING\nIF_INVOICE_ID=InvoiceNo\nACL_Fields=SV_Acl\nSearchable_PDF_Name=IF_INVOICE_ID+SV_Sep\n"
)
BOD = (
    "Static_Fields=LogicalID\nSFP_LogicalID=SyncCaptureDocumentType\\\\Sender\\\\LogicalID\nSFV_LogicalID=lid://infor.ims.{0}\n"
    "DT_Path=SyncCaptureDocumentType\\\\DocumentType\nDocument_Types=INVOICE,CREDIT_NOTE\nINVOICE=Doc{0}\nCREDIT_NOTE=Doc{0}\n"
)
XSLT = '<?xml version="1.0"?>\n<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><!-- {0} --></xsl:stylesheet>\n'

TITLES = ("Invoices", "Archive")
KINDS_OF_ROWS = ("webhook", "idm", "idm", "bod", "sftp", "vertex")
RUN, RUN_BESIDE, RUN_WAITING, PERSON = "run", "run beside", "run waiting", "person"
FAULTS = (
    "lost before",
    "lost after",
    "limited before",
    "limited after",
    "proxy error after",
    "refused after",
    "twice",
    "kill before",
    "kill after",
    "interrupt before",
    "interrupt after",
    "orphaned after",
    "late soon",
    "late",
)
PAUSES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 3.0)
EDITS = ("title", "order", "active", "remove", "add", "add declared", "file")


@dataclass(frozen=True)
class History:
    """All that decides a history.

    rows:      the organisation at the start
    declared:  the declaration, as tuples of (fields, files, id index or None, state)
    options:   options of reconcile
    faults:    number of a write of the first run to the kind of the fault
    actors:    further actors beside the first run: RUN_BESIDE on another machine, RUN_WAITING on the same one, PERSON
    edits:     what the person does
    order:     which of the ready actors goes on, one number for each call
    pauses:    seconds before each edit of the person, and before the second run begins
    recalls:   whether the machine has the fingerprints of the secrets at the start, as after an earlier run
    reverts:   whether the runs after the first one declare the secrets of the start again
    """

    seed: int
    moods: Moods
    rows: tuple
    declared: tuple
    options: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    actors: tuple = ()
    edits: tuple = ()
    order: tuple = ()
    pauses: tuple = (0.02, 0.02, 0.02)
    recalls: bool = False
    reverts: bool = False


@dataclass(frozen=True)
class Within:
    """What histories are drawn from, where not everything is wanted.

    moods:   name of a mood to its choices; the others are plain
    faults:  kinds of faults, of which each history has one
    actors:  further actors
    edits:   what the person does
    options: options of reconcile
    kinds:   kinds of rows
    write:   number of the write of the first run that has the fault, None for any of the first three
    recalls: whether the machine recalls secrets that are declared again after the first run; None if chance decides
    """

    moods: dict = field(default_factory=dict)
    faults: tuple = ()
    actors: tuple = ()
    edits: tuple = EDITS
    options: dict = field(default_factory=dict)
    kinds: tuple = ()
    write: int | None = None
    recalls: bool | None = None


# A part of all histories is drawn from these, because chance alone seldom brings their parts together.
DANGEROUS = (
    Within({"one_active": ("any", "active", "replaces"), "lists_inactive": (True, True, False)}, ("kill after", "interrupt after", "late", "lost after")),
    Within({"one_active": ("any", "active")}, ("kill before", "kill after"), options={"allow_momentary_deactivation": True}),
    Within({"update": ("drops", "activates"), "masked": ("nothing", "url", "username")}, ("kill after", "lost after", "refused after", "late soon")),
    Within({"switch": ("toggles",), "new_active": (True, False)}, ("lost before", "lost after", "late", "limited after", "twice")),
    Within({"conflicts": ("refused",), "lag": (0.0, 0.5)}, actors=(RUN_BESIDE, PERSON)),
    Within({"download": ("another", "partly_masked", "masked", "forbidden"), "update": ("keeps", "drops")}, ("lost before", "late", "refused after")),
    Within(actors=(RUN_WAITING,), faults=("lost before", "kill after", "interrupt after", "refused after")),
)


def ionapi(number: int) -> str:
    """An ION API file with secrets of its own."""
    chance = random.Random(number)
    keys = {key: f"{start}{chance.getrandbits(256):064x}" for key, start in (("cs", "cs"), ("saak", "ACME_TST#"), ("sask", "sask"))}
    urls = {"iu": "https://ion.example", "pu": "https://sso.example/ACME_TST/as/", "ot": "token.oauth2"}
    values = {"ti": "ACME_TST", "ci": f"ACME_TST~{number:043d}", **urls, **keys}
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def draw(seed: int, within: Within | None = None) -> History:
    """The history of a seed."""
    chance = random.Random(seed)
    if within is None and chance.random() < 0.15:
        within = chance.choice(DANGEROUS)
    moods = _moods.draw(chance, within.moods if within else None)
    kinds = within.kinds if within and within.kinds else KINDS_OF_ROWS
    rows = tuple(_draw_row(chance, number, kinds) for number in range(chance.choice((0, 0, 1, 1, 2, 3))))
    if moods.list_shape == "silent_pages":
        # What a page without a hint hides cannot be known.
        rows = rows[:1]
    if moods.one_active != "no":
        rows = _one_active(rows)
    declared = tuple(_draw_declared(chance, rows) for _number in range(chance.choice((0, 1, 1, 1, 2))))
    options = {}
    if chance.random() < 0.15 and declared and moods.list_shape != "silent_pages":
        options["purge"] = True
    if chance.random() < 0.2:
        options["allow_momentary_deactivation"] = True
    if chance.random() < 0.4:
        options["several_active"] = True
    if chance.random() < 0.5:
        options["assume_kept"] = True
    faults = {}
    if chance.random() < 0.6:
        # Most runs have one or two writes.
        faults[chance.choice((0, 0, 0, 0, 1, 1, 1, 2, 2, 3))] = chance.choice(FAULTS)
        if chance.random() < 0.3:
            faults[chance.randrange(1, 7)] = chance.choice(FAULTS)
    actors = tuple(actor for actor, odds in ((RUN_BESIDE, 0.2), (RUN_WAITING, 0.1), (PERSON, 0.25)) if chance.random() < odds)
    if not moods.lists_sub_organisations or not moods.lists_inactive or moods.list_shape == "silent_pages":
        # Whether an export that is not listed was really removed is told by nothing.
        moods = replace(moods, removes=True)
    if moods.update_id == "renamed" and moods.create_answer != "record":
        # Whether an update created a second export is then told by nothing but a list that agrees.
        moods = replace(moods, create_answer="record")
    if moods.update != "keeps":
        # A write that arrives after its values were dropped and sent again is one of two at once.
        faults = {number: fault for number, fault in faults.items() if fault not in ("late", "late soon")}
    if moods.download == "another" and moods.update == "drops":
        # A masked file that is valid and that an update dropped is sent again in the form in which it was shown.
        moods = replace(moods, update="keeps")
    if moods.alternates:
        # A list that forgets what it has shown hides a second export from everybody.
        actors = tuple(actor for actor in actors if actor == PERSON)
        faults = {number: fault for number, fault in faults.items() if fault != "twice"}
    if moods.update == "drops":
        # A run that sends again what an interrupted one dropped, fails, and rolls back, drops it again.
        moods = replace(moods, removes=True)
        # Two runs that each send again what the other one dropped cannot be put in order from two machines.
        actors = tuple(actor for actor in actors if actor != RUN_BESIDE)
    if within:
        faults = {chance.randrange(3) if within.write is None else within.write: chance.choice(within.faults)} if within.faults else {}
        actors, options = within.actors, {**options, **within.options}
        if not declared:
            options.pop("purge", None)
    edits = tuple(chance.choice(within.edits if within else EDITS) for _number in range(chance.choice((1, 1, 2)))) if PERSON in actors else ()
    if any(item[2] is None or item[0].get("active") for item in declared):
        # A person who switches an export at that moment cannot be told from DocBits or from the run.
        edits = tuple(edit for edit in edits if edit != "active")
    order = tuple(chance.randrange(6) for _number in range(60)) if actors else ()
    pauses = tuple(chance.choice(PAUSES) for _number in range(3)) if actors else History.pauses
    recalls = chance.random() < 0.2 if not within or within.recalls is None else within.recalls
    reverts = recalls and (chance.random() < 0.5 if not within or within.recalls is None else True)
    return History(seed, moods, rows, _distinct(declared), options, faults, actors, edits, order, pauses, recalls, reverts)


def _draw_row(chance, number, kinds) -> Row:
    kind = chance.choice(kinds)
    values = {"title": chance.choice(TITLES), "doc_type": chance.choice(("INVOICE", "INVOICE", "CREDIT_NOTE")), "sub_org_id": chance.choice((None, None, "s1"))}
    if chance.random() < 0.5:
        values["execution_order"] = chance.randrange(1, 4)
    method, files = _parts_of_row(kind, values, chance)
    return Row(str(10 + number), method, values, chance.random() < 0.6, files)


def _parts_of_row(kind, values, chance):
    if kind == "webhook":
        values["export_url"] = f"https://hook.example/{chance.randrange(2)}?token=abcdefgh"
    elif kind == "sftp":
        values.update(server_url="sftp.example", username="docbits", password="a-password", folder="/in", port=22)
    elif kind in ("idm", "bod"):
        values["zugferd"] = chance.random() < 0.3
        mapping = {"idm_mapping": IDM.format(chance.randrange(2))} if kind == "idm" else {"bod_mapping": BOD.format(chance.randrange(2))}
        return f"infor-{kind}-cloud", {"ion_api": ionapi(chance.randrange(2)), **mapping}
    files = {"xslt": XSLT.format(chance.randrange(2))} if kind == "sftp" and chance.random() < 0.5 else {}
    return kind, files


def _one_active(rows) -> tuple:
    """The rows as they can be in a DocBits that runs one of each document type and family."""
    seen, kept = set(), []
    for row in rows:
        place = row.values["doc_type"], row.values["sub_org_id"], row.method.startswith("infor")
        kept.append(replace(row, active=row.active and place not in seen))
        if row.active:
            seen.add(place)
    return tuple(kept)


def _draw_declared(chance, rows) -> tuple:
    """One declared export: of an existing row by id, like an existing row, or any."""
    row = chance.choice(rows) if rows and chance.random() < 0.7 else None
    if row is not None and row.method != "vertex" and chance.random() < 0.3:
        fields = {"title": chance.choice((*TITLES, "Renamed"))} if chance.random() < 0.6 else {"execution_order": chance.randrange(5, 8)}
        if chance.random() < 0.3:
            fields["active"] = chance.random() < 0.5
        files = {}
        if row.method == "infor-idm-cloud" and chance.random() < 0.5:
            files["idm_mapping"] = IDM.format(chance.randrange(2))
        return fields, files, row.id, "present"
    kinds = {"infor-idm-cloud": "infor_idm", "infor-bod-cloud": "infor_ion_bod", "webhook": "webhook", "sftp": "sftp"}
    kind = kinds.get(row.method) if row is not None else None
    kind = kind or chance.choice(("infor_idm", "infor_ion_bod", "webhook", "sftp"))
    title = row.values["title"] if row is not None else chance.choice(TITLES)
    type_ = row.values["doc_type"] if row is not None else chance.choice(("INVOICE", "CREDIT_NOTE"))
    fields = {"title": title, "kind": kind, "document_type": chance.choice((type_, type_, type_.replace("_", " ").title()))}
    if row is not None and row.values["sub_org_id"]:
        fields["sub_organisation"] = "North"
    elif chance.random() < 0.1:
        fields["sub_organisation"] = "s1"
    if chance.random() < 0.06:
        fields["title"] = f" {title} "
    if chance.random() < 0.1:
        return {name: fields[name] for name in fields}, {}, None, "absent"
    if chance.random() < 0.5:
        fields["active"] = chance.random() < 0.6
    if chance.random() < 0.3:
        fields["execution_order"] = chance.randrange(1, 4)
    files = {}
    if kind == "webhook":
        fields["url"] = f"https://hook.example/{chance.randrange(2)}?token=abcdefgh"
    elif kind == "sftp":
        fields.update(server_url="sftp.example", username="docbits", folder=chance.choice(("/in", "/new")))
        fields["password"] = chance.choice(("a-password", "new-password"))
        if chance.random() < 0.2:
            fields["filename_mode"] = ""
        if chance.random() < 0.4:
            files["xslt"] = XSLT.format(chance.randrange(2))
    else:
        files["ionapi"] = ionapi(chance.randrange(2))
        files.update({"idm_mapping": IDM.format(chance.randrange(2))} if kind == "infor_idm" else {"bod_mapping": BOD.format(chance.randrange(2))})
    return fields, files, None, "present"


def _distinct(declared) -> tuple:
    """The declared exports without a second one of the same identity or id."""
    seen, kept = set(), []
    for item in declared:
        fields, _files, id_, _state = item
        key = id_ or (fields["title"].strip(), fields["kind"], fields["document_type"].upper().replace(" ", "_"), bool(fields.get("sub_organisation")))
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return tuple(kept)


def simpler(history: History):
    """Histories with one thing less, for shrinking."""
    plain = Moods()
    for name in vars(plain):
        if getattr(history.moods, name) != getattr(plain, name):
            yield replace(history, moods=replace(history.moods, **{name: getattr(plain, name)}))
    for number in history.faults:
        yield replace(history, faults={other: fault for other, fault in history.faults.items() if other != number})
    for actor in history.actors:
        yield replace(history, actors=tuple(other for other in history.actors if other != actor))
    if history.pauses != History.pauses:
        yield replace(history, pauses=History.pauses)
    if history.reverts:
        yield replace(history, reverts=False)
    elif history.recalls:
        yield replace(history, recalls=False)
    for name in history.options:
        yield replace(history, options={other: value for other, value in history.options.items() if other != name})
    for index, row in enumerate(history.rows):
        if all(item[2] != row.id for item in history.declared):
            yield replace(history, rows=history.rows[:index] + history.rows[index + 1 :])
    for index in range(len(history.declared)):
        yield replace(history, declared=history.declared[:index] + history.declared[index + 1 :])
    for index in range(len(history.edits)):
        yield replace(history, edits=history.edits[:index] + history.edits[index + 1 :])
    for index, (fields, files, id_, state) in enumerate(history.declared):
        for name in fields:
            if name in ("active", "execution_order", "filename_mode") or id_ is not None:
                less = {other: value for other, value in fields.items() if other != name}
                yield replace(history, declared=(*history.declared[:index], (less, files, id_, state), *history.declared[index + 1 :]))
