"""A project's own templates: what they were made from, what may be used, and where in them a mistake is."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.app import templates
from fleetdeploy.app.templates import (
    Standing,
    diff_override,
    eject,
    find_overrides,
    override_problems,
    refuse_overrides,
    shipped_names,
    template_name,
)
from fleetdeploy.errors import ConfigError, ExitCode, UsageError
from fleetdeploy.hosts.scripts import VERBS, ScriptLibrary, shared_library, shipped_folder

BUSY = "        $busy = $false\n"


def own(directory: Path, name: str, text: str) -> Path:
    file = directory / "templates" / "powershell" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def shown(directory: Path) -> list[tuple[str, int, str]]:
    folder = directory / "templates" / "powershell"
    return [(Path(p.file).relative_to(folder).as_posix(), p.line, p.rule) for p in override_problems(directory)]


def test_an_ejected_template_is_the_shipped_one(tmp_path: Path) -> None:
    for name in ("beat", "parts/observe"):
        done = eject(tmp_path, name)
        assert done.created
        assert done.override.standing is Standing.CURRENT
    assert [o.name for o in find_overrides(tmp_path)] == ["beat.ps1.j2", "parts/observe.ps1.j2"]
    assert ScriptLibrary(tmp_path / "templates").text("beat") == shared_library().text("beat")
    assert [diff_override(override) for override in find_overrides(tmp_path)] == ["", ""]
    refuse_overrides(tmp_path)


def test_no_overrides_no_problems(tmp_path: Path) -> None:
    refuse_overrides(tmp_path)
    assert override_problems(tmp_path) == ()
    assert {f"{verb}.ps1.j2" for verb in VERBS} <= set(shipped_names())


def test_the_shipped_templates_are_no_overrides_of_themselves() -> None:
    tree = shipped_folder().parent
    before = (shipped_folder() / "powershell" / "beat.ps1.j2").read_bytes()
    assert templates.find_overrides(tree) == ()
    with pytest.raises(UsageError, match="is the shipped template itself"):
        templates.eject(tree, "beat", force=True)
    assert (shipped_folder() / "powershell" / "beat.ps1.j2").read_bytes() == before


def test_a_mistake_is_said_with_file_and_line(tmp_path: Path) -> None:
    file = eject(tmp_path, "beat").override.file
    change(file, BUSY, BUSY + "        $x = Get-Content -LiteralPath 'a'\n")
    line = file.read_text().splitlines().index("        $x = Get-Content -LiteralPath 'a'") + 1
    assert shown(tmp_path) == [("beat.ps1.j2", line, "text-file")]
    with pytest.raises(ConfigError, match="Get-Content gives strings with note properties") as refused:
        refuse_overrides(tmp_path)
    assert (refused.value.file, refused.value.line) == (str(file), line)
    assert refused.value.exit_code is ExitCode.USAGE
    assert refused.value.next_steps[0].startswith("write [IO.File]::ReadAllText")
    assert "+        $x = Get-Content -LiteralPath 'a'" in diff_override(find_overrides(tmp_path)[0])


def test_a_part_is_walked_where_it_is_used_and_named_once(tmp_path: Path) -> None:
    # It is part of two scripts.
    file = eject(tmp_path, "parts/observe").override.file
    change(file, "$alive = $false\n", "$alive = $false\n        $script:seen = 1\n")
    [(name, line, rule)] = shown(tmp_path)
    assert (name, rule) == ("parts/observe.ps1.j2", "shared-variable")
    assert file.read_text().splitlines()[line - 1].strip() == "$script:seen = 1"


def test_what_an_override_leaves_out_is_its_own_mistake(tmp_path: Path) -> None:
    file = eject(tmp_path, "parts/observe").override.file
    change(file, "function Get-FdObservation", "function Get-FdOther")
    assert ("parts/observe.ps1.j2", 0, "unknown-command") in shown(tmp_path)
    assert any("observe.ps1.j2:" in problem.what for problem in override_problems(tmp_path))


def test_a_base_that_has_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = eject(tmp_path, "beat").override.file
    change(file, BUSY, "        # ours\n" + BUSY)
    newer = tmp_path / "newer"
    for name in shipped_names():
        target = newer / "powershell" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((shipped_folder() / "powershell" / name).read_bytes())
    change(newer / "powershell" / "beat.ps1.j2", "# Protocol rule 14.", "# Protocol rule 14!")
    monkeypatch.setattr(templates, "shipped_folder", lambda: newer)
    [override] = find_overrides(tmp_path)
    assert override.standing is Standing.CHANGED
    assert shown(tmp_path) == [("beat.ps1.j2", 1, "base")]
    with pytest.raises(ConfigError, match="its base has changed"):
        refuse_overrides(tmp_path)
    assert "-        # Protocol rule 14!" in diff_override(override)
    # A person took it over, and says so: the text stays, the base is the new one.
    eject(tmp_path, "beat", accept=True)
    assert "# ours" in file.read_text()
    assert file.read_text().count("fleetdeploy override of") == 1
    refuse_overrides(tmp_path)


def test_an_override_that_names_no_base_is_refused_until_it_does(tmp_path: Path) -> None:
    own(tmp_path, "beat.ps1.j2", (shipped_folder() / "powershell" / "beat.ps1.j2").read_text())
    assert find_overrides(tmp_path)[0].standing is Standing.UNRECORDED
    assert shown(tmp_path) == [("beat.ps1.j2", 1, "base")]
    eject(tmp_path, "beat", accept=True)
    assert shown(tmp_path) == []
    # The base of another template is none.
    text = find_overrides(tmp_path)[0].file.read_text()
    own(tmp_path, "turn.ps1.j2", text)
    assert ("turn.ps1.j2", 1, "base") in shown(tmp_path)


def test_what_nothing_uses_is_said(tmp_path: Path) -> None:
    own(tmp_path, "actvate.ps1.j2", "")
    own(tmp_path, "beat.ps1", "")
    own(tmp_path, "README.md", "not a template")
    assert shown(tmp_path) == [("actvate.ps1.j2", 0, "base"), ("beat.ps1", 0, "base")]
    # A part of one's own is used by an override.
    other = tmp_path / "other"
    file = eject(other, "beat").override.file
    own(other, "parts/ours.ps1.j2", "        # ours\n")
    change(file, BUSY, "{% include 'parts/ours.ps1.j2' %}\n" + BUSY)
    assert shown(other) == []
    assert find_overrides(other)[1].standing is Standing.OWN


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("{% extends 'parts/frame.ps1.j2' %}\n{% block verb %}beat\n", 2, "does not compose"),
        ("{% include 'parts/none.ps1.j2' %}\n", 0, "there is no template parts/none.ps1.j2"),
        ("{{ host }}\n", 0, "'host' is undefined"),
    ],
)
def test_what_does_not_compose(tmp_path: Path, text: str, line: int, what: str) -> None:
    file = own(tmp_path, "beat.ps1.j2", text)
    [problem] = [problem for problem in override_problems(tmp_path) if problem.rule == "compose"]
    assert problem.file == str(file)
    assert problem.line >= line
    assert what in problem.what


def test_nothing_is_overwritten_without_a_word(tmp_path: Path) -> None:
    file = eject(tmp_path, "beat").override.file
    file.write_text("mine")
    with pytest.raises(UsageError, match="is there already, and was left as it is"):
        eject(tmp_path, "beat.ps1.j2")
    assert file.read_text() == "mine"
    for number in (1, 2):
        kept = eject(tmp_path, "beat", force=True).kept
        assert kept == file.with_name(f"beat.ps1.j2.{number}.old")
    assert file.with_name("beat.ps1.j2.1.old").read_text() == "mine"
    assert shown(tmp_path) == []
    with pytest.raises(UsageError, match="to keep"):
        eject(tmp_path, "open", accept=True)


def test_names(tmp_path: Path) -> None:
    assert template_name("parts\\state") == template_name("parts/state.ps1.j2") == "parts/state.ps1.j2"
    with pytest.raises(UsageError) as refused:
        template_name("prune2")
    assert refused.value.next_steps == ("did you mean prune?",)
    with pytest.raises(UsageError):
        template_name("../../secrets")
    own(tmp_path, "beat.ps1.j2", "").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        find_overrides(tmp_path)


def test_every_line_of_a_script_knows_its_template() -> None:
    library = ScriptLibrary()
    exact = 0
    for verb in ("activate", "beat"):
        traced = library.traced(verb)
        assert traced.text == shared_library().text(verb)
        assert {f"{verb}.ps1.j2", "parts/frame.ps1.j2", "parts/basics.ps1.j2"} <= traced.templates
        for number, line in enumerate(traced.text.splitlines(), 1):
            name, at = traced.place(number, 1)
            file = library.file_of(name)
            assert file is not None
            exact += line == file.read_text().splitlines()[at - 1]
            if line.strip().startswith("function "):
                assert line == file.read_text().splitlines()[at - 1]
    assert exact > 1000
