# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base class of the action plugins: reads files, keeps the state file, runs module functions. Private to the collection."""

from __future__ import annotations

import os
from contextlib import contextmanager

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.docbits.ion.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.docbits.ion.plugins.module_utils._core.findings import warnings_as_errors
from ansible_collections.docbits.ion.plugins.module_utils._core.run import Context, execute, warnings_of
from ansible_collections.docbits.ion.plugins.module_utils._docbits.client import base_url_of
from ansible_collections.docbits.ion.plugins.plugin_utils._rotation import check_files, replace_files
from ansible_collections.docbits.ion.plugins.plugin_utils._schema import check_schema
from ansible_collections.docbits.ion.plugins.plugin_utils._snapshots import FOLDER as SNAPSHOTS
from ansible_collections.docbits.ion.plugins.plugin_utils._snapshots import Snapshots
from ansible_collections.docbits.ion.plugins.plugin_utils._sources import as_plain, check_vaulted, read_file, read_sources
from ansible_collections.docbits.ion.plugins.plugin_utils._state_file import default_folder, load, save, state_file
from ansible_collections.docbits.ion.plugins.plugin_utils._variables import with_fallbacks


class ControllerAction(ActionBase):
    """What the action plugins share."""

    # An asynchronous task keeps its arguments decrypted in a file until it ends.
    _supports_async = False
    _supports_check_mode = True

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._files: dict = {}

    def prepare(self, args, options, variables):
        """(the arguments with the text of all files and the content of the state file, warnings about the files).

        args:      as Ansible passes them, because their tags say which came out of a vault
        options:   argument spec of the arguments
        variables: variables of the host, for the default path of the state file

        Raises: InvalidInput
        """
        require_vault = "require_vault" in options and boolean(args.get("require_vault") or False, strict=False)
        if require_vault:
            check_vaulted(args, options, os.environ)
        args = as_plain(args)
        check_schema(args, options)
        args, host = self._with_snapshot(args, options, variables), variables["inventory_hostname"]
        is_rotation = boolean(args.get("rotate", False), strict=False)
        if not is_rotation:
            args = {name: value for name, value in args.items() if name != "ionapi_new_src"}
        args, warnings = read_sources(args, options, self._read, require_vault)
        if is_rotation and args.get("ionapi_new_content") is not None:
            args = check_files(args, self._read, self._find)
        if warnings and boolean(args.get("strict", False), strict=False):
            raise InvalidInput(warnings_as_errors(warnings))
        if "state_dir" in options:
            folder = os.path.abspath(os.path.expanduser(str(args.get("state_dir") or default_folder(variables))))
            args.update(state_dir=folder, run_dir=folder, fingerprints=load(state_file(folder, host)))
        return args, warnings

    def save_state(self, result, args, host) -> dict:
        """The result of a host: its diff names the host, and its fingerprints are saved in the state file of the host, except in check mode."""
        if "diff" in result:
            result["diff"].update(before_header=host, after_header=host)
        if "rotation" in result and not result.get("failed") and "stopped_after" not in result:
            result = replace_files(result, args, self._loader, self._find, self._task.check_mode)
        fingerprints = result.pop("fingerprints", None)
        if not fingerprints or self._task.check_mode:
            return result
        return with_warnings(result, save(state_file(args["state_dir"], host), fingerprints))

    def run_locally(self, name, task, args) -> dict:
        """The result of a module's function in this process, equal to that of the shipped module.

        name: name of the module without the collection
        task: module of Python with ARGUMENT_SPEC and run
        """
        context = Context(params={}, check_mode=self._task.check_mode, diff_mode=self._task.diff)
        validation = ArgumentSpecValidator(**task.ARGUMENT_SPEC.to_kwargs()).validate(args)
        context.secrets.add(*validation._no_log_values)
        if validation.error_messages:
            message = validation.error_messages[0]
            if isinstance(validation.errors[0], UnsupportedError):
                message = f"Unsupported parameters for (docbits.ion.{name}) module: {message}"
            return context.secrets.redact({"failed": True, "msg": message})
        params = validation.validated_parameters
        context.params.update(params)
        # A task that only tries a declaration has no directory of snapshots.
        if not context.check_mode and "snapshot_dir" in args and (params.get("snapshots", 0) > 0 or params.get("require_snapshot")):
            keep, required = max(params["snapshots"], 1), params["require_snapshot"]
            options = {"keep": keep, "required": required, "is_rollback": bool(params.get("snapshot"))}
            # Once the options are validated.
            context.save_snapshot = lambda exports: self._snapshots(args).save(exports, **options)
        result = execute(task.run, context)
        warnings = warnings_of(result)
        return {**result, "warnings": warnings} if warnings else result

    def _with_snapshot(self, args, options, variables) -> dict:
        """The arguments with the directory of the snapshots of the host; to go back to one, with its exports."""
        if "snapshot_dir" in options:
            folder = args.get("snapshot_dir") or default_folder(variables, SNAPSHOTS)
            args = {**args, "snapshot_dir": os.path.join(os.path.abspath(os.path.expanduser(str(folder))), variables["inventory_hostname"])}
        if "snapshot" in options and args.get("snapshot"):
            # Exports that came after the snapshot go, unless the user said that nothing is removed.
            args = {"purge": True, **args, "exports": self._snapshots(args).load(str(args["snapshot"]))}
        return args

    def _snapshots(self, args) -> Snapshots:
        """The snapshots of the organisation that the options name. Raises: InvalidInput for an invalid URL"""
        values = with_fallbacks(args)
        return Snapshots(args["snapshot_dir"], self._loader, base_url_of(values), values["organisation_id"], values["api_key"])

    def variables_of(self, name, task_vars) -> tuple:
        """(variables of a host, templar for them)."""
        hostvars = task_vars["hostvars"]
        variables = hostvars._variable_manager.get_vars(play=self._task.get_play(), host=hostvars._inventory.get_host(name), task=self._task)
        return variables, self._templar.copy_with_new_env(available_variables=variables)

    @contextmanager
    def task_environment(self):
        """Set the variables of the keyword environment in this process: fallbacks of options and proxies use them."""
        variables = self.task_variables()
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def task_variables(self) -> dict:
        """The variables of the keyword environment."""
        variables = {}
        self._compute_environment_string(variables)
        return {name: str(value) for name, value in variables.items()}

    def _read(self, path):
        """The result of read_file for a path in the search path of the task. Cached, because environments often share files."""
        if path not in self._files:
            self._files[path] = read_file(self._loader, self._find(path))
        return self._files[path]

    def _find(self, path) -> str:
        return self._find_needle("files", path)


def with_warnings(result, findings) -> dict:
    """The result with more findings, before its own, as findings and warnings."""
    if not findings:
        return result
    return {
        **result,
        "findings": [finding.as_dict() for finding in findings] + list(result.get("findings", ())),
        "warnings": [finding.sentence() for finding in findings] + list(result.get("warnings", ())),
    }
