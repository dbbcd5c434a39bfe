$ErrorActionPreference = 'Stop'
try {
    # Only administrators can write here, and what lies here runs as the system.
    $folder = "$env:ProgramFiles\DesktopExtras"
    New-Item -ItemType Directory -Force -Path $folder | Out-Null
    $script = @'
__EXTRAS__
'@
    Set-Content -Path "$folder\extras.ps1" -Value $script -Encoding Ascii
    $action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$folder\extras.ps1`""
    $trigger = New-ScheduledTaskTrigger -AtStartup
    $limits = New-ScheduledTaskSettingsSet -ExecutionTimeLimit (New-TimeSpan -Hours 3)
    Register-ScheduledTask -TaskName 'DesktopExtras' -Action $action -Trigger $trigger -Settings $limits -User 'S-1-5-18' -RunLevel Highest -Force | Out-Null
    Start-ScheduledTask -TaskName 'DesktopExtras'
} catch { Write-Output ('no extras: ' + $_.Exception.GetType().FullName) }
