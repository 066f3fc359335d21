"""Everything in which the lab's PSRP messages may differ from the recorded ones, each with its reason. Nothing else.

The record is of PowerShell 7.6 on Linux; the lab is Windows PowerShell 5.1 on Windows. Stack traces and facts of one
process are no subject of comparison; the rest are words and members that only one of the two has.
"""

from __future__ import annotations

ASIDE: dict[str, str] = {
    "StackTrace": "a stack trace",
    "ErrorDetails_ScriptStackTrace": "a stack trace",
    "TargetSite": "a stack trace: the method that threw",
    "Source": "a stack trace: the assembly that threw; of an information record the server's own script path",
    "System.Management.Automation.Interpreter.InterpretedFrameInfo": "a stack trace, kept in an exception's Data",
    "Statement": "a member that PowerShell 7.5 brought",
    "TimeGenerated": "a fact of the process: when it ran",
    "User": "a fact of the process",
    "Computer": "a fact of the process",
    "ProcessId": "a fact of the process",
    "NativeThreadId": "a fact of the process",
    "ManagedThreadId": "a fact of the process",
}
"""Members (by name) whose values are left aside."""

REWORDED: tuple[tuple[str, str, str], ...] = (
    ("The input string 'x' was not in", "Input string was not in", ".NET Framework"),
    ("The input string 'abc' was not in", "Input string was not in", ".NET Framework"),
    ("as a name of a cmdlet, function, script file, or executable program.\n", "as the name of a cmdlet, function, "
     "script file, or operable program. ", "Windows PowerShell's words for an unknown command"),
    ("path '/no/such'", r"path 'C:\no\such'", "a path of Windows"),
    ("/no/such:String", r"C:\no\such:String", "a path of Windows"),
    ("\n ---> ", " ---> ", ".NET Framework writes inner exceptions on the same line"),
    (" …\n", " ...\n", "Windows PowerShell shortens a line by three dots"),
    ("\U0001f600", "u{1F600}", "`u{} is an escape of PowerShell 6 and later: 5.1 drops the `"),
    ("(a:PSObject)", "(a:String)", "a client's input is wrapped once more, which the lab's values do not show"),
    ("/bin/sh", "shx.exe", "a program of the test, as long a name as the one that Windows has not"),
)  # fmt: skip
"""(recorded text, the lab's text, why), applied to every text of the record."""

TEXTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "error-action-stop": (("/no/such", r"C:\no\such", "the target is a path of Windows"),),
    "input-not-declared": (("PSObject", "String", "a client's input is wrapped once more"),),
    "native-stderr": (("sh", "shx.exe", "the program's name"),),
}
"""For one case: whole texts that are others on Windows."""

SCRIPTS: dict[str, tuple[str, str]] = {
    "last-exit-code": ("shx.exe -c 'exit 3'; $LASTEXITCODE; $?", "Windows has no /bin/sh: a program of the test"),
    "native-stderr": ("shx.exe -c 'echo err >&2; echo out'; $LASTEXITCODE", "Windows has no /bin/sh"),
}
"""Cases played with another script, and why."""

_DICTIONARY = (
    '<TN RefId="0"><T>System.Management.Automation.PSPrimitiveDictionary</T><T>System.Collections.Hashtable</T>'
    "<T>System.Object</T></TN>"
)


def _entry(key: str, version: str) -> str:
    return f'<En><S N="Key">{key}</S><Version N="Value">{version}</Version></En>'


_PRIVATE_DATA = (
    f'<Obj RefId="0"><MS><Obj N="ApplicationPrivateData" RefId="1">{_DICTIONARY}<DCT><En><S N="Key">PSVersionTable</S>'
    f'<Obj N="Value" RefId="2">{_DICTIONARY}<DCT>{_entry("PSVersion", "5.1.20348.1")}'
    '<En><S N="Key">PSEdition</S><S N="Value">Desktop</S></En>'
    '<En><S N="Key">PSCompatibleVersions</S><Obj N="Value" RefId="3"><TN RefId="1"><T>System.Version[]</T>'
    "<T>System.Array</T><T>System.Object</T></TN><LST>"
    + "".join(f"<Version>{version}</Version>" for version in ("1.0", "2.0", "3.0", "4.0", "5.0", "5.1.20348.1"))
    + f"</LST></Obj></En>{_entry('CLRVersion', '4.0.30319.42000')}{_entry('BuildVersion', '10.0.20348.1')}"
    f"{_entry('WSManStackVersion', '3.0')}{_entry('PSRemotingProtocolVersion', '2.3')}"
    f"{_entry('SerializationVersion', '1.1.0.1')}"
    "</DCT></Obj></En></DCT></Obj></MS></Obj>"
)
EXPECTED: dict[str, dict[int, tuple[str, str]]] = {
    "open": {1: (_PRIVATE_DATA, "$PSVersionTable of Windows PowerShell 5.1 has other members and versions")},
    "file-info": {
        0: (
            '<Obj RefId="0"><TN RefId="0"><T>Selected.System.IO.FileInfo</T>'
            "<T>System.Management.Automation.PSCustomObject</T>"
            '<T>System.Object</T></TN><MS><S N="Name">fd-rec.txt</S><I64 N="Length">5</I64></MS></Obj>',
            "Set-Content ends a line with two characters on Windows",
        ),
    },
    "psversion": {
        0: ("<Version>5.1.20348.1</Version>", "another version; 5.1 has no SemanticVersion"),
        2: ("<Version>5.1.20348.1</Version>", "another version"),
    },
}
"""Messages (by their place) that are wholly others, as they are expected."""

REFUSED: dict[str, str] = {
    "format-table": "the lab lays out no tables",
}
"""Cases that end in NotSimulated; a case that passes must leave this table."""
