# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== switch-modes | several matches, break, default, wildcard, regex, case, array input
switch (3) { 1 { 'one' } 3 { 'three' } 3 { 'again' } default { 'no' } }
switch (3) { 3 { 'a'; break } 3 { 'b' } }
switch -Wildcard ('server01') { 'srv*' { 'no' } 'server*' { "w:$_" } '*01' { 'ends' } }
switch -Regex ('abc123') { '^[a-z]+(\d+)$' { $Matches[1] } }
switch -CaseSensitive ('A') { 'a' { 'lower' } 'A' { 'upper' } }
switch (1, 2, 3) { 2 { continue } default { $_ } }
switch ('x') { { $_ -is [string] } { 'string' } { $_.Length -gt 5 } { 'long' } }
$r = switch ('none') { 'a' { 1 } }
$null -eq $r
#= three
#= again
#= a
#= w:server01
#= ends
#= 123
#= upper
#= [Int32] 1
#= [Int32] 3
#= string
#= [Boolean] True

#== switch-exact-types | strings and numbers in clauses, $null and empty input
switch ('1') { 1 { 'int clause' } }
switch (1) { '1' { 'text clause' } }
switch ($null) { $null { 'null' } default { 'd' } }
switch (@()) { default { 'never' } }
switch ('') { '' { 'empty' } default { 'd' } }
switch ($true) { 'True' { 'yes' } }
#= int clause
#= text clause
#= null
#= empty
#= yes

#== loops-and-labels | labelled break and continue, do-until, do-while, for without parts
:outer foreach ($i in 1..3) { foreach ($j in 1..3) { if ($j -eq 2) { continue outer }; if ($i -eq 3) { break outer }; "$i$j" } }
$n = 0; do { $n++ } until ($n -ge 3); $n
$n = 10; do { $n-- } while ($n -gt 8); $n
$k = 0; for (;;) { if ($k++ -ge 2) { break } }; $k
for ($i = 0, 1; $i[0] -lt 1; $i[0]++) { 'x' }
while ($false) { 'never' }
#= 11
#= 21
#= [Int32] 3
#= [Int32] 8
#= [Int32] 3
#= x

#== foreach-collects | statement results into a variable, changes of the loop variable, $foreach
$sq = foreach ($x in 1..3) { $x * $x }
$sq -join ','
foreach ($x in 1..6) { if ($x % 2) { [void]$foreach.MoveNext(); "$x>$($foreach.Current)" } }
foreach ($x in 'only') { $x.Length }
$x
foreach ($h in @{ a = 1 }) { $h.a }
foreach ($e in @{ a = 1 }.GetEnumerator()) { "$($e.Key)=$($e.Value)" }
#= 1,4,9
#= 1>2
#= 3>4
#= 5>6
#= [Int32] 4
#= only
#= [Int32] 1
#= a=1

#== try-catch-finally-order | finally runs after return, break and throw
function f { try { 'try'; return 'ret' } finally { 'fin' } }
f
foreach ($i in 1, 2) { try { if ($i -eq 1) { continue }; "i$i" } finally { "f$i" } }
try { try { throw 'inner' } finally { 'cleanup' } } catch { "caught $_" }
function g { try { throw 'x' } catch { return 'from catch' } finally { 'last' } }
g
#= try
#= ret
#= fin
#= f1
#= i2
#= f2
#= cleanup
#= caught inner
#= from catch
#= last

#== catch-types | the first matching type wins, inner exceptions count, bare last
try { [int]::Parse('x') } catch [FormatException] { "F:$($_.Exception.GetType().Name)" } catch { 'other' }
try { 1 / 0 } catch [DivideByZeroException] { 'div' }
try { Get-Item 'C:\no\such' -ErrorAction Stop } catch [System.Management.Automation.ItemNotFoundException] { $_.CategoryInfo.Category; $_.FullyQualifiedErrorId }
try { throw [ArgumentException]'bad' } catch [InvalidOperationException], [ArgumentException] { $_.Exception.Message }
try { Get-NoSuchThing } catch [System.Management.Automation.CommandNotFoundException] { $_.CategoryInfo.TargetName }
try { throw (New-Object System.IO.FileNotFoundException 'gone') } catch [IO.IOException] { 'io ' + $_.Exception.Message }
#= F:FormatException
#= div
#= [ErrorCategory] ObjectNotFound
#= PathNotFound
#= bad
#= Get-NoSuchThing
#= io gone

#== trap-order | trap continue, trap without, trap of a type
function a { trap { "T:$_"; continue }; 'before'; throw 'x'; 'after' }
a
function b { trap [DivideByZeroException] { 'div'; continue } trap { 'any'; continue }; 1 / 0; throw 'y'; 'end' }
b
& { trap { 'seen'; break }; try { 'in' } finally { 'fin' } }
#= before
#= T:x
#= after
#= div
#= any
#= end
#= in
#= fin

#== throw-kinds | string, object, exception, nothing, hashtable
try { throw 'text' } catch { $_.Exception.GetType().Name; $_.FullyQualifiedErrorId; $_.CategoryInfo.Category; $_.TargetObject }
try { throw } catch { $_.Exception.Message }
try { throw @{ code = 5 } } catch { $_.TargetObject.code; $_.Exception.Message }
try { throw 42 } catch { $_.TargetObject; $_.FullyQualifiedErrorId }
try { throw [ComponentModel.Win32Exception]5 } catch { $_.Exception.NativeErrorCode; $_.FullyQualifiedErrorId }
#= RuntimeException
#= text
#= [ErrorCategory] OperationStopped
#= text
#= ScriptHalted
#= [Int32] 5
#= System.Collections.Hashtable
#= [Int32] 42
#= 42
#= [Int32] 5
#= Access is denied

