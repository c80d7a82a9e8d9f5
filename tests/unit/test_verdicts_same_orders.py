"""Options that change places, later ones that win, sub-tools, defaults: one check or two."""

import pytest

from stillfixed.actors.verdicts import Platform, same_check

POSIX_SAME = r"""
docker inspect -f '{{.State}}' web <> docker inspect --format='{{.State}}' web
docker inspect --format '{{.State}}' web <> docker inspect --format='{{.State}}' web
dig -t mx x.com <> dig x.com mx
ssh -l bob h uptime <> ssh bob@h uptime
echo $(ls) <> echo `ls`
timedatectl <> timedatectl status
hostnamectl <> hostnamectl status
firewall-cmd --zone=public --list-all <> firewall-cmd --list-all --zone=public
docker container ls -a <> docker ps -a
podman ps -a <> podman ps --all
docker compose ps -a <> docker compose ps --all
docker compose -f x.yml ps <> docker compose --file x.yml ps
docker logs -f --tail 5 web <> docker logs --tail=5 --follow web
kubectl logs -f x -n a <> kubectl -n a logs --follow x
git -C /a status <> git -C  /a status
git --no-pager log -5 <> git log -n 5
openssl s_client -showcerts -connect a:443 <> openssl s_client -connect a:443 -showcerts
systemctl <> systemctl list-units
systemctl -a <> systemctl list-units --all
ls --full-time -t <> ls -t --full-time
du -sh /a --exclude=x <> du --exclude=x -hs /a
grep -lr x /etc <> grep -rl x /etc
df -h -x tmpfs <> df -hx tmpfs
df -h -x tmpfs <> df -h --exclude-type=tmpfs
"""

POSIX_DIFFERENT = r"""
git -p log <> git log -p
ls -aA <> ls -Aa
ls -Fp <> ls -pF
ls -HL <> ls -LH
ls -t --sort=size <> ls --sort=size -t
ls -bN <> ls -Nb
ss -tal <> ss -tla
redis-cli --csv --json get x <> redis-cli --json --csv get x
git log --oneline --pretty=fuller <> git log --pretty=fuller --oneline
psql -A -H -c 'select 1' <> psql -H -A -c 'select 1'
mtr -r -j h <> mtr -j -r h
swapon -s <> swapon --show
iostat -h <> iostat --human
dmesg -d -T <> dmesg -T -d
grep -lL x f <> grep -Ll x f
curl -o /dev/null http://a http://b <> curl http://a -o /dev/null http://b
journalctl --full --no-full <> journalctl --no-full --full
iptables -L -S <> iptables -S -L
openssl x509 -in a -text -noout -dates <> openssl x509 -in a -noout -dates -text
docker inspect -f '{{.State}}' web <> docker inspect --filter '{{.State}}' web
dig -t mx x.com <> dig x.com
ssh -l bob h uptime <> ssh h uptime
timedatectl <> timedatectl show
firewall-cmd --list-all <> firewall-cmd --list-all --zone=public
firewall-cmd --list-all --permanent <> firewall-cmd --list-all
podman ps -a <> docker ps -a
docker ps -n 5 <> docker ps -a
docker compose ps <> docker ps
docker compose -f x.yml ps <> docker compose ps
git -C /a status <> git status
git -C /a log -p <> git -C /a log
openssl s_client -connect a:443 -tls1_2 <> openssl s_client -connect a:443
openssl s_client -connect a:443 -tls1_2 <> openssl s_client -connect a:443 -tls1_3
openssl verify a b <> openssl verify b a
ssh -l bob h uptime <> ssh -l rob h uptime
docker inspect web -f x <> docker inspect web -s x
systemctl <> systemctl list-units --all
loginctl <> loginctl list-users
echo '`ls`' <> echo '$(ls)'
echo "it's `ls`" <> echo "its $(ls)"
echo "`ls`" <> echo `ls`
ls -l --full-time <> ls --full-time
ls -l --time-style=full-iso <> ls -l
dig -x 1.1.1.1 <> dig 1.1.1.1
date +%s <> date +%S
zfs list <> zfs list -t snapshot
ss -tln <> ss -tan
docker ps <> docker ps -a
last <> lastb
ls *.log <> ls '*.log'
[ a = b ] <> [ a != b ]
openssl x509 -in a -noout -dates <> openssl x509 -in b -noout -dates
df -h / /var <> df -h /var
last -n 5 <> last -n 50
grep -C2 x f <> grep -c2 x f
echo \$x <> echo $x
curl http://x <> curl https://x
lsblk -o NAME,SIZE <> lsblk -o SIZE,NAME
dig +short x.com <> dig x.com
journalctl -b <> journalctl -b -1
nmcli d <> nmcli c
zpool status -x <> zpool status
lsblk <> lsblk -f
ethtool eth0 <> ethtool -i eth0
kubectl get pods -n a <> kubectl get pods -n b
wc -l f <> wc -c f
ip -s link <> ip -s -s link
git status <> git status -s
readlink f <> readlink -f f
rpm -qi x <> rpm -ql x
kubectl get pods -o wide <> kubectl get pods -o yaml
nmcli con show a <> nmcli con show b
sysctl a.b <> sysctl a.c
"""

