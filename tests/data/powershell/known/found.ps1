# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== types-file-members | what types.ps1xml adds to .NET types
(New-Guid).Guid.Length
[guid]::Empty.Guid
(Get-Date '2024-01-02 03:04:05').DateTime
@{ a = 1 }.GetEnumerator() | ForEach-Object Name
#= [Int32] 36
#= 00000000-0000-0000-0000-000000000000
#= Tuesday, January 2, 2024 3:04:05 AM
#= a

#== ref-null | [ref]$null throws the value away
[int]::TryParse('5', [ref]$null)
[Math]::DivRem(7, 2, [ref]$null)
#= [Boolean] True
#= [Int32] 3

#== void-methods-write-nothing | no output, not $null
$f = New-Item "$root\v.txt"
$d = New-Item "$root\vd" -ItemType Directory
$out = @($f.Refresh(); $f.Delete(); $d.Create(); $d.Delete())
$out.Count
#= [Int32] 0

#== list-foreach-is-its-own | List[T].ForEach goes before PowerShell's, so its output is lost
$l = [Collections.Generic.List[int]](1, 2)
$null -eq $l.ForEach({ $_ * 2 })
(1, 2).ForEach({ $_ * 2 }) -join ','
$l.Where({ $_ -gt 1 }) -join ','
#= [Boolean] True
#= 2,4
#= 2

#== builder-index | a StringBuilder is indexed by its characters
$b = [Text.StringBuilder]::new('abc')
$b[1]
$b.Length
#= [Char] b
#= [Int32] 3

#== join-of-a-part | [string]::Join with start and count
[string]::Join(',', [string[]]('a', 'b', 'c'), 1, 2)
[string]::Join('-', 'x', 'y')
#= b,c
#= x-y

#== encodings-have-classes | each encoding is a class of its own
[Text.Encoding]::UTF8.GetType().Name
[Text.Encoding]::Unicode.GetType().Name
$OutputEncoding.GetType().Name
#= UTF8Encoding
#= UnicodeEncoding
#= ASCIIEncoding

#== custom-objects-without-order | compared by ToString(), which is empty: all equal
@(Compare-Object ([pscustomobject]@{ q = 1 }) ([pscustomobject]@{ q = 2 })).Count
@([pscustomobject]@{ q = 1 }, [pscustomobject]@{ q = 2 } | Select-Object -Unique).Count
@([pscustomobject]@{ q = 1 }, [pscustomobject]@{ q = 2 } | Select-Object q -Unique).Count
#= [Int32] 0
#= [Int32] 1
#= [Int32] 2

#== get-member-by-name | members of plain types, asked for by name
('x' | Get-Member -Name Length).MemberType
(5 | Get-Member -Name CompareTo).Name
('x' | Get-Member -Name Trim).MemberType
(1, 2, 3 | Get-Member -Name CompareTo | Measure-Object).Count
@('x' | Get-Member -Name NoSuchMember).Count
#= [PSMemberTypes] Property
#= CompareTo
#= [PSMemberTypes] Method
#= [Int32] 1
#= [Int32] 0

#== file-date-formats | Get-Date -Format FileDate and its kin
Get-Date '2024-05-06 07:08:09' -Format FileDate
Get-Date '2024-05-06 07:08:09' -Format FileDateTime
Get-Date '2024-05-06 07:08:09' -UFormat '+%Y%m%d-%H%M%S %a %b %%'
#= 20240506
#= 20240506T0708090000
#= 20240506-070809 Mon May %

#== short-addresses | one to four numbers make an IP address
[string][ipaddress]'1'
[string][ipaddress]'10.1'
[string][ipaddress]'0x7f.1'
$null -eq ('x' -as [ipaddress])
#= 0.0.0.1
#= 10.0.0.1
#= 127.0.0.1
#= [Boolean] True

#== cmd-redirections | what of cmd's output comes back
cmd /c "echo a& echo b"
cmd /c "echo hidden> nul& echo shown"
cmd /c "exit 3"; $LASTEXITCODE
cmd /c "exit /b 4 & echo never"; $LASTEXITCODE
cmd /c "rem nothing & echo no"; cmd /c "hostname > nul && echo yes"
@(cmd /c "echo e 1>&2" 2>$null).Count
#= a
#= b
#= shown
#= [Int32] 3
#= [Int32] 4
#= yes
#= [Int32] 0

#== add-member-by-position | a name that is no member type is the name of a note
$o = New-Object PSObject
$o | Add-Member c 3
$o | Add-Member NoteProperty d 4
$o | Add-Member @{ e = 5 }
"$($o.c + 1) $($o.d) $($o.e)"
#= 4 4 5

#== command-modules | where commands come from
(Get-Command Get-ChildItem).ModuleName
(Get-Command Where-Object).ModuleName
(Get-Command Get-FileHash).CommandType
(Get-Command Get-Item).CommandType
#= Microsoft.PowerShell.Management
#= Microsoft.PowerShell.Core
#= [CommandTypes] Function
#= [CommandTypes] Cmdlet

#== pipeline-variable-more | seen by later commands, gone afterwards
1, 2 | ForEach-Object { $_ * 10 } -PipelineVariable big | ForEach-Object { "$big-$_" }
$null -eq $big
#= 10-10
#= 20-20
#= [Boolean] True

#== switch-file-more | -File with -Wildcard and a default
Set-Content "$root\s.txt" 'alpha', 'beta', ''
switch -Wildcard -File "$root\s.txt" { 'a*' { "A:$_" } default { "D:$_" } }
#= A:alpha
#= D:beta
#= D:
