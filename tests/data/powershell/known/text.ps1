# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== split-forms | regex, limit, simple match, unary, options, empty entries
'a1b2c' -split '\d'
('a,b,,c' -split ',').Count
'a,b,c' -split ',', 2
('a.b' -split '.', 0, 'SimpleMatch') -join '|'
(-split '  x  y ') -join '|'
'aXbxc' -csplit 'x'
'a-b_c' -split '[-_]'
'k=v=w' -split '=', 2 | Select-Object -Last 1
('a;b' -split '(;)').Count
'abc'.Split('b')[1]
'a, b,c'.Split(', ', [StringSplitOptions]::RemoveEmptyEntries) -join '|'
"l1`r`nl2`nl3" -split '\r?\n'
'a1b' -split { $_ -match '\d' }
#= a
#= b
#= c
#= [Int32] 4
#= a
#= b,c
#= a|b
#= x|y
#= aXb
#= c
#= a
#= b
#= c
#= v=w
#= [Int32] 3
#= c
#= a|b|c
#= l1
#= l2
#= l3
#= a
#= b

#== join-forms | unary, binary, nested, numbers and null
-join ('a', 'b')
'a', 1, $null, 2.5 -join ','
(1..3 -join '-') + '!'
@() -join ','
[string]::Join('/', @('x', 'y'))
$OFS = '+'; "$(1..3)"
#= ab
#= a,1,,2.5
#= 1-2-3!
#= `e
#= x/y
#= 1+2+3

#== replace-forms | case, groups, special tokens, dollar, array, evaluator via regex class
'Hello World' -replace 'world', 'X'
'Hello' -creplace 'hello', 'X'
'John Smith' -replace '(\w+) (\w+)', '$2, $1'
'a.b.c' -replace '\.', '-'
'abc' -replace 'b'
'2024-01-02' -replace '(?<y>\d+)-(?<m>\d+)-(?<d>\d+)', '${d}.${m}.${y}'
'price' -replace '^', '$$'
'x1', 'y2' -replace '\d', '#'
[regex]::Replace('a1b22', '\d+', { param($m) [int]$m.Value * 2 })
'aaa'.Replace('a', 'b')
'C:\a\b' -replace '\\', '/'
'tab' -replace 'a', "`t"
'abc' -replace '(b)', '[$1]$0'
#= Hello X
#= Hello
#= Smith, John
#= a-b-c
#= ac
#= 02.01.2024
#= $price
#= x#
#= y#
#= a2b44
#= bbb
#= C:/a/b
#= t`tb
#= a[b]bc

#== match-forms | Matches groups, named, collection left side, anchors, options
if ('srv01.example.com' -match '^(?<host>[^.]+)\.(?<dom>.+)$') { $Matches.host; $Matches['dom']; $Matches.Count }
'abc' -match 'B'
'abc' -cmatch 'B'
('a1', 'b', 'c2' -match '\d') -join ','
('x' -match 'y'); $Matches.host
[regex]::Matches('a1b22c333', '\d+').Value -join ','
([regex]'(\w)(\d)').Match('x7').Groups[1].Value
[regex]::IsMatch('ABC', 'abc', 'IgnoreCase')
[regex]::Escape('a.b*c')
[regex]::Split('a1b2', '\d') -join '|'
$m = [regex]::Match('none', '\d'); $m.Success; $m.Value -eq ''
"line1`nline2" -match '(?m)^line2$'
'2024' -match '^\d{4}$' -and $Matches[0] -eq '2024'
[regex]::Match('key: value', ':\s*(.+)').Groups[1].Value
#= srv01
#= example.com
#= [Int32] 3
#= [Boolean] True
#= [Boolean] False
#= a1,c2
#= [Boolean] False
#= $null
#= 1,22,333
#= x
#= [Boolean] True
#= a\.b\*c
#= a|b|
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True
#= value

#== like-forms | wildcards, sets, escapes, arrays
'server01' -like 'SERVER*'
'file[1].txt' -like 'file`[1`].txt'
'abc' -clike 'A*'
('a.log', 'b.txt' -like '*.log') -join ','
'x' -notlike 'y*'
'b5' -like '[a-c][0-9]'
'ab' -like '?'
#= [Boolean] True
#= [Boolean] True
#= [Boolean] False
#= a.log
#= [Boolean] True
#= [Boolean] True
#= [Boolean] False

