"""What lines of network CLIs do, vendor by vendor."""

import pytest

from stillfixed.actors.verdicts import Effect, effect_of

READS = r"""
monitor interface ge-0/0/1
/interface print stats
diagnose sys ha status
show run int gi1/0/1
display current-configuration interface GE0/0/1
/log print where topics~"error"
show interfaces terse | match down
test nat-policy-match source 10.8.0.9 destination 198.51.100.5 protocol 6
traceroute vrf MGMT 10.8.0.1
execute ping-options source 10.8.0.1
show capture c1
show interfaces status | include notconnect
show diag | include Serial
get router info routing-table details 10.9.0.1
display interface brief | include down
/system resource print
show log messages | match "UP|DOWN" | last 10
show system commit
show full-configuration firewall policy 12
show configuration | display set | match ntp
tmsh list net vlan
net show interface
show lb vserver
show int gi1/0/1 | i rate|errors|reset
more system:running-config
show ip bgp neighbors 192.0.2.1 | begin BGP state
show logging | include shutdown|reload
show interfaces | include line protocol|input errors|clear|reset
show run | include >
sh run | sec bgp
show interfaces | match "rate|delete" | no-more
terminal monitor
terminal length 0
no paging
enable
enable 15
write terminal
clear screen
monitor traffic interface ge-0/0/0
monitor start messages
test aaa group radius u p
ping vrf A 10.0.0.1 repeat 5
traceroute 10.0.0.1
archive tar /table flash:x
dir flash:
more flash:x
verify /md5 flash:x
failover exec mate show version
packet-tracer input inside tcp 1.1.1.1 1 2.2.2.2 2
show capture x
run bash df -h
bash df -h
admin show platform
slot 2 show hardware
show configuration | compare rollback 1
show | compare
commit check
request support information
request system software validate x
request license info
set cli pager off
set cli screen-length 0
run show bgp summary
file list /var/tmp
test security-policy-match from a to b
less mp-log ms.log
tail follow yes mp-log x.log
debug dataplane packet-diag show setting
validate full
get system status
diagnose sys session list
diag sys top
diagnose debug crashlog read
diagnose sniffer packet any 'host 1.1.1.1' 4
diagnose vpn tunnel list
diagnose hardware deviceinfo nic port1
execute ping 1.1.1.1
exec ping-options source 1.1.1.1
execute log filter category 1
execute log display
execute time
fnsysctl ls
display version
display interface brief | include up
tracert 1.1.1.1
screen-length 0 temporary
/ip address print
/ip/address/print where disabled
ip address print
interface print stats
/interface pr stats
/export
/tool fetch url="https://x" output=none
:put [/system resource get uptime]
/log print follow
/tool torch ether1
/ping 1.1.1.1 count=3
/system package update check-for-updates
/interface monitor-traffic ether1 once
tmsh list ltm pool
tmsh show sys version
tmsh -c "show ltm pool"
tmsh run util bash -c "df -h"
list ltm pool
run util ping 1.1.1.1
clish -c "show version"
fw stat
fw ctl pstat
cphaprob stat
cplic print
vpn tu tlist
switchshow
porterrshow
net show bgp
nv show interface
show version; show inventory
show version
sw1#show version
r1> show ip int br
<SW>display ver
monitor interfaces
compare
stat lb vserver
show ns runningConfig
tcpdump -ni 0.0
show ?
do sh ip int br
tools dump router
admin display-config
oam ping
info
show system resources
telnet 1.1.1.1 25
show checkpoint
"""

CHANGES = r"""
ap name AP1 reset
debug dataplane packet-diag set log on
execute log delete-all
show log > flash:l.txt
/file remove x
no failover active
config firewall policy
diagnose debug enable
diagnose vpn ike restart
tmsh run cm config-sync to-group dg1
show tech-support | append flash:t.txt
no ip route 0.0.0.0 0.0.0.0
install remove inactive
set hostname x
hw-module module 2 reset
delete flash:old.bin
request system snapshot
reset counters interface GE0/0/1
/system backup save name=x
copy /noconfirm run tftp://10.8.0.9/x
/ip dhcp-client renew 0
request system reboot in 5
username x secret y
erase startup-config
disable service svc1
configure private
show run | include a | redirect flash:x
show run > bootflash:x
show tech | tee flash:x
undebug all
configure t
conf t
int gi1/0/1
no shut
wr mem
copy run start
clear counters
debug ip packet
monitor capture x start
monitor traffic interface ge-0/0/0 write-file x.pcap
test cable-diagnostics tdr interface gi1/0/1
reload in 5
archive config
failover active
capture x interface inside
commit
commit confirmed 5
rollback 1
request support information | save x
request system reboot
request chassis routing-engine master switch
request high-availability state suspend
request system external-list refresh name x
set system host-name x
set deviceconfig system hostname x
delete interfaces ge-0/0/1
file delete /x
debug dataplane packet-diag set capture on
diagnose sys session clear
diagnose debug flow trace start 10
diagnose debug application ike -1
diagnose vpn tunnel flush
diagnose test application ipsmonitor 99
execute reboot
execute backup config tftp x 1.1.1.1
execute dhcp lease-clear all
execute time 10:00:00
config system interface
edit port1
reset counters interface
undo shutdown
system-view
save
/interface disable ether1
/system reboot
/export file=x
/tool fetch url="https://x"
/tool fetch url="https://x" http-method=post output=none
/ip firewall connection remove [find]
:log info "x"
/system package update install
/ip dns cache flush
tmsh modify ltm pool x
tmsh save sys config
fw unloadlocal
cpstop
clusterXL_admin down
portstatsclear 1
cfgsave
supportsave
net add vlan 5
nv set interface x
clear counters
configure exclusive
restart vpn
reset vpn ipsec-peer 1.1.1.1
renew dhcp interface eth0
set lb vserver x
force ha failover
nstrace
tcpdump -w x
do clear arp
tools perform router isis
admin save
event manager applet x
snmp-server community x
hostname x
ntp server 1.1.1.1
show run | email x
install add file x
install all nxos bootflash:x
checkpoint x
redundancy force-switchover
process restart bgp
hw-module subslot 0/1 reload
clock set 10:00 1 jan 2025
crypto key generate rsa
crypto pki authenticate x
access-list 1 permit any
"""

UNKNOWN = r"""
tclsh
/import file-name=x.rsc
python
guestshell run python3 x.py
op url x
acmecli show
source flash:cmds.txt
tclsh x
event manager run X
guestshell run python x.py
bash python3 /x.py
op myscript
start shell
execute auto-script start x
/system script run x
/import x.rsc
clish -f x
frobnicate
acmecli status
ssh -l x 1.1.1.1
python x.py
"""


CASES: list[tuple[str, Effect]] = [
    *((line, "reads") for line in READS.strip().splitlines()),
    *((line, "changes") for line in CHANGES.strip().splitlines()),
    *((line, "unknown") for line in UNKNOWN.strip().splitlines()),
]


@pytest.mark.parametrize(("line", "effect"), CASES)
def test_network(line: str, effect: Effect) -> None:
    """Every line is labelled by all that it may do."""
    assert effect_of(line, "network") == effect
