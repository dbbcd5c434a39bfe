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
