# From the builder's disk to a fixed VHD for Azure: packer build .
variable "disk" {
  type        = string
  description = "What the builder writes: output_directory/vm_name."
  default     = "output/web01.qcow2"
}

variable "vhd" {
  type    = string
  default = "web01.vhd"
}

variable "bootworthy_options" {
  type        = string
  description = "Options of bootworthy prepare. The image is your own, so this machine may mount it."
  default     = "--trust-image"
}

build {
  sources = ["source.qemu.image"]

  post-processor "shell-local" {
    environment_vars = [
      "IMAGE=${var.disk}",
      "VHD=${var.vhd}",
      "OPTIONS=${var.bootworthy_options}",
    ]
    script = "${path.root}/bootworthy.sh"
  }
}
