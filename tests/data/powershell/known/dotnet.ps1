# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== lists-of-numbers | members of a List[int], filled in a pipeline
$l = New-Object System.Collections.Generic.List[int]; 1..5 | ForEach-Object { $l.Add($_) }; $l.FindAll({ param($x) $x -gt 2 }).Count
$l.Find({ $args[0] -eq 3 })
$l.Exists({ param($x) $x -eq 9 })
$l.RemoveAll({ param($x) $x % 2 -eq 0 })
$l.Reverse(); $l -join ','
$l.GetRange(0, 2) -join ','
$l.Insert(0, 99); $l.ToArray().GetType().Name
$l.Sort(); $l -join ','
$l.ForEach({ $_ * 2 }) -join ','
$l.Where({ $_ -gt 3 }).Count
$l.Contains(99)
$l.Clear(); $l.Count
#= [Int32] 3
#= [Int32] 3
#= [Boolean] False
#= [Int32] 2
#= 5,3,1
#= 5,3
#= Int32[]
#= 1,3,5,99
#= `e
#= [Int32] 2
#= [Boolean] True
#= [Int32] 0

#== sets-dictionaries-and-queues | generic collections with comparers
$h = [Collections.Generic.HashSet[string]]::new([string[]]('a', 'b'), [StringComparer]::OrdinalIgnoreCase); $h.Contains('A')
$h.UnionWith([string[]]('c')); $h.Count
$h.SetEquals([string[]]('a', 'b', 'c'))
$d = [Collections.Generic.Dictionary[string, object]]::new([StringComparer]::OrdinalIgnoreCase); $d.Add('X', 1); $d['x']
$d.Remove('X'); $d.Count
$q = [Collections.Generic.Queue[int]]::new(); $q.Enqueue(4); $q.Peek()
$st = [Collections.Generic.Stack[int]]::new(); $st.Push(4); $st.Count
$od = [Collections.Specialized.OrderedDictionary]::new(); $od.Add('k', 1); $od.Count
#= [Boolean] True
#= [Int32] 3
#= [Boolean] True
#= [Int32] 1
#= [Boolean] True
#= [Int32] 0
#= [Int32] 4
#= [Int32] 1
#= [Int32] 1

#== string-statics-and-methods | strings by their .NET members
[string]::Concat('a', 'b', 'c')
[string]::Equals('a', 'A', 'OrdinalIgnoreCase')
'abc'.IndexOf('C', [StringComparison]::OrdinalIgnoreCase)
'a-b-c'.Split('-', 2) -join '|'
'a-b-c'.Split([char[]]'-', 2)[1]
'x'.CompareTo('y')
'Abc'.Clone()
'abcabc'.LastIndexOf('b')
'abc'.ToCharArray()[0].GetType().Name
'%TEMP%'.Trim('%')
'a,b;c'.Split(',;'.ToCharArray()) -join '|'
'abc'.Contains('B')
[char]0x41
'hello world'.Substring(6).ToUpper()[0]
[string]::Join(', ', (1..3 | ForEach-Object { "n$_" }))
[char[]]'abc' -join '-'
#= abc
#= [Boolean] True
#= [Int32] 2
#= a|b-c
#= b-c
#= [Int32] -1
#= Abc
#= [Int32] 4
#= Char
#= TEMP
#= a|b|c
#= [Boolean] False
#= [Char] A
#= [Char] W
#= n1, n2, n3
#= a-b-c

#== regex-members | Match, Groups, Replace with a count, Split, Unescape
[regex]::Matches('a1b2', '[a-z](\d)') | ForEach-Object { $_.Groups[1].Value }
[regex]::Replace('abc', 'b', 'X', 'IgnoreCase')
([regex]'a').Replace('banana', 'o', 2)
([regex]'\s+').Split('a  b c') -join '|'
$m = [regex]::Match('k=v', '(?<k>\w)=(?<v>\w)'); $m.Groups['k'].Value; $m.Index; $m.Length
$m.Groups.Count
$m.NextMatch().Success
[regex]::Unescape('a\tb').Length
[regex]::new('x', 'IgnoreCase').IsMatch('X')
([regex]'(a)|(b)').Match('b').Groups[1].Success
([regex]'x').GetGroupNames() -join ','
[Text.RegularExpressions.RegexOptions]'IgnoreCase, Multiline'
#= 1
#= 2
#= aXc
#= bonona
#= a|b|c
#= k
#= [Int32] 0
#= [Int32] 3
#= [Int32] 3
#= [Boolean] False
#= [Int32] 3
#= [Boolean] True
#= [Boolean] False
#= 0
#= [RegexOptions] IgnoreCase, Multiline
