#Requires -Version 5.1
<#
.SYNOPSIS
    Brings what a Windows print server has printed to Inkmeter's collector.
.DESCRIPTION
    Reads events 307 and 805 of Microsoft-Windows-PrintService/Operational behind the last one it has read, writes
    them to a spool folder, and sends what lies there. What can't be sent stays and is sent by the next run; an
    event that is sent twice counts once. Install-Forwarder.ps1 makes a scheduled task of it.
.PARAMETER Folder
    Where config.json, the token, the bookmark and the spool lie. Only SYSTEM and administrators may read it.
.EXAMPLE
    .\Send-PrintEvents.ps1
#>
[CmdletBinding()]
param(
    [string] $Folder = (Join-Path $env:ProgramData 'Inkmeter')
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$LogName = 'Microsoft-Windows-PrintService/Operational'
$MaxEventsPerRequest = 500
$MaxEventsPerRun = 20000
$MaxSpooledFiles = 2000
$TimeoutSeconds = 30
$MaxLogBytes = 1000000
$TrustedSids = @('S-1-5-18', 'S-1-5-32-544')

function Write-Note {
    # One line with its time, for a person; the file is kept below one megabyte.
    param([string] $Text)
    $path = Join-Path $Folder 'forwarder.log'
    if ((Test-Path -LiteralPath $path) -and (Get-Item -LiteralPath $path).Length -gt $MaxLogBytes) {
        Move-Item -LiteralPath $path -Destination ($path + '.old') -Force
    }
    $line = '{0} {1}' -f [DateTime]::UtcNow.ToString('o'), $Text
    Add-Content -LiteralPath $path -Value $line -Encoding UTF8
}

function Read-Config {
    $config = Get-Content -LiteralPath (Join-Path $Folder 'config.json') -Raw -Encoding UTF8 | ConvertFrom-Json
    $url = [Uri] $config.url
    if ($url.Scheme -ne 'https' -and -not $url.IsLoopback) {
        throw "The collector's address must begin with https://, as the token goes with every request: $url"
    }
    return $url
}

function Read-Token {
    # A token that others can read is no secret: then nothing is sent.
    $path = Join-Path $Folder 'token'
    foreach ($rule in (Get-Acl -LiteralPath $path).Access) {
        $sid = $rule.IdentityReference.Translate([Security.Principal.SecurityIdentifier]).Value
        if ($rule.AccessControlType -eq 'Allow' -and $TrustedSids -notcontains $sid) {
            throw "$path can be read by $($rule.IdentityReference): run Install-Forwarder.ps1 again."
        }
    }
    return (Get-Content -LiteralPath $path -Raw -Encoding UTF8).Trim()
}

function Read-Bookmark {
    $path = Join-Path $Folder 'bookmark'
    if (Test-Path -LiteralPath $path) {
        return [long] (Get-Content -LiteralPath $path -Raw).Trim()
    }
    return [long] 0
}

function Write-Whole {
    # A file that is there is whole: it is written beside its place and then moved there.
    param([string] $Path, [byte[]] $Bytes)
    [IO.File]::WriteAllBytes($Path + '.tmp', $Bytes)
    Move-Item -LiteralPath ($Path + '.tmp') -Destination $Path -Force
}

function Get-Part {
    # The text of an element of the event's own data, and nothing where there is none.
    param([xml] $Xml, [string] $Name)
    $node = $Xml.SelectSingleNode("/*/*[local-name()='UserData']/*/*[local-name()='$Name']")
    if ($null -eq $node) {
        return $null
    }
    return $node.InnerText
}

function ConvertTo-Count {
    param([string] $Text)
    $number = [long] 0
    if ([long]::TryParse($Text, [ref] $number) -and $number -ge 0) {
        return $number
    }
    return $null
}

function ConvertTo-Told {
    # What the collector is told of an event; see services/collector/windows/events.py.
    param($LoggedEvent)
    $xml = [xml] $LoggedEvent.ToXml()
    $told = [ordered] @{
        id     = [int] $LoggedEvent.Id
        at     = $LoggedEvent.TimeCreated.ToUniversalTime().ToString('o')
        record = [long] $LoggedEvent.RecordId
    }
    if ($LoggedEvent.Id -eq 307) {
        $told['job'] = ConvertTo-Count (Get-Part $xml 'Param1')
        $told['document'] = Get-Part $xml 'Param2'
        $told['user'] = Get-Part $xml 'Param3'
        $told['machine'] = Get-Part $xml 'Param4'
        $told['printer'] = Get-Part $xml 'Param5'
        $told['port'] = Get-Part $xml 'Param6'
        $told['size'] = ConvertTo-Count (Get-Part $xml 'Param7')
        $told['pages'] = ConvertTo-Count (Get-Part $xml 'Param8')
    }
    else {
        $told['job'] = ConvertTo-Count (Get-Part $xml 'JobId')
        $told['copies'] = ConvertTo-Count (Get-Part $xml 'Copies')
        $told['color'] = ConvertTo-Count (Get-Part $xml 'Color')
    }
    return $told
}

function Read-Events {
    # The next events behind the bookmark, oldest first. A log that was cleared counts from 1 again.
    param([long] $After)
    $log = Get-WinEvent -ListLog $LogName
    if (-not $log.IsEnabled) {
        throw "$LogName is not enabled: run Install-Forwarder.ps1 again."
    }
    if ($null -eq $log.RecordCount -or $log.RecordCount -eq 0) {
        return @()
    }
    $newest = $log.OldestRecordNumber + $log.RecordCount - 1
    if ($newest -lt $After) {
        Write-Note "The log was cleared: it is read from its beginning."
        $After = 0
    }
    elseif ($After -gt 0 -and $log.OldestRecordNumber -gt $After + 1) {
        Write-Note "Events $($After + 1) to $($log.OldestRecordNumber - 1) were overwritten before they were read."
    }
    $query = "*[System[(EventID=307 or EventID=805) and EventRecordID > $After]]"
    try {
        return @(Get-WinEvent -LogName $LogName -FilterXPath $query -Oldest -MaxEvents $MaxEventsPerRun)
    }
    catch [Exception] {
        if ($_.FullyQualifiedErrorId -like 'NoMatchingEventsFound*') {
            return @()
        }
        throw
    }
}

function Save-Events {
    # Spools what is new, then moves the bookmark: a crash in between spools some events twice, and loses none.
    $spool = Join-Path $Folder 'spool'
    if (@(Get-ChildItem -LiteralPath $spool -Filter '*.json').Count -ge $MaxSpooledFiles) {
        Write-Note "More than $MaxSpooledFiles files wait to be sent: the log is read on when they are."
        return
    }
    $found = @(Read-Events (Read-Bookmark))
    for ($first = 0; $first -lt $found.Count; $first += $MaxEventsPerRequest) {
        $last = [Math]::Min($first + $MaxEventsPerRequest, $found.Count) - 1
        $events = @($found[$first..$last] | ForEach-Object { ConvertTo-Told $_ } | Where-Object { $null -ne $_['job'] })
        if ($events.Count -gt 0) {
            $body = [ordered] @{ computer = Get-ComputerName; events = $events }
            $json = ConvertTo-Json -InputObject $body -Depth 5 -Compress
            $name = '{0:yyyyMMddTHHmmssfffffff}-{1:d12}.json' -f [DateTime]::UtcNow, $found[$first].RecordId
            Write-Whole (Join-Path $spool $name) ([Text.Encoding]::UTF8.GetBytes($json))
        }
        $mark = [string] $found[$last].RecordId
        Write-Whole (Join-Path $Folder 'bookmark') ([Text.Encoding]::ASCII.GetBytes($mark))
    }
}

function Get-ComputerName {
    return [Net.Dns]::GetHostEntry('').HostName
}

function Get-Status {
    # The HTTP status of a failed request; 0 where there was no answer.
    param($Failure)
    $response = $Failure.Exception.PSObject.Properties['Response']
    if ($null -eq $response -or $null -eq $response.Value) {
        return 0
    }
    return [int] $response.Value.StatusCode
}

function Send-Spooled {
    # In the order they were read. The first one that can't be sent now ends the run; the next run tries again.
    param([Uri] $Url, [string] $Token)
    $target = $Url.AbsoluteUri.TrimEnd('/') + '/v1/windows-events'
    $headers = @{ Authorization = "Bearer $Token" }
    foreach ($file in @(Get-ChildItem -LiteralPath (Join-Path $Folder 'spool') -Filter '*.json' | Sort-Object Name)) {
        $body = [IO.File]::ReadAllBytes($file.FullName)
        try {
            $null = Invoke-WebRequest -Uri $target -Method Post -Headers $headers -Body $body -UseBasicParsing `
                -ContentType 'application/json' -TimeoutSec $TimeoutSeconds -MaximumRedirection 0
        }
        catch {
            $status = Get-Status $_
            if (@(400, 413, 422) -notcontains $status) {
                throw "$target does not take events now (status $status): $($_.Exception.Message)"
            }
            # It would be refused for ever, and hold up all others.
            Move-Item -LiteralPath $file.FullName -Destination (Join-Path $Folder 'refused') -Force
            Write-Note "$($file.Name) was refused (status $status); it lies in the folder refused."
            continue
        }
        Remove-Item -LiteralPath $file.FullName -Force
    }
}

$mutex = [Threading.Mutex]::new($false, 'Global\InkmeterForwarder')
try {
    $isMine = $mutex.WaitOne(0)
}
catch [Threading.AbandonedMutexException] {
    $isMine = $true
}
if (-not $isMine) {
    exit 0
}
try {
    [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
    $url = Read-Config
    $token = Read-Token
    Save-Events
    Send-Spooled $url $token
    exit 0
}
catch {
    Write-Note $_.Exception.Message
    Write-Error -Message $_.Exception.Message -ErrorAction Continue
    exit 1
}
finally {
    $mutex.ReleaseMutex()
    $mutex.Dispose()
}
