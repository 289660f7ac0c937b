//! The near name for a mistyped one.

/// The name among `candidates` that `name` may be a typing error of: the nearest, if it is near enough.
pub(crate) fn similar<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|other| (distance(name, other), other))
        .filter(|&(edits, other)| edits <= allowed && edits < other.chars().count())
        .min()
        .map(|(_, other)| other)
}

/// Single-character edits, exchanges of neighbours included, between two words (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    // Longer words are not typing errors of anything, and the table is quadratic.
    const LONGEST: usize = 64;
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["run", "stages", "asm", "test", "help"];
        assert_eq!(similar("rnu", names), Some("run"));
        assert_eq!(similar("stage", names), Some("stages"));
        assert_eq!(similar("tset", names), Some("test"));
        assert_eq!(similar("compile", names), None);
        assert_eq!(similar("", names), None);
    }
}
