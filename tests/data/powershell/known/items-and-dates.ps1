# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== items-get-childitem | filters, recursion, depth, names, hidden, sorting
New-Item -ItemType Directory "$root\d1\d2" | Out-Null
'a.txt', 'b.log', 'd1\c.txt', 'd1\d2\e.txt' | ForEach-Object { Set-Content "$root\$_" $_ }
(Get-ChildItem $root).Name -join ','
(Get-ChildItem $root -Recurse).Name -join ','
(Get-ChildItem $root -Recurse -File -Filter *.txt).Name -join ','
(Get-ChildItem $root -Recurse -Include *.txt).Name -join ','
(Get-ChildItem "$root\*" -Include *.txt).Name -join ','
(Get-ChildItem $root -Directory).Name
(Get-ChildItem $root -Name) -join ','
(Get-ChildItem $root -Recurse -Name) -join ','
(Get-ChildItem $root -Recurse -Depth 1).Name -join ','
(Get-ChildItem $root -Exclude *.log).Name -join ','
@(Get-ChildItem "$root\*.zzz").Count
Get-ChildItem "$root\nope" -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
(Get-ChildItem $root\a.txt).Length
(Get-ChildItem $root -File | Measure-Object Length -Sum).Sum
(Get-ChildItem $root | Where-Object { $_.PSIsContainer }).Count
(Get-ChildItem $root | Sort-Object Name -Descending).Name -join ','
Get-ChildItem $root -File | ForEach-Object { $_.FullName.Replace($root, 'R') }
(Get-ChildItem $root -Filter a*).GetType().Name
#= d1,a.txt,b.log
#= d1,a.txt,b.log,d2,c.txt,e.txt
#= a.txt,c.txt,e.txt
#= a.txt,c.txt,e.txt
#= a.txt
#= d1
#= d1,a.txt,b.log
#= d1,a.txt,b.log,d1\d2,d1\c.txt,d1\d2\e.txt
#= d1,a.txt,b.log,d2,c.txt
#= d1,a.txt
#= [Int32] 0
#= PathNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand
#= [Int64] 7
#= [Double] 14
#= [Int32] 1
#= d1,b.log,a.txt
#= R\a.txt
#= R\b.log
#= FileInfo

#== items-paths | Join-Path, Split-Path, Resolve-Path, Test-Path, Convert-Path
Join-Path C:\a b
Join-Path C:\a\ \b
Join-Path 'a', 'b' c
Split-Path C:\a\b.txt
Split-Path C:\a\b.txt -Leaf
Split-Path C:\a\b.txt -Qualifier
Split-Path C:\a\b.txt -NoQualifier
Split-Path C:\a -Parent
Split-Path C:\ -Parent
Split-Path b.txt
Split-Path -IsAbsolute a\b
Split-Path C:\a\b.txt -Leaf | ForEach-Object { $_.Split('.')[0] }
Test-Path $root -PathType Container
Test-Path "$root\*"
Test-Path ''
Test-Path $null
Test-Path "$root\nope"
Test-Path Env:Path
(Resolve-Path $root).Path -eq $root
Resolve-Path "$root\zip" -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
(Resolve-Path $root).GetType().Name
Push-Location $root; (Get-Location).Path -eq $root; Pop-Location
Set-Location $root; $PWD.Path -eq $root; (Resolve-Path .).Path -eq $root
(Convert-Path .) -eq $root
Set-Content x.txt 'rel'; Get-Content .\x.txt
Test-Path .\x.txt
#= C:\a\b
#= C:\a\b
#= a\c
#= b\c
#= C:\a
#= b.txt
#= C:
#= \a\b.txt
#= C:\
#= `e
#= `e
#= [Boolean] False
#= b
#= [Boolean] True
#= [Boolean] False
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= PathNotFound,Microsoft.PowerShell.Commands.ResolvePathCommand
#= PathInfo
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True
#= rel
#= [Boolean] True
#! ParameterArgumentValidationErrorEmptyStringNotAllowed,Microsoft.PowerShell.Commands.TestPathCommand
#! ParameterArgumentValidationErrorNullNotAllowed,Microsoft.PowerShell.Commands.TestPathCommand

