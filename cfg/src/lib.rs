//! Flow graphs over the IR: orders, dominators, frontiers, loops, critical edges.
#![forbid(unsafe_code)]