POWERSHELL_SAME = r"""
(Get-Service a).Status <> ( Get-Service a ).Status
Get-CimInstance Win32_OperatingSystem <> Get-CimInstance -ClassName win32_operatingsystem
gv x <> Get-Variable x
gps chrome <> Get-Process -Name chrome
Get-Process -Id $PID <> gps -Id $pid
Get-NetAdapter Ethernet <> Get-NetAdapter -Name ethernet
Get-Service a | select Name <> Get-Service a | Select-Object -Property Name
gm -InputObject $x <> Get-Member -InputObject $x
& hostname <> hostname
Get-Service a; <> Get-Service a
sls a f <> Select-String -Pattern a -Path f
Get-Hotfix KB1 <> Get-HotFix -Id KB1
Resolve-DnsName x.com -Server 1.1.1.1 <> Resolve-DnsName -Server 1.1.1.1 -Name x.com
gci C:\a *.log <> gci C:\a -Filter *.log
Test-Path C:\a <> Test-Path -Path 'C:\a'
Get-VM a <> Get-VM -Name a
[Environment]::MachineName <> [environment]::machinename
Get-Process | % Name <> Get-Process | foreach { $_.Name }
Test-Connection h -Count 2 <> Test-Connection -ComputerName h -Count 2
gsv a 2> $null <> gsv a 2>$null
Get-Process | where {!$_.a} <> Get-Process | where {-not $_.a}
Get-Service a -EA 0 <> Get-Service a -ErrorAction SilentlyContinue
!(Test-Path a) <> -not (Test-Path a)
if(Test-Path a){1} <> if ( Test-Path a ) { 1 }
"""

