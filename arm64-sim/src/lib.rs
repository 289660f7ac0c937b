//! Runs ARM64 code on any host, counts it exactly, checks what hardware forgives.

