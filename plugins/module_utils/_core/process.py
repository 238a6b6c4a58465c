# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the process that started this one is still there. Private to the collection."""

from __future__ import annotations

import os


class _Parent:
    """The id of the parent process, as it was when this process began."""

    id = os.getppid()


def _remember_parent() -> None:
    _Parent.id = os.getppid()


os.register_at_fork(after_in_child=_remember_parent)


def is_orphaned() -> bool:
    """Whether the parent process has ended, such as ansible-playbook for its workers."""
    return os.getppid() != _Parent.id
