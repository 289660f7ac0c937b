//! Exhaustiveness: the arms of a `match` must cover every value. The algorithm is Maranget's usefulness ("Warnings for
//! pattern matching", JFP 2007), with integers split into the ranges that the patterns tell apart.

use super::Checker;
use crate::diag::Diagnostic;
use crate::tree::{Arm, Pat, PatKind};
use crate::ty::{Ty, TyKind};

/// Rows that the search may visit before it gives up on a `match` that is too large to decide.
const MAX_STEPS: usize = 200_000;

impl<'a> Checker<'a> {
    /// Reports a pattern of `let`, `for` or a parameter that does not match always.
    pub(super) fn check_irrefutable(&mut self, pat: &Pat) {
        if !self.covers(&[pat], pat.ty) {
            self.report(
                Diagnostic::new("E0005", pat.place, "refutable pattern in local binding")
                    .note("a `let`, `for` or parameter needs a pattern that matches always"),
            );
        }
    }

    pub(super) fn check_arms(&mut self, arms: &[Arm], ty: Ty, place: crate::diag::Place) {
        if self.types.is_error(ty) {
            return;
        }
        let pats: Vec<&Pat> =
            arms.iter().filter(|arm| arm.guard.is_none()).map(|arm| &arm.pat).collect();
        if !self.covers(&pats, ty) {
            let name = self.types.name(ty);
            self.report(
                Diagnostic::new(
                    "E0004",
                    place,
                    format!("non-exhaustive patterns: not every value of `{name}` is covered"),
                )
                .note("add an arm `_ => ...` for the values that are left"),
            );
        }
    }

    fn covers(&self, pats: &[&Pat], ty: Ty) -> bool {
        let rows: Vec<Vec<&Pat>> = pats.iter().map(|&pat| vec![pat]).collect();
        let mut steps = 0;
        !self.uncovered(rows, vec![ty], &mut steps)
    }

    /// Returns `true` if some value of these types is matched by no row.
    fn uncovered(&self, rows: Vec<Vec<&Pat>>, types: Vec<Ty>, steps: &mut usize) -> bool {
        *steps += 1;
        if rows.is_empty() || *steps > MAX_STEPS {
            return true;
        }
        let Some((&first, rest)) = types.split_first() else { return false };
        let rows = flatten(rows);
        let splits = |row: &Vec<&Pat>| {
            !matches!(strip(row[0]).kind, PatKind::Wild | PatKind::Bind(..) | PatKind::BindRef(_))
        };
        if !rows.iter().any(splits) {
            let rows = rows.into_iter().map(|row| row[1..].to_vec()).collect();
            return self.uncovered(rows, rest.to_vec(), steps);
        }
        match self.types.kind(first).clone() {
            TyKind::Tuple(items) => self.open(&rows, items, rest, steps),
            TyKind::Struct(id) => self.open(&rows, self.types.field_types(id), rest, steps),
            TyKind::Ref { to, .. } => self.open(&rows, vec![to], rest, steps),
            kind => {
                let limits = match kind {
                    TyKind::Bool => Some((0, 1)),
                    _ => self.pattern_limits(first),
                };
                let Some(limits) = limits else { return false };
                self.split(&rows, limits, matches!(kind, TyKind::Char), rest, steps)
            }
        }
    }

    /// Splits the first column, of numbers, into the parts that the patterns tell apart.
    fn split(
        &self,
        rows: &[Vec<&Pat>],
        (min, max): (i128, i128),
        is_char: bool,
        rest: &[Ty],
        steps: &mut usize,
    ) -> bool {
        // The points where some pattern begins or ends.
        let mut cuts = vec![min];
        if is_char {
            // There are no characters in the surrogates' range.
            cuts.extend([0xd800, 0xe000]);
        }
        let mut always = Vec::new();
        let mut ranges = Vec::new();
        for row in rows {
            match strip(row[0]).kind {
                PatKind::Range(lo, hi) => {
                    cuts.push(lo);
                    cuts.extend(hi.checked_add(1));
                    ranges.push((lo, hi, &row[1..]));
                }
                _ => always.push(&row[1..]),
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        ranges.sort_by_key(|&(lo, ..)| lo);
        // Each part begins at a cut and ends before the next one.
        let ends = cuts.iter().skip(1).map(|next| next - 1).chain([i128::MAX]);
        let mut ranges = ranges.into_iter().peekable();
        // Those that cover the part: each range is met where it begins, and is left where it ends.
        let mut open = Vec::new();
        for (&lo, hi) in cuts.iter().zip(ends) {
            open.extend(std::iter::from_fn(|| ranges.next_if(|range| range.0 <= lo)));
            open.retain(|range| range.1 >= lo);
            if lo < min || lo > hi.min(max) || (is_char && lo == 0xd800) {
                continue;
            }
            let left = if rest.is_empty() {
                always.is_empty() && open.is_empty()
            } else {
                let matching = open.iter().map(|range| range.2).chain(always.iter().copied());
                self.uncovered(matching.map(<[_]>::to_vec).collect(), rest.to_vec(), steps)
            };
            if left {
                return true;
            }
        }
        false
    }

    /// Replaces the first column by one for each part of its type.
    fn open(&self, rows: &[Vec<&Pat>], items: Vec<Ty>, rest: &[Ty], steps: &mut usize) -> bool {
        const WILD: &Pat =
            &Pat { kind: PatKind::Wild, ty: Ty::ERROR, place: crate::diag::Place::NONE };
        let opened = rows
            .iter()
            .map(|row| {
                let mut parts: Vec<&Pat> = vec![WILD; items.len()];
                match &strip(row[0]).kind {
                    PatKind::Parts(pats) => {
                        pats.iter().for_each(|(index, pat)| parts[*index] = pat)
                    }
                    PatKind::Deref(pat) => parts = vec![pat],
                    _ => {}
                }
                parts.extend(&row[1..]);
                parts
            })
            .collect();
        let types = items.into_iter().chain(rest.iter().copied()).collect();
        self.uncovered(opened, types, steps)
    }
}

/// A binding with a pattern is that pattern.
fn strip(mut pat: &Pat) -> &Pat {
    while let PatKind::Bind(_, Some(sub)) = &pat.kind {
        pat = sub;
    }
    pat
}

/// Makes each alternative of a `|` pattern in the first column a row.
fn flatten(rows: Vec<Vec<&Pat>>) -> Vec<Vec<&Pat>> {
    let mut flat = Vec::with_capacity(rows.len());
    for row in rows {
        let mut waiting = vec![row];
        while let Some(row) = waiting.pop() {
            match &strip(row[0]).kind {
                PatKind::Or(cases) => waiting.extend(cases.iter().map(|case| {
                    let mut copy = row.clone();
                    copy[0] = case;
                    copy
                })),
                _ => flat.push(row),
            }
        }
    }
    flat
}
