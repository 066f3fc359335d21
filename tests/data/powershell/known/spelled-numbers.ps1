# Written by hand, not measured, after the source of Windows PowerShell 5.1: which of a number argument's two texts is
# used where. Compiler.GetCommandArgumentExpression and ParserOps.WrappedNumber put the number and the text as written
# into a PSObject; PSToStringBinder, the operators' binders and PSInvokeMemberBinder take the number out of it,
# LanguagePrimitives, ParserOps (-join, -like, -match, -split, -replace), StringOps (-f) and PSObject.ToString do not.
# How to read it: tests/lab/powershell/known.py.

#== untyped-parameter | a string and ToString() show the number, a cast and -f what was written
function f($x) { "$x"; $x.ToString(); [string]$x; 'a' + $x; '{0}' -f $x; '{0:N2}' -f $x; $x.psobject.ToString() }
f 1.50
f 0x1a
#= 1.5
#= 1.5
#= 1.50
#= a1.5
#= 1.50
#= 1.50
#= 1.50
#= 26
#= 26
#= 0x1a
#= a26
#= 0x1a
#= 0x1a
#= 0x1a

#== what-keeps-it | assignment, arrays, foreach, the pipeline and passing on keep the text, arithmetic does not
function g($y) { [string]$y }
function f($x) {
  $y = $x; [string]$y
  [string]@($x)[0]; $a = , $x; "$a"
  foreach ($i in $x) { [string]$i }
  $x | ForEach-Object { [string]$_ }
  g $x; $p = @{ y = $x }; g @p
  "$([pscustomobject]@{ a = $x })"
  [string]($x + 0); [string](1 * $x)
}
f 1kb
#= 1kb
#= 1kb
#= 1kb
#= 1kb
#= 1kb
#= 1kb
#= 1kb
#= @{a=1kb}
#= 1024
#= 1024

#== which-literals | every spelling but the number's own; an array, an expression and a quoted text are something else
function f($x) { [string]$x }
f 5; f 007; f .5; f 1e3; f 10L; f -1.50; f -x 1.50; f -x:0x10; f (1.50); f '1.50'; f 1.50, 2.0
#= 5
#= 007
#= .5
#= 1e3
#= 10L
#= -1.50
#= 1.50
#= 0x10
#= 1.5
#= 1.50
#= 1.5 2

#== it-is-a-number | arithmetic, comparison, index, range, JSON
function f($x) {
  $x.GetType().Name; $x + 1; -$x; $x -eq 3; '0x3' -eq $x; '3' -eq $x; $x -gt 2; (1, 2, 3, 4)[$x]; @{ 3 = 'c' }[$x]
  "$($x..4)"; ConvertTo-Json $x; 'abcd'.Substring($x); [math]::Max($x, 1); @{ $x = 1 }.Keys | ForEach-Object { [string]$_ }
}
f 0x3
#= Int32
#= [Int32] 4
#= [Int32] -3
#= [Boolean] True
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Int32] 4
#= c
#= 3 4
#= 3
#= d
#= [Int32] 3
#= 3

#== text-operators | they ask the PSObject
function f($x) { $x -like '0x*'; $x -match '^0x'; $x -replace 'x', '-'; $x -split 'x'; $x, $x -join '+'; -join $x; $x -as [string] }
f 0x10
#= [Boolean] True
#= [Boolean] True
#= 0-10
#= 0
#= 10
#= 0x10+0x10
#= 0x10
#= 0x10

#== typed-parameters | a string gets what was written, a number does not, [object] keeps both
function f([string]$s, [int]$i, [double]$d, [object]$o, [string[]]$a, [object[]]$b) { $s; $i; $d; "$o"; [string]$o; $a; "$b" }
f 0x10 0x10 0x10 0x10 0x10 0x10
#= 0x10
#= [Int32] 16
#= [Double] 16
#= 16
#= 0x10
#= 0x10
#= 0x10

#== args | the elements of $args keep it, one taken out for a string does not
& { "$args"; "$($args[0])"; [string]$args; $args -join '-'; 'a' + $args; $args[0] * 2 } 1.50 0x10
function f { "$args" }; function g { f @args }
g -y:0x10 1.50
$h = @{ a = 1 }; f @h
#= 1.50 0x10
#= 1.5
#= 1.50 0x10
#= 1.50-0x10
#= a1.50 0x10
#= [Double] 3
#= -y: 0x10 1.50
#= -a: 1

#== remaining-arguments | they keep it; as strings they are what was written
function f { param([Parameter(ValueFromRemainingArguments)]$r) "$r"; $r[0] + 1 }
function g { param([Parameter(ValueFromRemainingArguments)][string[]]$r) "$r" }
f 0x10 1.50
g 0x10 1.50 1.5d
#= 0x10 1.50
#= [Int32] 17
#= 0x10 1.50 1.5d

#== decimals-lose-it | a struct that can change is copied when it is assigned: the copy is the number
function f($x, [string]$s) { [string]$x; $s }
f 1.5d 1.5d
#= 1.5
#= 1.5d

#== cmdlets | Set-Variable and Write-Output pass it on, Write-Host and Set-Content write it
Set-Variable n 0xa; '{0:N1}' -f $n; "$n"; $n + 1
Write-Output 1.50 | ForEach-Object { "$_"; [string]$_ }
Write-Host 0x10 1.50
Write-Host $n
Set-Content -LiteralPath "$root\n.txt" -Value 0x10; Get-Content -LiteralPath "$root\n.txt"
(New-Object string 'a', 0x3); 'ab', 'abc' | Where-Object Length -gt 0x2
#= 0xa
#= 10
#= [Int32] 11
#= 1.5
#= 1.50
#i 0x10 1.50
#i 0xa
#= 0x10
#= aaa
#= abc

#== typed-variable | a [string] variable takes what was written
[string]$s = & { $args[0] } 0x10; $s
[int]$n = & { $args[0] } 0x10; $n
#= 0x10
#= [Int32] 16

#== switch | its clauses are compared with the number's own text
function f($x) { switch ($x) { 16 { 'number' } '0x10' { 'written' } default { 'none' } }; switch -Regex ($x) { '^0' { 'zero' } '^1' { 'one' } } }
f 0x10
#= number
#= one

#== like-lists-texts | -like on a list gives the texts of what fits, -match the items
(10, 20 -like '1*')[0].GetType().Name; (10, 20 -match '1')[0].GetType().Name
#= String
#= Int32
