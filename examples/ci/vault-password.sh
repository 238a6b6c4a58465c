#!/bin/sh
# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Gives ansible-vault the password of the pipeline, so that it is in no file.
printenv DOCBITS_VAULT_PASSWORD