POWERSHELL_DIFFERENT = r"""
gci C:\a -Filter *.log <> gci C:\a -Include *.log
gci env: <> gci hklm:
Get-Service a | select Name,Status <> Get-Service a | select Status,Name
Get-Service a,b <> Get-Service b,a
gci -Recurse:$false C:\a <> gci -Recurse C:\a
Get-Service a; Get-Service b <> Get-Service b; Get-Service a
gsv a | measure <> gsv a
Get-Service a -ErrorAction SilentlyContinue <> Get-Service a
gci C:\a <> gci C:\b
Get-Process | where {!$_.a} <> Get-Process | where {$_.a}
ping -n 4 a <> ping -n 5 a
Test-Connection h -Quiet <> Test-Connection h
Get-VM a <> Get-VM -Id a
Get-Date <> Get-Date -Format o
[System.IO.File]::Exists('a') <> [System.IO.File]::Exists('b')
Invoke-Command -ComputerName a -ScriptBlock { hostname } <> icm b { hostname }
'a' -match '\D' <> 'a' -match '\d'
(gsv).Count <> gsv | measure
Get-ADUser bob -Server a <> Get-ADUser bob
iwr http://x <> irm http://x
gsv a *>$null <> gsv a 2>$null
gcim Win32_LogicalDisk -Filter "DriveType=3" <> gcim Win32_LogicalDisk -Filter "DriveType=4"
!(Test-Path a) <> Test-Path a
Write-Output A <> Write-Output a
echo A <> echo a
'A','B' <> 'a','B'
"A" + "B" <> "a" + "B"
Write-Host A <> write-host a
$x='A'; $x <> $x='a'; $x
Compare-Object (1) A <> Compare-Object (1) a
ConvertFrom-Json '{"A":1}' <> ConvertFrom-Json '{"a":1}'
'{"A":1}' | ConvertFrom-Json <> '{"a":1}' | ConvertFrom-Json
gsv a | select @{n='A';e={$_.B}} <> gsv a | select @{n='A';e={$_.C}}
gsv a | % { "$($_.Name) OK" } <> gsv a | % { "$($_.Name) ok" }
gsv a | % { 'OK' } <> gsv a | % { 'ok' }
if (gsv a) {'OK'} <> if (gsv a) {'ok'}
Get-Content a | Select-String A -NotMatch <> Get-Content a | Select-String A
wsl ls -A <> wsl ls -a
ssh h 'ls -A' <> ssh h 'ls -a'
icm h { ls -A } <> icm h { ls -b }
docker ps -A <> docker ps -a
curl.exe -I http://x <> curl.exe -i http://x
kubectl get pods -A <> kubectl get pods -a
python -V <> python -v
git log -P <> git log -p
"""

CMD_SAME = r"""
dir "C:\ab" <> dir C:\ab
netstat /an <> netstat -an
systeminfo /s h /fo csv <> systeminfo /fo csv /s H
type a.txt | find /i "x" <> type a.txt|find /I "x"
icacls C:\A <> icacls c:\a
chkdsk C: <> chkdsk c:
type C:\A.txt <> type c:\a.txt
ver <> VER
tasklist /fi "a eq b" /fi "c eq d" <> tasklist /fi "c eq d" /fi "a eq b"
dir /a /od <> dir /od /a
ping -n 2 -w 3 h <> ping -w 3 -n 2 h
tasklist /svc /v <> tasklist /v /svc
netstat -p tcp -an <> netstat -a -n -p TCP
repadmin /showrepl a /errorsonly <> repadmin /errorsonly /showrepl a
netstat -an <> netstat -na
wevtutil qe System /c:5 /rd:true /f:text <> wevtutil qe system /f:text /rd:true /c:5
w32tm /query /status /verbose <> w32tm /verbose /query /status
echo %PATH% <> echo %path%
powershell -c "gsv a" <> powershell.exe -Command "Get-Service -Name a"
netsh int ip show config <> netsh interface ip show config
"""

CMD_DIFFERENT = r"""
fsutil dirty query c: <> fsutil dirty query d:
ping -a h <> ping -A h
tasklist /svc <> tasklist /v
curl -I http://a <> curl -i http://a
tasklist /s h <> tasklist
date /t <> time /t
net user bob <> net user alice
dir C:\a <> dir D:\a
manage-bde -status c: <> manage-bde -status
a & b <> b & a
set PATH <> set TEMP
ping -n 2 h <> ping -w 2 h
attrib a <> attrib b
certutil -store my <> certutil -store root
netsh wlan show profile name="a" key=clear <> netsh wlan show profile name="a"
w32tm /stripchart /computer:a /samples:1 <> w32tm /stripchart /computer:b /samples:1
type a.txt | find "x" <> type a.txt | find "y"
powercfg /l <> powercfg /a
echo off <> echo  off x
tasklist /fi "pid eq 5" /fi "status eq running" <> tasklist /fi "status eq running"
ipconfig /displaydns <> ipconfig /all
wmic service where "name='a'" get state <> wmic service where "name='b'" get state
dir /on <> dir /od
dir /on /o-d <> dir /o-d /on
dir /od /o <> dir /o /od
netstat -p tcp -an <> netstat -p udp -an
netstat -an 5 <> netstat -an
"""

