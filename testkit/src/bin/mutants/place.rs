//! Finding the place of a fault by its text, so that it survives the moving of code and the breaking of lines.

use std::ops::Range;

/// A text without its white space.
pub(crate) fn folded(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The one place in `source` where `old` stands, as bytes; white space does not count. `within` narrows the search to
/// the items that start on a line with this text. The error says what is wrong with the data.
pub(crate) fn find(source: &str, within: Option<&str>, old: &str) -> Result<Range<usize>, String> {
    let ranges = match within {
        None => std::iter::once(0..source.len()).collect(),
        Some(text) => items(source, text),
    };
    if ranges.is_empty() {
        return Err(format!("`{}` stands nowhere in the file", within.unwrap_or_default()));
    }
    let mut places: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        for place in places_in(&source[range.clone()], old) {
            let place = range.start + place.start..range.start + place.end;
            // One item may hold another that is found too.
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    match places.as_slice() {
        [place] => Ok(place.clone()),
        [] => Err("its `-` text stands nowhere there".to_owned()),
        _ => {
            let lines: Vec<String> =
                places.iter().map(|place| line_of(source, place.start).to_string()).collect();
            Err(format!("its `-` text stands at several places, lines {}", lines.join(", ")))
        }
    }
}

/// The line, counted from 1, of a byte.
pub(crate) fn line_of(source: &str, at: usize) -> usize {
    source[..at].matches('\n').count() + 1
}

fn places_in(source: &str, old: &str) -> Vec<Range<usize>> {
    let text: Vec<(usize, char)> =
        source.char_indices().filter(|(_, c)| !c.is_whitespace()).collect();
    let old: Vec<char> = old.chars().filter(|c| !c.is_whitespace()).collect();
    let (Some(first), Some(last)) = (old.first(), old.last()) else { return Vec::new() };
    let mut places = Vec::new();
    for window in text.windows(old.len()) {
        if !window.iter().map(|(_, c)| c).eq(&old) {
            continue;
        }
        let (start, (end, _)) = (window[0].0, window[window.len() - 1]);
        let end = end + last.len_utf8();
        // `max` is not where `x` stands.
        let cut =
            |outside: Option<char>, inside: &char| is_word(*inside) && outside.is_some_and(is_word);
        if cut(source[..start].chars().next_back(), first)
            || cut(source[end..].chars().next(), last)
        {
            continue;
        }
        places.push(start..end);
    }
    places
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The items that start on a line with this text: up to the line that closes them, as rustfmt indents it.
fn items(source: &str, text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        lines.push((at, line.trim_end()));
        at += line.len();
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut found = Vec::new();
    for (index, (start, line)) in lines.iter().enumerate() {
        if !has_words(line, text) || line.trim_start().starts_with("//") {
            continue;
        }
        let opens = !line.ends_with(['}', ';', ',']);
        let end = lines[index..].iter().find(|(at, later)| {
            !opens
                || (at > start
                    && indent(later) == indent(line)
                    && later.trim_start().starts_with('}'))
        });
        let end = end.map_or(source.len(), |(at, later)| at + later.len());
        found.push(*start..end);
    }
    found
}

/// Returns `true` if the text stands in the line and does not end or start in the middle of a word.
fn has_words(line: &str, text: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(is_word);
    line.match_indices(text).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + text.len()..]);
        let starts_inside = word(before.chars().next_back()) && word(text.chars().next());
        let ends_inside = word(after.chars().next()) && word(text.chars().next_back());
        !starts_inside && !ends_inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "impl A {\n    fn one(\n        self,\n    ) -> u32 {\n        if x { y }\n        a + b\n    }\n\n    \
        fn one_more() -> u32 {\n        a + b\n    }\n    fn short() -> u32 { a + b }\n}\n";

    fn found(within: Option<&str>, old: &str) -> Result<&'static str, String> {
        find(SOURCE, within, old).map(|place| &SOURCE[place])
    }

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(found(None, "fn one(self,)"), Ok("fn one(\n        self,\n    )"));
        assert_eq!(found(None, "if x\n{y}"), Ok("if x { y }"));
    }

    #[test]
    fn a_place_is_found_once_or_not_at_all() {
        let error = found(None, "a + b").unwrap_err();
        assert!(error.contains("lines 6, 10, 12"), "{error}");
        assert!(found(None, "a * b").unwrap_err().contains("nowhere"));
        // Parts of words are no places.
        assert!(found(None, "elf,").unwrap_err().contains("nowhere"));
        assert!(found(None, "self").is_ok());
    }

    #[test]
    fn an_item_narrows_the_search() {
        for (within, line) in [("fn one", 6), ("fn one_more", 10), ("fn short", 12)] {
            let place = find(SOURCE, Some(within), "a+b").unwrap();
            assert_eq!(line_of(SOURCE, place.start), line, "{within}");
        }
        assert!(found(Some("impl A"), "a + b").unwrap_err().contains("several"));
        assert!(found(Some("fn none"), "a + b").unwrap_err().contains("`fn none`"));
    }
}
