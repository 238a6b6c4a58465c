# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this collection assumes about DocBits, and whether recorded answers agree. Pure. Private to the collection.

What was seen is said in fixed phrases and by names that a report may show, never by a value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import BadAnswer, IonError
from ansible_collections.docbits.ion.plugins.module_utils._core.shapes import FIELD, METHOD, has_shape
from ansible_collections.docbits.ion.plugins.module_utils._core.text import is_rewritten_by_java
from ansible_collections.docbits.ion.plugins.module_utils._docbits.answers import is_part, is_refusal, records_of
from ansible_collections.docbits.ion.plugins.module_utils._docbits.contract import (
    METHOD_STEMS,
    OPERATIONS,
    PLAIN_METHODS,
    Contract,
    is_foreign,
    kind_and_deployment,
)
from ansible_collections.docbits.ion.plugins.module_utils._docbits.downloads import envelope_of, file_in
from ansible_collections.docbits.ion.plugins.module_utils._docbits.observed import CREATE, UPDATE, Names, code_of, operation_of, type_of
from ansible_collections.docbits.ion.plugins.module_utils._docbits.records import exports_in, is_deleted, key_of
from ansible_collections.docbits.ion.plugins.module_utils._model.export import FILES
from ansible_collections.docbits.ion.plugins.module_utils._model.values import Known, Withheld

HELD, DIFFERS, NOT_SEEN = "held", "differs", "not seen"

# How the API document was read.
PUBLIC, WITH_KEY, NOT_READABLE, NOT_ASKED = "public", "only with an API key", "not readable", "not asked"

_MOST_LEVELS = 4
_ORGANISATION_KEYS = ("org_id", "organisation_id", "organization_id")


@dataclass(frozen=True)
class Observed:
    """Recorded answers, and what is needed to judge them.

    access:   how the API document was read: PUBLIC, WITH_KEY, NOT_READABLE or NOT_ASKED
    answers:  list of Answer, in order
    absent:   those of them that ask for a file that the export cannot have
    declared: the export that was declared, by the names in FIELDS; empty if only reading calls were sent
    """

    contract: Contract
    names: Names
    access: str
    answers: list
    absent: tuple = ()
    declared: dict = field(default_factory=dict)

    def of(self, *operations: str) -> list:
        """The answers of these operations."""
        return [answer for answer in self.answers if operation_of(answer, self.contract) in operations]

    def since(self, answer) -> list:
        """The lists of exports that were read after an answer."""
        position = next(number for number, one in enumerate(self.answers) if one is answer)
        later = self.answers[position + 1 :]
        return [records for one in later if operation_of(one, self.contract) == "list" and (records := self.listed(one)) is not None]

    def listed(self, answer):
        """The records in the answer to a list operation, None if there are none to be found."""
        operation = operation_of(answer, self.contract) or ""
        path = self.contract.overrides.lists.get(operation)
        try:
            records = records_of(answer.response, operation, path)
        except IonError:
            return None
        return [record for record in records if isinstance(record, dict)] if operation == "list" else records

    @cached_property
    def records(self) -> list:
        """Every record of every list of exports, once."""
        found: list = []
        for answer in self.of("list"):
            found += [record for record in self.listed(answer) or () if record not in found]
        return found

    def key_of(self, name: str):
        """The key under which the records have a field, or None."""
        return key_of(name, self.records, self.contract)

    def values(self, name: str) -> list:
        """The values of a field in all records that have one."""
        key = self.key_of(name)
        return [record[key] for record in self.records if record.get(key) is not None]

    @cached_property
    def types(self) -> list:
        """The records of the document types; a bare text is a key."""
        listed = [record for answer in self.of("document_types") for record in self.listed(answer) or ()]
        return [{"document_key": item} if isinstance(item, str) else item for item in listed]

    def own(self, records: list):
        """The record of the declared export among these records, or None."""
        title = self.declared.get("title")
        return next((record for record in records if title in [value for value in record.values() if isinstance(value, str)]), None)


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
    lists = [_body(answer) for answer in observed.of("list") if not is_refusal(answer.response)]
    places = [places for places in map(_places_of, lists) if places]
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


def is_known_method(word) -> bool:
    """Whether an export_method is that of a managed kind."""
    kind, deployment = kind_and_deployment(word)
    return deployment is not None or kind in PLAIN_METHODS.values()


def _document_types(observed):
    values = observed.values("document_type")
    if not values or not observed.types:
        return None
    forms = sorted({_form_of_type(value, observed.types) for value in values})
    return forms == ["the key"], ", ".join(forms)


def _form_of_type(value, types) -> str:
    if not isinstance(value, str):
        return type_of(value)
    keys = [str(item.get("document_key") or item.get("key") or item.get("name")) for item in types]
    titles = [str(item.get("title") or "").strip() for item in types]
    own, folded = value.strip(), value.strip().casefold()
    forms = {
        "the key": own in keys,
        "the title": own in titles,
        "the key in another case": folded in map(str.casefold, keys),
        "the title in another case": folded in map(str.casefold, titles),
        "the id": own in [str(item.get("id")) for item in types],
    }
    return next((form for form, fits in forms.items() if fits), "a text that is no document type")


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
    return (True, "inactive exports") if any(_active(record, observed.contract) is False for record in observed.records) else None


def _order(observed):
    lists = [] if observed.of(CREATE, UPDATE, "remove", "set_active") else [observed.listed(answer) for answer in observed.of("list")]
    if len(lists) < 2 or None in lists or not lists[0] or len(lists[0]) < 2:
        return None
    same = sorted(map(repr, lists[0])) == sorted(map(repr, lists[1]))
    return lists[0] == lists[1], "the same" if lists[0] == lists[1] else "another order" if same else "other records"


