"""Rules of area TIME: clocks and what sets them."""
