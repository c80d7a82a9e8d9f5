"""What PowerShell lines do: cmdlets, methods, .NET types, native tools."""

import pytest

from stillfixed.actors.verdicts import Effect, effect_of

READS = r"""
Get-MailboxStatistics bob
Get-AzVM -Status
Get-MgUser -UserId x
Get-VMHost | select Name
Get-VBRJob
New-PSDrive -Name X -PSProvider FileSystem -Root \\s\s
Set-ExecutionPolicy Bypass -Scope Process; Get-Service
$env:FOO = 'x'; gci env:
Set-Item env:FOO x
Remove-Item variable:x
$x = @{a=1}; $x.b = 2; $x
$o = New-Object System.Net.NetworkInformation.Ping; $o.Send('h').Status
(New-Object System.Net.NetworkInformation.Ping).Send('h')
[System.Net.NetworkInformation.Ping]::new().SendPingAsync('h').Result
[Console]::WriteLine('x')
[IO.File]::ReadAllText('c:\x')
[IO.File]::Open('c:\x','Open','Read').Length
[IO.Directory]::GetFiles('c:\x')
[IO.Path]::GetTempPath()
[Diagnostics.EventLog]::SourceExists('x')
[Microsoft.Win32.Registry]::GetValue('HKEY_LOCAL_MACHINE\x','y',$null)
(gcim Win32_Process).Count
Invoke-CimMethod -InputObject $p -MethodName GetOwner
([adsisearcher]"(samaccountname=bob)").FindOne().Properties
[System.DirectoryServices.ActiveDirectory.Domain]::GetCurrentDomain().DomainControllers
[Security.Principal.WindowsIdentity]::GetCurrent().Name
([Security.Principal.NTAccount]'bob').Translate([Security.Principal.SecurityIdentifier]).Value
$t = New-Object Net.Sockets.TcpClient; $t.Connect('h',80); $t.Connected; $t.Close()
$w = [Net.WebRequest]::Create('http://x'); $w.Method = 'HEAD'; $w.GetResponse().StatusCode
[Net.ServicePointManager]::SecurityProtocol = 'Tls12'; iwr https://x
$r = New-Object IO.StreamReader 'c:\x'; $r.ReadToEnd(); $r.Close()
$l = New-Object Collections.ArrayList; $l.Add(1); $l.Remove(1)
$l = [System.Collections.Generic.List[string]]::new(); $l.Add('x'); $l.Clear()
(Get-Date).AddDays(-1)
[math]::Round(3.2,1)
'a,b'.Split(',')
$x = 'a'; $x.Substring(0,1)
(gc x -Raw).Replace('a','b')
Start-Process ping.exe -ArgumentList 'h' -NoNewWindow -Wait
"list volume" | diskpart
& "$env:SystemRoot\System32\nltest.exe" /dsgetdc:x
& { Get-Service }
. { Get-Date }
function f { Get-Service }; f
iex "Get-Service"
powershell -NoProfile -Command "& { Get-Service }"
cmd /c "ipconfig /all"
cmd.exe /c ver
sc.exe query x
netsh int ip show int
Get-Content x | Out-Null
gc x *> $null
Get-Service | ConvertTo-Csv
Get-Service | Tee-Object -Variable a
Get-Process | Sort-Object CPU | Select -First 5
Get-Process x | Stop-Process -WhatIf
Test-ComputerSecureChannel -Verbose
Repair-WindowsImage -Online -CheckHealth
Repair-Volume C -Scan
Optimize-Volume C -Analyze
Get-GPOReport -Name x -ReportType Xml
Get-ADReplicationFailure -Target dc1
Invoke-Command -ComputerName a,b { Get-Service x }
$s = New-PSSession a; Invoke-Command -Session $s { gsv }; Remove-PSSession $s
Start-Job { Get-Service } | Wait-Job | Receive-Job
$a = New-ScheduledTaskAction -Execute x
1..5 | % { Test-Connection h -Count 1; Start-Sleep 1 }
while ($true) { Get-Process x -ea 0; sleep 5 }
try { Get-Service x -ea Stop } catch { 'no' } finally { 'done' }
if ($x -gt 3 -and (Test-Path y)) { 'a' } elseif ($z) { 'b' }
foreach ($s in gsv) { $s.Name }
Get-Help Stop-Service -Examples
Stop-Service -?
help Remove-Item
Write-Host 'Stop-Service y'
"a" -replace 'x','y'
$null = Get-Service
[void](Get-Service)
Invoke-Sqlcmd -Query "select 1" -ServerInstance x
irm http://x | ConvertTo-Json
iwr http://x -Method Head | select StatusCode
wget http://x -UseBasicParsing
curl.exe -s http://x
Find-Module x
Import-Module ActiveDirectory; Get-ADDomain
Add-Type -AssemblyName System.Web; [Web.HttpUtility]::UrlEncode('x')
Measure-VM x
Measure-Command { Get-Service }
Get-DhcpServerv4Lease -ScopeId 10.0.0.0
Get-DnsServerResourceRecord x
Get-MessageTrackingLog -Start x
Test-ServiceHealth
Get-MailboxDatabaseCopyStatus
Get-CsUser x
Connect-MgGraph; Get-MgUser
Connect-ExchangeOnline
Get-EXOMailbox x
Get-ADSyncScheduler
Get-ClusterResource | ft
Confirm-SecureBootUEFI
Get-TpmEndorsementKeyInfo
Get-MpComputerStatus
sal x y
icm h {gsv}
cd c:\ ; ls
pushd c:\; dir; popd
(Get-Acl x).Access
gci -r | sls x
docker ps
kubectl get po
git status
bash -c 'ls'
wsl ls
ssh h uptime
Get-Date -Format o
Get-Clipboard
Restart-Computer -WhatIf
gpresult /r
quser /server:x
Get-NetFirewallRule | ? Enabled -eq True | ft
(New-Object -ComObject Shell.Application).Windows()
Get-Item HKLM:\x | Get-ItemProperty
Unregister-Event x
Set-AzContext -Subscription x; Get-AzVM
Get-Random
Get-Unique
Read-Host x
ConvertFrom-Json $x
Test-Path x
Disconnect-VIServer
Get-Counter '\Processor(*)\*' -SampleInterval 1 -MaxSamples 2
Get-EventSubscriber
Get-ComputerInfo
winrm enumerate winrm/config/listener
Get-HotFix -Id x
dism /online /get-packages
Get-WindowsOptionalFeature -Online
Enable-WindowsOptionalFeature -Online -FeatureName x -WhatIf
Get-FileHash x
Compare-Object (gc a) (gc b)
Get-StoragePool | Get-PhysicalDisk
$x = Get-VM; $x.Name
$job | Receive-Job
$svc.Status
"""

