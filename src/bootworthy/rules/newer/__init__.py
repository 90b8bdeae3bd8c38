"""Rules of area NEW: NVMe, accelerated networking, Trusted Launch, Arm64."""