def _empty(observed):
    bodies = [] if observed.records else [_body(answer) for answer in observed.of("list") if not is_refusal(answer.response)]
    if not bodies or any(any(_places_of(body).values()) for body in bodies):
        return None
    body = bodies[0]
    if _places_of(body):
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
        answers = [answer for answer in observed.of(operation) if not is_refusal(answer.response)]
        places = _places_of(_body(answers[0])) if answers else {}
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
    response, body = created[0].response, _body(created[0])
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
    own = next((record for records in observed.since(created[0]) if (record := observed.own(records))), None)
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
    own = next((record for records in observed.since(created[0]) if (record := observed.own(records))), None) if created else None
    active = _active(own, observed.contract) if own else None
    if active is None or (active is False and switched and not _is_between(observed, created[0], switched[0])):
        return None
    return active, "active" if active else "inactive"


def _is_between(observed, first, last) -> bool:
    """Whether the list was read between two answers."""
    operations = [(operation_of(answer, observed.contract), answer) for answer in observed.answers]
    begin, end = (next(number for number, (_name, answer) in enumerate(operations) if answer is one) for one in (first, last))
    return any(name == "list" for name, _answer in operations[begin:end])


def _removed(observed):
    removed = [answer for answer in observed.of("remove") if not is_refusal(answer.response)]
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


# -- what a user can set


def suggested_overrides(observed: Observed) -> dict:
    """The contract_overrides that the answers ask for: groups to names and values, with keys and words of DocBits as they are.

    For the user, not for a report. Only what one single reading of the answers explains.
    """
    found = {"lists": _lists(observed), "records": _records(observed), "methods": _method_words(observed), "booleans": _flag_words(observed)}
    return {group: values for group, values in found.items() if values}


def _lists(observed) -> dict:
    for answer in observed.of("list"):
        if not (is_refusal(answer.response) or any(map(_looks_like_export, observed.listed(answer) or ()))):
            places = [path for path, records in _places_of(_body(answer)).items() if records and all(_looks_like_export(record) for record in records)]
            if len(places) == 1 and places[0] and all(has_shape(FIELD, key) for key in places[0]):
                return {"list": ".".join(places[0])}
    return {}


def _looks_like_export(record) -> bool:
    return any(isinstance(value, str) and (is_known_method(value) or is_foreign(value)) for value in record.values())


def _records(observed) -> dict:
    own = observed.own(observed.records) if observed.declared else None
    found = {}
    for name in ("method", "document_type", "title", "url"):
        if not observed.records or name in observed.contract.overrides.records:
            continue
        if observed.key_of(name) is None:
            keys = {key for record in observed.records for key in record if has_shape(FIELD, key)}
            fitting = [key for key in sorted(keys) if _fits(name, key, own, observed)]
            found.update({name: fitting[0]} if len(fitting) == 1 else {})
    return found


def _fits(name, key, own, observed) -> bool:
    """Whether the values under a key can be those of a field."""
    values = [record[key] for record in observed.records if record.get(key) is not None]
    if not values or not all(isinstance(value, str) for value in values):
        return False
    if name == "method":
        return all(is_known_method(value) or is_foreign(value) for value in values)
    if name == "document_type":
        return bool(observed.types) and all(_form_of_type(value, observed.types).startswith("the ") for value in values)
    return own is not None and own.get(key) == observed.declared.get(name)


def _method_words(observed) -> dict:
    own, key = observed.own(observed.records) if observed.declared else None, observed.key_of("method")
    word = own.get(key) if own and key else None
    if not isinstance(word, str) or not has_shape(METHOD, word) or is_known_method(word) or word in observed.contract.overrides.methods:
        return {}
    kind = observed.declared["kind"]
    has_deployment = kind in METHOD_STEMS.values() and "deployment" in observed.declared
    return {word: f"{kind}/{observed.declared['deployment']}" if has_deployment else kind}


def _flag_words(observed) -> dict:
    key = observed.key_of("active")
    switched = [answer for answer in observed.of("set_active") if not is_refusal(answer.response)]
    # A trial switches its export off and never on.
    own = next((record for records in observed.since(switched[-1]) if (record := observed.own(records))), {}) if key and switched else {}
    words = {record[key] for record in observed.records if isinstance(record.get(key), str) and _active(record, observed.contract) is None}
    word, others = own.get(key), words - {own.get(key)}
    if word not in words or not all(has_shape(METHOD, one) for one in words):
        return {}
    return {word: "false", **(dict.fromkeys(others, "true") if len(others) == 1 else {})}


# -- answers


def _body(answer):
    """The JSON of an answer, None for anything else."""
    try:
        return answer.response.json()
    except ValueError:
        return None


def _places_of(body) -> dict:
    """The lists in a body: keys that lead there to the list. Only those of objects or texts, and empty ones."""
    found: dict = {}
    pending: list = [((), body)]
    while pending:
        path, value = pending.pop(0)
        if isinstance(value, list):
            if all(isinstance(item, (dict, str)) for item in value):
                found[path] = value
        elif isinstance(value, dict) and len(path) < _MOST_LEVELS:
            pending += [((*path, key), item) for key, item in value.items()]
    return found


def _active(record, contract):
    """Whether a record says that its export is active, None if that is not known."""
    try:
        return next((export.get("active") for export in exports_in([record], contract)), None)
    except BadAnswer:
        return None
