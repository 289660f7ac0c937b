//! The words of a command line after the verb.

use std::ffi::OsString;
use std::path::PathBuf;

use opt::Level;

use crate::Failure;

/// An option of a verb.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    /// What the help calls its value, if it has one.
    pub(crate) value: Option<&'static str>,
    pub(crate) doc: &'static str,
}

/// `--level`, which several verbs have.
pub(crate) const LEVEL: Choice = Choice {
    name: "level",
    value: Some("none|speed"),
    doc: "How much to optimise (default: speed).",
};

/// `--without`, for whoever asks what a pass is good for, or whether it is to blame.
pub(crate) const WITHOUT: Choice = Choice {
    name: "without",
    value: Some("PASS,…"),
    doc: "Leave out these passes; `jitsu stages` names them.",
};

/// `--output`, also written `-o`.
pub(crate) const OUTPUT: Choice = Choice {
    name: "output",
    value: Some("FILE"),
    doc: "Where to write what comes out, also -o FILE (default: standard output).",
};

/// The words, sorted out.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) words: Vec<OsString>,
    options: Vec<(&'static str, String)>,
}

impl Args {
    /// Sorts out `words`. What looks like a negative number is a word, not an option; all is words after `--`.
    pub(crate) fn read(
        verb: &str,
        choices: &'static [Choice],
        words: impl Iterator<Item = OsString>,
    ) -> Result<Self, Failure> {
        let mut args = Args { words: Vec::new(), options: Vec::new() };
        let mut parser = lexopt::Parser::from_args(words);
        loop {
            if let Some(mut raw) = parser.try_raw_args() {
                let negative = raw.peek().and_then(|word| word.to_str()).is_some_and(|word| {
                    word.strip_prefix('-').is_some_and(|rest| {
                        rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') || rest == "inf"
                    })
                });
                if negative {
                    args.words.extend(raw.next());
                    continue;
                }
            }
            let usage = |error: lexopt::Error| Failure::Usage(format!("error: {error}"));
            match parser.next().map_err(usage)? {
                None => return Ok(args),
                Some(lexopt::Arg::Value(word)) => args.words.push(word),
                Some(lexopt::Arg::Long(name)) => {
                    let name = name.to_owned();
                    if name == "help" {
                        args.options.push(("help", String::new()));
                        continue;
                    }
                    let Some(choice) = choices.iter().find(|choice| choice.name == name) else {
                        return Err(unknown(verb, &format!("--{name}"), &name, choices));
                    };
                    let value = match choice.value {
                        Some(what) => parser.value().map_err(|_| {
                            Failure::Usage(format!("error: `--{name}` needs a value: {what}"))
                        })?,
                        None => OsString::new(),
                    };
                    args.options.push((choice.name, value.to_string_lossy().into_owned()));
                }
                Some(lexopt::Arg::Short('h')) => args.options.push(("help", String::new())),
                Some(lexopt::Arg::Short('o')) if choices.iter().any(|c| c.name == OUTPUT.name) => {
                    let file = parser.value().map_err(usage)?;
                    args.options.push((OUTPUT.name, file.to_string_lossy().into_owned()));
                }
                Some(lexopt::Arg::Short(letter)) => {
                    return Err(unknown(verb, &format!("-{letter}"), "", choices));
                }
            }
        }
    }

