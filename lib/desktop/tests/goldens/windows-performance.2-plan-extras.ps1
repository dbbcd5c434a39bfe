$ErrorActionPreference = 'Stop'
try {
    $folder = "$env:ProgramFiles\DesktopExtras"
    New-Item -ItemType Directory -Force -Path $folder | Out-Null
    $script = @'
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
$log = "$PSScriptRoot\extras.log"
$done = "$PSScriptRoot\runs.txt"
Add-Content -Path $done -Value 'run'
$last = @(Get-Content -Path $done).Count -ge 3
$choco = "$env:ProgramData\chocolatey\bin\choco.exe"
if (-not (Test-Path -Path $choco)) {
    try { Invoke-Expression ((New-Object System.Net.WebClient).DownloadString('https://community.chocolatey.org/install.ps1')) *>&1 | Out-File -FilePath $log -Append }
    catch { 'no package manager' | Out-File -FilePath $log -Append }
}
$missing = 0
foreach ($package in 'firefox', 'notepadplusplus', 'git', 'vscode', 'python', 'libreoffice-fresh') {
    try {
        & $choco install $package -y --no-progress --limit-output --execution-timeout=1800 *>&1 | Out-File -FilePath $log -Append
        if ($LASTEXITCODE -notin 0, 1641, 3010) { $missing++ }
    } catch { $missing++ }
}
if ($missing -eq 0 -or $last) { Unregister-ScheduledTask -TaskName 'DesktopExtras' -Confirm:$false }
'@
    Set-Content -Path "$folder\extras.ps1" -Value $script -Encoding Ascii
    $action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$folder\extras.ps1`""
    $trigger = New-ScheduledTaskTrigger -AtStartup
    $limits = New-ScheduledTaskSettingsSet -ExecutionTimeLimit (New-TimeSpan -Hours 3)
    Register-ScheduledTask -TaskName 'DesktopExtras' -Action $action -Trigger $trigger -Settings $limits -User 'S-1-5-18' -RunLevel Highest -Force | Out-Null
    Start-ScheduledTask -TaskName 'DesktopExtras'
} catch { Write-Output ('no extras: ' + $_.Exception.GetType().FullName) }
