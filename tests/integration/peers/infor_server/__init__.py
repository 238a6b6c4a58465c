# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An independent stand-in for Infor's OAuth2 server and ION API gateway, and judged cases for clients of it."""

from .moods import MOODS, describe
from .peer import ABSENT, Peer

__all__ = ["ABSENT", "MOODS", "Peer", "describe"]
