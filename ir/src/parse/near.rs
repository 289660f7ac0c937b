//! Finds the name that was probably meant.

/// Longer words are not compared: the time would grow with the square of their length.
const MAX_LENGTH: usize = 40;

/// The candidate with the fewest changes from `word`, if they are few for its length; the first of several.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(MAX_LENGTH + 1).collect();
    if word.is_empty() || word.len() > MAX_LENGTH {
        return None;
    }
    let limit = word.len() / 3 + 1;
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let chars: Vec<char> = candidate.chars().take(MAX_LENGTH + 1).collect();
        if chars.len().abs_diff(word.len()) > limit || chars.len() > MAX_LENGTH {
            continue;
        }
        let distance = distance(&word, &chars);
        // A change of every letter is no likeness.
        let alike = distance <= limit && distance < word.len().max(chars.len());
        if alike && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
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
        let ops = ["add", "and", "sub", "float_to_sint"];
        assert_eq!(nearest("ad", ops), Some("add"));
        assert_eq!(nearest("usb", ops), Some("sub"));
        assert_eq!(nearest("float_to_sin", ops), Some("float_to_sint"));
        assert_eq!(nearest("frobnicate", ops), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest(&"a".repeat(1_000_000), ops), None);
    }
}
