"""The rules: one line each, with what it refuses and what would happen on a host. Decides nothing else.

All of them hold for templates. What a rule is in a project's own check (``in_checks``) follows from how such a script
is run: its text is a JSON value, a script block is made of it, and that is called in a scope of the runner's, with the
runner's preferences and without strict mode; only the last value counts. What cannot run there is an error, what runs
and means something else is a warning, the rest is the author's business.
"""

from __future__ import annotations

from fleetdeploy.powershell_rules import (
    calls,
    commands,
    leaving,
    members,
    output,
    programs,
    prologue,
    requires,
    syntax,
    texts,
    variables,
)
from fleetdeploy.powershell_rules.findings import Rule

_STYLE = "it runs, and is the author's business"
_ONE_VALUE = "nothing of a check goes into an answer but whether its last value is $true"
_RUNNER = "the runner says it, before it calls the check"

_ALL = (
    Rule("parse", "what 5.1 does not parse", "nothing of the script runs", syntax.find_errors, needs_tree=False),
    Rule(
        "newer-syntax",
        "ternary, ??, ?., &&, ||, clean, -replace with a block and others of 6 and 7",
        "5.1 does not parse them, or takes them for something else",
        syntax.find_newer,
        needs_tree=False,
    ),
    Rule(
        "needs-5.0",
        "class, enum, using, ::new()",
        "Windows Server 2012 R2 comes with 4.0",
        syntax.find_words_of_5,
        needs_tree=False,
    ),
    Rule("requires", "#requires of a newer version", "hosts run 5.1 or 4.0", requires.find_requires, needs_tree=False),
    Rule(
        "not-walked",
        "workflow, configuration and others that cannot be checked here",
        "what is not checked is not known to run",
        syntax.find_refused,
        needs_tree=False,
        in_checks="warning",
        because="it may well run",
    ),
    Rule(
        "ascii",
        "characters outside ASCII",
        "5.1 reads them by its own code page",
        syntax.find_non_ascii,
        needs_tree=False,
        in_checks=None,
        because="the text travels as JSON: no code page reads it",
    ),
    Rule(
        "binding",
        "no [CmdletBinding()]",
        "unknown parameters are swallowed",
        prologue.find_binding,
        in_checks=None,
        because="parameters come from fleetdeploy.yml, and are held against param() there",
    ),
    Rule(
        "prologue",
        "missing first lines",
        "errors are passed over, questions wait for ever",
        prologue.find_missing,
        in_checks=None,
        because=_RUNNER,
    ),
    Rule(
        "prologue-undone",
        "the prologue taken back",
        "the same",
        prologue.find_undone,
        in_checks=None,
        because="it ends with the check's own scope",
    ),
    Rule("leaves-caller", "exit, and break without a loop", "the caller ends, too: no answer", leaving.find_leaving),
    Rule(
        "host-output",
        "Write-Host and others in data paths",
        "the caller never sees it",
        output.find_host,
        in_checks=None,
        because=_ONE_VALUE,
    ),
    Rule(
        "question", "Read-Host, Get-Credential, -Confirm", "the pipeline hangs: nobody answers", output.find_questions
    ),
    Rule(
        "formatted",
        "Format-*, Out-String",
        "text cut to a console's width, translated",
        output.find_formatted,
        in_checks=None,
        because=_ONE_VALUE,
    ),
    Rule(
        "text-file",
        "text files by cmdlet without an encoding",
        "another encoding by version",
        output.find_text_files,
        in_checks=None,
        because=f"{_ONE_VALUE}, and it reads files of its own host",
    ),
    Rule("encoding", "names of encodings from 6.0 on", "5.1 refuses them", output.find_encodings),
    Rule(
        "alias", "aliases", "a profile or a module changes them", commands.find_aliases, in_checks=None, because=_STYLE
    ),
    Rule(
        "alias-of-program",
        "sc, curl and wget",
        "a cmdlet here, a program elsewhere",
        commands.find_confused,
        in_checks="warning",
        because="somebody may mean the cmdlet",
    ),
    Rule("unknown-command", "commands that 5.1 or 4.0 lacks", "the script ends in the middle", commands.find_unknown),
    Rule(
        "program-name",
        "programs without their ending, files of scripts",
        "an alias or a function of that name comes first",
        commands.find_bare_names,
        in_checks=None,
        because=_STYLE,
    ),
    Rule(
        "unknown-parameter",
        "parameters that 5.1 or 4.0 lacks",
        "the script ends in the middle",
        commands.find_parameters,
    ),
    Rule(
        "abbreviated",
        "parameters not written in full",
        "ambiguous in another version",
        calls.find_abbreviated,
        in_checks=None,
        because=_STYLE,
    ),
    Rule(
        "positional",
        "arguments without a name",
        "which parameter takes them depends",
        calls.find_positional,
        in_checks=None,
        because=_STYLE,
    ),
    Rule(
        "literal-path",
        "-Path where -LiteralPath is meant",
        "[ and ] are patterns",
        calls.find_paths,
        in_checks=None,
        because=_STYLE,
    ),
    Rule(
        "own-arguments",
        "arguments that own functions do not declare",
        "they are swallowed",
        calls.find_own,
        in_checks="warning",
        because="it runs without them",
    ),
    Rule(
        "program-unquoted",
        "unquoted arguments of programs",
        "they arrive as something else",
        programs.find_unquoted,
        in_checks="warning",
        because="many a program takes them all the same",
    ),
    Rule(
        "program-arguments",
        "empty arguments, quotes, last backslashes",
        "5.1 drops or breaks them",
        programs.find_broken,
        in_checks="warning",
        because="many a program takes them all the same",
    ),
    Rule(
        "program-stderr",
        "stderr of a program redirected",
        "its first line ends the script",
        programs.find_stderr,
        in_checks="warning",
        because="it ends only where the program writes there",
    ),
    Rule(
        "program-exit-code",
        "$LASTEXITCODE not looked at",
        "failures are passed over",
        programs.find_exit_codes,
        in_checks=None,
        because="a check may look at something else",
    ),
    Rule("missing-type", "types of newer frameworks", "the script ends in the middle", members.find_types),
    Rule(
        "missing-assembly",
        "types of assemblies not loaded",
        "the script ends in the middle",
        members.find_assemblies,
        in_checks="warning",
        because="a module may have loaded it",
    ),
    Rule("missing-member", "members of newer frameworks", "the script ends in the middle", members.find_members),
    Rule(
        "missing-overload",
        "overloads of newer frameworks",
        "an error, or another meaning",
        members.find_overloads,
        in_checks="warning",
        because="PowerShell may find another overload that does",
    ),
    Rule(
        "translated-text",
        "messages and display names matched",
        "Windows translates them",
        texts.find_messages,
        in_checks="warning",
        because="a fleet may have one language",
    ),
    Rule(
        "printed-text",
        "what programs print matched",
        "Windows translates it",
        texts.find_printed,
        in_checks="warning",
        because="a fleet may have one language, and not every program follows it",
    ),
    Rule(
        "case",
        "a name that differs from a typed parameter's in case",
        "it is the parameter",
        variables.find_case,
        in_checks=None,
        because=_STYLE,
    ),
    Rule(
        "automatic-variable", "values for PowerShell's own variables", "not possible, or lost", variables.find_automatic
    ),
    Rule(
        "newer-variable",
        "automatic variables of newer versions",
        "$null, or strict mode ends the script",
        variables.find_newer,
        in_checks="warning",
        because="a check runs without strict mode",
    ),
    Rule(
        "shared-variable",
        "$script: and $global:",
        "all scripts of a pool share them",
        variables.find_shared,
        in_checks="warning",
        because="it runs, and finds what the look before has left",
    ),
    Rule(
        "count",
        ".Count of a command's result",
        "strict mode ends the script",
        variables.find_counts,
        in_checks=None,
        because="a check runs without strict mode",
    ),
)
RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL}
"""By name, in the order in which they are asked."""
