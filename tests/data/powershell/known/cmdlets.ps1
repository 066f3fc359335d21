# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== select-object-forms | first, last, skip, index, unique, expand, calculated, exclude
1..10 | Select-Object -First 2 -Skip 1
1..10 | Select-Object -Last 2
(1..10 | Select-Object -Index 0, 3) -join ','
1..5 | Select-Object -SkipLast 3
'b', 'a', 'B', 'b' | Select-Object -Unique
$o = [pscustomobject]@{ N = 'x'; S = 1, 2; Z = 3 }
$o | Select-Object -ExpandProperty S
"$($o | Select-Object * -ExcludeProperty Z)"
"$($o | Select-Object N, @{ n = 'Twice'; e = { $_.Z * 2 } })"
"$($o | Select-Object @{ Label = 'L'; Expression = 'N' })"
"$($o | Select-Object N, Missing)"
#= [Int32] 2
#= [Int32] 3
#= [Int32] 9
#= [Int32] 10
#= 1,4
#= [Int32] 1
#= [Int32] 2
#= b
#= a
#= B
#= [Int32] 1
#= [Int32] 2
#= @{N=x; S=System.Object[]}
#= @{N=x; Twice=6}
#= @{L=x}
#= @{N=x; Missing=}

#== select-expand-errors | a missing property, with other properties, of null
[pscustomobject]@{ a = 1 } | Select-Object -ExpandProperty b -ErrorVariable e -ErrorAction SilentlyContinue; $e[0].FullyQualifiedErrorId
$r = [pscustomobject]@{ a = (New-Object PSObject -Property @{ x = 1 }); b = 2 } | Select-Object b -ExpandProperty a
$r.x; $r.b
[pscustomobject]@{ a = $null } | Select-Object -ExpandProperty a
@([pscustomobject]@{ a = @() } | Select-Object -ExpandProperty a).Count
#= ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand
#= [Int32] 1
#= [Int32] 2
#= [Int32] 0

#== sort-object-forms | several keys, descending per key, stable, unique, numbers as text, script block
$l = @([pscustomobject]@{ n = 'b'; v = 2 }, [pscustomobject]@{ n = 'a'; v = 2 }, [pscustomobject]@{ n = 'c'; v = 1 })
($l | Sort-Object v, n | ForEach-Object n) -join ''
($l | Sort-Object @{ e = 'v'; Descending = $true }, n | ForEach-Object n) -join ''
($l | Sort-Object v -Descending | ForEach-Object n) -join ''
('10', '9', '2' | Sort-Object) -join ','
('10', '9', '2' | Sort-Object { [int]$_ }) -join ','
(3, 1, 2, 1 | Sort-Object -Unique) -join ','
('b', 'A', 'a', 'B' | Sort-Object) -join ','
('b', 'A', 'a', 'B' | Sort-Object -CaseSensitive) -join ','
(5, $null, 3 | Sort-Object).Count
('file10', 'file9' | Sort-Object { [regex]::Replace($_, '\d+', { $args[0].Value.PadLeft(5) }) }) -join ','
#= cab
#= abc
#= bac
#= 10,2,9
#= 2,9,10
#= 1,2,3
#= A,a,b,B
#= a,A,b,B
#= [Int32] 2
#= file9,file10

#== group-object-forms | counts, names, hash table, script block, no element
$g = 'apple', 'avocado', 'banana', 'Apple' | Group-Object
$g.Count; $g[0].Name; $g[0].Count
($g | ForEach-Object { "$($_.Name)=$($_.Count)" }) -join ','
$h = 'aa', 'b', 'cc' | Group-Object Length -AsHashTable
$h[2] -join ','
$h.Keys.Count
$s = 'aa', 'b', 'cc' | Group-Object { $_.Length } -AsHashTable -AsString
$s['1']
('x', 'y', 'x' | Group-Object -NoElement | ForEach-Object { "$($_.Count) $($_.Name)" }) -join ';'
$two = [pscustomobject]@{ a = 1; b = 2 }, [pscustomobject]@{ a = 1; b = 3 } | Group-Object a, b
$two[0].Name
$two[0].Values -join '/'
(1..3 | Group-Object { $_ % 2 }).Group -join ','
#= [Int32] 3
#= apple
#= [Int32] 2
#= apple=2,avocado=1,banana=1
#= aa,cc
#= [Int32] 2
#= b
#= 2 x;1 y
#= 1, 2
#= 1/2
#= 1,3,2