#== items-content | raw, tail, total count, encoding, append, empty, array index
Set-Content "$root\f.txt" 1, 2, 3
(Get-Content "$root\f.txt").Count
(Get-Content "$root\f.txt")[0].GetType().Name
(Get-Content "$root\f.txt" -Raw).Length
Get-Content "$root\f.txt" -Tail 1
Get-Content "$root\f.txt" -TotalCount 2
Add-Content "$root\f.txt" 'four'; (Get-Content "$root\f.txt")[-1]
'one' | Out-File "$root\u.txt"; (Get-Item "$root\u.txt").Length
'one' | Out-File "$root\u8.txt" -Encoding utf8; (Get-Item "$root\u8.txt").Length
'one' > "$root\r.txt"; 'two' >> "$root\r.txt"; (Get-Content "$root\r.txt") -join '|'
Set-Content "$root\e.txt" '' -NoNewline; (Get-Content "$root\e.txt") -eq $null; (Get-Item "$root\e.txt").Length
Set-Content "$root\b.bin" ([byte[]](1, 2, 255)) -Encoding Byte; (Get-Content "$root\b.bin" -Encoding Byte) -join ','
Clear-Content "$root\f.txt"; (Get-Item "$root\f.txt").Length
Get-Content "$root\none.txt" -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
Set-Content "$root\nodir\x.txt" 'a' -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
(Get-Content "$root\r.txt" | Select-Object -First 1).PSChildName
Get-Content "$root\r.txt" | ForEach-Object { "$($_.ReadCount):$_" }
(Get-Content "$root\r.txt" -ReadCount 0).GetType().Name
#= [Int32] 3
#= String
#= [Int32] 9
#= 3
#= 1
#= 2
#= four
#= [Int64] 12
#= [Int64] 8
#= one|two
#= [Boolean] True
#= [Int64] 0
#= 1,2,255
#= [Int64] 0
#= PathNotFound,Microsoft.PowerShell.Commands.GetContentCommand
#= GetContentWriterDirectoryNotFoundError,Microsoft.PowerShell.Commands.SetContentCommand
#= r.txt
#= 1:one
#= 2:two
#= Object[]

#== items-manage | new, copy, move, rename, remove and their errors
(New-Item "$root\n" -ItemType Directory).GetType().Name
New-Item "$root\n" -ItemType Directory -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
(New-Item "$root\n" -ItemType Directory -Force).Name
(New-Item -Path $root -Name v.txt -Value 'hello').Length
New-Item "$root\v.txt" -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
Copy-Item "$root\v.txt" "$root\w.txt"; Get-Content "$root\w.txt"
Copy-Item "$root\v.txt" "$root\n"; Test-Path "$root\n\v.txt"
Move-Item "$root\w.txt" "$root\n\z.txt"; (Get-ChildItem "$root\n").Name -join ','
Rename-Item "$root\n\z.txt" y.txt; Test-Path "$root\n\y.txt"
Rename-Item "$root\nope.txt" q.txt -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
Remove-Item "$root\n" -Recurse; Test-Path "$root\n"
Remove-Item "$root\nope" -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
Copy-Item "$root\nope" "$root\q" -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
Copy-Item "$root\v.txt" "$root\c.txt" -PassThru | ForEach-Object Name
Copy-Item $root "$root\..\copy" -Recurse; (Get-ChildItem "$root\..\copy").Name -join ','
Set-ItemProperty "$root\v.txt" IsReadOnly $true; (Get-Item "$root\v.txt").IsReadOnly
Remove-Item "$root\v.txt" -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
Remove-Item "$root\v.txt" -Force; Test-Path "$root\v.txt"
mkdir "$root\mk" | Out-Null; Test-Path "$root\mk"
(Get-Item $root).PSIsContainer
Get-Item "$root\*" | Measure-Object | ForEach-Object Count
#= DirectoryInfo
#= DirectoryExist,Microsoft.PowerShell.Commands.NewItemCommand
#= n
#= [Int64] 5
#= NewItemIOError,Microsoft.PowerShell.Commands.NewItemCommand
#= hello
#= [Boolean] True
#= v.txt,z.txt
#= [Boolean] True
#= InvalidOperation,Microsoft.PowerShell.Commands.RenameItemCommand
#= [Boolean] False
#= PathNotFound,Microsoft.PowerShell.Commands.RemoveItemCommand
#= PathNotFound,Microsoft.PowerShell.Commands.CopyItemCommand
#= c.txt
#= c.txt,v.txt
#= [Boolean] True
#= RemoveFileSystemItemUnAuthorizedAccess,Microsoft.PowerShell.Commands.RemoveItemCommand
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Int32] 2

