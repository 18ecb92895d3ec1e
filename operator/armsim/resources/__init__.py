"""One file for each ARM type: its rules, its body, what the end of its operations does."""
