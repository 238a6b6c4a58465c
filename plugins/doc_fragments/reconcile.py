# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for how exports are reconciled."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  several_active:
    description:
      - Whether this DocBits runs several active exports of one document type and sub-organisation in execution order, as it does since May 2026.
      - If V(false), a declaration that would activate a second export beside an active declared one is refused before anything is written.
        If the other active export is not declared, there is a warning, because only DocBits knows whether it runs both.
    type: bool
    default: false
  update:
    description:
      - When a secret that DocBits does not show (a password, a masked ION API file) is sent to an existing export.
      - V(when_changed) decides by the fingerprint of what was sent last. Without a fingerprint, the visible parts of a masked ION API file together
        with DocBits' own connection test decide; otherwise the secret is sent.
      - V(always) sends it in every run and reports a change each time. V(on_create) never sends it to an existing export.
      - The return value RV(ignore:exports) shows in RV(ignore:evidence) which of these decided.
    type: str
    default: when_changed
    choices:
      - when_changed
      - always
      - on_create
  checks:
    description:
      - Which of DocBits' own checks are asked after an export was changed. Their meaning is not documented, so a failed check is a warning.
      - V(validate) is not asked for exports of a sub-organisation, V(test_connection) not for exports on premises.
    type: list
    elements: str
    default:
      - validate
      - test_connection
    choices:
      - validate
      - test_connection
  require_reversible:
    description: Whether the task fails before the first write if a step cannot be rolled back. RV(steps) shows this for each step, also in check mode.
    type: bool
    default: false
  assume_kept:
    description:
      - Whether an update may omit a value that DocBits withholds and that is not declared, on the assumption that DocBits keeps it.
      - DocBits does not document this, and a loss would not be noticed. By default, such an update fails before the first write.
    type: bool
    default: false
  allow_momentary_deactivation:
    description:
      - Whether an active export may be deactivated for a moment while an inactive export of the same document type and sub-organisation is created.
      - Set it if DocBits refuses to create an inactive export beside an active one.
    type: bool
    default: false
  settle_timeout:
    description: Seconds to wait until DocBits shows a write in its list of exports.
    type: float
    default: 5.0
  diff_mappings:
    description:
      - Whether the diff shows the meaning of mappings (V(meaning)) or their lines (V(text)).
      - With V(meaning), an export that is created or removed shows each of its files as one line.
    type: str
    default: meaning
    choices:
      - meaning
      - text
  state_dir:
    description:
      - Directory on the controller for the fingerprints of O(update), one file for each host, and for the intent record of a run in progress.
        The default is the directory C(.docbits_ion) in the directory of the inventory.
      - It contains no secrets. A fingerprint is an HMAC with the API key, so a guess cannot be checked without that key, and the directory can be
        shared and committed.
      - A module that runs on another machine keeps its intent record there, in C(~/.ansible/docbits.ion).
    type: path
  fingerprints:
    description: The content of the state file. The action plugin sets it.
    type: dict
  run_dir:
    description: The directory of the intent record. The action plugin sets it.
    type: path
  snapshots:
    description:
      - How many snapshots of an environment are kept. V(0) saves none.
      - Before the first write of a run, the exports are saved as they are, with the files that the run has read and those of the exports that it removes.
      - A snapshot is encrypted with the vault secret of the setting C(vault_encrypt_identity), or else with the first of the run. Without a vault password,
        none is saved, and RV(ignore:findings) has a note.
      - A snapshot has the ION API files and passwords that DocBits shows, or that are proved to be there. What DocBits withholds is not in it.
    type: int
    default: 10
  snapshot_dir:
    description:
      - Directory on the controller for the snapshots, with a directory for each host. The default is C(.docbits_ion_snapshots) in the directory of the
        inventory.
      - A snapshot is named by the time at which the run started, and by a digest of the organisation with its API key. With another API key,
        V(latest) does not find it, but its name does.
    type: path
  require_snapshot:
    description:
      - Whether nothing is written to DocBits if the snapshot cannot be saved. Only runs on the controller save snapshots.
    type: bool
    default: false
"""
