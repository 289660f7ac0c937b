//! The grammar of the README is complete and is what the reader reads: every text of the tests and every random function
//! that is printed is a sentence of it, and every sentence that is made from it at random is read without a mistake in
//! its form.

use std::collections::{BTreeMap, BTreeSet};

use ir::{
    BinaryOp, FloatCC, IntCC, OverflowOp, ParseCode, RmwOp, Signature, TrapKind, Type, UnaryOp,
};
use testkit::{Families, Random, Shape};

/// The right side of a rule.
#[derive(Debug)]
enum Node {
    Terminal(String),
    Rule(String),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    /// At least so often, and at most once or any number of times.
    Repeat {
        node: Box<Node>,
        least: usize,
        once: bool,
    },
}

/// Rules of which no part may have a space before it but the first.
const WITHOUT_SPACE: [&str; 11] = [
    "value",
    "block",
    "var",
    "slot",
    "global",
    "name",
    "number",
    "natural",
    "decimal",
    "hexadecimal",
    "string",
];

struct Grammar {
    rules: BTreeMap<String, Node>,
    /// Rules that stand for one of some words.
    words: BTreeMap<&'static str, Vec<&'static str>>,
}

// ---- Reading the grammar ----

/// The tokens of the grammar: terminals keep their quotes.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' if rest.starts_with("(*") => {
                rest = rest.split_once("*)").unwrap().1.trim_start();
                continue;
            }
            '"' | '\'' => 2 + rest[1..].find(first).unwrap(),
            '}' if rest.starts_with("}-") => 2,
            'a'..='z' => rest.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap(),
            _ => 1,
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Alternatives up to a closing bracket or the end of the rule.
fn choice(tokens: &mut impl Iterator<Item = String>) -> (Node, String) {
    let (mut choices, mut sequence) = (Vec::new(), Vec::new());
    loop {
        let token = tokens.next().expect("a rule ends with `;`");
        match token.as_str() {
            "|" => choices.push(Node::Sequence(std::mem::take(&mut sequence))),
            "(" => sequence.push(choice(tokens).0),
            "[" => {
                let node = Box::new(choice(tokens).0);
                sequence.push(Node::Repeat { node, least: 0, once: true });
            }
            "{" => {
                let (node, close) = choice(tokens);
                let least = usize::from(close == "}-");
                sequence.push(Node::Repeat { node: Box::new(node), least, once: false });
            }
            ")" | "]" | "}" | "}-" | ";" => {
                choices.push(Node::Sequence(sequence));
                return (Node::Choice(choices), token);
            }
            quoted if quoted.starts_with(['"', '\'']) => {
                sequence.push(Node::Terminal(quoted[1..quoted.len() - 1].to_owned()));
            }
            name => sequence.push(Node::Rule(name.to_owned())),
        }
    }
}

