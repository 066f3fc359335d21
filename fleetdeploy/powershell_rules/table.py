"""The rules: one line each, with what it refuses and what would happen on a host. Decides nothing else."""

from __future__ import annotations

from fleetdeploy.powershell_rules import commands, members, output, programs, prologue, syntax, texts, variables
from fleetdeploy.powershell_rules.findings import Rule

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
    Rule(
        "not-walked",
        "workflow, configuration and others that cannot be checked here",
        "what is not checked is not known to run",
        syntax.find_refused,
        needs_tree=False,
    ),
    Rule(
        "ascii",
        "characters outside ASCII",
        "5.1 reads them by its own code page",
        syntax.find_non_ascii,
        needs_tree=False,
    ),
    Rule("binding", "no [CmdletBinding()]", "unknown parameters are swallowed", prologue.find_binding),
    Rule("prologue", "missing first lines", "errors are passed over, questions wait for ever", prologue.find_missing),
    Rule("prologue-undone", "the prologue taken back", "the same", prologue.find_undone),
    Rule("host-output", "Write-Host and others in data paths", "the caller never sees it", output.find_host),
    Rule(
        "question", "Read-Host, Get-Credential, -Confirm", "the pipeline hangs: nobody answers", output.find_questions
    ),
    Rule("formatted", "Format-*, Out-String", "text cut to a console's width, translated", output.find_formatted),
    Rule(
        "text-file", "text files by cmdlet without an encoding", "another encoding by version", output.find_text_files
    ),
    Rule("encoding", "names of encodings from 6.0 on", "5.1 refuses them", output.find_encodings),
    Rule("alias", "aliases", "sc, curl and wget are other things elsewhere", commands.find_aliases),
    Rule("unknown-command", "commands that 5.1 or 4.0 lacks", "the script ends in the middle", commands.find_unknown),
    Rule(
        "unknown-parameter",
        "parameters that 5.1 or 4.0 lacks",
        "the script ends in the middle",
        commands.find_parameters,
    ),
    Rule("abbreviated", "parameters not written in full", "ambiguous in another version", commands.find_abbreviated),
    Rule("positional", "arguments without a name", "which parameter takes them depends", commands.find_positional),
    Rule("literal-path", "-Path where -LiteralPath is meant", "[ and ] are patterns", commands.find_paths),
    Rule("own-arguments", "arguments that own functions do not declare", "they are swallowed", commands.find_own),
    Rule("program-unquoted", "unquoted arguments of programs", "they arrive as something else", programs.find_unquoted),
    Rule(
        "program-arguments",
        "empty arguments, quotes, last backslashes",
        "5.1 drops or breaks them",
        programs.find_broken,
    ),
    Rule("program-stderr", "stderr of a program redirected", "its first line ends the script", programs.find_stderr),
    Rule("program-exit-code", "$LASTEXITCODE not looked at", "failures are passed over", programs.find_exit_codes),
    Rule("missing-type", "types of newer frameworks", "the script ends in the middle", members.find_types),
    Rule(
        "missing-assembly", "types of assemblies not loaded", "the script ends in the middle", members.find_assemblies
    ),
    Rule("missing-member", "members of newer frameworks", "the script ends in the middle", members.find_members),
    Rule("missing-overload", "overloads of newer frameworks", "an error, or another meaning", members.find_overloads),
    Rule("translated-text", "messages and display names matched", "Windows translates them", texts.find_messages),
    Rule("printed-text", "what programs print matched", "Windows translates it", texts.find_printed),
    Rule("case", "a name that differs from a typed parameter's in case", "it is the parameter", variables.find_case),
    Rule(
        "automatic-variable", "values for PowerShell's own variables", "not possible, or lost", variables.find_automatic
    ),
    Rule(
        "newer-variable", "automatic variables of newer versions", "strict mode ends the script", variables.find_newer
    ),
    Rule("shared-variable", "$script: and $global:", "all scripts of a pool share them", variables.find_shared),
    Rule("count", ".Count of a command's result", "strict mode ends the script", variables.find_counts),
)
RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL}
"""By name, in the order in which they are asked."""
