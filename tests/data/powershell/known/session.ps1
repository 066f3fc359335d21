# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.
# lab-only: it changes services and the registry, or names the machine.

#== automatic-variables | what a remote session has
$PSVersionTable.CLRVersion.Major
$PSVersionTable.BuildVersion.Major
$PSVersionTable.PSCompatibleVersions.Count
$PSVersionTable.WSManStackVersion.ToString()
$PSCulture; $PSUICulture
$Host.Version.Major
$ShellId
$HOME
$PROFILE
$ExecutionContext.SessionState.LanguageMode
$OFS -eq $null
$MaximumHistoryCount
$FormatEnumerationLimit
$NestedPromptLevel
$OutputEncoding.GetType().Name
$true.ToString(); $false.GetType().Name
$args.Count
$StackTrace
#= [Int32] 4
#= [Int32] 10
#= [Int32] 6
#= 3.0
#= en-US
#= en-US
#= [Int32] 5
#= Microsoft.PowerShell
#= C:\Users\Administrator
#= $null
#= [PSLanguageMode] FullLanguage
#= [Boolean] True
#= [Int32] 4096
#= [Int32] 4
#= [Int32] 0
#= ASCIIEncoding
#= True
#= Boolean
#= [Int32] 0
#= `e

#== functions-and-variables-as-items | drives of the session
[Environment]::SetEnvironmentVariable('ZZ', '1', 'Process'); $env:ZZ
Get-ChildItem env: | Where-Object Name -eq 'ZZ' | ForEach-Object Value
function tst { 1 }; ${function:tst}.ToString()
Test-Path function:tst; Remove-Item function:tst; Test-Path function:tst
Get-Variable PID -ValueOnly | ForEach-Object { $_ -eq $PID }
Get-Variable -Name P* | Measure-Object | ForEach-Object { $_.Count -gt 1 }
Set-Variable -Name v1 -Value 3 -PassThru | ForEach-Object Name
New-Variable v2 4 -Description 'd' -PassThru | ForEach-Object Description
Clear-Variable v2; $null -eq $v2
#= 1
#= 1
#=  1 `e
#= [Boolean] True
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= v1
#= d
#= [Boolean] True

#== streams-merged | 3>&1 and its like
Write-Host 'x' -NoNewline; Write-Host 'y' -ForegroundColor Red
Write-Warning 'w' 3>&1
Write-Verbose 'v' -Verbose 4>&1
Write-Error 'e' 2>&1 | ForEach-Object { $_.GetType().Name }
Write-Information 'i' 6>&1 | ForEach-Object { $_.MessageData }
#= [WarningRecord] w
#= [VerboseRecord] v
#= ErrorRecord
#= i
#i x
#i y

#== services-and-cim-lines | one-liners of check scripts
Get-Process | Select-Object -First 1 Name, Id | ForEach-Object { $_.PSObject.Properties.Name -join ',' }
Get-Service | Select-Object -First 1 -Property Name, Status, StartType | ForEach-Object { $_.PSObject.Properties.Name -join ',' }
Get-Service -DisplayName 'Windows Time' | ForEach-Object Name
Get-Service W32Time, EventLog | ForEach-Object Name
Stop-Service nosuch -ErrorAction SilentlyContinue; $?
Restart-Service nosuch -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
Get-CimInstance Win32_Process -Filter "ProcessId=$PID" | ForEach-Object Name
Get-CimInstance Win32_Service | Where-Object { $_.StartMode -eq 'Auto' -and $_.State -ne 'Running' } | Measure-Object | ForEach-Object { $_.Count -ge 0 }
Get-CimInstance Win32_Service -Property Name, State | Select-Object -First 1 | ForEach-Object { $_.GetType().Name }
(Get-WmiObject Win32_OperatingSystem).ConvertToDateTime((Get-WmiObject Win32_OperatingSystem).LastBootUpTime).GetType().Name
Get-WmiObject -Query "select * from Win32_Service where Name='W32Time'" | ForEach-Object Name
#= Name,Id
#= Name,Status,StartType
#= W32Time
#= EventLog
#= W32Time
#= [Boolean] False
#= NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.RestartServiceCommand
#= wsmprovhost.exe
#= [Boolean] True
#= CimInstance
#= DateTime
#= W32Time

#== json-and-data-lines | ConvertTo-Json, StringData, Compare-Object by lines
[pscustomobject]@{ d = [datetime]'2024-01-01' } | ConvertTo-Json -Compress
ConvertTo-Json -InputObject 1..3 -Compress
'a=1' | ConvertFrom-StringData | ForEach-Object { $_.a }
"a=1`nb=2" | ConvertFrom-StringData | ForEach-Object { $_.Count }
'secret' | ConvertTo-SecureString -AsPlainText -Force | ForEach-Object { $_.Length }
Compare-Object (1, 2) (2, 3) -IncludeEqual -ExcludeDifferent | ForEach-Object InputObject
1, 2 | Measure-Object -Average | Select-Object -ExpandProperty Average
'b', 'a' | Sort-Object -Descending
1, 2, 3 | Sort-Object { -$_ }
#= {"d":"\/Date(1704067200000)\/"}
#= "1..3"
#= 1
#= [Int32] 2
#= [Int32] 6
#= [Int32] 2
#= [Double] 1.5
#= b
#= a
#= [Int32] 3
#= [Int32] 2
#= [Int32] 1
