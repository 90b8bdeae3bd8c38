# Yours: any builder that writes a disk (qemu, virtualbox-iso, vmware-iso, hyperv-iso, proxmox…).
variable "iso_url" {
  type    = string
  default = "debian-12-netinst-amd64.iso"
}

variable "iso_checksum" {
  type    = string
  default = "none"
}

source "qemu" "image" {
  iso_url          = var.iso_url
  iso_checksum     = var.iso_checksum
  ssh_username     = "root"
  shutdown_command = "poweroff"
  output_directory = "output"
  vm_name          = "web01.qcow2"
  format           = "qcow2"
  headless         = true
}