impl Grammar {
    fn of_readme() -> Self {
        let readme = include_str!("../README.md");
        let text = readme.split_once("```ebnf\n").unwrap().1.split_once("```").unwrap().0;
        let mut rules = BTreeMap::new();
        let mut tokens = tokens(text).into_iter();
        while let Some(name) = tokens.next() {
            assert_eq!(tokens.next().as_deref(), Some("="), "{name}");
            assert!(rules.insert(name, choice(&mut tokens).0).is_none());
        }
        let names = |all: &[&'static str]| all.to_vec();
        let words = BTreeMap::from([
            ("unary", UnaryOp::ALL.iter().map(|op| op.info().name).collect()),
            ("binary", BinaryOp::ALL.iter().map(|op| op.info().name).collect()),
            ("overflow", OverflowOp::ALL.iter().map(|op| op.info().name).collect()),
            ("type", names(&Type::ALL.map(Type::name))),
            ("int-condition", IntCC::ALL.iter().map(|cc| cc.name()).collect()),
            ("float-condition", FloatCC::ALL.iter().map(|cc| cc.name()).collect()),
            ("rmw", RmwOp::ALL.iter().map(|op| op.name()).collect()),
            ("trap-kind", TrapKind::NAMED.iter().map(|kind| kind.name()).collect()),
        ]);
        // The README lists the short ones; the formats of operations are those of the table.
        for (&rule, words) in &words {
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{rule}` |")));
            let listed: String = words.iter().map(|word| format!("`{word}` ")).collect();
            let formats = matches!(rule, "unary" | "binary" | "overflow");
            assert!(formats || row.unwrap().contains(listed.trim_end()), "{rule}");
        }
        Self { rules, words }
    }
}

// ---- Recognising ----

/// One character of a rule that the README describes in words.
fn is_one(rule: &str, c: char) -> Option<bool> {
    Some(match rule {
        "letter" => c.is_alphanumeric(),
        "digit" => c.is_ascii_digit(),
        "nonzero" => ('1'..='9').contains(&c),
        "hex" => c.is_ascii_hexdigit(),
        "character" => !matches!(c, '"' | '\\' | '\n'),
        _ => return None,
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

impl Grammar {
    fn is_sentence(&self, text: &str) -> bool {
        let ends = self.ends(&Node::Rule("module".to_owned()), text, 0, false);
        ends.into_iter().any(|end| skip_blanks(text, end) == text.len())
    }

    /// Where what `node` stands for may end, if it starts at a byte of the text.
    fn ends(&self, node: &Node, text: &str, at: usize, glued: bool) -> BTreeSet<usize> {
        match node {
            Node::Terminal(word) => {
                let start = if glued || word.starts_with('.') { at } else { skip_blanks(text, at) };
                let end = start + word.len();
                let found = text[start..].starts_with(word.as_str());
                // A word is not the start of a longer one.
                let longer = || text[end..].starts_with(is_word);
                let whole = glued || !word.ends_with(is_word) || !found || !longer();
                if found && whole { BTreeSet::from([end]) } else { BTreeSet::new() }
            }
            Node::Rule(name) => self.rule(name, text, at, glued),
            Node::Sequence(nodes) => {
                let mut ends = BTreeSet::from([at]);
                for node in nodes {
                    ends = ends.iter().flat_map(|&at| self.ends(node, text, at, glued)).collect();
                }
                ends
            }
            Node::Choice(nodes) => {
                nodes.iter().flat_map(|node| self.ends(node, text, at, glued)).collect()
            }
            Node::Repeat { node, least, once } => {
                let mut all = BTreeSet::new();
                let mut new = BTreeSet::from([at]);
                for turn in 0.. {
                    if turn >= *least {
                        all.extend(&new);
                    }
                    if new.is_empty() || (*once && turn == 1) {
                        break;
                    }
                    let next = new.iter().flat_map(|&at| self.ends(node, text, at, glued));
                    new = next.filter(|end| !all.contains(end)).collect();
                }
                all
            }
        }
    }

    fn rule(&self, name: &str, text: &str, at: usize, glued: bool) -> BTreeSet<usize> {
        let first = text[at..].chars().next();
        if let Some(found) = first.and_then(|c| is_one(name, c)) {
            let end = at + first.map_or(0, char::len_utf8);
            return if found { BTreeSet::from([end]) } else { BTreeSet::new() };
        }
        let start = if glued || name == "name" { at } else { skip_blanks(text, at) };
        if name == "newline" {
            let found = text[start..].starts_with('\n');
            return if found { BTreeSet::from([start + 1]) } else { BTreeSet::new() };
        }
        if let Some(words) = self.words.get(name) {
            let length = text[start..].find(|c| !is_word(c)).unwrap_or(text.len() - start);
            let found = words.contains(&&text[start..start + length]);
            return if found { BTreeSet::from([start + length]) } else { BTreeSet::new() };
        }
        let Some(node) = self.rules.get(name) else { return BTreeSet::new() };
        if glued || !WITHOUT_SPACE.contains(&name) {
            return self.ends(node, text, at, glued);
        }
        let mut ends = self.ends(node, text, start, true);
        ends.retain(|&end| !text[end..].starts_with(is_word));
        ends
    }
}

fn skip_blanks(text: &str, at: usize) -> usize {
    let rest = text[at..].trim_start_matches([' ', '\t', '\r']);
    let comment = if rest.starts_with(';') { rest.find('\n').unwrap_or(rest.len()) } else { 0 };
    text.len() - rest.len() + comment
}

#[test]
fn what_is_written_and_printed_is_a_sentence() {
    let grammar = Grammar::of_readme();
    let readme = include_str!("../README.md").split_once("```text\n").unwrap().1;
    assert!(grammar.is_sentence(readme.split_once("```").unwrap().0));
    for entry in std::fs::read_dir("../tests/ir").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "ir") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(grammar.is_sentence(&text), "{}", path.display());
        }
    }
    for seed in 0..30 {
        let wide = Signature::new(&[Type::I128], &[Type::I64, Type::I8]);
        let shape = Shape {
            name: ["f", "a b", "λ", ""][seed as usize % 4].to_owned(),
            blocks: (seed % 5) as u32,
            names: seed % 2 == 0,
            callees: vec![("a callee".into(), wide), ("c".into(), Signature::default())],
            results: vec![Type::I64, Type::I8],
            families: Families::ALL,
            ..Shape::default()
        };
        let text = testkit::function(seed, &shape).to_string();
        assert!(grammar.is_sentence(&text), "{text}");
    }
    // The recogniser does tell what is wrong.
    for text in [
        "fn @f() { block0: ret } x",
        "fn @f() { ret block0: }",
        "extern f()",
        "data @d align 1 =\n",
    ] {
        assert!(!grammar.is_sentence(text), "{text}");
    }
}

