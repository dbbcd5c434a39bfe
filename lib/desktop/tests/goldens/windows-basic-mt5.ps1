Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
$state = 'failed'
try {
$ts = 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server'
$tcp = "$ts\WinStations\RDP-Tcp"
Set-ItemProperty -Path $ts -Name 'fDenyTSConnections' -Value 0 -Type DWord
Set-ItemProperty -Path $tcp -Name 'UserAuthentication' -Value 1 -Type DWord
Set-ItemProperty -Path $tcp -Name 'SecurityLayer' -Value 2 -Type DWord
Set-ItemProperty -Path $tcp -Name 'MinEncryptionLevel' -Value 3 -Type DWord
Enable-NetFirewallRule -Group '@FirewallAPI.dll,-28752'
net.exe accounts /lockoutthreshold:10 /lockoutduration:15 /lockoutwindow:15 | Out-Null
Set-Service -Name TermService -StartupType Automatic
Start-Service -Name TermService
$state = 'ready'
} catch { Write-Output ('setup failed: ' + $_.Exception.GetType().FullName) }

$thumb = ''
for ($i = 0; $i -lt 10; $i++) {
try { $thumb = (Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter "TerminalName='RDP-Tcp'").SSLCertificateSHA1Hash } catch { $thumb = '' }
if ($thumb) { break }
Start-Sleep -Seconds 3
}
$body = @{ state = $state; host = $env:COMPUTERNAME; cert_sha1 = $thumb } | ConvertTo-Json -Compress
for ($i = 1; $i -le 8; $i++) {
try {
Invoke-RestMethod -Method Post -UseBasicParsing -TimeoutSec 30 -ContentType 'application/json' -Body $body -Uri 'https://abc123.execute-api.eu-west-1.amazonaws.com/first-boot/ins_01JC3K9X2B7Q8R5T6V7W8X9Y0Z/1/Zm9yLXRoZS1nb2xkZW4' | Out-Null
break
} catch {
Write-Output 'report failed'
Start-Sleep -Seconds ([Math]::Min(60, 5 * $i))
}
}
$ErrorActionPreference = 'Stop'
try {
$folder = "$env:ProgramFiles\TradingTerminalSetup"
New-Item -ItemType Directory -Force -Path $folder | Out-Null
$script = @'
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
$log = "$PSScriptRoot\setup.log"
$runs = "$PSScriptRoot\runs.txt"
Add-Content -Path $runs -Value 'run'
$over = @(Get-Content -Path $runs).Count -ge 3
$terminal = "$env:ProgramFiles\MetaTrader 5\terminal64.exe"
$user = 'Administrator'
$unseen = '/F /IM terminal64.exe /FI "SESSION eq 0"'
try {
if (-not (Test-Path -Path $terminal)) {
$setup = "$PSScriptRoot\mt5setup.exe"
for ($i = 1; $i -le 5; $i++) {
try {
Invoke-WebRequest -UseBasicParsing -TimeoutSec 600 -Uri 'https://download.mql5.com/cdn/web/metaquotes.software.corp/mt5/mt5setup.exe' -OutFile $setup
break
} catch {
Add-Content -Path $log -Value $_
Start-Sleep -Seconds 60
}
}
$signature = Get-AuthenticodeSignature -FilePath $setup
if ($signature.Status -ne 'Valid' -or $signature.SignerCertificate.Subject -notmatch 'MetaQuotes') { throw 'not signed by MetaQuotes' }
(Start-Process -FilePath $setup -ArgumentList '/auto' -PassThru).WaitForExit(1200000) | Out-Null
for ($i = 0; $i -lt 30 -and -not (Test-Path -Path $terminal); $i++) { Start-Sleep -Seconds 10 }
if (-not (Test-Path -Path $terminal)) { throw 'not installed' }
Start-Sleep -Seconds 20
Start-Process -FilePath 'taskkill.exe' -ArgumentList $unseen -Wait
}
$start = New-ScheduledTaskAction -Execute $terminal
$limits = New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -Priority 4
$as = New-ScheduledTaskPrincipal -UserId $user -LogonType S4U
$when = New-ScheduledTaskTrigger -AtStartup
Register-ScheduledTask -TaskName 'TradingTerminalUnseen' -Action $start -Trigger $when -Settings $limits -Principal $as -Force
$end = New-ScheduledTaskAction -Execute 'taskkill.exe' -Argument $unseen
$as = New-ScheduledTaskPrincipal -UserId $user -LogonType Interactive
$when = New-ScheduledTaskTrigger -AtLogOn -User $user
Register-ScheduledTask -TaskName 'TradingTerminal' -Action $end, $start -Trigger $when -Settings $limits -Principal $as -Force
$over = $true
} catch { Add-Content -Path $log -Value $_ }
if ($over) { Unregister-ScheduledTask -TaskName 'TradingTerminalSetup' -Confirm:$false }
'@
Set-Content -Path "$folder\setup.ps1" -Value $script -Encoding Ascii
$action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$folder\setup.ps1`""
$trigger = New-ScheduledTaskTrigger -AtStartup
$limits = New-ScheduledTaskSettingsSet -ExecutionTimeLimit (New-TimeSpan -Hours 3)
Register-ScheduledTask -TaskName 'TradingTerminalSetup' -Action $action -Trigger $trigger -Settings $limits -User 'S-1-5-18' -RunLevel Highest -Force | Out-Null
Start-ScheduledTask -TaskName 'TradingTerminalSetup'
} catch { Write-Output ('no TradingTerminalSetup: ' + $_.Exception.GetType().FullName) }
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
foreach ($package in 'firefox', 'notepadplusplus') {
try {
& $choco install $package -y --no-progress --limit-output --execution-timeout=1800 *>&1 | Out-File -FilePath $log -Append
if ($LASTEXITCODE -notin 0, 1641, 3010) { $missing++ }
} catch { $missing++ }
}
if ($missing -eq 0 -or $last) { Unregister-ScheduledTask -TaskName 'DesktopExtras' -Confirm:$false }
'@
Set-Content -Path "$folder\setup.ps1" -Value $script -Encoding Ascii
$action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$folder\setup.ps1`""
$trigger = New-ScheduledTaskTrigger -AtStartup
$limits = New-ScheduledTaskSettingsSet -ExecutionTimeLimit (New-TimeSpan -Hours 3)
Register-ScheduledTask -TaskName 'DesktopExtras' -Action $action -Trigger $trigger -Settings $limits -User 'S-1-5-18' -RunLevel Highest -Force | Out-Null
Start-ScheduledTask -TaskName 'DesktopExtras'
} catch { Write-Output ('no DesktopExtras: ' + $_.Exception.GetType().FullName) }
