//! Flow graphs over the IR: orders, dominators, frontiers, loops.
//!
//! Everything here is computed from a function whose blocks end in terminators (see [`ir::verify_function`]) and is a
//! snapshot: after a change to blocks or terminators, make it anew. [`Analyses`] keeps it for a row of passes.
//!
//! ```
//! use cfg::{DomTree, FlowGraph};
//! use ir::{FunctionBuilder, Type};
//!
//! let b = FunctionBuilder::new("diamond");
//! let c = b.param(Type::I8);
//! let (left, right, join) = (b.block("left"), b.block("right"), b.block("join"));
//! let entry = b.current_block();
//! b.branch(c, left, right);
//! b.switch_to(left);
//! b.jump(join);
//! b.switch_to(right);
//! b.jump(join);
//! b.switch_to(join);
//! b.ret(());
//! let func = b.finish().unwrap();
//!
//! let graph = FlowGraph::new(&func);
//! let dom = DomTree::new(&graph);
//! assert_eq!(dom.idom(join), Some(entry));
//! assert!(!dom.dominates(left, join));
//! ```
#![forbid(unsafe_code)]

pub mod analyses;
pub mod dom;
pub mod dot;
pub mod flow;
pub mod frontier;
pub mod loops;
pub mod unreachable;

pub use analyses::Analyses;
pub use dom::DomTree;
pub use dot::dot;
pub use flow::{Edge, FlowGraph};
pub use frontier::DominanceFrontiers;
pub use loops::{Loop, LoopForest};
pub use unreachable::drop_unreachable;
