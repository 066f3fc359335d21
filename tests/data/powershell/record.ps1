# Runs every case of the given files in a fresh runspace of this engine and writes what came out, one JSON object a line.
# As the recorder of recorded.jsonl; it also runs on Windows PowerShell 5.1 and sets the argument passing of native-programs itself.
param([string[]]$Path, [string]$Out, [string]$TempRoot = [IO.Path]::GetTempPath())
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$culture = [Globalization.CultureInfo]::new('en-US', $false)
[Globalization.CultureInfo]::DefaultThreadCurrentCulture = $culture
[Globalization.CultureInfo]::DefaultThreadCurrentUICulture = $culture
[Threading.Thread]::CurrentThread.CurrentCulture = $culture

function Hide($text, $root) { if ($null -eq $text) { $null } else { "$text".Replace($root, '<root>') } }
function Describe-Error($r, $root) {
    if ($r -isnot [System.Management.Automation.ErrorRecord]) { return [ordered]@{ exception = $r.GetType().FullName; message = (Hide $r.Message $root) } }
    $inner = $r.Exception.InnerException
    [ordered]@{
        id = $r.FullyQualifiedErrorId; category = "$($r.CategoryInfo.Category)"; exception = $r.Exception.GetType().FullName
        message = (Hide $r.Exception.Message $root); inner = $(if ($inner) { $inner.GetType().FullName }); target = (Hide $r.CategoryInfo.TargetName $root)
        line = $r.InvocationInfo.ScriptLineNumber
    }
}
$json = @{ Depth = 8; Compress = $true }
if ($PSVersionTable.PSVersion.Major -ge 6) { $json['EscapeHandling'] = 'EscapeNonAscii' }
$writer = [IO.StreamWriter]::new($Out, $false, [Text.UTF8Encoding]::new($false))
$count = 0
foreach ($file in $Path) {
    $category = [IO.Path]::GetFileNameWithoutExtension($file)
    $text = [IO.File]::ReadAllText($file) -replace "`r`n", "`n"
    $cases = [regex]::Matches($text, '(?ms)^#== (?<head>[^\n]*)\n(?<body>.*?)(?=^#== |\z)')
    foreach ($case in $cases) {
        $parts = $case.Groups['head'].Value -split '\s*\|\s*', 3
        $body = $case.Groups['body'].Value.TrimEnd("`n") + "`n"
        $root = Join-Path $TempRoot ([Guid]::NewGuid().ToString('N'))
        [void][IO.Directory]::CreateDirectory($root)
        $iss = [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault()
        $iss.Variables.Add([System.Management.Automation.Runspaces.SessionStateVariableEntry]::new('root', $root, ''))
        if ($category -eq 'native-programs') {
            # recorded with the way of 5.1
            $iss.Variables.Add([System.Management.Automation.Runspaces.SessionStateVariableEntry]::new('PSNativeCommandArgumentPassing', 'Legacy', ''))
        }
        $iss.ThreadOptions = 'UseNewThread'
        $rs = [RunspaceFactory]::CreateRunspace($iss)
        $rs.Open()
        $ps = [PowerShell]::Create(); $ps.Runspace = $rs
        [void]$ps.AddScript($body)
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $in = [System.Management.Automation.PSDataCollection[psobject]]::new(); $in.Complete()
        $thrown = $null; $timed = $false
        try {
            $h = $ps.BeginInvoke($in, $output)
            if (-not $h.AsyncWaitHandle.WaitOne(20000)) { $timed = $true; $ps.Stop() }
            else { [void]$ps.EndInvoke($h) }
        } catch {
            $e = $_.Exception
            while ($e -is [System.Management.Automation.MethodInvocationException] -and $e.InnerException) { $e = $e.InnerException }
            $thrown = $e
        }
        $outs = @(foreach ($o in $output) {
            if ($null -eq $o) { [ordered]@{ type = $null; clixml = '<Nil />' } }
            else {
                $xml = [System.Management.Automation.PSSerializer]::Serialize($o, 3)
                $xml = ($xml -replace '(?s)^<Objs [^>]*>\s*', '') -replace '(?s)\s*</Objs>\s*$', ''
                $xml = ($xml -split "`n" | ForEach-Object { $_.Trim() }) -join ''
                $shown = $null
                try { $shown = [System.Management.Automation.LanguagePrimitives]::ConvertTo($o, [string], [Globalization.CultureInfo]::InvariantCulture) } catch { }
                [ordered]@{ type = $o.psobject.TypeNames[0]; text = (Hide $shown $root); clixml = (Hide $xml $root) }
            }
        })
        $terminating = $null
        if ($thrown) {
            if ($thrown -is [System.Management.Automation.ParseException]) {
                $terminating = [ordered]@{ exception = $thrown.GetType().FullName; id = $thrown.ErrorRecord.FullyQualifiedErrorId; parse = @($thrown.Errors | Where-Object { $_ } | ForEach-Object { $_.ErrorId }); line = @($thrown.Errors | Where-Object { $_ } | ForEach-Object { $_.Extent.StartLineNumber }); message = (Hide $thrown.Message $root) }
            } elseif ($thrown.psobject.Properties['ErrorRecord'] -and $thrown.ErrorRecord) { $terminating = Describe-Error $thrown.ErrorRecord $root }
            else { $terminating = [ordered]@{ exception = $thrown.GetType().FullName; message = (Hide $thrown.Message $root) } }
        }
        $rec = [ordered]@{
            case = "$category/$($parts[0].Trim())"; state = "$($ps.InvocationStateInfo.State)"
            output = $outs
            error = @($ps.Streams.Error | ForEach-Object { Describe-Error $_ $root })
            terminating = $terminating
            warning = @($ps.Streams.Warning | ForEach-Object { Hide $_.Message $root }); verbose = @($ps.Streams.Verbose | ForEach-Object { Hide $_.Message $root })
            debug = @($ps.Streams.Debug | ForEach-Object { Hide $_.Message $root }); information = @($ps.Streams.Information | ForEach-Object { Hide "$($_.MessageData)" $root })
        }
        if ($timed) { $rec['timed_out'] = $true }
        $writer.WriteLine((ConvertTo-Json -InputObject $rec @json))
        $writer.Flush()
        $count++
        $ps.Dispose(); $rs.Dispose()
        [IO.Directory]::Delete($root, $true)
    }
}
$writer.Dispose()
"$count cases recorded by PowerShell $($PSVersionTable.PSVersion)"