#== rethrow-and-inner | throw in catch keeps the record, wrapping keeps the inner exception
try { try { [int]'z' } catch { throw } } catch { $_.FullyQualifiedErrorId }
try { try { 1 / 0 } catch { throw (New-Object Exception('outer', $_.Exception)) } } catch { $_.Exception.Message; $_.Exception.InnerException.GetType().Name }
try { [IO.File]::ReadAllText('C:\missing.txt') } catch { $_.Exception.GetType().Name; $_.Exception.InnerException.GetType().Name; $_.FullyQualifiedErrorId }
try { 'abc'.Substring(5) } catch { $_.FullyQualifiedErrorId; $_.Exception.GetBaseException().GetType().Name }
#= InvalidCastFromStringToInteger
#= outer
#= RuntimeException
#= MethodInvocationException
#= FileNotFoundException
#= FileNotFoundException
#= ArgumentOutOfRangeException
#= ArgumentOutOfRangeException

#== error-variable-and-silent | -ErrorVariable, + prefix, SilentlyContinue and Ignore with $Error
$Error.Clear()
Get-Item C:\nope1 -ErrorAction SilentlyContinue -ErrorVariable ev
$ev.Count; $Error.Count
Get-Item C:\nope2 -ErrorAction SilentlyContinue -ErrorVariable +ev
$ev.Count
Get-Item C:\nope3 -ErrorAction Ignore
$Error.Count
$Error[0].TargetObject
$ev[0].GetType().Name
#= [Int32] 1
#= [Int32] 1
#= [Int32] 2
#= [Int32] 2
#= C:\nope2
#= ErrorRecord

#== dollar-question | success flag after commands, expressions and natives
Get-Item C:\nope -ErrorAction SilentlyContinue; $?
$null = 1; $?
cmd /c exit 3; $?; $LASTEXITCODE
cmd /c exit 0; $?
if ($?) { 'ok' }
Write-Error 'x' -ErrorAction SilentlyContinue; $?
function f { Write-Error 'y' -ErrorAction SilentlyContinue }; f; $?
function g { [CmdletBinding()] param() $PSCmdlet.WriteError((New-Object Management.Automation.ErrorRecord (New-Object Exception 'q'), 'Id', 'NotSpecified', $null)) }; g -ErrorAction SilentlyContinue; $?
#= [Boolean] False
#= [Boolean] True
#= [Boolean] False
#= [Int32] 3
#= [Boolean] True
#= ok
#= [Boolean] False
#= [Boolean] True
#= [Boolean] False

#== error-action-preference-stop | Stop makes a non-terminating error one that catch sees
$ErrorActionPreference = 'Stop'
try { Get-ChildItem C:\nope; 'not here' } catch { $_.FullyQualifiedErrorId; $_.Exception.GetType().Name }
try { Write-Error 'mine' } catch { $_.FullyQualifiedErrorId; $_.Exception.GetType().Name; "$_" }
function f { [CmdletBinding()] param() Write-Error 'inf'; 'goes on' }
f -ErrorAction Continue 2>$null
$ErrorActionPreference = 'Continue'
#= PathNotFound,Microsoft.PowerShell.Commands.GetChildItemCommand
#= ItemNotFoundException
#= Microsoft.PowerShell.Commands.WriteErrorException
#= WriteErrorException
#= mine
#= goes on

#== write-error-parts | id, category, target, exception, record
Write-Error -Message 'm' -ErrorId 'MyId' -Category ResourceBusy -TargetObject 7 -ErrorVariable e -ErrorAction SilentlyContinue
$e[0].FullyQualifiedErrorId; $e[0].CategoryInfo.Category; $e[0].TargetObject; $e[0].CategoryInfo.Reason; $e[0].CategoryInfo.Activity
Write-Error -Exception (New-Object InvalidOperationException 'ioe') -ErrorVariable e -ErrorAction SilentlyContinue
$e[0].Exception.GetType().Name; $e[0].FullyQualifiedErrorId
$e[0].ToString()
#= MyId
#= [ErrorCategory] ResourceBusy
#= [Int32] 7
#= WriteErrorException
#= Write-Error
#= InvalidOperationException
#= System.InvalidOperationException
#= ioe

#== null-handling | methods, properties and indexes of $null
$n = $null
$n.Foo
try { $n.ToString() } catch { $_.FullyQualifiedErrorId }
try { $n[0] } catch { $_.FullyQualifiedErrorId }
"$($n.a.b)"
try { $n.Foo = 1 } catch { $_.FullyQualifiedErrorId }
$null | ForEach-Object { 'once' }
@() | ForEach-Object { 'never' }
$null -eq @()
@($null) -eq $null | Measure-Object | ForEach-Object Count
#= $null
#= InvokeMethodOnNull
#= NullArray
#= `e
#= PropertyNotFound
#= once
#= [Boolean] False
#= [Int32] 0

#== exit-in-function-and-return | return ends only the function, values before it stay
function f { 1; return 2; 3 }
(f) -join ','
function g { return }
$null -eq (g)
function h { return , (1, 2) }
(h).Count
$b = { param($x) if ($x) { return 'yes' } 'no' }
& $b 1; & $b 0
1..3 | ForEach-Object { if ($_ -eq 2) { return }; $_ }
#= 1,2
#= [Boolean] True
#= [Int32] 2
#= yes
#= no
#= [Int32] 1
#= [Int32] 3
