//! Reads Rust source just far enough to see which modules and packages its
//! paths begin with: words, `::`, braces and the nesting of `mod`.

use std::path::Path;

/// Where a path begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Root {
    /// A top-level module of this crate, however it was reached.
    Crate(String),
    /// Another package.
    Package(String),
}

/// One path in the source.
#[derive(Debug)]
pub struct Mention {
    pub root: Root,
    pub line: usize,
}

/// `ui/draw/canvas.rs` is the module `ui::draw::canvas`, `ui/mod.rs` is `ui`,
/// and lib.rs and main.rs are the root.
pub fn module_path(file: &Path) -> Vec<String> {
    let file = file.with_extension("");
    let mut path: Vec<String> =
        file.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
    if path.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        path.pop();
    }
    path
}

/// Every mention of a layer or a package in `source`, the text of the module
/// `module`.
pub fn mentions(module: &[String], source: &str) -> Vec<Mention> {
    let mut walk = Walk { tokens: tokens(source), at: 0, found: Vec::new() };
    // The path of the module that we are in, with one entry per open brace so
    // that a closing brace knows whether it ends a module.
    let mut here = module.to_vec();
    let mut braces: Vec<bool> = Vec::new();
    while let Some(token) = walk.tokens.get(walk.at) {
        match token.text.as_str() {
            "{" => {
                let opens_module = walk.at >= 2 && walk.tokens[walk.at - 2].text == "mod";
                if opens_module {
                    here.push(walk.tokens[walk.at - 1].text.clone());
                }
                braces.push(opens_module);
                walk.at += 1;
            }
            "}" => {
                if braces.pop() == Some(true) {
                    here.pop();
                }
                walk.at += 1;
            }
            "use" => {
                walk.at += 1;
                walk.tree(&here, Prefix::Start);
            }
            "crate" if walk.previous() == "extern" => {
                walk.at += 1;
                walk.tree(&here, Prefix::Start);
            }
            _ if walk.starts_a_path() => walk.tree(&here, Prefix::Start),
            _ => walk.at += 1,
        }
    }
    walk.found
}

/// What has been read of a path.
#[derive(Clone)]
enum Prefix {
    Start,
    /// Inside this crate, at this module.
    Inside(Vec<String>),
    /// The root is known and reported: the rest does not matter.
    Done,
}

struct Walk {
    tokens: Vec<Token>,
    at: usize,
    found: Vec<Mention>,
}