    /// Returns `true` if an option was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| *option == name)
    }

    /// The value of an option; the last one counts.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .rev()
            .find(|(option, _)| *option == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first word, as the name of a file.
    pub(crate) fn file(&self, verb: &str) -> Result<PathBuf, Failure> {
        self.words.first().map(PathBuf::from).ok_or_else(|| {
            Failure::Usage(format!(
                "error: which file? For example: jitsu {verb} examples/mandelbrot.rs"
            ))
        })
    }

    /// The word after the file, and no more.
    pub(crate) fn function(&self) -> Result<Option<String>, Failure> {
        if let Some(extra) = self.words.get(2) {
            let extra = extra.to_string_lossy();
            return Err(Failure::Usage(format!(
                "error: `{extra}` is one word too many: a file and a function are expected"
            )));
        }
        Ok(self.words.get(1).map(|word| word.to_string_lossy().into_owned()))
    }

    /// The passes that run: all but those of `--without`.
    pub(crate) fn limit(&self) -> Result<opt::Limit, Failure> {
        let mut limit = opt::Limit::NONE;
        for name in self.value(WITHOUT.name).into_iter().flat_map(|names| names.split(',')) {
            if !limit.without.insert(name.trim()) {
                return Err(no_such_pass(name.trim()));
            }
        }
        Ok(limit)
    }

    /// The value of `--level`.
    pub(crate) fn level(&self) -> Result<Level, Failure> {
        match self.value("level") {
            None => Ok(Level::Speed),
            Some(name) => one_of("level", name, &[("none", Level::None), ("speed", Level::Speed)]),
        }
    }
}

fn no_such_pass(name: &str) -> Failure {
    let passes = || opt::PASSES.iter().filter(|pass| !pass.is_needed()).map(|pass| pass.name);
    Failure::Usage(match opt::Pass::named(name) {
        Some(_) => format!("error: `--without {name}`: no code can be generated without this pass"),
        None => match ir::nearest(name, passes()) {
            Some(near) => {
                format!("error: `--without {name}`: there is no such pass; is `{near}` meant?")
            }
            None => format!(
                "error: `--without {name}`: there is no such pass; there are {}",
                passes().collect::<Vec<_>>().join(", ")
            ),
        },
    })
}

/// The item that an option's value names.
pub(crate) fn one_of<T: Copy>(
    option: &str,
    name: &str,
    items: &[(&'static str, T)],
) -> Result<T, Failure> {
    items.iter().find(|(item, _)| *item == name).map(|&(_, item)| item).ok_or_else(|| {
        let names: Vec<&str> = items.iter().map(|(item, _)| *item).collect();
        let meant = match ir::nearest(name, names.iter().copied()) {
            Some(near) => format!("; is `{near}` meant?"),
            None => String::new(),
        };
        Failure::Usage(format!(
            "error: `--{option} {name}`: it is one of {}{meant}",
            names.join(", ")
        ))
    })
}

fn unknown(verb: &str, written: &str, name: &str, choices: &[Choice]) -> Failure {
    let names = choices.iter().map(|choice| choice.name).chain(["help"]);
    let meant = match ir::nearest(name, names) {
        Some(near) => format!("; is `--{near}` meant?"),
        None => format!("; `jitsu {verb} --help` lists its options"),
    };
    Failure::Usage(format!("error: `jitsu {verb}` has no option `{written}`{meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOICES: &[Choice] = &[LEVEL, Choice { name: "diff", value: None, doc: "" }];

    fn read(words: &[&str]) -> Result<Args, String> {
        Args::read("verb", CHOICES, words.iter().map(OsString::from))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn words_options_and_negative_numbers() {
        let args = read(&["file", "--diff", "-5", "--level=none", "-1.5", "--", "--x"]).unwrap();
        assert_eq!(args.words, ["file", "-5", "-1.5", "--x"]);
        assert!(args.has("diff"));
        assert_eq!(args.level().unwrap(), Level::None);
    }

    #[test]
    fn mistyped_options_suggest_the_near_one() {
        assert_eq!(
            read(&["--dif"]).unwrap_err(),
            "error: `jitsu verb` has no option `--dif`; is `--diff` meant?"
        );
        assert_eq!(read(&["--level"]).unwrap_err(), "error: `--level` needs a value: none|speed");
        let args = read(&["--level", "sped"]).unwrap();
        assert_eq!(
            args.level().unwrap_err().to_string(),
            "error: `--level sped`: it is one of none, speed; is `speed` meant?"
        );
    }
}
