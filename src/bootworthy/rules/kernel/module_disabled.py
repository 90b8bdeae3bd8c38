"""A driver that Azure needs is kept from loading."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.facts import modprobe
from bootworthy.guest.facts.kernels import normalise
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Place, Severity, Violation
from bootworthy.model.steps import AllowModules, SetKernelArguments, UpdateInitramfs
from bootworthy.rules import drivers, sources
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.provisioning import needs_udf
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

_VITAL = frozenset((*drivers.INITRAMFS, "hv_utils", "vfat", "fat", "nvme", "pci_hyperv"))
_FOR_PROVISIONING = frozenset(("udf", "isofs", "cdrom", "sr_mod"))

# Each of these takes a comma-separated list of modules
# (https://docs.kernel.org/admin-guide/kernel-parameters.html, dracut.cmdline(7), modprobe(8)).
_ARGUMENTS = ("module_blacklist", "modprobe.blacklist", "rd.driver.blacklist")


@rule(
    code="KERN-04",
    name="module-disabled",
    severity=Severity.ERROR,
    why="Hardening guides switch off udf and vfat; then provisioning or the boot itself fails.",
    when=(has_guest,),
    article=(6, 35, 48),
    sources=(sources.ARTICLE, sources.NO_HYPERV_DRIVERS),
)
def check(subject: Subject) -> Iterator[Violation]:
    """No modprobe.d line, initramfs or kernel argument keeps a needed driver from loading."""
    guest = subject.linux
    for directive in guest.modprobe:
        if directive.prevents_loading and directive.module in _VITAL | _FOR_PROVISIONING:
            fix = _fix(directive.module)
            yield _violation(guest, directive, fix)
    yield from _inside_initramfs(guest)
    yield from _on_command_line(guest)


def _fix(module: str) -> Fix:
    return Fix(
        title=f"turn the line that disables {module} into a comment",
        steps=(AllowModules(modules=(module,)),),
    )


def _violation(guest: Guest, directive: modprobe.Directive, fix: Fix) -> Violation:
    mild = directive.module in _FOR_PROVISIONING and not needs_udf(guest)
    return Violation(
        message=f"{directive.module} is kept from loading",
        place=directive.place,
        found=f"{directive.command} {directive.module} {directive.rest}".strip(),
        expected=f"{directive.module} can be loaded",
        fix=fix,
        severity=Severity.WARNING if mild else None,
    )


def _inside_initramfs(guest: Guest) -> Iterator[Violation]:
    for kernel in guest.bootable_kernels:
        if kernel.initramfs is None:
            continue
        inside = guest.initramfs(kernel.initramfs).small_files
        for name, text in inside.items():
            if "modprobe.d/" not in name:
                continue
            for directive in modprobe.parse(text, kernel.initramfs, within=name):
                if directive.prevents_loading and directive.module in _VITAL:
                    yield _violation(guest, directive, _rebuild(directive.module, name, text))


def _rebuild(module: str, name: str, text: str) -> Fix:
    step = UpdateInitramfs(modules=drivers.INITRAMFS, files=((name, _allowed(text, module)),))
    return Fix(
        title=f"make the initramfs again without the line that disables {module}",
        steps=(AllowModules(modules=(module,)), step),
    )


def _allowed(text: str, module: str) -> str:
    from bootworthy.guest.editors.modprobe import allow_modules

    return allow_modules(text, (module,))


def _on_command_line(guest: Guest) -> Iterator[Violation]:
    for entry in guest.boot_loader.entries:
        for name in _ARGUMENTS:
            for value in entry.values(name):
                disabled = {normalise(module) for module in value.split(",")}
                if found := sorted(disabled & (_VITAL | _FOR_PROVISIONING)):
                    yield Violation(
                        message=f"{', '.join(found)} cannot load: {name}= on the command line",
                        place=Place(entry.path, entry.line, entry.title),
                        found=f"{name}={value}",
                        expected=f"no {name}= that names them",
                        fix=Fix(
                            title=f"drop {name}={value}",
                            steps=(SetKernelArguments(remove=(f"{name}={value}",)),),
                        ),
                    )
