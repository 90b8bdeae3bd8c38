"""The Azure Linux agent and its companions."""