#== measure-object-forms | sum, average, characters, property, min and max of text
$m = 1..4 | Measure-Object -Sum -Average -Maximum -Minimum
$m.Count; $m.Sum; $m.Average; $m.Maximum; $m.Minimum
('a b', 'c' | Measure-Object -Word -Line -Character | ForEach-Object { "$($_.Words) $($_.Lines) $($_.Characters)" })
$f = [pscustomobject]@{ Length = 10 }, [pscustomobject]@{ Length = 5 } | Measure-Object Length -Sum
$f.Sum; $f.Property
(@() | Measure-Object).Count
$null -eq (@() | Measure-Object -Sum).Sum
('b', 'a' | Measure-Object -Minimum).Minimum
(1..3 | Measure-Object).GetType().Name
#= [Int32] 4
#= [Double] 10
#= [Double] 2.5
#= [Double] 4
#= [Double] 1
#= 3 2 4
#= [Double] 15
#= Length
#= [Int32] 0
#= [Boolean] False
#= a
#= GenericMeasureInfo

#== compare-object-forms | side indicators, include equal, property, sync
Compare-Object 1, 2, 3 2, 3, 4 | ForEach-Object { "$($_.InputObject) $($_.SideIndicator)" }
(Compare-Object 'a', 'b' 'A', 'b' -IncludeEqual | ForEach-Object { $_.SideIndicator }) -join ' '
$null -eq (Compare-Object 'a' 'A')
@(Compare-Object 'a' 'A' -CaseSensitive).Count
Compare-Object @([pscustomobject]@{ n = 1; x = 2 }) @([pscustomobject]@{ n = 1; x = 3 }) -Property n, x | ForEach-Object { "$($_.n) $($_.x) $($_.SideIndicator)" }
try { Compare-Object $null @(1) } catch { $_.FullyQualifiedErrorId }
#= 4 =>
#= 1 <=
#= == ==
#= [Boolean] True
#= [Int32] 2
#= 1 3 =>
#= 1 2 <=
#= ParameterArgumentValidationErrorNullNotAllowed,Microsoft.PowerShell.Commands.CompareObjectCommand

#== foreach-object-member-forms | property, method with arguments, begin and end
'abc', 'de' | ForEach-Object Length
'abc' | ForEach-Object ToUpper
'a,b' | ForEach-Object Split ','
1..3 | ForEach-Object -Begin { $s = 0 } -Process { $s += $_ } -End { $s }
1, 2 | % { $_; if ($_ -eq 1) { 'one' } }
#= [Int32] 3
#= [Int32] 2
#= ABC
#= a
#= b
#= [Int32] 6
#= [Int32] 1
#= one
#= [Int32] 2

#== where-object-forms | script block, comparison form, -not in 5.1, in
1..5 | Where-Object { $_ -gt 3 }
'ab', 'cd' | Where-Object { $_ -like 'a*' }
[pscustomobject]@{ n = 1; t = $true }, [pscustomobject]@{ n = 2; t = $false } | Where-Object t | ForEach-Object n
[pscustomobject]@{ n = 1 }, [pscustomobject]@{ n = 2 } | Where-Object n -in 2, 3 | ForEach-Object n
'a', '', $null, 'b' | Where-Object { $_ } | Measure-Object | ForEach-Object Count
1..10 | ? { $_ % 3 -eq 0 }
#= [Int32] 4
#= [Int32] 5
#= ab
#= [Int32] 1
#= [Int32] 2
#= [Int32] 2
#= [Int32] 3
#= [Int32] 6
#= [Int32] 9

#== tee-get-unique-and-out | Tee-Object, Get-Unique, Out-Null, Out-String
$r = 1, 2 | Tee-Object -Variable t; $r.Count; $t.Count
(1, 1, 2, 1 | Get-Unique) -join ','
$null -eq ('x' | Out-Null)
('a', 'b' | Out-String).Length
('a', 'b' | Out-String -Stream).Count
'x' | Tee-Object "$root\t.txt"
Get-Content "$root\t.txt"
#= [Int32] 2
#= [Int32] 2
#= 1,2,1
#= [Boolean] True
#= [Int32] 6
#= [Int32] 2
#= x
#= x

