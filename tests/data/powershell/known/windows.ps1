# Written by hand from knowledge of Windows PowerShell 5.1, not measured. How to read it: tests/lab/powershell/known.py.
# lab-only: it changes services and the registry, or names the machine.

#== get-service-forms | by name, wildcard, missing, properties, where
(Get-Service W32Time -ErrorAction SilentlyContinue) | ForEach-Object { $_.Name }
Get-Service nosuchsvc -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId; $e[0].CategoryInfo.Category
@(Get-Service -Name nosuch*).Count
(Get-Service | Sort-Object Name | Select-Object -First 1).GetType().FullName
$s = Get-Service | Select-Object -First 1; $s.Status.GetType().FullName; $s.CanStop.GetType().Name; $s.MachineName
#= W32Time
#= NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand
#= [ErrorCategory] ObjectNotFound
#= [Int32] 0
#= System.ServiceProcess.ServiceController
#= System.ServiceProcess.ServiceControllerStatus
#= Boolean
#= .

#== new-service-life | new, start, status, stop, delete
New-Service -Name demo1 -BinaryPathName 'C:\Windows\System32\svchost.exe -k demo' -StartupType Manual -DisplayName 'Demo One' -Description 'd' | ForEach-Object Name
(Get-Service demo1).StartType
(Get-Service demo1).Status -eq 'Stopped'
(Get-CimInstance Win32_Service -Filter "Name='demo1'").StartMode
(Get-CimInstance Win32_Service -Filter "Name='demo1'").PathName
(Get-WmiObject Win32_Service | Where-Object Name -eq demo1).StartName
Set-Service demo1 -StartupType Disabled
(Get-Service demo1).StartType
sc.exe delete demo1 | Out-Null; $LASTEXITCODE
[bool](Get-Service demo1 -ErrorAction SilentlyContinue)
#= demo1
#= [ServiceStartMode] Manual
#= [Boolean] True
#= Manual
#= C:\Windows\System32\svchost.exe -k demo
#= LocalSystem
#= [ServiceStartMode] Disabled
#= [Int32] 0
#= [Boolean] False

#== get-process-forms | ids, names, missing, start time
(Get-Process -Id $PID).Id -eq $PID
Get-Process -Name nosuchproc -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
Get-Process -Id 999999 -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
@(Get-Process -Name svchost -ErrorAction SilentlyContinue).Count -ge 0
(Get-Process | Select-Object -First 1).GetType().FullName
(Get-Process -Id $PID).StartTime.GetType().Name
(Get-Process -Id $PID).WorkingSet64 -gt 0
(Get-Process | Sort-Object WorkingSet64 -Descending | Select-Object -First 1 -ExpandProperty Name).GetType().Name
#= [Boolean] True
#= NoProcessFoundForGivenName,Microsoft.PowerShell.Commands.GetProcessCommand
#= NoProcessFoundForGivenId,Microsoft.PowerShell.Commands.GetProcessCommand
#= [Boolean] True
#= System.Diagnostics.Process
#= DateTime
#= [Boolean] True
#= String

#== cim-instances | operating system, disk, computer system
$os = Get-CimInstance Win32_OperatingSystem
$os.LastBootUpTime.GetType().Name
$os.Version.Split('.')[0]
((Get-Date) - $os.LastBootUpTime).TotalSeconds -gt 0
$d = Get-CimInstance -ClassName Win32_LogicalDisk -Filter "DeviceID='C:'"
$d.FreeSpace.GetType().Name; $d.DriveType
($d.FreeSpace / $d.Size) -lt 1
(Get-CimInstance Win32_ComputerSystem).Name
$os.FreePhysicalMemory -gt 0
#= DateTime
#= 10
#= [Boolean] True
#= UInt64
#= [UInt32] 3
#= [Boolean] True
#= WEB01
#= [Boolean] True

#== psdrive-and-volume | free space the quick ways
(Get-PSDrive C).Free -gt 1GB
(Get-PSDrive -PSProvider FileSystem).Name -contains 'C'
(Get-PSDrive C).Root
[IO.DriveInfo]::new('C').AvailableFreeSpace -gt 0
(New-Object IO.DriveInfo 'C:').DriveType
#= [Boolean] True
#= [Boolean] True
#= C:\
#= [Boolean] True
#= [DriveType] Fixed

