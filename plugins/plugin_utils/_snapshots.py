# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots: the exports of an environment as they were before a run, in vaulted files. Private to the collection."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from datetime import datetime, timezone

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput, failure
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import ERROR, INFO, WARNING, Finding
from ansible_collections.docbits.ion.plugins.module_utils._core.private_files import remove, write_bytes
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import read_file, read_source
from ansible_collections.docbits.ion.plugins.plugin_utils._vault_files import encrypt

FOLDER = ".docbits_ion_snapshots"
LATEST = "latest"
# The variable that a snapshot declares, so that it can be viewed and used like a file of variables.
VARIABLE = "docbits_exports"
_SUFFIX = ".yml"
# A snapshot of a run that goes back to another one, which is not the latest one for the next run.
_BEFORE_ROLLBACK = "-rollback"
# The workers inherit it: all tasks of a run write to the same snapshot, and the first one counts.
_RUN = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")


class Snapshots:
    """The snapshots of one organisation in DocBits.

    folder:          directory of the environment, whose tasks may have several organisations
    loader:          Ansible's loader, which has the vault secrets
    url:             of the DocBits API
    organisation_id: None if it is that of the API key
    api_key:         None if it is not set
    """

    def __init__(self, folder: str, loader, url: str, organisation_id: str | None = None, api_key: str | None = None) -> None:
        self._folder = folder
        self._loader = loader
        self._organisation = f"{url} {organisation_id or ''}".strip()
        # In the names of the files; the key cannot be guessed from it.
        self._tag = "-" + hmac.new((api_key or "").encode(), self._organisation.encode(), hashlib.sha256).hexdigest()[:8]

    def save(self, exports: list, *, keep: int, required: bool, is_rollback: bool) -> list:
        """Save the exports before the first write of the run, and remove old snapshots. Returns findings.

        exports:     items of the option exports
        keep:        how many snapshots of the environment are kept, at least 1
        required:    whether the run must not write without a snapshot
        is_rollback: whether the run goes back to a snapshot

        Raises: InvalidInput if a required snapshot cannot be saved
        """
        path = self._path(_RUN + self._tag + _BEFORE_ROLLBACK * is_rollback)
        try:
            if not os.path.exists(path):
                write_bytes(path, encrypt(self._loader, json.dumps({"organisation": self._organisation, VARIABLE: exports}, indent=2)))
            for name in self._names(self._tag + _BEFORE_ROLLBACK * is_rollback)[:-keep]:
                remove(self._path(name))
            return []
        except InvalidInput:
            finding = _unsaved(path, INFO, "the run has no vault password to encrypt it with", "pass --vault-id or --vault-password-file")
        except OSError as error:
            finding = _unsaved(path, WARNING, f"the file cannot be written ({error.strerror})", "set snapshot_dir to a directory that can be written")
        if required:
            raise InvalidInput(Finding(finding.id, ERROR, finding.where, f"{finding.message}; nothing was written to DocBits", finding.action))
        return [finding]

    def load(self, name: str) -> list:
        """The items of the option exports in a snapshot.

        name: of a file without its suffix, or "latest" for the newest one that was not saved by a rollback
        Raises: InvalidInput
        """
        try:
            names = self._names()
        except OSError as error:
            raise _unusable(self._folder, f"the directory cannot be read ({error.strerror})", "check its owner and mode") from None
        if name == LATEST:
            latest = [known for known in names if known.endswith(self._tag)]
            if not latest:
                raise _unusable(self._folder, "there is no snapshot of this environment", "check snapshot_dir, or declare the former exports and deploy them")
            name = latest[-1]
        path = self._path(name)
        if name not in names:
            raise _unusable(path, "there is no such snapshot", f"set snapshot to one of {', '.join(names[-3:]) or 'an environment that has snapshots'}")
        text, _findings = read_source("snapshot", path, lambda path: read_file(self._loader, path), secret=False)
        try:
            content = json.loads(text)
            organisation, exports = content["organisation"], content[VARIABLE]
        except (ValueError, TypeError, KeyError):
            raise _unusable(path, "it is not a snapshot", "restore the file, or set snapshot to another one") from None
        if organisation != self._organisation:
            raise _unusable(path, f"it is of another organisation ({organisation})", "check docbits_url, docbits_environment and organisation_id of this host")
        return exports

    def _path(self, name) -> str:
        return os.path.join(self._folder, name + _SUFFIX)

    def _names(self, end: str = "") -> list:
        """The names of the snapshots without suffix that end so, the oldest first. Raises: OSError if the directory cannot be read"""
        try:
            files = sorted(os.listdir(self._folder))
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [name[: -len(_SUFFIX)] for name in files if name.endswith(end + _SUFFIX) and not name.startswith(".")]


def _unsaved(path, level, message, action) -> Finding:
    return Finding("S20", level, f"snapshot {path}", f"it was not saved: {message}", action)


def _unusable(path, message, action) -> InvalidInput:
    return failure(InvalidInput, "S21", f"snapshot: {path}", message, action)