CHANGES = r"""
Get-Service | Where-Object Status -eq 'Stopped' | Start-Service
Restart-AcmeAgent
Stop-AzVM x
Get-NetAdapter | Restart-NetAdapter
New-PSDrive X FileSystem \\s\s -Persist
Set-ExecutionPolicy RemoteSigned
$f = Get-Item c:\x; $f.IsReadOnly = $true
gci c:\x | % { $_.Attributes = 'Hidden' }
[Environment]::SetEnvironmentVariable('a','b')
[IO.File]::Open('c:\x','Create')
[IO.Directory]::CreateDirectory('c:\x')
[IO.Path]::GetTempFileName()
[Diagnostics.Process]::Start('notepad')
[Diagnostics.EventLog]::CreateEventSource('x','y')
[Microsoft.Win32.Registry]::SetValue('HKEY_LOCAL_MACHINE\x','y',1)
([wmiclass]'Win32_Process').Create('calc')
(Get-WmiObject Win32_Service -Filter "Name='x'").StartService()
Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments @{CommandLine='x'}
Get-WmiObject Win32_OperatingSystem | Invoke-WmiMethod -Name Reboot
$s = New-Object -ComObject Microsoft.Update.Session; $s.CreateUpdateInstaller().Install()
([adsi]"WinNT://./bob").SetPassword('x')
$w = [Net.WebRequest]::Create('http://x'); $w.Method = 'POST'; $w.GetResponse().StatusCode
(New-Object Net.WebClient).UploadString('http://x','y')
New-Object IO.StreamWriter 'c:\x'
Start-Process notepad
Start-Process msiexec.exe -ArgumentList '/i','x.msi','/qn' -Wait
Start-Process cmd -ArgumentList '/c ipconfig /flushdns' -Verb RunAs
Start-Process ipconfig -RedirectStandardOutput c:\x.txt
'select disk 1','clean' | diskpart
& $env:windir\System32\ipconfig.exe /flushdns
& { Stop-Service x }
function f { Stop-Service x }; f
iex 'Stop-Service x'
powershell -Command { Restart-Service x }
cmd /c 'del c:\x'
sc query x
net stop x
Get-Content x | Set-Content y
gc x > y.txt
gc x 2>> err.txt
Get-Service | Export-Csv x.csv
Get-Service | ConvertTo-Html | Out-File x.html
Get-Service | Out-GridView -PassThru | Stop-Service
Get-Process x | Stop-Process -Confirm
Stop-Process -Name x -WhatIf:$false
Get-WinEvent -ListLog * | % { Clear-EventLog $_.LogName }
wevtutil cl System
Clear-DnsClientCache
Resolve-DnsName x; ipconfig /flushdns
Test-NetConnection x -Port 3 ; Enable-PSRemoting
Test-ComputerSecureChannel -Repair
Repair-WindowsImage -Online -RestoreHealth
Get-WindowsUpdateLog
Get-ClusterLog -Destination c:\
Get-GPOReport -All -ReportType Html -Path c:\x.html
Test-Cluster
Get-ADUser bob | Set-ADUser -Enabled $false
Sync-ADObject x
Invoke-Command -ComputerName a { Restart-Computer }
Register-ScheduledTask -TaskName x -Action $a
Get-ScheduledTask x | Start-ScheduledTask
try { Get-Service x -ea Stop } catch { Start-Service x }
switch ($x) { 1 { Get-Service } default { Stop-Service y } }
foreach ($s in gsv) { $s.Stop() }
Write-Host "x $(Stop-Service y)"
Invoke-Sqlcmd -Query "update x set y=1"
Invoke-RestMethod http://x -Method Delete
Install-Module x
Update-Help
Get-VM | Where State -eq Running | Stop-VM -Force
Get-VM | Checkpoint-VM
Measure-Command { Restart-Service x }
Get-DhcpServerv4Lease x | Remove-DhcpServerv4Lease
Test-Mailflow
Get-Queue | Retry-Queue
Suspend-MailboxDatabaseCopy x
Start-ADSyncSyncCycle -PolicyType Delta
Move-ClusterGroup x
Get-BitLockerVolume | Resume-BitLocker
Start-MpScan
Update-MpSignature
Get-PnpDevice | Disable-PnpDevice -Confirm:$false
Get-Printer | Get-PrintJob | Remove-PrintJob
Write-EventLog -LogName x
New-TemporaryFile
ni x
md x
cp a b
ri x
ren a b
kill 3
spps -n x
Get-Acl x | Set-Acl y
ssh h 'reboot'
Set-Date x
Set-Clipboard x
Stop-Computer
logoff
shutdown /r
gpupdate
mstsc /v:x
New-NetFirewallRule x
Set-ItemProperty HKLM:\x y z
Out-File -FilePath x -InputObject y
Invoke-GPUpdate
Invoke-VMScript -VM x -ScriptText 'systemctl restart y'
Get-SmbOpenFile | Close-SmbOpenFile
winrm quickconfig
$x.Stop()
$svc | Stop-Service
"""

