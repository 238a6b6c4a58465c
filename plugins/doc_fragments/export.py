# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for one export, and for the set of them. A test compares the suboptions of the set with the options of one."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  id:
    description:
      - DocBits' own id of the export, as M(docbits.ion.export_info) returns it. With an id, options that are not set stay unchanged.
      - Without an id, an export is found by sub-organisation, document type, kind and title, and must be declared completely.
    type: str
  title:
    description: Title of the export. Required without an id. With an id, a new title.
    type: str
  kind:
    description: Kind of the export. Required without an id. The kind of an existing export cannot be changed.
    type: str
    choices:
      - infor_idm
      - infor_ion_bod
      - infor_idm_ion_bod
      - infor_idm_m3
      - infor_idm_m3_toml
      - infor_idm_ln
      - infor_sftp
      - sftp
      - smb
      - webhook
      - flow2
      - zugferd
      - peppol
  state:
    description: Whether the export must exist.
    type: str
    default: present
    choices:
      - present
      - absent
  active:
    description: Whether DocBits runs the export. A new export is active unless this is V(false).
    type: bool
  document_type:
    description: Key or title of the document type, for example V(INVOICE).
    type: str
  sub_organisation:
    description: Name or id of the sub-organisation; empty for the main organisation.
    type: str
  execution_order:
    description: Position in the order in which newer versions of DocBits run several exports of one document type.
    type: int
  deployment:
    description: Whether DocBits reaches Infor in the cloud, or on premises through its WatchDog. A new export is V(cloud) by default.
    type: str
    choices:
      - cloud
      - on_premises
  zugferd:
    description: Whether the exported PDF is a ZUGFeRD file.
    type: bool
  url:
    description: URL that a webhook export calls.
    type: str
  server_url:
    description: Server of an SFTP or SMB export.
    type: str
  port:
    description: Port of an SFTP or SMB export.
    type: int
  username:
    description: User of an SFTP, SMB or Flow2 export.
    type: str
  password:
    description: Password of an SFTP, SMB or Flow2 export.
    type: str
  folder:
    description: Folder on the server. It must exist and be writable.
    type: str
  filename_mode:
    description: How an SFTP export names files.
    type: str
  document_history:
    description: Whether an SFTP export adds the document's history.
    type: bool
  flow2_url:
    description: URL of a Flow2 export.
    type: str
  flow2_document_type_id:
    description: Document type of a Flow2 export in Flow2.
    type: str
  flow2_cabinet_id:
    description: Cabinet of a Flow2 export in Flow2.
    type: int
  file_access:
    description: How a ZUGFeRD or Peppol export gives its file. DocBits offers download, email and watchdog; it does not publish how they are spelled.
    type: str
  zugferd_format:
    description: Format of a ZUGFeRD export. DocBits offers basic, extended and minimum; it does not publish how they are spelled.
    type: str
  email:
    description: Address that a ZUGFeRD or Peppol export sends to.
    type: str
  ionapi_src:
    description: Path on the controller of the ION API file (C(.ionapi)). A vaulted file is decrypted in memory.
    type: path
  ionapi_content:
    description: Text of the ION API file (C(.ionapi)), instead of the path.
    type: str
  idm_mapping_src:
    description: Path on the controller of the IDM mapping (C(.properties)). A vaulted file is decrypted in memory.
    type: path
  idm_mapping_content:
    description: Text of the IDM mapping (C(.properties)), instead of the path.
    type: str
  bod_mapping_src:
    description: Path on the controller of the BOD mapping (C(.properties)). A vaulted file is decrypted in memory.
    type: path
  bod_mapping_content:
    description: Text of the BOD mapping (C(.properties)), instead of the path.
    type: str
  m3_mapping_src:
    description: Path on the controller of the M3 mapping (C(.properties)). A vaulted file is decrypted in memory.
    type: path
  m3_mapping_content:
    description: Text of the M3 mapping (C(.properties)), instead of the path.
    type: str
  m3_toml_mapping_src:
    description: Path on the controller of the M3 mapping of the Rule Manager (C(.toml)). A vaulted file is decrypted in memory.
    type: path
  m3_toml_mapping_content:
    description: Text of the M3 mapping of the Rule Manager (C(.toml)), instead of the path.
    type: str
  ln_mapping_src:
    description: Path on the controller of the LN mapping (C(.properties)). A vaulted file is decrypted in memory.
    type: path
  ln_mapping_content:
    description: Text of the LN mapping (C(.properties)), instead of the path.
    type: str
  xslt_src:
    description: Path on the controller of the XSLT of an SFTP export. A vaulted file is decrypted in memory.
    type: path
  xslt_content:
    description: Text of the XSLT of an SFTP export, instead of the path.
    type: str
  jpl_mapping_src:
    description: Path on the controller of the JPL mapping of an SMB export (C(.properties)). A vaulted file is decrypted in memory.
    type: path
  jpl_mapping_content:
    description: Text of the JPL mapping of an SMB export (C(.properties)), instead of the path.
    type: str
  flow2_mapping_src:
    description: Path on the controller of the mapping of a Flow2 export. A vaulted file is decrypted in memory.
    type: path
  flow2_mapping_content:
    description: Text of the mapping of a Flow2 export, instead of the path.
    type: str
"""

    SET = r"""
