"""Which module of Windows PowerShell 5.1 a simulated command comes from, and which of them are functions there."""

from __future__ import annotations

_MODULES = """
CimCmdlets: Get-CimInstance Invoke-CimMethod
Microsoft.PowerShell.Core: ForEach-Object Get-Command Get-Module Import-Module Invoke-Command Out-Default Out-Null
Microsoft.PowerShell.Core: Set-StrictMode Where-Object
Microsoft.PowerShell.Diagnostics: Get-WinEvent
Microsoft.PowerShell.Management: Add-Content Clear-Content Convert-Path Copy-Item Get-ChildItem Get-Content
Microsoft.PowerShell.Management: Get-EventLog Get-Item Get-ItemProperty Get-ItemPropertyValue Get-Location Get-PSDrive
Microsoft.PowerShell.Management: Get-Process Get-Service Get-WmiObject Join-Path Move-Item New-Item New-ItemProperty
Microsoft.PowerShell.Management: New-Service Pop-Location Push-Location Remove-Item Remove-ItemProperty Rename-Item
Microsoft.PowerShell.Management: Resolve-Path Restart-Computer Restart-Service Set-Content Set-Item Set-ItemProperty
Microsoft.PowerShell.Management: Set-Location Set-Service Split-Path Start-Process Start-Service Stop-Computer
Microsoft.PowerShell.Management: Stop-Process Stop-Service Test-Connection Test-Path Wait-Process
Microsoft.PowerShell.Security: ConvertTo-SecureString Get-Credential
Microsoft.PowerShell.Utility: Add-Member Add-Type Clear-Variable Compare-Object ConvertFrom-Csv ConvertFrom-Json
Microsoft.PowerShell.Utility: ConvertFrom-StringData ConvertTo-Csv ConvertTo-Json Export-Csv Get-Alias Get-Culture
Microsoft.PowerShell.Utility: Get-Date Get-FileHash Get-Host Get-Member Get-Random Get-UICulture Get-Unique Get-Variable
Microsoft.PowerShell.Utility: Group-Object Import-Csv Invoke-Expression Invoke-RestMethod Invoke-WebRequest
Microsoft.PowerShell.Utility: Measure-Command Measure-Object New-Alias New-Guid New-Object New-TimeSpan New-Variable
Microsoft.PowerShell.Utility: Out-File Out-String Read-Host Remove-Variable Select-Object Select-String Select-Xml
Microsoft.PowerShell.Utility: Set-Alias Set-Variable Sort-Object Start-Sleep Tee-Object Write-Debug Write-Error
Microsoft.PowerShell.Utility: Write-Host Write-Information Write-Output Write-Progress Write-Verbose Write-Warning
NetTCPIP: Get-NetTCPConnection
NetTCPIP: Test-NetConnection
"""
_BY_NAME = {
    name.lower(): module
    for module, _, names in (line.partition(": ") for line in _MODULES.strip().splitlines())
    for name in names.split()
}
_FUNCTIONS = frozenset({"get-filehash", "new-guid", "get-nettcpconnection", "test-netconnection", "mkdir"})


def module_of(name: str) -> str | None:
    """The module's name, or None where the table has none."""
    return _BY_NAME.get(name.lower())


def is_function(name: str) -> bool:
    """Whether Windows has this command as a function."""
    return name.lower() in _FUNCTIONS