NETWORK_SAME = r"""
show int counters errors <> sh int count err
show controllers gi0/1 <> show cont gi0/1
show int eth1/1 <> show interface Ethernet1/1
ping 1.1.1.1 <> PING 1.1.1.1
show access-lists <> sh access-l
show ip route 1.1.1.1 <> sh ip rou 1.1.1.1
display vlan 10 <> dis vlan 10
show interfaces ge-0/0/0 ext <> show interfaces ge-0/0/0 extensive
show ip eigrp neighbors <> sh ip eig nei
display current-configuration <> dis cur
show etherchannel sum <> show etherchannel summary
show module <> sh mod
show proc cpu <> show processes cpu
show users <> sh users
show system uptime <> show sys upt
show spanning-tree <> sh span
show interface Gi1/0/1 switchport <> show interfaces gigabitEthernet 1/0/1 switchport
show configuration | display set <> show config | display set
show int gi 0/1 <> show interface gi0/1
show int trunk <> show interfaces trunk
traceroute 1.1.1.1 <> trace 1.1.1.1
run show version <> show version
display interface XGigabitEthernet0/0/1 <> dis int xg0/0/1
display ip routing-table <> dis ip ro
/ip address print <> /ip addr print
show power inline <> sh power inl
"""

NETWORK_DIFFERENT = r"""
show mpls ldp neighbor <> show mpls ldp bindings
show spanning-tree vlan 1 <> show spanning-tree vlan 2
show ip route bgp <> show ip route ospf
ping 1.1.1.1 <> traceroute 1.1.1.1
show interfaces ge-0/0/0 <> show interfaces ge-0/0/0.0
show running-config | include ip route <> show running-config | include ip  route
get router info routing-table all <> get router info routing-table static
show power inline gi0/1 <> show power inline gi0/2
show ip ospf neighbor | count Full <> show ip ospf neighbor | count FULL
show vpc <> show vpc brief
show ver | i uptime <> show version | include Uptime
show log messages <> show log messages | last 10
show ip nat translations <> show ip nat statistics
/ip address print <> /ip address print detail
show ipv6 neighbors <> show ipv6 route
show ip interface brief <> show ip interface
show interfaces | include error|drop <> show interfaces | include drop|error
show ipv6 route <> show ip route
show ap summary <> show client summary
show ip route <> show ip route summary
show int vlan 10 <> show vlan id 10
show ntp status <> show ntp associations
execute ping 1.1.1.1 <> execute ping 1.1.1.2
ping vrf A 1.1.1.1 <> ping 1.1.1.1
show ip prefix-list A <> show ip prefix-list B
"""

TABLES: list[tuple[Platform, str, bool]] = [
    ("posix", POSIX_SAME, True),
    ("posix", POSIX_DIFFERENT, False),
    ("powershell", POWERSHELL_SAME, True),
    ("powershell", POWERSHELL_DIFFERENT, False),
    ("cmd", CMD_SAME, True),
    ("cmd", CMD_DIFFERENT, False),
    ("network", NETWORK_SAME, True),
    ("network", NETWORK_DIFFERENT, False),
]
CASES = [
    (platform, *line.split(" <> "), same)
    for platform, lines, same in TABLES
    for line in lines.strip().splitlines()
]


@pytest.mark.parametrize(("platform", "a", "b", "same"), CASES)
def test_two_orders(platform: Platform, a: str, b: str, same: bool) -> None:
    """Options may change places unless the later of two wins."""
    assert same_check(a, b, platform) is same
