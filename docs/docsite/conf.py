# Copyright (c) the docbits.ion contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Sphinx configuration of the documentation site; `make site` builds it."""

from __future__ import annotations

from docutils import nodes

project = "docbits.ion"
html_title = "docbits.ion"
html_theme = "furo"
html_show_sphinx = False
html_show_copyright = False
# They would change the options of commands, such as --vault-id.
smartquotes = False
html_copy_source = False
# The tables of antsibull-docs have colours for a light background only, and its links in the header too little contrast.
LINKS = {"antsibull-links-background": "#1f7173", "antsibull-links-background-active": "#2b8f92"}
html_theme_options = {
    "light_css_variables": LINKS,
    "dark_css_variables": {
        **LINKS,
        "antsibull-table-background-odd": "var(--color-background-primary)",
        "antsibull-table-background-even": "var(--color-background-secondary)",
        "antsibull-table-border": "var(--color-table-border)",
        "antsibull-narrowtable-background": "var(--color-background-secondary)",
        "antsibull-option-type": "#d2a8ff",
        "antsibull-option-elements": "#d2a8ff",
        "antsibull-option-required": "#ff7b72",
        "antsibull-option-version-added": "#7ee787",
        "antsibull-option-aliases": "#7ee787",
        "antsibull-option-default": "#79c0ff",
        "antsibull-option-sample": "#79c0ff",
        "antsibull-option-sample-header": "inherit",
        "antsibull-attribute-support-none": "#ff7b72",
        "antsibull-attribute-support-partial": "#e3b341",
        "antsibull-attribute-support-full": "#7ee787",
    },
}
extensions = ["sphinx_antsibull_ext", "myst_parser"]
myst_heading_anchors = 3
pygments_style = "ansible"
nitpicky = True
# The examples of rules for mappings are not all valid TOML.
suppress_warnings = ["misc.highlighting_failure"]

# Labels in Ansible's own documentation that pages of antsibull-docs refer to. An intersphinx inventory would be downloaded in each build.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
LABELS = {
    "action_plugins": f"{ANSIBLE}/plugins/action.html",
    "callback_plugins": f"{ANSIBLE}/plugins/callback.html",
    "common_return_values": f"{ANSIBLE}/reference_appendices/common_return_values.html",
    "ansible_configuration_settings": f"{ANSIBLE}/reference_appendices/config.html",
    "ansible_collections.ansible.builtin.file_lookup": f"{ANSIBLE}/collections/ansible/builtin/file_lookup.html",
}


def ansible_label(_app, _environment, node, content):
    """A link to Ansible's documentation for a label that is not on this site."""
    url = LABELS.get(node.get("reftarget", "").lower())
    return nodes.reference("", "", content, refuri=url, internal=False) if url else None


def without_contents(_app, doctree):
    """Remove the tables of contents that antsibull-docs writes, because the theme shows one beside each page."""
    for topic in list(doctree.findall(nodes.topic)):
        if "contents" in topic["classes"]:
            topic.parent.remove(topic)


def with_plain_titles(_app, doctree):
    """Spell titles and lists of antsibull-docs as they are meant: the name of the collection, and a dash, which without smartquotes is two characters."""
    for text in list(doctree.findall(nodes.Text)):
        if isinstance(text.parent, nodes.title) and text == project.title():
            text.parent.replace(text, nodes.Text(project))
        elif " -- " in text and not isinstance(text.parent, (nodes.literal, nodes.literal_block)):
            text.parent.replace(text, nodes.Text(text.replace(" -- ", " – ")))


def setup(app):
    app.connect("missing-reference", ansible_label)
    app.connect("doctree-read", without_contents)
    # Before Sphinx collects the titles.
    app.connect("doctree-read", with_plain_titles, priority=400)
