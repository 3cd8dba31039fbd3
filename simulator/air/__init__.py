"""The virtual air: software units behind a Bluetooth controller, for hosts in this process or another."""