impl Walk {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |t| &t.text)
    }

    fn previous(&self) -> &str {
        self.at.checked_sub(1).map_or("", |i| self.text(i))
    }

    /// A word that is not in the middle of a path, and goes on with `::` (or
    /// is `crate` in `pub(in crate::…)`, which does too).
    fn starts_a_path(&self) -> bool {
        is_word(self.text(self.at))
            && self.text(self.at + 1) == "::"
            && self.previous() != "."
            && !(self.previous() == "::" && self.at >= 2 && is_word(self.text(self.at - 2)))
    }

    /// Reads one path, or with braces a tree of them, from where we are.
    fn tree(&mut self, here: &[String], mut prefix: Prefix) {
        if self.text(self.at) == "::" {
            self.at += 1;
        }
        loop {
            let Some(token) = self.tokens.get(self.at) else { return };
            if token.text == "{" {
                self.group(here, &prefix);
                return;
            }
            if !is_word(&token.text) {
                return;
            }
            let (word, line) = (token.text.clone(), token.line);
            prefix = self.step(here, prefix, word, line);
            self.at += 1;
            if self.text(self.at) != "::" {
                return;
            }
            self.at += 1;
        }
    }

    /// `{a, b::c, d as e}` after a prefix.
    fn group(&mut self, here: &[String], prefix: &Prefix) {
        self.at += 1;
        while self.at < self.tokens.len() && self.text(self.at) != "}" {
            let before = self.at;
            self.tree(here, prefix.clone());
            // Over a comma, a star, or the new name after `as`.
            while !matches!(self.text(self.at), "," | "}" | "") {
                self.at += 1;
            }
            if self.text(self.at) == "," || self.at == before {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    /// One more segment of a path.
    fn step(&mut self, here: &[String], prefix: Prefix, word: String, line: usize) -> Prefix {
        let mut inside = match (prefix, word.as_str()) {
            (Prefix::Done, _) => return Prefix::Done,
            (Prefix::Start, "crate" | "spikescope") => return Prefix::Inside(Vec::new()),
            (Prefix::Start, "self") => return Prefix::Inside(here.to_vec()),
            (Prefix::Start, "super") => here.to_vec(),
            (Prefix::Start, _) => {
                self.found.push(Mention { root: Root::Package(word), line });
                return Prefix::Done;
            }
            (Prefix::Inside(inside), _) => inside,
        };
        match word.as_str() {
            "super" => {
                inside.pop();
                Prefix::Inside(inside)
            }
            "self" => Prefix::Inside(inside),
            _ => {
                let top = inside.first().cloned().unwrap_or(word);
                self.found.push(Mention { root: Root::Crate(top), line });
                Prefix::Done
            }
        }
    }
}

struct Token {
    text: String,
    line: usize,
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Splits source into words, `::` and single signs. Comments, strings,
/// characters and lifetimes yield nothing.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let start = at;
        let rest = &chars[at..];
        let length = skipped(rest);
        if length > 0 {
            // A string that never ends would lead beyond the source.
            at = (at + length).min(chars.len());
        } else if rest[0].is_alphabetic() || rest[0] == '_' {
            at += rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
            found.push(Token { text: chars[start..at].iter().collect(), line });
        } else if rest.starts_with(&[':', ':']) {
            at += 2;
            found.push(Token { text: "::".into(), line });
        } else {
            at += 1;
            if !rest[0].is_whitespace() && !rest[0].is_ascii_digit() {
                found.push(Token { text: rest[0].into(), line });
            }
        }
        line += chars[start..at].iter().filter(|c| **c == '\n').count();
    }
    found
}

/// The length of the comment, string, character or lifetime that `rest`
/// begins with; 0 when it begins with none.
fn skipped(rest: &[char]) -> usize {
    match rest {
        ['/', '/', ..] => rest.iter().take_while(|c| **c != '\n').count(),
        ['/', '*', ..] => block_comment(rest),
        ['"', ..] => quoted(rest, 0),
        ['b' | 'c', '"', ..] => quoted(rest, 1),
        ['r', '"' | '#', ..] => raw_string(rest, 1),
        ['b' | 'c', 'r', '"' | '#', ..] => raw_string(rest, 2),
        ['\'', '\\', ..] => {
            // An escape: everything up to the closing quote, which is not the
            // escaped one itself.
            3 + rest.iter().skip(3).take_while(|c| **c != '\'').count() + 1
        }
        ['\'', _, '\'', ..] => 3,
        ['\'', ..] => {
            1 + rest.iter().skip(1).take_while(|c| c.is_alphanumeric() || **c == '_').count()
        }
        _ => 0,
    }
}

/// Block comments nest.
fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// A string whose quote is at `open`.
fn quoted(rest: &[char], open: usize) -> usize {
    let mut at = open + 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// `r"…"`, `r#"…"#` and so on; 0 for a raw identifier such as `r#type`.
fn raw_string(rest: &[char], open: usize) -> usize {
    let hashes = rest[open..].iter().take_while(|c| **c == '#').count();
    let mut at = open + hashes;
    if rest.get(at) != Some(&'"') {
        return 0;
    }
    at += 1;
    while at < rest.len() {
        let closing = rest[at] == '"'
            && rest[at + 1..].iter().take_while(|c| **c == '#').take(hashes).count() == hashes;
        at += 1;
        if closing {
            return at + hashes;
        }
    }
    at
}
