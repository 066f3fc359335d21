# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== int-of-text-and-null | empty and blank text, $null and hexadecimal
[int]''
[int]$null
[int]' 12 '
[int]'0x1F'
[int]'1e3'
[int]'3.6'
[int]2.5
[int]3.5
[int]-2.5
#= [Int32] 0
#= [Int32] 0
#= [Int32] 12
#= [Int32] 31
#= [Int32] 1000
#= [Int32] 4
#= [Int32] 2
#= [Int32] 4
#= [Int32] -2

#== overflow-of-casts | a number that does not fit is an error with an id
try { [int]3000000000 } catch { $_.FullyQualifiedErrorId }
try { [byte]256 } catch { $_.FullyQualifiedErrorId }
try { [int]'3000000000' } catch { $_.FullyQualifiedErrorId; $_.Exception.GetType().Name }
try { [uint32]-1 } catch { $_.FullyQualifiedErrorId }
try { [int]'abc' } catch { $_.FullyQualifiedErrorId; $_.CategoryInfo.Category }
#= InvalidCastIConvertible
#= InvalidCastIConvertible
#= InvalidCastFromStringToInteger
#= RuntimeException
#= InvalidCastIConvertible
#= InvalidCastFromStringToInteger
#= [ErrorCategory] InvalidArgument

#== char-casts | char from int and text, int from char
[char]65
[int][char]'a'
[char]'x'
[char[]]'abc'
[string][char]0x41
try { [char]'ab' } catch { $_.FullyQualifiedErrorId }
-join ([char[]](72, 105))
[char]97 + 1
'a' + 1
#= [Char] A
#= [Int32] 97
#= [Char] x
#= [Char] a
#= [Char] b
#= [Char] c
#= A
#= InvalidCastParseTargetInvocation
#= Hi
#= a1
#= a1

#== enum-parsing | by name without case, by number, by prefix, and flags
[DayOfWeek]'friday'
[DayOfWeek]3
[IO.FileAttributes]'ReadOnly, Hidden'
[int][IO.FileAttributes]'ReadOnly, Hidden'
[DayOfWeek]'Mon'
'Monday' -eq [DayOfWeek]::Monday
[DayOfWeek]::Monday -eq 'monday'
[DayOfWeek]::Monday -eq 1
#= [DayOfWeek] Friday
#= [DayOfWeek] Wednesday
#= [FileAttributes] ReadOnly, Hidden
#= [Int32] 3
#= [DayOfWeek] Monday
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True

#== enum-parse-errors | an unknown name, an ambiguous prefix and -as
try { [DayOfWeek]'Someday' } catch { $_.FullyQualifiedErrorId }
try { [DayOfWeek]'S' } catch { $_.FullyQualifiedErrorId }
$null -eq ('Someday' -as [DayOfWeek])
#= SubstringDisambiguationEnumParseThrewAnException
#= SubstringDisambiguationEnumParseThrewAnException
#= [Boolean] True

#== as-operator | -as gives $null where a cast fails
$null -eq ('abc' -as [int])
'12' -as [int]
'2020-01-02' -as [datetime] | ForEach-Object { $_.Year }
('1.2.3.4' -as [version]).Minor
$null -eq ('x' -as [ipaddress])
[string]('127.0.0.1' -as [ipaddress])
(5 -as [string]).GetType().Name
$null -eq ('no.such.type' -as [type])
('System.Int32' -as [type]).Name
#= [Boolean] True
#= [Int32] 12
#= [Int32] 2020
#= [Int32] 2
#= [Boolean] True
#= 127.0.0.1
#= String
#= [Boolean] True
#= Int32

#== bool-text-traps | strings are true when not empty, also 'False' and '0'
[bool]'False'
[bool]'0'
[bool]''
[bool]0
[bool]@()
[bool]@(0)
[bool]@($false, $false)
[bool]@{}
[bool](New-Object PSObject)
[System.Convert]::ToBoolean('false')
[bool]::Parse('True')
#= [Boolean] True
#= [Boolean] True
#= [Boolean] False
#= [Boolean] False
#= [Boolean] False
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True
#= [Boolean] False
#= [Boolean] True

