"""A kernel with all of cgroup v2, in a virtual machine, for the tests of limits."""
