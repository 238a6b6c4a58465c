# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the processes that started this one are still there. Private to the collection."""

from __future__ import annotations

import os
import select


class _Ancestors:
    """The parent process as it was when this process began, and the process that imported this file first, such as ansible-playbook.

    Only the latter has the writing end of a pipe, which closes when it ends. The parent may be a worker that does not notice that end itself.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._pipe = os.pipe()
        self._is_first = True
        os.register_at_fork(after_in_child=self._in_child)

    def _in_child(self) -> None:
        self._parent = os.getppid()
        if self._is_first:
            os.close(self._pipe[1])
        self._is_first = False

    def have_ended(self) -> bool:
        """Whether one of them has ended."""
        poll = select.poll()
        poll.register(self._pipe[0], 0)
        return os.getppid() != self._parent or bool(poll.poll(0))


_ANCESTORS = _Ancestors()


def is_orphaned() -> bool:
    """Whether the parent process has ended, or ansible-playbook, which started a worker with processes of its own."""
    return _ANCESTORS.have_ended()
