# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== math-members | Math of .NET Framework
[Math]::Round(1.005, 2)
[Math]::Round(-2.5)
[Math]::Truncate(-2.7)
[Math]::Ceiling(2.000001)
[Math]::Log(8, 2)
[Math]::Exp(0)
[Math]::Sin(0)
[Math]::Atan2(1, 1)
[Math]::IEEERemainder(10, 3)
[Math]::BigMul(100000, 100000)
[decimal]::Round(2.345, 2)
[decimal]1.10 + 2
[Math]::Floor(10 / 4)
[bigint]::Pow(2, 100).ToString()
#= [Double] 1
#= [Double] -2
#= [Double] -2
#= [Double] 3
#= [Double] 3
#= [Double] 1
#= [Double] 0
#= [Double] 0.785398163397448
#= [Double] 1
#= [Int64] 10000000000
#= [Decimal] 2.34
#= [Decimal] 3.1
#= [Double] 2
#= 1267650600228229401496703205376

#== operators-on-numbers | types and values of arithmetic
[single]1.1 + 1
1.1 + 2.2
0.1 * 3
10 / 4; 10 / 5; 7 % 3; -7 % 3; 7.5 % 2
[int](10 / 4)
1e3 -is [double]
0x7FFFFFFF + 1
1kb * 3
5 -shl 33
[uint32]::MaxValue
[int16]32767 + 1
[byte]200 + [byte]100
([byte]200 + [byte]100).GetType().Name
[sbyte]-5
[int]::MaxValue + 1
[long]::MaxValue + 1
-[int]::MinValue
1 / 3
100MB / 1KB
#= [Double] 2.10000002384186
#= [Double] 3.3
#= [Double] 0.3
#= [Double] 2.5
#= [Int32] 2
#= [Int32] 1
#= [Int32] -1
#= [Double] 1.5
#= [Int32] 2
#= [Boolean] True
#= [Double] 2147483648
#= [Int32] 3072
#= [Int32] 10
#= [UInt32] 4294967295
#= [Int32] 32768
#= [Int32] 300
#= Int32
#= [SByte] -5
#= [Double] 2147483648
#= [Double] 9.22337203685478E+18
#= [Double] 2147483648
#= [Double] 0.333333333333333
#= [Int32] 102400

#== text-and-numbers | what the left operand decides
2 * 'a'
1..3 + 4..5
'5' + 3
5 + '3'
'5' * 3
'10' / 2
'abc' * 2
@(1, 2) * 2
3 - '1'
-'5'
+'7'
!$null
$a = 5; $a *= 2; $a /= 4; $a
$a -= 1; $a %= 1; $a
$i = 1; $i++ + ++$i
$x = $y = 3; $x + $y
($z = 4) + 1
#= [Int32] 1
#= [Int32] 2
#= [Int32] 3
#= [Int32] 4
#= [Int32] 5
#= 53
#= [Int32] 8
#= 555
#= [Int32] 5
#= abcabc
#= [Int32] 1
#= [Int32] 2
#= [Int32] 1
#= [Int32] 2
#= [Int32] 2
#= [Int32] -5
#= [Int32] 7
#= [Boolean] True
#= [Double] 2.5
#= [Double] 0.5
#= [Int32] 4
#= [Int32] 6
#= [Int32] 5
#! InvalidCastFromStringToInteger

#== format-lines | formats and ToString
'{0:N2}' -f (1/3)
'{0:P1}' -f 0.256
'{0,10:N1}|' -f 3.14159
'{0:yyyy}' -f (Get-Date '2024-01-01')
'{0:X2}{1:X2}' -f 10, 255
"{0}" -f @(1, 2)
"{0} {1}" -f @(1, 2)
'{0:hh\:mm}' -f [timespan]'03:04:05'
[string]::Format('{0:C2}', 5)
(5).ToString('D3')
(12.5).ToString('0.##')
(0.000123).ToString('E2')
#= 0.33
#= 25.6 %
#=        3.1|
#= 2024
#= 0AFF
#= 1
#= 1 2
#= 03:04
#= $5.00
#= 005
#= 12.5
#= 1.23E-004

#== convert-lines | the class Convert
[Convert]::ToString(255, 8)
[Convert]::ToInt64('7fffffff', 16)
[Convert]::ToByte('11', 2)
[Convert]::ToBoolean(1)
[Convert]::ToDouble('1.5')
[Convert]::ToChar(65)
[Convert]::ToBase64String([byte[]](1..3))
[Convert]::ChangeType('5', [int])
[Convert]::ToInt32('abc')
#= 377
#= [Int64] 2147483647
#= [Byte] 3
#= [Boolean] True
#= [Double] 1.5
#= [Char] A
#= AQID
#= [Int32] 5
#! FormatException
