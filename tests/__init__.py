"""Tests, mirroring src/bootworthy, and the guests they run against."""
