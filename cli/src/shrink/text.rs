//! Numbers of values and blocks in the order in which they are read.

use std::collections::HashMap;

/// The text of a module with its `v7` and `block3` numbered anew in each function, without names from a source.
pub(crate) fn renumbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut known: HashMap<String, String> = HashMap::new();
    let (mut values, mut blocks) = (0, 0);
    for line in text.split_inclusive('\n') {
        if line.starts_with("fn ") {
            known.clear();
            (values, blocks) = (0, 0);
        }
        let mut quoted = false;
        let mut word = String::new();
        let mut before = ' ';
        for c in line.chars().chain(['\0']) {
            if c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '@') {
                word.push(c);
                continue;
            }
            let id = word.split('.').next().unwrap_or_default();
            let counter = if is_numbered(id, "v") {
                Some(("v", &mut values))
            } else if is_numbered(id, "block") {
                Some(("block", &mut blocks))
            } else {
                None
            };
            match counter {
                // What stands in quotes is a name.
                Some((prefix, counter)) if !quoted && before != '"' => {
                    let new = known.entry(id.to_owned()).or_insert_with(|| {
                        *counter += 1;
                        format!("{prefix}{}", *counter - 1)
                    });
                    out.push_str(new);
                }
                _ => out.push_str(&word),
            }
            word.clear();
            quoted ^= c == '"';
            before = c;
            if c != '\0' {
                out.push(c);
            }
        }
    }
    out
}

fn is_numbered(word: &str, prefix: &str) -> bool {
    word.strip_prefix(prefix)
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::renumbered;

    #[test]
    fn numbers_follow_the_text() {
        let text = "fn @v3(i8) -> i8 {\nblock4(v9: i8):\n  v70.x: i8 = add v9, v9\n  jump block2(v70.x)\nblock2(v1: i8):\n  ret v1\n}\n\
            fn @g() {\nblock7:\n  ret\n}\n";
        let expected = "fn @v3(i8) -> i8 {\nblock0(v0: i8):\n  v1: i8 = add v0, v0\n  jump block1(v1)\nblock1(v2: i8):\n  ret v2\n}\n\
            fn @g() {\nblock0:\n  ret\n}\n";
        assert_eq!(renumbered(text), expected);
    }
}
