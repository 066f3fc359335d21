"""What the lab's PowerShell does with the recorded cases: equal to a real engine, or refused; never different.

A refused case stands in tests/data/powershell/refused.txt with its reason, and leaves it when it passes.
"""

from __future__ import annotations

import pytest

from tests.lab.powershell.known import known_cases
from tests.lab.powershell.recorded import cases, judge, make_machine, refused

CATEGORIES = sorted({name.split("/")[0] for name in cases()})


@pytest.mark.parametrize("category", CATEGORIES)
def test_recorded_cases_are_equal_or_refused(category: str) -> None:
    wrong: list[str] = []
    listed = refused()
    for name in cases():
        if name.split("/")[0] != category:
            continue
        verdict = judge(name, make_machine())
        if verdict.result == "different":
            wrong.append(f"{name}: {verdict.reason}")
        elif (verdict.reason if verdict.result == "refused" else None) != listed.get(name):
            wrong.append(f"{name}: {verdict.result} {verdict.reason}; refused.txt says {listed.get(name)}")
    assert not wrong, "\n".join(wrong)


def test_all_859_cases_in_19_categories_are_played() -> None:
    assert (len(cases()), len(CATEGORIES)) == (859, 19)


def test_only_few_are_refused_and_each_of_them_exists() -> None:
    listed = refused()
    assert not set(listed) - set(cases()) - {f"known/{name}" for name in known_cases()}
    assert all(listed.values()), "each with its reason"
    assert len(set(listed) & set(cases())) <= len(cases()) / 4


def test_an_expectation_for_5_1_needs_a_note() -> None:
    noted = [name for name, (_, note, _) in cases().items() if note.startswith("5.1")]
    assert len(noted) > 20
