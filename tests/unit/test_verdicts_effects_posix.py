"""What POSIX lines do: tools by their options, what is fed in, programs on the line."""

import pytest

from stillfixed.actors.verdicts import Effect, effect_of

READS = r"""
mount --fake /mnt
ssh web1 -p 22 df -h
ssh -J bastion web1 -- df -h
psql -c '\l+'
sqlite3 f.db .dump | head
dovecot -n
less /etc/hosts
psql -l
sfdisk -d /dev/sda
ls >/dev/null 2>&1; echo $?
ssh web1 df -h > /dev/null
mysql -N -B -e "select count(*) from t where status='delete'"
for i in {1..5}; do curl -s -o /dev/null -w '%{time_total}\n' http://x/; done
git stash list
export X=$(cat /etc/hostname)
curl telnet://h:25 --max-time 2
ls 2>&1 | head
visudo -cf /etc/sudoers.d/x
echo $(date)
psql -c "begin; select 1; rollback"
psql -c '\dt'
git ls-remote u
rsync -av --dry-run --delete a/ b/
echo "it's $(hostname)"
python3 --version
awk '{ if ($3 > 100) print }' f
perl -e 'print scalar localtime'
named-checkconf /etc/named.conf
parted /dev/sda print
systemctl restart --help
[[ "$a" > "$b" ]] || echo no
su - app -c 'whoami'
sqlite3 f.db .dump | head
http GET x/health
df -h # > out.txt
nice -n 19 du -sh /srv
pip install --dry-run x
sysctl -a | grep swappiness
apt-get install -s nginx
(cd /tmp && ls)
awk 'BEGIN { "date" | getline d; print d }'
mount --fake -v /mnt
curl --head --location http://x/
certbot renew --dry-run -q
case $(uname) in Linux) free -m;; Darwin) vm_stat;; esac
timeout 5 bash -c '</dev/tcp/h/22' && echo open
exec 2>/dev/null; df
helm install x y --dry-run --debug
mysql -e 'show master status' -u root -p
java -version
git push --dry-run
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
mount -f /dev/sda1 /mnt
ssh web1 -p 22 reboot
psql -c '\copy t to program $$x$$'
echo $(rm -v x)
sudo sh -c "iptables-save > /root/x"
http POST x/api a=1
sqlite3 f.db 'pragma journal_mode=wal'
sudo -u postgres psql -c 'select pg_promote()'
: > /var/log/x
curl -D h.txt http://x/
kubectl create deploy x --image=y
watch -n1 'df -h | tee -a /tmp/x'
openssl s_client -connect h:443 </dev/null > c.txt
git clone u
systemctl edit x
vim /etc/hosts
case $1 in start) systemctl start x;; esac
psql -c "explain analyze delete from t"
psql -c "with d as (delete from t returning *) select * from d"
sudo bash -c 'echo 1 > /proc/sys/vm/drop_caches'
while read f; do rm "$f"; done < list
diff <(ls a) <(rm b)
kubectl edit deploy x
nc -l -p 9999 > got
kubectl exec -it web-0 -- sh -c 'kill 1'
tee /etc/x <<< a
git stash
strace -o t.txt ls
logrotate -f /etc/logrotate.conf
{ date; df -h; } > /tmp/report
echo '* * * * * x' | crontab -
nano /etc/hosts
visudo
sqlite3 f.db .dump > f.sql
ls 2> err.log
python3 -m pip install x
nc -l 8080
if grep -q x f; then sed -i s/x/y/ f; fi
zfs destroy tank/x
git tag v1
time -o t.txt ls
ls &> out.log
su - app -c 'rm x'
awk 'BEGIN { while ((getline line < "f") > 0) print line >> "g" }'
git remote add o u
virsh edit x
mysql -u root -e 'reset master'
docker exec web sh -c 'echo x > /tmp/y'
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
psql -c '\i f.sql'
/usr/local/bin/acme status
php artisan queue:restart
node x.js
./configure
java -jar x.jar
$(cat cmd)
ruby x.rb
bash -c "$X"
sh /etc/rc.local
python3 app.py --check
acme-agent --version
bash x.sh
. ./x
eval "$(cat x)"
perl x.pl
source ~/.bashrc
ssh web1
sudo /opt/x/y
ssh web1 < cmds.txt
python3 -m mymod
$EDITOR /etc/hosts
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
