"""A driver that Azure needs is kept from loading."""

from __future__ import annotations

from collections.abc import Iterator

from bootworthy.guest.editors.modprobe import allow_modules
from bootworthy.guest.facts import modprobe
from bootworthy.guest.facts.boot_loader import BootEntry
from bootworthy.guest.facts.kernels import Kernel, ModuleState, normalise
from bootworthy.guest.facts.modprobe import Directive
from bootworthy.guest.guest import Guest
from bootworthy.model.finding import Fix, Severity, Violation
from bootworthy.model.steps import AllowModules, SetKernelArguments, UpdateInitramfs
from bootworthy.rules import drivers, sources
from bootworthy.rules.command_line.entries import place_of
from bootworthy.rules.conditions import has_guest
from bootworthy.rules.kernel.needed_modules import EARLY, NEEDED, severity
from bootworthy.rules.rule import rule
from bootworthy.rules.subject import Subject

# Each of these takes a comma-separated list of modules
# (https://docs.kernel.org/admin-guide/kernel-parameters.html, modprobe(8), dracut.cmdline(7)).
# The last one is only read in the initramfs.
_ARGUMENTS = {
    "module_blacklist": NEEDED,
    "modprobe.blacklist": NEEDED,
    "rd.driver.blacklist": EARLY,
}


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
    disabled = [directive for directive in guest.modprobe if _disables(guest, directive)]
    for directive in disabled:
        yield _violation(subject, directive, _allow(directive.module))
    yield from _inside_initramfs(subject, {directive.module for directive in disabled})
    yield from _on_command_line(subject)


def _disables(guest: Guest, directive: Directive) -> bool:
    return (
        directive.prevents_loading
        and directive.module in NEEDED
        and not drivers.built_in_everywhere(guest.bootable_kernels, directive.module)
    )


def _allow(module: str) -> Fix:
    return Fix(
        title=f"turn the line that disables {module} into a comment",
        steps=(AllowModules(modules=(module,)),),
    )


def _violation(subject: Subject, directive: Directive, fix: Fix) -> Violation:
    return Violation(
        message=f"{directive.module} is kept from loading",
        place=directive.place,
        found=f"{directive.command} {directive.module} {directive.rest}".strip(),
        expected=f"{directive.module} can be loaded",
        fix=fix,
        severity=severity(subject, directive.module),
    )


def _inside_initramfs(subject: Subject, disabled: set[str]) -> Iterator[Violation]:
    guest = subject.linux
    found = [
        (name, directive)
        for kernel in guest.bootable_kernels
        for name, text in _settings(guest, kernel)
        for directive in modprobe.parse(text, kernel.initramfs or "", within=name)
        if directive.prevents_loading
        and directive.module in EARLY
        and kernel.module(directive.module) is not ModuleState.BUILTIN
    ]
    modules = tuple(sorted(disabled | {directive.module for _, directive in found}))
    for name, directive in found:
        yield _violation(subject, directive, _rebuild(guest, name, directive, modules))


def _settings(guest: Guest, kernel: Kernel) -> list[tuple[str, str]]:
    """What the initramfs of a kernel tells modprobe."""
    inside = guest.initramfs(kernel.initramfs).small_files if kernel.initramfs else {}
    return [(name, text) for name, text in inside.items() if "modprobe.d/" in name]


def _rebuild(guest: Guest, name: str, directive: Directive, modules: tuple[str, ...]) -> Fix:
    """The file as a rebuild would put it in, after all of ``modules`` were allowed."""
    inside = guest.initramfs(directive.place.path).small_files[name]
    text = allow_modules(guest.tree.text_or(f"/{name}", inside), modules, path=name)
    step = UpdateInitramfs(modules=drivers.INITRAMFS, files=((name, text),))
    return Fix(
        title=f"make the initramfs again without the line that disables {directive.module}",
        steps=(AllowModules(modules=(directive.module,)), step),
    )


def _on_command_line(subject: Subject) -> Iterator[Violation]:
    """One violation for each argument, whatever the number of entries that have it."""
    entries: dict[str, list[BootEntry]] = {}
    for entry in subject.linux.boot_loader.entries:
        for token in entry.arguments:
            if _named(subject.linux, token):
                entries.setdefault(token, []).append(entry)
    for token, having in entries.items():
        modules = _named(subject.linux, token)
        yield Violation(
            message=f"{', '.join(modules)} cannot load: {token} is on the command line",
            place=place_of(having[0]),
            found=token,
            expected=f"no {', '.join(modules)} in it",
            fix=_without(token, modules),
            severity=max(severity(subject, module) for module in modules),
            related=tuple(map(place_of, having[1:])),
        )


def _named(guest: Guest, token: str) -> tuple[str, ...]:
    """The needed drivers that an argument keeps from loading."""
    name, _, value = token.partition("=")
    mattering = _ARGUMENTS.get(name, frozenset())
    modules = sorted({normalise(module) for module in value.split(",")} & mattering)
    kernels = guest.bootable_kernels
    return tuple(name for name in modules if not drivers.built_in_everywhere(kernels, name))


def _without(token: str, modules: tuple[str, ...]) -> Fix:
    """The others that the argument names stay off."""
    name, _, value = token.partition("=")
    others = [module for module in value.split(",") if normalise(module) not in modules]
    left = (f"{name}={','.join(others)}",) if any(others) else ()
    step = SetKernelArguments(add=left, remove=(token,))
    return Fix(title=f"take {', '.join(modules)} out of {name}", steps=(step,))
