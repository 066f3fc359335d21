# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== json-objects-walk | nested access, adding, removing and re-serialising
$j = '{"servers":[{"name":"a","ports":[80,443]},{"name":"b","ports":[]}],"meta":{"v":"1.0","ok":true}}' | ConvertFrom-Json
$j.servers[0].ports[1]
$j.servers.name -join ','
$j.servers.Count
$j.servers[1].ports.Count
$j.meta.PSObject.Properties | ForEach-Object { "$($_.Name)=$($_.Value)" }
$j.meta | Add-Member -NotePropertyName new -NotePropertyValue 5
$j.meta.v = '2.0'
$j | ConvertTo-Json -Depth 5 -Compress
($j.servers | Where-Object { $_.ports -contains 443 }).name
[bool]($j.PSObject.Properties.Name -contains 'meta')
#= [Int32] 443
#= a,b
#= [Int32] 2
#= [Int32] 0
#= v=1.0
#= ok=True
#= {"servers":[{"name":"a","ports":[80,443]},{"name":"b","ports":[]}],"meta":{"v":"2.0","ok":true,"new":5}}
#= a
#= [Boolean] True

#== json-special-values | unicode, escapes, big numbers, dates, null and empties
'{"d":"2024-01-02T03:04:05Z"}' | ConvertFrom-Json | ForEach-Object { $_.d.GetType().Name }
'"text"' | ConvertFrom-Json
'5' | ConvertFrom-Json
'null' | ConvertFrom-Json
'{"a":"\u00e9\n"}' | ConvertFrom-Json | ForEach-Object { $_.a.Length }
'{}' | ConvertFrom-Json | ForEach-Object { @($_.PSObject.Properties).Count }
'[]' | ConvertFrom-Json | Measure-Object | ForEach-Object Count
'{"a":1e3,"b":-0.5,"c":9999999999}' | ConvertFrom-Json | ForEach-Object { "$($_.a.GetType().Name) $($_.b.GetType().Name) $($_.c.GetType().Name)" }
[char]0x20AC | ConvertTo-Json
"a`r`nb" | ConvertTo-Json
$null | ConvertTo-Json
@{ n = [double]1.0; m = [decimal]2.50; g = [guid]::Empty; t = [timespan]'00:00:01' }.n | ConvertTo-Json
ConvertTo-Json -InputObject @{ a = $null } -Compress
ConvertTo-Json -InputObject 'x' -Compress
[ordered]@{ a = [char]'c'; b = [uri]'http://x/'; c = [version]'1.2' | ForEach-Object ToString } | ConvertTo-Json -Compress
@{ e = [System.IO.FileAttributes]'ReadOnly, Hidden' } | ConvertTo-Json -Compress
, @(1, 2) | ConvertTo-Json -Compress
@(@{ a = 1 }) | ConvertTo-Json -Compress
[pscustomobject]@{ nested = [pscustomobject]@{ x = 1 } } | ConvertTo-Json -Compress
#= String
#= text
#= [Int32] 5
#= $null
#= [Int32] 2
#= [Int32] 0
#= [Int32] 1
#= Double Decimal Int64
#= "€"
#= "a\r\nb"
#= 1
#= {"a":null}
#= "x"
#= {"a":"c","b":"http://x/","c":"1.2"}
#= {"e":3}
#= {"value":[1,2],"Count":2}
#= {"a":1}
#= {"nested":{"x":1}}

#== xml-access | attributes, text, lists, namespaces, edit, save form
[xml]$x = '<cfg env="prod"><srv name="a" port="80">one</srv><srv name="b"/><empty/></cfg>'
$x.cfg.env
$x.cfg.srv.Count
$x.cfg.srv[0].'#text'
$x.cfg.srv[1].name
$x.cfg.srv | Where-Object { $_.name -eq 'a' } | ForEach-Object port
$x.cfg.empty -eq ''
$x.SelectNodes('//srv').Count
$x.SelectSingleNode('/cfg/srv[@name="b"]').GetAttribute('name')
$x.cfg.srv[1].SetAttribute('port', '81'); $x.cfg.srv[1].port
$n = $x.CreateElement('srv'); $n.SetAttribute('name', 'c'); [void]$x.cfg.AppendChild($n); $x.cfg.srv.Count
$x.cfg.srv[0].InnerText
$x.cfg.HasAttribute('env')
$x.DocumentElement.Name
($x.cfg.ChildNodes | ForEach-Object Name) -join ','
$x.cfg.srv[2].OuterXml
[void]$x.cfg.RemoveChild($x.cfg.srv[0]); @($x.cfg.srv).Count
$x.cfg.env = 'test'; $x.cfg.GetAttribute('env')
$null -eq $x.cfg.nothing
try { [xml]'<a><b></a>' } catch { $_.FullyQualifiedErrorId }
(Select-Xml -Xml $x -XPath '//srv' | Measure-Object).Count
'<r><v>5</v></r>' | ForEach-Object { ([xml]$_).r.v }
#= prod
#= [Int32] 2
#= one
#= b
#= 80
#= [Boolean] True
#= [Int32] 2
#= b
#= 81
#= [Int32] 3
#= one
#= [Boolean] True
#= cfg
#= a,b,empty,c
#= <srv name="c" />
#= [Int32] 2
#= test
#= [Boolean] True
#= InvalidCastToXmlDocument
#= [Int32] 2
#= 5