#== here-strings | expandable and literal, quotes inside, newline count
$n = 'X'
$h = @"
Hi $n "quoted"
  second $(1+1)
"@
$h
@'
raw $n 'q'
'@
$h.Length
@"
a`tb
"@
#= Hi X "quoted"`n  second 2
#= raw $n 'q'
#= [Int32] 24
#= a`tb

#== string-methods | index, contains, starts, compare, trim sets, char access
'Hello'.IndexOf('l'); 'Hello'.LastIndexOf('l'); 'Hello'.IndexOf('z')
'Hello'.Contains('ell'); 'Hello'.StartsWith('he'); 'Hello'.StartsWith('he', 'OrdinalIgnoreCase'); 'a.log'.EndsWith('.log')
'xxabcx'.Trim('x'); 'abc '.TrimEnd() + '|'; 'aab'.TrimStart('a')
'abc'[1]; 'abc'[-1]; 'abc'[0, 2] -join ''
'abc'.ToCharArray().Count; 'abc'.Substring(1, 1); 'abc'.ToUpperInvariant()
[string]::IsNullOrEmpty(''); [string]::IsNullOrWhiteSpace(' ')
[string]::Compare('a', 'B', $true); 'a'.CompareTo('b'); 'a'.Equals('A')
[string]::Format('{0}-{1:00}', 'x', 5)
'a' * 3; 'abc'.Length; 'ABC'.ToLower()
('abc' -as [char[]]) -join '.'
[char]::IsDigit('5'); [char]::ToUpper('x')
'{0}{1}' -f 'a', 'b'
'abc'.GetEnumerator() | ForEach-Object { "<$_>" }
[string]::new('x', 3)
'a,b'.Split(',').GetType().Name
'title case' | ForEach-Object { (Get-Culture).TextInfo.ToTitleCase($_) }
#= [Int32] 2
#= [Int32] 3
#= [Int32] -1
#= [Boolean] True
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= abc
#= abc|
#= b
#= [Char] b
#= [Char] c
#= ac
#= [Int32] 3
#= b
#= ABC
#= [Boolean] True
#= [Boolean] True
#= [Int32] -1
#= [Int32] -1
#= [Boolean] False
#= x-05
#= aaa
#= [Int32] 3
#= abc
#= a.b.c
#= [Boolean] True
#= [Char] X
#= ab
#= <a>
#= <b>
#= <c>
#= xxx
#= String[]
#= Title Case

#== escapes-and-quotes | backtick escapes, doubled quotes, subexpressions, special variables
"a`"b`$c``d"
'it''s'
"say ""hi"""
"`$x = $(1 + 2)"
"$($null)|"
"${env:SystemDrive}"
"$env:SystemDrive\x"
"a:$(if ($true) { 'y' })"
"@{a=1}"
"100%"
"`u{41}"
#= a"b$c``d
#= it's
#= say "hi"
#= $x = 3
#= |
#= C:
#= C:\x
#= a:y
#= @{a=1}
#= 100%
#= u{41}

#== comparison-case | strings compare without case, c variants with, numbers and strings
'ABC' -eq 'abc'; 'ABC' -ceq 'abc'; 'a' -lt 'B'; 'a' -clt 'B'
10 -gt '9'; '10' -gt 9; '10' -gt '9'
1, 2, 3 -contains '2'; 'a' -in 'A', 'B'; 'a' -cin 'A', 'B'
(1, 2, 3, 2 -eq 2).Count
(1, 2, 3 -ne 2) -join ','
$null -eq ''; '' -eq $null; 0 -eq ''; '' -eq 0; 0 -eq $null
'True' -eq $true; $true -eq 'False'; $false -eq ''
@(1, 2) -eq $null | Measure-Object | ForEach-Object Count
[version]'1.0' -lt '2.0'
(Get-Date '2024-01-01') -lt '2024-06-01'
'a' -is [string]; 1 -isnot [int]; 1.0 -is [double]
-not 0; !'x'; !!1
$true -xor $true; 5 -band 3; 5 -bor 3; 5 -bxor 3; -bnot 5; 1 -shl 4; -16 -shr 2
#= [Boolean] True
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True
#= [Boolean] False
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Boolean] False
#= [Int32] 2
#= 1,3
#= [Boolean] False
#= [Boolean] False
#= [Boolean] True
#= [Boolean] False
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True
#= [Int32] 0
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Boolean] False
#= [Boolean] True
#= [Boolean] False
#= [Int32] 1
#= [Int32] 7
#= [Int32] 6
#= [Int32] -6
#= [Int32] 16
#= [Int32] -4

