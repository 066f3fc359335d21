# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== splatting | hashtable, array, both, with explicit parameters
function f { param($A, $B, [switch]$C, [Parameter(ValueFromRemainingArguments)]$Rest) "$A|$B|$C|$Rest" }
$h = @{ A = 1; B = 2; C = $true }
f @h
$p = 1, 2, 3, 4
f @p
f -C @p
$s = @{ B = 'x' }; f 1 @s
f @s -A 5 extra
function g { f @args }
g -B q -A w
#= 1|2|True|
#= 1|2|False|3 4
#= 1|2|True|3 4
#= 1|x|False|
#= 5|x|False|extra
#= w|q|False|

#== pipeline-parameters | by value, by property name, process per item
function f { [CmdletBinding()] param([Parameter(ValueFromPipeline)][int]$N, [Parameter(ValueFromPipelineByPropertyName)][Alias('Id')]$Name) begin { $t = 0 } process { $t += $N } end { "t=$t name=$Name" } }
1..4 | f
[pscustomobject]@{ Id = 'x' } | f -N 1
function g { param([Parameter(ValueFromPipelineByPropertyName)]$Name, [Parameter(ValueFromPipelineByPropertyName)]$Port = 80) process { "${Name}:$Port" } }
[pscustomobject]@{ Name = 'a'; Port = 1 }, [pscustomobject]@{ Name = 'b' } | g
#= t=10 name=
#= t=1 name=x
#= a:1
#= b:80

#== validation-attributes | error ids of the validators
function f { param([ValidateRange(1, 5)]$a = 1, [ValidateSet('x', 'y')]$b = 'x', [ValidatePattern('^\d+$')]$c = '1', [ValidateLength(1, 3)]$d = 'a', [ValidateNotNullOrEmpty()]$e = 'e', [ValidateCount(1, 2)][int[]]$g = 1, [ValidateScript({ $_ -gt 0 })]$h = 1) 'ok' }
f
foreach ($p in @{ a = 9 }, @{ b = 'z' }, @{ c = 'q' }, @{ d = 'long text' }, @{ e = '' }, @{ g = 1, 2, 3 }, @{ h = 0 }) { try { f @p } catch { "$($p.Keys) $($_.FullyQualifiedErrorId) $($_.Exception.GetType().Name)" } }
#= ok
#= a ParameterArgumentValidationError,f ParameterBindingValidationException
#= b ParameterArgumentValidationError,f ParameterBindingValidationException
#= c ParameterArgumentValidationError,f ParameterBindingValidationException
#= d ParameterArgumentValidationError,f ParameterBindingValidationException
#= e ParameterArgumentValidationError,f ParameterBindingValidationException
#= g ParameterArgumentValidationError,f ParameterBindingValidationException
#= h ParameterArgumentValidationError,f ParameterBindingValidationException

#== parameter-errors | missing, unknown, ambiguous, twice, wrong type
function f { [CmdletBinding()] param([Parameter(Mandatory)][int]$Count, $Color, $Cost) $Count }
try { f -Count abc } catch { $_.FullyQualifiedErrorId }
try { f -Nope 1 } catch { $_.FullyQualifiedErrorId }
try { f -Co 1 } catch { $_.FullyQualifiedErrorId }
try { f 1 2 3 4 } catch { $_.FullyQualifiedErrorId }
try { f -Count } catch { $_.FullyQualifiedErrorId }
f -Coun 5
f -Count:6
#= ParameterArgumentTransformationError,f
#= NamedParameterNotFound,f
#= AmbiguousParameter,f
#= PositionalParameterNotFound,f
#= MissingArgument,f
#= [Int32] 5
#= [Int32] 6

#== default-values-and-bound | defaults may use earlier parameters, PSBoundParameters
function f { param($a = 1, $b = $a + 1, $c = (Get-Date).Year) "$a $b $($c -gt 2000) $($PSBoundParameters.Count) $($PSBoundParameters.ContainsKey('b'))" }
f
f -b 7
f 3
function g { param([string]$s, [int]$i, [switch]$w, [bool]$b, $o) "[$s][$i][$w][$b][$($null -eq $o)]" }
g
#= 1 2 True 0 False
#= 1 7 True 1 True
#= 3 4 True 1 False
#= [][0][False][False][True]

#== parameter-sets | chosen by the given parameter, default set
function f { [CmdletBinding(DefaultParameterSetName = 'N')] param([Parameter(ParameterSetName = 'N', Position = 0)]$Name, [Parameter(ParameterSetName = 'I', Mandatory)]$Id) $PSCmdlet.ParameterSetName }
f
f x
f -Id 3
try { f -Id 3 -Name x } catch { $_.FullyQualifiedErrorId }
#= N
#= N
#= I
#= AmbiguousParameterSet,f

#== dot-source-and-call | scopes of & and . and of functions
$v = 1
& { $v = 2; $v }
$v
. { $v = 3 }
$v
function f { $v = 4; $script:w = 5 }
f; $v; $w
function g { Set-Variable v 9 -Scope 1 }
g; $v
$private:secret = 1
& { "[$secret]" }
#= [Int32] 2
#= [Int32] 1
#= [Int32] 3
#= [Int32] 3
#= [Int32] 5
#= [Int32] 9
#= []

#== closures | GetNewClosure keeps the value of its time
$x = 1
$b = { $x }
$c = { $x }.GetNewClosure()
$x = 2
& $b; & $c
function adder($n) { { param($m) $m + $n }.GetNewClosure() }
$add5 = adder 5
& $add5 10
$blocks = foreach ($i in 1..3) { { $i }.GetNewClosure() }
($blocks | ForEach-Object { & $_ }) -join ','
#= [Int32] 2
#= [Int32] 1
#= [Int32] 15
#= 1,2,3

