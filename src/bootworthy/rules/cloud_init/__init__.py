"""cloud-init: present, enabled, and told about Azure."""