#== net-connections | listening ports and Test-NetConnection
Get-NetTCPConnection -LocalPort 1 -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].CategoryInfo.Category
(Test-NetConnection localhost -Port 1 -WarningAction SilentlyContinue -InformationLevel Quiet)
Test-Connection localhost -Count 1 -Quiet
#= [ErrorCategory] ObjectNotFound
#= [Boolean] False
#= [Boolean] True

#== event-logs | Get-WinEvent with filters and Get-EventLog
Get-WinEvent -FilterHashtable @{ LogName = 'System'; Id = 99999 } -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId
@(Get-WinEvent -LogName System -MaxEvents 1 -ErrorAction SilentlyContinue).Count -le 1
try { Get-WinEvent -LogName NoSuchLog -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
@(Get-EventLog -LogName System -Newest 1 -ErrorAction SilentlyContinue).Count -le 1
@(Get-EventLog Application -Source fleetdeploy -After (Get-Date).AddHours(-1) -ErrorAction SilentlyContinue).Count
#= NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand
#= [Boolean] True
#= NoMatchingLogsFound,Microsoft.PowerShell.Commands.GetWinEventCommand
#= [Boolean] True
#= [Int32] 0

#== registry-provider | values, keys, missing, new, remove
New-Item -Path 'HKLM:\SOFTWARE\Known' -Force | Out-Null
New-ItemProperty -Path HKLM:\SOFTWARE\Known -Name Port -Value 8080 -PropertyType DWord | Out-Null
Set-ItemProperty HKLM:\SOFTWARE\Known -Name Path -Value 'C:\x'
(Get-ItemProperty HKLM:\SOFTWARE\Known).Port
(Get-ItemProperty -Path HKLM:\SOFTWARE\Known -Name Path).Path
Get-ItemPropertyValue HKLM:\SOFTWARE\Known Port
(Get-Item HKLM:\SOFTWARE\Known).Property -join ','
(Get-Item HKLM:\SOFTWARE\Known).GetValue('Port')
(Get-Item HKLM:\SOFTWARE\Known).GetValueKind('Port')
try { Get-ItemProperty HKLM:\SOFTWARE\Known -Name Nope -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
Test-Path HKLM:\SOFTWARE\Known\Sub
New-Item HKLM:\SOFTWARE\Known\Sub | ForEach-Object PSChildName
(Get-ChildItem HKLM:\SOFTWARE\Known).Name
Remove-ItemProperty HKLM:\SOFTWARE\Known -Name Port
$null -eq (Get-ItemProperty HKLM:\SOFTWARE\Known).Port
Remove-Item HKLM:\SOFTWARE\Known -Recurse; Test-Path HKLM:\SOFTWARE\Known
(Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion').ProductName.Length -gt 0
Test-Path 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE'
(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\W32Time' -ErrorAction SilentlyContinue).ImagePath.Length -gt 0
#= [Int32] 8080
#= C:\x
#= [Int32] 8080
#= Port,Path
#= [Int32] 8080
#= [Microsoft.Win32.RegistryValueKind] DWord
#= System.Management.Automation.PSArgumentException,Microsoft.PowerShell.Commands.GetItemPropertyCommand
#= [Boolean] False
#= Sub
#= HKEY_LOCAL_MACHINE\SOFTWARE\Known\Sub
#= [Boolean] True
#= [Boolean] False
#= [Boolean] True
#= [Boolean] True
#= [Boolean] True

#== start-process-forms | wait, exit code, missing program, arguments
$p = Start-Process -FilePath cmd.exe -ArgumentList '/c', 'exit 3' -Wait -PassThru -NoNewWindow
$p.ExitCode; $p.HasExited
try { Start-Process C:\no\such.exe -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
#= [Int32] 3
#= [Boolean] True
#= InvalidOperationException,Microsoft.PowerShell.Commands.StartProcessCommand

#== cmd-and-natives | exit codes, output as lines, stderr
cmd /c exit 3; $LASTEXITCODE
cmd /c echo hello
cmd.exe /c "echo a& echo b"
(cmd /c ver) -join '' | ForEach-Object { $_ -match 'Windows' }
hostname
(whoami).Contains('\')
try { no-such.exe } catch { $_.FullyQualifiedErrorId }
sc.exe query nosuch | Out-Null; $LASTEXITCODE
(sc.exe query nosuch)[0]
#= [Int32] 3
#= hello
#= a
#= b
#= [Boolean] True
#= web01
#= [Boolean] True
#= CommandNotFoundException
#= [Int32] 1060
#= [String] [SC] EnumQueryServicesStatus:OpenService FAILED 1060:

#== environment-and-host | variables of the machine
$env:COMPUTERNAME
[Environment]::MachineName -eq $env:COMPUTERNAME
$env:SystemRoot
$PSVersionTable.PSVersion.Major
$PSVersionTable.PSEdition
[Environment]::OSVersion.Platform
[Environment]::Is64BitProcess
$Host.Name
(Get-Host).Version.Major
[Environment]::GetEnvironmentVariable('Path', 'Machine').Length -gt 0
$PSHOME
$env:PROCESSOR_ARCHITECTURE
[Environment]::GetFolderPath('System')
[Environment]::ProcessorCount -ge 1
[Environment]::ExpandEnvironmentVariables('%SystemDrive%\x')
$PID.GetType().Name
[Security.Principal.WindowsIdentity]::GetCurrent().Name.Contains('\')
(Get-Culture).Name
[Globalization.CultureInfo]::CurrentCulture.Name
#= WEB01
#= [Boolean] True
#= C:\Windows
#= [Int32] 5
#= Desktop
#= [PlatformID] Win32NT
#= [Boolean] True
#= ServerRemoteHost
#= [Int32] 5
#= [Boolean] True
#= C:\Windows\System32\WindowsPowerShell\v1.0
#= AMD64
#= C:\Windows\system32
#= [Boolean] True
#= C:\x
#= Int32
#= [Boolean] True
#= en-US
#= en-US

#== web-requests | status, refused, not found
try { Invoke-WebRequest -UseBasicParsing -Uri http://localhost:1/ -TimeoutSec 2 } catch { $_.FullyQualifiedErrorId; $_.Exception.GetType().FullName; $_.Exception.Status; $null -eq $_.Exception.Response }
try { Invoke-RestMethod http://localhost:1/ } catch { $_.Exception.Status }
try { (New-Object Net.WebClient).DownloadString('http://localhost:1/') } catch { $_.FullyQualifiedErrorId; $_.Exception.InnerException.Status }
$c = New-Object Net.Sockets.TcpClient
try { $c.Connect('127.0.0.1', 1) } catch { $_.FullyQualifiedErrorId; $_.Exception.InnerException.GetType().Name } finally { $c.Close() }
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
[Net.ServicePointManager]::SecurityProtocol
[Net.Dns]::GetHostName() -eq $env:COMPUTERNAME
#= WebCmdletWebResponseException,Microsoft.PowerShell.Commands.InvokeWebRequestCommand
#= System.Net.WebException
#= [WebExceptionStatus] ConnectFailure
#= [Boolean] True
#= [WebExceptionStatus] ConnectFailure
#= WebException
#= [WebExceptionStatus] ConnectFailure
#= SocketException
#= SocketException
#= [SecurityProtocolType] Tls12
#= [Boolean] True

#== acl-hash-signature | Get-Acl, Get-FileHash, Get-AuthenticodeSignature
Set-Content "$root\h.txt" 'abc' -NoNewline
(Get-FileHash "$root\h.txt").Hash
(Get-FileHash "$root\h.txt" -Algorithm MD5).Hash
(Get-FileHash "$root\nope.txt" -ErrorAction SilentlyContinue) -eq $null
#= BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD
#= 900150983CD24FB0D6963F7D28E17F72
#= [Boolean] True

#== modules-and-features | Get-Module, Import-Module, Get-HotFix, Get-ScheduledTask
@(Get-Module -ListAvailable -Name NoSuchModule).Count
try { Import-Module NoSuchModule -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
#= [Int32] 0
#= Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand
