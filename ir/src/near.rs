//! The name that was probably meant by a mistyped one, for messages of every reader.

/// Longer words are not compared: the time would grow with the square of their length.
const MAX_LENGTH: usize = 64;

/// The candidate that `word` probably stands for: one with the same parts between underscores, or with more or fewer of
/// them, else the one with the fewest edits if they are few for its length. The first of several.
///
/// ```
/// assert_eq!(ir::nearest("usb", ["add", "sub"]), Some("sub"));
/// assert_eq!(ir::nearest("out_of_bounds", ["out_of_fuel", "index_out_of_bounds"]), Some("index_out_of_bounds"));
/// assert_eq!(ir::nearest("br", ["or"]), None);
/// ```
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = word.chars().take(MAX_LENGTH + 1).collect();
    if letters.is_empty() || letters.len() > MAX_LENGTH {
        return None;
    }
    let most = (letters.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let chars: Vec<char> = candidate.chars().take(MAX_LENGTH + 1).collect();
        if chars.len() > MAX_LENGTH {
            continue;
        }
        let edits = match shares_parts(word, candidate) {
            true => 0,
            false if chars.len().abs_diff(letters.len()) > most => continue,
            false => distance(&letters, &chars),
        };
        // A change of half of the letters is no likeness.
        let alike = edits <= most && 2 * edits < letters.len().max(chars.len());
        if alike && best.is_none_or(|(least, _)| edits < least) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Returns `true` if one of the words has all parts of the other, and two at least.
fn shares_parts(a: &str, b: &str) -> bool {
    let all = |of: &str, among: &str| of.split('_').all(|part| among.split('_').any(|p| p == part));
    let several = |word: &str| word.contains('_');
    (several(a) && all(a, b)) || (several(b) && all(b, a))
}

/// How many letters must be put in, taken out, replaced, or exchanged with a neighbour to make one word the other
/// (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(x != y);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_is_suggested() {
        let ops = ["add", "and", "sub", "float_to_sint", "or", "shl", "float_to_sint_sat"];
        for (word, meant) in [
            ("ad", Some("add")),
            ("usb", Some("sub")),
            ("float_to_sin", Some("float_to_sint")),
            ("sint_to_float", Some("float_to_sint")),
            ("frobnicate", None),
            ("br", None),
            ("phi", None),
            ("x", None),
            ("", None),
            (&"a".repeat(1_000_000), None),
        ] {
            assert_eq!(nearest(word, ops), meant, "{word:.20}");
        }
        let names = ["run", "stages", "asm", "test", "help"];
        assert_eq!(nearest("rnu", names), Some("run"));
        assert_eq!(nearest("stage", names), Some("stages"));
        assert_eq!(nearest("tset", names), Some("test"));
        assert_eq!(nearest("compile", names), None);
    }
}
