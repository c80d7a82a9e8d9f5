"""What cmd lines and Windows tools do."""

import pytest

from stillfixed.actors.verdicts import Effect, effect_of

READS = r"""
sqlcmd -S db1 -Q "select name from sys.databases"
netsh http show sslcert
if exist C:\a (echo yes) else echo no
reg query HKLM\Software /s /f acme
cmd /c dir C:\
cscript C:\Windows\System32\Printing_Admin_Scripts\en-US\prnmngr.vbs -l
help net
xcopy C:\a D:\b /l /s
cmdkey /list
type C:\Temp\a.txt | more
bcdedit /enum firmware
:: del C:\a
netsh advfirewall show allprofiles
mode con
tree /f C:\Data
net session
driverquery /v /fo csv
wevtutil gli System
powercfg /lastwake
doskey /macros
%COMSPEC% /c dir
ssh admin@h "show version"
nbtstat -r
nbtstat -A 10.8.0.2
net use z:
net view \\fs1
net localgroup administrators
net user bob
net user bob /domain
net time \\dc1
net statistics workstation
net config server
net accounts /domain
sc query type= service state= all
sc \\srv1 query spooler
sc qc x
for /f "tokens=*" %a in ('dir /b C:\Logs') do @type "C:\Logs\%a" | find /c "ERROR"
for /l %i in (1,1,5) do @(ping -n 1 h & timeout /t 2)
if "%x%"=="1" (dir) else if exist c:\y type c:\y
if %errorlevel% neq 0 exit /b 1
type c:\x.log | findstr /i "error fail" > nul && echo found
wmic logicaldisk get caption,freespace /format:list
wmic qfe list brief
wmic os
schtasks
schtasks /query /fo list /v
netsh interface ipv4 show config
netsh wlan show profiles name="X" key=clear
netsh dump
netsh -r srv1 interface show interface
netsh winhttp show proxy
powercfg /a
powercfg -requests
dism /online /get-features
dism /online /cleanup-image /scanhealth
sfc /verifyonly
certutil -urlcache
certutil -verify -urlfetch x.cer
certutil -hashfile x SHA256
certutil x.cer
w32tm /stripchart /computer:x /samples:3
nltest /sc_verify:corp
nltest /dsgetdc:corp /force
klist
repadmin /showrepl
repadmin /replsummary
dcdiag /v /c
gpresult /r
ipconfig /displaydns
route print -4
arp -a
icacls c:\x
fsutil volume diskfree c:
fsutil behavior query disablelastaccess
vssadmin list shadows
wbadmin get versions
bcdedit
bcdedit /enum all
manage-bde -status
manage-bde -protectors -get c:
defrag c: /a
chkntfs c:
query session /server:ts1
quser
cmd /c dir
cmd /k "ping h"
psexec \\srv1 ipconfig /all
winrs -r:srv1 ipconfig
forfiles /p c:\logs /m *.log /d -30 /c "cmd /c echo @path"
appcmd list apppool
iisreset /status
powershell -c "Get-Service x"
curl -s http://x/
tar -tf x.tgz
git status
docker ps
kubectl get pods -A
c:\windows\system32\cmd.exe /c dir
set A=b
set
doskey /history
doskey ls=dir
reg query hklm\x
wevtutil gl System
auditpol /get /category:*
tzutil /g
slmgr /xpr
cscript //nologo c:\windows\system32\slmgr.vbs /dli
dsquery computer -inactive 8
dnscmd /zoneinfo x
dnscmd . /enumrecords x y
setspn -L x
netdom query fsmo
cluster res "x" /status
esentutl /mh x.dat
typeperf "\Processor(_Total)\% Processor Time" -sc 5
logman query
pnputil /enum-drivers
driverquery /v
robocopy a b /e /l
xcopy a b /l
where ping
tasklist /m x.dll
systeminfo | find "x"
time /t & date /t
dir>con
find /c "x" < in.txt
sqlcmd -S s -Q "select 1"
sqlcmd -Q"exec sp_who2"
wsl -l -v
wsl uname -a
nslookup -type=mx x 8.8.8.8
pathping h
tracert -d h
ping -t h
telnet h 25
openfiles /query
mode con cols=120
subst
fc a b
lpq -S p -P q
bitsadmin /list /allusers
winget list
winget upgrade
choco outdated
eventvwr
"""

