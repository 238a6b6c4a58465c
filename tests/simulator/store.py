# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the simulator in one SQLite file: documents, files and the journal; a restart loses nothing."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS documents (collection TEXT, key TEXT, value TEXT, PRIMARY KEY (collection, key));
CREATE TABLE IF NOT EXISTS files (owner TEXT, name TEXT, content BLOB, PRIMARY KEY (owner, name));
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, entry TEXT);
"""


class Store:
    """Documents (JSON values by collection and key), files (bytes by owner and name) and journal entries (by number).

    Every call is short, so it is made straight from the event loop; the lock is for tests that use threads.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._sqlite = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._sqlite.execute("PRAGMA journal_mode = WAL")
        self._sqlite.execute("PRAGMA synchronous = OFF")
        self._sqlite.executescript(TABLES)

    def close(self) -> None:
        with self._lock:
            self._sqlite.close()

    def clear(self) -> None:
        """Forget everything."""
        for table in ("documents", "files", "journal"):
            self._run(f"DELETE FROM {table}")

    def get(self, collection: str, key: str) -> Any:
        """The value, or None."""
        rows = self._run("SELECT value FROM documents WHERE collection = ? AND key = ?", (collection, key))
        return json.loads(rows[0][0]) if rows else None

    def put(self, collection: str, key: str, value: Any) -> None:
        """Create or replace; a replaced document keeps its place in the order of `list`."""
        self._run(
            "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (collection, key, json.dumps(value)),
        )

    def delete(self, collection: str, key: str) -> None:
        self._run("DELETE FROM documents WHERE collection = ? AND key = ?", (collection, key))

    def list(self, collection: str) -> dict[str, Any]:
        """Every value of the collection by key, oldest first."""
        rows = self._run("SELECT key, value FROM documents WHERE collection = ? ORDER BY rowid", (collection,))
        return {key: json.loads(value) for key, value in rows}

    def put_file(self, owner: str, name: str, content: bytes) -> None:
        self._run("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (owner, name, content))

    def get_file(self, owner: str, name: str) -> bytes | None:
        rows = self._run("SELECT content FROM files WHERE owner = ? AND name = ?", (owner, name))
        return rows[0][0] if rows else None

    def file_names(self, owner: str) -> set[str]:
        return {name for (name,) in self._run("SELECT name FROM files WHERE owner = ?", (owner,))}

    def delete_file(self, owner: str, name: str) -> None:
        self._run("DELETE FROM files WHERE owner = ? AND name = ?", (owner, name))

    def delete_files(self, owner: str) -> None:
        self._run("DELETE FROM files WHERE owner = ?", (owner,))

    def append_journal(self, entries: list[dict]) -> None:
        """Keep entries for good; each has its number in `seq`."""
        with self._lock:
            self._sqlite.execute("BEGIN")
            self._sqlite.executemany("INSERT INTO journal VALUES (?, ?)", [(entry["seq"], json.dumps(entry)) for entry in entries])
            self._sqlite.execute("COMMIT")

    def read_journal(self, after: int) -> list[dict]:
        """The entries with a number above `after`, in order."""
        return [json.loads(entry) for (entry,) in self._run("SELECT entry FROM journal WHERE seq > ? ORDER BY seq", (after,))]

    def last_journal_number(self) -> int:
        return self._run("SELECT coalesce(max(seq), 0) FROM journal")[0][0]

    def clear_journal(self) -> None:
        self._run("DELETE FROM journal")

    def _run(self, statement: str, parameters: tuple = ()) -> list[tuple]:
        with self._lock:
            return self._sqlite.execute(statement, parameters).fetchall()
