"""nftables: what a ruleset file sets up, and what becomes of a packet there; nft(8).

A part of the language is read. What lies outside it is kept as a problem, so that nobody takes a
guess for a verdict.
"""
