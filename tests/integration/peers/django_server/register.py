# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the database and puts the apps and users of the ION API files on standard input into it."""

from __future__ import annotations

import json
import sys

import django
from django.core.management import call_command

django.setup()

from django.contrib.auth.models import User  # noqa: E402 (models exist after the setup only)
from oauth2_provider.models import Application  # noqa: E402

call_command("migrate", verbosity=0)
for ionapi in json.load(sys.stdin):
    has_account = "saak" in ionapi
    Application.objects.create(
        name=ionapi["cn"],
        client_id=ionapi["ci"],
        client_secret=ionapi["cs"],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_PASSWORD if has_account else Application.GRANT_CLIENT_CREDENTIALS,
    )
    if has_account:
        User.objects.create_user(ionapi["saak"], password=ionapi["sask"])
