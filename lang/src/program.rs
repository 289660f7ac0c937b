//! A checked program: what the checker hands to the lowering.

use std::collections::HashMap;
use std::rc::Rc;

use crate::diag::Place;
use crate::ids::{ConstId, FnId, Ty};
use crate::tree::Body;
use crate::ty::Types;
use crate::value::ConstValue;

/// A function of the program or the host.
#[derive(Debug)]
pub(crate) struct FnInfo {
    /// As the IR calls it.
    pub(crate) name: String,
    pub(crate) params: Vec<Ty>,
    pub(crate) result: Ty,
    /// The parameters of a generic function, which has no body once the program has been checked.
    pub(crate) generics: Vec<Ty>,
    /// Declared in an `extern` block.
    pub(crate) host: bool,
    pub(crate) needs_unsafe: bool,
    pub(crate) is_const: bool,
    pub(crate) place: Place,
    /// Part of the program only if something calls it.
    pub(crate) is_helper: bool,
    pub(crate) body: Option<Rc<Body>>,
}

/// A checked program.
#[derive(Debug)]
pub(crate) struct Program {
    /// The functions that 128-bit integers need, if the program mentions any.
    pub(crate) helpers: HashMap<String, FnId>,
    pub(crate) types: Types,
    pub(crate) fns: Vec<FnInfo>,
    pub(crate) consts: Vec<Rc<ConstValue>>,
}

impl Program {
    /// The value of a constant.
    pub(crate) fn value(&self, id: ConstId) -> &ConstValue {
        &self.consts[id.0 as usize]
    }
}
