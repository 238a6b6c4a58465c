# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Next steps that rules about ION API files share. Private to the collection."""

from __future__ import annotations

DOWNLOAD = "download the file in Infor OS > API Gateway > Authorized Apps > the app > Download Credentials"
SAVE_UNCHANGED = f"{DOWNLOAD} and save it unchanged, without an editor or the clipboard"
DOWNLOAD_WITH_ACCOUNT = f"{DOWNLOAD}, with Create Service Account switched on"
CORRECT_EXPECTATION = "or correct the expected value in the inventory"