// ---- Making sentences ----

impl Grammar {
    fn sentence(&self, node: &Node, random: &mut Random, glued: bool, text: &mut String) {
        match node {
            Node::Terminal(word) => {
                let space = !(glued || word.starts_with('.'));
                text.push_str(if space { " " } else { "" });
                text.push_str(word);
            }
            Node::Rule(name) => self.word(name, random, glued, text),
            Node::Sequence(nodes) => {
                nodes.iter().for_each(|node| self.sentence(node, random, glued, text));
            }
            Node::Choice(nodes) => {
                self.sentence(&nodes[random.below(nodes.len())], random, glued, text);
            }
            Node::Repeat { node, least, once } => {
                let most = if *once {
                    1
                } else if glued {
                    3
                } else {
                    6
                };
                for _ in 0..*least + random.below(most + 1 - least) {
                    self.sentence(node, random, glued, text);
                }
            }
        }
    }

    fn word(&self, name: &str, random: &mut Random, glued: bool, text: &mut String) {
        let likely = ['0', '1', '2', '7', 'a', 'f', 'x', 'é', 'Z', ' ', '-', '@', ';', ':'];
        let fitting: Vec<char> =
            likely.into_iter().filter(|&c| is_one(name, c) == Some(true)).collect();
        if let Some(c) = random.pick(&fitting) {
            return text.push(c);
        }
        if name == "newline" {
            return text.push_str([" ; a comment\n", "\n", "\r\n"][random.below(3)]);
        }
        let glue = WITHOUT_SPACE.contains(&name);
        if !glued && name != "name" {
            text.push_str([" ", "  ", "\t"][random.below(3)]);
        }
        match (self.words.get(name), self.rules.get(name)) {
            (Some(words), _) => text.push_str(words[random.below(words.len())]),
            (_, Some(node)) => self.sentence(node, random, glued || glue, text),
            _ => panic!("the README has no rule `{name}`"),
        }
    }
}

#[test]
fn sentences_are_read() {
    use ParseCode::{
        Duplicate, Limit, Name, Number, Numbering, Place, Range, Results, String, Type, Undefined,
        Unknown,
    };
    let grammar = Grammar::of_readme();
    let mut random = Random::new(2);
    let (mut good, mut operations) = (0, 0);
    for _ in 0..1400 {
        let mut text = std::string::String::new();
        grammar.word("module", &mut random, false, &mut text);
        for _ in 0..4 {
            text.push('\n');
            grammar.word("item", &mut random, false, &mut text);
        }
        operations += text.lines().count();
        let Err(errors) = ir::parse::module(&text) else {
            good += 1;
            continue;
        };
        for error in errors {
            // What is wrong is what it means: numbers that do not fit, names of nothing, results of something else.
            let meaning = match error.code {
                Range | Results | Undefined | Duplicate | Unknown | Numbering | Limit => true,
                Type => error.message.contains("the type of the result is not one"),
                String => error.message == "the bytes of the name are not UTF-8",
                Number => error.message.contains("the line from 1"),
                Place | Name => error.message.contains("before the first block"),
                _ => false,
            };
            assert!(meaning, "{}\n{text}", error.render(&text, "sentence"));
        }
    }
    println!("{good} sentences are good modules; {operations} lines");
    assert!(good > 20 && operations > 5_000, "{good} {operations}");
}
