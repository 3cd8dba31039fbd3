"""Software stimulators: memory, states and an output stage, with every fault that a real unit or its air can have."""