#== script-blocks-more | parameters, pipeline, dynamic scope, module-free invocation, as delegates
$sb = { param([int]$a = 2, [Parameter(ValueFromPipeline)]$b) process { $a * $b } }
3 | & $sb
3 | & $sb -a 5
& { $args.Count; $args[1] } a b c
$x = 10; & { $x; $x = 20; $x }; $x
. { $x = 30 }; $x
$f = { $x + 1 }; & $f; $x = 5; & $f
(& { 1; 2; 3 }).Count
{ 1 + 1 }.Invoke()[0]
{ 'a' }.ToString()
[scriptblock]::Create("'made'").Invoke()
$b1 = { 'one' }; $b2 = { & $b1; 'two' }; & $b2
1..3 | ForEach-Object -Process { $_ } | ForEach-Object { $_ * 10 }
Invoke-Command { param($p) "got $p" } -ArgumentList 7
Invoke-Command { $args -join '+' } -ArgumentList 1, 2
& { [CmdletBinding()] param() $PSBoundParameters.Count } -Verbose
& { begin { 'b' } process { "p$_" } end { 'e' } }
(1, 2, 3).Where({ $_ -gt 1 }, 'First').Count
(1..5).Where({ $_ -gt 2 }, 'Split').Count
(1, 2).ForEach({ $_ + 1 }) -join ','
('a', 'b').ForEach('ToUpper') -join ''
& { return 5; 6 }
{ $_ * 2 }.GetType().FullName
#= [Int32] 6
#= [Int32] 15
#= [Int32] 3
#= b
#= [Int32] 10
#= [Int32] 20
#= [Int32] 10
#= [Int32] 30
#= [Int32] 31
#= [Int32] 6
#= [Int32] 3
#= [Int32] 2
#=  'a' `e
#= made
#= one
#= two
#= [Int32] 10
#= [Int32] 20
#= [Int32] 30
#= got 7
#= 1+2
#= [Int32] 1
#= b
#= p
#= e
#= [Int32] 1
#= [Int32] 2
#= 2,3
#= AB
#= [Int32] 5
#= System.Management.Automation.ScriptBlock

#== scopes-more | global, script, local, private, functions in functions, modifiers in nested blocks
$g = 'outer'
function a { $g; $g = 'inner'; b; $g }
function b { "b:$g"; $script:g = 'changed' }
a; $g
function c { $global:made = 1 }; c; $made
function d { function e { 'nested' }; e }; d
try { e } catch { $_.FullyQualifiedErrorId }
function h { param($p) $p = 2; $p }; $p = 1; h $p; $p
function i { $local:v = 1; & { $v } }; i
if ($true) { $blockvar = 'seen' }; $blockvar
foreach ($q in 1..2) { }; $q
function j { Set-Variable -Name up -Value 'set' -Scope Script }; j; $up
function k { (Get-Variable g -Scope Script).Value; (Get-Variable g -Scope 1).Value }; k
$arr = 1, 2; function l { $arr[0] = 9; $arr += 3; $arr.Count }; l; $arr -join ','
$ht = @{ a = 1 }; function m { $ht.a = 2 }; m; $ht.a
1..2 | ForEach-Object { $acc += $_ }; $acc
function n { $acc2 += 1; $acc2 }; n; n
Remove-Variable g; $null -eq $g
Test-Path variable:made
#= outer
#= b:inner
#= inner
#= changed
#= [Int32] 1
#= nested
#= CommandNotFoundException
#= [Int32] 2
#= [Int32] 1
#= [Int32] 1
#= seen
#= [Int32] 2
#= set
#= changed
#= changed
#= [Int32] 1
#= 9,2
#= [Int32] 2
#= [Int32] 3
#= [Int32] 1
#= [Int32] 1
#= [Boolean] True
#= [Boolean] True

