//! The difference between two texts, by lines (Myers, *An O(ND) difference algorithm and its variations*, 1986).

/// The most lines that a difference may have; beyond that all is replaced, which is as good to read.
const MOST_EDITS: usize = 2000;

/// A line of a difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line<'a> {
    Same(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// The shortest way from `old` to `new`.
pub(crate) fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let (n, m) = (a.len() as isize, b.len() as isize);
    let most = (a.len() + b.len()).min(MOST_EDITS) as isize;
    // For each number of edits: how far each diagonal gets.
    let mut trace: Vec<Vec<isize>> = Vec::new();
    let mut reach = vec![0isize; 2 * most as usize + 3];
    let at = |k: isize| (k + most + 1) as usize;
    let mut found = None;
    'search: for edits in 0..=most {
        trace.push(reach.clone());
        for k in (-edits..=edits).step_by(2) {
            let down = k == -edits || (k != edits && reach[at(k - 1)] < reach[at(k + 1)]);
            let mut x = if down { reach[at(k + 1)] } else { reach[at(k - 1)] + 1 };
            while x < n && x - k < m && a[x as usize] == b[(x - k) as usize] {
                x += 1;
            }
            reach[at(k)] = x;
            if x >= n && x - k >= m {
                found = Some(edits);
                break 'search;
            }
        }
    }
    let Some(edits) = found else {
        return a.into_iter().map(Line::Removed).chain(b.into_iter().map(Line::Added)).collect();
    };
    let mut out = Vec::new();
    let (mut x, mut y) = (n, m);
    for edits in (0..=edits).rev() {
        let reach = &trace[edits as usize];
        let k = x - y;
        let down = k == -edits || (k != edits && reach[at(k - 1)] < reach[at(k + 1)]);
        let from = if down { k + 1 } else { k - 1 };
        let (before_x, before_y) =
            if edits == 0 { (0, 0) } else { (reach[at(from)], reach[at(from)] - from) };
        while x > before_x && y > before_y && x > 0 && y > 0 {
            x -= 1;
            y -= 1;
            out.push(Line::Same(a[x as usize]));
        }
        if edits > 0 {
            if down {
                y -= 1;
                out.push(Line::Added(b[y as usize]));
            } else {
                x -= 1;
                out.push(Line::Removed(a[x as usize]));
            }
        }
    }
    out.reverse();
    out
}

/// The difference as text: `-` and `+` lines with a few lines around.
pub(crate) fn show(old: &str, new: &str) -> String {
    const AROUND: usize = 2;
    let lines = lines(old, new);
    let changed: Vec<bool> = lines.iter().map(|line| !matches!(line, Line::Same(_))).collect();
    let mut out = String::new();
    let mut skipped = false;
    for (index, line) in lines.iter().enumerate() {
        let near = index.saturating_sub(AROUND)..(index + AROUND + 1).min(lines.len());
        if !changed[near].contains(&true) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            out.push_str("  …\n");
        }
        let (sign, text) = match line {
            Line::Same(text) => (' ', text),
            Line::Removed(text) => ('-', text),
            Line::Added(text) => ('+', text),
        };
        out.push(sign);
        out.push_str(text);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn changes_are_shown_with_what_is_around() {
        let old = "a\nb\nc\nd\ne\nf\n";
        assert_eq!(show(old, "a\nb\nc\nd\nX\nf\n"), "  …\n c\n d\n-e\n+X\n f\n");
        assert_eq!(show(old, old), "");
        assert_eq!(show("", "a\n"), "+a\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        #[test]
        fn a_difference_holds_both_texts(
            old in proptest::collection::vec("[abc]", 0..20),
            new in proptest::collection::vec("[abc]", 0..20),
        ) {
            let (old, new) = (old.join("\n"), new.join("\n"));
            let lines = lines(&old, &new);
            let side = |added: bool| -> Vec<&str> {
                lines.iter().filter_map(|line| match *line {
                    Line::Same(text) => Some(text),
                    Line::Removed(text) => (!added).then_some(text),
                    Line::Added(text) => added.then_some(text),
                }).collect()
            };
            prop_assert_eq!(side(false), old.lines().collect::<Vec<_>>());
            prop_assert_eq!(side(true), new.lines().collect::<Vec<_>>());
        }
    }
}