UNKNOWN = r"""
Get-AcmeStatus
Test-AcmeLink -Name x
Start-Process C:\x\setup.exe
diskpart /s x.txt
& "C:\Program Files\Acme\x.exe" status
iex $x
Invoke-Command a -FilePath x.ps1
Invoke-Command a $sb
Enter-PSSession a
Start-Job -FilePath x.ps1
Invoke-Sqlcmd -InputFile x.sql
Invoke-RestMethod http://x -Body $b
Add-Type -TypeDefinition $x
python x.py
.\x.ps1
C:\x\y.exe
Get-Content .\s.txt | iex
$c = Get-Content x; & $c
[scriptblock]::Create('x').Invoke()
$p = Start-Process x -PassThru
New-Object -ComObject WScript.Shell | % { $_.Popup('x') }
"""


CASES: list[tuple[str, Effect]] = [
    *((line, "reads") for line in READS.strip().splitlines()),
    *((line, "changes") for line in CHANGES.strip().splitlines()),
    *((line, "unknown") for line in UNKNOWN.strip().splitlines()),
]


@pytest.mark.parametrize(("line", "effect"), CASES)
def test_powershell(line: str, effect: Effect) -> None:
    """Every line is labelled by all that it may do."""
    assert effect_of(line, "powershell") == effect
