# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An independent test server for the DocBits REST API, with judged cases for its clients."""

from .faults import Fault
from .moods import Moods
from .server import Peer

__all__ = ["Fault", "Moods", "Peer"]
