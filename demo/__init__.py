"""The demo and the sandbox: a real control plane, a simulated Azure and the operator, for a person to watch and to try."""
