"""For each rule what it must refuse and what it must let pass. A plain text is put behind a good prologue.

``Whole`` is a script as it stands, prologue and all.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD = """[CmdletBinding()]
param([string]$App, [int]$Count = 1, $Any)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2.0
$ConfirmPreference = 'None'
$ProgressPreference = 'SilentlyContinue'
"""


class Whole(str):
    """A script without the prologue put before it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Example:
    """``bad``: refused by the rule, each of them. ``good``: refused by no rule at all."""

    bad: tuple[str, ...]
    good: tuple[str, ...]


def _without(part: str) -> Whole:
    return Whole("".join(line for line in HEAD.splitlines(keepends=True) if part not in line) + "$x = 1\n")


EXAMPLES: dict[str, Example] = {
    "parse": Example(("if (", "$x = )", "foreach ($a on $b) { }"), ("if ($Any) { $x = 1 }",)),
    "newer-syntax": Example(
        (
            "$x = $Any ? 1 : 2",
            "$x = $Any ?? 1",
            "$x = $Any??1",
            "$Any ??= 1",
            "$x = $Any?.Length",
            "$x = ${Any}?.Length",
            "$x = $Any?[0]",
            "$x = Get-Date ?? 3",
            "Get-Date && Get-Date",
            "Get-Date || Get-Date",
            "Get-Process\n| Sort-Object -Property Id",
            "Get-Date &",
            "$x = @{ a = $Any ?? 1 }",
            "$x = 'abc' -replace 'b', { $_ }",
            "$x = 'a'..'z'",
            "0b101",
            "10u",
            "clean { $x = 1 }",
            Whole("begin { $x = 1 } clean { $x = 2 }"),
            "foreach -parallel ($x in 1..3) { $x }",
        ),
        (
            "if ($Any) { $x = 1 } else { $x = 2 }",
            "$x = $?",
            "$x = 1..3; $y = '1'..'3'",
            "$x = 'abc' -replace 'b', 'c'",
            "$x = 0x1f + 10L + 1kb",
            "$x = 'a ?? b && c'",
            "foreach ($x in 1..3) { $x }",
        ),
    ),
    "needs-5.0": Example(
        (
            "class A { [int]$B }",
            "enum E { a; b }",
            Whole("using namespace System.IO\n" + HEAD),
            "$x = [Guid]::new('a')",
        ),
        ("$x = New-Object System.Guid('a')", "$x = 'class A { }'"),
    ),
    "requires": Example(
        ("#requires -Version 5.1\n$x = 1", "  #Requires -version 7\n$x = 1"),
        ("#requires -Version 4.0\n$x = 1", "# requires -Version 5", "#requires -RunAsAdministrator"),
    ),
    "not-walked": Example(("workflow W { 1 }", "configuration C { 1 }"), ("function Get-W { 1 }",)),
    "ascii": Example(("$x = 'grün'", "$x = “a”", "# naïve"), ("$x = [string][char]0xfc",)),
    "binding": Example((_without("CmdletBinding"), Whole("$x = 1")), ("$x = 1",)),
    "prologue": Example(
        (
            _without("ErrorAction"),
            _without("StrictMode"),
            _without("Confirm"),
            _without("Progress"),
            Whole(HEAD.replace("'Stop'", "'Continue'") + "$x = 1"),
            Whole(HEAD.replace("2.0", "Latest") + "$x = 1"),
            Whole(HEAD.replace("$ErrorAction", "$x = 1\n$ErrorAction")),
        ),
        (Whole(HEAD.replace(")\n$Err", ")\nbegin {\n$Err") + "}\nend { $x = 1 }"), "$x = 1"),
    ),
    "prologue-undone": Example(
        ("$x = 1; $ErrorActionPreference = 'SilentlyContinue'", "Set-StrictMode -Off", "$ConfirmPreference = 'High'"),
        ("& { Set-StrictMode -Off; $Any.b }", "function Get-A { $ErrorActionPreference = 'Continue' }"),
    ),
    "leaves-caller": Example(
        (
            "exit",
            "if ($Any) { exit 1 }",
            "function Get-A { exit 0 }",
            "if ($Any) { break }",
            "$Any | ForEach-Object { continue }",
            "function Get-A { break }",
        ),
        (
            "return",
            "while ($Any) { if ($Any.a) { break }; continue }",
            "switch ($Any) { 1 { break } }",
            "foreach ($x in $Any) { $x | ForEach-Object { continue } }",
            "$x = Start-Job -ScriptBlock { exit 1 }",
        ),
    ),
    "host-output": Example(
        (
            "Write-Host -Object 'a'",
            "$Any | Out-Host",
            "[Console]::WriteLine('a')",
            "[Console]::Out.Flush()",
            "$Host.UI.WriteLine('a')",
        ),
        ("Write-Output 'a'", "Write-Verbose 'a'", "$x = $Host.Version"),
    ),
    "question": Example(
        (
            "$x = Read-Host -Prompt 'a'",
            "$x = Get-Credential -UserName 'a' -Message 'b'",
            "Stop-Process -Id 1 -Confirm",
            "Stop-Process -Id 1 -Confirm:$true",
            "$x = $Host.UI.ReadLine()",
            "$x = $Host.UI.RawUI.ReadKey()",
        ),
        ("Stop-Process -Id 1 -Confirm:$false", "$x = $Any.UI.ReadLine()"),
    ),
    "formatted": Example(("$x = $Any | Format-Table -Property Id", "$x = $Any | Out-String"), ("$x = '{0}' -f $Any",)),
    "text-file": Example(
        (
            "$x = Get-Content -LiteralPath $App",
            "Set-Content -LiteralPath $App -Value 'a'",
            "$Any | Out-File -LiteralPath $App",
            "Write-Output 'a' > $App",
            "Write-Output 'a' >> out.txt",
        ),
        (
            "Set-Content -LiteralPath $App -Value 'a' -Encoding Ascii",
            "$x = [IO.File]::ReadAllText($App)",
            "Write-Output 'a' > $null",
            "Write-Output 'a' | Tee-Object -Variable 'y'",
        ),
    ),
    "encoding": Example(
        ("Set-Content -LiteralPath $App -Value 'a' -Encoding utf8NoBOM",),
        ("Set-Content -LiteralPath $App -Value 'a' -Encoding UTF8", "$Any | Out-File -LiteralPath $App -Encoding $Any"),
    ),
    "alias": Example(
        (
            "$Any | % { $_ }",
            "$Any | ? { $_ }",
            "$Any | select -First 1",
            "ls",
            "gwmi -Class Win32_Service",
            "function Select { 1 }; Select",
        ),
        ("$Any | Where-Object { $_ } | ForEach-Object { $_ }",),
    ),
    "alias-of-program": Example(
        ("sc query x", "curl http://x", "wget -Uri http://x"),
        ("$x = & sc.exe query 'x'; if ($LASTEXITCODE -ne 0) { throw 'no' }",),
    ),
    "unknown-command": Example(
        (
            "$x = Test-Json -Json $App",
            "$x = New-TemporaryFile",
            "$x = Get-NothingAtAll",
            "Remove-Service -Name 'a'",
            "$x = gpv -LiteralPath $App -Name 'a'",
            "Write-Information -MessageData 'a'",
        ),
        (
            "$x = Get-Service -Name 'a'",
            "function Get-Mine { 1 }; Get-Mine",
            "$x = & $Any",
            "$x = Get-WindowsFeature -Name 'Web-Server'",
            "if (Get-Command -Name 'New-Guid' -ErrorAction SilentlyContinue) { $x = New-Guid }",
        ),
    ),
    "program-name": Example(
        ("netsh interface show", "anything -a", "mkdir C:\\a", ".\\lib.ps1"),
        ("$x = & netsh.exe 'interface' 'show'; $y = $LASTEXITCODE", "function netstat { 1 }; netstat"),
    ),
    "unknown-parameter": Example(
        (
            "$x = Get-Content -LiteralPath $App -AsByteStream",
            "1..3 | ForEach-Object -Parallel { $_ }",
            "$x = ConvertFrom-Json -InputObject $App -AsHashtable",
            "$x = Get-ChildItem -LiteralPath $App -Depth 2",
            "$x = $Any | Select-Object -SkipLast 1",
            "$x = Get-Service -Name 'a' -InformationAction Continue",
            "$x = Invoke-WebRequest -Uri 'http://x' -SkipCertificateCheck",
            "1..3 | % -Parallel { $_ }",
        ),
        (
            "$x = Get-Service -Name 'a' -ErrorAction SilentlyContinue -ErrorVariable 'e'",
            "$x = Get-ChildItem -LiteralPath 'Cert:\\LocalMachine\\My' -SSLServerAuthentication",
            "Set-ItemProperty -LiteralPath $App -Name 'a' -Value 1 -Type DWord",
            "$x = Get-FileHash -LiteralPath $App -Algorithm SHA256",
            "$x = Get-Service -ServiceName 'a'; $y = Get-Item -PSPath $App",
        ),
    ),
    "abbreviated": Example(
        (
            "$x = Get-CimInstance -Class Win32_Service",
            "$x = Get-Service -Name 'a' -ea SilentlyContinue",
            "$x = Get-Service -N 'a'",
            "function Get-A { param($Folder) $Folder }; Get-A -Fold 1",
        ),
        ("$x = Get-CimInstance -ClassName Win32_Service", "function Get-A { param($Folder) $Folder }; Get-A -folder 1"),
    ),
    "positional": Example(
        (
            "$x = Get-Service 'a'",
            "Start-Sleep 1 2",
            "$x = Get-ChildItem -Force $App",
            "$x = Get-CimInstance Win32_Process",
        ),
        (
            "$x = New-Object System.Text.StringBuilder",
            "$x = New-Object System.Text.UTF8Encoding($false)",
            "$x = $Any | Where-Object { $_ }",
            "$x = Get-Service @Any",
            "$x = Get-Service -Name 'a', 'b'",
            "$x = Get-Service -RequiredServices -Name 'a'",
        ),
    ),
    "literal-path": Example(
        (
            "$x = Test-Path -Path $App",
            "Remove-Item -Path 'C:\\a'",
            "$x = Get-Item -Path (Join-Path -Path $App -ChildPath 'a')",
        ),
        (
            "$x = Test-Path -LiteralPath $App",
            "$x = Get-ChildItem -Path 'C:\\a\\*.log'",
            "[void](New-Item -Path $App -ItemType Directory)",
            "$x = Join-Path -Path $App -ChildPath 'a'",
        ),
    ),
    "own-arguments": Example(
        (
            "function Get-A { param($B) $B }; Get-A -C 1",
            "function Get-A { 1 }; Get-A -C 1",
            "function Get-A { param($B) $B }; Get-A 1 2",
            "function Get-A($B) { $B }; Get-A 1 -B 2",
            "function Get-A { param($B, [switch]$Deep) $B }; Get-A -Deep 1 2",
        ),
        (
            "function Get-A { param($B) $B }; Get-A -B 1; Get-A 1; Get-A @Any",
            "function Get-A { param($B) $B; $args }; Get-A 1 2",
            "function Get-A { param([Alias('C')]$B) $B }; Get-A -C 1",
            "function Get-A { [CmdletBinding()] param($B) $B }; Get-A -B 1 -ErrorAction Stop",
            "function Get-A { param($B, [switch]$Deep) $B }; Get-A -Deep 1",
        ),
    ),
    "program-unquoted": Example(
        (
            "$x = & sc.exe a@b; $x = $LASTEXITCODE",
            "$x = & sc.exe a,b; $x = $LASTEXITCODE",
            "$x = & sc.exe /p:$App.x; $x = $LASTEXITCODE",
            "$x = & sc.exe -a.b; $x = $LASTEXITCODE",
            "$x = & sc.exe -a:b; $x = $LASTEXITCODE",
            "$x = & sc.exe {a}; $x = $LASTEXITCODE",
            "$x = & sc.exe --% a b; $x = $LASTEXITCODE",
            '$x = & "$App\\a.exe" 50%; $x = $LASTEXITCODE',
        ),
        (
            "$x = & sc.exe config $App start= auto; $x = $LASTEXITCODE",
            "$x = & sc.exe 'a@b' \"/p:$App\" ('-a.b') $Any; $x = $LASTEXITCODE",
        ),
    ),
    "program-arguments": Example(
        (
            "$x = & sc.exe failure 'a' 'actions=' ''; $x = $LASTEXITCODE",
            "$x = & sc.exe @('a', ''); $x = $LASTEXITCODE",
            "$x = & sc.exe 'say \"hi\"'; $x = $LASTEXITCODE",
            "$x = & sc.exe 'C:\\a b\\'; $x = $LASTEXITCODE",
        ),
        (
            "$x = & sc.exe failure 'a' 'actions=' '\"\"'; $x = $LASTEXITCODE",
            "$x = & sc.exe 'say \\\"hi\\\"' 'C:\\a b'; $x = $LASTEXITCODE",
        ),
    ),
    "program-stderr": Example(
        ("$x = & sc.exe 'a' 2>&1; $x = $LASTEXITCODE", "& sc.exe 'a' 2> $null; $x = $LASTEXITCODE"),
        (
            "$x = & sc.exe 'a'; $x = $LASTEXITCODE",
            "$x = Get-Service -Name 'a' 2> $null",
            "function Get-A { $ErrorActionPreference = 'Continue'; & sc.exe 'a' 2>&1; $LASTEXITCODE }",
        ),
    ),
    "program-exit-code": Example(
        (
            "$x = & sc.exe 'a'",
            "$x = $LASTEXITCODE; $x = & sc.exe 'a'",
            "function Get-A { & sc.exe 'a' }; Get-A; $x = $LASTEXITCODE",
        ),
        ("$x = & sc.exe 'a'; if ($LASTEXITCODE -ne 0) { throw 'no' }",),
    ),
    "missing-type": Example(
        (
            "$x = [HashCode]::Combine(1, 2)",
            "$x = [uint]1",
            "$x = [System.Text.Json.JsonSerializer]::Serialize(1)",
            "$x = New-Object System.Collections.Generic.PriorityQueue[int,int]",
            "function Get-A { param([semver]$B) $B }",
            "$x = New-Object 'System.Collections.Generic.List[ulong]'",
        ),
        ("$x = [uint32]1; $y = [version]'1.2'", "$x = New-Object System.Collections.Generic.List[string]"),
    ),
    "missing-assembly": Example(
        ("$x = New-Object System.Net.Http.HttpClient", "[IO.Compression.ZipFile]::ExtractToDirectory($App, $App)"),
        (
            "Add-Type -AssemblyName System.Net.Http; $x = New-Object System.Net.Http.HttpClient",
            "$x = [IO.Compression.CompressionMode]::Decompress",
        ),
    ),
    "missing-member": Example(
        (
            "$x = [Array]::Empty()",
            "$x = [IO.Path]::GetRelativePath($App, $App)",
            "[IO.File]::Move($App, $App, $true)",
            "$x = [System.Convert]::ToHexString($Any)",
            "$x = [Net.SecurityProtocolType]::Tls13",
            "$x = $Any.ToUnixTimeSeconds()",
            "$Any.Kill($true)",
            "$Any.ArgumentList.Add('a')",
        ),
        (
            "[IO.File]::Move($App, $App)",
            "$x = [Convert]::ToBase64String($Any)",
            "$Any.Kill()",
            "$x = [Net.SecurityProtocolType]::Tls12",
            "$x = $Any.Where({ $_ }).ForEach({ $_ })",
        ),
    ),
    "missing-overload": Example(
        (
            "$x = $App.Contains([char]'a')",
            "$x = ([string]$Any).Contains([char]'a') -or $Any.Trim().Contains([char]'a')",
            "function Get-A { param([string]$B) $B.Contains([char]'a') }",
            "$x = $Any.IndexOf([char]'a', [StringComparison]::Ordinal)",
            "$x = 'abc'.Contains('A', [StringComparison]::OrdinalIgnoreCase)",
            "$x = $Any.StartsWith([char]'a')",
            "$x = $Any.Replace('a', 'b', [StringComparison]::Ordinal)",
            "$x = [string]::Join([char]',', $Any)",
            "$x = $Any.Split('ab')",
            "$x = $Any.Split('::', [StringSplitOptions]::None)",
        ),
        (
            "$x = $Any.Contains([char]'a'); $y = @('a').Contains([char]'a'); $z = (Get-Process).Contains([char]'a')",
            "function Get-A { param([string[]]$B) $B.Contains([char]'a') }",
            "$x = $App.Contains('a')",
            "$x = $Any.Split(','); $y = $Any.Split([char[]]@([char]10))",
            "$x = $Any.IndexOf('a', [StringComparison]::Ordinal)",
            "$x = $Any.Split([string[]]@('::'), [StringSplitOptions]::None); $y = ([regex]'a').Replace('a', 'b', 1)",
            "$x = $Any.Replace('a', 'b'); $y = [string]::Join(', ', $Any)",
        ),
    ),
    "translated-text": Example(
        (
            "try { 1 } catch { if ($_.Exception.Message -match 'denied') { 2 } }",
            "try { 1 } catch { if ($_ -like '*denied*') { 2 } }",
            'try { 1 } catch { if ("$_" -match $Any) { 2 } }',
            "$x = $Error[0].ToString().Contains('denied')",
            "try { 1 } catch { $said = [string]$_.Exception.Message; if ($said.ToLower() -match 'denied') { 2 } }",
            "$x = $Any.DisplayName -eq 'Print Spooler'",
            "$x = 'Print Spooler' -ceq $Any.DisplayName",
            "$x = $Any.Exception.Message.Contains('denied')",
            "$x = [regex]::IsMatch($Any.Message, 'denied')",
            "switch ($Any.LevelDisplayName) { 'Error' { 1 } }",
            "$x = 'Error', 'Warning' -contains $Any.LevelDisplayName",
        ),
        (
            "try { 1 } catch { if ($_.Exception.HResult -eq -2147024864) { 2 } }",
            "try { 1 } catch { if ($_.FullyQualifiedErrorId -match 'NoService') { 2 } }",
            "$x = $Any.DisplayName -ceq $App",
            "$x = $Any.Message -ne ''",
            "$said = $Any.Message; function Get-A { $said = 'a'; $said -match 'b' }",
            "$x = $Any | Where-Object { $_ -like 'a*' }",
            "$x = $Any.Status -eq 'Running'",
        ),
    ),
    "printed-text": Example(
        (
            "$x = & sc.exe query $App; if ($LASTEXITCODE -eq 0 -and $x -match 'RUNNING') { 1 }",
            "$lines = @(& sc.exe query $App); $y = [string]::Join(' ', $lines); $LASTEXITCODE; $y.Contains('STATE')",
            "$x = & sc.exe query $App | Select-String -Pattern 'RUNNING'; $y = $LASTEXITCODE",
            '[string]$x = & sc.exe query $App; $y = $LASTEXITCODE; $z = $x -match "RUN$App"',
            "$x = & sc.exe query $App | Where-Object { $_ -match 'RUNNING' }; $y = $LASTEXITCODE",
            "$x = & sc.exe query $App; $y = $LASTEXITCODE; $z = $x | Select-String -Pattern 'RUNNING'",
            "foreach ($x in @(& sc.exe query $App)) { if ($LASTEXITCODE -eq 0 -and $x -match 'STATE') { 1 } }",
            "$x = & sc.exe query $App | ForEach-Object { $_ -match 'RUNNING' }; $LASTEXITCODE",
            "$x = @{ text = & sc.exe query $App; code = $LASTEXITCODE }; $x.text -match 'RUNNING'",
            # Out of a function
            "function Get-A { & sc.exe 'a'; if ($LASTEXITCODE) { throw 'a' } }; $x = Get-A; $x -match 'RUNNING'",
            "function Get-A { $b = & sc.exe 'a'; $LASTEXITCODE; if ($b) { return $b } }; (Get-A) -like '*STATE*'",
            "function Get-A { & sc.exe 'a'; $LASTEXITCODE }; Get-A | Select-String -Pattern 'RUNNING'",
            "function Get-A { & sc.exe 'a'; $LASTEXITCODE }; function Get-B { Get-A }; (Get-B).Contains('STATE')",
            "function Get-A { $b = & sc.exe 'a'; @{ code = $LASTEXITCODE; text = $b } }; (Get-A).text -match 'RUN'",
            # Into a function
            "function Test-A { param($B) $B -match 'RUNNING' }; $x = Test-A -B (& sc.exe 'a'); $LASTEXITCODE",
            "function Test-A($B, $C) { $C -match 'RU' }; $x = & sc.exe 'a'; $LASTEXITCODE; Test-A 1 $x; Test-A -B 1 $x",
            "function Test-A { foreach ($b in $input) { $b -match 'RUN' } }; & sc.exe 'a' | Test-A; $LASTEXITCODE",
            "function Test-A { param($B) return $B }; $x = Test-A (& sc.exe 'a'); $LASTEXITCODE; $x -match 'RUNNING'",
        ),
        (
            "$x = & sc.exe query $App; if ($LASTEXITCODE -eq 1060) { 1 }",
            "$x = & sc.exe query $App; $y = $LASTEXITCODE; $z = @{ text = $x }",
            "function Get-A { & sc.exe 'a'; $LASTEXITCODE }; $lines = 'RUNNING'; $lines -match 'RUNNING'",
            "function Get-A { $b = & sc.exe 'a'; $LASTEXITCODE }; (Get-A) -match 'three'",
            "function Get-A { [void](& sc.exe 'a'); & sc.exe 'a' | Out-Null; & sc.exe 'a' > $null; "
            "$b = @(& sc.exe 'a'); $LASTEXITCODE; $c = if ($b) { $b }; 'a' }; (Get-A) -eq 'a'",
            "function Test-A { param($B, $C) $B -match 'RUN' }; $x = & sc.exe 'a'; $LASTEXITCODE; Test-A -B 1 -C $x",
            "function Get-A { param($B) 'a' }; $x = Get-A (& sc.exe 'a'); $y = $LASTEXITCODE; $x -eq 'a'",
            "function Get-A { $b = & sc.exe 'a'; @{ code = $LASTEXITCODE; b = $b; state = 'a' } }; "
            "$x = Get-A; $x.state -eq 'a'; $x.code -eq 'b'",
            "$x = & sc.exe query $App; $y = $LASTEXITCODE; [int]$x.Length -in 'three', 'four'",
        ),
    ),
    "case": Example(
        (
            "$app = Get-Date",
            "foreach ($COUNT in 1..3) { $x = 1 }",
            "function Get-A { param([string]$State) $state = @{ a = 1 } }",
            "function Get-A([int]$Id) { 1..3 | ForEach-Object { $ID } }",
        ),
        (
            "$any = 1",
            "$App = 'a'",
            "function Get-A { $app = @{ a = 1 }; $app }",
            "function Get-A { param([object]$State) $state = 1; $State }",
        ),
    ),
    "automatic-variable": Example(
        (
            "$args = 1",
            "$pid = 1",
            "foreach ($host in 1..3) { 1 }",
            "function Get-A { param($Input) 1 }",
            "[string]$error = 'a'",
            "$a, $matches = 1, 2",
            "$home++",
        ),
        ("$null = 1", "$x = $PID; $y = $_", "$hosts = 1"),
    ),
    "newer-variable": Example(
        ("if ($IsWindows) { 1 }", "$x = $PSStyle.Reset", "$x = $PSEdition"), ("$x = $PSVersionTable.PSVersion",)
    ),
    "shared-variable": Example(
        ("$script:a = 1", "$x = $global:b"), ("$x = $env:TEMP; $y = ${function:Get-Date}", "$x = $global:LASTEXITCODE")
    ),
    "count": Example(
        ("$x = (Get-Process).Count",),
        ("$x = @(Get-Process).Count; $y = $Any.Count", "$x = (Get-Process | Measure-Object).Count"),
    ),
}