options:
  exports:
    description: The declared exports. An Infor export without an ION API file of its own uses O(ionapi_src).
    type: list
    elements: dict
    required: true
    suboptions:
      ignore:
        description: Whether the export stays unchanged, also with O(purge). It is found by its id, or by its title and the other fields that are set.
        type: bool
        default: false
      id:
        description:
          - DocBits' own id of the export, as M(docbits.ion.export_info) returns it. With an id, options that are not set stay unchanged.
          - Without an id, an export is found by sub-organisation, document type, kind and title, and must be declared completely.
        type: str
      title:
        description: Title of the export. Required without an id. With an id, a new title.
        type: str
      kind:
        description: Kind of the export. Required without an id. The kind of an existing export cannot be changed.
        type: str
        choices:
          - infor_idm
          - infor_ion_bod
          - infor_idm_ion_bod
          - infor_idm_m3
          - infor_idm_m3_toml
          - infor_idm_ln
          - infor_sftp
          - sftp
          - smb
          - webhook
          - flow2
          - zugferd
          - peppol
      state:
        description: Whether the export must exist.
        type: str
        default: present
        choices:
          - present
          - absent
      active:
        description: Whether DocBits runs the export. A new export is active unless this is V(false).
        type: bool
      document_type:
        description: Key or title of the document type, for example V(INVOICE).
        type: str
      sub_organisation:
        description: Name or id of the sub-organisation; empty for the main organisation.
        type: str
      execution_order:
        description: Position in the order in which newer versions of DocBits run several exports of one document type.
        type: int
      deployment:
        description: Whether DocBits reaches Infor in the cloud, or on premises through its WatchDog. A new export is V(cloud) by default.
        type: str
        choices:
          - cloud
          - on_premises
      zugferd:
        description: Whether the exported PDF is a ZUGFeRD file.
        type: bool
      url:
        description: URL that a webhook export calls.
        type: str
      server_url:
        description: Server of an SFTP or SMB export.
        type: str
      port:
        description: Port of an SFTP or SMB export.
        type: int
      username:
        description: User of an SFTP, SMB or Flow2 export.
        type: str
      password:
        description: Password of an SFTP, SMB or Flow2 export.
        type: str
      folder:
        description: Folder on the server. It must exist and be writable.
        type: str
      filename_mode:
        description: How an SFTP export names files.
        type: str
      document_history:
        description: Whether an SFTP export adds the document's history.
        type: bool
      flow2_url:
        description: URL of a Flow2 export.
        type: str
      flow2_document_type_id:
        description: Document type of a Flow2 export in Flow2.
        type: str
      flow2_cabinet_id:
        description: Cabinet of a Flow2 export in Flow2.
        type: int
      file_access:
        description: How a ZUGFeRD or Peppol export gives its file. DocBits offers download, email and watchdog; it does not publish how they are spelled.
        type: str
      zugferd_format:
        description: Format of a ZUGFeRD export. DocBits offers basic, extended and minimum; it does not publish how they are spelled.
        type: str
      email:
        description: Address that a ZUGFeRD or Peppol export sends to.
        type: str
      ionapi_src:
        description: Path on the controller of the ION API file (C(.ionapi)). A vaulted file is decrypted in memory.
        type: path
      ionapi_content:
        description: Text of the ION API file (C(.ionapi)), instead of the path.
        type: str
      idm_mapping_src:
        description: Path on the controller of the IDM mapping (C(.properties)). A vaulted file is decrypted in memory.
        type: path
      idm_mapping_content:
        description: Text of the IDM mapping (C(.properties)), instead of the path.
        type: str
      bod_mapping_src:
        description: Path on the controller of the BOD mapping (C(.properties)). A vaulted file is decrypted in memory.
        type: path
      bod_mapping_content:
        description: Text of the BOD mapping (C(.properties)), instead of the path.
        type: str
      m3_mapping_src:
        description: Path on the controller of the M3 mapping (C(.properties)). A vaulted file is decrypted in memory.
        type: path
      m3_mapping_content:
        description: Text of the M3 mapping (C(.properties)), instead of the path.
        type: str
      m3_toml_mapping_src:
        description: Path on the controller of the M3 mapping of the Rule Manager (C(.toml)). A vaulted file is decrypted in memory.
        type: path
      m3_toml_mapping_content:
        description: Text of the M3 mapping of the Rule Manager (C(.toml)), instead of the path.
        type: str
      ln_mapping_src:
        description: Path on the controller of the LN mapping (C(.properties)). A vaulted file is decrypted in memory.
        type: path
      ln_mapping_content:
        description: Text of the LN mapping (C(.properties)), instead of the path.
        type: str
      xslt_src:
        description: Path on the controller of the XSLT of an SFTP export. A vaulted file is decrypted in memory.
        type: path
      xslt_content:
        description: Text of the XSLT of an SFTP export, instead of the path.
        type: str
      jpl_mapping_src:
        description: Path on the controller of the JPL mapping of an SMB export (C(.properties)). A vaulted file is decrypted in memory.
        type: path
      jpl_mapping_content:
        description: Text of the JPL mapping of an SMB export (C(.properties)), instead of the path.
        type: str
      flow2_mapping_src:
        description: Path on the controller of the mapping of a Flow2 export. A vaulted file is decrypted in memory.
        type: path
      flow2_mapping_content:
        description: Text of the mapping of a Flow2 export, instead of the path.
        type: str
  purge:
    description: Whether exports of the organisation that are not declared are removed. In check mode, the diff shows them.
    type: bool
    default: false
"""
