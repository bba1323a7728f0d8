#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
    Installs the forwarder on a print server: enables the log, keeps the token, makes a scheduled task.
.PARAMETER Url
    Of the collector, such as https://inkmeter.example.com: TLS, as the token goes with every request.
.PARAMETER TokenFile
    A file with the collector's bearer token; it is copied to where only SYSTEM and administrators can read it.
.PARAMETER Uninstall
    Takes the task away. The folder with what was not sent yet stays.
.EXAMPLE
    .\Install-Forwarder.ps1 -Url https://inkmeter.example.com -TokenFile C:\Temp\token
#>
[CmdletBinding(DefaultParameterSetName = 'Install')]
param(
    [Parameter(Mandatory = $true, ParameterSetName = 'Install')] [Uri] $Url,
    [Parameter(Mandatory = $true, ParameterSetName = 'Install')] [string] $TokenFile,
    [Parameter(Mandatory = $true, ParameterSetName = 'Uninstall')] [switch] $Uninstall,
    [string] $Folder = (Join-Path $env:ProgramData 'Inkmeter'),
    [ValidateRange(1, 60)] [int] $EveryMinutes = 1
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$TaskName = 'Inkmeter print events'
$LogName = 'Microsoft-Windows-PrintService/Operational'
$LogBytes = 104857600

function Set-Rights {
    param([string[]] $Arguments)
    & icacls.exe $Arguments /Q | Out-Null
    if ($LASTEXITCODE -ne 0) {
        throw "The rights of $($Arguments[0]) can't be set (icacls ended with $LASTEXITCODE)."
    }
}

if ($Uninstall) {
    Unregister-ScheduledTask -TaskName $TaskName -Confirm:$false
    Write-Output "The task is gone; $Folder stays."
    exit 0
}
if ($Url.Scheme -ne 'https' -and -not $Url.IsLoopback) {
    throw "The collector's address must begin with https://, as the token goes with every request."
}
$token = (Get-Content -LiteralPath $TokenFile -Raw -Encoding UTF8).Trim()
if ($token.Length -lt 16) {
    throw "$TokenFile holds no token of the collector."
}

foreach ($path in @($Folder, (Join-Path $Folder 'spool'), (Join-Path $Folder 'refused'))) {
    $made = New-Item -ItemType Directory -Path $path -Force
    if ($made.Attributes -band [IO.FileAttributes]::ReparsePoint) {
        throw "$path leads elsewhere: remove it."
    }
}
# Whoever made the folder before, it is the administrators' from now on, and all that lies in it has its rights.
# By SID, as the names of the accounts differ between languages: SYSTEM and administrators, nobody else.
Set-Rights @($Folder, '/setowner', '*S-1-5-32-544', '/T')
Set-Rights @($Folder, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F')
Set-Rights @((Join-Path $Folder '*'), '/reset', '/T')
$utf8 = [Text.UTF8Encoding]::new($false)
[IO.File]::WriteAllText((Join-Path $Folder 'token'), $token, $utf8)
$config = ConvertTo-Json -InputObject ([ordered] @{ url = $Url.AbsoluteUri }) -Compress
[IO.File]::WriteAllText((Join-Path $Folder 'config.json'), $config, $utf8)
# What SYSTEM runs lies where only administrators can write.
$programs = Join-Path $env:ProgramFiles 'Inkmeter'
$null = New-Item -ItemType Directory -Path $programs -Force
$script = Join-Path $programs 'Send-PrintEvents.ps1'
Copy-Item -LiteralPath (Join-Path $PSScriptRoot 'Send-PrintEvents.ps1') -Destination $script -Force

# The log is off by default. The oldest events are overwritten when it is full.
& wevtutil.exe set-log $LogName /enabled:true /retention:false "/maxsize:$LogBytes"
if ($LASTEXITCODE -ne 0) {
    throw "$LogName can't be enabled (wevtutil ended with $LASTEXITCODE)."
}

$arguments = "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$script`" -Folder `"$Folder`""
$action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument $arguments
$every = New-TimeSpan -Minutes $EveryMinutes
$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval $every
$principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
$settings = New-ScheduledTaskSettingsSet -MultipleInstances IgnoreNew -StartWhenAvailable `
    -ExecutionTimeLimit (New-TimeSpan -Minutes 10) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
$null = Register-ScheduledTask -TaskName $TaskName -Action $action -Trigger $trigger -Principal $principal `
    -Settings $settings -Description 'Brings what was printed to Inkmeter.' -Force
Start-ScheduledTask -TaskName $TaskName
Write-Output "Installed: the log is read every $EveryMinutes min. Faults are told in $(Join-Path $Folder 'forwarder.log')."
