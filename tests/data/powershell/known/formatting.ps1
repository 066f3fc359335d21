# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.

#== alignment-with-format | width and format string together
'[{0,8:N2}]' -f 1234.5
'[{0,-8:N0}]' -f 1234
'[{0,3}]' -f 'abcdef'
'[{0,-6}]|[{1,6}]' -f 'ab', 'cd'
'[{0,5}]' -f $null
#= [1,234.50]
#= [1,234   ]
#= [String] [abcdef]
#= [ab    ]|[    cd]
#= [     ]

#== integer-formats | D, X and custom zero patterns of integers
'{0:D5}' -f 42
'{0:D5}' -f -42
'{0:X}' -f 255
'{0:x4}' -f 255
'{0:X8}' -f -1
'{0:000}' -f 7
'{0:#,##0}' -f 1234567
'{0:0.00}' -f 3
'{0:#.##}' -f 0
#= 00042
#= -00042
#= FF
#= 00ff
#= FFFFFFFF
#= 007
#= 1,234,567
#= 3.00
#= `e

#== fixed-rounding-where-all-agree | F and N of doubles that every .NET rounds alike
'{0:N0}' -f 1.5
'{0:N0}' -f 3.5
'{0:F1}' -f 0.75
'{0:F2}' -f 2.345
'{0:F0}' -f 2.49
'{0:0}' -f 2.5
'{0:0.0}' -f 0.25
'{0:N1}' -f ([decimal]0.25)
#= 2
#= 4
#= 0.8
#= 2.35
#= 2
#= 3
#= 0.3
#= 0.3

#== percent-and-currency | P has a blank in 5.1, C uses the culture en-US
'{0:P0}' -f 0.5
'{0:P1}' -f 0.1234
'{0:C}' -f 12.5
'{0:C0}' -f 1234
#= 50 %
#= 12.3 %
#= $12.50
#= $1,234

#== exponent-formats | E and G
'{0:E2}' -f 12345.678
'{0:e3}' -f 0.00012
'{0:G3}' -f 1234.5
'{0:G}' -f 0.1
'{0:G4}' -f 12
#= 1.23E+004
#= 1.200e-004
#= 1.23E+03
#= 0.1
#= 12

#== date-formats | standard and custom date patterns through -f
$d = Get-Date -Year 2024 -Month 3 -Day 7 -Hour 9 -Minute 5 -Second 3 -Millisecond 40
'{0:yyyy-MM-dd HH:mm:ss}' -f $d
'{0:s}' -f $d
'{0:d}' -f $d
'{0:t}' -f $d
'{0:T}' -f $d
'{0:D}' -f $d
'{0:M}' -f $d
'{0:yyyyMMdd_HHmmss.fff}' -f $d
'{0:ddd, dd MMM yyyy h:mm tt}' -f $d
#= 2024-03-07 09:05:03
#= 2024-03-07T09:05:03
#= 3/7/2024
#= 9:05 AM
#= 9:05:03 AM
#= Thursday, March 7, 2024
#= March 7
#= 20240307_090503.040
#= Thu, 07 Mar 2024 9:05 AM

#== timespan-formats | c, g and custom patterns of a time span
$t = New-TimeSpan -Days 1 -Hours 2 -Minutes 3 -Seconds 4
"$t"
'{0:g}' -f $t
'{0:c}' -f $t
'{0:hh\:mm\:ss}' -f $t
'{0:d\.hh\:mm}' -f $t
$t.ToString('dd\-hh')
#= 1.02:03:04
#= 1:2:03:04
#= 1.02:03:04
#= 02:03:04
#= 1.02:03
#= 01-02

#== format-non-numeric-values | bool, char, guid, version and enum
'{0} {1}' -f $true, $null
'{0}' -f [char]65
'{0}' -f [version]'1.2.3'
'{0:B}' -f [guid]'11111111-2222-3333-4444-555555555555'
'{0:N}' -f [guid]'11111111-2222-3333-4444-555555555555'
'{0}' -f [DayOfWeek]::Monday
'{0:d}' -f [DayOfWeek]::Friday
#= True `e
#= A
#= 1.2.3
#= {11111111-2222-3333-4444-555555555555}
#= 11111111222233334444555555555555
#= Monday
#= 5

#== format-missing-argument | too few arguments and a broken placeholder
try { '{0} {1}' -f 'a' } catch { $_.FullyQualifiedErrorId; $_.Exception.GetType().Name }
try { '{0' -f 'a' } catch { $_.FullyQualifiedErrorId }
try { '{x}' -f 'a' } catch { $_.FullyQualifiedErrorId }
#= FormatError
#= RuntimeException
#= FormatError
#= FormatError

#== doubles-as-text-have-15-digits | string form of doubles on .NET Framework
"$(0.1 + 0.2)"
"$(1/3)"
"$(100/3)"
"$([double]1e15)"
"$(1e14)"
"$(0.00001)"
"$([double]123456789.125)"
"$([single]0.1)"
"$([Math]::PI)"
#= 0.3
#= 0.333333333333333
#= 33.3333333333333
#= 1E+15
#= 100000000000000
#= 1E-05
#= 123456789.125
#= 0.1
#= 3.14159265358979

#== tostring-with-format | ToString of numbers with format and culture
(1234.567).ToString('N1')
(255).ToString('X2')
(5).ToString('00')
(0.5).ToString('P0')
(1234.5).ToString('0.00', [Globalization.CultureInfo]::InvariantCulture)
(1234.5).ToString([Globalization.CultureInfo]::InvariantCulture)
(12).ToString('D4')
#= 1,234.6
#= FF
#= 05
#= 50 %
#= 1234.50
#= 1234.5
#= 0012

#== custom-sections | positive, negative and zero sections
'{0:+0;-0;zero}' -f 5
'{0:+0;-0;zero}' -f -5
'{0:+0;-0;zero}' -f 0
'{0:0%}' -f 0.25
'{0:0.0#}' -f 1.5
'{0:0,0}' -f 12
"{0:0 'MB'}" -f 12
#= +5
#= -5
#= zero
#= 25%
#= 1.5
#= 12
#= 12 MB

#== size-rounding | the ways of check scripts to show sizes
[math]::Round(1536MB / 1GB, 2)
[math]::Round(1234567 / 1KB)
'{0:N2} GB' -f (5368709120 / 1GB)
[int](3.7GB / 1GB)
"$([math]::Round(75.456, 1))%"
[math]::Truncate(7.9)
[math]::Ceiling(7.1)
[math]::Floor(-7.1)
#= [Double] 1.5
#= [Double] 1206
#= 5.00 GB
#= [Int32] 4
#= 75.5%
#= [Double] 7
#= [Double] 8
#= [Double] -8

#== string-padding-methods | PadLeft, PadRight, Insert, Remove and the asterisk line
'7'.PadLeft(3, '0')
'ab'.PadRight(5, '.')
'=' * 10
'abc'.Insert(1, 'XX')
'abcdef'.Remove(2)
'abcdef'.Remove(1, 2)
#= 007
#= ab...
#= ==========
#= aXXbc
#= ab
#= adef

#== expandable-format-in-string | $() with -f inside a string
$p = 12.3456
"value: $('{0:N1}' -f $p)%"
"a`tb`n"
"$(1, 2, 3)"
"$('{0:yyyy}' -f [datetime]'2020-02-03')"
#= value: 12.3%
#= a`tb`n
#= 1 2 3
#= 2020