#== dates-arithmetic | adding, subtracting, comparing, parts, formatting, parse
$d = [datetime]'2024-02-29 10:20:30'
$d.AddYears(1).ToString('yyyy-MM-dd')
$d.AddMonths(-1).ToString('yyyy-MM-dd')
($d - [datetime]'2024-02-28').GetType().Name
($d - [timespan]'1:00:00').Hour
$d + [timespan]'1.00:00:00' | ForEach-Object { $_.ToString('dd.MM.yyyy') }
$d.DayOfWeek; $d.DayOfYear; $d.Date.Hour; $d.TimeOfDay.ToString(); $d.Ticks
"$d"
$d.ToString()
$d.ToShortDateString(); $d.ToLongDateString(); $d.ToShortTimeString(); $d.ToLongTimeString()
$d.ToString('u'); $d.ToString('r'); $d.ToString('R'); $d.ToString('o'); $d.ToString('G'); $d.ToString('g'); $d.ToString('f'); $d.ToString('F'); $d.ToString('Y')
[datetime]::Parse('3/4/2024').Month
[datetime]::ParseExact('04-03-2024', 'dd-MM-yyyy', [Globalization.CultureInfo]::InvariantCulture).Month
$o = [datetime]::MinValue; [datetime]::TryParse('nope', [ref]$o); $o.Year
try { [datetime]'31/12/2024' } catch { $_.FullyQualifiedErrorId }
([datetime]'2024-01-31').AddMonths(1).Day
[datetime]'2024-01-01' -lt [datetime]'2024-01-02'
(New-TimeSpan -Seconds 3661).ToString('hh\:mm\:ss')
(New-TimeSpan -Start '2024-01-01' -End '2023-12-31').TotalDays
[timespan]::FromMilliseconds(1500).TotalSeconds
[timespan]'02:30' -gt [timespan]'02:00'
([timespan]'1.02:03:04.5').ToString()
[datetime]::new(2024, 5, 6).ToString('ddd d MMM')
[datetime]'2024-05-06T07:08:09Z' | ForEach-Object { $_.Kind }
[datetime]::SpecifyKind([datetime]'2024-01-01', 'Utc').ToString('o')
(Get-Date 0).Year
[DateTimeOffset]::FromUnixTimeSeconds(0).ToString('u')
[DateTimeOffset]::new([datetime]'2024-01-01', [timespan]::Zero).ToUnixTimeSeconds()
Get-Date '2024-01-02' -Format d
Get-Date -Year 2020 -Month 2 -Day 29 -Format yyyyMMdd
[datetime]::Compare('2024-01-01', '2024-01-02')
([datetime]'2024-01-01 23:59:59').Hour
(Get-Date '2024-06-15').ToString('yyyy-MM') + '-01'
[Math]::Floor(([datetime]'2024-03-01' - [datetime]'2024-01-01').TotalDays / 7)
#= 2025-02-28
#= 2024-01-29
#= TimeSpan
#= [Int32] 9
#= 01.03.2024
#= [DayOfWeek] Thursday
#= [Int32] 60
#= [Int32] 0
#= 10:20:30
#= [Int64] 638447988300000000
#= 02/29/2024 10:20:30
#= 2/29/2024 10:20:30 AM
#= 2/29/2024
#= Thursday, February 29, 2024
#= 10:20 AM
#= 10:20:30 AM
#= 2024-02-29 10:20:30Z
#= Thu, 29 Feb 2024 10:20:30 GMT
#= Thu, 29 Feb 2024 10:20:30 GMT
#= 2024-02-29T10:20:30.0000000
#= 2/29/2024 10:20:30 AM
#= 2/29/2024 10:20 AM
#= Thursday, February 29, 2024 10:20 AM
#= Thursday, February 29, 2024 10:20:30 AM
#= February 2024
#= [Int32] 3
#= [Int32] 3
#= [Boolean] False
#= [Int32] 1
#= InvalidCastParseTargetInvocationWithFormatProvider
#= [Int32] 29
#= [Boolean] True
#= 01:01:01
#= [Double] -1
#= [Double] 1.5
#= [Boolean] True
#= 1.02:03:04.5000000
#= Mon 6 May
#= [DateTimeKind] Local
#= 2024-01-01T00:00:00.0000000Z
#= [Int32] 1
#= 1970-01-01 00:00:00Z
#= [Int64] 1704067200
#= 1/2/2024
#= 20200229
#= [Int32] -1
#= [Int32] 23
#= 2024-06-01
#= [Double] 8
