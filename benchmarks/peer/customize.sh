#!/bin/sh
# The article's steps for a Debian guest, as virt-customize runs them inside the appliance.
set -eu
export DEBIAN_FRONTEND=noninteractive
repository=/var/tmp/bench-packages

echo "deb [trusted=yes] file:$repository ./" >/etc/apt/sources.list.d/bench.list
apt="apt-get -y -q -o Dir::Etc::SourceList=/etc/apt/sources.list.d/bench.list -o Dir::Etc::SourceParts=-"
$apt update
$apt --no-install-recommends -o Dpkg::Options::=--force-confold install \
  waagent cloud-init cloud-guest-utils gdisk hyperv-daemons
rm -rf "$repository" /etc/apt/sources.list.d/bench.list

sed -i 's/^GRUB_CMDLINE_LINUX=.*/GRUB_CMDLINE_LINUX="console=ttyS0 earlyprintk=ttyS0 net.ifnames=0"/;
        s/^GRUB_CMDLINE_LINUX_DEFAULT=.*/GRUB_CMDLINE_LINUX_DEFAULT=""/' /etc/default/grub
printf 'hv_vmbus\nhv_storvsc\nhv_netvsc\n' >>/etc/initramfs-tools/modules
sed -i 's/^MODULES=.*/MODULES=most/' /etc/initramfs-tools/initramfs.conf
rm -f /etc/initramfs-tools/conf.d/resume
for initrd in /boot/initrd.img-*; do cp "$initrd" "$initrd.bak"; done
update-initramfs -u -k all
update-grub

systemctl enable ssh.service walinuxagent.service cloud-init.service
sed -i 's/Provisioning.Agent=auto/Provisioning.Agent=cloud-init/;
        s/ResourceDisk.Format=y/ResourceDisk.Format=n/;
        s/ResourceDisk.EnableSwap=y/ResourceDisk.EnableSwap=n/' /etc/waagent.conf
printf 'datasource_list: [ Azure ]\ndatasource:\n  Azure:\n    apply_network_config: False\n' \
  >/etc/cloud/cloud.cfg.d/91-azure_datasource.cfg
printf 'auto lo\niface lo inet loopback\nallow-hotplug eth0\niface eth0 inet dhcp\n' \
  >/etc/network/interfaces
sed -i '/\sswap\s/d' /etc/fstab
rm -f /swapfile /var/log/waagent.log /root/.bash_history
cloud-init clean
waagent -force -deprovision+user
passwd -l root
