"""Types and members that .NET Framework 4.5.2 or Windows PowerShell does not have, with what had them first.

4.0 stands on .NET Framework 4.5 (Windows Server 2012 R2: 4.5.1), 5.1 on 4.5.2 or later: what came with 4.6 or with
.NET Core is missing on one of the hosts at least. Source of each line: "Applies to" on the type's or member's page of
the .NET API reference (learn.microsoft.com/dotnet/api); of type names of the language: about_Type_Accelerators.
Names are lower-case and without ``System.``. A table, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """``first``: what had it first. ``instead``: what to write. ``arguments``: only with so many, None: with any."""

    first: str
    instead: str
    arguments: int | None = None

    @property
    def never(self) -> bool:
        """Whether no host can have it: a newer .NET Framework is installed on many a one."""
        return not self.first.startswith(".NET Framework")


TYPES: dict[str, Missing] = {
    "hashcode": Missing(".NET Core 2.1", "[string] keys, compared with -ceq"),
    "appcontext": Missing(".NET Framework 4.6", "[AppDomain]::CurrentDomain"),
    "runtime.interopservices.runtimeinformation": Missing(".NET Framework 4.7.1", "$env:PROCESSOR_ARCHITECTURE"),
    "runtime.interopservices.osplatform": Missing(".NET Framework 4.7.1", "leave it out: every host is Windows"),
    "io.enumerationoptions": Missing(".NET Core 2.1", "[IO.SearchOption]::AllDirectories"),
    "io.compression.brotlistream": Missing(".NET Core 2.1", "System.IO.Compression.GZipStream"),
    "io.compression.zlibstream": Missing(".NET 6", "System.IO.Compression.DeflateStream"),
    "io.filesystemaclextensions": Missing(".NET Core", "[IO.Directory]::SetAccessControl($path, $rights)"),
    "security.cryptography.x509certificates.rsacertificateextensions": Missing(
        ".NET Framework 4.6", "$certificate.PrivateKey"
    ),
    "security.cryptography.aesgcm": Missing(".NET Core 3.0", "System.Security.Cryptography.AesManaged and an HMAC"),
    "collections.generic.priorityqueue": Missing(".NET 6", "System.Collections.Generic.SortedDictionary"),
    "dateonly": Missing(".NET 6", "[DateTime]"),
    "timeonly": Missing(".NET 6", "[TimeSpan]"),
    "half": Missing(".NET 5", "[single]"),
    "int128": Missing(".NET 7", "[bigint]"),
    "span": Missing(".NET Core 2.1", "an array"),
    "range": Missing(".NET Core 3.0", "$array[1..3]"),
    "net.http.socketshttphandler": Missing(".NET Core 2.1", "[Net.WebRequest]::Create($url)"),
    "text.rune": Missing(".NET Core 3.0", "[char]"),
    "short": Missing("PowerShell 6.2", "[int16]"),
    "ushort": Missing("PowerShell 6.2", "[uint16]"),
    "uint": Missing("PowerShell 6.2", "[uint32]"),
    "ulong": Missing("PowerShell 6.2", "[uint64]"),
    "semver": Missing("PowerShell 6.0", "[version]"),
    "management.automation.semanticversion": Missing("PowerShell 6.0", "[version]"),
}
NAMESPACES: dict[str, Missing] = {
    "text.json.": Missing(".NET Core 3.0", "ConvertFrom-Json and ConvertTo-Json"),
    "collections.immutable.": Missing(".NET Core", "System.Collections.ArrayList"),
    "threading.channels.": Missing(".NET Core 3.0", "System.Collections.Concurrent.BlockingCollection"),
}
STATIC: dict[tuple[str, str], Missing] = {
    ("array", "empty"): Missing(".NET Framework 4.6", "New-Object byte[] 0"),
    ("array", "fill"): Missing(".NET Core 2.0", "a loop"),
    ("datetimeoffset", "fromunixtimeseconds"): Missing(
        ".NET Framework 4.6", "(New-Object DateTime(1970, 1, 1)).AddSeconds($s)"
    ),
    ("datetimeoffset", "fromunixtimemilliseconds"): Missing(
        ".NET Framework 4.6", "(New-Object DateTime(1970, 1, 1)).AddMilliseconds($ms)"
    ),
    ("datetime", "unixepoch"): Missing(".NET Core 2.1", "New-Object DateTime(1970, 1, 1, 0, 0, 0, 'Utc')"),
    ("threading.tasks.task", "completedtask"): Missing(
        ".NET Framework 4.6", "[Threading.Tasks.Task]::FromResult($true)"
    ),
    ("threading.tasks.task", "fromexception"): Missing(".NET Framework 4.6", "throw"),
    ("threading.tasks.task", "fromcanceled"): Missing(".NET Framework 4.6", "throw"),
    ("text.encoding", "registerprovider"): Missing(".NET Framework 4.6", "[Text.Encoding]::GetEncoding($number)"),
    ("text.encoding", "latin1"): Missing(".NET 5", "[Text.Encoding]::GetEncoding(28591)"),
    ("io.path", "getrelativepath"): Missing(".NET Core 2.0", "$path.Substring($folder.Length + 1)"),
    ("io.path", "join"): Missing(".NET Core 2.1", "[IO.Path]::Combine($a, $b)"),
    ("io.path", "ispathfullyqualified"): Missing(".NET Core 2.1", "[IO.Path]::IsPathRooted($path)"),
    ("io.path", "endsindirectoryseparator"): Missing(".NET Core 3.0", "$path.EndsWith('\\')"),
    ("io.path", "trimendingdirectoryseparator"): Missing(".NET Core 3.0", "$path.TrimEnd('\\')"),
    ("io.path", "exists"): Missing(".NET 7", "[IO.File]::Exists($path) -or [IO.Directory]::Exists($path)"),
    ("io.file", "move"): Missing(".NET Core 3.0", "[IO.File]::Replace($new, $path, $backup)", 3),
    ("io.file", "appendallbytes"): Missing(".NET 9", "a FileStream"),
    ("io.file", "createsymboliclink"): Missing(".NET 6", "& cmd.exe /c mklink"),
    ("io.directory", "createsymboliclink"): Missing(".NET 6", "& cmd.exe /c mklink"),
    ("io.directory", "createtempsubdirectory"): Missing(".NET 7", "[IO.Path]::GetRandomFileName()"),
    ("environment", "tickcount64"): Missing(".NET Core 3.0", "[Diagnostics.Stopwatch]::GetTimestamp()"),
    ("environment", "processid"): Missing(".NET 5", "$PID"),
    ("environment", "processpath"): Missing(".NET 6", "[Diagnostics.Process]::GetCurrentProcess().MainModule.FileName"),
    ("convert", "tohexstring"): Missing(".NET 5", "[BitConverter]::ToString($bytes).Replace('-', '')"),
    ("convert", "tohexstringlower"): Missing(
        ".NET 9", "[BitConverter]::ToString($bytes).Replace('-', '').ToLowerInvariant()"
    ),
    ("convert", "fromhexstring"): Missing(".NET 5", "[Convert]::ToByte($pair, 16) in a loop"),
    ("math", "clamp"): Missing(".NET Core 2.0", "[Math]::Max($low, [Math]::Min($high, $x))"),
    ("math", "cbrt"): Missing(".NET Core 2.1", "[Math]::Pow($x, 1.0 / 3)"),
    ("math", "log2"): Missing(".NET Core 3.0", "[Math]::Log($x, 2)"),
    ("string", "create"): Missing(".NET Core 2.1", "'{0}' -f $x"),
    ("random", "shared"): Missing(".NET 6", "New-Object Random"),
    ("diagnostics.stopwatch", "getelapsedtime"): Missing(".NET 7", "the difference of two GetTimestamp()"),
    ("security.cryptography.sha256", "hashdata"): Missing(
        ".NET 5", "[Security.Cryptography.SHA256]::Create().ComputeHash($bytes)"
    ),
    ("security.cryptography.sha1", "hashdata"): Missing(
        ".NET 5", "[Security.Cryptography.SHA1]::Create().ComputeHash($bytes)"
    ),
    ("security.cryptography.md5", "hashdata"): Missing(
        ".NET 5", "[Security.Cryptography.MD5]::Create().ComputeHash($bytes)"
    ),
    ("security.cryptography.sha512", "hashdata"): Missing(
        ".NET 5", "[Security.Cryptography.SHA512]::Create().ComputeHash($bytes)"
    ),
    ("security.cryptography.randomnumbergenerator", "getbytes"): Missing(
        ".NET 6", "RandomNumberGenerator's Create().GetBytes($bytes)"
    ),
    ("security.cryptography.randomnumbergenerator", "fill"): Missing(".NET Core 2.1", "Create().GetBytes($bytes)"),
    ("security.cryptography.randomnumbergenerator", "getint32"): Missing(".NET Core 3.0", "Create().GetBytes($bytes)"),
    ("net.securityprotocoltype", "tls13"): Missing(".NET Framework 4.8", "[Net.SecurityProtocolType]::Tls12"),
    ("net.securityprotocoltype", "systemdefault"): Missing(".NET Framework 4.7", "[Net.SecurityProtocolType]::Tls12"),
    ("linq.enumerable", "append"): Missing(".NET Framework 4.7.1", "@($list) + $one"),
    ("linq.enumerable", "prepend"): Missing(".NET Framework 4.7.1", "@($one) + @($list)"),
    ("linq.enumerable", "tohashset"): Missing(
        ".NET Framework 4.7.2", "New-Object System.Collections.Generic.HashSet[string]"
    ),
    ("linq.enumerable", "chunk"): Missing(".NET 6", "a loop"),
    ("io.compression.compressionlevel", "smallestsize"): Missing(
        ".NET 6", "[IO.Compression.CompressionLevel]::Optimal"
    ),
    ("char", "isasciidigit"): Missing(".NET 7", "$text -cmatch '\\A[0-9]\\z'"),
    ("char", "isasciiletter"): Missing(".NET 7", "$text -cmatch '\\A[A-Za-z]\\z'"),
}
for _verb in (
    "readalltext",
    "readallbytes",
    "readalllines",
    "writealltext",
    "writeallbytes",
    "writealllines",
    "appendalltext",
):
    STATIC[("io.file", f"{_verb}async")] = Missing(".NET Core 2.0", "the method without Async")

for _system in ("iswindows", "islinux", "ismacos", "iswindowsversionatleast"):
    STATIC["operatingsystem", _system] = Missing(
        ".NET 5", "nothing: every host is Windows; [Environment]::OSVersion.Version"
    )

INSTANCE: dict[str, Missing] = {
    "tounixtimeseconds": Missing(".NET Framework 4.6", "[long]($utc - (New-Object DateTime(1970, 1, 1))).TotalSeconds"),
    "tounixtimemilliseconds": Missing(
        ".NET Framework 4.6", "[long]($utc - (New-Object DateTime(1970, 1, 1))).TotalMilliseconds"
    ),
    "appendjoin": Missing(".NET Core 2.0", "Append([string]::Join(...))"),
    "replacelineendings": Missing(".NET 6", 'Replace("`r`n", "`n")'),
    "readexactly": Missing(".NET 7", "Read in a loop until all is there"),
    "readatleast": Missing(".NET 7", "Read in a loop until enough is there"),
    "waitforexitasync": Missing(".NET 5", "WaitForExit($milliseconds)"),
    "disposeasync": Missing(".NET Core 3.0", "Dispose()"),
    "resolvelinktarget": Missing(".NET 6", "fsutil.exe reparsepoint query"),
    "linktarget": Missing(".NET 6", "fsutil.exe reparsepoint query"),
    "unixfilemode": Missing(".NET 7", "GetAccessControl()"),
    "argumentlist": Missing(".NET Core 2.1 (ProcessStartInfo)", "Arguments, one text"),
    "kill": Missing(".NET Core 3.0 (with an argument)", "Kill(), and the children by Win32_Process", 1),
    "enumeraterunes": Missing(".NET Core 3.0", "ToCharArray()"),
    "getvalueordefault": Missing(".NET Core 2.0 (of a dictionary)", "ContainsKey($key) first", 2),
}
"""Members of objects: by name alone, as no type is known before the script runs. Names that also have another meaning
on .NET Framework are not here."""

ASSEMBLIES: dict[str, str] = {
    "net.http.": "System.Net.Http",
    "io.compression.zipfile": "System.IO.Compression.FileSystem",
    "io.compression.ziparchive": "System.IO.Compression",
    "web.": "System.Web",
    "windows.forms.": "System.Windows.Forms",
    "drawing.": "System.Drawing",
    "xml.linq.": "System.Xml.Linq",
    "security.cryptography.protecteddata": "System.Security",
    "directoryservices.accountmanagement.": "System.DirectoryServices.AccountManagement",
    "runtime.serialization.json.": "System.Runtime.Serialization",
}
"""Types whose assembly Windows PowerShell does not load by itself: beginnings of names, and the assembly."""
