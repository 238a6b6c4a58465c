# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this collection assumes about DocBits, and whether recorded answers agree. Pure. Private to the collection.

What was seen is said in fixed phrases and by names that a report may show, never by a value.
"""

from __future__ import annotations

from ansible_collections.docbits.ion.plugins.module_utils._core.text import is_rewritten_by_java
from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import is_part, is_refusal
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import OPERATIONS, is_foreign
from ansible_collections.docbits.ion.plugins.module_utils._docbits.downloads import envelope_of, file_in
from ansible_collections.docbits.ion.plugins.module_utils._docbits.observed import CREATE, UPDATE, code_of, operation_of, type_of
from ansible_collections.docbits.ion.plugins.module_utils._docbits.recorded import (
    NOT_ASKED,
    PUBLIC,
    Observed,
    active_in,
    body_of,
    form_of_type,
    is_known_method,
    places_of,
)
from ansible_collections.docbits.ion.plugins.module_utils._docbits.records import is_deleted
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known, Withheld

HELD, DIFFERS, NOT_SEEN = "held", "differs", "not seen"

_ORGANISATION_KEYS = ("org_id", "organisation_id", "organization_id")


def judged(observed: Observed) -> list:
    """A row for each guess: id, guess, outcome (HELD, DIFFERS or NOT_SEEN) and what was seen."""
    rows = []
    for id_, (guess, judge) in GUESSES.items():
        held, seen = judge(observed) or (None, "")
        rows.append({"id": id_, "guess": guess, "outcome": NOT_SEEN if held is None else HELD if held else DIFFERS, "seen": seen})
    return rows


def organisation_named(observed: Observed, organisation_id: str) -> str:
    """What the lists say about the organisation: "the same", "another" or "not named"."""
    records = [*observed.records, *(item for answer in observed.of("sub_organisations", "document_types") for item in observed.listed(answer) or ())]
    named = {str(record[key]) for record in records if isinstance(record, dict) for key in _ORGANISATION_KEYS if record.get(key)}
    return "not named" if not named else "the same" if named == {organisation_id} else "another"


# -- reading


def _access(observed):
    return None if observed.access == NOT_ASKED else (observed.access == PUBLIC, observed.access)


def _operations(observed):
    missing = [name for name in ("list", "download", "document_types", "sub_organisations", "remove", "set_active") if observed.contract.find(name) is None]
    return not missing, f"missing: {', '.join(missing)}" if missing else "all are there"


def _inferred_names(observed):
    if observed.contract.source != "live":
        return None
    rows = [row for row in observed.contract.comparison() if row["field"] and row["operation"] != "list" and row["confidence"] == "inferred"]
    other = sorted({f"{row['field']}: {observed.names.shown(row['wire']) if row['wire'] else 'missing'}" for row in rows if row["outcome"] != "published name"})
    return not other, ", ".join(other) or "all have the assumed name"


def _prefix(observed):
    lists = observed.of("list")
    if not lists:
        return None
    return lists[0].response.status < 400, f"status {lists[0].response.status}"


def _place_of_the_list(observed):
    lists = [body_of(answer) for answer in observed.accepted("list")]
    places = [places for places in map(places_of, lists) if places]
    if not places:
        return None
    paths = {".".join(map(observed.names.shown, path)) or "the answer itself" for path in places[0]}
    return paths == {"data"}, ", ".join(sorted(paths))


def _whole_list(observed):
    lists = [answer for answer in observed.of("list") if observed.listed(answer)]
    if not lists:
        return None
    has_more = is_part(lists[0].response, len(observed.listed(lists[0])))
    return not has_more, "it says that there are more" if has_more else "nothing says that there are more"


def _record_keys(observed):
    if not observed.records:
        return None
    names = [
        name for name in ("id", "method", "title", "document_type", "active", "execution_order", "zugferd") if name not in observed.contract.overrides.records
    ]
    if any("sub_organisation" in bound.names for bound in map(observed.contract.find, OPERATIONS) if bound):
        names.append("sub_organisation")
    keys = {name: observed.key_of(name) for name in names}
    other = [f"{name}: {observed.names.shown(key) if key else 'missing'}" for name, key in keys.items() if key != observed.contract.record_keys(name)[0]]
    # The value may be under a key that is not known.
    other += [f"{name}: never set" for name in ("id", "method", "title", "document_type", "active") if keys[name] and not observed.values(name)]
    # There are versions without these fields.
    unexpected = [line for line in other if line not in ("execution_order: missing", "zugferd: missing")]
    return not unexpected, ", ".join(other) or "all have the assumed key"


def _ids(observed):
    types = sorted({type_of(value) for value in observed.values("id")})
    return (set(types) <= {"integer", "text (UUID)"}, ", ".join(types)) if types else None


def _flags(observed):
    types = sorted({type_of(value) for name in ("active", "zugferd", "document_history") for value in observed.values(name)})
    return (types == ["boolean"], ", ".join(types)) if types else None


def _methods(observed):
    words = observed.values("method")
    seen = sorted({_form_of_method(word) for word in words})
    return (set(seen) <= {"known", "of a kind that is not managed"}, ", ".join(seen)) if words else None


def _form_of_method(word) -> str:
    if not isinstance(word, str):
        return type_of(word)
    if is_foreign(word):
        return "of a kind that is not managed"
    if not is_known_method(word):
        return "unknown"
    return "known" if word == word.lower() else "known, in another case"


def _document_types(observed):
    values = observed.values("document_type")
    if not values or not observed.types:
        return None
    forms = sorted({form_of_type(value, observed.types) for value in values})
    return forms == ["the key"], ", ".join(forms)


def _nulls(observed):
    if any(value is None for record in observed.records for value in record.values()):
        return True, "null"
    return (False, "the keys differ between records, and none is null") if len({frozenset(record) for record in observed.records}) > 1 else None


def _deleted(observed):
    marked = [record for record in observed.records if is_deleted(record, observed.contract)]
    return (not marked, "records that are marked as deleted" if marked else "no such record") if observed.records else None


def _masks(observed):
    names = [name for name in ("url", "server_url", "username", "email", "folder") if observed.values(name)]
    masked = [name for name in names if any(type_of(value) == "masked text" for value in observed.values(name))]
    return (not masked, f"masked: {', '.join(masked)}" if masked else "readable") if names else None


def _inactive(observed):
    return (True, "inactive exports") if any(active_in(record, observed.contract) is False for record in observed.records) else None


def _order(observed):
    lists = [] if observed.of(CREATE, UPDATE, "remove", "set_active") else [observed.listed(answer) for answer in observed.of("list")]
    if len(lists) < 2 or None in lists or not lists[0] or len(lists[0]) < 2:
        return None
    same = sorted(map(repr, lists[0])) == sorted(map(repr, lists[1]))
    return lists[0] == lists[1], "the same" if lists[0] == lists[1] else "another order" if same else "other records"


def _empty(observed):
    bodies = [] if observed.records else [body_of(answer) for answer in observed.accepted("list")]
    if not bodies or any(any(places_of(body).values()) for body in bodies):
        return None
    body = bodies[0]
    if places_of(body):
        return True, "an empty list"
    has_data = isinstance(body, dict) and "data" in body
    return False, "no body" if body is None else f"data is {type_of(body['data'])}" if has_data else "no data"


def _mapping_downloads(observed):
    return _downloads(observed, [file for file in FILES if not FILES[file].secret])


def _ionapi_downloads(observed):
    return _downloads(observed, ["ionapi"])


def _downloads(observed, files):
    forms = sorted({_form_of_download(file, answer.response) for file, answer in _downloaded(observed) if file in files})
    return (forms == ["the file, no envelope"], "; ".join(forms)) if forms else None


def _downloaded(observed):
    types = {observed.contract.download_type(file): file for file in FILES}
    bound = observed.contract.find("download")
    for answer in observed.of("download"):
        file = types.get(answer.query.get(bound.names.get("file")))
        if file and not any(answer is one for one in observed.absent):
            yield file, answer


def _form_of_download(file, response) -> str:
    if is_refusal(response):
        return f"refused with status {response.status}"
    if response.is_html and file != "xslt":
        return "a web page"
    read = file_in(file, response.body)
    return f"{read.reason if isinstance(read, Withheld) else 'the file'}, {envelope_of(response.body)}"


def _texts(observed):
    found = set()
    for file, answer in _downloaded(observed):
        read = None if FILES[file].secret or is_refusal(answer.response) else file_in(file, answer.response.body)
        if isinstance(read, Known):
            marks = {
                "a byte order mark": read.value.startswith("\ufeff"),
                "CR and LF": "\r\n" in read.value,
                "as Java writes": is_rewritten_by_java(read.value),
            }
            found.update([mark for mark, has in marks.items() if has] or ["plain"])
    return (found == {"plain"}, ", ".join(sorted(found))) if found else None


def _absent_files(observed):
    if not observed.absent:
        return None
    response = observed.absent[0].response
    if not is_refusal(response):
        return False, f"status {response.status}, {'no body' if not response.body.strip() else 'a body'}"
    code = code_of(response)
    return code is not None, f"status {response.status}, code {code or 'unknown'}"


def _list_of(operation, keys, is_envelope_expected):
    def judge(observed):
        answers = observed.accepted(operation)
        places = places_of(body_of(answers[0])) if answers else {}
        if not places:
            return None
        records = next((records for records in places.values() if records), [])
        path = next(iter(places))
        missing = [key for key in keys if records and not all(isinstance(record, dict) and key in record for record in records)]
        held = not missing and (path == ("data",)) == is_envelope_expected
        place = ".".join(map(observed.names.shown, path)) or "the answer itself"
        return held, f"the list is in {place}" + (f"; missing: {', '.join(missing)}" if missing else "")

    return judge


# -- writing, in a trial


def _create_answer(observed):
    created = observed.of(CREATE)
    if not created:
        return None
    response, body = created[0].response, body_of(created[0])
    if is_refusal(response):
        return False, f"a refusal with status {response.status}, code {code_of(response) or 'unknown'}"
    if not response.body.strip():
        return False, "no body"
    data = body.get("data") if isinstance(body, dict) else body
    keys = observed.contract.record_keys("id")
    level = data if isinstance(data, dict) else body
    key = next((key for key in keys if isinstance(level, dict) and level.get(key) is not None), None)
    if key is None:
        return False, f"no id: {type_of(data) if response.content_type == 'application/json' else 'no JSON'}"
    own = observed.own_since(created[0])
    if own and str(own.get(observed.key_of("id"))) != str(level[key]):
        return False, "an id that is not that of the export"
    place = f"{'data.' if level is data and data is not body else ''}{observed.names.shown(key)}"
    return place == "data.id", place


def _listed_at_once(observed):
    created = observed.of(CREATE)
    lists = observed.since(created[0]) if created else []
    if not lists:
        return None
    first = next((number for number, records in enumerate(lists) if observed.own(records)), None)
    return first == 0, "in the first list" if first == 0 else "in no list" if first is None else "in a later list"


def _active_at_once(observed):
    created = observed.of(CREATE)
    switched = observed.of("set_active")
    own = observed.own_since(created[0]) if created else None
    active = active_in(own, observed.contract) if own else None
    if active is None or (active is False and switched and not _is_between(observed, created[0], switched[0])):
        return None
    return active, "active" if active else "inactive"


def _is_between(observed, first, last) -> bool:
    """Whether the list was read between two answers."""
    operations = [(operation_of(answer, observed.contract), answer) for answer in observed.answers]
    begin, end = (next(number for number, (_name, answer) in enumerate(operations) if answer is one) for one in (first, last))
    return any(name == "list" for name, _answer in operations[begin:end])


def _removed(observed):
    removed = observed.accepted("remove")
    lists = observed.since(removed[-1]) if removed else []
    if not lists:
        return None
    own = observed.own(lists[-1])
    return own is None, "not in the list" if own is None else "in the list, marked as deleted" if is_deleted(own, observed.contract) else "in the list"


GUESSES = {
    "Q01": ("The openapi.json of a host is public.", _access),
    "Q02": ("The contract has the operations to list, download, remove and switch exports, and to list what they refer to.", _operations),
    "Q03": ("Fields that are not published have the assumed names in requests.", _inferred_names),
    "Q04": ("The path of the first server in openapi.json is the path to the operations.", _prefix),
    "Q05": ("The list of exports is in data.", _place_of_the_list),
    "Q06": ("The list of exports has no pages.", _whole_list),
    "Q07": ("Records of exports have the assumed keys.", _record_keys),
    "Q08": ("Ids are integers or UUIDs.", _ids),
    "Q09": ("Flags are JSON booleans.", _flags),
    "Q10": ("The words of export_method are known.", _methods),
    "Q11": ("Records name a document type by its key.", _document_types),
    "Q12": ("A value that is not set is null.", _nulls),
    "Q13": ("Deleted exports are not listed.", _deleted),
    "Q14": ("URLs and user names are not masked.", _masks),
    "Q15": ("Inactive exports are listed.", _inactive),
    "Q16": ("The order of the list stays the same.", _order),
    "Q17": ("The answer without exports is an empty list.", _empty),
    "Q18": ("The download of a mapping is the file.", _mapping_downloads),
    "Q19": ("The download of an ION API file is the file, with its secrets.", _ionapi_downloads),
    "Q20": ("A mapping has no byte order mark, LF as line ends, and is not rewritten.", _texts),
    "Q21": ("The download of a file that an export does not have is refused with a known code.", _absent_files),
    "Q22": ("Document types are in data, with document_key and title.", _list_of("document_types", ("document_key", "title"), True)),
    "Q23": ("Sub-organisations are a list without an envelope, with id and name.", _list_of("sub_organisations", ("id", "name"), False)),
    "Q30": ("The answer to a create has the id in data.id.", _create_answer),
    "Q31": ("A new export is in the next list.", _listed_at_once),
    "Q32": ("A new export is active at once.", _active_at_once),
    "Q33": ("A removed export is not listed any more.", _removed),
}
