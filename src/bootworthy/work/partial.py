"""Judge files that a recipe lays over a Linux, without that Linux.

What they are laid over is taken to be whole: rules are asked as if the rest were there, and only
what they say about the files at hand is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bootworthy.guest.facts import boot_loader
from bootworthy.guest.overlay import OverlayTree
from bootworthy.guest.tree import Kind, Tree
from bootworthy.model.errors import UsageError
from bootworthy.model.finding import Finding, Outcome, Place
from bootworthy.model.report import RuleResult
from bootworthy.rules.command_line.entries import default_arguments

_ROOT = "root:x:0:0:root:/root:/bin/sh\n"

# Without these, rules would not look at the configuration of what they belong to.
_ASSUMED = {
    "/etc/os-release": "ID=linux\nNAME=Linux\n",
    "/etc/passwd": _ROOT,
    "/etc/group": "root:x:0:\n",
    "/etc/shadow": "root:*:1::::::\n",
    "/usr/bin/cloud-init": "",
    "/usr/bin/sudo": "",
    "/usr/lib/systemd/systemd": "",
    "/usr/sbin/sshd": "",
    "/usr/sbin/waagent": "",
}


_GRUB_DEFAULTS = "/etc/default/grub"
_GRUB_MENU = "/boot/grub/grub.cfg"

_MENU = """\
menuentry 'Linux' {{
  linux /boot/vmlinuz-6 root=UUID=00000000-0000-4000-8000-000000000000 ro {arguments}
  initrd /boot/initrd.img-6
}}
"""


def completed(tree: Tree) -> Tree:
    """``tree`` with what every Linux has, in memory; the files that are there stay as they are.

    Raises:
        UsageError: ``tree-odd``: a file is where every Linux has a directory.
    """
    whole = OverlayTree(tree)
    try:
        for path, text in _ASSUMED.items():
            _assume(whole, path, text)
        if whole.is_file(_GRUB_DEFAULTS):
            _assume_menu(whole)
    except OSError as error:
        raise UsageError(
            "tree-odd",
            f"this cannot be laid over a Linux: {error.filename}: {error.strerror}",
            hint="name the directory whose etc and usr are laid over those of the Linux",
        ) from error
    return whole


def _assume(whole: OverlayTree, path: str, text: str) -> None:
    if not whole.exists(path):
        whole.make_dirs(path.rpartition("/")[0])
        whole.write_text(path, text, mode=0o755)


def _assume_menu(whole: OverlayTree) -> None:
    """Write the menu that grub-mkconfig would make of the defaults."""
    if not whole.exists(_GRUB_MENU):
        _assume(whole, _GRUB_MENU, _MENU.format(arguments=""))
        words = default_arguments(boot_loader.read(whole))
        for path in ("/boot/vmlinuz-6", "/boot/initrd.img-6", "/usr/lib/modules/6/modules.dep"):
            _assume(whole, path, "")
        whole.write_text(_GRUB_MENU, _MENU.format(arguments=" ".join(words)))


def of_files(results: Iterable[RuleResult], tree: Tree) -> tuple[RuleResult, ...]:
    """The results with only what is about files of ``tree``."""
    return tuple(_of_files(result, tree) for result in results)


def _of_files(result: RuleResult, tree: Tree) -> RuleResult:
    if result.unreadable and not any(path in result.unreadable.message for path in _files(tree)):
        return replace(result, unreadable=None, reason="it needs a file that is not in the tree")
    kept = tuple(finding for item in result.findings for finding in _about_files(item, tree))
    if not result.findings or kept:
        return replace(result, findings=kept)
    reason = "it is about the rest of the system"
    return replace(result, outcome=Outcome.NOT_CHECKED, reason=reason)


def _about_files(finding: Finding, tree: Tree) -> Iterator[Finding]:
    """The finding when it is about a file of the tree; of GRUB's menu, its defaults."""
    path = finding.place.path
    if path == _GRUB_MENU and not tree.exists(path) and finding.code.startswith("CMD-"):
        yield replace(finding, place=Place(_GRUB_DEFAULTS), related=())
    elif path.startswith("/") and tree.kind(path) is Kind.FILE:
        yield finding


def _files(tree: Tree) -> Iterable[str]:
    return (path for path, status in tree.walk("/") if status.kind is Kind.FILE)