#== args-and-param-binding | $args, switch with value, negative numbers, dash text
function f { "$($args.Count): $($args -join '|')" }
f 1 2,3 'a b'
f -x 1 -y:2
f -- -z
function g { param([int]$n, [switch]$s) "$n $s" }
g -5
g -s:$false 3
g -n 4 -s
#= 3: 1|System.Object[]|a b
#= 4: -x|1|-y:|2
#= 2: --|-z
#= -5 False
#= 3 False
#= 4 True

#== begin-process-end | order with two functions in a pipeline
function a { begin { 'a-b' } process { "a-$_" } end { 'a-e' } }
function b { begin { 'b-b' } process { "[$_]" } end { 'b-e' } }
1, 2 | a | b
filter dbl { $_ * 2 }
1..3 | dbl
#= b-b
#= [String] [a-b]
#= [String] [a-1]
#= [String] [a-2]
#= [String] [a-e]
#= b-e
#= [Int32] 2
#= [Int32] 4
#= [Int32] 6

#== input-variable | $input in a function and in a block
function g { @($input) -join '+' }
1..3 | g
1..4 | & { ($input | Measure-Object -Sum).Sum }
#= 1+2+3
#= [Double] 10

#== recursion-and-scriptblock-args | functions as values, & with arguments, -f with functions
function fact($n) { if ($n -le 1) { 1 } else { $n * (fact ($n - 1)) } }
fact 10
fact 13
$sb = { param($a, $b = 'dflt') "$a-$b" }
& $sb 1
& $sb -b 2 -a 1
Invoke-Command -ScriptBlock $sb -ArgumentList 'p', 'q'
$sb.Invoke('i')
#= [Int32] 3628800
#= [Double] 6227020800
#= 1-dflt
#= 1-2
#= p-q
#= i-dflt

#== should-process-and-confirm | -WhatIf stops the change
function f { [CmdletBinding(SupportsShouldProcess)] param($n) if ($PSCmdlet.ShouldProcess($n, 'kill')) { "done $n" } else { "skipped $n" } }
f a
f b -WhatIf
f c -Confirm:$false
New-Item -Path $root -Name x.txt -ItemType File -WhatIf
Test-Path "$root\x.txt"
#= done a
#= skipped b
#= done c
#= [Boolean] False

#== output-type-and-unrolling | what a function gives out
function none { }
$null -eq (none)
@(none).Count
function one { , 1 }
(one).GetType().Name
function arr { , (1, 2) }
(arr).GetType().Name
(arr).Count
(arr | Measure-Object).Count
function mixed { 'a'; $null; 1 }
@(mixed).Count
function h { @{ a = 1 } }
(h).GetType().Name
#= [Boolean] True
#= [Int32] 0
#= Int32
#= Object[]
#= [Int32] 2
#= [Int32] 1
#= [Int32] 3
#= Hashtable

#== strict-mode-errors | ids under strict mode
Set-StrictMode -Version 2.0
try { $undefinedVariable } catch { $_.FullyQualifiedErrorId }
try { (New-Object PSObject).Nope } catch { $_.FullyQualifiedErrorId }
try { @{ a = 1 }.b } catch { $_.FullyQualifiedErrorId }
try { 'abc'.Nope } catch { $_.FullyQualifiedErrorId }
try { (1, 2).Nope } catch { $_.FullyQualifiedErrorId }
function f($a, $b) { "$a $b" }
try { f(1, 2) } catch { $_.FullyQualifiedErrorId }
$a = 1, 2; $null -eq $a[5]
#= VariableIsUndefined
#= PropertyNotFoundStrict
#= PropertyNotFoundStrict
#= PropertyNotFoundStrict
#= PropertyNotFoundStrict
#= StrictModeFunctionCallWithParens
#= [Boolean] True

#== variable-cmdlets | Get-, Set-, New-Variable options
New-Variable -Name c -Value 5 -Option Constant
try { $c = 6 } catch { $_.FullyQualifiedErrorId }
Set-Variable r 1 -Option ReadOnly
try { $r = 2 } catch { $_.FullyQualifiedErrorId }
Set-Variable r 3 -Force; $r
(Get-Variable r).Value
Get-Variable nope -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
Get-Variable -Name c -ValueOnly
Test-Path variable:c
Remove-Variable r -Force; Test-Path variable:r
$env:FOO_X = 'bar'; $env:FOO_X; Test-Path env:FOO_X
Remove-Item env:FOO_X; $null -eq $env:FOO_X
#= VariableNotWritable
#= VariableNotWritable
#= [Int32] 3
#= [Int32] 3
#= VariableNotFound,Microsoft.PowerShell.Commands.GetVariableCommand
#= [Int32] 5
#= [Boolean] True
#= [Boolean] False
#= bar
#= [Boolean] True
#= [Boolean] True

#== alias-and-command | Get-Command, Get-Alias, Set-Alias
(Get-Alias gci).Definition
(Get-Command Get-Item).CommandType
(Get-Command Get-Item).Name
function My-Func { 1 }
(Get-Command My-Func).CommandType
$null -eq (Get-Command no-such-cmd -ErrorAction SilentlyContinue)
Set-Alias mf My-Func; mf
(Get-Alias mf).ResolvedCommandName
(Get-Command Get-ChildItem).ModuleName
#= Get-ChildItem
#= [CommandTypes] Cmdlet
#= Get-Item
#= [CommandTypes] Function
#= [Boolean] True
#= [Int32] 1
#= My-Func
#= Microsoft.PowerShell.Management