CHANGES = r"""
net share data=C:\Data
for /f %i in ('net view') do net use %i
vssadmin delete shadows /for=C: /oldest
appcmd stop site x
net file 12 /close
curl -O http://x/a.zip
route delete 10.9.0.0
del /q /f C:\Temp\*.tmp
assoc .txt=x
netsh dhcp server scope 10.8.0.0 add reservedip 10.8.0.5 aa
powercfg -change -standby-timeout-ac 0
schtasks /create /tn x /tr y /sc daily
netsh http delete sslcert ipport=0.0.0.0:443
wbadmin start systemstatebackup -backuptarget:E:
ipconfig /registerdns
wmic service where name="x" call changestartmode "Disabled"
net group "Sales" jdoe /add /domain
takeown /f C:\a
cmd /c "echo x>C:\a"
net use Z: \\srv1\data /user:corp\x
for /f %i in ('net view') do net use %i
dir /b > C:\Temp\list.txt
powershell -c "Stop-Service x"
nbtstat -R
net use \\nas1\pub
net localgroup administrators bob /add
net user bob Pa55word
net time \\dc1 /set /y
net stop x && net start x
sc \\srv1 stop spooler
sc config x start= auto
for /f "tokens=2" %a in ('tasklist ^| find "x"') do taskkill /pid %a
if errorlevel 1 (echo bad) else (net start x)
echo y | chkdsk c: /f
wmic /node:pc1 process call create "cmd.exe"
wmic process where name="x.exe" delete
wmic /output:c:\x.txt os get caption
schtasks /end /tn x
netsh int ip reset
netsh winsock reset
netsh advfirewall firewall add rule name="x" dir=in action=allow
netsh trace start capture=yes
netsh winhttp import proxy source=ie
netsh wlan disconnect
powercfg /batteryreport
powercfg /setactive x
dism /online /disable-feature /featurename:x
certutil -urlcache * delete
certutil -urlcache -split -f http://x/y z
certutil -user -addstore root x.cer
certutil -decode a b
w32tm /resync
nltest /sc_reset:corp
klist purge
repadmin /syncall /AdeP
repadmin /options dc1 +DISABLE_INBOUND_REPL
dcdiag /fix
dcdiag /v /f:c:\x.txt
gpresult /h c:\x.html
gpupdate /force
ipconfig /flushdns
route -f
icacls c:\x /grant bob:F
icacls c:\x /save c:\acl.txt /t
fsutil behavior set disablelastaccess 1
fsutil usn deletejournal /d c:
vssadmin delete shadows /all /quiet
wbadmin start backup -include:c:
bcdedit /export c:\bcd
manage-bde -protectors -add c: -tpm
manage-bde -off c:
defrag c: /o
chkntfs /x c:
reset session 3
logoff 3
msg * hi
cmd /c "del /q c:\x"
start notepad
start /wait cmd /c ipconfig /release
runas /user:admin "cmd /c net stop x"
psexec \\srv1 -s net stop spooler
forfiles /p c:\logs /m *.log /d -30 /c "cmd /c del @path"
appcmd recycle apppool x
iisreset
powershell -Command "Restart-Service x"
curl -O http://x/y
curl -X POST http://x
ssh root@h reboot
tar -xf x.tgz
git pull
docker restart web
"C:\Program Files\Windows Defender\MpCmdRun.exe" -Scan -ScanType 1
setx A b
reg add hklm\x /v y /d z
wevtutil cl System
auditpol /set /category:x
secedit /export /cfg c:\x
tzutil /s "UTC"
slmgr /ato
dsquery user -name x | dsmod user -disabled yes
dnscmd /clearcache
setspn -S http/x y
netdom resetpwd /s:dc /ud:x /pd:*
cluster group "x" /move
esentutl /p x.dat
logman start x
pnputil /delete-driver oem1.inf
msinfo32 /report x.txt
robocopy a b /e
copy a b
mklink a b
taskkill /im x
echo.>x
echo hi>>x
(dir & ver) > out.txt
wsl --shutdown
shutdown /a
shutdown /r /t 0
openfiles /disconnect /id 1
w32tm /query /peers & w32tm /config /update
mode com1: baud=9600
subst x: c:\y
print x.txt
bitsadmin /reset
winget upgrade --all
choco upgrade all -y
"""

UNKNOWN = r"""
cscript C:\x.vbs
powershell -f C:\x.ps1
sqlcmd -S db1 -i C:\x.sql
"C:\Program Files\Acme\acme.exe" -s
diskpart /s C:\x.txt
start "" C:\x.exe
C:\x.bat
netsh exec C:\x.txt
%CMD%
call x.cmd
repadmin /options dc1
start "" "C:\x\setup.exe"
call check.bat
powershell -File x.ps1
python x.py
acmectl status
C:\Tools\x.exe
sqlcmd -i x.sql
services.msc
"""


CASES: list[tuple[str, Effect]] = [
    *((line, "reads") for line in READS.strip().splitlines()),
    *((line, "changes") for line in CHANGES.strip().splitlines()),
    *((line, "unknown") for line in UNKNOWN.strip().splitlines()),
]


@pytest.mark.parametrize(("line", "effect"), CASES)
def test_cmd(line: str, effect: Effect) -> None:
    """Every line is labelled by all that it may do."""
    assert effect_of(line, "cmd") == effect