#== select-string-forms | on text, matches, not match, context, simple
('alpha', 'beta', 'gamma' | Select-String 'a$').Count
('x=1', 'y=2' | Select-String '(\w)=(\d)').Matches[1].Groups[2].Value
'error 5', 'ok' | Select-String -NotMatch error | ForEach-Object Line
[bool]('abc' | Select-String -SimpleMatch 'a.c')
'abc' | Select-String 'B' -CaseSensitive -Quiet
'abc' | Select-String 'B' -Quiet
('aXbXc' | Select-String X -AllMatches).Matches.Count
Set-Content "$root\l.txt" 'one', 'two', 'three'
$m = Select-String -Path "$root\l.txt" -Pattern 't'
$m.Count; $m[0].LineNumber; $m[1].Line; $m[0].Filename
"$($m[0])".Replace($root, 'R')
#= [Int32] 3
#= 2
#= ok
#= [Boolean] False
#= [Boolean] False
#= [Boolean] True
#= [Int32] 2
#= [Int32] 2
#= [Int32] 2
#= three
#= l.txt
#= R\l.txt:2:two

#== convertto-json-51 | escapes, depth, arrays, enums, dates, scalars
'{0}' -f ("it's <b> & ""q""" | ConvertTo-Json)
@{ a = 1 } | ConvertTo-Json -Compress
[ordered]@{ n = $null; b = $true; d = 1.5; l = @(1, 'x'); e = @() ; h = @{} } | ConvertTo-Json -Compress
@(1) | ConvertTo-Json -Compress
ConvertTo-Json @(1) -Compress
ConvertTo-Json -InputObject @() -Compress
[pscustomobject]@{ day = [DayOfWeek]::Friday; v = [version]'1.2' } | ConvertTo-Json -Compress
@{ a = @{ b = @{ c = @{ d = 1 } } } } | ConvertTo-Json -Compress
@{ a = @{ b = 1 } } | ConvertTo-Json -Depth 1 -Compress
@{ p = 'C:\x/y' } | ConvertTo-Json -Compress
'tab	end' | ConvertTo-Json
#= "it\u0027s \u003cb\u003e \u0026 \"q\""
#= {"a":1}
#= {"n":null,"b":true,"d":1.5,"l":[1,"x"],"e":[],"h":{}}
#= 1
#= [1]
#= []
#= {"day":5,"v":{"Major":1,"Minor":2,"Build":-1,"Revision":-1,"MajorRevision":-1,"MinorRevision":-1}}
#= {"a":{"b":{"c":"System.Collections.Hashtable"}}}
#= {"a":{"b":1}}
#= {"p":"C:\\x/y"}
#= "tab\tend"

#== convertto-json-layout | the indentation of 5.1
[ordered]@{ a = 1; b = @(1, 2); c = [ordered]@{ d = 'x' }; e = @() } | ConvertTo-Json
#= {`r`n    "a":  1,`r`n    "b":  [`r`n              1,`r`n              2`r`n          ],`r`n    "c":  {`r`n              "d":  "x"`r`n          },`r`n    "e":  [`r`n`r`n          ]`r`n}

#== convertfrom-json-51 | types, arrays, nested, errors
$j = '{"a":1,"b":1.5,"c":"x","d":[1,2],"e":null,"f":true,"g":{"h":2}}' | ConvertFrom-Json
$j.a.GetType().Name; $j.b.GetType().Name; $j.d.Count; $null -eq $j.e; $j.f; $j.g.h
('[1,2,3]' | ConvertFrom-Json).Count
('[{"n":"a"},{"n":"b"}]' | ConvertFrom-Json).n -join ','
try { '{bad' | ConvertFrom-Json } catch { $_.FullyQualifiedErrorId }
('{"big":12345678901}' | ConvertFrom-Json).big.GetType().Name
$j.PSObject.Properties.Name -join ','
('{"A":1,"x y":2}' | ConvertFrom-Json).'x y'
$k = '{"list":[]}' | ConvertFrom-Json; $k.list.Count; $k.list.GetType().Name
#= Int32
#= Decimal
#= [Int32] 2
#= [Boolean] True
#= [Boolean] True
#= [Int32] 2
#= [Int32] 3
#= a,b
#= System.ArgumentException,Microsoft.PowerShell.Commands.ConvertFromJsonCommand
#= Int64
#= a,b,c,d,e,f,g
#= [Int32] 2
#= [Int32] 0
#= Object[]

#== csv-forms | convert to and from, delimiter, quotes, header
[pscustomobject]@{ a = 1; b = 'x,y'; c = $null } | ConvertTo-Csv -NoTypeInformation
$c = "n,v`na,1`nb,2" | ConvertFrom-Csv
$c.Count; $c[1].v; $c[0].v.GetType().Name
('x;y' | ConvertFrom-Csv -Delimiter ';' -Header p, q).q
[pscustomobject]@{ q = 'say "hi"' } | ConvertTo-Csv -NoTypeInformation | Select-Object -Last 1
[pscustomobject]@{ a = 1 } | Export-Csv "$root\a.csv" -NoTypeInformation
Get-Content "$root\a.csv"
(Import-Csv "$root\a.csv").a
#= "a","b","c"
#= "1","x,y",
#= [Int32] 2
#= 2
#= String
#= y
#= "say ""hi"""
#= "a"
#= "1"
#= 1