#== array-casts | [int[]], [string[]] and one element
([int[]]('1', '2')).GetType().Name
([int[]]'5').Count
([string[]](1, 2))[1].GetType().Name
[array]$a = 5; $a.GetType().Name; $a.Count
([object[]]'x').Length
[byte[]](1, 255) -join ','
try { [byte[]](1, 256) } catch { $_.FullyQualifiedErrorId }
#= Int32[]
#= [Int32] 1
#= String
#= Object[]
#= [Int32] 1
#= [Int32] 1
#= 1,255
#= InvalidCastIConvertible

#== typed-variable-keeps-its-type | later assignments convert or fail
[int]$n = '5'
$n.GetType().Name
$n = '7'
$n + 1
try { $n = 'abc' } catch { $_.FullyQualifiedErrorId }
$n
[string]$s = 5
$s += 1
$s
#= Int32
#= [Int32] 8
#= RuntimeException
#= [Int32] 7
#= 51

#== version-comparison | [version] compares numbers part by part
[version]'1.10' -gt [version]'1.9'
'1.10' -gt '1.9'
([version]'1.2').Build
[version]'1.2' -eq [version]'1.2.0'
([version]'10.0.17763.1').ToString(3)
(@('1.10', '1.9', '1.2') | Sort-Object { [version]$_ }) -join ' '
#= [Boolean] True
#= [Boolean] False
#= [Int32] -1
#= [Boolean] False
#= 10.0.17763
#= 1.2 1.9 1.10

#== hashtable-to-object | [pscustomobject] keeps order, property order of select
$o = [pscustomobject]@{ b = 1; a = 2 }
$o.PSObject.Properties.Name -join ','
"$o"
($o | Select-Object a, b).PSObject.Properties.Name -join ','
[pscustomobject]@{ n = $null; l = 1, 2 } | ForEach-Object { "$_" }
#= b,a
#= @{b=1; a=2}
#= a,b
#= @{n=; l=System.Object[]}

#== numbers-literals | suffixes, hexadecimal and multipliers with their types
(5).GetType().Name
(5L).GetType().Name
(5.0).GetType().Name
(5d).GetType().Name
(0xFF).GetType().Name
(0xFFFFFFFF).GetType().Name
0xFFFFFFFF
(2147483648).GetType().Name
(1kb).GetType().Name
(1e3).GetType().Name
(9223372036854775808).GetType().Name
4gb
#= Int32
#= Int64
#= Double
#= Decimal
#= Int32
#= Int32
#= [Int32] -1
#= Int64
#= Int32
#= Double
#= Decimal
#= [Int64] 4294967296

#== integer-overflow-results | int to double, long and decimal
2147483647 + 1
(2147483647 + 1).GetType().Name
(2147483647 * 2).GetType().Name
[long]2147483647 + 1
[int]::MaxValue
(-2147483648 - 1).GetType().Name
try { [int]$x = 2147483647; $x++ } catch { 'no' }
#= [Double] 2147483648
#= Double
#= Double
#= [Int64] 2147483648
#= [Int32] 2147483647
#= Double
#= no

#== guid-and-uri | casts that admins use
([guid]'{11111111-2222-3333-4444-555555555555}').ToString()
([uri]'http://host:8080/a/b?x=1').Port
([uri]'https://host/a').AbsolutePath
([uri]'http://user@host/p#f').Fragment
[guid]::Empty.Guid
#= 11111111-2222-3333-4444-555555555555
#= [Int32] 8080
#= /a
#= #f
#= 00000000-0000-0000-0000-000000000000

#== null-conversions | what $null becomes
[string]$null -eq ''
[int[]]$null -eq $null
([array]$null) -eq $null
"[$null]"
$null + 5
$null + 'a'
($null).Count
@($null).Count
[datetime]$d = '2020-01-01'; $d.DayOfWeek
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True
#= []
#= [Int32] 5
#= a
#= [Int32] 0
#= [Int32] 1
#= [DayOfWeek] Wednesday

#== convert-class | bases and base64
[Convert]::ToInt32('ff', 16)
[Convert]::ToString(10, 2)
[Convert]::ToString(255, 16)
[Convert]::ToInt32('101', 2)
[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('hello'))
[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('aGk='))
[Convert]::ToInt32(2.5)
[Convert]::ToInt32($null)
#= [Int32] 255
#= 1010
#= ff
#= [Int32] 5
#= aGVsbG8=
#= hi
#= [Int32] 2
#= [Int32] 0
