"""Is the release to blame? Pure (design.md section 5).

If untouched hosts now fail a check that they passed at the start, the cause lies elsewhere: pause instead of undoing.
Checks that compare with the target do not count. With none untouched this rule is silent.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleetdeploy.model.health import Sample


def _failing(sample: Sample) -> set[str]:
    names = {f.check for f in sample.failures if not f.compares_target}
    if sample.state != "Running" or sample.pid == 0:
        names.add("service")
    return names


def also_failing(baseline: Mapping[str, Sample], now: Mapping[str, Sample]) -> tuple[str, ...]:
    """Untouched hosts that fail now what they passed at the start, by name."""
    return tuple(
        sorted(name for name, sample in now.items() if name in baseline and _failing(sample) - _failing(baseline[name]))
    )


def excuses(baseline: Mapping[str, Sample], now: Mapping[str, Sample]) -> tuple[str, ...]:
    """The hosts that speak for the release: at least half of the untouched ones that answered, else nobody.

    One control host that breaks by chance must not keep a bad release alive.
    """
    failing = also_failing(baseline, now)
    known = sum(1 for name in now if name in baseline)
    return failing if failing and len(failing) * 2 >= known else ()
