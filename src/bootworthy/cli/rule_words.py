"""What the verbs about rules share: finding one by a word, and how it mends."""

from __future__ import annotations

import difflib
import re
import sys

from bootworthy.model.errors import UsageError
from bootworthy.model.finding import Fix
from bootworthy.rules.catalogue import all_rules, find
from bootworthy.rules.rule import Rule


def find_rule(word: str) -> Rule:
    """The rule with this code or name.

    Raises:
        UsageError: there is none; the hint names those it may have meant.
    """
    try:
        return find(word)
    except UsageError as error:
        wanted = word.casefold()
        words = {text.casefold(): text for rule in all_rules() for text in (rule.code, rule.name)}
        inside = [text for key, text in words.items() if len(wanted) > 2 and wanted in key]  # noqa: PLR2004 - shorter is anywhere
        near = [words[key] for key in difflib.get_close_matches(wanted, words, n=3, cutoff=0.6)]
        short = re.sub(r"-(\d)$", r"-0\1", wanted)
        padded = [words[short]] if short in words else []
        if meant := list(dict.fromkeys([*padded, *near, *inside]))[:3]:
            hint = f"did you mean {' or '.join(meant)}?"
            raise UsageError(error.code, error.message, hint=hint) from error
        raise


def fixes_of(rule: Rule) -> tuple[Fix, ...]:
    """The fixes that are the same for every finding of the rule."""
    module = vars(sys.modules[rule.check.__module__])
    return tuple(value for value in module.values() if isinstance(value, Fix))
