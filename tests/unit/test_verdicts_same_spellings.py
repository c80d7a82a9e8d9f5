"""Spellings of one check, and checks that only look alike, platform by platform."""

import pytest

from stillfixed.actors.verdicts import Platform, same_check

POSIX_SAME = r"""
ls -la <> ls -al
df -h <> sudo df -h
df -h <> sudo -u root df -h
ssh h uptime <> ssh h 'uptime'
ssh h 'systemctl status x' <> ssh h systemctl status x.service
timeout 5 df -h <> timeout 5  df --human-readable
watch -n 5 df -h <> watch -n5 'df -h'
bash -c 'df -h' <> bash -c "df  -h"
ps aux <> ps axu
tar tzf x <> tar -tzf x
top -b -n 1 <> top -bn1
lsof -i :80 <> lsof -i:80
last -n 5 <> last -5
git log -5 <> git log -n 5
ip a <> ip addr show
ip a s eth0 <> ip addr show dev eth0
ip r <> ip route list
ip -br l <> ip -brief link
ip -4 a <> ip -4 addr
ls > /dev/null 2>&1 <> ls >/dev/null 2>&1
ls &>/dev/null <> ls > /dev/null 2>&1
systemctl --failed <> systemctl --state=failed
journalctl -xeu ssh <> journalctl -x -e -u ssh.service
kubectl get pod/web -n a <> kubectl -n a get pods web
kubectl describe po web <> kubectl describe pod web
docker ps --filter name=x -a <> docker ps -a -f name=x
grep -i -n x f <> grep -in x f
cat "a" <> cat a
echo "${HOME}" <> echo "$HOME"
find /srv -type f -mtime +7 <> find  /srv -type f -mtime '+7'
dig @1.1.1.1 x.org MX +short <> dig +short x.org mx @1.1.1.1
nslookup -type=mx x.org <> nslookup -q=MX X.ORG
host -t mx x.org <> host -t MX x.org
ss -tulpn <> ss -nptul
ss -t state established <> ss -t state established
mysql -u root -e 'select 1' <> mysql -uroot -e "select 1"
psql -c "select 1" -d app <> psql -d app -c 'select 1'
openssl s_client -connect a:443 </dev/null <> openssl s_client -connect a:443 < /dev/null
smartctl -a /dev/sda <> smartctl --all /dev/sda
mdadm -D /dev/md0 <> mdadm --detail /dev/md0
zpool status <> sudo zpool status;
free -m <> free --mebi
uname -a <> uname --all
ping -c 3 -W 2 h <> ping -W2 -c3 h
nmcli d <> nmcli device
nmcli c s <> nmcli connection show
du -sh /x <> du -hs /x
sort -k2 -n f <> sort -n -k 2 f
for h in a b; do ssh "$h" uptime; done <> for h in a b; do  ssh "$h"  uptime;  done
[ -f /x ] && echo y <> [  -f  /x ] && echo y
virsh list --all <> virsh  list --all
rpm -q bash <> rpm --query bash
dpkg -l bash <> dpkg --list bash
pvs -o +pv_used <> sudo pvs -o +pv_used
last -x | head -5 <> last -x | head -n 5
iptables -nvL <> iptables -L -n -v
nc -zv h 22 <> nc -vz h 22
crontab -l -u bob <> crontab -u bob -l
lsblk -f <> lsblk --fs
mount | grep nfs <> mount|grep 'nfs'
redis-cli -h x ping <> redis-cli  -h x ping
dmesg -T | tail <> sudo dmesg --ctime | tail
apt list --upgradable <> apt  list --upgradable
helm ls -n a <> helm list --namespace a
systemctl is-active a b <> systemctl is-active a.service b.service
exportfs -v <> sudo exportfs -v
"""
POSIX_OTHER = r"""
free -m <> free --mega
ls -lC <> ls -Cl
lspci -v <> lspci -vv
crontab -l <> sudo crontab -l
df -h <> sudo -u bob df -h
ssh h uptime <> ssh i uptime
ssh h uptime <> ssh -p 22 h uptime
timeout 5 df -h <> timeout 6 df -h
ps aux <> ps auxf
ps aux <> ps -aux
ip r <> ip -6 r
ip l s eth0 up <> ip l show eth0 up
ls 2>&1 >/dev/null <> ls >/dev/null 2>&1
journalctl -u ssh <> journalctl -u sshd
kubectl get pods -n a <> kubectl get pods -A
kubectl exec web -- ls -la <> kubectl exec web -- ls -l
docker ps <> docker ps -a
curl http://x/A <> curl http://x/a
curl -H 'a: 1' http://x <> curl -H 'a: 2' http://x
grep x f <> grep X f
grep x f g <> grep x g f
echo ${HOME} <> echo "$HOME"
find /srv -type f -name x <> find /srv -name x
dig x.org MX <> dig x.org A
ss -tl <> ss -tln
psql -c 'select 1' <> psql -c 'select 2'
ping -c 3 h <> ping -c 3 i
nmcli c s <> nmcli c s --active
du -sh /x <> du -sh /y
head -n 5 f <> head -c 5 f
tail -n 5 f <> head -n 5 f
sort -k2 -k1 f <> sort -k1 -k2 f
for h in a b; do ssh $h uptime; done <> for h in a c; do ssh $h uptime; done
test -f x <> test -d x
df -h <> df -h; true
df -h <> df -h &
virsh list <> virsh list --all
cat x | wc -l <> wc -l x
iptables -L <> iptables -L -n
ls /a /b <> ls /b /a
sudo systemctl status x <> systemctl status y
sed -n 1p f <> sed -n 2p f
systemctl is-active a b <> systemctl is-active b a
systemctl is-active a <> systemctl -q is-active a
env <> sudo env
\ls <> command ls
"""
POWERSHELL_SAME = r"""
gsv a,b <> Get-Service -Name 'a', "b"
gsv @('a','b') <> gsv a,b
Get-Process -ProcessName x <> gps x
Get-Process | ? { $_.CPU -gt 10 } <> Get-Process | where CPU -GT 10
gsv | ? {$PSItem.Status -eq 'Running'} <> gsv | ? Status -eq running
gsv | ? { $_.Status -ieq 'x' } <> gsv | ? { $_.Status -eq 'x' }
iwr https://H/Path <> Invoke-WebRequest -Uri 'https://h/Path'
gci C:\x -Recurse:$true <> gci C:\x -r
gci C:\x -Force:$false <> gci C:\x
Test-NetConnection h -Port '443' <> tnc h -Port 443
select @{n='a';e={$_.b}} <> select @{Name='a';Expression={ $_.b }}
gsv | % Status <> gsv | % { $_.Status }
gsv | % Status <> gsv | ForEach-Object -MemberName Status
Get-AcmeThing -A x -B y <> Get-AcmeThing -B y -A x
Get-NetAdapter -InterfaceAlias Eth <> Get-NetAdapter Eth
Get-Content x -Last 5 <> gc x -Tail 5
gsv a -CN h <> gsv -ComputerName h -Name a
gwmi Win32_Service <> Get-WmiObject -Class win32_service
Get-ADUser bob -Property X <> Get-ADUser -Identity bob -Properties x
ipconfig /all <> ipconfig.exe /ALL
ping -n 2 h <> ping h -n 2
Get-Date -Format 'yyyy-MM-dd' <> Get-Date -Format yyyy-MM-dd
(Get-Date).AddDays(-1) <> (get-date).adddays(-1)
$x = gsv; $x <> $X = Get-Service ; $x
if ($a -eq 1) { gsv } <> if ($a -eq 1) {gsv}
icm h { gsv } <> Invoke-Command -ComputerName h -ScriptBlock {Get-Service}
sls foo f.txt <> Select-String -Path f.txt -Pattern Foo
[math]::Round(3.5) <> [Math]::round(3.5)
dir env: <> gci env:
Get-Service x 2> $null <> Get-Service x 2>$null
docker ps -a <> docker  ps -a
netsh int ip show int <> NETSH INT IP SHOW INT
Get-Mailbox bob | fl Name <> Get-Mailbox -Identity bob | Format-List Name
Get-ClusterNode n1 <> Get-ClusterNode -Name n1
Get-VM x -ComputerName h <> Get-VM -ComputerName h -Name x
"""
POWERSHELL_OTHER = r"""
gsv | ? Status -eq Running <> gsv | ? Status -ne Running
gsv | ? { $_.Name -match '\d' } <> gsv | ? { $_.Name -match '\D' }
iwr https://h/Path <> iwr https://h/path
gci C:\x <> gci C:\x -r
select @{n='a';e={$_.b}} <> select @{n='a';e={$_.c}}
gsv | % Status <> gsv | % Name
Get-AcmeThing -A x -B y <> Get-AcmeThing -A y -B x
Get-AcmeThing -A X <> Get-AcmeThing -A x
Get-Content x -First 5 <> gc x -Tail 5
Get-ADUser bob <> Get-ADUser -Filter *
ping -r 1 h <> ping -R h
Get-Date -Format MM <> Get-Date -Format mm
gsv a | ft <> gsv a | ft *
icm h { gsv } <> icm i { gsv }
gcim x -Filter "a=1" <> gcim x -Filter "a=2"
sls foo f.txt -CaseSensitive <> sls Foo f.txt -CaseSensitive
dir env: <> dir function:
gps | sort CPU <> gps | sort CPU -Desc
Get-Service x 2>$null <> Get-Service x
'Running' <> (gsv x).Status
"$x" <> '$x'
docker logs web <> docker logs Web
"""
CMD_SAME = r"""
reg query HKEY_LOCAL_MACHINE\X /v y <> reg query hklm\x /v Y
ping -n 4 h <> ping h -n 4
nslookup -q=mx x <> nslookup -type=MX X
dir /s /b C:\x <> dir c:\X /b /s
tasklist /fi "imagename eq x" /svc <> tasklist /svc /fi "IMAGENAME eq x"
sc query x <> sc.exe query X
type "C:\a.txt" | find "E" <> type C:\a.txt|find "E"
find /C "E" a <> find /c "E" a
findstr /I "x" a <> findstr /i "x" a
if exist c:\x (echo y) else (echo n) <> if exist c:\x (echo y) else (echo n) & rem z
for %h in (a b) do @ping -n 1 %h <> for %h in (a b) do @ping -n 1 %h
net user bob /domain <> net user /domain bob
curl -s http://x/A <> curl.exe -s http://x/A
ipconfig /all > nul <> IPCONFIG /all >nul
w32tm /query /status <> w32tm.exe /QUERY /status
fsutil dirty query c: <> FSUTIL dirty query C:
wmic os get caption <> wmic OS get Caption
netstat -an <> netstat /an
dcdiag /s:dc1 /test:dns <> dcdiag /test:DNS /s:DC1
gpresult /r /scope computer <> gpresult /scope computer /r
manage-bde -status c: <> manage-bde -status C:
query user /server:x <> QUERY USER /SERVER:X
"""
CMD_OTHER = r"""
ping -n 4 h <> ping -n 5 h
ping -s 1 h <> ping -S 1 h
dir /s C:\x <> dir C:\x
tasklist /fi "imagename eq x" <> tasklist /fi "imagename eq y"
find "E" a <> find "e" a
findstr /c:"A b" f <> findstr /c:"a b" f
if exist c:\x (echo y) <> if exist c:\y (echo y)
net user bob /domain <> net user bob
curl -s http://x/A <> curl -s http://x/a
curl -s http://x <> curl -S http://x
ipconfig /all > nul <> ipconfig /all
netstat -an <> netstat -ano
nbtstat -a x <> nbtstat -A x
echo a <> echo A
"""
NETWORK_SAME = r"""
show ip interface brief <> sh ip int br
show interfaces gi1/0/1 status <> show interfaces status GigabitEthernet1/0/1
show interface gi 1/0/1 <> sh int gi1/0/1
show mac address-table vlan 10 <> sh mac add vlan 10
show mac address-table dynamic <> sh mac addr dyn
show ip bgp neighbors 1.1.1.1 advertised-routes <> sh ip bgp nei 1.1.1.1 adv
show ip route vrf A 1.1.1.1 <> sh ip ro vrf A 1.1.1.1
show spanning-tree vlan 10 root <> sh span vlan 10 root
show vlan brief <> sh vl br
show run | section bgp <> sh run | s bgp
show running-config | include snmp <> sh run | i snmp
show log | match "err" | no-more <> show log | match err
show inventory <> sh inv
show cdp neighbors detail <> sh cdp nei det
show lldp neighbors <> show lldp nei
show interfaces counters errors <> sh int count err
show interfaces description <> show interfaces descriptions
show int trunk <> show interfaces trunk
show etherchannel summary <> sh ether sum
show port-channel summary <> sh port-c su
show processes cpu sorted <> sh proc cpu sorted
show ip ospf neighbor detail <> sh ip ospf nei det
show crypto ipsec sa <> sh cry ips sa
show crypto isakmp sa detail <> sh crypto isa sa det
show standby brief <> sh stand br
show environment all <> sh env all
show chassis hardware detail <> show chassis hard det
show system alarms <> show sys alarms
show route table inet.0 10.0.0.0/8 <> show route 10.0.0.0/8 table inet.0
show bgp summary instance A <> show bgp summary instance A | no-more
show interfaces terse <> show int terse
display interface brief <> dis int br
display ip routing-table vpn-instance A <> dis ip routing-table vpn-instance A
display current-configuration | include vlan <> dis cur | inc vlan
get system performance status <> get sys perf stat
get router info routing-table all <> get router info routing all
diagnose hardware deviceinfo nic port1 <> diag hardware deviceinfo nic port1
execute ping 1.1.1.1 <> exec ping 1.1.1.1
ping vrf A 1.1.1.1 repeat 5 size 100 <> ping vrf A 1.1.1.1 size 100 repeat 5
ping Core1 <> ping core1
/ip address print <> /ip/address/print
/interface print detail <> /interface pr detail
show access-lists A <> sh access-li A
SHOW VERSION <> show ver
show interfaces Po10 <> show int port-channel10
show ip int vlan 10 <> show ip interface Vlan10
show ntp associations <> sh ntp assoc
show logging <> show log
show startup-config <> show start
show redundancy states <> sh redundancy states
show ap summary <> sh ap sum
show high-availability state <> show high-availability state | no-more
tmsh show ltm pool x <> tmsh  show  ltm pool  x
show bgp neighbor 1.1.1.1 <> show bgp neighbors 1.1.1.1
show isis adjacency <> show isis adj
show arp vrf A <> sh arp vrf A
show tech-support <> sh tech
show ip nat translations <> sh ip nat tra
show ip dhcp binding <> sh ip dhcp bind
show platform <> sh plat
show switch detail <> sh switch det
show vpn-sessiondb anyconnect <> sh vpn-sessiondb any
show failover <> sh fail
show interface Ethernet1/1 <> sh int e1/1
"""
NETWORK_OTHER = r"""
show interfaces Gi1/0/1 <> show interfaces Gi1/0/11
show interfaces Gi1/0/1 <> show interfaces Te1/0/1
show ip bgp neighbors 1.1.1.1 advertised-routes <> show ip bgp neighbors 1.1.1.1 routes
show ip route vrf A <> show ip route vrf a
show ip route <> show ip route vrf A
show vlan id 10 <> show vlan id 11
show run | include X <> show run | include x
show run | include x <> show run | exclude x
show log | match "a b" <> show log | match "a  b"
show lldp neighbors <> show lldp neighbors detail
show ip ospf neighbor <> show ip ospf interface
show route table inet.0 <> show route table inet.1
show bgp summary instance A <> show bgp summary instance B
display ip routing-table vpn-instance A <> dis ip routing-table vpn-instance a
get router info bgp summary <> get router info6 bgp summary
ping 1.1.1.1 <> ping 1.1.1.2
ping vrf A 1.1.1.1 <> ping vrf a 1.1.1.1
/interface print where name=ether1 <> /interface print where name=Ether1
/ip address print <> /ip route print
show access-lists A <> show access-lists a
show policy-map interface Gi1/0/1 <> show policy-map interface Gi1/0/2
show clock <> show clock detail
show logging <> show logging | include x
show run <> show start
show ltm pool A <> show ltm pool a
show route-map A <> show route-map B
do show clock <> do clear clock
show vrf A <> show vrf a
show interface Ethernet1/1 <> show interface ethernet 1/2
terminal length 0 <> terminal length 10
show access-lists In <> show access-lists IN
"""

TABLES: list[tuple[Platform, str, bool]] = [
    ("posix", POSIX_SAME, True),
    ("posix", POSIX_OTHER, False),
    ("powershell", POWERSHELL_SAME, True),
    ("powershell", POWERSHELL_OTHER, False),
    ("cmd", CMD_SAME, True),
    ("cmd", CMD_OTHER, False),
    ("network", NETWORK_SAME, True),
    ("network", NETWORK_OTHER, False),
]
CASES = [
    (platform, *line.split(" <> "), same)
    for platform, lines, same in TABLES
    for line in lines.strip().splitlines()
]


@pytest.mark.parametrize(("platform", "a", "b", "same"), CASES)
def test_two_spellings(platform: Platform, a: str, b: str, same: bool) -> None:
    """Two lines are one check when they differ only in what cannot change the answer."""
    assert same_check(a, b, platform) is same
