"""What POSIX lines do: tools by their options, what is fed in, programs on the line."""

import pytest

from stillfixed.actors.verdicts import Effect, effect_of

READS = r"""
ip a s dev eth0
ip l show
ip -br l
ip ro g 1.1.1.1
ip netns exec blue ip a
tc q s dev eth0
nmcli d
nmcli c s
nmcli d w
btrfs fi us /
squid -k parse
swapon
timedatectl --no-pager
hostnamectl --static
python3 -c 'import re; print(re.compile("a").findall("aa"))'
python3 -c 'import os; os.system("uptime")'
perl -MSocket -e 'print inet_ntoa(scalar gethostbyname("h"))'
ruby -e 'puts Time.now'
node -e 'console.log(process.version)'
php -r 'echo phpversion();'
echo "show stat" | socat stdio /var/run/haproxy.sock
echo ruok | nc zk1 2181
echo "select 1" | mysql
echo p | fdisk /dev/sda
chrt -p 333
docker compose -f x.yml ps
kubectl --kubeconfig /x get po
virsh -c qemu:///system list --all
aws ec2 describe-instances
az vm list -o table
ansible all -m ping
ansible web -a uptime
f() { uptime; }; f
ls | xargs -n1 -I{} sh -c 'cat {}'
sed -n '$p;/x/!d' f
awk '{print | "sort"}' f
ntpdate -q h
mount -t nfs
systemctl --failed
passwd -S root
iptables -nvL
nft -c -f x
hdparm -tT /dev/sda
zfs list -t snapshot
git -C /srv log -3
git config user.name
make -n
sqlite3 x.db .tables
mongosh --eval 'db.stats()'
rabbitmqctl list_queues
postqueue -p
exim -bp
openssl x509 -in c.pem -noout -dates
launchctl print system
diskutil verifyVolume /
defaults read x
bash <<< uptime
"""

CHANGES = r"""
exec 3<>/tmp/x
ip l s eth0 up
ip n f dev eth0
nmcli con up x
nmcli c d x
nmcli r w off
btrfs f def /
squid -k reconfigure
cupsctl -E
hostnamectl set-hostname x
python3 -c 'import os; os.system("reboot")'
python3 -m http.server
perl -e 'unlink "x"'
echo "disable server b/s" | socat stdio /var/run/haproxy.sock
echo 'flush privileges' | mysql -u root
echo "rm -rf /tmp/x" | ssh h bash
trap 'rm -f /x' EXIT; uptime
chrt -p 10 333
docker compose -f x.yml up -d
kubectl -n a rollout restart deploy/x
aws ec2 stop-instances --instance-ids i-1
aws s3 cp a s3://b
az vm restart -n x -g y
gcloud compute ssh vm1 --command 'sudo systemctl restart x'
ansible web -m service -a 'name=x state=restarted'
xargs -a list.txt rm
sed -n 's/a/b/w out' f
awk 'BEGIN{system("reboot")}'
date 010112002024
mount -a
iptables -F
nft -f x
smartctl -t long /dev/sda
mdadm --manage /dev/md0 --add /dev/sdb
zpool scrub tank
vgchange -ay
git config user.name x
redis-cli -h a config set maxmemory 1
mongosh --eval 'db.x.drop()'
postqueue -f
exim -Mrm x
openssl req -new -key k -out c.csr
tcpdump -w x.pcap
diskutil repairVolume /
defaults write x y z
psql <<< 'drop table x'
"""

UNKNOWN = r"""
sed 's/a/b/e' f
npm run check
make
"""


CASES: list[tuple[str, Effect]] = [
    *((line, "reads") for line in READS.strip().splitlines()),
    *((line, "changes") for line in CHANGES.strip().splitlines()),
    *((line, "unknown") for line in UNKNOWN.strip().splitlines()),
]


@pytest.mark.parametrize(("line", "effect"), CASES)
def test_posix(line: str, effect: Effect) -> None:
    """Every line is labelled by all that it may do."""
    assert effect_of(line, "posix") == effect