#== object-building | Add-Member, New-Object -Property, hashtable to object, psobject
$o = New-Object PSObject -Property @{ a = 1 }
$o | Add-Member -MemberType NoteProperty -Name b -Value 2
$o | Add-Member c 3
$o | Add-Member -MemberType ScriptProperty -Name sum -Value { $this.a + $this.b }
$o | Add-Member -MemberType ScriptMethod -Name dbl -Value { param($x) $x * 2 }
$o.sum; $o.dbl(4); $o.c
$o.PSObject.Properties.Remove('b'); $null -eq $o.b
try { $o | Add-Member a 5 -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
$o | Add-Member a 5 -Force; $o.a
($o | Get-Member -MemberType NoteProperty).Name -join ','
[bool]$o.PSObject.Properties['zzz']
$o.psobject.Properties.Match('a').Count
#= [Int32] 3
#= [Int32] 8
#= [Int32] 3
#= [Boolean] True
#= MemberAlreadyExists,Microsoft.PowerShell.Commands.AddMemberCommand
#= [Int32] 5
#= a,c
#= [Boolean] False
#= [Int32] 1

#== measure-command-and-get-random | types only
(Measure-Command { 1 }).GetType().Name
(Get-Random -Minimum 5 -Maximum 6)
(Get-Random -InputObject 7)
(1..5 | Get-Random -Count 3).Count
(New-Guid).Guid.Length
[guid]::NewGuid().ToString().Length
(Get-Random -Maximum 10) -lt 10
#= TimeSpan
#= [Int32] 5
#= [Int32] 7
#= [Int32] 3
#= [Int32] 36
#= [Int32] 36
#= [Boolean] True

#== get-member-basics | names of members
('x' | Get-Member -Name Length).MemberType
([pscustomobject]@{ b = 1; a = 2 } | Get-Member -MemberType NoteProperty | ForEach-Object Name) -join ','
(5 | Get-Member -Name ToString).Name
#= [PSMemberTypes] Property
#= a,b
#= ToString

#== invoke-expression-and-scriptblock | text as code
Invoke-Expression '1 + 1'
$sb = [scriptblock]::Create('param($a) $a * 3'); & $sb 4
iex '$zz = 5'; $zz
try { Invoke-Expression '1 +' } catch { $_.FullyQualifiedErrorId }
& ([scriptblock]::Create('$args.Count')) 1 2
#= [Int32] 2
#= [Int32] 12
#= [Int32] 5
#= ExpectedValueExpression,Microsoft.PowerShell.Commands.InvokeExpressionCommand
#= [Int32] 2

#== date-cmdlets | Get-Date parts, New-TimeSpan, arithmetic
$d = Get-Date '2024-02-28 23:30'
$d.AddDays(2).ToString('yyyy-MM-dd')
(Get-Date '2024-03-01') - (Get-Date '2024-02-28') | ForEach-Object { $_.TotalDays }
(New-TimeSpan -Start '2024-01-01' -End '2024-01-02 12:00').TotalHours
Get-Date '2024-05-06' -Format 'yyyy/MM/dd'
Get-Date '2024-05-06 07:08:09' -Format o
(Get-Date '2024-05-06').DayOfYear
(Get-Date -Date '2024-05-06' -Hour 5).Hour
$d -gt '2024-01-01'
[datetime]::IsLeapYear(2024)
[datetime]::DaysInMonth(2023, 2)
Get-Date '2024-05-06 17:00' -UFormat '%Y-%m-%d %H:%M'
(Get-Date '2024-05-06').Date -eq [datetime]'05/06/2024'
[datetime]::ParseExact('20240506', 'yyyyMMdd', $null).Month
(New-TimeSpan -Minutes 90).ToString()
[timespan]'01:30:00' + [timespan]::FromMinutes(15) | ForEach-Object TotalMinutes
#= 2024-03-01
#= [Double] 2
#= [Double] 36
#= 2024/05/06
#= 2024-05-06T07:08:09.0000000
#= [Int32] 127
#= [Int32] 5
#= [Boolean] True
#= [Boolean] True
#= [Int32] 28
#= 2024-05-06 17:00
#= [Boolean] True
#= [Int32] 5
#= 01:30:00
#= [Double] 105