#== arrays-operations | slices, negatives, += , ranges, multi-dimensional, jagged, reverse
$a = 1..5
$a[1..3] -join ','; $a[-1]; $a[-2..-1] -join ','; $a[0, -1] -join ','; $a[9]; ($a[3..9] -join ',')
$a += 6; $a.Count
(5..1) -join ''
$b = , 1; $b.Count; $b += 2, 3; $b.Count
$j = @(@(1, 2), @(3, 4)); $j[1][0]; $j.Count
[array]::Reverse($a); $a -join ','
[array]::IndexOf($a, 3); $a.Contains(2); $a -contains 7
$x, $y, $z = 1, 2; "$x$y[$z]"; $x, $y = $y, $x; "$x$y"
$first, $rest = 1, 2, 3; $rest -join ','
@(1, @(2, 3)).Count; @(@()).Count; @(, @()).Count
(1, 2) + (3, 4) -join ','
$a.Length -eq $a.Count; $a.GetType().BaseType.Name
[int[]]::new(3) -join ','
$l = [Collections.Generic.List[string]]::new(); $l.Add('a'); $l.AddRange([string[]]('b', 'c')); $l.Count; $l -join ''; $l.IndexOf('b'); $l.Remove('a'); $l[0]
$q = New-Object Collections.Queue; $q.Enqueue(1); $q.Enqueue(2); $q.Dequeue(); $q.Count
$s = New-Object Collections.Stack; $s.Push('x'); $s.Push('y'); $s.Pop(); $s.Peek()
$set = New-Object 'Collections.Generic.HashSet[string]'; $set.Add('a'); $set.Add('a'); $set.Count
#= 2,3,4
#= [Int32] 5
#= 4,5
#= 1,5
#= $null
#= 4,5
#= [Int32] 6
#= 54321
#= [Int32] 1
#= [Int32] 3
#= [Int32] 3
#= [Int32] 2
#= 6,5,4,3,2,1
#= [Int32] 3
#= [Boolean] True
#= [Boolean] False
#= 12[]
#= 21
#= 2,3
#= [Int32] 2
#= [Int32] 0
#= [Int32] 1
#= 1,2,3,4
#= [Boolean] True
#= Array
#= 0,0,0
#= [Int32] 3
#= abc
#= [Int32] 1
#= [Boolean] True
#= b
#= [Int32] 1
#= [Int32] 1
#= y
#= x
#= [Boolean] True
#= [Boolean] False
#= [Int32] 1

#== hashtable-operations | access, keys, order, remove, nested, default, enumeration
$h = @{ b = 1; a = 2 }
$h.b; $h['a']; $h.Count; $h.ContainsKey('A'); $h.Contains('zz'); $null -eq $h.nope
$h.c = 3; $h['d'] = 4; $h.Remove('b'); ($h.Keys | Sort-Object) -join ','
$o = [ordered]@{ z = 1; y = 2 }; $o.Keys -join ','; $o[0]; $o['y']; $o.Insert(0, 'x', 0); $o.Keys -join ','
($h.GetEnumerator() | Sort-Object Name | ForEach-Object { "$($_.Key)=$($_.Value)" }) -join ';'
@{ n = @{ m = 5 } }.n.m
$e = @{}; $e.x += 5; $e.x; $e.list += , 'a'; $e.list.Count
try { $h.Add('a', 1) } catch { $_.FullyQualifiedErrorId }
(@{ a = 1 } + @{ b = 2 }).Count
$c = $h.Clone(); $c.a = 99; $h.a
$h.Values | Measure-Object -Sum | ForEach-Object Sum
if (@{}) { 'empty is true' }
@{ Count = 'own' }.Count
foreach ($p in $o.GetEnumerator()) { $p.Name + $p.Value }
#= [Int32] 1
#= [Int32] 2
#= [Int32] 2
#= [Boolean] True
#= [Boolean] False
#= [Boolean] True
#= a,c,d
#= z,y
#= [Int32] 1
#= [Int32] 2
#= x,z,y
#= a=2;c=3;d=4
#= [Int32] 5
#= [Int32] 5
#= [Int32] 1
#= ArgumentException
#= [Int32] 2
#= [Int32] 2
#= [Double] 9
#= empty is true
#= own
#= x0
#= z1
#= y2