#== errors-more | Error list, records of several kinds, InvocationInfo, position
$Error.Clear()
Write-Error 'first' -ErrorAction SilentlyContinue
try { throw 'second' } catch { }
$Error.Count
$Error[0].ToString(); $Error[1].ToString()
$Error[0].Exception.GetType().FullName
$Error[0].InvocationInfo.ScriptLineNumber
try { Get-Content C:\nope\nope.txt -ErrorAction Stop } catch { $_.Exception.GetType().Name; $_.CategoryInfo.ToString() }
try { [int]'x' } catch { $_.Exception.Message }
try { nosuchcommand } catch { $_.Exception.Message }
try { 1/0 } catch { $_.Exception.InnerException.GetType().Name; $_.Exception.Message }
try { $null.Method() } catch { $_.Exception.Message }
try { @(1)[0].Foo() } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }
try { [string]::Nope() } catch { $_.FullyQualifiedErrorId }
try { New-Object NoSuchType -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
try { 'a'.Substring('b') } catch { $_.FullyQualifiedErrorId }
try { [datetime]::Parse('x') } catch { $_.Exception.InnerException.GetType().Name }
try { throw [System.IO.IOException]::new('disk') } catch [System.IO.IOException] { $_.Exception.Message }
try { $ErrorActionPreference = 'Stop'; Get-Item C:\nope } catch { 'stopped' } finally { $ErrorActionPreference = 'Continue' }
$r = try { 'value' } catch { }; $r
$v = & { try { return 'early' } finally { 'not lost' } }; $v -join ','
function f { [CmdletBinding()] param() try { throw 'deep' } catch { $PSCmdlet.ThrowTerminatingError($_) } }
try { f } catch { $_.FullyQualifiedErrorId; $_.InvocationInfo.MyCommand.Name }
$e = [System.Management.Automation.ErrorRecord]::new([Exception]::new('m'), 'MyId', 'InvalidData', 'tgt')
$e.FullyQualifiedErrorId; $e.CategoryInfo.Category; $e.TargetObject; "$e"
Write-Error -ErrorRecord $e -ErrorAction SilentlyContinue; $Error[0].FullyQualifiedErrorId
#= [Int32] 2
#= second
#= first
#= System.Management.Automation.RuntimeException
#= [Int32] 3
#= ItemNotFoundException
#= ObjectNotFound: (C:\nope\nope.txt:String) [Get-Content], ItemNotFoundException
#= Cannot convert value "x" to type "System.Int32". Error: "Input string was not in a correct format."
#= The term 'nosuchcommand' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.
#= DivideByZeroException
#= Attempted to divide by zero.
#= You cannot call a method on a null-valued expression.
#= MethodNotFound
#= Method invocation failed because [System.Int32] does not contain a method named 'Foo'.
#= MethodNotFound
#= TypeNotFound,Microsoft.PowerShell.Commands.NewObjectCommand
#= MethodArgumentConversionInvalidCastArgument
#= FormatException
#= disk
#= stopped
#= value
#= early,not lost
#= deep,f
#= f
#= MyId
#= [ErrorCategory] InvalidData
#= tgt
#= m
#= MyId

#== native-more | exit codes, arguments, output capture and streams
$o = cmd /c echo one; $o.GetType().Name
$o = cmd /c "echo one& echo two"; $o.Count
cmd /c exit 5; $LASTEXITCODE; $?
cmd /c exit 0; $LASTEXITCODE; $?
(cmd /c echo hi) + '!'
$n = 3; cmd /c echo "v$n"
cmd /c echo $n, $n
if ((cmd /c echo yes) -eq 'yes') { 'matched' }
cmd /c "exit 1 & echo no"; $LASTEXITCODE
cmd /c "hostname > nul && echo ok"
cmd /c "exit /b 7"; $LASTEXITCODE
& hostname | Measure-Object | ForEach-Object Count
& 'cmd.exe' '/c' 'echo quoted'
#= String
#= [Int32] 2
#= [Int32] 5
#= [Boolean] True
#= [Int32] 0
#= [Boolean] True
#= hi!
#= v3
#= 3, 3
#= matched
#= [Int32] 1
#= ok
#= [Int32] 7
#= [Int32] 1
#= quoted

#== pipeline-edge-cases | nulls, nested arrays, single elements, early stop, order of execution
$null | ForEach-Object { 'null passes' }
@() | Measure-Object | ForEach-Object Count
, @(1, 2) | ForEach-Object { $_.Count }
@(, @(1, 2)) | ForEach-Object { $_.Count }
1, @(2, 3) | ForEach-Object { "$_" }
(1, 2 | ForEach-Object { $_, $_ }).Count
1..5 | Where-Object { $_ -gt 1 } | Select-Object -First 1
1..3 | ForEach-Object { "a$_" } | ForEach-Object { "b$_" }
$r = 1..3 | ForEach-Object { if ($_ -eq 2) { continue }; $_ }
foreach ($i in 1..3 | Where-Object { $_ % 2 }) { $i }
$x = if ($false) { 1 }; $null -eq $x
@(if ($false) { 1 }).Count
@(foreach ($i in @()) { $i }).Count
(Get-ChildItem $root).Count
@(Get-ChildItem $root).Count
$one = @('only') | Where-Object { $_ }; $one.GetType().Name
'abc' | ForEach-Object { $_[0] }
@{ a = 1; b = 2 } | ForEach-Object { $_.Count }
@{ a = 1 }.GetEnumerator() | ForEach-Object { $_.Key }
[pscustomobject]@{ a = 1 } | ForEach-Object a
1, 2, 3 | & { $input | ForEach-Object { $_ * 2 } }
$(1; 2) -join ','
(1, 2, 3)[-1], (1, 2, 3)[0]
1..3 | Select-Object -Skip 1 | Measure-Object -Sum | Select-Object -ExpandProperty Sum
#= null passes
#= [Int32] 0
#= [Int32] 2
#= [Int32] 2
#= 1
#= 2 3
#= [Int32] 4
#= [Int32] 2
#= ba1
#= ba2
#= ba3

#== strings-more | substring patterns that check scripts use
$line = 'Status: OK (code 200) at 10:15'
$line.Split(':')[1].Trim().Split(' ')[0]
[regex]::Match($line, 'code (\d+)').Groups[1].Value
if ($line -match 'code (?<c>\d+)') { [int]$Matches.c + 1 }
$line.Substring($line.IndexOf('(') + 1, 8)
($line -split '\s+')[-1]
$line -replace '.*\((.*)\).*', '$1'
'a=1;b=2' -split ';' | ForEach-Object { $k, $v = $_ -split '='; "$k->$v" }
'  indented' -replace '^\s+'
'CSV,line,here'.Split(',') | ForEach-Object { $_.ToLower() }
"multi`nline`ntext".Split("`n").Count
"{0:D2}:{1:D2}" -f 5, 7
'abc'.PadLeft(5, '*').PadRight(7, '*')
('x' * 3), ('-' * 5) -join '|'
'The quick brown'.Split() | Measure-Object Length -Maximum | ForEach-Object Maximum
-join ('hello'.ToCharArray() | Sort-Object)
-join ('abc'[2..0])
'hello'.ToCharArray() | Group-Object | Where-Object Count -gt 1 | ForEach-Object Name
[string]::Join('', ('a'..'c' 2>$null))
'10.0.0.5' -match '^(\d{1,3}\.){3}\d{1,3}$'
'v1.2.3'.TrimStart('v').Split('.')[1]
[version]('v1.2.3'.TrimStart('v'))
'path\to\file.txt'.Split('\')[-1].Split('.')[0]
'a' + 'b' * 2 + 'c'
"$('a', 'b' -join '-')"
'%d items' -f 3
'é'.Length; [Text.Encoding]::UTF8.GetBytes('é').Length
'abc' -contains 'a'; 'abc'.Contains('a'); 'abc' -like '*b*'
'x'.GetType() -eq [string]
[string](1, 2, 3); [string]@{ a = 1 }; [string]$null -eq ''
'' -eq [string]::Empty
$s = 'abc'; $s[0] = 'x'
#= OK
#= 200
#= [Int32] 201
#= code 200
#= 10:15
#= code 200
#= a->1
#= b->2
#= indented
#= csv
#= line
#= here
#= [Int32] 3
#= 05:07
#= **abc**
#= xxx|-----
#= [Double] 5
#= ehllo
#= cba
#= l
#= [Boolean] True
#= 2
#= [Version] 1.2.3
#= file
#= abbc
#= a-b
#= %d items
#= [Int32] 1
#= [Int32] 2
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True
#= 1 2 3
#= System.Collections.Hashtable
#= [Boolean] True
#= [Boolean] True
#! InvalidCastFromStringToInteger
#! CannotIndex
