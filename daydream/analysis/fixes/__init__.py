"""Fixes: from findings about Python source to the edit that settles them, by rule."""

from collections.abc import Mapping

from daydream.analysis.fixes import (
    commented,
    definitions,
    deprecated,
    imports,
    only_tests,
    redefined,
    removed_modules,
    unreachable,
    variables,
)
from daydream.contracts.fix import Fix

FIXES: Mapping[str, Fix] = {
    "legacy.unused_import": imports.fix,
    "legacy.unused_variable": variables.fix,
    "legacy.redefined": redefined.fix,
    "legacy.dead_code": definitions.fix,
    "legacy.only_tests": only_tests.fix,
    "legacy.commented_code": commented.fix,
    "legacy.deprecated": deprecated.fix,
    "legacy.unreachable": unreachable.fix,
    "legacy.removed_module": removed_modules.fix,
}
