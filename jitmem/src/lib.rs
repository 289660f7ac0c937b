//! Executable memory: W^X by type, cache maintenance, an arena of functions.

