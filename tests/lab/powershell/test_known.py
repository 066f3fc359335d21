"""Scripts whose answers were written by hand from knowledge of 5.1: the lab gives them, or refuses and says why."""

from __future__ import annotations

import pytest

from tests.lab.powershell.known import compare_known, judge_known, known_cases, read_case
from tests.lab.powershell.recorded import make_machine, refused

CATEGORIES = sorted({name.split("/")[0] for name in known_cases()})


@pytest.mark.parametrize("category", CATEGORIES)
def test_known_cases_are_equal_or_refused(category: str) -> None:
    wrong: list[str] = []
    listed = refused()
    for name in known_cases():
        if name.split("/")[0] != category:
            continue
        verdict = judge_known(name, make_machine())
        told = listed.get(f"known/{name}")
        if verdict.result == "different":
            wrong.append(f"{name}: {verdict.reason}")
        elif (verdict.reason if verdict.result == "refused" else None) != told:
            wrong.append(f"{name}: {verdict.result} {verdict.reason}; refused.txt says {told}")
    assert not wrong, "\n".join(wrong)


def test_every_part_of_an_expectation_is_compared() -> None:
    case = read_case("1\n#= [Int32] 1\n#! Bad\n#w careful\n")
    right = {
        "output": [{"type": "System.Int32", "text": "1"}],
        "error": [{"id": "Bad"}],
        "terminating": None,
        "warning": ["careful"],
        "verbose": [],
        "information": [],
    }
    assert compare_known(case, right) == ""
    for key, value in (
        ("output", [{"type": "System.Int64", "text": "1"}]),
        ("output", [{"type": "System.Int32", "text": "2"}]),
        ("output", []),
        ("error", []),
        ("terminating", {"id": "RuntimeException"}),
        ("warning", []),
        ("verbose", ["more"]),
    ):
        assert compare_known(case, {**right, key: value}) != "", (key, value)


def test_a_case_without_expectation_is_no_case() -> None:
    with pytest.raises(ValueError, match="expects nothing"):
        read_case("1 + 1\n# a remark\n")
